"""`lyceum webhooks`: looking after webhooks, and jobs of the queue that are held."""

import json
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.audit import COMMAND_LINE, record
from app.cli.common import read_settings, with_database, with_session
from app.db.engine import Database
from app.errors import BadUserInput
from app.webhooks import held
from app.webhooks.shaping import Broken, broken

Ids = Annotated[list[int] | None, typer.Argument(help="Ids of jobs.", metavar="[ID]...")]
All = Annotated[bool, typer.Option("--all", help="All that are held.")]

app = typer.Typer(
    help="Look after webhooks: documents that cannot be run, and jobs that are held because they failed.",
    no_args_is_help=True,
)


@app.command()
def check() -> None:
    """Say which webhooks have a document that cannot be run, as before an upgrade.

    A new version can be asked before the database is migrated for it.
    """
    # Other commands need not wait for it.
    from app.graphql.payloads import Rules
    from schema.build import SCHEMA

    rules = Rules(SCHEMA._schema, read_settings())

    async def find(database: Database) -> list[Broken]:
        async with database.reader.connect() as connection:
            return await broken(connection, rules.problem)

    found = with_database(find, migrated=False)
    if found:
        raise BadUserInput(
            "\n".join(f"the document of {it.uuid} of {it.owner} cannot be run: {it.problem}" for it in found)
        )
    typer.echo("Every document can be run.")


@app.command("held")
def list_held() -> None:
    """List the jobs that are held, with what they failed of last, as JSON. Only PostgreSQL has jobs."""
    typer.echo(json.dumps(with_session(held.held), indent=2, default=str))


@app.command()
def requeue(ids: Ids = None, all_: All = False) -> None:
    """Start jobs that are held again."""
    typer.echo(f"Requeued {_each('webhook.requeue', held.requeue, ids, all_)}.")


@app.command()
def drop(ids: Ids = None, all_: All = False) -> None:
    """Remove jobs that are held. What is to be delivered stays, and gets other jobs."""
    typer.echo(f"Dropped {_each('webhook.drop', held.drop, ids, all_)}.")


def _each(
    action: str,
    act: Callable[[AsyncSession, Collection[int] | None], Awaitable[Sequence[int]]],
    ids: list[int] | None,
    all_: bool,
) -> str:
    """Do something with jobs that are held; how many there were."""
    if all_ == bool(ids):
        raise BadUserInput("give either ids or --all")

    async def work(session: AsyncSession) -> Sequence[int]:
        done = await act(session, None if all_ else ids)
        missing = set(ids or ()) - set(done)
        if missing:
            raise BadUserInput(f"no job {', '.join(map(str, sorted(missing)))} is held")
        if done:
            record(session, COMMAND_LINE, action, ", ".join(map(str, done))[:255])
        return done

    number = len(with_session(work))
    return f"{number:,} job{'s' if number != 1 else ''}"
