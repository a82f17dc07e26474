"""`lyceum compute`: series, from the events they are made of."""

from collections.abc import Sequence
from typing import Annotated

import typer
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.analytics.enrollment import compute_enrollment
from app.cli.common import progress_bars, with_database
from app.db.engine import Database
from app.db.models import CourseRun
from app.errors import BadUserInput
from app.vocabulary import Dimension


def compute(
    course: Annotated[
        list[str] | None,
        typer.Option(metavar="RUN_KEY", help="A course run, by default all; may be repeated."),
    ] = None,
    series: Annotated[
        list[Dimension] | None, typer.Option(help="A series, by default all; may be repeated.")
    ] = None,
) -> None:
    """Compute enrollment series anew from enrollment events."""
    with progress_bars() as progress:

        async def work(database: Database) -> int:
            async with database.begin() as connection:
                run_ids = await _run_ids(connection, course) if course else None
                return await compute_enrollment(
                    connection, run_ids, dimensions=series or None, progress=progress
                )

        number = with_database(work)
    typer.echo(f"Computed the enrollment series of {number:,} course run{'' if number == 1 else 's'}.")


async def _run_ids(connection: AsyncConnection, keys: Sequence[str]) -> list[int]:
    rows = await connection.execute(
        select(col(CourseRun.key), col(CourseRun.id)).where(col(CourseRun.key).in_(keys))
    )
    run_ids = {row.key: row.id for row in rows}
    for key in keys:
        if key not in run_ids:
            raise BadUserInput(f"--course: there is no course run {key!r}")
    return list(run_ids.values())
