"""Migrations run up, down and from empty, and leave what the models say."""

import pytest
from sqlalchemy import Connection, func, inspect, select
from sqlalchemy.orm import configure_mappers
from sqlmodel import SQLModel

from app.db import migrate
from app.db.engine import Database
from app.db.models import Calendar
from tests.databases import DIALECTS, Databases


def table_names(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names()) - {"alembic_version"}


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_up_from_empty_makes_what_the_models_say_and_down_leaves_nothing(
    dialect: str, databases: Databases
) -> None:
    database = Database(await databases.bare_url(dialect))
    try:
        for _ in range(2):
            await migrate.upgrade(database)
            await migrate.check(database)
            async with database.reader.connect() as connection:
                assert await connection.run_sync(table_names) == set(SQLModel.metadata.tables)
            await migrate.downgrade(database, "base")
            async with database.reader.connect() as connection:
                assert await connection.run_sync(table_names) == set()
    finally:
        await database.dispose()


async def test_migrating_twice_changes_nothing(database: Database) -> None:
    await migrate.upgrade(database)
    async with database.reader.connect() as connection:
        assert await connection.scalar(select(func.count()).select_from(Calendar)) == 36_525


def test_no_relationship_loads_by_accident() -> None:
    configure_mappers()
    relationships = [
        relationship for mapper in SQLModel._sa_registry.mappers for relationship in mapper.relationships
    ]
    assert relationships
    assert {relationship.lazy for relationship in relationships} == {"raise"}
