"""Administration of clients and tokens (Enrollment contract 3.5)."""

import datetime as dt
import re
from collections.abc import Sequence

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.auth.accounts import get_user
from app.auth.oauth import tokens
from app.auth.secrets import hash_key, new_secret
from app.db.models import AccessToken, OAuthClient, User, now
from app.errors import BadUserInput
from app.vocabulary import ClientType, GrantType, Scope

_GRANTS = {
    ClientType.PUBLIC: [GrantType.PASSWORD],
    ClientType.CONFIDENTIAL: [GrantType.PASSWORD, GrantType.CLIENT_CREDENTIALS, GrantType.REFRESH_TOKEN],
}
_LONGEST = {"name": 255, "url": 2000, "redirect_uri": 2000, "logout_uri": 2000}


async def create_client(
    session: AsyncSession,
    type: ClientType,
    *,
    username: str | None = None,
    name: str = "",
    url: str = "",
    redirect_uri: str = "",
    logout_uri: str = "",
    client_id: str | None = None,
) -> tuple[OAuthClient, str]:
    """A new client and its secret, which is kept as a hash only.

    The user is the service user of a confidential client, the owner of a public
    one. Raises `BadUserInput` for an unknown user, a client id that exists or
    would need encoding in URLs, and for text that is too long.
    """
    client_id = new_secret() if client_id is None else client_id
    if not re.fullmatch(r"[A-Za-z0-9._~-]{1,100}", client_id):
        raise BadUserInput(
            "a client id has 1 to 100 of the characters A-Z a-z 0-9 . _ ~ -", field="client_id"
        )
    _check_texts(name=name, url=url, redirect_uri=redirect_uri, logout_uri=logout_uri)
    if await _find_client(session, client_id) is not None:
        raise BadUserInput(f"there is a client {client_id} already", field="client_id")
    secret = new_secret()
    client = OAuthClient(
        client_id=client_id,
        secret_hash=hash_key(secret),
        type=type,
        name=name,
        url=url,
        redirect_uri=redirect_uri,
        logout_uri=logout_uri,
        user_id=(await get_user(session, username)).id if username is not None else None,
        grants=_GRANTS[type],
    )
    session.add(client)
    return client, secret


async def update_client(
    session: AsyncSession,
    client_id: str,
    *,
    username: str | None = None,
    name: str | None = None,
    url: str | None = None,
    redirect_uri: str | None = None,
    logout_uri: str | None = None,
    active: bool | None = None,
) -> None:
    """Change what is given of a client; an empty username leaves it without a user.

    One that is switched off gets no tokens any more, those it has stay valid.
    Raises `BadUserInput` for an unknown client or user and for text that is too long.
    """
    client = await _get_client(session, client_id)
    given = {"name": name, "url": url, "redirect_uri": redirect_uri, "logout_uri": logout_uri}
    texts = {column: text for column, text in given.items() if text is not None}
    _check_texts(**texts)
    for column, text in texts.items():
        setattr(client, column, text)
    if username is not None:
        client.user_id = (await get_user(session, username)).id if username else None
    if active is not None:
        client.is_active = active


async def rotate_secret(session: AsyncSession, client_id: str) -> str:
    """Give a client a new secret; the old one is worth nothing any more, its tokens stay valid.

    Raises `BadUserInput` for an unknown client.
    """
    client, secret = await _get_client(session, client_id), new_secret()
    client.secret_hash = hash_key(secret)
    return secret


async def list_clients(session: AsyncSession) -> Sequence[Row[OAuthClient, str | None]]:
    """All clients with the names of their users."""
    statement = select(OAuthClient, col(User.username)).outerjoin(User).order_by(col(OAuthClient.id))
    return (await session.execute(statement)).all()


async def create_token(
    session: AsyncSession, username: str, client_id: str, expires: dt.datetime, scope: str = ""
) -> tuple[AccessToken, str]:
    """A new access token with a chosen end, as a row and as text, which is kept as a hash only.

    Raises `BadUserInput` for an unknown or inactive user or client, for an end
    that is not in the future and for an unknown scope.
    """
    names = list(dict.fromkeys(scope.split()))
    if not set(names) <= set(Scope):
        raise BadUserInput(f"the scopes are {', '.join(Scope)}", field="scope")
    moment = now()
    if expires <= moment:
        raise BadUserInput("the end is in the past", field="expires")
    client, user = await _get_client(session, client_id), await get_user(session, username)
    if not client.is_active:
        raise BadUserInput(f"the client {client_id} is switched off", field="client_id")
    if await session.run_sync(tokens.lock_user, user.id) is None:
        raise BadUserInput(f"the user {username} is switched off", field="username")

    text, token = await session.run_sync(
        lambda sync: tokens.issue_access_token(
            sync,
            client_id=client.id,
            user_id=user.id,
            scope=" ".join(names),
            created=moment,
            expires=expires,
        )
    )
    return token, text


async def list_tokens(session: AsyncSession) -> Sequence[Row[AccessToken, str, str]]:
    """The access tokens that are valid now, with the names of their users and clients."""
    statement = (
        select(AccessToken, col(User.username), col(OAuthClient.client_id))
        .join(User, col(AccessToken.user_id) == col(User.id))
        .join(OAuthClient, col(AccessToken.client_id) == col(OAuthClient.id))
        .where(col(AccessToken.revoked_at).is_(None), col(AccessToken.expires) > now(), col(User.is_active))
        .order_by(col(AccessToken.id))
    )
    return (await session.execute(statement)).all()


async def revoke_token(session: AsyncSession, id: int) -> str:
    """Revoke an access token and its refresh token; the name of their user.

    Raises `BadUserInput` for an unknown id.
    """
    token = await session.get(AccessToken, id)
    if token is None:
        raise BadUserInput(f"there is no token {id}")
    await session.run_sync(tokens.lock_user, token.user_id)
    await session.run_sync(tokens.revoke_pair, id, now())
    return (await session.get_one(User, token.user_id)).username


def _check_texts(**texts: str) -> None:
    for column, text in texts.items():
        if len(text) > _LONGEST[column] or not (text.isprintable() or not text):
            what = column.replace("_uri", " URI")
            raise BadUserInput(f"a {what} has at most {_LONGEST[column]} printable characters", field=column)


async def _find_client(session: AsyncSession, client_id: str) -> OAuthClient | None:
    client: OAuthClient | None = await session.scalar(
        select(OAuthClient).where(col(OAuthClient.client_id) == client_id)
    )
    return client


async def _get_client(session: AsyncSession, client_id: str) -> OAuthClient:
    client = await _find_client(session, client_id)
    if client is None:
        raise BadUserInput(f"there is no client {client_id}", field="client_id")
    return client
