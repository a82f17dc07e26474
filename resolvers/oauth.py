"""OAuth clients and access tokens: reading them, making them, and making them worth nothing."""

import datetime as dt

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.auth import accounts
from app.auth.audit import record
from app.auth.oauth import admin
from app.auth.viewer import Viewer
from app.db.models import AccessToken, OAuthClient, User
from app.db.models.tables import table_of
from app.errors import Forbidden, NotFound
from app.vocabulary import ClientType
from resolvers.access import visible
from resolvers.accounts import may_act_as
from resolvers.context import Context
from resolvers.entity import Entity

ACCESS_TOKEN = Entity("AccessToken", AccessToken)
OAUTH_CLIENT = Entity("OAuthClient", OAuthClient)


async def create_client(
    context: Context,
    type: ClientType,
    *,
    username: str | None,
    name: str,
    url: str,
    redirect_uri: str,
    logout_uri: str,
    client_id: str | None,
) -> tuple[int, str]:
    """Make a client; its id and its secret. Raises `BadUserInput`, `NotFound` and `Forbidden`."""
    _check_staff(context.viewer)
    async with context.write() as session:
        if username is not None:
            await _user(session, context.viewer, username)
        client, secret = await admin.create_client(
            session,
            type,
            username=username,
            name=name,
            url=url,
            redirect_uri=redirect_uri,
            logout_uri=logout_uri,
            client_id=client_id,
        )
        await session.flush()
        _record(
            session, context.viewer, "client.create", client.client_id, type=type, user=username, name=name
        )
        return client.id, secret


async def rotate_secret(context: Context, id: int) -> tuple[int, str]:
    """Give a client another secret; its id and the secret. Raises `NotFound` and `Forbidden`."""
    _check_staff(context.viewer)
    async with context.write() as session:
        # It gets no other user meanwhile.
        client = await session.get(OAuthClient, id, with_for_update=True)
        if client is None:
            raise NotFound("There is no such client", field="id")
        if client.user_id is not None:
            user = await session.get_one(User, client.user_id)
            _check_may_act_as(context.viewer, user, "id")
        secret = await admin.rotate_secret(session, client.client_id)
        _record(session, context.viewer, "client.rotate", client.client_id)
        return id, secret


async def create_token(
    context: Context, username: str | None, client_id: str, expires: dt.datetime, scope: str
) -> tuple[int, str]:
    """Make an access token with a chosen end, of the viewer unless another is named; its id and itself.

    Raises `BadUserInput`, `NotFound` and `Forbidden`.
    """
    viewer = context.viewer
    _check_staff(viewer)
    async with context.write() as session:
        name = str(viewer.username) if username is None else username
        await _user(session, viewer, name)
        token, text = await admin.create_token(session, name, client_id, expires, scope)
        end = f"{token.expires:%Y-%m-%dT%H:%M:%SZ}"
        detail = {"user": name, "client_id": client_id, "scope": token.scope, "expires": end}
        _record(session, viewer, "token.create", str(token.id), **detail)
        return token.id, text


async def revoke_token(context: Context, id: int) -> int:
    """Make an access token and its refresh token worth nothing. Raises `NotFound`."""
    viewer = context.viewer
    async with context.write() as session:
        token: AccessToken | None = await session.scalar(
            select(AccessToken).where(
                col(AccessToken.id) == id, visible(viewer, AccessToken, table_of(AccessToken))
            )
        )
        if token is None:
            raise NotFound("There is no such token", field="id")
        username = await admin.revoke_token(session, id)
        _record(session, viewer, "token.revoke", str(id), user=username)
    context.forget_credentials()
    return id


def _check_staff(viewer: Viewer) -> None:
    if not viewer.is_staff:
        raise Forbidden("Only staff may administer clients and tokens")
    viewer.require_all_scopes()


async def _user(session: AsyncSession, viewer: Viewer, username: str) -> User:
    # He gets no other rights meanwhile.
    user = await accounts.find_user(session, username, lock=True)
    if user is None:
        raise NotFound(f"There is no user {username}", field="username")
    _check_may_act_as(viewer, user, "username")
    return user


def _check_may_act_as(viewer: Viewer, user: User, field: str) -> None:
    if not may_act_as(viewer, user):
        raise Forbidden("Only superusers may make credentials of other staff", field=field)


def _record(session: AsyncSession, viewer: Viewer, action: str, subject: str, **detail: str | None) -> None:
    record(session, str(viewer.username), action, subject, **detail)
