"""Transactions of mutations: stopped, waited for, measured, and seen at once."""

import asyncio
import gc
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlmodel import col
from starlette.requests import ClientDisconnect, Request

from app.db.engine import Database
from app.db.models import Event, User
from app.errors import Unavailable
from app.graphql.presence import Presence
from app.main import create_app
from app.settings import Settings
from tests.graphql.clients import STAFF_KEY, Client, add_user, client_of

CREATE = """mutation ($input: CreateUserInput!) { createUser(input: $input) {
  __typename ... on UserSaved { user { username } } ... on Error { message }
} }"""
SLOW = {
    "sqlite": "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 1000000000) SELECT count(*) FROM n",
    "postgresql": "SELECT pg_sleep(30)",
}


async def usernames(database: Database) -> list[str]:
    async with database.session() as session:
        return list(await session.scalars(select(col(User.username)).order_by(col(User.id))))


@pytest.fixture
async def staffed(database: Database) -> AsyncIterator[Database]:
    await add_user(database, "staff", STAFF_KEY, is_staff=True)
    yield database


def slow_create(dialect: str, started: asyncio.Event) -> Any:
    """Adds the user, and then takes long."""
    from app.auth.accounts import create_user

    async def slow(session: Any, *values: Any, **columns: Any) -> User | None:
        created = await create_user(session, *values, **columns)
        started.set()
        await session.execute(text(SLOW[dialect]))
        return created

    return slow


async def test_the_time_limit_rolls_back(
    staffed: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    variables = {"input": {"username": "ada"}}
    async with client_of(staffed, operation_timeout=0.2, database_pool_size=1) as client:
        monkeypatch.setattr("app.auth.accounts.create_user", slow_create(staffed.dialect, asyncio.Event()))
        answer = (await client.post(CREATE, variables, key=STAFF_KEY)).json()
        monkeypatch.undo()
        assert answer["errors"][0]["extensions"]["code"] == "COST_EXCEEDED"
        assert "may have taken effect" in answer["errors"][0]["message"]
        assert answer["data"] is None
        assert await usernames(staffed) == ["staff"]
    # The only connection that writes is free again.
    async with client_of(staffed, database_pool_size=1) as client:
        assert (await client.ask(CREATE, variables, key=STAFF_KEY))["createUser"]["user"] == {
            "username": "ada"
        }
    gc.collect()
    assert caplog.text == ""


async def test_who_leaves_leaves_nothing_behind(staffed: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    started = asyncio.Event()
    monkeypatch.setattr("app.graphql.presence._LONG", 0.01)
    monkeypatch.setattr("app.auth.accounts.create_user", slow_create(staffed.dialect, started))
    url = staffed.url.render_as_string(hide_password=False)
    app = create_app(Settings(database_url=url, database_pool_size=1, webhook_worker=False))
    key = f"Token {STAFF_KEY}".encode()
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/graphql",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json"), (b"authorization", key)],
    }
    body = json.dumps({"query": CREATE, "variables": {"input": {"username": "ada"}}}).encode()
    messages = [{"type": "http.request", "body": body}]
    sent: list[Any] = []

    async def receive() -> Any:
        if messages:
            return messages.pop()
        await started.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    async with app.router.lifespan_context(app), asyncio.timeout(20):
        await app(scope, receive, send)
        assert sent == []
        assert await usernames(staffed) == ["staff"]
        monkeypatch.undo()
        messages.append({"type": "http.request", "body": body})
        await app(scope, receive, send)
        assert b'"username":"ada"' in sent[1]["body"]


async def test_writing_is_not_waited_for_forever(database: Database) -> None:
    url = database.url.render_as_string(hide_password=False)
    small = Database(url, pool_size=1, statement_timeout=0.05)
    async with small.session():
        with pytest.raises(Unavailable):
            async with small.session():
                pass
    async with small.session():
        pass
    await small.dispose()


async def test_another_process_that_writes_is_not_waited_for_forever(databases: Any) -> None:
    """On SQLite all processes share one lock."""
    database = await databases.empty("sqlite")
    url = database.url.render_as_string(hide_password=False)
    small = Database(url, statement_timeout=0.05)
    async with database.session():
        with pytest.raises(Unavailable):
            async with small.session():
                pass
    async with small.session():
        pass
    await small.dispose()


async def test_who_cannot_write_is_told_to_come_again(
    staffed: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: Any) -> Any:
        raise Unavailable("busy")

    async with client_of(staffed) as client:
        monkeypatch.setattr(Database, "session", busy)
        (error,) = await client.errors(CREATE, {"input": {"username": "ada"}}, key=STAFF_KEY)
        assert error["extensions"] == {"code": "UNAVAILABLE"}


async def test_simultaneous_makers_of_one_user(staffed: Database) -> None:
    async with client_of(staffed, cost_per_minute=0) as client:
        answers = await asyncio.gather(
            *(client.ask(CREATE, {"input": {"username": "ada"}}, key=STAFF_KEY) for _ in range(8))
        )
    types = sorted(answer["createUser"]["__typename"] for answer in answers)
    assert types == ["UserSaved"] + ["ValidationError"] * 7
    assert await usernames(staffed) == ["staff", "ada"]
    async with staffed.session() as session:
        assert len(list(await session.scalars(select(Event)))) == 1


@pytest.fixture
async def client(staffed: Database) -> AsyncIterator[Client]:
    async with client_of(staffed) as client:
        yield client


async def test_fields_of_a_mutation_run_one_after_another(client: Client) -> None:
    one = "createUser(input: {username: %s}) { ... on UserSaved { user { username } } }"
    names = [f"user{number}" for number in range(20)]
    body = " ".join(f"{name}: {one % json.dumps(name)}" for name in names)
    data = await client.ask(f"mutation {{ {body} }}", key=STAFF_KEY)
    assert [data[name]["user"]["username"] for name in names] == names
    query = "{ users(first: 30, orderBy: [{field: DATE_JOINED}]) { nodes { username } } }"
    seen = (await client.ask(query, key=STAFF_KEY))["users"]["nodes"]
    assert [node["username"] for node in seen] == ["staff", *names]


@pytest.mark.parametrize(
    ("mutation", "limit"),
    [
        (
            " ".join(f'm{n}: createUser(input: {{username: "x"}}) {{ __typename }}' for n in range(21)),
            "root fields",
        ),
        (
            'createUser(input: {username: "x"}) { ... on UserSaved { user { enrollments(first: 100) { nodes { run {'
            " enrollments(first: 100) { nodes { run { enrollments(first: 100) { nodes { mode } } } } } } } } } } }",
            "cost",
        ),
    ],
)
async def test_mutations_have_the_limits_of_queries(client: Client, mutation: str, limit: str) -> None:
    (error,) = await client.errors(f"mutation {{ {mutation} }}", key=STAFF_KEY)
    assert (error["extensions"]["code"], error["extensions"]["limit"]) == ("COST_EXCEEDED", limit)


async def test_a_mutation_is_not_sent_by_get(client: Client) -> None:
    response = await client.http.get(
        "/graphql",
        params={"query": 'mutation { createUser(input: {username: "x"}) { __typename } }'},
        headers={"authorization": f"Token {STAFF_KEY}", "x-require-preflight": "1"},
    )
    assert response.status_code == 403


async def test_a_fault_is_masked_and_shows_no_values_in_the_log(
    staffed: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from app.auth.accounts import create_user

    async def faulty(session: Any, *values: Any, **columns: Any) -> Any:
        created = await create_user(session, *values, **columns)
        session.add(Event(type="user.created", user_id=2**40))
        return created

    monkeypatch.setattr("app.auth.accounts.create_user", faulty)
    async with client_of(staffed) as client:
        variables = {"input": {"username": "ada", "email": "ada@example.com"}}
        answer = (await client.post(CREATE, variables, key=STAFF_KEY)).json()
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["INTERNAL"]
    assert "FOREIGN KEY" in caplog.text.upper()
    assert "ada@example.com" not in caplog.text
    assert await usernames(staffed) == ["staff"]


async def test_what_fails_after_its_client_left_is_forgotten(recwarn: pytest.WarningsRecorder) -> None:
    left = asyncio.Event()

    async def receive() -> Any:
        await left.wait()
        return {"type": "http.disconnect"}

    async def work() -> None:
        left.set()
        # One after the other: first the leaving is noticed, then the fault is there too.
        await asyncio.sleep(0)
        raise ValueError

    faults: list[Any] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: faults.append(context))
    presence = Presence(Request({"type": "http"}, receive))
    presence.watch()
    with pytest.raises(ClientDisconnect):
        await presence.during(work())
    presence.close()
    gc.collect()
    loop.set_exception_handler(None)
    assert faults == []
