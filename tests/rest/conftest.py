"""The accounts, runs and enrollments on each database, to read and to change."""

from collections.abc import AsyncIterator

import pytest

from app.db.engine import Database
from tests.databases import DIALECTS, Databases
from tests.rest.clients import Rest, fill, rest_of


@pytest.fixture(scope="session", params=DIALECTS)
async def filled(request: pytest.FixtureRequest, databases: Databases) -> Database:
    """A database with the rows of these tests, which is only copied."""
    database = await databases.empty(request.param)
    await fill(database)
    return database


@pytest.fixture(scope="session")
async def shared(filled: Database, databases: Databases) -> AsyncIterator[Rest]:
    """An application over the rows, for tests that only read."""
    async with rest_of(await databases.copy(filled)) as rest:
        yield rest


@pytest.fixture
async def database(filled: Database, databases: Databases) -> Database:
    """A copy of the rows."""
    return await databases.copy(filled)


@pytest.fixture
async def rest(database: Database) -> AsyncIterator[Rest]:
    """An application over a copy of the rows."""
    async with rest_of(database) as client:
        yield client
