"""The reads of one request."""

import asyncio
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Self, cast

from sqlalchemy.sql import Executable

from app.db.engine import Database
from app.db.pool import Driver
from app.db.statements import Record as Record


class Reader:
    """Runs the statements of one request, one after another, on one connection.

    The connection is taken from the pool by the first statement. A statement
    whose task is cancelled is stopped in the database too.
    """

    def __init__(self, database: Database) -> None:
        self.dialect = database.dialect
        self._database = database
        self._connection: Driver | None = None
        self._lock = asyncio.Lock()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def rows(self, statement: Executable, **values: Any) -> Sequence[Record]:
        """All rows of a statement, with values for its parameters that have none.

        Raises `CancelledError` when the reader is closed.
        """
        sql, parameters, records = self._database.statements.prepare(statement, values)
        return records(await self.raw(sql, parameters))

    async def named(self, name: Hashable, build: Callable[[], Executable], **values: Any) -> Sequence[Record]:
        """All rows of a statement, with values for its parameters that have none.

        It is built once for each name, which says all that it depends on beside them.
        """
        sql, parameters, records = self._database.statements.prepare_named(name, build, values)
        return records(await self.raw(sql, parameters))

    async def scalar(self, statement: Executable, **values: Any) -> Any:
        """The first column of the first row, or None when there is no row."""
        rows = await self.rows(statement, **values)
        return rows[0][0] if rows else None

    async def raw(self, sql: str, parameters: Sequence[Any]) -> Sequence[Any]:
        """All rows of a statement as the driver gives them; its text and parameters are the driver's too.

        Raises `CancelledError` when the reader is closed.
        """
        if self._database.inline is not None:
            # Who reads on and on without ever waiting would leave no turn to others.
            await asyncio.sleep(0)
        if self._closed:
            raise asyncio.CancelledError
        if self._database.inline is not None:
            found = self._database.inline.rows(sql, parameters)
            if found is not None:
                return found
        task = cast("asyncio.Task[Any]", asyncio.current_task())
        self._tasks.add(task)
        try:
            async with self._lock:
                if self._connection is None:
                    self._connection = await self._database.pool.take()
                return await self._connection.fetch(sql, *parameters)
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
            self._database.pool.give_back(self._connection)
            self._connection = None
