"""What the series hold: ranges, orders, sums (Data Analytics contract 4 and 8.9)."""

import datetime as dt
from collections import defaultdict
from time import perf_counter
from typing import Any

import pytest
from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from app.db.engine import Database
from app.db.models import ActivityWeek, CourseRun, EnrollmentSpan
from app.vocabulary import Dimension
from tests.graphql.clients import Statements
from tests.rest.data_analytics.clients import COURSE, DAILY, PATHS, SERIES, Analytics, check

ALL = "?start_date=2000-01-01"


async def run_id(session: AsyncSession) -> int:
    """The id of the course run."""
    found: int | None = await session.scalar(select(col(CourseRun.id)).where(col(CourseRun.key) == COURSE))
    assert found is not None
    return found


def dates(rows: Any) -> list[str]:
    return sorted({row["date"] for row in rows})


@pytest.mark.parametrize("name", DAILY)
async def test_without_a_range_there_is_the_newest_day(api: Analytics, name: str) -> None:
    yesterday = (dt.datetime.now(dt.UTC) - dt.timedelta(1)).date().isoformat()
    assert dates(await api.rows(PATHS[name])) == [yesterday]
    assert dates(await api.rows(PATHS[name] + "?start_date=&end_date=")) == [yesterday]


@pytest.mark.parametrize("name", DAILY)
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("start_date=2026-03-01&end_date=2026-03-03", ["2026-03-01", "2026-03-02"]),
        ("start_date=2026-3-1&end_date=2026-03-2", ["2026-03-01"]),
        ("start_date=2026-03-01T235959&end_date=2026-03-02T235959", ["2026-03-01"]),
        ("start_date=2026-03-01&end_date=2026-03-02&unknown=x&activity_type=y", ["2026-03-01"]),
    ],
)
async def test_days_of_a_range(api: Analytics, name: str, query: str, expected: list[str]) -> None:
    assert dates(await api.rows(f"{PATHS[name]}?{query}")) == expected


@pytest.mark.parametrize("name", ["enrollment", "enrollment_mode"])
async def test_each_bound_alone_is_enough_and_no_day_is_left_out(api: Analytics, name: str) -> None:
    before = dates(await api.rows(PATHS[name] + "?end_date=2026-03-01"))
    after = dates(await api.rows(PATHS[name] + "?start_date=2026-03-01"))
    assert (before[-1], after[0]) == ("2026-02-28", "2026-03-01")
    every = [dt.date.fromisoformat(date) for date in before + after]
    assert every == [every[0] + dt.timedelta(number) for number in range(len(every))]
    assert every[-1] == dt.datetime.now(dt.UTC).date() - dt.timedelta(1)
    assert dates(await api.rows(PATHS[name] + "?start_date=0001-01-01&end_date=9999-12-31")) == before + after


@pytest.mark.parametrize(
    ("query", "weeks"),
    [
        ("start_date=2026-03-02&end_date=2026-03-16", ["2026-03-02"]),
        ("start_date=2026-03-02&end_date=2026-03-17", ["2026-03-02", "2026-03-09"]),
        ("start_date=2026-03-02&end_date=2026-03-16T000001", ["2026-03-02", "2026-03-09"]),
        ("start_date=2026-03-02T000000&end_date=2026-03-16T000000", ["2026-03-02"]),
        ("start_date=2026-03-02T000001&end_date=2026-03-17", ["2026-03-09"]),
        ("start_date=2026-03-03&end_date=2026-03-17", ["2026-03-09"]),
        ("start_date=2026-3-3&end_date=2026-3-17&activity_type=posted_forum", ["2026-03-09"]),
        ("start_date=2026-06-16", ["2026-06-22"]),
    ],
)
async def test_whole_weeks_of_a_range(api: Analytics, query: str, weeks: list[str]) -> None:
    rows = await api.rows(f"{PATHS['activity']}?{query}")
    assert [row["interval_start"] for row in rows] == [f"{week}T000000" for week in weeks]


@pytest.mark.parametrize("bound", ["0001-01-01", "9999-12-31", "9999-12-31T235959", "0001-01-01T000001"])
@pytest.mark.parametrize("name", SERIES)
async def test_the_ends_of_time_are_no_faults(api: Analytics, name: str, bound: str) -> None:
    for parameter in ("start_date", "end_date"):
        assert (await api.get(f"{PATHS[name]}?{parameter}={bound}")).status_code in (200, 404)


async def test_the_newest_week_of_a_type_may_be_an_older_one(changing: Analytics) -> None:
    database = Database(changing.url)
    async with database.session() as session:
        run = await run_id(session)
        newest = (col(ActivityWeek.run_id) == run, col(ActivityWeek.week) >= dt.date(2026, 6, 8))
        await session.execute(update(ActivityWeek).where(*newest).values(posted_forum=0))
    path = PATHS["recent_activity"]
    any_ = await changing.rows(path)
    assert (any_["interval_start"], any_["activity_type"]) == ("2026-06-22T00:00:00Z", "any")
    posted = await changing.rows(path + "?activity_type=POSTED_forum")
    assert (posted["interval_start"], posted["activity_type"]) == ("2026-06-01T00:00:00Z", "posted_forum")
    assert await changing.rows(path + "?activity_type=active") == any_
    assert await changing.rows(path + "?label=posted_forum&activity_type=any") == posted
    async with database.session() as session:
        await session.execute(delete(ActivityWeek).where(col(ActivityWeek.run_id) == run))
    await database.dispose()
    check(await changing.get(path), 404)
    check(await changing.get(PATHS["activity"]), 404)


async def test_countries_that_are_none_are_one(changing: Analytics) -> None:
    database = Database(changing.url)
    async with database.session() as session:
        run = await run_id(session)
        spans = (col(EnrollmentSpan.run_id) == run, col(EnrollmentSpan.dimension) == Dimension.COUNTRY)
        await session.execute(delete(EnrollmentSpan).where(*spans))
        for number, code in enumerate(("", "EU", "A1", "XK", "KR", "KOR", "DE", "TW", "US"), start=1):
            session.add(
                EnrollmentSpan(
                    run_id=run,
                    dimension=Dimension.COUNTRY,
                    value=code,
                    since=dt.date(2026, 3, 1),
                    until=dt.date(2026, 3, 3),
                    count=number,
                    cumulative_count=number,
                    computed_at=dt.datetime(2026, 3, number, 1, 2, 3, 999999, dt.UTC),
                )
            )
    await database.dispose()
    rows = await changing.rows(PATHS["enrollment_location"] + ALL)
    assert [(row["country"]["name"], row["date"][-2:], row["count"], row["created"]) for row in rows] == [
        (name, day, count, f"2026-03-{created}T010203")
        for name, count, created in (
            ("UNKNOWN", 10, "04"),
            ("Germany", 7, "07"),
            ("South Korea", 11, "06"),
            ("Taiwan", 8, "08"),
            ("United States", 9, "09"),
        )
        for day in ("01", "02")
    ]
    assert rows[0]["country"] == {"alpha2": None, "alpha3": None, "name": "UNKNOWN"}
    assert rows[2]["country"] == {"alpha2": "DE", "alpha3": "DEU", "name": "Germany"}


async def test_orders(api: Analytics) -> None:
    days = "?start_date=2026-03-01&end_date=2026-03-04"
    for name, group in (("enrollment_birth_year", "birth_year"), ("enrollment_education", "education_level")):
        rows = await api.rows(PATHS[name] + days)
        keys = [(row["date"], row[group] is not None, row[group] or "") for row in rows]
        assert keys == sorted(keys) and not keys[0][1]
    rows = await api.rows(PATHS["enrollment_location"] + days)
    places = [(row["country"]["alpha2"] or "", row["date"]) for row in rows]
    assert places == sorted(places)
    videos = [row["pipeline_video_id"] for row in await api.rows(PATHS["videos"])]
    assert videos == sorted(videos)


async def test_the_breakdowns_add_up(api: Analytics) -> None:
    days = "?start_date=2026-01-01&end_date=2026-02-01"
    sums: dict[str, dict[str, int]] = {}
    for name in DAILY:
        totals: defaultdict[str, int] = defaultdict(int)
        for row in await api.rows(PATHS[name] + days):
            genders = sum(row.get(gender, 0) for gender in ("female", "male", "other", "unknown"))
            totals[row["date"]] += row.get("count", genders)
        sums[name] = dict(totals)
    assert all(totals == sums["enrollment"] for totals in sums.values())
    cumulative = [row["cumulative_count"] for row in await api.rows(PATHS["enrollment_mode"] + days)]
    assert cumulative == sorted(cumulative)
    for row in await api.rows(PATHS["enrollment_mode"] + days):
        assert row["honor"] + row["professional"] + row["verified"] <= row["count"] <= row["cumulative_count"]


async def test_modes_are_merged_and_others_still_counted(changing: Analytics) -> None:
    database = Database(changing.url)
    modes = ("honor", "audit", "professional", "no-id-professional", "verified", "credit", "masters", "x")
    async with database.session() as session:
        run = await run_id(session)
        spans = (col(EnrollmentSpan.run_id) == run, col(EnrollmentSpan.dimension) == Dimension.MODE)
        await session.execute(delete(EnrollmentSpan).where(*spans))
        for number, mode in enumerate(modes):
            session.add(
                EnrollmentSpan(
                    run_id=run,
                    dimension=Dimension.MODE,
                    value=mode,
                    since=dt.date(2026, 3, 1),
                    until=dt.date.max,
                    count=2**number,
                    cumulative_count=2**number,
                )
            )
    await database.dispose()
    (row,) = await changing.rows(PATHS["enrollment_mode"])
    assert (row["honor"], row["professional"], row["verified"], row["count"]) == (3, 12, 16, 255)


@pytest.mark.parametrize("name", PATHS)
async def test_the_number_of_statements_is_fixed_and_small(api: Analytics, name: str) -> None:
    await api.get(PATHS[name])
    counts = []
    for query in ("", "?start_date=2026-03-01&end_date=2026-06-30"):
        with Statements() as statements:
            assert (await api.get(PATHS[name] + query)).status_code == 200
        counts.append(len(statements.seen))
    # A new connection of PostgreSQL's may ask what it talks to.
    assert max(counts) <= 4


@pytest.mark.alone
@pytest.mark.parametrize("name", PATHS)
async def test_answers_come_within_the_patience_of_clients(api: Analytics, name: str) -> None:
    async def seconds() -> float:
        begun = perf_counter()
        assert (await api.get(PATHS[name])).status_code == 200
        return perf_counter() - begun

    assert min([await seconds() for _ in range(5)]) < 0.1
