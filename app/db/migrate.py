"""Migrations: bringing a database to a revision with Alembic."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from app.db.engine import Database

_PACKAGED = Path(__file__).parent / "alembic"
_SCRIPTS = _PACKAGED if _PACKAGED.is_dir() else Path(__file__).parents[2] / "alembic"


def _config(connection: Connection) -> Config:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_SCRIPTS))
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
        return MigrationContext.configure(connection).get_current_revision() == _newest(_SCRIPTS)

    async with database.reader.connect() as connection:
        return await connection.run_sync(current)


@cache
def _newest(scripts: Path) -> str | None:
    # To find it, all scripts are loaded.
    return ScriptDirectory(str(scripts)).get_current_head()


async def check(database: Database) -> None:
    """Raise unless the migrated database is what the models say."""
    async with database.begin() as connection:
        await connection.run_sync(lambda sync: command.check(_config(sync)))


async def new_revision(database: Database, message: str) -> None:
    """Write a migration script from the difference between models and database, with the next number."""

    def write(connection: Connection) -> None:
        config = _config(connection)
        number = len(list(ScriptDirectory.from_config(config).walk_revisions())) + 1
        command.revision(config, message, autogenerate=True, rev_id=f"{number:04}")

    async with database.begin() as connection:
        await connection.run_sync(write)
