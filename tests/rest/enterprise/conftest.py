"""The Enterprise API over customers, catalogs and content on each database."""

from collections.abc import AsyncIterator

import pytest

from tests.databases import DIALECTS, Databases
from tests.rest.enterprise.clients import Enterprise, enterprise_of
from tests.rest.enterprise.world import fill


@pytest.fixture(scope="session", params=DIALECTS)
async def api(request: pytest.FixtureRequest, databases: Databases) -> AsyncIterator[Enterprise]:
    """An application over rows that tests only read."""
    database = await databases.empty(request.param)
    await fill(database)
    async with enterprise_of(database) as api:
        yield api
