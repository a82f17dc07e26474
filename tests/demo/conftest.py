"""The demo data, loaded once into a database of each dialect, which tests only read."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from sqlalchemy import Executable

from app.db.engine import Database
from app.demo import load_demo
from tests.conftest import DIALECTS

Query = Callable[[Executable], Awaitable[Sequence[Any]]]
"""Runs a statement on the demo data; gives rows."""


@pytest.fixture(scope="session", params=DIALECTS)
async def demo(
    request: pytest.FixtureRequest, make_database: Callable[[str], Awaitable[Database]]
) -> Database:
    """A database with the demo data."""
    database = await make_database(request.param)
    assert await load_demo(database)
    return database


@pytest.fixture
def query(demo: Database) -> Query:
    """Runs a statement on the demo data and gives all rows."""

    async def run(statement: Executable) -> Sequence[Any]:
        async with demo.reader.connect() as connection:
            return (await connection.execute(statement)).all()

    return run
