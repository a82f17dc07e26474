"""Answers by a plan are what running the operation answers."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Text, literal_column, text

from app.auth.viewer import Viewer
from app.db.engine import Database
from app.db.models import Course, CourseRun
from app.db.reader import Reader
from app.graphql.plan.connections import PageTexts
from app.graphql.plan.texts import TEXTS
from benchmarks.queries import QUERIES
from tests.graphql.clients import Statements
from tests.graphql.plan.conftest import Executors
from tests.graphql.plan.documents import documents

STAFF = Viewer(1, "staff", True)
WALK = """query ($first: Int!, $after: String) {
  enrollments(first: $first, after: $after%s) {
    edges { cursor node { id mode username user { id } run { key } attributes { name } } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    totalCount
  }
}"""
EXCUSES = {None, "directives under scopes", "refused", "list of values", "a value out of the ordinary"}
"""Why a plain operation may be run all the same."""


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_generated_operations(executors: Executors, data: Any) -> None:
    query, variables = data.draw(documents(executors.keys))
    # One after another, so that whatever a plan forgot to depend on shows.
    for name in data.draw(st.lists(st.sampled_from(list(executors.viewers)), min_size=2, max_size=5)):
        asked = executors.ask(executors.viewers[name], query, variables)
        planned, run = asked.texts
        assert planned == run, (name, query, variables)
        assert asked.reason in EXCUSES, (asked.reason, query)


def variables_of(executors: Executors, name: str) -> dict[str, Any]:
    variables: dict[str, dict[str, Any]] = {
        "Q1": {"key": executors.keys["course"][-1]},
        "Q2": {"runs": 50, "enrollments": 20},
        "Q3": {"run": executors.keys["courseRun"][-1], "start": "2024-01-01", "end": "2026-01-01"},
        "Q4": {"first": 100},
    }
    return variables[name]


@pytest.mark.parametrize("query", QUERIES[:4], ids=lambda query: query.name)
def test_one_statement_for_what_is_measured(executors: Executors, query: Any) -> None:
    variables = variables_of(executors, query.name)
    for viewer in executors.viewers.values():
        asked = executors.ask(viewer, query.text, variables)
        assert asked.texts[0] == asked.texts[1]
    with Statements() as statements:
        asked = executors.ask(STAFF, query.text, variables)
        planned = orjson.dumps(asked.planned.body)
    assert asked.reason is None
    assert len(planned) > 300
    texts = [sql for sql in statements.seen if '{"' in sql]
    assert len(texts) == 1
    with Statements() as statements:
        executors.ask(STAFF, "{ a: courses { nodes { key } } b: courseRuns { nodes { key } } }")
    assert len([sql for sql in statements.seen if '{"' in sql]) == 2


def test_a_list_is_walked_by_cursors(executors: Executors) -> None:
    for order in ("", ", orderBy: {field: CREATED, direction: DESC}"):
        seen, after, more = 0, None, True
        while more:
            asked = executors.ask(STAFF, WALK % order, {"first": 40, "after": after})
            assert asked.reason is None
            assert asked.texts[0] == asked.texts[1]
            page = asked.run.body["data"]["enrollments"]
            seen += len(page["edges"])
            more, after = page["pageInfo"]["hasNextPage"] and seen < 200, page["pageInfo"]["endCursor"]
        assert seen in (page["totalCount"], 200)


def test_viewers_of_a_kind_share_a_plan_and_nothing_else(executors: Executors) -> None:
    query = "{ enrollments { nodes { username run { key } } } users { nodes { username email } } }"
    found = {}
    for name in ("learner", "another", "stranger", "learner", "staff", "another"):
        asked = executors.ask(executors.viewers[name], query)
        assert asked.reason is None
        assert asked.texts[0] == asked.texts[1]
        found[name] = asked.texts[0]
    assert len(set(found.values())) == 4


@pytest.mark.parametrize(
    ("query", "variables", "reason"),
    [
        ("{ courses(first: 1000) { nodes { key } } }", {}, "refused"),
        ("query ($n: Int!) { courses(first: $n) { nodes { key } } }", {"n": "x"}, "refused"),
        ("query ($n: Int!) { courses(first: $n) { nodes { key } } }", {}, "refused"),
        ("query ($k: String!) { course(key: $k) { key } }", {"k": "\0"}, "refused"),
        ("query ($k: String!) { course(key: $k) { key } }", {"k": "\ud800"}, "refused"),
        ("query ($k: String) { courses(where: {key: {eq: $k}}) { nodes { key } } }", {"k": "\0"}, "refused"),
        ("query ($a: String) { courses(after: $a) { nodes { key } } }", {"a": "x"}, "refused"),
        ("{ courses(last: 1) { nodes { key } } }", {}, "argument last"),
        ('{ courses(offset: 1, after: "x") { nodes { key } } }', {}, None),
        ('{ course(key: "bare") { languages } }', {}, "Course.languages"),
        ('{ course(key: "bare") { prerequisites } }', {}, None),
        ("{ rateLimit { cost } }", {}, "Query.rateLimit"),
        ("{ __schema { queryType { name } } }", {}, "introspection"),
        (
            'query ($s: Date) { courseRun(key: "awkward 1") { analytics { enrollmentDaily(start: $s) { date } } } }',
            {"s": "2000-01-01"},
            "refused",
        ),
    ],
)
def test_what_is_run_and_why(
    executors: Executors, query: str, variables: dict[str, Any], reason: str | None
) -> None:
    asked = executors.ask(STAFF, query, variables)
    assert asked.texts[0] == asked.texts[1]
    assert asked.reason == reason


def test_null_and_absent_variables_are_not_the_same(executors: Executors) -> None:
    query = 'query ($t: String = "x") { courses(where: {title: {eq: $t}}) { totalCount nodes { key } } }'
    counts = []
    for variables in ({}, {"t": None}, {"t": "x"}, {"t": "Demo"}, {"t": None}):
        asked = executors.ask(STAFF, query, variables)
        assert asked.reason is None
        assert asked.texts[0] == asked.texts[1]
        counts.append(asked.run.body["data"]["courses"]["totalCount"])
    assert counts[1] == counts[4] >= 1
    assert counts[0] == counts[2] == 0


def test_what_is_seldom_the_same_is_not_planned(executors: Executors) -> None:
    query = "query ($k: [String!]) { courses(where: {key: {in: $k}}) { nodes { key } } }"
    reasons = [executors.ask(STAFF, query, {"k": ["bare"] * number}).reason for number in range(1, 30)]
    assert reasons[0] is None
    assert reasons[-1] == "seldom the same"


def test_a_statement_that_the_database_refuses_is_tried_once(
    executors: Executors, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    query = "query Refused { courses { nodes { id key } } }"
    with monkeypatch.context() as patch:
        unknown: Any = literal_column("no_such_function()", Text())
        patch.setattr(type(TEXTS[executors.dialect]), "id", lambda *_: [unknown])
        executors.ask(STAFF, query)
    for _ in range(2):
        with Statements() as statements:
            asked = executors.ask(STAFF, query)
        assert asked.texts[0] == asked.texts[1]
        assert asked.reason == "failed"
        assert not [sql for sql in statements.seen if "no_such_function" in sql]
    assert [record.name for record in caplog.records] == ["lyceum.plans"]


def test_what_is_no_fault_of_a_statement_is_not_held_against_it(
    executors: Executors, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    query = "query Lost { courses { nodes { id key } } }"
    raw = Reader.raw
    with monkeypatch.context() as patch:

        async def lost(reader: Reader, sql: str, parameters: Sequence[Any]) -> Sequence[Any]:
            if '{"' in sql:
                raise ConnectionResetError
            return await raw(reader, sql, parameters)

        patch.setattr(Reader, "raw", lost)
        for _ in range(2):
            assert executors.ask(STAFF, query).reason == "failed"
    assert executors.ask(STAFF, query).reason is None
    assert [record.name for record in caplog.records] == ["lyceum.plans"]


def test_a_plan_that_cannot_be_made_is_tried_once(
    executors: Executors, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    query = "query Broken { courses { nodes { id key } } }"
    with monkeypatch.context() as patch:
        patch.delattr(PageTexts, "parts")
        assert executors.ask(STAFF, query).reason == "failed"
    asked = executors.ask(STAFF, query)
    assert asked.reason == "failed"
    assert asked.texts[0] == asked.texts[1]
    assert [record.name for record in caplog.records] == ["lyceum.plans"]


@pytest.fixture
def odd(request: pytest.FixtureRequest, database: Database) -> Iterator[Executors]:
    """A database with values that are none of their GraphQL types."""
    url = database.url.render_as_string(hide_password=False)
    with asyncio.Runner() as runner:
        executors = Executors(runner, url)

        async def prepare() -> None:
            async with executors.database.session() as session:
                course = Course(key="C")
                session.add(course)
                await session.flush()
                session.add_all(CourseRun(key=f"R{number}", course_id=course.id) for number in range(3))
                await session.flush()
                await session.execute(text("UPDATE course_run SET pacing = 'odd' WHERE key = 'R1'"))

        runner.run(prepare())
        yield executors
        runner.run(executors.database.dispose())


def test_a_value_that_is_none_of_its_type_is_for_the_executor_to_tell(odd: Executors) -> None:
    asked = odd.ask(STAFF, "{ courses { nodes { runs { nodes { key pacing } } } } }")
    assert asked.reason == "a value out of the ordinary"
    for answer in (asked.planned, asked.run):
        (error,) = answer.body["errors"]
        assert error["path"] == ["courses", "nodes", 0, "runs", "nodes", 1, "pacing"]
    assert asked.planned.body["data"] == asked.run.body["data"]
