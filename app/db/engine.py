"""One database, SQLite or PostgreSQL, behind a reading and a writing engine."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, PoolProxiedConnection, QueuePool, event, make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, MissingGreenlet, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine

from app.db.statements import Statements
from app.errors import BadUserInput, Unavailable

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
}
_CACHE_KIB = 8192
"""Of each SQLite connection; more is left to the operating system, which keeps pages once for all."""
_OPTIONS = {"sqlite": (), "postgresql": ("host", "port", "ssl")}
_UNIQUE_VIOLATION = "23505"
_BUSY = 5
"""Seconds that SQLite waits for other processes that write."""


def database_url(url: str) -> URL:
    """The URL with its asynchronous driver.

    Raises `BadUserInput` for text that is no URL, for other databases and for
    options that drivers do not take.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise BadUserInput("LYCEUM_DATABASE_URL is not a database URL") from error
    name = parsed.get_backend_name()
    if name not in _DRIVERS:
        raise BadUserInput(f"LYCEUM_DATABASE_URL: {name} is not supported, only sqlite and postgresql are")
    if name == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise BadUserInput("LYCEUM_DATABASE_URL: SQLite needs a file, as in sqlite:///var/lyceum.db")
    parsed = parsed.set(drivername=_DRIVERS[name])
    for option in parsed.query:
        if option not in _OPTIONS[parsed.get_backend_name()]:
            raise BadUserInput(f"LYCEUM_DATABASE_URL: there is no option {option}")
    return parsed


class Database:
    """The engines of one database.

    Reads run outside transactions on connections that refuse to write. Writes
    run in transactions that hold the write lock from their first statement, so
    what they read cannot change under them on SQLite.
    """

    def __init__(self, url: str, *, pool_size: int = 10, statement_timeout: float | None = None) -> None:
        """Prepare the engines; nothing is connected yet. The timeout is in seconds.

        Raises `BadUserInput` for a URL as `database_url` does, and when there is no
        SQLite file to be had.
        """
        self.url = database_url(url)
        self.dialect = self.url.get_backend_name()
        # What rows hold is nothing for logs: passwords' hashes, e-mail addresses.
        pool: dict[str, Any] = {"pool_size": pool_size, "max_overflow": 0, "hide_parameters": True}
        if statement_timeout is not None:
            pool["pool_timeout"] = statement_timeout
        reading = {**pool, "isolation_level": "AUTOCOMMIT", "skip_autocommit_rollback": True}
        if self.dialect == "sqlite":
            _require_file(Path(str(self.url.database)))
            self.reader = create_async_engine(self.url, **reading)
            self.writer = create_async_engine(self.url, **{**pool, "pool_size": 1})
            _configure_sqlite(self.reader, query_only=True, timeout=statement_timeout)
            _configure_sqlite(self.writer, query_only=False, timeout=statement_timeout)
        else:
            # Spans joined with the calendar are estimated far too high: compiling takes longer than reading.
            settings = {"default_transaction_read_only": "on", "jit": "off"}
            if statement_timeout is not None:
                settings["statement_timeout"] = str(round(statement_timeout * 1000))
            connect_args = {"server_settings": settings}
            self.reader = create_async_engine(self.url, **reading, connect_args=connect_args)
            self.writer = create_async_engine(self.url, **pool)
        self.statements = Statements(self.reader.dialect)

    async def connect(self) -> AsyncConnection:
        """A connection for reading. Raises `Unavailable` when none gets free in time."""
        try:
            return await self.reader.connect()
        except PoolTimeout as error:
            raise Unavailable("The server is busy: no connection to the database got free") from error

    async def borrow(self) -> PoolProxiedConnection:
        """A connection for reading by way of its driver. Raises `Unavailable` as `connect` does.

        Whoever has it closes it to give it back.
        """
        pool = self.reader.sync_engine.pool
        while True:
            try:
                # What lies ready is had without a greenlet, which costs more than all the rest.
                lent = pool.connect() if isinstance(pool, QueuePool) and pool.checkedin() else None
            except MissingGreenlet:
                lent = None
            try:
                lent = lent or await self.reader.raw_connection()
            except PoolTimeout as error:
                raise Unavailable("The server is busy: no connection to the database got free") from error
            if self.dialect == "sqlite" or not lent.driver_connection.is_closed():
                return lent
            # The server ended it, and the others with it.
            lent.invalidate()
            lent.close()

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """A connection inside a transaction that commits at the end, or rolls back on an error."""
        async with self.writer.begin() as connection:
            yield connection

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """A session inside a transaction that commits at the end, or rolls back on an error.

        Raises `Unavailable` when no connection, or on SQLite the write lock, gets free
        in time.
        """
        async with AsyncSession(self.writer, expire_on_commit=False) as session, session.begin():
            try:
                # SQLite takes its lock here, so that no statement waits for it later.
                await session.connection()
            except (PoolTimeout, OperationalError) as error:
                if not is_busy(error):
                    raise
                raise Unavailable("The server is busy: the database is being written to") from error
            yield session

    async def dispose(self) -> None:
        """Close every connection."""
        await self.reader.dispose()
        await self.writer.dispose()


def is_duplicate(error: IntegrityError) -> bool:
    """Whether an error says that a key is there already, and not another fault."""
    unique = (sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
    return (
        getattr(error.orig, "sqlite_errorcode", None) in unique
        or getattr(error.orig, "sqlstate", None) == _UNIQUE_VIOLATION
    )


def is_busy(error: PoolTimeout | OperationalError) -> bool:
    """Whether no connection, or on SQLite no lock, got free in time."""
    if isinstance(error, PoolTimeout):
        return True
    return getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY


def _require_file(path: Path) -> None:
    """Make the directory, and open the file once: the driver fails to report that it cannot, at times."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        sqlite3.connect(path).close()
    except (OSError, sqlite3.Error) as error:
        raise BadUserInput(f"LYCEUM_DATABASE_URL: {error}") from error


def _configure_sqlite(engine: AsyncEngine, *, query_only: bool, timeout: float | None) -> None:
    pragmas = {
        "busy_timeout": round(1000 * min(timeout or _BUSY, _BUSY)),
        "journal_mode": "WAL",
        "synchronous": "NORMAL",
        "foreign_keys": "ON",
        "cache_size": -_CACHE_KIB,
        "query_only": "ON" if query_only else "OFF",
    }

    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: Any, _: object) -> None:
        # Python's sqlite3 would begin transactions by itself, and deferred ones.
        connection.isolation_level = None
        cursor = connection.cursor()
        for name, value in pragmas.items():
            cursor.execute(f"PRAGMA {name} = {value}")
        cursor.close()

    if not query_only:

        @event.listens_for(engine.sync_engine, "begin")
        def begin(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

        @event.listens_for(engine.sync_engine, "invalidate")
        def roll_back(connection: Any, *_: object) -> None:
            # A statement that nobody waits for any more would keep the lock, even of a closed connection.
            connection.run_async(lambda driver: driver.interrupt())
            connection.rollback()
