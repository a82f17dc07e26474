"""What a course offers by its published runs (Enterprise contract 8.1)."""

import asyncio
import datetime as dt
from collections.abc import Sequence
from typing import Any

from app.vocabulary import Availability, RunStatus
from resolvers import offering
from resolvers.catalog import RUNS_OF_COURSE
from resolvers.context import Context
from resolvers.languages import language_names
from resolvers.reading import related

_NEVER = dt.datetime.min.replace(tzinfo=dt.UTC)
_COLUMNS = (
    "id",
    "status",
    "start",
    "end",
    "enrollment_start",
    "enrollment_end",
    "content_language",
    "marketing_slug",
)


async def languages(context: Context, course: int) -> list[str]:
    """Names of the runs' languages, each once."""
    runs = await _published(context, course)
    return language_names([run.content_language for run in runs if run.content_language])


async def seat_types(context: Context, course: int) -> list[str]:
    """Modes of the runs' seats, each once."""
    offered = await _offered(context, course)
    return offering.seat_types([seat for _, seats in offered for seat in seats])


async def is_active(context: Context, course: int) -> bool:
    """Whether a run is marketable and open for enrollment."""
    return any(
        offering.is_marketable(run, seats) and offering.is_enrollable(run, context.now)
        for run, seats in await _offered(context, course)
    )


async def advertised_run(context: Context, course: int) -> int | None:
    """The id of the marketable run that learners should be shown.

    Of those with enrollable seats that go on, the one that began last; else of
    those to come, the one that begins first; else the one that began last.
    """
    offered = await _offered(context, course)
    ranked = [
        (*_rank(run, seats, context.now), run.id)
        for run, seats in offered
        if offering.is_marketable(run, seats)
    ]
    return max(ranked)[-1] if ranked else None


def _rank(run: Any, seats: Sequence[Any], now: dt.datetime) -> tuple[int, float]:
    state = offering.availability(run, now)
    start = (run.start or _NEVER).timestamp()
    if state is Availability.CURRENT and offering.has_enrollable_seats(run, seats, now):
        return 2, start
    if state is Availability.UPCOMING and run.start is not None:
        return 1, -start
    return 0, start


async def _published(context: Context, course: int) -> list[Any]:
    runs = await related(context, RUNS_OF_COURSE, course, _COLUMNS)
    return [run for run in runs if run.status == RunStatus.PUBLISHED]


async def _offered(context: Context, course: int) -> list[tuple[Any, Sequence[Any]]]:
    runs = await _published(context, course)
    seats = await asyncio.gather(*(offering.seats_of(context, run.id) for run in runs))
    return list(zip(runs, seats, strict=True))
