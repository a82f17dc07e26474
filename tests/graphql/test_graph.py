"""Walking the graph: what fields answer, and how many statements it takes."""

import datetime as dt
import re
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from app.db.engine import Database
from app.db.models import (
    ActivityWeek,
    AnswerCount,
    Course,
    CourseOrganization,
    CourseRun,
    CourseRunStaff,
    CourseSubject,
    Entitlement,
    GradeCount,
    Module,
    Organization,
    Person,
    Program,
    ProgramCourse,
    ProgramOrganization,
    ProgramType,
    Seat,
    Subject,
    SubsectionOpens,
    VideoSegment,
    VideoViews,
)
from app.imports.oulad import OuladSummary
from app.settings import Settings
from app.vocabulary import OrganizationRole, Pacing
from schema.relay import encode_id
from tests.databases import DIALECTS, Databases
from tests.graphql.clients import STAFF_KEY, Client, Statements, add_user, client_of

TIME = dt.datetime(2025, 3, 1, 12, 30, 0, 250_000, dt.UTC)


@pytest.fixture(scope="module", params=DIALECTS)
async def client(request: pytest.FixtureRequest, databases: Databases) -> AsyncIterator[Client]:
    """A course with everything around it."""
    database = await databases.empty(request.param)
    await add_user(database, "staff", STAFF_KEY, is_staff=True)
    await fill(database)
    async with client_of(database) as made:
        yield made


async def fill(database: Database) -> None:
    async with database.session() as session:
        course = Course(key="X+1", title="The course", short_description="Short", prerequisites=["Logic"])
        school = Organization(key="X", name="X School", tags=["founder"])
        sponsor = Organization(key="S", name="Sponsor")
        subject, other = Subject(slug="maths", name="Maths"), Subject(slug="art", name="Art")
        kind = ProgramType(slug="micromasters", name="MicroMasters")
        session.add_all([course, school, sponsor, subject, other, kind])
        await session.flush()
        person = Person(slug="ada", given_name="Ada", organization_id=school.id, works=["Notes"])
        program = Program(title="All of it", type_id=kind.id)
        runs = [
            CourseRun(
                key="course-v1:X+1+a",
                course_id=course.id,
                title="Own title",
                start=TIME,
                pacing=Pacing.SELF_PACED,
            ),
            CourseRun(key="X/1/b", course_id=course.id, transcript_languages=["en-us", "fr"]),
        ]
        session.add_all([person, program, *runs])
        await session.flush()
        run = runs[0].id
        modules = {
            category: Module(run_id=run, usage_key=f"i4x://{category}", category=category)
            for category in ("problem", "sequential", "video", "html")
        }
        session.add_all(
            [
                *modules.values(),
                CourseOrganization(course_id=course.id, organization_id=school.id),
                CourseOrganization(
                    course_id=course.id, organization_id=sponsor.id, role=OrganizationRole.SPONSOR
                ),
                CourseSubject(course_id=course.id, subject_id=other.id, position=1),
                CourseSubject(course_id=course.id, subject_id=subject.id, position=0),
                CourseRunStaff(run_id=run, person_id=person.id),
                ProgramCourse(program_id=program.id, course_id=course.id),
                ProgramOrganization(program_id=program.id, organization_id=school.id),
                Seat(run_id=run, mode="verified", price=Decimal("49.00"), upgrade_deadline=TIME),
                Seat(run_id=run, mode="audit"),
                Entitlement(course_id=course.id, mode="verified", price=Decimal(100)),
                ActivityWeek(run_id=run, week=dt.date(2025, 3, 3), any=5, played_video=2),
                ActivityWeek(run_id=run, week=dt.date(2025, 3, 10), any=7),
                ActivityWeek(run_id=run, week=dt.date(2099, 12, 28), any=1),
            ]
        )
        await session.flush()
        problem, opens, video = (modules[name].id for name in ("problem", "sequential", "video"))
        session.add_all(
            [
                GradeCount(module_id=problem, grade=1, max_grade=2, count=3),
                GradeCount(module_id=problem, grade=0, max_grade=2, count=1),
                AnswerCount(
                    module_id=problem,
                    part_id="p_2",
                    answer_value="4",
                    first_response_count=1,
                    last_response_count=1,
                ),
                AnswerCount(
                    module_id=problem,
                    part_id="p_1",
                    value_id="c",
                    first_response_count=1,
                    last_response_count=2,
                ),
                AnswerCount(module_id=problem, part_id="p_1", first_response_count=2, last_response_count=1),
                SubsectionOpens(module_id=opens, learners=2, views=9),
                VideoViews(module_id=video, duration=61, users_at_start=3, users_at_end=1),
                VideoSegment(module_id=video, segment=1, num_users=1, num_views=2),
                VideoSegment(module_id=video, segment=0, num_users=3, num_views=4),
            ]
        )


async def test_a_course_and_all_around_it(client: Client) -> None:
    data = await client.ask(
        """{ course(key: "X+1") {
          title prerequisites expectedLearningItems
          owners { nodes { key tags } } sponsors { nodes { key } } subjects { nodes { slug } }
          entitlements { mode price currency }
          programs { nodes { title type { name } organizations { nodes { key } } courses { nodes { key } } } }
          runs { nodes {
            key title shortDescription start pacing status transcriptLanguages course { key }
            seats { mode price upgradeDeadline }
            staff { nodes { givenName works organization { name } runs { nodes { key } } } }
          } }
        } }"""
    )
    first, second = data["course"].pop("runs")["nodes"]
    assert data["course"] == {
        "title": "The course",
        "prerequisites": ["Logic"],
        "expectedLearningItems": [],
        "owners": {"nodes": [{"key": "X", "tags": ["founder"]}]},
        "sponsors": {"nodes": [{"key": "S"}]},
        "subjects": {"nodes": [{"slug": "maths"}, {"slug": "art"}]},
        "entitlements": [{"mode": "verified", "price": "100.00", "currency": "USD"}],
        "programs": {
            "nodes": [
                {
                    "title": "All of it",
                    "type": {"name": "MicroMasters"},
                    "organizations": {"nodes": [{"key": "X"}]},
                    "courses": {"nodes": [{"key": "X+1"}]},
                }
            ]
        },
    }
    assert first == {
        "key": "course-v1:X+1+a",
        "title": "Own title",
        "shortDescription": "Short",
        "start": "2025-03-01T12:30:00.250000Z",
        "pacing": "SELF_PACED",
        "status": "PUBLISHED",
        "transcriptLanguages": [],
        "course": {"key": "X+1"},
        "seats": [
            {"mode": "verified", "price": "49.00", "upgradeDeadline": "2025-03-01T12:30:00.250000Z"},
            {"mode": "audit", "price": "0.00", "upgradeDeadline": None},
        ],
        "staff": {
            "nodes": [
                {
                    "givenName": "Ada",
                    "works": ["Notes"],
                    "organization": {"name": "X School"},
                    "runs": {"nodes": [{"key": "course-v1:X+1+a"}]},
                }
            ]
        },
    }
    assert (second["title"], second["pacing"], second["transcriptLanguages"]) == (
        "The course",
        None,
        ["en-us", "fr"],
    )
    assert second["staff"] == {"nodes": []}


async def test_computed_numbers_of_a_run(client: Client) -> None:
    data = await client.ask(
        """{ courseRun(key: "course-v1:X+1+a") { analytics {
          newest: activityWeekly { week any playedVideo attemptedProblem }
          all: activityWeekly(start: "2025-03-03", end: "2025-03-17") { week }
          cut: activityWeekly(start: "2025-03-04", end: "2025-03-16") { week }
          never: activityWeekly(end: "0001-01-02") { week }
          latest: latestActivity { week any }
          latestVideo: latestActivity(activity: PLAYED_VIDEO) { week playedVideo }
          latestPost: latestActivity(activity: POSTED_FORUM) { week }
          problems { nodes { usageKey run { key } grades { grade maxGrade count }
            answers { partId valueId answerValue firstResponseCount lastResponseCount correct } } }
          subsections { nodes { usageKey opens { learners views } } }
          videos { nodes { usageKey views { duration segmentLength usersAtStart } timeline { segment numViews } } }
        } } }""",
        key=STAFF_KEY,
    )
    found = data["courseRun"]["analytics"]
    assert found["newest"] == [{"week": "2025-03-10", "any": 7, "playedVideo": 0, "attemptedProblem": 0}]
    assert [week["week"] for week in found["all"]] == ["2025-03-03", "2025-03-10"]
    assert found["cut"] == found["never"] == []
    assert found["latest"] == {"week": "2025-03-10", "any": 7}
    assert found["latestVideo"] == {"week": "2025-03-03", "playedVideo": 2}
    assert found["latestPost"] is None
    (problem,) = found["problems"]["nodes"]
    assert problem["run"] == {"key": "course-v1:X+1+a"}
    assert problem["grades"] == [
        {"grade": 0.0, "maxGrade": 2.0, "count": 1},
        {"grade": 1.0, "maxGrade": 2.0, "count": 3},
    ]
    assert [(row["partId"], row["valueId"]) for row in problem["answers"]] == [
        ("p_1", None),
        ("p_1", "c"),
        ("p_2", None),
    ]
    assert found["subsections"]["nodes"] == [
        {"usageKey": "i4x://sequential", "opens": {"learners": 2, "views": 9}}
    ]
    (video,) = found["videos"]["nodes"]
    assert video["views"] == {"duration": 61, "segmentLength": 5, "usersAtStart": 3}
    assert [row["segment"] for row in video["timeline"]] == [0, 1]


FILTERS = {
    '{key: {eq: "course-v1:X+1+a"}}': ["a"],
    '{key: {in: ["X/1/b", "none"]}}': ["b"],
    '{key: {startsWith: "X/"}}': ["b"],
    '{key: {contains: "COURSE"}}': ["a"],
    '{key: {contains: "%"}}': [],
    '{start: {gte: "2025-03-01T12:30:00.25Z"}}': ["a"],
    '{start: {gte: "2025-03-01T14:30:00.25+02:00", lt: "2025-03-01T12:30:00.250001"}}': ["a"],
    '{start: {lt: "2025-03-01T12:30:00.25Z"}}': [],
    "{start: {eq: null}}": ["b"],
    "{start: null}": ["a", "b"],
    "{pacing: [SELF_PACED, INSTRUCTOR_PACED]}": ["a"],
    "{pacing: []}": [],
    "{status: [PUBLISHED]}": ["a", "b"],
    '{key: {startsWith: "X/"}, status: [PUBLISHED]}': ["b"],
    "{}": ["a", "b"],
}


@pytest.mark.parametrize("where", FILTERS)
async def test_filters(client: Client, where: str) -> None:
    data = await client.ask(f"{{ courseRuns(where: {where}) {{ totalCount nodes {{ key }} }} }}")
    assert [node["key"][-1] for node in data["courseRuns"]["nodes"]] == FILTERS[where]
    assert data["courseRuns"]["totalCount"] == len(FILTERS[where])


async def test_nodes_keep_their_order_and_know_their_types(client: Client) -> None:
    ids = [encode_id("Subject", 2), encode_id("Course", 1), encode_id("Course", 99), encode_id("Subject", 1)]
    with Statements() as statements:
        data = await client.ask(
            """query ($ids: [ID!]!) { nodes(ids: $ids) {
              __typename id ... on Subject { slug } ...F ... on Node { id }
            } } fragment F on Course { key runs(first: 1) { nodes { key } } }""",
            {"ids": ids},
        )
    assert data["nodes"] == [
        {"__typename": "Subject", "id": ids[0], "slug": "art"},
        {
            "__typename": "Course",
            "id": ids[1],
            "key": "X+1",
            "runs": {"nodes": [{"key": "course-v1:X+1+a"}]},
        },
        None,
        {"__typename": "Subject", "id": ids[3], "slug": "maths"},
    ]
    # One for each type, one for the runs.
    assert len(statements.seen) == 3


async def test_every_type_is_found_by_its_id(client: Client) -> None:
    data = await client.ask('{ __type(name: "Node") { possibleTypes { name } } }')
    for name in (type_["name"] for type_ in data["__type"]["possibleTypes"]):
        id_ = encode_id(name, 1)
        found = await client.ask(
            "query ($id: ID!) { node(id: $id) { id __typename } }", {"id": id_}, key=STAFF_KEY
        )
        assert found["node"] in ({"id": id_, "__typename": name}, None)


async def test_aliases_fragments_and_directives_read_what_they_need(client: Client) -> None:
    data = await client.ask(
        """query ($no: Boolean!) { a: course(key: "X+1") { ...F } b: course(key: "X+1") { id title @skip(if: $no) }
          c: course(key: "none") { key } }
        fragment F on Course { ... { key } ... on Node { id } short: shortDescription }""",
        {"no": True},
    )
    id_ = encode_id("Course", 1)
    assert data == {"a": {"key": "X+1", "id": id_, "short": "Short"}, "b": {"id": id_}, "c": None}


async def test_only_selected_columns_are_read(client: Client) -> None:
    with Statements() as statements:
        await client.ask("{ courses { nodes { key } } }")
    (statement,) = statements.seen
    columns = re.findall(r"\bcourse_1\.(\w+)", statement.replace('"', ""))
    assert set(columns) <= {"id", "key"}


async def test_a_list_is_counted_only_when_asked(client: Client) -> None:
    with Statements() as statements:
        await client.ask("{ courses { nodes { key } pageInfo { hasNextPage } } }")
    assert not [statement for statement in statements.seen if "count(" in statement]


DOCUMENT = """
query Walk($courses: Int!, $runs: Int!, $start: Date!, $end: Date!) {
  courses(first: $courses) {
    nodes {
      title
      runs(first: $runs) {
        totalCount
        nodes {
          key
          analytics {
            enrollmentByGender(start: $start, end: $end) { date count female male }
            enrollmentByEducation(start: $start, end: $end) { date educationLevel count }
          }
          enrollments(first: 5) { nodes { mode isActive user { username gender educationLevel region } } }
        }
      }
    }
  }
}
"""
ALL_RUNS = """
query AllRuns($runs: Int!) {
  courseRuns(first: $runs) {
    nodes {
      key
      course { key owners { nodes { name } } }
      analytics {
        enrollmentDaily(start: "2014-01-01", end: "2014-02-01") { date count }
        enrollmentByMode(start: "2014-01-01", end: "2014-02-01") { honor }
        activityWeekly { any }
      }
      enrollments(first: 5) {
        totalCount
        nodes { user { username } progress { letterGrade absoluteProgress } events { type } attributes { name value } }
      }
    }
  }
}
"""


@pytest.fixture(scope="module")
async def university(imported: tuple[Database, OuladSummary], databases: Databases) -> AsyncIterator[Client]:
    """The Open University's data."""
    database = await databases.copy(imported[0])
    await add_user(database, "staff", STAFF_KEY, is_staff=True)
    async with client_of(database) as made:
        yield made


async def statements_of(client: Client, query: str, **variables: Any) -> tuple[int, Any]:
    # Whoever asks is looked up once in a while; here before the counting.
    await client.ask("{ viewer { id } }", key=STAFF_KEY)
    with Statements() as statements:
        data = await client.ask(query, variables, key=STAFF_KEY)
    return len(statements.seen), data


async def test_from_courses_to_their_learners_in_one_document(university: Client) -> None:
    days = {"start": "2014-10-01", "end": "2014-11-01"}
    count, data = await statements_of(university, DOCUMENT, courses=7, runs=4, **days)
    # It is plain, so the database writes all of it where it may.
    assert count == (1 if Settings().json_text else 7)
    assert (await statements_of(university, DOCUMENT, courses=1, runs=1, **days))[0] == count
    runs = [run for course in data["courses"]["nodes"] for run in course["runs"]["nodes"]]
    assert len(runs) == sum(course["runs"]["totalCount"] for course in data["courses"]["nodes"]) == 22
    for run in runs:
        by_gender = {day["date"]: day["count"] for day in run["analytics"]["enrollmentByGender"]}
        assert len(by_gender) == 31
        by_education = dict.fromkeys(by_gender, 0)
        for row in run["analytics"]["enrollmentByEducation"]:
            by_education[row["date"]] += row["count"]
        assert by_education == by_gender
        assert max(by_gender.values()) > 100
        for day in run["analytics"]["enrollmentByGender"]:
            assert day["female"] + day["male"] == day["count"]
        assert len(run["enrollments"]["nodes"]) == 5
        assert all(node["user"]["username"].startswith("oulad-") for node in run["enrollments"]["nodes"])


async def test_the_number_of_statements_does_not_grow_with_the_runs(university: Client) -> None:
    counts = {runs: await statements_of(university, ALL_RUNS, runs=runs) for runs in (1, 2, 22)}
    # runs, courses, owners, three series, enrollments, their number, users, progress, events, attributes
    assert {runs: count for runs, (count, _) in counts.items()} == {1: 12, 2: 12, 22: 12}
    data = counts[22][1]
    assert len(data["courseRuns"]["nodes"]) == 22
    assert sum(run["enrollments"]["totalCount"] for run in data["courseRuns"]["nodes"]) == 32_593


async def test_series_end_yesterday_and_hold_every_day(university: Client) -> None:
    today = dt.datetime.now(dt.UTC).date()
    data = await university.ask(
        """query ($start: Date!, $end: Date!) { courseRun(key: "course-v1:OU+AAA+2013J") { analytics {
          newest: enrollmentDaily { date count cumulativeCount }
          tail: enrollmentDaily(start: $start) { date }
          beyond: enrollmentDaily(start: $end) { date }
          nothing: enrollmentDaily(start: "2014-01-01", end: "2014-01-01") { date }
          backwards: enrollmentDaily(start: "2014-01-02", end: "2014-01-01") { date }
          before: enrollmentDaily(end: "2013-10-02") { date count }
        } } }""",
        {"start": str(today - dt.timedelta(10)), "end": str(today)},
        key=STAFF_KEY,
    )
    found = data["courseRun"]["analytics"]
    (newest,) = found["newest"]
    assert newest["date"] == str(today - dt.timedelta(1))
    assert 0 < newest["count"] < newest["cumulativeCount"] == 383
    assert [day["date"] for day in found["tail"]] == [str(today - dt.timedelta(n)) for n in range(10, 0, -1)]
    assert found["beyond"] == found["nothing"] == found["backwards"] == []
    first = dt.date.fromisoformat(found["before"][0]["date"])
    days = (dt.date(2013, 10, 2) - first).days
    assert [day["date"] for day in found["before"]] == [str(first + dt.timedelta(n)) for n in range(days)]


async def test_spans_hold_every_day_of_the_series(university: Client) -> None:
    data = await university.ask(
        """{ courseRun(key: "course-v1:OU+AAA+2013J") { analytics {
          days: enrollmentDaily(start: "2013-11-01", end: "2014-02-01") { date count }
          spans: enrollmentSpans(by: TOTAL, start: "2013-11-01", end: "2014-02-01") { since until value count }
          genders: enrollmentSpans(by: GENDER, start: "2014-01-01", end: "2014-01-02") { value count }
          byDay: enrollmentByGender(start: "2014-01-01", end: "2014-01-02") { female male }
          newest: enrollmentSpans(by: TOTAL) { since until }
          nothing: enrollmentSpans(by: TOTAL, start: "2014-01-02", end: "2014-01-02") { since }
        } } }""",
        key=STAFF_KEY,
    )
    found = data["courseRun"]["analytics"]
    days = {
        str(dt.date.fromordinal(number)): span["count"]
        for span in found["spans"]
        for number in range(
            dt.date.fromisoformat(span["since"]).toordinal(), dt.date.fromisoformat(span["until"]).toordinal()
        )
    }
    assert days == {day["date"]: day["count"] for day in found["days"]}
    assert {span["value"] for span in found["spans"]} == {None}
    assert {span["value"]: span["count"] for span in found["genders"]} == found["byDay"][0]
    today = dt.datetime.now(dt.UTC).date()
    assert found["newest"] == [{"since": str(today - dt.timedelta(1)), "until": str(today)}]
    assert found["nothing"] == []
