"""Every limit: just below it an operation runs, just above it is refused and says which limit it was."""

import asyncio
import datetime as dt
import gc
import tracemalloc
from collections.abc import AsyncIterator
from typing import Any

import graphql
import pytest
from sqlalchemy import text

from app.db.engine import Database
from app.db.models import Course, CourseRun
from app.db.reader import Reader
from app.errors import Unavailable
from app.graphql.budget import Purse
from app.graphql.limits import Measurer
from app.main import create_app
from app.settings import Settings
from resolvers.context import PageLimits
from schema.build import SCHEMA
from schema.relay import encode_id
from tests.databases import DIALECTS, Databases
from tests.graphql.clients import STAFF_KEY, Client, add_user, client_of


@pytest.fixture(scope="module", params=DIALECTS)
async def database(request: pytest.FixtureRequest, databases: Databases) -> Database:
    made = await databases.empty(request.param)
    await add_user(made, "staff", STAFF_KEY, is_staff=True)
    async with made.session() as session:
        course = Course(key="C+1")
        session.add(course)
        await session.flush()
        session.add(CourseRun(key="R", course_id=course.id))
    return made


@pytest.fixture
async def client(database: Database) -> AsyncIterator[Client]:
    async with client_of(database) as made:
        yield made


def fields(count: int) -> str:
    """A query of so many fields."""
    return "{ courses { nodes { " + "title " * (count - 2) + "} } }"


def deep(count: int) -> str:
    """A query of so many levels: `courses`, `nodes`, then links between course and run, then a leaf."""
    steps = ["courses", "nodes"]
    while len(steps) < count - 1:
        steps += ["runs(first: 1)", "nodes", "course"]
    steps = steps[: count - 1]
    leaf = "__typename"
    for step in reversed(steps):
        leaf = f"{step} {{ {leaf} }}"
    return f"{{ {leaf.replace('courses', 'courses(first: 1)', 1)} }}"


def spread_over_fragments(item: str, count: int) -> str:
    """A query that has an item so many times by spreading one fragment."""
    spreads = "...F " * (count // 5) + " ".join(item.format(n=n) for n in range(count % 5))
    five = " ".join(item.format(n=f"f{n}") for n in range(5))
    return f"{{ courses {{ nodes {{ key {spreads} }} }} }} fragment F on Course {{ {five} }}"


LIMITS: dict[str, tuple[Any, int]] = {
    "depth": (deep, 20),
    "root fields": (lambda count: "{ " + "__typename " * count + "}", 20),
    "aliases": (lambda count: spread_over_fragments("a{n}: title", count), 60),
    "directives": (lambda count: spread_over_fragments("title @skip(if: false)", count), 60),
    "fields": (fields, 400),
    "cost": (
        lambda count: (
            f"{{ courses(first: 100) {{ nodes {{ runs(first: 100) {{ nodes {{ course {{ runs(first: 1) {{ nodes {{ course {{ key }} }} }} }} }} }} }} }} a: courses(first: {count - 40_100 - 9_800}) {{ totalCount }} b: courses(first: 100) {{ nodes {{ runs(first: 97) {{ totalCount }} }} }} }}"
        ),
        50_000,
    ),
}


@pytest.mark.parametrize("name", LIMITS)
async def test_each_limit_of_an_operation(client: Client, name: str) -> None:
    make, maximum = LIMITS[name]
    assert await client.ask(make(maximum))
    (error,) = await client.errors(make(maximum + 1))
    assert error["extensions"] == {"code": "COST_EXCEEDED", "limit": name, "maximum": maximum}
    assert str(maximum) in error["message"]


@pytest.mark.parametrize("other", ["fragment F on Course", "query B"])
async def test_fields_that_the_operation_does_not_use_are_validated_and_so_limited(
    client: Client, other: str
) -> None:
    async def error(count: int) -> Any:
        document = f"query A {{ __typename }} {other} {{ {'nonsense ' * count} }}"
        response = await client.post(document, operationName="A")
        return response.json()["errors"][0]["extensions"]

    assert (await error(399))["code"] == "BAD_USER_INPUT"
    assert await error(400) == {"code": "COST_EXCEEDED", "limit": "fields", "maximum": 400}


async def test_the_limit_on_values(client: Client) -> None:
    def values(last: int) -> str:
        runs = f"runs(first: 100) {{ nodes {{ {'key ' * 24} }} }}"
        return f"{{ courses(first: 100) {{ nodes {{ {runs} }} }} courseRuns(first: 100) {{ nodes {{ {'key ' * 99} }} }} a: courses(first: {last}) {{ nodes {{ key }} }} }}"

    # 100 x 100 x 24 and 100 x 99, and as many as are left
    assert await client.ask(values(100))
    (error,) = await client.errors(values(101))
    assert error["extensions"] == {"code": "COST_EXCEEDED", "limit": "values", "maximum": 250_000}


async def test_the_limit_on_tokens(client: Client) -> None:
    def tokens(fields: int) -> str:
        # A name, two keywords or braces each, and four tokens a variable, which is unused and so refused.
        return f"query A({'$a: Int ' * 748}) {{ {'__typename ' * fields} }}"

    assert "more than" not in (await client.errors(tokens(2)))[0]["message"]
    (error,) = await client.errors(tokens(3))
    assert "more than 3000 tokens" in error["message"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


async def test_the_limit_on_the_body(client: Client) -> None:
    def body(size: int) -> bytes:
        start, end = b'{"query": "{ __typename }"', b"}"
        return start + b" " * (size - len(start) - len(end)) + end

    headers = {"content-type": "application/json"}
    assert (await client.http.post("/graphql", content=body(131_072), headers=headers)).status_code == 200
    too_large = await client.http.post("/graphql", content=body(131_073), headers=headers)
    assert too_large.status_code == 413
    assert too_large.json()["errors"][0]["extensions"]["maximum"] == 131_072

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(131_073):
            yield b" "

    assert (await client.http.post("/graphql", content=chunks(), headers=headers)).status_code == 413


async def test_the_limit_on_ids(client: Client) -> None:
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    id_ = encode_id("Course", 1)
    assert await client.ask(query, {"ids": [id_] * 100}) == {"nodes": [{"id": id_}] * 100}
    (error,) = await client.errors(query, {"ids": [id_] * 101})
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "ids", "maximum": 100}


async def test_the_limit_on_the_days_of_a_series(client: Client) -> None:
    query = """query ($start: Date!, $end: Date!) {
      courseRun(key: "R") { analytics { enrollmentDaily(start: $start, end: $end) { count } } }
    }"""
    end = dt.date(2026, 1, 1)
    longest = {"start": str(end - dt.timedelta(7320)), "end": str(end)}
    assert await client.ask(query, longest, key=STAFF_KEY)
    (error,) = await client.errors(
        query, {"start": str(end - dt.timedelta(7321)), "end": str(end)}, key=STAFF_KEY
    )
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "start", "maximum": 7320}


async def test_the_budget_of_a_minute(database: Database) -> None:
    async with client_of(database, cost_per_minute=25) as client:
        query = "{ courses { totalCount } rateLimit { cost limit remaining resetAt } }"
        first = (await client.ask(query))["rateLimit"]
        assert (first["cost"], first["limit"], first["remaining"]) == (21, 25, 4)
        refused = await client.post(query)
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert refused.json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
        # Another viewer has a budget of its own, and a cheap operation still fits into this one.
        assert (await client.ask(query, key=STAFF_KEY))["rateLimit"]["remaining"] == 4
        assert await client.ask("{ __typename }")


def test_a_budget_is_renewed_with_the_minute() -> None:
    assert Purse(10).spend("a", 10, dt.datetime.now(dt.UTC), paid=4).remaining == 4
    purse = Purse(10)
    start = dt.datetime(2026, 1, 1, 0, 0, 59, 999_999, dt.UTC)
    assert purse.spend("a", 10, start).remaining == 0
    assert purse.spend("a", 10, start + dt.timedelta(microseconds=1)).remaining == 0
    assert Purse(0).spend("a", 10**9, start).limit is None


SLOW = {
    "sqlite": "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 1000000000) SELECT count(*) FROM n",
    "postgresql": "SELECT pg_sleep(30)",
}


@pytest.mark.parametrize("number", [1, 2], ids=["list at the root", "lists below it"])
async def test_the_time_limit_stops_the_database_too(
    database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, number: int
) -> None:
    from app.db.reader import Reader

    real = Reader.raw
    statements = 0

    async def slow(self: Reader, sql: str, parameters: Any) -> Any:
        nonlocal statements
        statements += 1
        if statements == number:
            await real(self, SLOW[self.dialect], [])
        return await real(self, sql, parameters)

    query = "{ courses { nodes { key runs { nodes { key } } owners { nodes { key } } } } }"
    data = {
        "courses": {"nodes": [{"key": "C+1", "runs": {"nodes": [{"key": "R"}]}, "owners": {"nodes": []}}]}
    }
    async with client_of(database, operation_timeout=0.3, database_pool_size=1) as client:
        monkeypatch.setattr(Reader, "raw", slow)
        answer = (await client.post(query)).json()
        monkeypatch.undo()
        assert answer["errors"][0]["extensions"] == {
            "code": "COST_EXCEEDED",
            "limit": "seconds",
            "maximum": 0.3,
        }
        # The only connection of the pool is free again: nothing runs on.
        assert await client.ask(query) == data
    gc.collect()
    assert caplog.text == ""
    if database.dialect == "postgresql":
        async with database.reader.connect() as connection:
            running = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(30)%' AND pid <> pg_backend_pid()"
            assert await connection.scalar(text(running)) == 0


async def test_who_leaves_takes_the_operation_along(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.db.reader import Reader

    real, started = Reader.rows, asyncio.Event()

    async def slow(self: Reader, statement: Any) -> Any:
        started.set()
        return await real(self, text(SLOW[self.dialect]))

    monkeypatch.setattr("app.graphql.presence._LONG", 0.01)
    monkeypatch.setattr(Reader, "rows", slow)
    url = database.url.render_as_string(hide_password=False)
    app = create_app(Settings(database_url=url, database_pool_size=1, webhook_worker=False))
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/graphql",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
    }
    messages = [{"type": "http.request", "body": b'{"query": "{ courses { totalCount } }"}'}]
    sent: list[Any] = []

    async def receive() -> Any:
        if messages:
            return messages.pop()
        await started.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    async with app.router.lifespan_context(app), asyncio.timeout(10):
        await app(scope, receive, send)
        assert sent == []
        monkeypatch.setattr(Reader, "rows", real)
        # The only connection of the pool is free again.
        messages.append({"type": "http.request", "body": b'{"query": "{ courses { totalCount } }"}'})
        started.clear()
        await app(scope, receive, send)
        assert b'"totalCount":1' in sent[1]["body"]


async def test_a_full_pool_is_unavailable_in_the_end(database: Database) -> None:
    url = database.url.render_as_string(hide_password=False)
    small = Database(url, pool_size=1, statement_timeout=0.05)
    held = await small.pool.take()
    with pytest.raises(Unavailable):
        await small.pool.take()
    small.pool.give_back(held)
    assert await small.pool.take() is held
    small.pool.give_back(held)
    await small.dispose()


async def test_a_server_that_is_too_busy_says_503(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    async def busy(*_: Any) -> None:
        raise Unavailable("busy")

    monkeypatch.setattr(Reader, "raw", busy)
    refused = await client.post("{ __typename }", key="some-key-0123456789ab")
    assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (503, "UNAVAILABLE")
    (error,) = await client.errors("{ courses { totalCount } }")
    assert error["extensions"]["code"] == "UNAVAILABLE"


LIMITS_OF_PAGES = PageLimits(20, 100, 100, 7320)


@pytest.mark.parametrize(
    ("query", "variables", "cost"),
    [
        ("{ __typename }", {}, 1),
        ('{ course(key: "x") { key title } }', {}, 1),
        ("{ courses { nodes { key } } }", {}, 20),
        ("{ courses(first: 3) { totalCount pageInfo { hasNextPage } edges { node { key } } } }", {}, 3),
        ("{ courses(last: 3) { nodes { runs(first: 2) { nodes { course { key } } } } } }", {}, 3 + 6 + 6),
        ("query ($n: Int) { courses(first: $n) { nodes { key } } }", {"n": 7}, 7),
        ("query ($n: Int = 9) { courses(first: $n) { nodes { key } } }", {}, 9),
        ("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ["a", "b"]}, 2),
        ('{ nodes(ids: ["a", "b", "c"]) { id } }', {}, 3),
        (
            "{ courses(first: 2) { nodes { ...F ...F } } } fragment F on Course { runs(first: 5) { totalCount } }",
            {},
            22,
        ),
        ('{ courseRun(key: "x") { analytics { enrollmentDaily { count } } } }', {}, 3),
        (
            'query ($s: Date) { courseRun(key: "x") { analytics { enrollmentByMode(start: $s, end: "2024-01-11") { audit } } } }',
            {"s": "2024-01-01"},
            12,
        ),
        (
            '{ courseRun(key: "x") { analytics { enrollmentByCountry(start: "2024-01-01", end: "2024-01-11") { count } } } }',
            {},
            502,
        ),
        ("query A { courses { totalCount } } query B { __typename }", {}, 20),
        (
            "{ searchContent(first: 3) { nodes { __typename } ...F } }"
            " fragment F on ContentSearchConnection { facets { levels(first: 5) { value } kinds { value } } }",
            {},
            3 + 5 + 20,
        ),
        ("{ searchContent(first: 0) { facets { levels { value } } } }", {}, 20),
    ],
)
def test_cost_is_the_number_of_objects(query: str, variables: dict[str, Any], cost: int) -> None:
    from graphql import OperationDefinitionNode, parse

    document = parse(query)
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    measurer = Measurer(SCHEMA._schema, document, LIMITS_OF_PAGES)
    for _ in range(2):
        assert measurer.size(operation, variables).cost == cost


def test_sizes_are_remembered_without_long_variables() -> None:
    document = graphql.parse("query ($c: String) { courses(after: $c) { nodes { key } } }")
    (operation,) = document.definitions
    assert isinstance(operation, graphql.OperationDefinitionNode)
    measurer = Measurer(SCHEMA._schema, document, LIMITS_OF_PAGES)
    tracemalloc.start()
    try:
        for n in range(50):
            assert measurer.size(operation, {"c": f"{n:100000}"}).cost == 20
        assert tracemalloc.get_traced_memory()[0] < 1_000_000
    finally:
        tracemalloc.stop()


async def test_the_cost_of_an_operation_is_in_its_answer(client: Client) -> None:
    query = "query ($n: Int!) { courses(first: $n) { totalCount } }"
    for n in (1, 2, 1):
        assert (await client.post(query, {"n": n})).json()["extensions"] == {"cost": n}


async def test_the_introspection_of_graphiql_is_within_the_limits(client: Client) -> None:
    from graphql import build_client_schema, get_introspection_query, print_schema

    full = get_introspection_query(
        specified_by_url=True,
        directive_is_repeatable=True,
        schema_description=True,
        input_value_deprecation=True,
    )
    rebuilt = build_client_schema(await client.ask(full))
    assert "type CourseRun implements Node" in print_schema(rebuilt)
