"""Making and changing accounts, and giving them passwords and API keys."""

from typing import Any

from sqlalchemy import and_, delete, or_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from app.auth.oauth.tokens import revoke_all
from app.auth.secrets import hash_key
from app.db.models import ApiKey, BrowserSession, Event, Invitation, OAuthClient, User, now
from app.errors import BadUserInput
from app.vocabulary import ClientType, WebhookEvent
from app.webhooks.emit import emit

_COLUMNS = {"staff": "is_staff", "superuser": "is_superuser", "active": "is_active"}
_LEAST_KEY, _GREATEST_KEY = 20, 40
_LONGEST_USERNAME, _LONGEST_EMAIL, _LONGEST_NAME = 150, 254, 255


async def create_user(
    session: AsyncSession,
    username: str,
    email: str,
    *,
    staff: bool = False,
    superuser: bool = False,
    active: bool = True,
    name: str = "",
    **columns: Any,
) -> User | None:
    """Create a user, without a password unless there are further columns; None when there is one like this.

    Raises `BadUserInput` when there is one with other values, for a username that
    is empty, too long, has spaces or is somebody's e-mail address, and for text
    that is no e-mail address or one that is taken; an account may have none.
    """
    user = await find_user(session, username)
    if user is not None:
        if (user.email, user.is_staff, user.is_superuser) != (email, staff, superuser):
            message = f"user {username} exists with another e-mail address or other rights"
            raise BadUserInput(message, field="username")
        return None
    if not _is_word(username) or len(username) > _LONGEST_USERNAME:
        message = f"a username has 1 to {_LONGEST_USERNAME} printable characters and no spaces"
        raise BadUserInput(message, field="username")
    await _check_username_is_free(session, username)
    await _check_email(session, username, email)
    _check_name(name)
    user = User(username=username, email=email, name=name, is_active=active, **columns)
    user.is_staff, user.is_superuser = staff, superuser
    session.add(user)
    await session.flush()
    await emit(session, Event(type=WebhookEvent.USER_CREATED, user_id=user.id))
    return user


def described(user: User) -> dict[str, Any]:
    """What the audit log says of a new user."""
    return {
        "email": user.email,
        "name": user.name,
        "staff": user.is_staff,
        "superuser": user.is_superuser,
        "active": user.is_active,
        "password": user.password_hash is not None,
    }


async def update_user(session: AsyncSession, username: str, **values: Any) -> dict[str, Any]:
    """Change what is given of a user: `staff`, `superuser`, `active` and other columns; what was changed.

    Switching an account off revokes all tokens and ends all sessions of the user
    (Enrollment contract 2.8). So does making him staff or superuser when he was
    neither: until then all staff could give him a password, make tokens of his
    and clients that act for him, and would now have his rights. He also loses the
    password, which is told as `password`, and those clients have no user any more.

    Raises `BadUserInput` for an unknown user, for text that is no e-mail address
    or one that is taken, and for a name that is too long or does not print.
    """
    user = await get_user(session, username, lock=True)
    was_staff = user.is_staff or user.is_superuser
    changed = {
        name: value for name, value in values.items() if getattr(user, _COLUMNS.get(name, name)) != value
    }
    if "email" in changed:
        await _check_email(session, username, changed["email"])
    if "name" in changed:
        _check_name(changed["name"])
    for name, value in changed.items():
        setattr(user, _COLUMNS.get(name, name), value)
    is_promoted = not was_staff and (user.is_staff or user.is_superuser)
    if is_promoted and user.password_hash is not None:
        user.password_hash, changed["password"] = None, False
    if changed:
        await emit(session, Event(type="user.updated", user_id=user.id))
    if is_promoted or values.get("active") is False:
        await _shut_out(session, user)
    if is_promoted:
        acting = col(OAuthClient.user_id) == user.id, col(OAuthClient.type) == ClientType.CONFIDENTIAL
        await session.execute(update(OAuthClient).where(*acting).values(user_id=None))
    return changed


async def set_password_hash(session: AsyncSession, username: str, password_hash: str) -> None:
    """Give a user a password, which revokes all tokens and ends all sessions (Enrollment contract 2.8).

    Links that would set one work no longer. It comes as its hash, as no transaction
    should wait for hashing. Raises `BadUserInput` for an unknown user.
    """
    user = await get_user(session, username)
    user.password_hash = password_hash
    await _shut_out(session, user)


async def set_api_key(session: AsyncSession, username: str, key: str) -> User | None:
    """Make a key the user's only API key; a user who is absent is created, and returned.

    Raises `BadUserInput` for a key with spaces, of a wrong length, or of another
    user (Data Analytics contract 2.5, Enrollment contract 3.1), and for one that
    is not ASCII, as a header could not carry it.
    """
    if not _is_word(key) or not key.isascii() or not _LEAST_KEY <= len(key) <= _GREATEST_KEY:
        raise BadUserInput(f"a key has {_LEAST_KEY} to {_GREATEST_KEY} ASCII characters and no spaces")
    user, created = await find_user(session, username), None
    if user is None:
        user = created = await create_user(session, username, "")
    key_hash = hash_key(key)
    holder = await session.scalar(select(ApiKey).where(ApiKey.key_hash == key_hash))
    if user is None or (holder is not None and holder.user_id != user.id):
        raise BadUserInput("another user has this key")
    await session.merge(ApiKey(user_id=user.id, key_hash=key_hash))
    return created


async def delete_api_key(session: AsyncSession, username: str) -> bool:
    """Take a user's API key away; False when there was none."""
    user = await find_user(session, username)
    key = await session.get(ApiKey, user.id) if user else None
    if key is not None:
        await session.delete(key)
    return key is not None


async def find_user(session: AsyncSession, username: str, *, lock: bool = False) -> User | None:
    """The user with a name, locked until the transaction ends if that is wanted."""
    statement = select(User).where(User.username == username)
    if lock:
        statement = statement.with_for_update(key_share=True).execution_options(populate_existing=True)
    user: User | None = await session.scalar(statement)
    return user


async def get_user(session: AsyncSession, username: str, *, lock: bool = False) -> User:
    """The user with a name, as `find_user` gives him. Raises `BadUserInput` when there is none."""
    user = await find_user(session, username, lock=lock)
    if user is None:
        raise BadUserInput(f"there is no user {username}", field="username")
    return user


async def _shut_out(session: AsyncSession, user: User) -> None:
    # Changing the user's row first keeps others from issuing tokens and logging in meanwhile.
    await session.flush()
    await session.run_sync(revoke_all, user.id, now())
    for model in (BrowserSession, Invitation):
        await session.execute(delete(model).where(col(model.user_id) == user.id))


async def _check_email(session: AsyncSession, username: str, email: str) -> None:
    if email and (not _is_word(email) or "@" not in email or len(email) > _LONGEST_EMAIL):
        raise BadUserInput(
            f"not an e-mail address of at most {_LONGEST_EMAIL} characters: {email!r:.60}", field="email"
        )
    # At the log-in a username comes first, and an address that two have is nobody's.
    of_staff = and_(col(User.email) == email, or_(col(User.is_staff), col(User.is_superuser)))
    taken = select(User.id).where(User.username != username, or_(col(User.username) == email, of_staff))
    if email and await session.scalar(taken.limit(1)) is not None:
        message = "this is another account's username, or the e-mail address of staff"
        raise BadUserInput(message, field="email")


async def _check_username_is_free(session: AsyncSession, username: str) -> None:
    taken = select(User.id).where(User.email == username)
    if await session.scalar(taken.limit(1)) is not None:
        raise BadUserInput("this is the e-mail address of another account", field="username")


def _check_name(name: str) -> None:
    if len(name) > _LONGEST_NAME or not (name.isprintable() or not name):
        raise BadUserInput(f"a name has at most {_LONGEST_NAME} printable characters", field="name")


def _is_word(text: str) -> bool:
    return text != "" and text.isprintable() and " " not in text
