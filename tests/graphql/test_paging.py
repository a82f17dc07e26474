"""Walking lists: every way of walking gives the same sequence."""

import datetime as dt
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from app.db.engine import Database
from app.db.models import Course, CourseRun, Program, ProgramCourse
from resolvers.cursor import encode
from tests.databases import DIALECTS, Databases
from tests.graphql.clients import STAFF_KEY, Client, add_user, client_of

ROOT = """
query ($first: Int, $after: String, $last: Int, $before: String, $order: [CourseRunOrder!]) {
  list: courseRuns(first: $first, after: $after, last: $last, before: $before, orderBy: $order) {
    edges { cursor node { key } } nodes { key } totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""
NESTED = """
query ($first: Int, $after: String, $last: Int, $before: String, $order: [CourseRunOrder!]) {
  course(key: "X+1") {
    list: runs(first: $first, after: $after, last: $last, before: $before, orderBy: $order) {
      edges { cursor node { key } } nodes { key } totalCount
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
}
"""
LINKED = """
query ($first: Int, $after: String, $last: Int, $before: String, $order: [CourseOrder!]) {
  program(uuid: "00000000-0000-0000-0000-000000000001") {
    list: courses(first: $first, after: $after, last: $last, before: $before, orderBy: $order) {
      edges { cursor node { key } } nodes { key } totalCount
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
}
"""
_STARTS = [None, dt.datetime(2024, 1, 1, tzinfo=dt.UTC), dt.datetime(2025, 1, 1, 1, 2, 3, 4, tzinfo=dt.UTC)]
COUNT = 11


@pytest.fixture(scope="module", params=DIALECTS)
async def walked(
    request: pytest.FixtureRequest, databases: Databases
) -> AsyncIterator[tuple[Client, Database]]:
    """Eleven courses of a program and eleven runs, with equal and absent values to order by."""
    database = await databases.empty(request.param)
    await add_user(database, "staff", STAFF_KEY, is_staff=True)
    async with database.session() as session:
        program = Program(title="All", uuid=UUID(int=1))
        session.add(program)
        courses = [Course(key=f"X+{n}", title=None if n % 3 else f"T{n % 2}") for n in range(1, COUNT + 1)]
        session.add_all(courses)
        await session.flush()
        for n, course in enumerate(courses):
            session.add(ProgramCourse(program_id=program.id, course_id=course.id, position=(n * 7) % COUNT))
            session.add(
                CourseRun(key=f"R{n}", course_id=courses[0].id, start=_STARTS[n % 3], end=_STARTS[-n % 2])
            )
    async with client_of(database) as client:
        yield client, database


async def page(client: Client, query: str, **variables: Any) -> Any:
    data = await client.ask(query, variables, key=STAFF_KEY)
    found = data["list"] if "list" in data else next(iter(data.values()))["list"]
    assert found["nodes"] == [edge["node"] for edge in found["edges"]]
    cursors = [edge["cursor"] for edge in found["edges"]]
    info = found["pageInfo"]
    assert (info["startCursor"], info["endCursor"]) == (
        (cursors[0], cursors[-1]) if cursors else (None, None)
    )
    assert found["totalCount"] == COUNT
    return found


async def forward(client: Client, query: str, size: int, order: Any) -> list[str]:
    keys: list[str] = []
    after = None
    while True:
        found = await page(client, query, first=size, after=after, order=order)
        keys += [node["key"] for node in found["nodes"]]
        assert found["pageInfo"]["hasPreviousPage"] is (after is not None)
        if not found["pageInfo"]["hasNextPage"]:
            return keys
        after = found["pageInfo"]["endCursor"]


async def backward(client: Client, query: str, size: int, order: Any) -> list[str]:
    keys: list[str] = []
    before = None
    while True:
        found = await page(client, query, last=size, before=before, order=order)
        keys[:0] = [node["key"] for node in found["nodes"]]
        assert found["pageInfo"]["hasNextPage"] is (before is not None)
        if not found["pageInfo"]["hasPreviousPage"]:
            return keys
        before = found["pageInfo"]["startCursor"]


ORDERS = {
    ROOT: ("START", "END", "KEY", "CREATED"),
    NESTED: ("START", "END", "KEY", "CREATED"),
    LINKED: ("TITLE", "KEY", "MODIFIED"),
}


@given(data=st.data())
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@pytest.mark.parametrize("query", [ROOT, NESTED, LINKED], ids=["root", "nested", "linked"])
async def test_every_order_and_page_size_gives_one_sequence(
    walked: tuple[Client, Database], query: str, data: st.DataObject
) -> None:
    client, _ = walked
    term = st.fixed_dictionaries(
        {"field": st.sampled_from(ORDERS[query]), "direction": st.sampled_from(("ASC", "DESC"))}
    )
    order = data.draw(st.lists(term, max_size=3))
    whole = [node["key"] for node in (await page(client, query, first=COUNT, order=order))["nodes"]]
    assert len(set(whole)) == COUNT
    size = data.draw(st.integers(1, COUNT))
    assert await forward(client, query, size, order) == whole
    assert await backward(client, query, size, order) == whole


@pytest.mark.parametrize("query", [ROOT, NESTED, LINKED], ids=["root", "nested", "linked"])
async def test_every_page_size_in_the_default_order(walked: tuple[Client, Database], query: str) -> None:
    client, _ = walked
    whole = [node["key"] for node in (await page(client, query, first=COUNT))["nodes"]]
    for size in range(1, COUNT + 1):
        assert await forward(client, query, size, None) == whole
        assert await backward(client, query, size, None) == whole


async def test_the_order_is_the_one_asked_for_and_absent_counts_as_least(
    walked: tuple[Client, Database],
) -> None:
    client, _ = walked
    order = [{"field": "START", "direction": "DESC"}, {"field": "KEY", "direction": "ASC"}]
    starts = {f"R{n}": _STARTS[n % 3] for n in range(COUNT)}
    least = dt.datetime.min.replace(tzinfo=dt.UTC)
    by_key = sorted(starts)
    expected = sorted(by_key, key=lambda key: starts[key] or least, reverse=True)
    # `reverse` keeps the order of equals, so keys stay ascending.
    assert await forward(client, ROOT, 4, order) == expected


async def test_the_default_order_of_a_link_is_its_position(walked: tuple[Client, Database]) -> None:
    client, _ = walked
    expected = sorted(range(COUNT), key=lambda n: (n * 7) % COUNT)
    assert await forward(client, LINKED, 3, None) == [f"X+{n + 1}" for n in expected]


INSERTED = {
    "root": """query ($first: Int, $after: String, $last: Int, $before: String, $order: [CourseRunOrder!]) {
      list: courseRuns(first: $first, after: $after, last: $last, before: $before, orderBy: $order) {
        nodes { key } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }""",
    "nested": """query ($first: Int, $after: String, $last: Int, $before: String, $order: [CourseRunOrder!]) {
      course(key: "C") { list: runs(first: $first, after: $after, last: $last, before: $before, orderBy: $order) {
        nodes { key } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }""",
}


@given(size=st.integers(1, COUNT), when=st.integers(0, COUNT), count=st.integers(1, 3))
@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@pytest.mark.parametrize("forwards", [True, False], ids=["forward", "backward"])
@pytest.mark.parametrize("place", INSERTED)
async def test_rows_inserted_behind_the_cursor_are_not_seen_and_move_nothing(
    database: Database, place: str, forwards: bool, size: int, when: int, count: int
) -> None:
    """Runs are walked down from the greatest key, either way, while still greater ones arrive."""
    async with database.session() as session:
        await session.execute(delete(Course))
    async with database.session() as session:
        course = Course(key="C")
        session.add(course)
        await session.flush()
        course_id = course.id
        session.add_all(CourseRun(key=f"K{n:03}", course_id=course_id) for n in range(100, 100 + COUNT))
    order = [{"field": "KEY", "direction": "DESC" if forwards else "ASC"}]
    number, cursor, more, end = (
        ("first", "after", "hasNextPage", "endCursor")
        if forwards
        else ("last", "before", "hasPreviousPage", "startCursor")
    )
    seen: list[str] = []
    place_in_list = None
    async with client_of(database) as client:
        for step in range(COUNT + 1):
            data = await client.ask(INSERTED[place], {number: size, cursor: place_in_list, "order": order})
            found = data["list"] if place == "root" else data["course"]["list"]
            keys = [node["key"] for node in found["nodes"]]
            seen += keys if forwards else reversed(keys)
            if step == min(when, COUNT // size):
                async with database.session() as session:
                    session.add_all(
                        CourseRun(key=f"K{n:03}", course_id=course_id) for n in range(900, 900 + count)
                    )
            if not found["pageInfo"][more]:
                break
            place_in_list = found["pageInfo"][end]
    assert seen == [f"K{n:03}" for n in reversed(range(100, 100 + COUNT))]


BAD_CURSORS = ["x", "", "!!!", "W10", "WzEsMl0", "bnVsbA", "eyJhIjoxfQ", "\x00", "\ud83d", "é" * 50]


@pytest.mark.parametrize("cursor", BAD_CURSORS)
@pytest.mark.parametrize("argument", ["after", "before"])
async def test_a_text_that_is_no_cursor_is_refused_by_name(
    walked: tuple[Client, Database], cursor: str, argument: str
) -> None:
    client, _ = walked
    errors = await client.errors(
        f"query ($c: String!) {{ courses({argument}: $c) {{ nodes {{ key }} }} }}",
        {"c": cursor.encode("utf-8", "replace").decode()},
    )
    assert errors[0]["extensions"] == {"code": "BAD_USER_INPUT", "field": argument}


async def test_a_cursor_of_another_order_is_refused(walked: tuple[Client, Database]) -> None:
    client, _ = walked
    cursor = (await page(client, ROOT, first=1))["pageInfo"]["endCursor"]
    errors = await client.errors(ROOT, {"after": cursor, "order": [{"field": "KEY"}]}, key=STAFF_KEY)
    assert errors[0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert "another order" in errors[0]["message"]


async def test_a_cursor_with_a_greater_number_than_its_column_can_hold(
    walked: tuple[Client, Database],
) -> None:
    client, _ = walked
    cursor = encode("position:0,id:0", [2**40, 1])
    assert (await page(client, LINKED, after=cursor))["nodes"] == []
    assert len((await page(client, LINKED, last=100, before=cursor))["nodes"]) == COUNT


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("first: -1", "first: must be between 0 and 100, not -1"),
        ("last: -1", "last: must be between 0 and 100, not -1"),
        ("first: 101", "first: must be between 0 and 100, not 101"),
        ("last: 101", "last: must be between 0 and 100, not 101"),
        ("first: 1, last: 1", "first and last cannot be given together"),
    ],
)
async def test_page_sizes_out_of_bounds_are_refused(
    walked: tuple[Client, Database], arguments: str, message: str
) -> None:
    client, _ = walked
    errors = await client.errors(f"{{ courses({arguments}) {{ nodes {{ key }} }} }}")
    assert [error["message"] for error in errors] == [message]
    assert errors[0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_the_greatest_and_the_least_page_size_work(walked: tuple[Client, Database]) -> None:
    client, _ = walked
    assert len((await client.ask("{ courses(first: 100) { nodes { key } } }"))["courses"]["nodes"]) == COUNT
    empty = (await page(client, ROOT, first=0))["pageInfo"]
    assert (empty["hasNextPage"], empty["startCursor"]) == (True, None)
