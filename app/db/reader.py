"""The reads of one request."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, cast

from sqlalchemy import CursorResult, Row
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import Executable

from app.db.engine import Database

Record = Row[*tuple[Any, ...]]
"""A row as it was read: its columns are attributes."""

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
        self._connection: AsyncConnection | None = None
        self._lock = asyncio.Lock()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False

    async def rows(self, statement: Executable) -> Sequence[Record]:
        """All rows of a statement. Raises `CancelledError` when the reader is closed."""
        if self._closed:
            raise asyncio.CancelledError
        task = cast("asyncio.Task[Any]", asyncio.current_task())
        self._tasks.add(task)
        try:
            return await self._rows(statement)
        finally:
            self._tasks.discard(task)

    async def scalar(self, statement: Executable) -> Any:
        """The first column of the first row, or None when there is no row."""
        rows = await self.rows(statement)
        return rows[0][0] if rows else None

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
            await self._connection.close()
            self._connection = None

    async def _rows(self, statement: Executable) -> Sequence[Record]:
        async with self._lock:
            if self._connection is None:
                self._connection = await self._database.connect()
            execution = self._connection.execute(statement)
            if self.dialect == "sqlite":
                return (await self._interruptible(self._connection, execution)).all()
            return (await execution).all()

    async def _interruptible(
        self, connection: AsyncConnection, execution: Coroutine[Any, Any, CursorResult[Any]]
    ) -> CursorResult[Any]:
        """SQLite runs on in the driver's thread when nobody waits any more, unless it is interrupted."""
        task = asyncio.ensure_future(execution)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            raw = await connection.get_raw_connection()
            driver: Any = raw.driver_connection
            # A statement that is only about to start does not feel an interruption.
            while not task.done():
                await driver.interrupt()
                await asyncio.wait([task], timeout=_BETWEEN_INTERRUPTS)
            task.exception()
            raise
