"""Fixtures for every test: the same tests run on SQLite and on PostgreSQL."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from app.db.engine import Database
from tests.databases import DIALECTS as DIALECTS
from tests.databases import Databases


@pytest.fixture(scope="session")
def data_directory() -> Path:
    """Where the real data is that imports are tested with."""
    default = Path(__file__).parents[2] / "shared" / "data"
    return Path(os.environ.get("LYCEUM_TEST_DATA", default))


@pytest.fixture(scope="session")
async def databases() -> AsyncIterator[Databases]:
    """Maker of databases; all of them are gone at the end of the run."""
    async with Databases() as maker:
        yield maker


@pytest.fixture(scope="session")
def make_database(databases: Databases) -> Callable[[str], Awaitable[Database]]:
    """Makes a migrated database without rows, of a dialect."""
    return databases.empty


@pytest.fixture(params=DIALECTS)
async def database(request: pytest.FixtureRequest, databases: Databases) -> Database:
    """A migrated database without rows, on SQLite and on PostgreSQL."""
    return await databases.empty(request.param)
