"""Fixtures for every test: the same tests run on SQLite and on PostgreSQL."""

import asyncio
import gc
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import jsonschema_rs
import orjson
import pytest
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncConnection

from app.auth import secrets
from app.db.engine import Database
from app.db.models import Event
from app.demo import load_demo
from app.demo.simulation import simulate
from app.imports.oulad import OuladSummary, import_oulad
from app.vocabulary import WebhookEvent
from app.webhooks import emit
from app.webhooks.catalogue import CATALOGUE
from app.webhooks.payloads import bodies
from tests.databases import DIALECTS as DIALECTS
from tests.databases import Databases
from tests.servers import LiveServer, running_server

# What is imported and collected stays: there is nothing to be found in it.
gc.disable()


@pytest.fixture(scope="session", autouse=True)
def ending_applications() -> Iterator[None]:
    """Freeze what is imported, once, so that applications can go when their tests are over."""
    gc.collect()
    gc.freeze()
    gc.enable()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.main.gc", SimpleNamespace(collect=int, freeze=int))
        yield


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """Hash passwords at the least cost there is; servers in processes of their own do not."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(secrets, "COST", (1, 8, 1))
        yield


@pytest.fixture(scope="session", autouse=True)
def one_simulation() -> Iterator[None]:
    """Simulate the demo data once: it is always the same, and takes longer than writing it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.demo.load.simulate", cache(simulate))
        yield


@pytest.fixture(scope="session", autouse=True)
def payloads_as_promised() -> Iterator[None]:
    """Whatever tells webhooks of something, by whatever door, says what the catalogue of events promises."""
    validators = {type_: jsonschema_rs.validator_for(entry.schema) for type_, entry in CATALOGUE.items()}

    async def checked(connection: AsyncConnection, events: Sequence[Event]) -> list[str]:
        texts = await bodies(connection, events)
        for event, text in zip(events, texts, strict=True):
            validators[WebhookEvent(event.type)].validate(orjson.loads(text))
        return texts

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(emit, "bodies", checked)
        yield


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


@pytest.fixture(autouse=True)
def databases_of_one_test(databases: Databases) -> Iterator[None]:
    """Databases that a test makes go after it."""
    with databases.lent():
        yield


@pytest.fixture(scope="session")
def make_database(databases: Databases) -> Callable[[str], Awaitable[Database]]:
    """Makes a migrated database without rows, of a dialect."""
    return databases.empty


@pytest.fixture(params=DIALECTS)
async def database(request: pytest.FixtureRequest, databases: Databases) -> Database:
    """A migrated database without rows, on SQLite and on PostgreSQL."""
    return await databases.empty(request.param)


@pytest.fixture(scope="session")
async def demo_urls(databases: Databases) -> AsyncIterator[dict[str, str]]:
    """A database with the demo data, by dialect, for tests that only read it; others take a copy."""
    urls = {}
    for dialect in DIALECTS:
        database = await databases.empty(dialect)
        assert await load_demo(database)
        await database.dispose()
        urls[dialect] = database.url.render_as_string(hide_password=False)
    file = Path(str(make_url(urls["sqlite"]).database))
    contents = await asyncio.to_thread(file.read_bytes)
    yield urls
    assert await asyncio.to_thread(file.read_bytes) == contents, (
        "a test has changed the demo data that others read"
    )


@pytest.fixture(scope="session", params=DIALECTS)
async def imported(
    request: pytest.FixtureRequest, databases: Databases, data_directory: Path
) -> tuple[Database, OuladSummary]:
    """A database with the whole Open University data set, which tests leave as it is, and what the import said."""
    database = await databases.empty(request.param)
    return database, await import_oulad(database, data_directory / "oulad")


@pytest.fixture(scope="session")
async def live_server(databases: Databases, demo_urls: dict[str, str]) -> AsyncIterator[LiveServer]:
    """`lyceum serve` over a copy of the demo data, as a process of its own."""
    with running_server({"LYCEUM_DATABASE_URL": await databases.copy_url(demo_urls["sqlite"])}) as server:
        yield server
