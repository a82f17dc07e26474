"""`lyceum oauth`: OAuth clients and access tokens."""

import datetime as dt
import json
import re
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.audit import COMMAND_LINE, record
from app.auth.oauth import admin
from app.cli.common import with_database
from app.db.engine import Database
from app.db.models import AccessToken, OAuthClient
from app.errors import BadUserInput
from app.vocabulary import ClientType

T = TypeVar("T")

app = typer.Typer(help="Make OAuth clients and access tokens.", no_args_is_help=True)
client_app = typer.Typer(help="Programs that may ask for tokens.", no_args_is_help=True)
token_app = typer.Typer(help="Access tokens.", no_args_is_help=True)
app.add_typer(client_app, name="client")
app.add_typer(token_app, name="token")

ClientId = Annotated[str, typer.Argument(help="Id of the client.")]


@client_app.command("create")
def create_client(
    type: Annotated[ClientType, typer.Option(help="Whether it can keep a secret.")],
    user: Annotated[
        str | None, typer.Option(help="Its owner; the service user if it is confidential.")
    ] = None,
    name: Annotated[str, typer.Option(help="Name for people.")] = "",
    url: Annotated[str, typer.Option(help="Address of the program.")] = "",
    redirect_uri: Annotated[str, typer.Option(help="Where it takes answers.")] = "",
    logout_uri: Annotated[str, typer.Option(help="Where it ends its own sessions.")] = "",
    client_id: Annotated[str | None, typer.Option(help="Its id; made up unless given.")] = None,
) -> None:
    """Make a client; its secret is shown now and never again."""

    async def work(session: AsyncSession) -> dict[str, Any]:
        client, secret = await admin.create_client(
            session,
            type,
            username=user,
            name=name,
            url=url,
            redirect_uri=redirect_uri,
            logout_uri=logout_uri,
            client_id=client_id,
        )
        record(session, COMMAND_LINE, "client.create", client.client_id, type=type, user=user, name=name)
        return _client(client, user) | {"client_secret": secret}

    _show_once(_with_session(work))


@client_app.command("list")
def list_clients() -> None:
    """List the clients as JSON, without their secrets."""

    async def work(session: AsyncSession) -> list[dict[str, Any]]:
        return [_client(client, username) for client, username in await admin.list_clients(session)]

    _show(_with_session(work))


@client_app.command("rotate")
def rotate(client_id: ClientId) -> None:
    """Give a client a new secret, which is shown now and never again."""

    async def work(session: AsyncSession) -> dict[str, Any]:
        secret = await admin.rotate_secret(session, client_id)
        record(session, COMMAND_LINE, "client.rotate", client_id)
        return {"client_id": client_id, "client_secret": secret}

    _show_once(_with_session(work))


@token_app.command("create")
def create_token(
    user: Annotated[str, typer.Option(help="Whom it stands for.")],
    client: Annotated[str, typer.Option(help="Id of the client it belongs to.")],
    expires: Annotated[str | None, typer.Option(help="Its end, as 2030-01-31T12:00:00Z.")] = None,
    ttl: Annotated[str | None, typer.Option(help="How long it is valid, as 90d, 12h, 30m or 45s.")] = None,
    scope: Annotated[str, typer.Option(help="Names with spaces; without any, all rights of the user.")] = "",
) -> None:
    """Make an access token with a chosen end; it is shown now and never again."""
    if (expires is None) == (ttl is None):
        raise BadUserInput("give either --expires or --ttl")
    end = _instant(expires) if expires is not None else _after(ttl or "")

    async def work(session: AsyncSession) -> dict[str, Any]:
        token, text = await admin.create_token(session, user, client, end, scope)
        shown = _token(token, user, client)
        detail = {name: shown[name] for name in ("user", "client_id", "scope", "expires")}
        record(session, COMMAND_LINE, "token.create", str(token.id), **detail)
        return shown | {"access_token": text, "token_type": "Bearer"}

    _show_once(_with_session(work))


@token_app.command("list")
def list_tokens() -> None:
    """List the valid access tokens as JSON, without what they are."""

    async def work(session: AsyncSession) -> list[dict[str, Any]]:
        return [_token(*row) for row in await admin.list_tokens(session)]

    _show(_with_session(work))


@token_app.command("revoke")
def revoke_token(id: Annotated[int, typer.Argument(help="Id of the token, as listed.")]) -> None:
    """Revoke an access token, and its refresh token."""

    async def work(session: AsyncSession) -> None:
        username = await admin.revoke_token(session, id)
        record(session, COMMAND_LINE, "token.revoke", str(id), user=username)

    _with_session(work)
    typer.echo(f"Revoked token {id}.")


def _with_session(work: Callable[[AsyncSession], Awaitable[T]]) -> T:
    async def run(database: Database) -> T:
        async with database.session() as session:
            return await work(session)

    return with_database(run)


def _show(value: Any) -> None:
    typer.echo(json.dumps(value, indent=2))


def _show_once(value: dict[str, Any]) -> None:
    _show(value)
    typer.echo("Keep it: it cannot be shown again.", err=True)


def _client(client: OAuthClient, username: str | None) -> dict[str, Any]:
    return {
        "client_id": client.client_id,
        "type": client.type,
        "user": username,
        "name": client.name,
        "url": client.url,
        "redirect_uri": client.redirect_uri,
        "logout_uri": client.logout_uri,
        "grants": client.grants,
        "scopes": client.scopes,
        "is_active": client.is_active,
        "created": _text(client.created),
    }


def _token(token: AccessToken, username: str, client_id: str) -> dict[str, Any]:
    return {
        "id": token.id,
        "user": username,
        "client_id": client_id,
        "scope": token.scope,
        "created": _text(token.created),
        "expires": _text(token.expires),
    }


def _text(instant: dt.datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")


def _instant(text: str) -> dt.datetime:
    try:
        instant = dt.datetime.fromisoformat(text)
        # Without a zone it is UTC.
        return instant.replace(tzinfo=instant.tzinfo or dt.UTC).astimezone(dt.UTC)
    except (ValueError, OverflowError) as error:
        raise BadUserInput(f"--expires: not a time: {text!r:.60}") from error


def _after(text: str) -> dt.datetime:
    units = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
    match = re.fullmatch(r"([0-9]{1,9})([dhms])", text)
    if match is None:
        raise BadUserInput(f"--ttl: not a time such as 90d, 12h, 30m or 45s: {text!r:.60}")
    try:
        return dt.datetime.now(dt.UTC) + dt.timedelta(**{units[match[2]]: int(match[1])})
    except OverflowError as error:
        raise BadUserInput(f"--ttl: too long: {text}") from error
