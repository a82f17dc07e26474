"""The demo data, loaded once into a database of each dialect, which tests only read."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import pytest
from sqlalchemy import Executable

from app.db.engine import Database
from tests.databases import DIALECTS, Databases

Query = Callable[[Executable], Awaitable[Sequence[Any]]]
"""Runs a statement on the demo data; gives rows."""


@pytest.fixture(scope="session", params=DIALECTS)
async def demo(
    request: pytest.FixtureRequest, databases: Databases, demo_urls: dict[str, str]
) -> AsyncIterator[Database]:
    """A database with the demo data."""
    # While it is connected nobody could copy the original.
    database = Database(await databases.copy_url(demo_urls[request.param]))
    yield database
    await database.dispose()


@pytest.fixture
def query(demo: Database) -> Query:
    """Runs a statement on the demo data and gives all rows."""

    async def run(statement: Executable) -> Sequence[Any]:
        async with demo.reader.connect() as connection:
            return (await connection.execute(statement)).all()

    return run
