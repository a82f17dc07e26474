"""The reads of one request."""

import asyncio
from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import PoolProxiedConnection
from sqlalchemy.sql import Executable

from app.db.engine import Database
from app.db.statements import Record as Record

_BETWEEN_INTERRUPTS = 0.05
"""Seconds."""


class Reader:
    """Runs the statements of one request, one after another, on one connection.

    The connection is taken from the pool by the first statement. A statement
    whose task is cancelled is stopped in the database too.
    """

    def __init__(self, database: Database) -> None:
        self.dialect = database.dialect
        self._database = database
        self._connection: PoolProxiedConnection | None = None
        self._lock = asyncio.Lock()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False

    async def rows(self, statement: Executable) -> Sequence[Record]:
        """All rows of a statement. Raises `CancelledError` when the reader is closed."""
        sql, parameters, records = self._database.statements.prepare(statement)
        return records(await self.raw(sql, parameters))

    async def scalar(self, statement: Executable) -> Any:
        """The first column of the first row, or None when there is no row."""
        rows = await self.rows(statement)
        return rows[0][0] if rows else None

    async def raw(self, sql: str, parameters: Sequence[Any]) -> Sequence[Any]:
        """All rows of a statement as the driver gives them; its text and parameters are the driver's too.

        Raises `CancelledError` when the reader is closed.
        """
        if self._closed:
            raise asyncio.CancelledError
        task = cast("asyncio.Task[Any]", asyncio.current_task())
        self._tasks.add(task)
        try:
            async with self._lock:
                if self._connection is None:
                    self._connection = await self._database.borrow()
                driver: Any = self._connection.driver_connection
                if self.dialect == "sqlite":
                    return await _interruptible(driver, sql, parameters)
                rows: Sequence[Any] = await driver.fetch(sql, *parameters)
                return rows
        finally:
            self._tasks.discard(task)

    async def close(self) -> None:
        """Stop what still reads, and give the connection back."""
        self._closed = True
        # Loaders read in tasks of their own, which nobody cancels when the operation is.
        for task in self._tasks:
            if not task.cancelling():
                task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        if self._connection is not None:
            self._connection.close()
            self._connection = None


async def _interruptible(driver: Any, sql: str, parameters: Sequence[Any]) -> Sequence[Any]:
    """SQLite runs on in the driver's thread when nobody waits any more, unless it is interrupted."""
    task: asyncio.Task[Sequence[Any]] = asyncio.ensure_future(driver.execute_fetchall(sql, parameters))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        # A statement that is only about to start does not feel an interruption.
        while not task.done():
            await driver.interrupt()
            await asyncio.wait([task], timeout=_BETWEEN_INTERRUPTS)
        task.exception()
        raise
