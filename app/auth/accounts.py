"""Making and changing accounts, and giving them passwords and API keys."""

from typing import Any

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from app.auth.oauth.tokens import revoke_all
from app.auth.secrets import hash_key
from app.db.models import ApiKey, BrowserSession, Event, User, now
from app.errors import BadUserInput

_LEAST_KEY, _GREATEST_KEY = 20, 40
_LONGEST_USERNAME, _LONGEST_EMAIL, _LONGEST_NAME = 150, 254, 255


async def create_user(
    session: AsyncSession,
    username: str,
    email: str,
    *,
    staff: bool = False,
    superuser: bool = False,
    **columns: Any,
) -> bool:
    """Create a user, without a password unless there are further columns; False when there is one like this.

    Raises `BadUserInput` when there is one with other values, for a name that
    is empty, too long or has spaces, and for text that is no e-mail address;
    an account may have none.
    """
    user = await find_user(session, username)
    if user is None:
        if not _is_word(username) or len(username) > _LONGEST_USERNAME:
            message = f"a username has 1 to {_LONGEST_USERNAME} printable characters and no spaces"
            raise BadUserInput(message, field="username")
        _check_email(email)
        _check_name(columns.get("name", ""))
        user = User(username=username, email=email, is_staff=staff, is_superuser=superuser, **columns)
        session.add(user)
        await session.flush()
        session.add(Event(type="user.created", user_id=user.id))
        return True
    if (user.email, user.is_staff, user.is_superuser) != (email, staff, superuser):
        raise BadUserInput(
            f"user {username} exists with another e-mail address or other rights", field="username"
        )
    return False


async def update_user(
    session: AsyncSession,
    username: str,
    *,
    email: str | None = None,
    name: str | None = None,
    staff: bool | None = None,
    superuser: bool | None = None,
    active: bool | None = None,
    **columns: Any,
) -> bool:
    """Change what is given of a user, and of further columns; False when all was so already.

    Switching an account off revokes all tokens and ends all sessions of the user
    (Enrollment contract 2.8). Raises `BadUserInput` for an unknown user, for text
    that is no e-mail address, and for a name that is too long or does not print.
    """
    user = await get_user(session, username)
    if email is not None:
        _check_email(email)
    if name is not None:
        _check_name(name)
    given = {"email": email, "name": name, "is_staff": staff, "is_superuser": superuser, "is_active": active}
    values = columns | {column: value for column, value in given.items() if value is not None}
    changed = {column: value for column, value in values.items() if getattr(user, column) != value}
    for column, value in changed.items():
        setattr(user, column, value)
    if changed:
        session.add(Event(type="user.updated", user_id=user.id))
    if active is False:
        await _shut_out(session, user)
    return bool(changed)


async def set_password_hash(session: AsyncSession, username: str, password_hash: str) -> None:
    """Give a user a password, which revokes all tokens and ends all sessions (Enrollment contract 2.8).

    It comes as its hash, as no transaction should wait for hashing. Raises
    `BadUserInput` for an unknown user.
    """
    user = await get_user(session, username)
    user.password_hash = password_hash
    await _shut_out(session, user)


async def set_active(session: AsyncSession, username: str, active: bool) -> None:
    """Switch an account on or off. Raises `BadUserInput` for an unknown user."""
    await update_user(session, username, active=active)


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
        raise BadUserInput(f"there is no user {username}", field="username")
    return user


async def _shut_out(session: AsyncSession, user: User) -> None:
    # Changing the user's row first keeps others from issuing tokens and logging in meanwhile.
    await session.flush()
    await session.run_sync(revoke_all, user.id, now())
    await session.execute(delete(BrowserSession).where(col(BrowserSession.user_id) == user.id))


def _check_email(email: str) -> None:
    if email and (not _is_word(email) or "@" not in email or len(email) > _LONGEST_EMAIL):
        raise BadUserInput(
            f"not an e-mail address of at most {_LONGEST_EMAIL} characters: {email!r:.60}", field="email"
        )


def _check_name(name: str) -> None:
    if len(name) > _LONGEST_NAME or not (name.isprintable() or not name):
        raise BadUserInput(f"a name has at most {_LONGEST_NAME} printable characters", field="name")


def _is_word(text: str) -> bool:
    return text != "" and text.isprintable() and " " not in text
