"""Series of course runs: their buckets, the running day, cumulative counts, several runs at once."""

import datetime as dt
from collections.abc import AsyncIterator, Sequence
from itertools import groupby, pairwise
from typing import Any

import pytest
from graphql import GraphQLObjectType, get_named_type
from sqlalchemy import insert

from app.db.models import ActivityWeek, Course, CourseRun, EnrollmentSpan
from app.vocabulary import Dimension
from schema.build import SCHEMA
from tests.databases import DIALECTS, Databases
from tests.graphql.clients import STAFF_KEY, Client, Statements, add_user, client_of

FIRST = dt.date(2026, 1, 1)
TODAY = dt.datetime.now(dt.UTC).date()
MONDAY = TODAY - dt.timedelta(TODAY.weekday())
RUNS = 20
GROUPS = {
    Dimension.TOTAL: [""],
    Dimension.MODE: ["audit", "verified", "x"],
    Dimension.GENDER: ["female", ""],
    Dimension.BIRTH_YEAR: ["1990", ""],
    Dimension.EDUCATION: ["masters"],
    Dimension.COUNTRY: ["DE", "FR"],
}
BY_DAY = {
    "enrollmentDaily": "count",
    "enrollmentByMode": "count audit",
    "enrollmentByGender": "count female",
    "enrollmentByBirthYear": "birthYear count",
    "enrollmentByEducation": "educationLevel count",
    "enrollmentByCountry": "country count",
}
"""The series that have buckets, and fields of each."""


EDGES = [*(FIRST + dt.timedelta(number) for number in range(64)), TODAY, dt.date.max]
"""A span for each day of 2026 up to the fifth of March, then one to the end of time; one begins today."""
OLD = "course-v1:X+1+old"
OLD_EDGES = [dt.date(1999, 12, day) for day in (1, 8, 9)] + [dt.date(2000, 1, day) for day in (3, 4)]


def key(number: int) -> str:
    return f"course-v1:X+1+{number:02}"


def spans(run: int, edges: Sequence[dt.date]) -> list[dict[str, Any]]:
    """Spans from each edge to the next one, of every group."""
    return [
        {
            "run_id": run,
            "dimension": dimension,
            "value": value,
            "since": since,
            "until": until,
            "count": number + index,
            "cumulative_count": 2 * number + index,
        }
        for dimension, values in GROUPS.items()
        for index, value in enumerate(values)
        for number, (since, until) in enumerate(pairwise(edges))
    ]


@pytest.fixture(scope="module", params=DIALECTS)
async def client(request: pytest.FixtureRequest, databases: Databases) -> AsyncIterator[Client]:
    """An application over runs with series, which tests only read."""
    database = await databases.empty(request.param)
    await add_user(database, "staff", STAFF_KEY, is_staff=True)
    async with database.session() as session:
        course = Course(key="X+1")
        session.add(course)
        await session.flush()
        runs = [CourseRun(key=key(number), course_id=course.id) for number in range(RUNS)]
        session.add_all(runs)
        old = CourseRun(key=OLD, course_id=course.id)
        session.add(old)
        await session.flush()
        await session.execute(insert(EnrollmentSpan), spans(old.id, OLD_EDGES))
        for run in runs:
            await session.execute(insert(EnrollmentSpan), spans(run.id, EDGES))
            session.add_all(
                ActivityWeek(run_id=run.id, week=MONDAY - dt.timedelta(7 * weeks), any=weeks + 1)
                for weeks in range(3)
            )
    async with client_of(database, max_cost=1_000_000, max_values=1_000_000) as client:
        yield client


async def ask(client: Client, fields: str) -> Any:
    data = await client.ask(f'{{ courseRun(key: "{key(3)}") {{ analytics {{ {fields} }} }} }}', key=STAFF_KEY)
    return data["courseRun"]["analytics"]


@pytest.mark.parametrize("name", BY_DAY)
@pytest.mark.parametrize(
    ("range_", "every", "ends"),
    [
        (("2026-01-01", "2026-01-26"), "WEEK", ["01-04", "01-11", "01-18", "01-25"]),
        (("2026-01-04", "2026-01-14"), "WEEK", ["01-04", "01-11", "01-13"]),
        (("2026-01-05", "2026-01-12"), "WEEK", ["01-11"]),
        (("2026-01-15", "2026-03-03"), "MONTH", ["01-31", "02-28", "03-02"]),
        (("2026-01-01", "2026-02-01"), "MONTH", ["01-31"]),
        (("2026-02-28", "2026-03-03"), "DAY", ["02-28", "03-01", "03-02"]),
        (("2026-02-28", "2026-02-28"), "WEEK", []),
        (("2026-02-28", "2026-02-01"), "MONTH", []),
        (("2026-03-20", "2026-03-20"), "DAY", []),
        (("2026-03-20", "2026-03-10"), "DAY", []),
    ],
)
async def test_a_row_for_each_bucket_is_that_of_its_last_day(
    client: Client, name: str, range_: tuple[str, str], every: str, ends: list[str]
) -> None:
    start, end = range_
    fields = f"date {BY_DAY[name]} cumulativeCount computedAt"
    found = await ask(
        client,
        f"""daily: {name}(start: "{start}", end: "{end}") {{ {fields} }}
        rows: {name}(start: "{start}", end: "{end}", every: {every}) {{ {fields} }}""",
    )
    days = [f"2026-{end}" for end in ends]
    assert [date for date, _ in groupby(found["rows"], lambda row: row["date"])] == days
    assert found["rows"] == [row for row in found["daily"] if row["date"] in days]


@pytest.mark.parametrize("every", [{"no": 1}, [], 7, "DECADE"])
async def test_what_is_no_bucket_is_refused(client: Client, every: object) -> None:
    query = f"""query ($every: Bucket) {{ courseRun(key: "{key(3)}") {{
        analytics {{ enrollmentDaily(every: $every) {{ date }} }} }} }}"""
    (error,) = await client.errors(query, {"every": every}, key=STAFF_KEY)
    assert "has invalid value" in error["message"]


@pytest.mark.parametrize("every", ["DAY", "WEEK", "MONTH"])
@pytest.mark.parametrize("name", BY_DAY)
async def test_today_is_the_last_row_if_it_is_asked_for(client: Client, name: str, every: str) -> None:
    tomorrow = TODAY + dt.timedelta(1)
    found = await ask(
        client,
        f"""newest: {name}(every: {every}) {{ date count }}
        today: {name}(every: {every}, includeToday: true) {{ date count }}
        open: {name}(start: "2026-03-01", every: {every}, includeToday: true) {{ date }}
        ended: {name}(start: "2026-03-01", end: "{tomorrow}", every: {every}, includeToday: true) {{ date }}
        before: {name}(start: "2026-03-01", end: "{TODAY}", every: {every}, includeToday: true) {{ date }}
        without: {name}(start: "2026-03-01", every: {every}) {{ date }}""",
    )
    yesterday = TODAY - dt.timedelta(1)
    last = {name: rows[-1]["date"] for name, rows in found.items()}
    assert last == {
        **dict.fromkeys(("today", "open", "ended"), TODAY.isoformat()),
        **dict.fromkeys(("newest", "before", "without"), yesterday.isoformat()),
    }
    assert {row["date"] for row in found["today"]} == {TODAY.isoformat()}
    assert all(new["count"] > old["count"] for new, old in zip(found["today"], found["newest"], strict=True))


async def test_spans_reach_into_today_if_it_is_asked_for(client: Client) -> None:
    found = await ask(
        client,
        """newest: enrollmentSpans(by: TOTAL) { since until count }
        today: enrollmentSpans(by: TOTAL, includeToday: true) { since until count }
        both: enrollmentSpans(by: TOTAL, start: "2026-03-04", includeToday: true) { since until count }""",
    )
    yesterday, tomorrow = TODAY - dt.timedelta(1), TODAY + dt.timedelta(1)
    old = {"since": "2026-03-05", "until": TODAY.isoformat(), "count": 63}
    new = {"since": TODAY.isoformat(), "until": tomorrow.isoformat(), "count": 64}
    assert found["newest"] == [old | {"since": yesterday.isoformat()}]
    assert found["today"] == [new]
    assert found["both"][1:] == [old, new]


async def test_the_running_week(client: Client) -> None:
    last, before = MONDAY - dt.timedelta(7), MONDAY - dt.timedelta(14)
    found = await ask(
        client,
        f"""newest: activityWeekly {{ week any }}
        running: activityWeekly(includeToday: true) {{ week any }}
        all: activityWeekly(start: "{before}", includeToday: true) {{ week }}
        ended: activityWeekly(start: "{before}", end: "{TODAY}", includeToday: true) {{ week }}
        complete: activityWeekly(start: "{before}") {{ week }}""",
    )
    assert found["newest"] == [{"week": last.isoformat(), "any": 2}]
    assert found["running"] == [{"week": MONDAY.isoformat(), "any": 1}]
    weeks = {name: [row["week"] for row in found[name]] for name in ("all", "ended", "complete")}
    complete = [before.isoformat(), last.isoformat()]
    assert weeks == {"all": [*complete, MONDAY.isoformat()], "ended": complete, "complete": complete}


async def test_cumulative_counts_of_each_group(client: Client) -> None:
    found = await ask(
        client,
        """enrollmentByMode(start: "2026-01-05", end: "2026-01-06") {
          count audit verified honor otherModes
          cumulativeCount cumulativeAudit cumulativeVerified cumulativeHonor cumulativeOtherModes }
        enrollmentByGender(start: "2026-01-05", end: "2026-01-06") {
          female unknown cumulativeFemale cumulativeMale cumulativeUnknown }
        enrollmentSpans(by: MODE, start: "2026-01-05", end: "2026-01-06") { value cumulativeCount }""",
    )
    assert found["enrollmentByMode"] == [
        {
            "count": 15,
            "audit": 4,
            "verified": 5,
            "honor": 0,
            "otherModes": 6,
            "cumulativeCount": 27,
            "cumulativeAudit": 8,
            "cumulativeVerified": 9,
            "cumulativeHonor": 0,
            "cumulativeOtherModes": 10,
        }
    ]
    assert found["enrollmentByGender"] == [
        {"female": 4, "unknown": 5, "cumulativeFemale": 8, "cumulativeMale": 0, "cumulativeUnknown": 9}
    ]
    assert found["enrollmentSpans"] == [
        {"value": "audit", "cumulativeCount": 8},
        {"value": "verified", "cumulativeCount": 9},
        {"value": "x", "cumulativeCount": 10},
    ]


ALL_SERIES = " ".join(
    [
        *(
            f'{name}(start: "2026-01-01", every: WEEK) {{ date {BY_DAY[name]} computedAt }}'
            for name in BY_DAY
        ),
        'enrollmentSpans(by: COUNTRY, start: "2026-01-01") { value since until count computedAt }',
        "activityWeekly(includeToday: true) { week any }",
        "latestActivity { week any computedAt }",
    ]
)


async def test_several_runs_take_as_many_statements_as_one(client: Client) -> None:
    document = f"""query ($keys: [String!]!) {{ courseRuns(where: {{key: {{in: $keys}}}}) {{
        nodes {{ key analytics {{ {ALL_SERIES} }} }} }} }}"""
    keys, counts, answers = [key(number) for number in range(RUNS)], [], []
    for asked in (keys[3:4], keys[3:4], keys):
        with Statements() as statements:
            data = await client.ask(document, {"keys": asked}, key=STAFF_KEY)
        counts.append(len(statements.seen))
        answers.append(data["courseRuns"]["nodes"])
    assert counts[1] == counts[2] <= len(BY_DAY) + 5
    assert [run["key"] for run in answers[2]] == keys
    assert answers[2][3] == answers[0][0]
    assert all(answers[0][0]["analytics"].values())


@pytest.mark.parametrize(
    ("arguments", "rows"),
    [
        ('start: "2026-01-01", end: "2026-03-12"', 70),
        ('start: "2026-01-01", end: "2026-03-12", every: WEEK', 12),
        ('start: "2026-01-01", end: "2026-03-12", every: MONTH', 4),
        ("every: MONTH", 1),
        ("includeToday: true", 1),
        ('start: "2026-03-12", end: "2026-03-13", every: WEEK', 1),
        (f'start: "{TODAY}", includeToday: true', 1),
        (f'start: "{TODAY - dt.timedelta(1)}", includeToday: true', 2),
    ],
)
async def test_a_row_costs_what_a_row_costs(client: Client, arguments: str, rows: int) -> None:
    response = await client.post(
        f"""query ($key: String! = "{key(0)}") {{
          courseRun(key: $key) {{ analytics {{ enrollmentByCountry({arguments}) {{ count }} }} }} }}""",
        key=STAFF_KEY,
    )
    assert response.json()["extensions"]["cost"] == 2 + 50 * rows


@pytest.mark.parametrize(("every", "rows"), [("DAY", 70), ("WEEK", 12), ("MONTH", 4), (None, 70)])
async def test_the_cost_follows_a_bucket_in_a_variable(client: Client, every: str | None, rows: int) -> None:
    document = f"""query ($every: Bucket! = DAY, $today: Boolean! = false) {{
        courseRun(key: "{key(0)}") {{ analytics {{
          enrollmentDaily(start: "2026-01-01", end: "2026-03-12", every: $every, includeToday: $today)
          {{ count }} }} }} }}"""
    response = await client.post(document, {"every": every} if every else {}, key=STAFF_KEY)
    assert response.json()["extensions"]["cost"] == 2 + rows


@pytest.mark.parametrize("name", BY_DAY)
async def test_the_calendar_begins_in_2000(client: Client, name: str) -> None:
    data = await client.ask(
        f"""{{ courseRun(key: "{OLD}") {{ analytics {{
          {name}(start: "1999-12-01", end: "2000-01-05") {{ date {BY_DAY[name]} }}
          newest: {name} {{ date }} }} }} }}""",
        key=STAFF_KEY,
    )
    days = [[row["date"] for row in rows] for rows in data["courseRun"]["analytics"].values()]
    assert [sorted(set(dates)) for dates in days] == [
        ["2000-01-01", "2000-01-02", "2000-01-03"],
        ["2000-01-03"],
    ]


async def test_a_long_range_by_week(client: Client) -> None:
    found = await ask(client, 'enrollmentDaily(start: "2006-12-01", every: WEEK) { date count }')
    assert found["enrollmentDaily"][0] == {"date": "2026-01-04", "count": 3}


def test_whatever_holds_a_number_says_when_it_was_computed() -> None:
    types: dict[str, GraphQLObjectType] = {}

    def walk(type_: Any) -> None:
        if isinstance(type_, GraphQLObjectType) and type_.name not in types and type_.name != "CourseRun":
            types[type_.name] = type_
            for field in type_.fields.values():
                walk(get_named_type(field.type))

    walk(SCHEMA._schema.type_map["Analytics"])
    numbers = {
        name
        for name, type_ in types.items()
        if not name.endswith("Connection")
        and any(get_named_type(field.type).name in ("Int", "Float") for field in type_.fields.values())
    }
    assert len(numbers) == 13
    assert all("computedAt" in types[name].fields for name in numbers)
