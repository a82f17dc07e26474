"""Readers miss no row, in whatever order transactions commit."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import insert
from sqlmodel import col

from app.db.engine import Database
from app.db.feed import Feed, Feeds, Stopping
from app.db.models import Event
from tests.databases import Databases
from tests.live.conftest import event_ids, happen
from tests.webhooks.conftest import until

WRITE = insert(Event).values(type="test").returning(col(Event.id))


@pytest.fixture
async def feeds(database: Database) -> AsyncIterator[Feeds]:
    """The feeds of a process."""
    feeds = Feeds(database)
    yield feeds
    feeds.stop()


@pytest.fixture
def feed(feeds: Feeds) -> Feed:
    """The feed of events."""
    return feeds.of(Event)


async def test_what_is_there_and_what_comes(database: Database, feed: Feed) -> None:
    assert await feed.now() == 0
    await happen(database, 3)
    *_, last = await event_ids(database)
    assert await feed.beyond(0) == await feed.beyond(last - 1) == await feed.now() == last
    waiting = asyncio.create_task(feed.beyond(last))
    await feed.now()
    assert not waiting.done()
    await happen(database)
    assert await waiting == last + 1


async def test_nobody_looks_when_nobody_waits(database: Database, feeds: Feeds, feed: Feed) -> None:
    waiting = asyncio.create_task(feed.beyond(10))
    await feed.now()
    waiting.cancel()
    await until(lambda: feed._task is not None and feed._task.done())
    assert await feed.now() == 0


async def test_readers_learn_that_the_process_ends(database: Database, feeds: Feeds, feed: Feed) -> None:
    waiting = asyncio.create_task(feed.beyond(10))
    await feed.now()
    feeds.stop()
    for reader in (waiting, feed.beyond(0), feeds.of(Event).now()):
        with pytest.raises(Stopping):
            await reader


async def test_an_id_that_commits_late_is_waited_for(databases: Databases) -> None:
    database = await databases.empty("postgresql")
    feeds = Feeds(database)
    feed = feeds.of(Event)
    async with database.writer.connect() as early, database.writer.connect() as other:
        # It holds up nobody: it writes no events.
        await other.exec_driver_sql("CREATE TEMPORARY TABLE t (a int)")
        first = (await early.execute(WRITE)).scalar_one()
        (name,) = await happen(database)
        assert await event_ids(database) == [first + 1], name
        waiting = asyncio.create_task(feed.beyond(0))
        assert await asyncio.wait([waiting], timeout=0.7) == (set(), {waiting})
        await early.commit()
        assert await waiting == first + 1
        # An id that is never used is waited for no longer than its transaction lasts.
        skipped = (await early.execute(WRITE)).scalar_one()
        await happen(database)
        waiting = asyncio.create_task(feed.beyond(skipped))
        assert await asyncio.wait([waiting], timeout=0.7) == (set(), {waiting})
        await early.rollback()
        assert await waiting == skipped + 1
        assert await event_ids(database) == [first, first + 1, skipped + 1]
    feeds.stop()


async def test_a_transaction_without_an_id_yet_is_waited_for(databases: Databases) -> None:
    """It took a number from the sequence, and wrote nothing: no snapshot would tell of it."""
    database = await databases.empty("postgresql")
    feeds = Feeds(database)
    feed = feeds.of(Event)
    async with database.writer.connect() as early:
        await early.exec_driver_sql("LOCK TABLE event IN ROW EXCLUSIVE MODE")
        number = await early.exec_driver_sql("SELECT nextval(pg_get_serial_sequence('event', 'id'))")
        taken = number.scalar_one()
        await happen(database)
        waiting = asyncio.create_task(feed.beyond(0))
        assert await asyncio.wait([waiting], timeout=0.7) == (set(), {waiting})
        await early.execute(WRITE.values(id=taken))
        await early.commit()
        assert await waiting == taken + 1
        assert await event_ids(database) == [taken, taken + 1]
    feeds.stop()


async def test_concurrent_writers_lose_nothing(database: Database, feed: Feed) -> None:
    """A reader that goes on and on sees each event once, in order, though writers overlap and some roll back."""
    seen: list[int] = []

    async def write(number: int) -> None:
        for step in range(8):
            async with database.writer.connect() as connection:
                await connection.scalar(WRITE)
                await asyncio.sleep(0.001 * ((number * 7 + step * 5) % 9))
                await (connection.rollback() if (number + step) % 4 == 0 else connection.commit())

    async def read(writers: list[asyncio.Task[None]]) -> None:
        position = 0
        while True:
            done = all(writer.done() for writer in writers)
            end = await feed.now()
            async with database.reader.connect() as connection:
                rows = await connection.exec_driver_sql(
                    f"SELECT id FROM event WHERE id > {position} AND id <= {end} ORDER BY id"
                )
                seen.extend(row.id for row in rows)
            position = end
            if done:
                return

    writers = [asyncio.create_task(write(number)) for number in range(4)]
    await read(writers)
    await asyncio.gather(*writers)
    assert seen == await event_ids(database)
