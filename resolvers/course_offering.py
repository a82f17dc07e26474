"""What a course offers by its published runs (Enterprise contract 8.1)."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from app.vocabulary import Availability, RunStatus
from loaders.factory import Loader
from resolvers import offering
from resolvers.catalog import RUNS_OF_COURSE
from resolvers.context import Context
from resolvers.languages import language_names
from resolvers.reading import related_loader

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


Offered = Sequence[tuple[Any, offering.Seats]]
"""Published runs of a course, each with its seats."""


def published_loader(context: Context) -> Loader[list[Any]]:
    """A loader of the published runs of a course."""

    async def load(courses: list[int]) -> list[list[Any]]:
        found = await related_loader(context, RUNS_OF_COURSE, _COLUMNS).all(courses)
        return [[run for run in runs if run.status == RunStatus.PUBLISHED] for runs in found]

    return context.loaders.worked_out(published_loader, load)


def offered_loader(context: Context) -> Loader[Offered]:
    """A loader of the published runs of a course with their seats."""

    async def load(courses: list[int]) -> list[Offered]:
        published = await published_loader(context).all(courses)
        found = await offering.seats_loader(context).all([run.id for runs in published for run in runs])
        seats = iter(found)
        return [[(run, next(seats)) for run in runs] for runs in published]

    return context.loaders.worked_out(offered_loader, load)


def languages(runs: Sequence[Any]) -> list[str]:
    """Names of the runs' languages, each once."""
    return language_names([run.content_language for run in runs if run.content_language])


def seat_types(offered: Offered) -> list[str]:
    """Modes of the runs' seats, each once."""
    return offering.seat_types([seat for _, seats in offered for seat in seats])


def is_active(offered: Offered, now: dt.datetime) -> bool:
    """Whether a run is marketable and open for enrollment."""
    return any(
        offering.is_marketable(run, seats) and offering.is_enrollable(run, now) for run, seats in offered
    )


def advertised_run(offered: Offered, now: dt.datetime) -> int | None:
    """The id of the marketable run that learners should be shown.

    Of those with enrollable seats that go on, the one that began last; else of
    those to come, the one that begins first; else the one that began last.
    """
    ranked = [
        (*_rank(run, seats, now), run.id) for run, seats in offered if offering.is_marketable(run, seats)
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
