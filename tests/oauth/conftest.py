"""The server of tokens with its accounts and clients, on each database."""

from collections.abc import AsyncIterator

import pytest

from app.db.engine import Database
from tests.databases import DIALECTS, Databases
from tests.oauth.clients import LIMITLESS, MovingClock, OAuth, add_accounts, oauth_of


@pytest.fixture(scope="session", params=DIALECTS)
async def accounts(request: pytest.FixtureRequest, databases: Databases) -> Database:
    """A database with the accounts and clients, which is only copied."""
    database = await databases.empty(request.param)
    await add_accounts(database)
    return database


@pytest.fixture
async def database(accounts: Database, databases: Databases) -> Database:
    """A copy of the database with the accounts and clients."""
    return await databases.copy(accounts)


@pytest.fixture
def clock() -> MovingClock:
    """The clock of the server."""
    return MovingClock()


@pytest.fixture(scope="session")
async def refusing(accounts: Database, databases: Databases) -> AsyncIterator[OAuth]:
    """A server for what it refuses, which changes nothing."""
    async with oauth_of(await databases.copy(accounts), **LIMITLESS) as client:
        yield client


@pytest.fixture
async def oauth(database: Database, clock: MovingClock) -> AsyncIterator[OAuth]:
    """A server without limits of attempts."""
    async with oauth_of(database, clock, **LIMITLESS) as client:
        yield client
