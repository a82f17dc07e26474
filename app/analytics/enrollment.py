"""The enrollment series of course runs, computed from their events (Data Analytics contract 8.2 to 8.4)."""

import datetime as dt
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import groupby
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Row, Select, String, and_, cast, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.db.bulk import delete_by_key, keys_table, lock_series
from app.db.models import EnrollmentEvent, EnrollmentSpan, LearnerAddress, User, now
from app.db.models.tables import table_of
from app.db.types import EARLIEST, LATEST
from app.vocabulary import Dimension, EnrollmentEventType

_Group: TypeAlias = tuple[int, Dimension, str]
"""A run, a dimension and one of its values."""

_Changes: TypeAlias = defaultdict[_Group, defaultdict[dt.date, list[int]]]
"""By group and day, what is added to the count and to the cumulative count."""

_Span: TypeAlias = tuple[dt.date, dt.date, int, int]
"""First day, day after the last one, count, cumulative count."""

SWITCHES = {EnrollmentEventType.ACTIVATED: 1, EnrollmentEventType.DEACTIVATED: 0}
"""The state after an event; other events leave it."""

_GROUP = ("run_id", "dimension", "value")
_PAIR = ("run_id", "user_id")

Pair = tuple[int, int]
"""A run and a user."""


async def compute_enrollment(connection: AsyncConnection, run_id: int) -> None:
    """Compute the enrollment spans of a run and replace them; those of a run without events stay."""
    events = (await connection.execute(_EVENTS.where(col(EnrollmentEvent.run_id) == run_id))).all()
    if events:
        await connection.execute(delete(EnrollmentSpan).where(col(EnrollmentSpan.run_id) == run_id))
        await _write(connection, ((group, list(_spans(days))) for group, days in _changes(events).items()))


@asynccontextmanager
async def changing_enrollments(
    connection: AsyncConnection, user_ids: Collection[int], run_ids: Collection[int] | None = None
) -> AsyncIterator[None]:
    """Whatever the block changes about users and their enrollment events, the series follow.

    Of their runs only some are read, if `run_ids` names them. The work depends on
    the events of the users, not on those of the runs.
    """
    await lock_series(connection)
    if not user_ids:
        yield
        return
    users = keys_table(connection.dialect.name, ("user_id",), [(user_id,) for user_id in user_ids])
    events = _EVENTS.where(col(EnrollmentEvent.user_id).in_(select(users.c.user_id)))
    if run_ids is not None:
        events = events.where(col(EnrollmentEvent.run_id).in_(run_ids))
    async with _following(connection, events):
        yield


@asynccontextmanager
async def adding_enrollment_events(
    connection: AsyncConnection, between: Mapping[Pair, tuple[dt.datetime, dt.datetime]]
) -> AsyncIterator[None]:
    """When the block adds events of pairs of run and user between two instants each, the series follow.

    What a learner was before the last switch before them tells nothing of the time
    after it, and nothing changes after the first switch that follows them. Only
    events from the one to the other are read.
    """
    await lock_series(connection)
    event, dialect = table_of(EnrollmentEvent), connection.dialect.name
    given = keys_table(dialect, (*_PAIR, "first", "last"), [(*pair, *span) for pair, span in between.items()])

    def nearest(found: Any, condition: ColumnElement[bool]) -> Any:
        switch = (event.c.type.in_(SWITCHES), condition, *(event.c[name] == given.c[name] for name in _PAIR))
        return select(found(event.c.occurred_at)).where(*switch).correlate(given).scalar_subquery()

    ends = (
        nearest(func.max, event.c.occurred_at < given.c.first).label("since"),
        nearest(func.min, event.c.occurred_at > given.c.last).label("until"),
    )
    spans = [
        (row.run_id, row.user_id, row.since or EARLIEST, row.until or LATEST)
        for row in await connection.execute(select(*(given.c[name] for name in _PAIR), *ends))
    ]
    given = keys_table(dialect, (*_PAIR, "since", "until"), spans)
    near = select(event.c.id).join_from(
        given,
        event,
        and_(
            *(event.c[name] == given.c[name] for name in _PAIR),
            event.c.occurred_at >= given.c.since,
            event.c.occurred_at <= given.c.until,
        ),
    )
    async with _following(connection, _EVENTS.where(col(EnrollmentEvent.id).in_(near))):
        yield


@asynccontextmanager
async def _following(connection: AsyncConnection, events: Select[*tuple[Any, ...]]) -> AsyncIterator[None]:
    """The series follow what a block changes about the events that a statement reads."""
    before = _changes(await connection.execute(events))
    yield
    changes = _changes(await connection.execute(events))
    for group, days in before.items():
        for day, (count, known) in days.items():
            change = changes[group][day]
            change[0] -= count
            change[1] -= known
    await _apply(connection, changes)


def _learner() -> Any:
    """The learner that tracking events name a user by."""
    username = "@" + col(User.username)
    return func.coalesce(cast(col(User.lms_user_id), String), username)


_EVENTS: Select[*tuple[Any, ...]] = (
    select(
        col(EnrollmentEvent.run_id),
        col(EnrollmentEvent.user_id),
        col(EnrollmentEvent.occurred_at),
        col(EnrollmentEvent.type),
        col(EnrollmentEvent.mode),
        col(User.gender),
        col(User.year_of_birth),
        col(User.education_level),
        col(User.country).label("profile_country"),
        col(LearnerAddress.learner),
        col(LearnerAddress.country),
    )
    .join(User, col(User.id) == col(EnrollmentEvent.user_id))
    .outerjoin(LearnerAddress, col(LearnerAddress.learner) == _learner())
    .order_by(
        col(EnrollmentEvent.run_id),
        col(EnrollmentEvent.user_id),
        col(EnrollmentEvent.occurred_at),
        col(EnrollmentEvent.type),
        col(EnrollmentEvent.mode),
    )
)


def _changes(events: Iterable[Row[*tuple[Any, ...]]]) -> _Changes:
    """What each day changes in each group; days on which a user changes nothing add nothing."""
    changes: _Changes = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for _, of_user in groupby(events, lambda event: (event.run_id, event.user_id)):
        state, groups = 0, list[_Group]()
        for day, of_day in groupby(of_user, lambda event: event.occurred_at.date()):
            was, left = state, groups
            for event in of_day:
                state = SWITCHES.get(event.type, state)
            groups = [(event.run_id, dimension, _value(event, dimension)) for dimension in Dimension]
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
            # An address that cannot be placed is nowhere, whatever the profile says (contract 8.4).
            value = event.profile_country if event.learner is None else event.country
    return "" if value is None else str(value)


def _spans(changes: dict[dt.date, list[int]]) -> Iterator[_Span]:
    """The spans while anybody is known in the group."""
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


def _ends(changes: dict[dt.date, list[int]]) -> tuple[dt.date, dt.date]:
    """The first and the last day on which numbers are others than before."""
    days = [day for day, change in changes.items() if any(change)]
    lasting = any(map(sum, zip(*changes.values(), strict=True)))
    return min(days), dt.date.max if lasting else max(days)


async def _apply(connection: AsyncConnection, changes: _Changes) -> None:
    """Add changes to the spans there are."""
    ends = {group: _ends(days) for group, days in changes.items() if any(map(any, days.values()))}
    if not ends:
        return
    span = table_of(EnrollmentSpan)
    keys = [(*group, *days) for group, days in ends.items()]
    given = keys_table(connection.dialect.name, (*_GROUP, "first", "last"), keys)
    # The one before and the one after may come to have the same numbers as what is between.
    touched = and_(
        *(span.c[name] == given.c[name] for name in _GROUP),
        span.c.until >= given.c.first,
        span.c.since <= given.c.last,
    )
    rows: Sequence[Any] = (
        await connection.execute(
            select(span).join_from(given, span, touched).order_by(*span.primary_key.columns)
        )
    ).all()
    old: dict[_Group, list[_Span]] = {group: [] for group in ends}
    for row in rows:
        old[row.run_id, row.dimension, row.value].append(
            (row.since, row.until, row.count, row.cumulative_count)
        )
    new = {}
    for group, spans in old.items():
        days = changes[group]
        for since, until, count, known in spans:
            for day, sign in ((since, 1), (until, -1)):
                if day != dt.date.max:
                    days[day][0] += sign * count
                    days[day][1] += sign * known
        new[group] = list(_spans(days))
    gone = [
        (*group, spans[0]) for group, of_group in old.items() for spans in of_group if spans not in new[group]
    ]
    await delete_by_key(connection, EnrollmentSpan, (*_GROUP, "since"), gone)
    await _write(
        connection,
        ((group, [span for span in spans if span not in old[group]]) for group, spans in new.items()),
    )


async def _write(connection: AsyncConnection, spans: Iterable[tuple[_Group, Sequence[_Span]]]) -> None:
    computed_at = now()
    rows = [
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
        for (run_id, dimension, value), of_group in spans
        for since, until, count, cumulative_count in of_group
    ]
    if rows:
        await connection.execute(insert(EnrollmentSpan), rows)
