"""Migrations: bringing a database to a revision with Alembic."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from app.db.engine import Database


def _config(connection: Connection) -> Config:
    packaged = Path(__file__).parent / "alembic"
    scripts = packaged if packaged.is_dir() else Path(__file__).parents[2] / "alembic"
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(scripts))
    config.set_main_option("path_separator", "os")
    return config


async def upgrade(database: Database, revision: str = "head") -> None:
    """Migrate up to a revision; a database that is there already stays as it is."""
    async with database.begin() as connection:
        await connection.run_sync(lambda sync: command.upgrade(_config(sync), revision))


async def downgrade(database: Database, revision: str) -> None:
    """Migrate down to a revision; `base` removes every table and all data."""
    async with database.begin() as connection:
        await connection.run_sync(lambda sync: command.downgrade(_config(sync), revision))


async def is_current(database: Database) -> bool:
    """Whether the database is at the newest revision."""

    def current(connection: Connection) -> bool:
        scripts = ScriptDirectory.from_config(_config(connection))
        return MigrationContext.configure(connection).get_current_revision() == scripts.get_current_head()

    async with database.reader.connect() as connection:
        return await connection.run_sync(current)


async def check(database: Database) -> None:
    """Raise unless the migrated database is what the models say."""
    async with database.begin() as connection:
        await connection.run_sync(lambda sync: command.check(_config(sync)))


async def new_revision(database: Database, message: str) -> None:
    """Write a migration script from the difference between models and database."""
    async with database.begin() as connection:
        await connection.run_sync(lambda sync: command.revision(_config(sync), message, autogenerate=True))
