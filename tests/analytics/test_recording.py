"""The real computation against the slow one, for events in any order, in any batches, any number of times."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.analytics.compute import compute
from app.analytics.record import Recorder
from app.analytics.tracking import parse
from app.db.engine import Database
from app.db.models import (
    ActivityWeek,
    AnswerCount,
    CourseRun,
    EnrollmentSpan,
    GradeCount,
    Module,
    SubsectionOpens,
    User,
    VideoSegment,
    VideoViews,
)
from app.db.models.tables import table_of
from tests.analytics import reference
from tests.analytics.reference import Analytics, Answers, Opens, Profile, Raw, Segment, Video, Week
from tests.analytics.streams import LAST_DAY, RUNS, batches, country_of, profiles, reordered, streams
from tests.databases import DIALECTS, Databases


class _Countries:
    """Knows the addresses of the streams."""

    def country(self, address: str) -> str | None:
        return country_of(address)


@pytest.fixture(scope="module", params=DIALECTS)
async def store(request: pytest.FixtureRequest, databases: Databases) -> Database:
    """A database of this module's own; every example is rolled back."""
    return await databases.empty(request.param)


async def read(connection: AsyncConnection, last_day: dt.date) -> Analytics:
    """Every series as it is in the database."""
    run, module = table_of(CourseRun), table_of(Module)

    async def of_runs(model: Any) -> Iterable[Any]:
        rows = table_of(model)
        return await connection.execute(
            select(rows, run.c.key.label("run_key")).join(run, run.c.id == rows.c.run_id)
        )

    async def of_modules(model: Any) -> Iterable[Any]:
        rows = table_of(model)
        return await connection.execute(
            select(rows, run.c.key.label("run_key"), module.c.usage_key, module.c.encoded_id)
            .join(module, module.c.id == rows.c.module_id)
            .join(run, run.c.id == module.c.run_id)
        )

    found = Analytics()
    for span in await of_runs(EnrollmentSpan):
        day = span.since
        while day < span.until and day <= last_day:
            found.enrollment[span.run_key, span.dimension, span.value, day] = (
                span.count,
                span.cumulative_count,
            )
            day += dt.timedelta(days=1)
    for week in await of_runs(ActivityWeek):
        found.weeks[week.run_key, week.week] = Week(
            week.any, week.attempted_problem, week.played_video, week.posted_forum
        )
    for grade in await of_modules(GradeCount):
        of_problem = found.grades.setdefault((grade.run_key, grade.usage_key), {})
        of_problem[grade.grade, grade.max_grade] = grade.count
    for row in await of_modules(AnswerCount):
        values = [getattr(row, name) for name in Answers._fields[:-1]]
        found.answers.setdefault((row.run_key, row.usage_key), []).append(Answers(*values))
    for opens in await of_modules(SubsectionOpens):
        found.opens[opens.run_key, opens.usage_key] = Opens(opens.learners, opens.views)
    segments: dict[int, dict[int, Segment]] = defaultdict(dict)
    for segment in await of_modules(VideoSegment):
        segments[segment.module_id][segment.segment] = Segment(segment.num_users, segment.num_views)
    for video in await of_modules(VideoViews):
        found.videos[video.run_key, video.encoded_id] = Video(
            video.duration,
            video.users_at_start,
            video.users_at_end,
            {
                number: segment
                for number, segment in segments[video.module_id].items()
                if number <= video.final_segment
            },
        )
    return found


def check(found: Analytics, expected: Analytics) -> None:
    """Compare series by series, so that a difference is short to read."""
    assert found.enrollment == expected.enrollment
    assert found.weeks == expected.weeks
    assert found.grades == expected.grades
    assert found.answers.keys() == expected.answers.keys()
    for problem, rows in expected.answers.items():
        assert sorted(found.answers[problem], key=str) == sorted(rows, key=str)
    assert found.opens == expected.opens
    assert found.videos == expected.videos


async def record(connection: AsyncConnection, recorder: Recorder, events: Sequence[Raw]) -> None:
    await recorder.record(connection, [parse(orjson.dumps(event)) for event in events])


async def fill(connection: AsyncConnection, given: Mapping[int, Profile]) -> None:
    """Users with profiles; who has none is made by events."""
    rows = [
        {
            "lms_user_id": user_id,
            "username": f"user{user_id}",
            "gender": profile.gender,
            "year_of_birth": profile.year_of_birth,
            "education_level": profile.education,
            "country": profile.country,
        }
        for user_id, profile in given.items()
    ]
    if rows:
        await connection.execute(insert(User), rows)


@given(st.data(), streams(), profiles(), st.booleans())
@settings(max_examples=40, deadline=None)
async def test_any_stream(
    store: Database, data: st.DataObject, events: list[Raw], given: dict[int, Profile], placed: bool
) -> None:
    if placed:
        # Profiles tell the country of those whom no event with an address names.
        given = {user_id: replace(profile, country=None) for user_id, profile in given.items()}
    expected = reference.compute(events, LAST_DAY, given, country_of if placed else None)
    countries: Any = _Countries() if placed else None
    async with store.writer.connect() as connection:
        await fill(connection, given)
        recorder = Recorder(countries)
        for batch in data.draw(batches(events)):
            await record(connection, recorder, batch)
        found = await read(connection, LAST_DAY)
        check(found, expected)
        await record(connection, Recorder(countries), data.draw(reordered(events)))
        check(await read(connection, LAST_DAY), expected)
        await compute(connection)
        check(await read(connection, LAST_DAY), expected)
        await connection.rollback()


def _said(user_id: int, day: int, kind: str, payload: Mapping[str, Any], name: str = "") -> Raw:
    """What the server says of a learner at noon of a day of the streams."""
    return {
        "event_type": kind,
        "event_source": "server",
        "time": f"2014-09-{day:02}T12:00:00+00:00",
        "username": "",
        "context": {"course_id": RUNS[0], "user_id": user_id, "module": {"display_name": name}},
        "event": payload,
    }


def _switched(user_id: int, day: int, change: str) -> Raw:
    payload = {"course_id": RUNS[0], "user_id": user_id, "mode": "audit"}
    return _said(user_id, day, f"edx.course.enrollment.{change}", payload)


def _answered(user_id: int, day: int, answer: str, response_type: str, name: str) -> Raw:
    submission = {"answer": answer, "response_type": response_type}
    payload = {"problem_id": "p", "answers": {"p_1": answer}, "submission": {"p_1": submission}}
    return _said(user_id, day, "problem_check", payload, name)


@pytest.mark.parametrize(
    "events",
    [
        [
            _switched(1, 2, "activated"),
            _switched(1, 10, "deactivated"),
            _switched(2, 3, "activated"),
            _switched(3, 6, "activated"),
            _switched(1, 4, "deactivated"),
            _switched(1, 5, "activated"),
        ],
        [
            _answered(1, 1, "a", "stringresponse", "Once"),
            _answered(2, 2, "b", "stringresponse", "Once"),
            _answered(5, 2, "c", "stringresponse", "Once"),
            _answered(1, 3, "b", "stringresponse", "Now"),
            _answered(3, 4, "a", "customresponse", "Now"),
            _answered(2, 5, "a", "stringresponse", "Again"),
            _answered(4, 1, "b", "stringresponse", "Late"),
        ],
    ],
    ids=["enrollments", "answers"],
)
async def test_one_by_one(store: Database, events: list[Raw]) -> None:
    async with store.writer.connect() as connection:
        recorder = Recorder()
        for number, event in enumerate(events, 1):
            await record(connection, recorder, [event])
            check(await read(connection, LAST_DAY), reference.compute(events[:number], LAST_DAY, {}))
        await connection.rollback()


def _busy_day(number: int, hour: int = 8) -> list[Raw]:
    """What a learner does on a day of the year, from an hour on: a bit of everything that is kept."""
    begin = dt.datetime(2014, 1, 1, hour, tzinfo=dt.UTC) + dt.timedelta(number)
    payload = {"course_id": RUNS[0], "user_id": 1, "mode": "audit"}
    video = {"id": "v", "duration": 60}
    problem = {
        "problem_id": "p",
        "answers": {"p_1": number % 7},
        "submission": {"p_1": {"answer": number % 7, "response_type": "numericalresponse"}},
        "grade": number % 3,
        "max_grade": 2,
    }
    did: tuple[tuple[str, str, Any], ...] = (
        ("edx.course.enrollment.activated", "server", payload),
        (f"/courses/{RUNS[0]}/courseware/week/subsection/", "server", ""),
        ("seq_next", "browser", {"id": "s"}),
        ("play_video", "browser", {**video, "currentTime": number % 50}),
        ("seek_video", "browser", {**video, "old_time": 52, "new_time": number % 40}),
        ("play_video", "browser", {**video, "currentTime": 52}),
        ("pause_video", "browser", {**video, "currentTime": 58}),
        ("problem_check", "server", problem),
        ("edx.forum.thread.created", "server", {}),
        ("edx.course.enrollment.deactivated", "server", payload),
    )
    return [
        {
            "event_type": kind,
            "event_source": source,
            "time": (begin + dt.timedelta(minutes=minute)).isoformat(),
            "username": "user1",
            "ip": "10.0.0.1",
            "page": None,
            "context": {"course_id": RUNS[0], "user_id": 1},
            "event": told,
        }
        for minute, (kind, source, told) in enumerate(did)
    ]


@pytest.mark.parametrize(
    "batch",
    [_busy_day(300), _busy_day(20, hour=16), _busy_day(20)],
    ids=["new", "late", "again"],
)
async def test_a_batch_reads_the_same_whatever_its_learner_did_before(
    store: Database, monkeypatch: pytest.MonkeyPatch, batch: list[Raw]
) -> None:
    """Memory of an import is flat by that."""
    rows = 0
    execute = AsyncConnection.execute

    async def counting(*args: Any, **options: Any) -> Any:
        nonlocal rows
        result = await execute(*args, **options)
        if not result.returns_rows:
            return result
        frozen = result.freeze()
        rows += len(frozen.data)
        return frozen()

    read_by_days = {}
    for days in (40, 160):
        async with store.writer.connect() as connection:
            recorder = Recorder(_Countries())  # type: ignore[arg-type]
            await record(connection, recorder, [event for day in range(days) for event in _busy_day(day)])
            with monkeypatch.context() as patch:
                patch.setattr(AsyncConnection, "execute", counting)
                rows = 0
                await record(connection, recorder, batch)
            read_by_days[days] = rows
            await connection.rollback()
    assert read_by_days[40] == read_by_days[160] > 0
