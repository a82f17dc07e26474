"""The enrollment series of course runs, computed from their events (Data Analytics contract 8.2 to 8.4)."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from itertools import groupby
from typing import Any, TypeAlias

from sqlalchemy import Row, Select, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.db.models import CourseRun, EnrollmentEvent, EnrollmentSpan, User, now
from app.progress import Progress, silent
from app.vocabulary import Dimension, EnrollmentEventType

_Group: TypeAlias = tuple[Dimension, str]
_Changes: TypeAlias = defaultdict[dt.date, list[int]]
"""By day, what is added to the count and to the cumulative count of a group."""

_STATE = {EnrollmentEventType.ACTIVATED: 1, EnrollmentEventType.DEACTIVATED: 0}


async def compute_enrollment(
    connection: AsyncConnection,
    run_ids: Collection[int] | None = None,
    *,
    dimensions: Collection[Dimension] | None = None,
    progress: Progress = silent,
) -> int:
    """Compute from scratch the enrollment spans of runs and replace them; returns the number of runs.

    All runs and all dimensions, unless some are named. Runs inside the caller's
    transaction; memory is bounded by the events of one run.
    """
    if run_ids is None:
        run_ids = (await connection.scalars(select(col(CourseRun.id)))).all()
    chosen = tuple(Dimension) if dimensions is None else tuple(dimensions)
    runs = sorted(set(run_ids))
    computed_at = now()
    advance = progress("Enrollment series", len(runs))
    for run_id in runs:
        events = await connection.execute(_EVENTS.where(col(EnrollmentEvent.run_id) == run_id))
        await connection.execute(
            delete(EnrollmentSpan).where(
                col(EnrollmentSpan.run_id) == run_id, col(EnrollmentSpan.dimension).in_(chosen)
            )
        )
        spans = [
            {
                "run_id": run_id,
                "dimension": dimension,
                "value": value,
                "since": since,
                "until": until,
                "count": count,
                "cumulative_count": cumulative_count,
                "computed_at": computed_at,
            }
            for (dimension, value), changes in _changes(events, chosen).items()
            for since, until, count, cumulative_count in _spans(changes)
        ]
        if spans:
            await connection.execute(insert(EnrollmentSpan), spans)
        advance(1)
    return len(runs)


_EVENTS: Select[*tuple[Any, ...]] = (
    select(
        col(EnrollmentEvent.user_id),
        col(EnrollmentEvent.occurred_at),
        col(EnrollmentEvent.type),
        col(EnrollmentEvent.mode),
        col(User.gender),
        col(User.year_of_birth),
        col(User.education_level),
        col(User.country),
    )
    .join(User, col(User.id) == col(EnrollmentEvent.user_id))
    .order_by(
        col(EnrollmentEvent.user_id),
        col(EnrollmentEvent.occurred_at),
        col(EnrollmentEvent.type),
        col(EnrollmentEvent.mode),
    )
)


def _changes(
    events: Iterable[Row[*tuple[Any, ...]]], dimensions: Collection[Dimension]
) -> dict[_Group, _Changes]:
    """What each day changes in each group; days on which a user changes nothing add nothing."""
    changes: defaultdict[_Group, _Changes] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for _, of_user in groupby(events, lambda event: event.user_id):
        state, groups = 0, list[_Group]()
        for day, of_day in groupby(of_user, lambda event: event.occurred_at.date()):
            was, left = state, groups
            for event in of_day:
                state = _STATE.get(event.type, state)
            groups = [(dimension, _value(event, dimension)) for dimension in dimensions]
            if (state, groups) == (was, left):
                continue
            for group in left:
                change = changes[group][day]
                change[0] -= was
                change[1] -= 1
            for group in groups:
                change = changes[group][day]
                change[0] += state
                change[1] += 1
    return changes


def _value(event: Row[*tuple[Any, ...]], dimension: Dimension) -> str:
    match dimension:
        case Dimension.TOTAL:
            value = ""
        case Dimension.MODE:
            value = event.mode
        case Dimension.GENDER:
            value = event.gender
        case Dimension.BIRTH_YEAR:
            value = event.year_of_birth
        case Dimension.EDUCATION:
            value = event.education_level
        case Dimension.COUNTRY:
            value = event.country
    return "" if value is None else str(value)


def _spans(changes: _Changes) -> Iterator[tuple[dt.date, dt.date, int, int]]:
    """Spans (since, until, count, cumulative count) while anybody is known in the group."""
    since, count, known = dt.date.min, 0, 0
    for day in sorted(changes):
        added, newly_known = changes[day]
        if not added and not newly_known:
            continue
        if known:
            yield since, day, count, known
        since, count, known = day, count + added, known + newly_known
    if known:
        yield since, dt.date.max, count, known
