"""What a reader does with statements that nobody waits for any more."""

import asyncio
import gc

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
    assert database.reader.pool.checkedout() == 0  # type: ignore[attr-defined]
    gc.collect()
    assert caplog.text == ""


async def test_nothing_is_read_after_closing(database: Database) -> None:
    reader = Reader(database)
    await reader.close()
    with pytest.raises(asyncio.CancelledError):
        await reader.rows(text("SELECT 1"))
    assert database.reader.pool.checkedout() == 0  # type: ignore[attr-defined]
