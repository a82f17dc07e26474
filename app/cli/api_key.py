"""`lyceum api-key`: static keys for programs."""

from typing import Annotated

import typer

from app.auth import accounts
from app.auth.audit import COMMAND_LINE, record
from app.cli.common import with_database
from app.db.engine import Database
from app.errors import BadUserInput

app = typer.Typer(help="Give users keys for `Authorization: Token`.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `set` a command of its own although it is the only one."""


@app.command("set")
def set_api_key(
    username: Annotated[str, typer.Argument(help="Name of the user, who is created when absent.")],
    key: Annotated[str | None, typer.Argument(help="The key: 20 to 40 characters without spaces.")] = None,
    delete_key: Annotated[bool, typer.Option("--delete-key", help="Take the key away.")] = False,
) -> None:
    """Make a key the user's only one, or take it away."""
    if delete_key == (key is not None):
        raise BadUserInput("give either a key or --delete-key")

    async def work(database: Database) -> str:
        async with database.session() as session:
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

    typer.echo(with_database(work))
