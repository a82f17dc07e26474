"""The accounts, runs and enrollments on each database, to read and to change."""

from collections.abc import AsyncIterator

import pytest

from app.db.engine import Database
from tests.databases import DIALECTS, Databases
from tests.rest.clients import Rest, fill, reset, rest_of


@pytest.fixture(scope="session", params=DIALECTS)
async def filled(request: pytest.FixtureRequest, databases: Databases) -> Database:
    """A database with the rows of these tests, which is only copied."""
    database = await databases.empty(request.param)
    await fill(database)
    return database


@pytest.fixture(scope="session")
async def shared(filled: Database, databases: Databases) -> AsyncIterator[Rest]:
    """An application over the rows, for tests that leave them as they are."""
    async with rest_of(await databases.copy(filled)) as rest:
        yield rest


@pytest.fixture(scope="session")
async def changing(filled: Database, databases: Databases) -> AsyncIterator[Rest]:
    """An application over rows that tests change."""
    async with rest_of(await databases.copy(filled)) as rest:
        yield rest


@pytest.fixture
async def rest(changing: Rest) -> Rest:
    """An application over the rows as they were at first."""
    await reset(changing.database)
    return changing


@pytest.fixture
def database(rest: Rest) -> Database:
    """The rows that a test may change."""
    return rest.database
