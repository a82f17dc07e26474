"""`lyceum compute`: series, from the events they are made of."""

from collections.abc import Sequence
from typing import Annotated

import typer
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.analytics.addresses import Countries, place_again
from app.analytics.compute import compute as compute_series
from app.cli.common import progress_bars, read_settings, with_database
from app.db.bulk import rows_by_key
from app.db.engine import Database
from app.db.models import CourseRun
from app.errors import BadUserInput
from app.vocabulary import Series


def compute(
    course: Annotated[
        list[str] | None,
        typer.Option(metavar="RUN_KEY", help="A course run, by default all; may be repeated."),
    ] = None,
    series: Annotated[
        list[Series] | None, typer.Option(help="A series, by default all; may be repeated.")
    ] = None,
) -> None:
    """Compute series anew from what is kept of events. What no event tells of stays as it is."""
    path = read_settings().country_database
    countries = Countries(path) if path else None
    with progress_bars() as progress:

        async def work(database: Database) -> int:
            async with database.begin() as connection:
                run_ids = await _run_ids(connection, course)
                if countries is not None:
                    await place_again(connection, countries)
            advance = progress("Computing series", len(run_ids))
            for run_id in run_ids:
                async with database.begin() as connection:
                    await compute_series(connection, [run_id], series=series or None)
                advance(1)
            return len(run_ids)

        number = with_database(work)
    typer.echo(f"Computed the series of {number:,} course run{'' if number == 1 else 's'}.")


async def _run_ids(connection: AsyncConnection, keys: Sequence[str] | None) -> Sequence[int]:
    """The ids of runs, of all unless some are named. Raises `BadUserInput` for a key of none."""
    if not keys:
        return (await connection.scalars(select(col(CourseRun.id)).order_by(col(CourseRun.id)))).all()
    rows = await rows_by_key(connection, CourseRun, ("key",), [(key,) for key in keys])
    run_ids = {row.key: row.id for row in rows}
    for key in keys:
        if key not in run_ids:
            raise BadUserInput(f"--course: there is no course run {key!r}")
    return list(run_ids.values())
