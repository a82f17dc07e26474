"""One database, SQLite or PostgreSQL, behind a reading and a writing engine."""

import json
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, cast

import asyncpg
from sqlalchemy import URL, Connection, NullPool, event, make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine

from app.db.pool import Driver, Pool
from app.db.sqlite import Inline, Pragmas, Threaded
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
_PREPARED = 500
"""Statements that a connection to PostgreSQL keeps prepared."""
_UNIQUE_VIOLATION = "23505"
_FAULTS = ("0A", "42", "54")
"""Classes of PostgreSQL's errors: not supported, wrong, and over its limits."""
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
        self.inline: Inline | None = None
        open_: Callable[[], Awaitable[Driver]]
        # What rows hold is nothing for logs: passwords' hashes, e-mail addresses.
        pool: dict[str, Any] = {"pool_size": pool_size, "max_overflow": 0, "hide_parameters": True}
        if statement_timeout is not None:
            pool["pool_timeout"] = statement_timeout
        reading = {**pool, "isolation_level": "AUTOCOMMIT", "skip_autocommit_rollback": True}
        if self.dialect == "sqlite":
            path = Path(str(self.url.database))
            _require_file(path)
            self.reader = create_async_engine(self.url, **reading)
            self.writer = create_async_engine(self.url, **{**pool, "pool_size": 1})
            reading_pragmas = _pragmas(query_only=True, timeout=statement_timeout)
            _configure_sqlite(self.reader, reading_pragmas)
            _configure_sqlite(self.writer, _pragmas(query_only=False, timeout=statement_timeout))
            self.inline = Inline(path, reading_pragmas)
            threads = ThreadPoolExecutor(pool_size, thread_name_prefix="sqlite")
            open_ = partial(Threaded.open, path, reading_pragmas, threads)
        else:
            # Spans joined with the calendar are estimated far too high: to compile, or to start another
            # process, takes longer than to read.
            settings = {
                "default_transaction_read_only": "on",
                "jit": "off",
                "max_parallel_workers_per_gather": "0",
            }
            if statement_timeout is not None:
                settings["statement_timeout"] = str(round(statement_timeout * 1000))
            connect_args: dict[str, Any] = {"server_settings": settings}
            self.reader = create_async_engine(self.url, **reading, connect_args=connect_args)
            self.writer = create_async_engine(self.url, **pool)
            options = self.reader.dialect.create_connect_args(self.url)[1]
            open_ = partial(_open_postgresql, **options, **connect_args)
        self.pool = Pool(open_, pool_size, statement_timeout)
        self.statements = Statements(self.reader.dialect)

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

    @asynccontextmanager
    async def apart(self) -> AsyncIterator[Any]:
        """A connection of the driver for one who keeps it: not of the pool, which may hold as few as one."""
        engine = create_async_engine(self.url, poolclass=NullPool)
        async with engine.connect() as connection:
            raw = await connection.get_raw_connection()
            try:
                yield raw.driver_connection
            finally:
                await connection.invalidate()

    async def dispose(self) -> None:
        """Close every connection."""
        if self.inline is not None:
            self.inline.close()
        await self.pool.close()
        await self.reader.dispose()
        await self.writer.dispose()


def is_duplicate(error: IntegrityError) -> bool:
    """Whether an error says that a key is there already, and not another fault."""
    unique = (sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
    return (
        getattr(error.orig, "sqlite_errorcode", None) in unique
        or getattr(error.orig, "sqlstate", None) == _UNIQUE_VIOLATION
    )


def is_refused(error: Exception) -> bool:
    """Whether the driver's error says that the database will not take a statement, whenever it is run."""
    return (
        getattr(error, "sqlite_errorcode", None) in (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_TOOBIG)
        or str(getattr(error, "sqlstate", None))[:2] in _FAULTS
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


async def _open_postgresql(**options: Any) -> Driver:
    connection: Any = await asyncpg.connect(**options, statement_cache_size=_PREPARED)
    for name in ("json", "jsonb"):
        await connection.set_type_codec(name, schema="pg_catalog", encoder=str, decoder=json.loads)
    return cast("Driver", connection)


def _pragmas(*, query_only: bool, timeout: float | None) -> Pragmas:
    return {
        "busy_timeout": round(1000 * min(timeout or _BUSY, _BUSY)),
        "journal_mode": "WAL",
        "synchronous": "NORMAL",
        "foreign_keys": "ON",
        "cache_size": -_CACHE_KIB,
        # All that was ever read would count as memory of this process, and faults of the disk would end it.
        "mmap_size": 0,
        "query_only": "ON" if query_only else "OFF",
    }


def _configure_sqlite(engine: AsyncEngine, pragmas: Pragmas) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: Any, _: object) -> None:
        # Python's sqlite3 would begin transactions by itself, and deferred ones.
        connection.isolation_level = None
        cursor = connection.cursor()
        for name, value in pragmas.items():
            cursor.execute(f"PRAGMA {name} = {value}")
        cursor.close()

    if pragmas["query_only"] == "OFF":

        @event.listens_for(engine.sync_engine, "begin")
        def begin(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

        @event.listens_for(engine.sync_engine, "invalidate")
        def roll_back(connection: Any, *_: object) -> None:
            # A statement that nobody waits for any more would keep the lock, even of a closed connection.
            connection.run_async(lambda driver: driver.interrupt())
            connection.rollback()
