"""Reading SQLite by way of Python's own driver: short reads on the event loop's thread, others on threads."""

import asyncio
import binascii
import re
import sqlite3
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic, thread_time
from typing import Any, Self

_LONGEST = 0.002
"""Seconds of the event loop that a statement takes at most. Those count for nothing in which others run."""

_STEPS = 1_000
"""How many steps of SQLite's virtual machine lie between two looks at the time; together some 50 µs."""

_ONE_LONG_STEP = re.compile(r"\bcount\s*\(\s*\*\s*\)|\bMATCH\b", re.IGNORECASE)
"""What takes SQLite a single step that grows with the table."""

_PATIENCE = 60
"""Seconds until a statement that took long is tried again."""

_REMEMBERED = 1_000
"""Statements."""

_BETWEEN_INTERRUPTS = 0.05
"""Seconds."""

_FOR_ADDRESSES = str.maketrans("+/", "-_", "=")

Pragmas = Mapping[str, object]


class Inline:
    """One connection for all short reads of a process: a change of threads takes longer than they do."""

    def __init__(self, path: Path, pragmas: Pragmas) -> None:
        """Prepare to read a file; nothing is opened yet."""
        self._path = path
        # The event loop shall not wait for a lock.
        self._pragmas = {**pragmas, "busy_timeout": 0}
        self._connection: sqlite3.Connection | None = None
        self._elsewhere: dict[str, float] = {}
        self._deadline = 0.0

    def rows(self, sql: str, parameters: Sequence[Any]) -> list[Any] | None:
        """All rows of a statement.

        None when it is not a short one, or fails: it is to be run on another thread then.
        """
        if sql in self._elsewhere and self._elsewhere[sql] > monotonic():
            return None
        connection = self._connection or self._open()
        self._deadline = thread_time() + _LONGEST
        try:
            rows = None if _ONE_LONG_STEP.search(sql) else connection.execute(sql, parameters).fetchall()
        except sqlite3.OperationalError:
            rows = None
        if rows is None or self._is_late():
            if len(self._elsewhere) >= _REMEMBERED:
                self._elsewhere.clear()
            self._elsewhere[sql] = monotonic() + _PATIENCE
        return rows

    def close(self) -> None:
        """Close the connection; it is opened anew when there is something to read."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        self._connection = _opened(self._path, self._pragmas)
        self._connection.set_progress_handler(self._is_late, _STEPS)
        return self._connection

    def _is_late(self) -> bool:
        return thread_time() > self._deadline


class Threaded:
    """A connection whose statements run on other threads, each in one go."""

    def __init__(self, connection: sqlite3.Connection, threads: ThreadPoolExecutor) -> None:
        self._connection = connection
        self._threads = threads

    @classmethod
    async def open(cls, path: Path, pragmas: Pragmas, threads: ThreadPoolExecutor) -> Self:
        """Open a file."""
        loop = asyncio.get_running_loop()
        return cls(await loop.run_in_executor(threads, _opened, path, pragmas), threads)

    async def fetch(self, sql: str, *parameters: Any) -> list[Any]:
        """All rows of a statement, which stops when nobody waits for it any more."""
        loop = asyncio.get_running_loop()
        running = loop.run_in_executor(self._threads, self._fetch, sql, parameters)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            # A statement that is only about to start does not feel an interruption.
            while not running.done():
                self._connection.interrupt()
                await asyncio.wait([running], timeout=_BETWEEN_INTERRUPTS)
            running.exception()
            raise

    def is_closed(self) -> bool:
        """Never, as long as it is not closed here: there is no server."""
        return False

    async def close(self) -> None:
        """Close the connection, which must not be in use."""
        self._connection.close()

    def _fetch(self, sql: str, parameters: Sequence[Any]) -> list[Any]:
        return self._connection.execute(sql, parameters).fetchall()


def _opened(path: Path, pragmas: Pragmas) -> sqlite3.Connection:
    # Threads take turns.
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    for name, value in pragmas.items():
        connection.execute(f"PRAGMA {name} = {value}")
    connection.create_function("base64url", 1, _base64url, deterministic=True)
    return connection


def _base64url(text: str) -> str:
    """Base64 as in addresses, without padding (RFC 4648 section 5), as statements call it."""
    return binascii.b2a_base64(text.encode(), newline=False).decode().translate(_FOR_ADDRESSES)
