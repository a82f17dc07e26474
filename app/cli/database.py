"""`lyceum migrate`: bringing the database up to date."""

import typer

from app.cli.common import with_database
from app.db.engine import Database
from app.db.migrate import upgrade


def migrate() -> None:
    """Create or update the tables of the database."""

    async def work(database: Database) -> str:
        await upgrade(database)
        return database.url.render_as_string()

    typer.echo(f"{with_database(work)} is up to date.")
