"""`lyceum webhooks`: looking after webhooks."""

import typer

from app.cli.common import read_settings, with_database
from app.db.engine import Database
from app.errors import BadUserInput
from app.webhooks.shaping import Broken, broken

app = typer.Typer(help="Look after webhooks.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `check` a command of its own although it is the only one."""


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
