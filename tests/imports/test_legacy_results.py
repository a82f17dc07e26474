"""`lyceum import legacy-results`: the published paths answer what the old tables held."""

import datetime as dt
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, Table, Text, select
from sqlalchemy.dialects import mysql

from app.cli.common import with_database
from app.db.engine import Database
from app.db.models import ActivityWeek, CourseRun, EnrollmentEvent, LearnerProblem, Module, User
from app.db.models import Course as CourseModel
from app.demo.credentials import LEARNER
from app.imports.legacy_results import Numbers, import_legacy_results, spans_of
from app.imports.legacy_store import by_bytes
from app.vocabulary import EnrollmentEventType
from tests.databases import DIALECTS, Databases
from tests.graphql.clients import add_user
from tests.imports import legacy_store
from tests.imports.commands import Lyceum, rows, run_lyceum, whole
from tests.imports.legacy_store import DEFINITIONS, MADE, NEW, OLD, PROBLEM, START, SUBSECTION, VIDEO
from tests.rest.data_analytics.clients import Analytics, analytics_of

NOTHING = "Nothing to import: everything is there already."
STORE = legacy_store.rows()
ALL = "?start_date=2000-01-01"


@pytest.fixture
def lyceum(database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Lyceum:
    """The program, over the test's database."""
    return run_lyceum(database, monkeypatch, capsys)


@pytest.fixture(scope="module", params=DIALECTS)
async def api(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Analytics]:
    """An application over a database into which a store was imported, from a database of its kind."""
    database = await databases.empty(request.param)
    if request.param == "sqlite":
        url = legacy_store.write(tmp_path_factory.mktemp("store") / "analytics.db", STORE)
    else:
        url = await databases.bare_url(request.param)
        await legacy_store.write_to_postgresql(url, STORE)
    await import_legacy_results(database, url)
    await add_user(database, "learner", LEARNER.api_key)
    await database.dispose()
    async with analytics_of(database.url.render_as_string(hide_password=False)) as client:
        yield client


def compact(instant: dt.datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H%M%S")


def stored(table: str, course: str = OLD) -> list[dict[str, Any]]:
    """The rows of a course, with times and days as the API shows them."""
    return [
        {
            name: compact(value)
            if isinstance(value, dt.datetime)
            else str(value)
            if name == "date"
            else value
            for name, value in row.items()
        }
        for row in STORE[table]
        if row.get("course_id", OLD) == course
    ]


def same(found: list[Any], expected: list[dict[str, Any]]) -> None:
    """Assert that rows are the same in any order, in the columns that are expected."""
    assert len(found) == len(expected)
    for row in expected:
        assert any(row == {name: each[name] for name in row} for each in found), row


@pytest.mark.parametrize("course", [OLD, NEW])
@pytest.mark.parametrize(
    ("path", "table"),
    [
        ("enrollment/", "course_enrollment_daily"),
        ("enrollment/birth_year/", "course_enrollment_birth_year_daily"),
        ("enrollment/education/", "course_enrollment_education_level_daily"),
    ],
)
async def test_days(api: Analytics, course: str, path: str, table: str) -> None:
    same(await api.rows(f"courses/{course}/{path}{ALL}"), stored(table, course))
    # Without a range it is the newest day that the store had (contract 4.1.5).
    newest = max(row["date"] for row in stored(table, course))
    same(
        await api.rows(f"courses/{course}/{path}"),
        [row for row in stored(table, course) if row["date"] == newest],
    )


@pytest.mark.parametrize("course", [OLD, NEW])
async def test_modes(api: Analytics, course: str) -> None:
    table = stored("course_enrollment_mode_daily", course)
    found = await api.rows(f"courses/{course}/enrollment/mode/{ALL}")
    assert [row["date"] for row in found] == sorted({row["date"] for row in table})
    for row in found:
        of_day = {each["mode"]: each for each in table if each["date"] == row["date"]}
        assert row["count"] == sum(each["count"] for each in of_day.values())
        assert row["cumulative_count"] == sum(each["cumulative_count"] for each in of_day.values())
        assert row["honor"] == of_day["honor"]["count"] + of_day["audit"]["count"]
        assert (row["verified"], row["professional"]) == (of_day["verified"]["count"], 0)
        assert row["created"] == of_day["honor"]["created"]


async def test_genders(api: Analytics) -> None:
    table = stored("course_enrollment_gender_daily")
    names = {"f": "female", "m": "male", "o": "other", None: "unknown"}
    for row in await api.rows(f"courses/{OLD}/enrollment/gender/{ALL}"):
        assert {names[each["gender"]]: each["count"] for each in table if each["date"] == row["date"]} == {
            name: row[name] for name in names.values()
        }


async def test_countries_of_the_newest_day(api: Analytics) -> None:
    found = await api.rows(f"courses/{OLD}/enrollment/location/{ALL}")
    newest = str(START + dt.timedelta(5))
    assert [(row["date"], row["country"]["alpha2"], row["count"]) for row in found] == [
        (newest, None, 5),
        (newest, "DE", 2),
    ]


async def test_activity(api: Analytics) -> None:
    found = await api.rows(f"courses/{OLD}/activity/{ALL}")
    names = {"ACTIVE": "any", "ATTEMPTED_PROBLEM": "attempted_problem", "PLAYED_VIDEO": "played_video"}
    names["POSTED_FORUM"] = "posted_forum"
    assert len(found) == 3
    for row in stored("course_activity"):
        week = next(each for each in found if each["interval_start"] == row["interval_start"])
        assert week[names[row["label"]]] == row["count"]
        assert (week["interval_end"], week["created"]) == (row["interval_end"], row["created"])
    recent = await api.rows(f"courses/{OLD}/recent_activity/?activity_type=played_video")
    assert (recent["interval_start"], recent["count"]) == ("2014-12-15T00:00:00Z", 28)


async def test_problems_and_subsections(api: Analytics) -> None:
    same(await api.rows(f"problems/{PROBLEM}/grade_distribution"), stored("grade_distribution"))
    opens = await api.rows(f"problems/{SUBSECTION}/sequential_open_distribution")
    same(opens, stored("sequential_open_distribution"))
    answers = await api.rows(f"problems/{PROBLEM}/answer_distribution")
    same(answers, stored("answer_distribution"))
    assert all(row["count"] == row["last_response_count"] for row in answers)


async def test_videos(api: Analytics) -> None:
    videos = [{name: value for name, value in row.items() if name != "course_id"} for row in stored("video")]
    same(await api.rows(f"courses/{OLD}/videos/"), videos)
    timeline = [
        {name: value for name, value in row.items() if name != "pipeline_video_id"}
        for row in stored("video_timeline")
    ]
    same(await api.rows(f"videos/{VIDEO}/timeline/"), timeline)


def test_the_command(lyceum: Lyceum, tmp_path: Path) -> None:
    url = legacy_store.write(tmp_path / "analytics.db", STORE)
    code, said, _ = lyceum("import", "legacy-results", url)
    assert code == 0
    assert said == (
        "Imported: course_enrollment_mode_daily 19, course_enrollment_daily 8,"
        " course_enrollment_birth_year_daily 10, course_enrollment_education_level_daily 11,"
        " course_enrollment_gender_daily 16, course_enrollment_location_current 4, course_activity 3,"
        " grade_distribution 3, answer_distribution 4, sequential_open_distribution 1, video 1,"
        " video_timeline 3."
    )
    before = whole()
    assert lyceum("import", "legacy-results", url)[:2] == (0, NOTHING)
    assert whole() == before
    assert rows("SELECT key, status FROM course_run ORDER BY key") == [
        (NEW, "unpublished"),
        (OLD, "unpublished"),
    ]
    # Computing anew changes nothing of what no event tells of.
    assert lyceum("compute")[0] == 0
    assert whole() == before


def test_a_later_import_replaces(lyceum: Lyceum, tmp_path: Path) -> None:
    lyceum("import", "legacy-results", legacy_store.write(tmp_path / "analytics.db", STORE))
    later = legacy_store.rows()
    later["grade_distribution"] = later["grade_distribution"][:1]
    later["course_activity"][0]["count"] = 90
    later["course_enrollment_daily"][5]["count"] = 7
    url = legacy_store.write(tmp_path / "later.db", later)
    assert lyceum("import", "legacy-results", url)[1] == (
        "Imported: course_enrollment_daily 6, course_activity 1, grade_distribution 1."
    )
    assert rows("SELECT count(*) FROM grade_count") == [(1,)]
    assert rows('SELECT "any" FROM activity_week ORDER BY week')[0] == (90,)


def test_what_events_tell_of_is_left_alone(
    lyceum: Lyceum, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def add(database: Database) -> None:
        async with database.session() as session:
            course, user = CourseModel(key="edX+DemoX"), User(username="ada")
            session.add_all([course, user])
            await session.flush()
            run = CourseRun(key=OLD, course_id=course.id)
            session.add(run)
            await session.flush()
            made = MADE.replace(tzinfo=dt.UTC)
            session.add(
                EnrollmentEvent(
                    run_id=run.id,
                    user_id=user.id,
                    occurred_at=made,
                    type=EnrollmentEventType.ACTIVATED,
                    mode="honor",
                )
            )
            module = Module(run_id=run.id, usage_key=PROBLEM, category="problem")
            session.add_all([module, ActivityWeek(run_id=run.id, week=dt.date(2014, 12, 1))])
            await session.flush()
            session.add(LearnerProblem(module_id=module.id, learner="1", graded_at=made, graded_digest=1))

    with_database(add)
    lines: list[str] = []
    monkeypatch.setattr("app.cli.imports.typer.echo", lines.append)
    store = {name: found for name, found in STORE.items() if name not in ("video", "video_timeline")}
    definitions = {name: DEFINITIONS[name] for name in store}
    url = legacy_store.write(tmp_path / "analytics.db", store, definitions)
    assert lyceum("import", "legacy-results", url)[0] == 0
    assert "Not there: video, video_timeline." in lines
    assert f"Left alone in course_enrollment_daily, because of events here: {OLD}." in lines
    assert f"Left alone in grade_distribution, because of events here: {OLD}." in lines
    spans = "SELECT DISTINCT key FROM enrollment_span JOIN course_run ON id = run_id"
    assert rows(spans) == [(NEW,)]
    assert rows("SELECT count(*) FROM grade_count") == [(0,)]
    assert rows("SELECT count(*) FROM answer_count") == [(4,)]


def test_answers_of_before_2015(lyceum: Lyceum, tmp_path: Path) -> None:
    answer = {
        "course_id": OLD,
        "module_id": PROBLEM,
        "part_id": "p_2_1",
        "correct": 1,
        "count": 5,
        "value_id": "",
        "created": MADE,
    }
    store = {
        "answer_distribution": [answer | {"answer_value_numeric": 2.5}, answer | {"answer_value_text": "x"}]
    }
    definitions = {"answer_distribution": legacy_store.OLD_ANSWERS}
    url = legacy_store.write(tmp_path / "analytics.db", store, definitions)
    assert lyceum("import", "legacy-results", url)[1] == "Imported: answer_distribution 2."
    assert rows(
        "SELECT answer_value, value_id, first_response_count, last_response_count FROM answer_count ORDER BY 1"
    ) == [("2.5", None, 5, 5), ("x", None, 5, 5)]


@pytest.mark.parametrize(
    ("table", "column", "value", "message"),
    [
        ("course_enrollment_daily", "course_id", "x", "'x' is not a key of a course run"),
        ("course_enrollment_daily", "count", -1, "-1 is not a whole number"),
        ("course_enrollment_gender_daily", "date", "1914-01-01", "datetime.date(1914, 1, 1) is not a day"),
        (
            "course_activity",
            "label",
            "SLEPT",
            "'SLEPT' is none of: ACTIVE, ATTEMPTED_PROBLEM, PLAYED_VIDEO, POSTED_FORUM",
        ),
        (
            "course_activity",
            "interval_end",
            "2014-12-09 00:00:00",
            "the interval is not a week from midnight",
        ),
        ("video", "pipeline_video_id", "x", "this is not a course, a bar and a module"),
        ("grade_distribution", "grade", "good", "'good' is not a number"),
    ],
)
def test_what_is_refused(
    lyceum: Lyceum, tmp_path: Path, table: str, column: str, value: Any, message: str
) -> None:
    """It is named by table, row and column, and nothing is imported."""
    before = whole()
    store = legacy_store.rows()
    store[table][0][column] = value
    url = legacy_store.write(tmp_path / "analytics.db", store)
    code, said, shown = lyceum("import", "legacy-results", url)
    assert (code, said) == (1, "")
    assert shown.endswith(f"lyceum: {table}, id 1, column {column}: {message}\n")
    assert whole() == before


def test_urls_that_are_refused(lyceum: Lyceum, tmp_path: Path) -> None:
    empty = tmp_path / "empty.db"
    empty.touch()
    for url, message in (
        ("nonsense", "URL: this is not a database URL"),
        ("oracle://x/y", "URL: oracle is not supported, only sqlite, postgresql and mysql are"),
        ("sqlite://", "URL: SQLite needs a file, as in sqlite:///analytics.db"),
        (f"sqlite:///{tmp_path}/none.db", "unable to open database file"),
        (f"sqlite:///{empty}", "URL: none of the tables is there: course_activity, course_enrollment_daily"),
    ):
        code, _, shown = lyceum("import", "legacy-results", url)
        assert code == 1
        assert f"lyceum: {message}" in shown
    url = legacy_store.write(tmp_path / "other.db", {}, {"video": "id integer"})
    assert lyceum("import", "legacy-results", url)[2].endswith(
        "video: there is no column pipeline_video_id\n"
    )


def test_texts_are_ordered_by_their_bytes_on_mysql() -> None:
    """There texts that differ in case are equal, and their rows would come mixed."""
    table = Table("video", MetaData(), Column("course_id", Text), Column("id", Integer))
    order = [by_bytes(table.c.course_id, "mysql"), by_bytes(table.c.id, "mysql")]
    statement = select(table.c.id).order_by(*order).compile(dialect=mysql.dialect())
    assert str(statement).endswith("ORDER BY CAST(video.course_id AS BINARY), video.id")
    assert by_bytes(table.c.course_id, "sqlite") is table.c.course_id


def test_mysql_without_its_driver(lyceum: Lyceum, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aiomysql", None)
    _, _, shown = lyceum("import", "legacy-results", "mysql://u:secret@127.0.0.1:1/analytics")
    assert "MySQL needs the package aiomysql: pip install 'lyceum[mysql]'" in shown
    assert "secret" not in shown


numbers = st.builds(
    Numbers, st.integers(0, 3), st.none() | st.integers(0, 3), st.sampled_from([MADE, MADE + dt.timedelta(1)])
)
days = st.dictionaries(
    st.integers(0, 12).map(lambda number: START + dt.timedelta(number)),
    st.dictionaries(st.sampled_from(["", "a", "b"]), numbers, min_size=1),
)


@given(days)
@settings(max_examples=200, deadline=None)
def test_spans_give_the_days_back(store: dict[dt.date, dict[str, Numbers]]) -> None:
    """Each day once and as it was; what was not known never falls and is never below the count."""
    told = {
        (day, group): (each.count, each.created, each.cumulative_count)
        for day, groups in store.items()
        for group, each in groups.items()
    }
    found = {}
    for group, spans in spans_of(store):
        least = 0
        for since, until, each in spans:
            assert since < until
            for number in range((until - since).days):
                key = (since + dt.timedelta(number), group)
                assert key not in found
                found[key] = (each.count, each.created)
                cumulative = each.cumulative_count
                assert cumulative is not None
                if told[key][2] is None:
                    assert cumulative >= max(each.count, least)
                else:
                    assert cumulative == told[key][2]
                least = cumulative
    assert found == {key: numbers[:2] for key, numbers in told.items()}
