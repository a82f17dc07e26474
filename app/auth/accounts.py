"""Making accounts, and giving them passwords and API keys."""

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from app.auth.oauth.tokens import revoke_all
from app.auth.secrets import hash_key, hash_password
from app.db.models import ApiKey, Event, User, now
from app.errors import BadUserInput

_LEAST_KEY, _GREATEST_KEY = 20, 40
_LONGEST_USERNAME, _LONGEST_EMAIL = 150, 254


async def create_user(
    session: AsyncSession, username: str, email: str, *, staff: bool = False, superuser: bool = False
) -> bool:
    """Create a user without a password; False when there is one with the same values.

    Raises `BadUserInput` when there is one with other values, for a name that
    is empty, too long or has spaces, and for text that is no e-mail address;
    an account may have none.
    """
    user = await find_user(session, username)
    if user is None:
        if not _is_word(username) or len(username) > _LONGEST_USERNAME:
            raise BadUserInput(f"a username has 1 to {_LONGEST_USERNAME} printable characters and no spaces")
        if email and (not _is_word(email) or "@" not in email or len(email) > _LONGEST_EMAIL):
            raise BadUserInput(f"not an e-mail address of at most {_LONGEST_EMAIL} characters: {email!r:.60}")
        user = User(username=username, email=email, is_staff=staff, is_superuser=superuser)
        session.add(user)
        await session.flush()
        session.add(Event(type="user.created", user_id=user.id))
        return True
    if (user.email, user.is_staff, user.is_superuser) != (email, staff, superuser):
        raise BadUserInput(f"user {username} exists with another e-mail address or other rights")
    return False


async def set_password(session: AsyncSession, username: str, password: str) -> None:
    """Give a user a password, which revokes all tokens of the user (Enrollment contract 2.8).

    Raises `BadUserInput` for an unknown user or an empty password.
    """
    if not password:
        raise BadUserInput("the password is empty")
    user = await get_user(session, username)
    user.password_hash = await hash_password(password)
    await _revoke_tokens(session, user)


async def set_active(session: AsyncSession, username: str, active: bool) -> None:
    """Switch an account on or off; off revokes all tokens of the user (Enrollment contract 2.8).

    Raises `BadUserInput` for an unknown user.
    """
    user = await get_user(session, username)
    user.is_active = active
    if not active:
        await _revoke_tokens(session, user)


async def set_api_key(session: AsyncSession, username: str, key: str) -> None:
    """Make a key the user's only API key; the user is created when absent.

    Raises `BadUserInput` for a key with spaces, of a wrong length, or of another
    user (Data Analytics contract 2.5, Enrollment contract 3.1), and for one that
    is not ASCII, as a header could not carry it.
    """
    if not _is_word(key) or not key.isascii() or not _LEAST_KEY <= len(key) <= _GREATEST_KEY:
        raise BadUserInput(f"a key has {_LEAST_KEY} to {_GREATEST_KEY} ASCII characters and no spaces")
    user = await find_user(session, username)
    if user is None:
        await create_user(session, username, "")
        user = await find_user(session, username)
    key_hash = hash_key(key)
    holder = await session.scalar(select(ApiKey).where(ApiKey.key_hash == key_hash))
    if user is None or (holder is not None and holder.user_id != user.id):
        raise BadUserInput("another user has this key")
    await session.merge(ApiKey(user_id=user.id, key_hash=key_hash))


async def delete_api_key(session: AsyncSession, username: str) -> bool:
    """Take a user's API key away; False when there was none."""
    user = await find_user(session, username)
    key = await session.get(ApiKey, user.id) if user else None
    if key is not None:
        await session.delete(key)
    return key is not None


async def find_user(session: AsyncSession, username: str) -> User | None:
    """The user with a name."""
    user: User | None = await session.scalar(select(User).where(User.username == username))
    return user


async def get_user(session: AsyncSession, username: str) -> User:
    """The user with a name. Raises `BadUserInput` when there is none."""
    user = await find_user(session, username)
    if user is None:
        raise BadUserInput(f"there is no user {username}")
    return user


async def _revoke_tokens(session: AsyncSession, user: User) -> None:
    # Changing the user's row first keeps others from issuing tokens meanwhile.
    await session.flush()
    await session.run_sync(revoke_all, user.id, now())


def _is_word(text: str) -> bool:
    return text != "" and text.isprintable() and " " not in text
