"""What a reader does with statements that nobody waits for any more."""

import asyncio
import gc
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app.db.engine import Database
from app.db.reader import Reader
from tests.graphql.test_limits import SLOW


async def test_closing_waits_for_what_is_being_cancelled(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    reader = Reader(database)
    await reader.rows(text("SELECT 1"))
    task = asyncio.ensure_future(reader.rows(text(SLOW[database.dialect])))
    for _ in range(10):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    await reader.close()
    assert task.cancelled()
    assert database.pool.lent == 0
    gc.collect()
    assert caplog.text == ""


async def test_nothing_is_read_after_closing(database: Database) -> None:
    reader = Reader(database)
    await reader.close()
    with pytest.raises(asyncio.CancelledError):
        await reader.rows(text("SELECT 1"))
    assert database.pool.lent == 0


async def test_a_long_statement_leaves_the_event_loop_free(database: Database) -> None:
    reader = Reader(database)
    # Its steps are many, but each is short.
    statement = SLOW[database.dialect].replace("count(*)", "sum(x)")
    task = asyncio.ensure_future(reader.raw(statement, []))
    for _ in range(1_000):
        await asyncio.sleep(0)
    assert not task.done()
    task.cancel()
    await reader.close()


@pytest.mark.parametrize(
    "statement",
    ["SELECT count(*) FROM course", "SELECT rowid FROM search_index WHERE search_index MATCH 'a'"],
)
async def test_what_takes_long_without_a_pause_is_no_matter_of_the_loop(
    make_database: Callable[[str], Awaitable[Database]], statement: str
) -> None:
    database = await make_database("sqlite")
    assert database.inline is not None
    assert database.inline.rows("SELECT id FROM course WHERE id = ?", [1]) == []
    assert database.inline.rows(statement, []) is None


async def test_short_statements_of_sqlite_take_no_connection_and_no_thread(
    make_database: Callable[[str], Awaitable[Database]],
) -> None:
    database = await make_database("sqlite")
    reader = Reader(database)
    assert await reader.raw("SELECT ?", [1]) == [(1,)]
    assert database.pool.idle == 0
    with pytest.raises(sqlite3.OperationalError):
        await reader.raw("DELETE FROM course", [])
    await reader.close()


def mapped_files() -> set[str]:
    return {line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines()}


async def test_no_file_of_sqlite_is_mapped(make_database: Callable[[str], Awaitable[Database]]) -> None:
    database = await make_database("sqlite")
    async with Reader(database) as reader:
        await reader.raw("SELECT id FROM course", [])
        await reader.raw("SELECT count(*) FROM course", [])
        assert database.pool.lent == 1
        # What is left is what all who have the file open share: where pages are in its log.
        assert str(database.url.database) not in mapped_files()


async def test_what_the_driver_is_given_comes_back_as_its_rows(database: Database) -> None:
    reader = Reader(database)
    place = "?" if database.dialect == "sqlite" else "$1::text"
    (row,) = await reader.raw(f"SELECT {place} || 'b', 1", ["a"])
    assert tuple(row) == ("ab", 1)
    await reader.close()
    with pytest.raises(asyncio.CancelledError):
        await reader.raw(f"SELECT {place}", ["a"])


async def test_connections_that_the_server_ended_are_replaced(
    make_database: Callable[[str], Awaitable[Database]],
) -> None:
    database = await make_database("postgresql")
    ended = []
    lent: list[Any] = [await database.pool.take() for _ in range(3)]
    for driver in lent:
        ended.append(asyncio.get_running_loop().create_future())
        driver.add_termination_listener(lambda _, end=ended[-1]: end.set_result(None))
        database.pool.give_back(driver)
    async with database.begin() as connection:
        await connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    await asyncio.gather(*ended)
    for _ in range(3):
        reader = Reader(database)
        assert [tuple(row) for row in await reader.raw("SELECT 1", [])] == [(1,)]
        await reader.close()
    assert database.pool.lent == 0


async def test_who_reads_on_and_on_leaves_turns_to_others(database: Database) -> None:
    turn = asyncio.Event()
    async with Reader(database) as reader:
        asyncio.get_running_loop().call_soon(turn.set)
        await reader.raw("SELECT 1", [])
        assert turn.is_set()
