"""How far a growing table can be read without missing a row.

Readers remember the id of the last row they read. On PostgreSQL a transaction
takes its ids before it commits, so that a lesser id may appear after a greater
one. Whoever inserts locks the table for it (`ROW EXCLUSIVE`) before an id is
taken, and until the end of the transaction. So once all those have ended who
held that lock after an id was seen, no lesser id can appear any more; other
transactions, however long they run, hold up nobody. On SQLite one writes at a
time, and ids appear in order.

A table is looked at some times a second while anybody waits for it, once for
all who do.
"""

import asyncio
import logging
from asyncio import Event, Future, Task
from contextlib import suppress

from sqlalchemy import Table, func, select
from sqlmodel import SQLModel

from app.db.engine import Database
from app.db.models.tables import table_of
from app.db.reader import Reader

_POLL_SECONDS = 0.2
_AFTER_A_FAULT_SECONDS = 2.0
_AT_A_TIME = 2
"""Readers of one process that read at a time, so that they leave connections to others."""

_WRITERS = (
    "SELECT virtualtransaction FROM pg_locks WHERE locktype = 'relation' AND mode = 'RowExclusiveLock'"
    " AND granted AND relation = CAST($1::text AS regclass)"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)

_logger = logging.getLogger("lyceum.live")


class Stopping(Exception):
    """The process is about to end; what is not read yet can be read from another."""


class Feed:
    """Tells readers of a table how far they can read it."""

    def __init__(self, database: Database, table: Table) -> None:
        self._database = database
        self._table = table
        self._waiting: dict[Future[int], int] = {}
        self._called = Event()
        self._task: Task[None] | None = None
        self._stopped = False

    async def beyond(self, position: int) -> int:
        """Wait until the table can be read further than an id; up to which. Raises `Stopping`."""
        return await self._wait(position)

    async def now(self) -> int:
        """The id up to which the table can be read now. Raises `Stopping`."""
        self._called.set()
        return await self._wait(-1)

    def stop(self) -> None:
        """Raise `Stopping` in all who wait, and in all who come."""
        self._stopped = True
        self._called.set()
        for future in self._waiting:
            if not future.done():
                future.set_exception(Stopping())

    async def _wait(self, position: int) -> int:
        if self._stopped:
            raise Stopping
        future: Future[int] = asyncio.get_running_loop().create_future()
        self._waiting[future] = position
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._watch())
        try:
            return await future
        finally:
            del self._waiting[future]

    async def _watch(self) -> None:
        settled, candidate, writers = -1, -1, frozenset[str]()
        while self._waiting and not self._stopped:
            self._called.clear()
            pause = _POLL_SECONDS
            try:
                newest, running = await self._look()
            except Exception:
                _logger.exception("Looking for new rows of %s failed; it is tried again", self._table.name)
                pause = _AFTER_A_FAULT_SECONDS
            else:
                writers &= running
                if not writers:
                    settled = max(settled, candidate)
                    candidate, writers = newest, running
                if not writers:
                    settled = max(settled, candidate)
                self._tell(settled)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._called.wait(), pause)

    async def _look(self) -> tuple[int, frozenset[str]]:
        """The newest id there is, and then who may still commit a lesser one."""
        async with Reader(self._database) as reader:
            newest = await reader.scalar(select(func.coalesce(func.max(self._table.c.id), 0)))
            if self._database.dialect == "sqlite":
                return newest, frozenset()
            writers = await reader.raw(_WRITERS, [self._table.name])
            return newest, frozenset(writer for (writer,) in writers)

    def _tell(self, settled: int) -> None:
        for future, position in self._waiting.items():
            if settled > position and not future.done():
                future.set_result(settled)


class Feeds:
    """The feeds of a process. `turns` bounds how many readers read at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._feeds: dict[type[SQLModel], Feed] = {}
        self._stopped = False
        self.turns = asyncio.Semaphore(_AT_A_TIME)

    def of(self, model: type[SQLModel]) -> Feed:
        """The feed of a model's table, whose ids grow and are never given twice."""
        feed = self._feeds.get(model)
        if feed is None:
            feed = self._feeds[model] = Feed(self._database, table_of(model))
            if self._stopped:
                feed.stop()
        return feed

    def stop(self) -> None:
        """Raise `Stopping` in all readers."""
        self._stopped = True
        for feed in self._feeds.values():
            feed.stop()
