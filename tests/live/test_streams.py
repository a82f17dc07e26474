"""Subscriptions: who is told of what, each once and in order, over both transports."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import orjson
import pytest
from sqlalchemy import select
from sqlmodel import col
from starlette.requests import Request

from app.auth.secrets import hash_key
from app.db.engine import Database
from app.db.models import ApiKey, Course, CourseRun, CourseStaff, Event, User
from app.graphql import sse
from app.graphql.execute import Answer
from app.vocabulary import RunStatus
from schema.relay import encode_id
from tests.graphql.clients import STAFF_KEY, Statements, add_user
from tests.live.conftest import EVENTS, Server, event_ids, happen, log_in, serving
from tests.webhooks.conftest import hook, make_users, until, working
from tests.webhooks.receivers import receiving

ATTEMPTS = (
    "subscription ($after: ID, $id: ID) { deliveryAttempts(after: $after, subscription: $id)"
    " { id attempt { id status webhookId subscription { uuid } } } }"
)
START = encode_id("DomainEvent", 0)


async def names(socket: Any, number: int) -> list[str]:
    return [(await socket.next())["events"]["user"]["username"] for _ in range(number)]


async def test_what_happens_is_told_as_it_happens(server: Server, database: Database) -> None:
    await happen(database, 2)
    async with server.socket() as socket:
        await socket.init(STAFF_KEY)
        await socket.subscribe(EVENTS, after=START)
        await socket.subscribe(EVENTS, id_="2", types=["test.one"], after=START)
        told = [(await socket.next())["events"] for _ in range(2)]
        assert [it["type"] for it in told] == ["user.created"] * 2
        assert [it["id"] for it in told] == [
            encode_id("DomainEvent", id_) for id_ in await event_ids(database)
        ]
        later = await happen(database, 2)
        assert await names(socket, 2) == later
        async with database.session() as session:
            session.add_all([Event(type="test.two"), Event(type="test.one")])
        messages = [await socket.receive() for _ in range(3)]
        assert sorted((it["id"], it["payload"]["data"]["events"]["type"]) for it in messages) == [
            *(("1", "test.one"), ("1", "test.two"), ("2", "test.one"))
        ]
        await socket.send("complete", id="2")
        # Its id is free again.
        await socket.subscribe("{ viewer { username } }", id_="2")
        assert await socket.next("2") == {"viewer": {"username": "staff"}}
        assert await socket.receive() == {"type": "complete", "id": "2"}


async def test_without_a_place_only_what_is_new_is_told(server: Server, database: Database) -> None:
    await happen(database, 2)
    async with server.socket() as socket:
        await socket.init(STAFF_KEY)
        await socket.subscribe(EVENTS)
        told = asyncio.create_task(names(socket, 1))
        new: list[str] = []
        while not told.done():
            new += await happen(database)
            await asyncio.wait([told], timeout=0.3)
        assert (await told)[0] in new


async def test_clients_that_come_back_miss_nothing_and_see_nothing_twice(
    server: Server, database: Database
) -> None:
    """Whichever transport they come by, and while events go on."""
    made: list[str] = []

    async def go_on() -> None:
        for _ in range(40):
            made.extend(await happen(database))

    writing = asyncio.create_task(go_on())
    seen: list[str] = []
    after = START
    for turn in range(1, 8):
        if turn % 2:
            async with server.socket() as socket:
                await socket.init(STAFF_KEY)
                await socket.subscribe(EVENTS, after=after)
                for _ in range(turn):
                    event = (await socket.next())["events"]
                    seen.append(event["user"]["username"])
                    after = event["id"]
                socket.connection.transport.abort()
        else:
            async with server.stream(EVENTS, STAFF_KEY, last_event_id=after) as (_, messages):
                for _ in range(turn):
                    message = await anext(messages)
                    seen.append(orjson.loads(message["data"])["data"]["events"]["user"]["username"])
                    after = message["id"]
    await writing
    async with server.socket() as socket:
        await socket.init(STAFF_KEY)
        await socket.subscribe(EVENTS, after=after)
        seen += await names(socket, len(made) - len(seen))
    assert seen == made


async def test_a_long_backlog_is_told_in_a_fixed_number_of_statements(
    server: Server, database: Database
) -> None:
    users = [await add_user(database, f"u{number}") for number in range(10)]
    async with database.session() as session:
        session.add_all([Event(type="test", user_id=users[number % 10]) for number in range(120)])
    seen = []
    for number in (20, 50):
        async with server.socket() as socket:
            last = (await event_ids(database))[-number - 1]
            await socket.init(STAFF_KEY)
            with Statements() as statements:
                await socket.subscribe(EVENTS, after=encode_id("DomainEvent", last))
                for _ in range(number):
                    await socket.next()
            seen.append(sum("pg_locks" not in it and "max(" not in it for it in statements.seen))
    assert seen[0] == seen[1] <= 3
    async with server.socket() as socket:
        await socket.init(STAFF_KEY)
        await socket.subscribe(EVENTS, after=START)
        assert await names(socket, 120) == [f"u{number % 10}" for number in range(120)]


async def test_who_is_told_of_what(server: Server, database: Database) -> None:
    """By the stream as by `node`, and what hangs on an event is no way around."""
    keys: dict[str, str | None] = {"stranger": None, "staff": STAFF_KEY}
    ids = {}
    for name in ("learner", "other", "assistant"):
        keys[name] = f"{name}-key-0123456789-0"
        ids[name] = await add_user(database, f"the-{name}", keys[name])
    async with database.session() as session:
        course = Course(key="Org+C")
        session.add(course)
        await session.flush()
        runs = [
            CourseRun(key=name, course_id=course.id, status=status)
            for name, status in (("open", RunStatus.PUBLISHED), ("hidden", RunStatus.UNPUBLISHED))
        ]
        session.add_all(runs)
        await session.flush()
        shown, hidden = (run.id for run in runs)
        session.add_all([CourseStaff(user_id=ids["assistant"], run_id=run) for run in (shown, hidden)])
        events = [
            Event(type="test.of_learner", user_id=ids["learner"]),
            Event(type="test.of_other", user_id=ids["other"], run_id=shown),
            Event(type="test.open", run_id=shown),
            Event(type="test.hidden", run_id=hidden),
            Event(type="test.nothing"),
            Event(type="test.end", run_id=shown),
        ]
        session.add_all(events)
        await session.flush()
        all_ids = [encode_id("DomainEvent", event.id) for event in events]
    sees = {
        "stranger": ["open", "end"],
        "learner": ["of_learner", "open", "end"],
        "other": ["of_other", "open", "end"],
        "assistant": ["of_other", "open", "hidden", "end"],
        "staff": ["of_learner", "of_other", "open", "hidden", "nothing", "end"],
    }
    document = EVENTS.replace("type user", "type run { key } user")
    for who, types in sees.items():
        async with server.socket() as socket:
            await socket.init(keys[who])
            await socket.subscribe(document, after=START)
            told = [(await socket.next())["events"] for _ in types]
            assert [it["type"] for it in told] == [f"test.{type_}" for type_ in types]
            users = {it["user"]["username"] for it in told if it["user"]}
            assert users == {
                "staff": {"the-learner", "the-other"},
                "learner": {"the-learner"},
                "other": {"the-other"},
            }.get(who, set())
            query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
            await socket.subscribe(query, id_="2", ids=all_ids)
            found = [it["id"] for it in (await socket.next("2"))["nodes"] if it]
            assert found == [it["id"] for it in told]
    async with server.socket() as socket:
        await socket.init(keys["assistant"])
        await socket.subscribe(EVENTS, after=all_ids[-1])
        for is_staff in (True, False):
            if not is_staff:
                async with database.begin() as connection:
                    await connection.exec_driver_sql("DELETE FROM course_staff")
            async with database.session() as session:
                session.add(Event(type="test.of_other", user_id=ids["other"], run_id=shown))
            async with database.session() as session:
                session.add(Event(type="test.end", run_id=shown))
            for type_ in ["test.of_other"] * is_staff + ["test.end"]:
                assert (await socket.next())["events"]["type"] == type_


async def test_attempts_to_deliver_are_told_when_made_and_when_over(
    server: Server, database: Database
) -> None:
    async with receiving() as receiver:
        await hook(database, receiver.url())
        await add_user(database, "colleague", "colleague-key-01234", is_staff=True)
        await add_user(database, "root", "root-key-0123456789", is_staff=True, is_superuser=True)
        async with server.socket() as root, server.socket() as colleague:
            await root.init("root-key-0123456789")
            await colleague.init("colleague-key-01234")
            for socket in (root, colleague):
                await socket.subscribe(ATTEMPTS, after=encode_id("DeliveryChange", 0))
            await make_users(database, "ann")
            made = (await root.next())["deliveryAttempts"]
            assert made["attempt"]["status"] == "PENDING"
            async with working(database):
                over = (await root.next())["deliveryAttempts"]
            assert over["attempt"] == made["attempt"] | {"status": "SUCCESSFUL"}
            # It is the subscription of somebody else, who alone follows it, with superusers.
            await colleague.send("ping")
            assert await colleague.receive() == {"type": "pong"}
            answer = await ask(
                server, "query ($id: ID!) { node(id: $id) { id } }", "colleague-key-01234", id=over["id"]
            )
            assert answer == {"data": {"node": None}, "extensions": answer["extensions"]}
            await root.send("complete", id="1")
            await root.subscribe(ATTEMPTS, after=made["id"])
            assert (await root.next())["deliveryAttempts"] == over


async def test_attempts_of_one_subscription(server: Server, database: Database) -> None:
    one, two = await hook(database, "https://one.example/"), await hook(database, "https://two.example/")
    key = "admin-key-0123456789"
    await give_key(database, "admin", key)
    await make_users(database, "ann", "bob")
    async with server.socket() as socket:
        await socket.init(key)
        place = encode_id("DeliveryChange", 0)
        await socket.subscribe(ATTEMPTS, after=place, id=encode_id("WebhookSubscription", two))
        told = [(await socket.next())["deliveryAttempts"]["attempt"] for _ in range(2)]
        assert len({it["subscription"]["uuid"] for it in told}) == 1
        await socket.subscribe(ATTEMPTS, id_="2", id=encode_id("WebhookSubscription", two + 1))
        message = await socket.receive()
        assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "NOT_FOUND")
    async with server.socket() as socket:
        await socket.init(STAFF_KEY)
        await socket.subscribe(ATTEMPTS, id=encode_id("WebhookSubscription", one))
        message = await socket.receive()
        assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "NOT_FOUND")


async def test_queries_mutations_and_errors_over_a_socket(server: Server, database: Database) -> None:
    async with server.socket() as socket:
        await socket.init(STAFF_KEY)
        mutation = (
            'mutation { createUser(input: {username: "made", email: "made@example.org"}) { __typename } }'
        )
        await socket.subscribe(mutation)
        assert await socket.next() == {"createUser": {"__typename": "UserSaved"}}
        assert await socket.receive() == {"type": "complete", "id": "1"}
        for query, code in (
            ("{ nothing }", "BAD_USER_INPUT"),
            ("{", "BAD_USER_INPUT"),
            ("subscription { events { id } deliveryAttempts { id } }", "BAD_USER_INPUT"),
            ('subscription { events(after: "x") { id } }', "BAD_USER_INPUT"),
            (f'subscription {{ deliveryAttempts(after: "{START}") {{ id }} }}', "BAD_USER_INPUT"),
            ('subscription { events(types: ["\\u0000"]) { id } }', "BAD_USER_INPUT"),
            (
                f"subscription {{ events(types: {orjson.dumps(['a'] * 101).decode()}) {{ id }} }}",
                "BAD_USER_INPUT",
            ),
            ("subscription { events { id type " + "type " * 400 + "} }", "COST_EXCEEDED"),
        ):
            await socket.subscribe(query)
            message = await socket.receive()
            assert (message["type"], message["id"]) == ("error", "1"), query
            assert message["payload"][0]["extensions"]["code"] == code, message
        await socket.subscribe("{ node(id: 1) { id } viewer { username } }")
        message = await socket.receive()
        assert message["type"] == "next"
        assert message["payload"]["data"] == {"node": None, "viewer": {"username": "staff"}}
        assert message["payload"]["errors"][0]["path"] == ["node"]


async def test_limits_hold_for_streams(database: Database) -> None:
    await add_user(database, "staff", STAFF_KEY, is_staff=True)
    await happen(database, 30)
    async with serving(database, max_streams=2, cost_per_minute=20) as server, server.socket() as socket:
        await socket.init(STAFF_KEY)
        for id_ in ("1", "2", "3"):
            await socket.subscribe(EVENTS, id_=id_)
        message = await socket.receive()
        assert (message["id"], message["type"]) == ("3", "error")
        assert message["payload"][0]["extensions"] == {"code": "RATE_LIMITED", "maximum": 2}
        async with server.stream(EVENTS, STAFF_KEY) as (_, messages):
            told = orjson.loads((await anext(messages))["data"])
            assert told["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
        for id_ in ("1", "2"):
            await socket.send("complete", id=id_)
        await until(lambda: not server.streams)
        await socket.subscribe(EVENTS, after=START)
        message = await socket.receive()
        assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "RATE_LIMITED")


async def test_answers_as_server_sent_events(server: Server, database: Database) -> None:
    async with server.stream("{ viewer { username } }", STAFF_KEY) as (response, messages):
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert response.headers["cache-control"] == "no-store"
        blocks = [block async for block in messages]
        assert [it["event"] for it in blocks] == ["next", "complete"]
        assert blocks[1]["data"] == ""
        assert orjson.loads(blocks[0]["data"])["data"] == {"viewer": {"username": "staff"}}
    async with server.stream("{ nothing }") as (response, messages):
        assert response.status_code == 200
        first, last = [block async for block in messages]
        assert orjson.loads(first["data"])["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
        assert last["event"] == "complete"
    for key, method, headers, status in (
        ("no-such-key", "POST", {}, 401),
        (STAFF_KEY, "PUT", {}, 405),
        (STAFF_KEY, "GET", {}, 403),
        (STAFF_KEY, "GET", {"sec_fetch_site": "cross-site"}, 403),
        (STAFF_KEY, "GET", {"sec_fetch_site": "same-origin"}, 200),
        (STAFF_KEY, "GET", {"x_require_preflight": "1"}, 200),
    ):
        query = "{ viewer { username } }"
        async with server.stream(query, key, method, **headers) as (response, _):
            assert response.status_code == status
    mutation = 'mutation { createUser(input: {username: "a", email: "a@example.org"}) { __typename } }'
    async with server.stream(mutation, STAFF_KEY, "GET", sec_fetch_site="same-origin") as (_, messages):
        told = orjson.loads((await anext(messages))["data"])
        assert told["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    refusal = await ask(server, "subscription { events { id } }", STAFF_KEY)
    assert refusal["errors"][0]["message"] == "Subscriptions need a WebSocket or Accept: text/event-stream"


async def test_browsers_come_back_by_themselves(server: Server, database: Database) -> None:
    """As `EventSource` does: GET, the cookie, the place in a header that scripts cannot set."""
    cookie = await log_in(database, await add_user(database, "browser", is_staff=True))
    made = await happen(database, 3)
    headers = {"cookie": cookie, "sec_fetch_site": "same-origin"}
    first = encode_id("DomainEvent", (await event_ids(database))[0])
    async with server.stream(EVENTS, None, "GET", last_event_id=first, **headers) as (_, messages):
        told = [orjson.loads((await anext(messages))["data"])["data"]["events"] for _ in range(2)]
        assert [it["user"]["username"] for it in told] == made[1:]


async def test_silence_is_filled_and_who_leaves_is_noticed(
    server: Server, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sse, "_KEEP_ALIVE_SECONDS", 0.05)
    async with server.stream(EVENTS, STAFF_KEY) as (response, _):
        lines = response.aiter_lines()
        assert [await anext(lines) for _ in range(6)] == [":", ""] * 3
        assert len(server.streams) == 1
    await until(lambda: not server.streams)


@pytest.mark.parametrize("block", [b"next", b"complete", b""])
async def test_a_client_of_events_that_takes_nothing_is_given_up(
    block: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sse, "_SEND_SECONDS", 0.05)
    closed: list[bool] = []

    async def answers() -> AsyncGenerator[Answer]:
        try:
            yield Answer({"data": None}, executed=True)
        finally:
            closed.append(True)

    async def receive() -> Any:
        await asyncio.Future()

    async def send(message: Any) -> None:
        body = message.get("body", b"-")
        if body == block or (block and block in body):
            await asyncio.Future()

    scope = {"type": "http", "method": "POST", "path": "/graphql", "headers": []}
    async with asyncio.timeout(10):
        await sse.EventStream(Request(scope, receive), answers())(scope, receive, send)
    assert closed == [True]


async def give_key(database: Database, username: str, key: str) -> None:
    async with database.session() as session:
        user = (await session.scalars(select(User).where(col(User.username) == username))).one()
        session.add(ApiKey(user_id=user.id, key_hash=hash_key(key)))


async def ask(server: Server, query: str, key: str, **variables: Any) -> Any:
    async with httpx.AsyncClient() as client:
        response = await client.post(
            f"http://{server.host}/graphql",
            json={"query": query, "variables": variables},
            headers={"authorization": f"Token {key}"},
        )
    return response.json()
