"""Enrollment spans: the reference pipeline's own numbers, then the invariants of contract 8.9."""

import datetime as dt
import json
from collections.abc import Awaitable, Callable, Collection, Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.analytics.compute import compute
from app.db.engine import Database
from app.db.models import Course, CourseRun, EnrollmentEvent, EnrollmentSpan, User
from app.vocabulary import Dimension, EducationLevel, EnrollmentEventType, Gender, Series
from tests.conftest import DIALECTS

RUN_A = "edX/Open_DemoX/edx_demo_course"
RUN_B = "course-v1:edX+Open_DemoX+edx_demo_course2"
FIRST = dt.datetime(2024, 2, 28, tzinfo=dt.UTC)

Numbers = tuple[int, int]
"""A count and a cumulative count."""


class Learner(NamedTuple):
    """A profile, as far as series look at it."""

    id: int
    gender: str | None = None
    year_of_birth: int | None = None
    education_level: str | None = None
    country: str | None = None


class Occurrence(NamedTuple):
    """An enrollment event."""

    run_id: int
    user_id: int
    occurred_at: dt.datetime
    type: str
    mode: str


@pytest.fixture(scope="module", params=DIALECTS)
async def store(
    request: pytest.FixtureRequest, make_database: Callable[[str], Awaitable[Database]]
) -> Database:
    """One database for all tests here; each leaves it empty."""
    return await make_database(request.param)


async def _fill(connection: AsyncConnection, learners: Iterable[Learner], runs: Iterable[str]) -> None:
    await connection.execute(insert(Course), [{"id": 1, "key": "edX+Open_DemoX"}])
    await connection.execute(
        insert(CourseRun), [{"id": run_id, "key": key, "course_id": 1} for run_id, key in enumerate(runs, 1)]
    )
    users = [learner._asdict() | {"username": f"user-{learner.id}"} for learner in learners]
    await connection.execute(insert(User), users)


async def _record(connection: AsyncConnection, events: Iterable[Occurrence]) -> None:
    rows = [event._asdict() for event in events]
    if rows:
        await connection.execute(insert(EnrollmentEvent), rows)


async def _spans(connection: AsyncConnection) -> list[Any]:
    """All spans, without the time they were computed at."""
    columns = [column for column in EnrollmentSpan.__table__.c if column.name != "computed_at"]  # type: ignore[attr-defined]
    return list((await connection.execute(select(*columns).order_by(*columns))).all())


def _daily(
    spans: Iterable[Any], run_id: int, days: Collection[dt.date]
) -> dict[tuple[str, str, dt.date], Numbers]:
    return {
        (span.dimension, span.value, day): (span.count, span.cumulative_count)
        for span in spans
        if span.run_id == run_id
        for day in days
        if span.since <= day < span.until
    }


def _value(learner: Learner, mode: str, dimension: Dimension) -> str:
    given = {
        Dimension.TOTAL: None,
        Dimension.MODE: mode,
        Dimension.GENDER: learner.gender,
        Dimension.BIRTH_YEAR: learner.year_of_birth,
        Dimension.EDUCATION: learner.education_level,
        Dimension.COUNTRY: learner.country,
    }[dimension]
    return "" if given is None else str(given)


def _slowly(
    events: Iterable[Occurrence], learners: Iterable[Learner], run_id: int, days: Iterable[dt.date]
) -> dict[tuple[str, str, dt.date], Numbers]:
    """The series day by day, as contract 8.2 words it: s and m of each user after the last event so far."""
    ordered = sorted(
        (event for event in events if event.run_id == run_id),
        key=lambda event: (event.occurred_at, event.type, event.mode),
    )
    series: dict[tuple[str, str, dt.date], Numbers] = {}
    for day in days:
        for learner in learners:
            so_far = [
                event for event in ordered if event.user_id == learner.id and event.occurred_at.date() <= day
            ]
            if not so_far:
                continue
            switches = [event.type for event in so_far if event.type != "mode_changed"]
            state = int(switches[-1:] == ["activated"])
            for dimension in Dimension:
                group = (dimension.value, _value(learner, so_far[-1].mode, dimension), day)
                count, known = series.get(group, (0, 0))
                series[group] = (count + state, known + 1)
    return series


async def test_reference_log(store: Database, data_directory: Path) -> None:
    """The pipeline's acceptance test computes the days from 2014-08-01 on, from their events alone.

    So the first event of user 6 that counts is a deactivation: known from then on, and never enrolled.
    """
    log = (data_directory / "tracking-logs" / "enrollment_trends.log").read_text().splitlines()
    run_ids = {RUN_A: 1, RUN_B: 2}
    events = []
    for line in log:
        record = json.loads(line)
        events.append(
            Occurrence(
                run_ids[record["event"]["course_id"]],
                record["event"]["user_id"],
                dt.datetime.fromisoformat(record["time"]),
                record["event_type"].removeprefix("edx.course.enrollment."),
                record["event"]["mode"],
            )
        )
    assert len(events) == 15
    async with store.writer.connect() as connection:
        await _fill(connection, map(Learner, {event.user_id for event in events}), run_ids)
        await _record(
            connection, [event for event in events if event.occurred_at.date() >= dt.date(2014, 8, 1)]
        )
        assert await compute(connection, series=[Series.ENROLLMENT]) == 2
        spans = await _spans(connection)
        await connection.rollback()

    august = [dt.date(2014, 8, day) for day in range(1, 7)]
    a, b = (
        {
            dimension: [
                {
                    value: numbers
                    for (name, value, on), numbers in _daily(spans, run_id, august).items()
                    if name == dimension and on == day
                }
                for day in august
            ]
            for dimension in (Dimension.TOTAL, Dimension.MODE)
        }
        for run_id in (1, 2)
    )
    assert a[Dimension.TOTAL] == [
        {"": numbers} for numbers in [(3, 4), (2, 4), (3, 4), (2, 4), (1, 5), (0, 5)]
    ]
    assert b[Dimension.TOTAL] == [{}, {}, *({"": numbers} for numbers in [(1, 1), (1, 1), (2, 2), (2, 2)])]
    assert a[Dimension.MODE] == [
        {"audit": (1, 1), "honor": (1, 2), "verified": (1, 1)},
        {"audit": (0, 1), "honor": (1, 2), "verified": (1, 1)},
        {"audit": (1, 1), "honor": (1, 2), "verified": (1, 1)},
        {"honor": (1, 3), "verified": (1, 1)},
        {"honor": (1, 3), "verified": (0, 2)},
        {"honor": (0, 3), "verified": (0, 2)},
    ]
    assert b[Dimension.MODE] == [
        {},
        {},
        {"verified": (1, 1)},
        {"verified": (1, 1)},
        {"honor": (1, 1), "verified": (1, 1)},
        {"honor": (1, 1), "verified": (1, 1)},
    ]


LEARNERS = st.tuples(
    *(
        st.builds(
            Learner,
            st.just(user_id),
            st.sampled_from([None, *Gender]),
            st.sampled_from([None, 1984, 2000]),
            st.sampled_from([None, *EducationLevel]),
            st.sampled_from([None, "GB", "NZ"]),
        )
        for user_id in range(1, 5)
    )
)
EVENTS = st.lists(
    st.builds(
        Occurrence,
        st.integers(1, 2),
        st.integers(1, 4),
        st.builds(
            lambda day, microseconds: FIRST + dt.timedelta(days=day, microseconds=microseconds),
            st.integers(0, 5),
            st.sampled_from([0, 1, 86_399_999_999]),
        ),
        st.sampled_from([event_type.value for event_type in EnrollmentEventType]),
        st.sampled_from(["audit", "honor", "verified"]),
    ),
    unique=True,
    max_size=20,
)
DAYS = [FIRST.date() + dt.timedelta(days=day) for day in range(-1, 8)]


@given(LEARNERS, EVENTS, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
async def test_invariants(
    store: Database, learners: tuple[Learner, ...], events: list[Occurrence], shuffler: Any
) -> None:
    shuffled = events.copy()
    shuffler.shuffle(shuffled)
    async with store.writer.connect() as connection:
        await _fill(connection, learners, (RUN_A, RUN_B))
        await _record(connection, events)
        await compute(connection, series=[Series.ENROLLMENT])
        spans = await _spans(connection)
        await compute(connection, series=[Series.ENROLLMENT])
        assert await _spans(connection) == spans
        await connection.execute(delete(EnrollmentEvent))
        await connection.execute(delete(EnrollmentSpan))
        await _record(connection, shuffled)
        await compute(connection, series=[Series.ENROLLMENT])
        assert await _spans(connection) == spans
        await connection.rollback()

    for before, after in pairwise(spans):
        if before[:3] == after[:3]:
            assert before.until <= after.since
            assert before.until < after.since or before[5:] != after[5:]
    for run_id in (1, 2):
        series = _daily(spans, run_id, DAYS)
        assert series == _slowly(events, learners, run_id, DAYS)
        known_before = 0
        for day in DAYS:
            sums = {
                tuple(
                    sum(
                        numbers[n]
                        for (name, _, on), numbers in series.items()
                        if (name, on) == (dimension, day)
                    )
                    for n in (0, 1)
                )
                for dimension in Dimension
            }
            ((count, known),) = sums
            assert 0 <= count <= known
            assert known >= known_before
            known_before = known


def _joined(run_id: int, user_id: int, day: int, type: str = "activated", mode: str = "honor") -> Occurrence:
    return Occurrence(run_id, user_id, FIRST + dt.timedelta(days=day), type, mode)


async def test_last_span_stays_open(store: Database) -> None:
    async with store.writer.connect() as connection:
        await _fill(connection, [Learner(1)], [RUN_A])
        await _record(connection, [_joined(1, 1, 0)])
        await compute(connection, series=[Series.ENROLLMENT])
        (span,) = [span for span in await _spans(connection) if span.dimension == Dimension.TOTAL]
        await connection.rollback()
    assert span == (1, "total", "", FIRST.date(), dt.date.max, 1, 1)


async def test_mode_that_everybody_left_is_closed(store: Database) -> None:
    async with store.writer.connect() as connection:
        await _fill(connection, [Learner(1)], [RUN_A])
        await _record(connection, [_joined(1, 1, 0), _joined(1, 1, 2, "mode_changed", "verified")])
        await compute(connection, series=[Series.ENROLLMENT])
        modes = [span[2:] for span in await _spans(connection) if span.dimension == Dimension.MODE]
        await connection.rollback()
    changed = FIRST.date() + dt.timedelta(days=2)
    assert modes == [
        ("honor", FIRST.date(), changed, 1, 1),
        ("verified", changed, dt.date.max, 1, 1),
    ]


async def test_only_what_is_named_is_computed(store: Database) -> None:
    steps: list[tuple[str, int]] = []

    def progress(step: str, total: int) -> Callable[[int], None]:
        steps.append((step, total))
        return lambda units: steps.append((step, units))

    async with store.writer.connect() as connection:
        await _fill(connection, [Learner(1), Learner(2)], [RUN_A, RUN_B])
        await _record(connection, [_joined(1, 1, 0), _joined(2, 1, 0)])
        await compute(connection, series=[Series.ENROLLMENT])
        await _record(connection, [_joined(1, 2, 1), _joined(2, 2, 1)])
        computed = await compute(connection, [1], series=[Series.ENROLLMENT], progress=progress)
        spans = await _spans(connection)
        await connection.rollback()
    assert computed == 1
    assert steps == [("Computing series", 1), ("Computing series", 1)]
    known = {}
    for span in spans:
        known[span.run_id, span.dimension] = span.cumulative_count
    assert known == {(run_id, dimension): 3 - run_id for run_id in (1, 2) for dimension in Dimension}


async def test_spans_of_a_run_without_events_stay(store: Database) -> None:
    async with store.writer.connect() as connection:
        await _fill(connection, [Learner(1)], [RUN_A])
        await _record(connection, [_joined(1, 1, 0)])
        await compute(connection, series=[Series.ENROLLMENT])
        spans = await _spans(connection)
        await connection.execute(delete(EnrollmentEvent))
        assert await compute(connection, series=[Series.ENROLLMENT]) == 1
        assert await _spans(connection) == spans != []
        await connection.rollback()
