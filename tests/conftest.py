"""Fixtures for every test: the same tests run on SQLite and on PostgreSQL."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from app.db.engine import Database
from app.demo import load_demo
from tests.databases import DIALECTS as DIALECTS
from tests.databases import Databases
from tests.servers import LiveServer, running_server


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


@pytest.fixture(scope="session")
async def demo_urls(databases: Databases) -> dict[str, str]:
    """A database with the demo data, by dialect, for tests that only read it."""
    urls = {}
    for dialect in DIALECTS:
        database = await databases.empty(dialect)
        await load_demo(database)
        await database.dispose()
        urls[dialect] = database.url.render_as_string(hide_password=False)
    return urls


@pytest.fixture(scope="session")
async def live_server(demo_urls: dict[str, str]) -> AsyncIterator[LiveServer]:
    """`lyceum serve` over the demo data, as a process of its own."""
    with running_server({"LYCEUM_DATABASE_URL": demo_urls["sqlite"]}) as server:
        yield server
