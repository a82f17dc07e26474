"""The Data Analytics API over the demo data on each database."""

from collections.abc import AsyncIterator

import pytest

from tests.databases import DIALECTS, Databases
from tests.rest.data_analytics.clients import Analytics, analytics_of


@pytest.fixture(scope="session", params=DIALECTS)
async def api(
    request: pytest.FixtureRequest, databases: Databases, demo_urls: dict[str, str]
) -> AsyncIterator[Analytics]:
    """An application over demo data that tests only read."""
    # While it is connected nobody could copy the original.
    async with analytics_of(await databases.copy_url(demo_urls[request.param])) as api:
        yield api


@pytest.fixture(params=DIALECTS)
async def changing(
    request: pytest.FixtureRequest, databases: Databases, demo_urls: dict[str, str]
) -> AsyncIterator[Analytics]:
    """An application over demo data that a test may change."""
    async with analytics_of(await databases.copy_url(demo_urls[request.param])) as api:
        yield api
