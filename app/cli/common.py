"""What commands share: the database, and progress bars on a terminal."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.audit import COMMAND_LINE, record
from app.db.engine import Database
from app.db.migrate import is_current
from app.enterprise.change import Change
from app.enterprise.items import ItemsChange
from app.errors import BadUserInput
from app.progress import Advance, Progress
from app.settings import Settings

T = TypeVar("T")


def read_settings() -> Settings:
    """The settings. Raises `BadUserInput` that names a variable which cannot be used."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        raise BadUserInput(f"LYCEUM_{first['loc'][0]}".upper() + f": {first['msg']}") from error


def with_database(work: Callable[[Database], Awaitable[T]], *, migrated: bool = True) -> T:
    """Run asynchronous work on the configured database and close it afterwards.

    Raises `BadUserInput` for a database that cannot be opened, and for one that
    is not up to date, unless `migrated` is false.
    """

    async def run() -> T:
        database = Database(read_settings().database_url)
        try:
            current = await _is_current(database)
            if migrated and not current:
                raise BadUserInput("the database is not up to date: run `lyceum migrate`")
            return await work(database)
        finally:
            await database.dispose()

    return asyncio.run(run())


def with_session(work: Callable[[AsyncSession], Awaitable[T]]) -> T:
    """Run asynchronous work in a transaction of the configured database, as `with_database` does."""

    async def run(database: Database) -> T:
        async with database.session() as session:
            return await work(session)

    return with_database(run)


def record_change(session: AsyncSession, change: Change) -> None:
    """Write a change of enterprise customers into the audit log, if there was one."""
    if change.made:
        record(session, COMMAND_LINE, change.action, change.subject, **change.detail)


def told(items: ItemsChange) -> str:
    """What happened to the items of a catalog, in numbers."""
    return (
        f"{len(items.added):,} added, {len(items.removed):,} removed, {len(items.unchanged):,} there already"
    )


def reason(error: Exception) -> str:
    """What went wrong outside of the program, in one line."""
    cause = error.orig.__cause__ or error.orig if isinstance(error, DBAPIError) and error.orig else error
    return str(cause).partition("\n")[0] or type(cause).__name__


async def _is_current(database: Database) -> bool:
    try:
        return await is_current(database)
    except (OSError, OverflowError, DBAPIError) as error:
        raise BadUserInput(f"LYCEUM_DATABASE_URL: {reason(error)}") from error


@contextmanager
def progress_bars() -> Iterator[Progress]:
    """Progress as one bar for each step, on stderr; where nobody watches, a line a step."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    bars = Bars(*columns, console=Console(stderr=True))

    def start(step: str, total: int) -> Advance:
        bars.start()
        task = bars.add_task(step, total=total)
        return lambda units: bars.advance(task, units)

    try:
        yield start
    finally:
        # Stopping prints a line even when there were no bars.
        if bars.tasks:
            bars.stop()
