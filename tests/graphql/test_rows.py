"""Lists of rows: the generated code completes them as graphql-core does, errors too."""

import datetime as dt
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import insert, text

from app.db.engine import Database
from app.db.models import Course, CourseRun, EnrollmentSpan
from app.graphql.compiler import fallbacks
from app.vocabulary import Dimension, EducationLevel
from tests.graphql.clients import STAFF_KEY, Client, add_user, client_of

DOCUMENT = """query ($with: Boolean = true) { courseRun(key: "R") { analytics {
  enrollmentByEducation(start: "2026-01-01", end: "2026-01-03") {
    name: __typename day: date ...on EnrollmentByEducationDay { educationLevel } count @include(if: $with) }
  plain: enrollmentByEducation(start: "2026-01-01", end: "2026-01-03") {
    day: date date educationLevel count @include(if: $with) ...More }
  none: enrollmentByCountry(start: "2026-01-01", end: "2026-01-03") { count }
} } }
fragment More on EnrollmentByEducationDay { cumulativeCount computedAt }"""


@pytest.fixture
async def clients(database: Database) -> AsyncIterator[tuple[Client, Client]]:
    """A client of the server, and one of a server that leaves everything to graphql-core."""
    await add_user(database, "staff", STAFF_KEY, is_staff=True)
    async with database.session() as session:
        course = Course(key="X+1")
        session.add(course)
        await session.flush()
        run = CourseRun(key="R", course_id=course.id)
        session.add(run)
        await session.flush()
        common = {
            "run_id": run.id,
            "dimension": Dimension.EDUCATION,
            "since": dt.date(2026, 1, 1),
            "until": dt.date(2026, 1, 3),
            "count": 1,
            "cumulative_count": 1,
        }
        values = ("", EducationLevel.MASTERS, EducationLevel.NONE)
        await session.execute(insert(EnrollmentSpan), [{**common, "value": value} for value in values])
    async with client_of(database) as ours, client_of(database, compiled_executor=False) as theirs:
        yield ours, theirs


async def both(clients: tuple[Client, Client], **variables: Any) -> list[Any]:
    """The answer of each; nothing is left to graphql-core by the first."""
    fallbacks.clear()
    answers = [(await client.post(DOCUMENT, variables, key=STAFF_KEY)).json() for client in clients]
    assert not fallbacks
    return answers


@pytest.mark.parametrize("with_", [True, False])
async def test_the_same_as_field_by_field(clients: tuple[Client, Client], with_: bool) -> None:
    ours, theirs = await both(clients, **{"with": with_})
    assert ours == theirs
    rows = ours["data"]["courseRun"]["analytics"]["plain"]
    assert [row["educationLevel"] for row in rows] == [None, "MASTERS", "NONE"] * 2
    members = ["day", "date", "educationLevel", "count", "cumulativeCount", "computedAt"]
    assert list(rows[0]) == [name for name in members if with_ or name != "count"]


async def test_a_value_that_is_none_of_its_type_is_an_error_of_its_row(
    clients: tuple[Client, Client], database: Database
) -> None:
    async with database.session() as session:
        await session.execute(text("UPDATE enrollment_span SET value = 'wrong' WHERE value = 'none'"))
    ours, theirs = await both(clients)
    for answer in (ours, theirs):
        for error in answer["errors"]:
            error["message"] = error["extensions"]["id"] = ""
    assert ours == theirs
    assert [error["path"][-2:] for error in ours["errors"]] == [
        [2, "educationLevel"],
        [5, "educationLevel"],
    ] * 2
