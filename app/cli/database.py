"""`lyceum migrate`: bringing the database up to date."""

import typer
from alembic.util import CommandError

from app.cli.common import with_database
from app.db.engine import Database
from app.db.migrate import upgrade
from app.errors import BadUserInput


def migrate() -> None:
    """Create or update the tables of the database."""

    async def work(database: Database) -> str:
        try:
            await upgrade(database)
        except CommandError as error:
            raise BadUserInput(f"the database is of another version of Lyceum: {error}") from error
        return database.url.render_as_string()

    typer.echo(f"{with_database(work, migrated=False)} is up to date.")
