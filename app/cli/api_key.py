"""`lyceum api-key`: static keys for programs."""

import json
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth import accounts, restrictions
from app.auth.audit import COMMAND_LINE, record
from app.cli.common import with_session
from app.errors import BadUserInput

Username = Annotated[str, typer.Argument(help="Name of the user.")]

app = typer.Typer(help="Give users keys for `Authorization: Token`.", no_args_is_help=True)


@app.command("set")
def set_api_key(
    username: Annotated[str, typer.Argument(help="Name of the user, who is created when absent.")],
    key: Annotated[str | None, typer.Argument(help="The key: 20 to 40 characters without spaces.")] = None,
    delete_key: Annotated[
        bool, typer.Option("--delete-key", help="Take the key away, and its restriction.")
    ] = False,
) -> None:
    """Make a key the user's only one, or take it away. A restriction stays when another key is set."""
    if delete_key == (key is not None):
        raise BadUserInput("give either a key or --delete-key")

    async def work(session: AsyncSession) -> str:
        if key is not None:
            created = await accounts.set_api_key(session, username, key)
            if created is not None:
                record(session, COMMAND_LINE, "user.create", username, **accounts.described(created))
            record(session, COMMAND_LINE, "api_key.set", username)
            return f"Set the API key of {username}."
        deleted = await accounts.delete_api_key(session, username)
        if deleted:
            record(session, COMMAND_LINE, "api_key.delete", username)
        return f"Deleted the API key of {username}." if deleted else f"{username} had no API key."

    typer.echo(with_session(work))


@app.command()
def restrict(
    username: Username,
    course: Annotated[
        list[str] | None, typer.Option(help="Key of a course, or of a run of it; can be repeated.")
    ] = None,
    organization: Annotated[
        list[str] | None, typer.Option(help="Key of an organization that owns courses; can be repeated.")
    ] = None,
) -> None:
    """Let a user with a key read the analytics of these courses only, instead of those named before.

    This holds for whatever the user shows, key, token or log-in, and for staff
    too, in GraphQL as well as on the paths of older APIs. It holds for nothing
    but analytics: courses, enrollments and all else are seen as before, and
    analytics are not opened to who may not read any.
    """
    courses, organizations = sorted(set(course or ())), sorted(set(organization or ()))
    if not courses and not organizations:
        raise BadUserInput("give a --course or an --organization")

    async def work(session: AsyncSession) -> None:
        await restrictions.restrict(session, username, courses, organizations)
        detail = {"courses": courses, "organizations": organizations}
        record(session, COMMAND_LINE, "api_key.restrict", username, **detail)

    with_session(work)
    typer.echo(f"Restricted {username} to the analytics of {', '.join([*courses, *organizations])}.")


@app.command()
def unrestrict(username: Username) -> None:
    """Let a user read the analytics of every course again that the account and the key are for."""

    async def work(session: AsyncSession) -> bool:
        removed = await restrictions.unrestrict(session, username)
        if removed:
            record(session, COMMAND_LINE, "api_key.unrestrict", username)
        return removed

    removed = with_session(work)
    typer.echo(f"{username} {'is no longer' if removed else 'was not'} restricted.")


@app.command("list")
def list_api_keys() -> None:
    """List who has a key, and what it is restricted to, as JSON."""
    typer.echo(json.dumps(with_session(restrictions.list_api_keys), indent=2))
