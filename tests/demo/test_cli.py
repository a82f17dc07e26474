"""`lyceum demo load`, in processes of its own."""

import asyncio
import os
import sys

import pytest

from app.db.engine import Database
from tests.databases import Databases
from tests.demo.digest import digest


async def _load(url: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app.cli", "demo", "load"),
        env=os.environ | {"LYCEUM_DATABASE_URL": url, "PYTHONHASHSEED": "7"},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    return output.decode()


@pytest.fixture(scope="session")
async def url(databases: Databases) -> str:
    """The URL of a database that the command has loaded the demo data into."""
    url = await databases.empty_url("sqlite")
    output = await _load(url)
    assert "The demo data is loaded." in output
    assert "User demo: password demo-password, API key demo-key-0123456789abcdef" in output
    return url


async def test_every_load_gives_the_same_rows(demo: Database, url: str) -> None:
    other = Database(url)
    assert await digest(demo) == await digest(other)
    await other.dispose()


async def test_it_says_when_the_data_was_there_already(url: str) -> None:
    assert "The demo data was there already." in await _load(url)
