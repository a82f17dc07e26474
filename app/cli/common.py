"""What commands share: the database, and progress bars on a terminal."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from app.db.engine import Database
from app.progress import Advance, Progress
from app.settings import Settings

T = TypeVar("T")


def with_database(work: Callable[[Database], Awaitable[T]]) -> T:
    """Run asynchronous work on the configured database and close it afterwards."""

    async def run() -> T:
        database = Database(Settings().database_url)
        try:
            return await work(database)
        finally:
            await database.dispose()

    return asyncio.run(run())


@contextmanager
def progress_bars() -> Iterator[Progress]:
    """Progress as one bar for each step, on stderr; where nobody watches, a line a step."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bars(*columns, console=console) as bars:

        def start(step: str, total: int) -> Advance:
            task = bars.add_task(step, total=total)
            return lambda units: bars.advance(task, units)

        yield start
