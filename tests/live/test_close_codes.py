"""The close codes of graphql-transport-ws, row by row."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import orjson
import pytest
from sqlalchemy import delete

from app.auth import credentials
from app.db.engine import Database
from app.db.models import ApiKey
from app.graphql import socket as module
from app.graphql.execute import Executor
from app.main import create_app
from app.settings import Settings
from resolvers import live
from tests.databases import Databases
from tests.graphql.clients import LEARNER_KEY, STAFF_KEY, add_user
from tests.live.conftest import EVENTS, PROTOCOL, Server, Socket, happen, log_in, serving, serving_users
from tests.webhooks.conftest import until

INIT: dict[str, Any] = {"type": "connection_init"}
SUBSCRIBE = {"type": "subscribe", "id": "1", "payload": {"query": EVENTS}}
QUERY = {"type": "subscribe", "id": "1", "payload": {"query": "{ viewer { username } }"}}


@pytest.fixture
async def database(databases: Databases) -> Database:
    """What closes a connection has nothing to do with the database."""
    return await databases.empty("sqlite")


@pytest.fixture(scope="module")
async def shared(databases: Databases) -> AsyncIterator[Server]:
    """A server for tests that leave it as it is."""
    async with serving_users(await databases.empty("sqlite")) as it:
        yield it


@pytest.mark.parametrize(
    ("code", "messages"),
    [
        (4400, [b"\x00"]),
        (4400, ["not JSON"]),
        (4400, ["[]"]),
        (4400, ['"connection_init"']),
        (4400, [{}]),
        (4400, [{"type": None}]),
        (4400, [{"type": ["connection_init"]}]),
        (4400, [{"type": "start"}]),
        (4400, [{"type": "connection_ack"}]),
        (4400, [INIT, {"type": "next", "id": "1", "payload": {}}]),
        (4400, [INIT | {"payload": []}]),
        (4400, [INIT | {"payload": {"Authorization": 1}}]),
        (4400, [INIT, {"type": "ping", "payload": 1}]),
        (4400, [INIT, {"type": "subscribe", "payload": {"query": EVENTS}}]),
        (4400, [INIT, SUBSCRIBE | {"id": ""}]),
        (4400, [INIT, SUBSCRIBE | {"id": 1}]),
        (4400, [INIT, SUBSCRIBE | {"payload": None}]),
        (4400, [INIT, SUBSCRIBE | {"payload": {}}]),
        (4400, [INIT, SUBSCRIBE | {"payload": {"query": 1}}]),
        (4400, [INIT, SUBSCRIBE | {"payload": {"query": EVENTS, "variables": []}}]),
        (4400, [INIT, SUBSCRIBE | {"payload": {"query": EVENTS, "operationName": {}}}]),
        (4400, [INIT, {"type": "complete"}]),
        (4401, [SUBSCRIBE]),
        (4401, [{"type": "ping"}, QUERY]),
        (4403, [INIT | {"payload": {"Authorization": "Token no-such-key"}}]),
        (4403, [INIT | {"payload": {"authorization": "Bearer no-such-token"}}]),
        (4409, [INIT, SUBSCRIBE, SUBSCRIBE]),
        (4409, [INIT, SUBSCRIBE, QUERY]),
        (4429, [INIT, INIT]),
        (4429, [INIT, SUBSCRIBE, INIT]),
    ],
)
async def test_what_clients_do_wrong(shared: Server, code: int, messages: list[Any]) -> None:
    async with shared.socket() as socket:
        for message in messages:
            sent = message if isinstance(message, str | bytes) else orjson.dumps(message).decode()
            await socket.connection.send(sent)
        assert (await socket.closed())[0] == code


@pytest.mark.parametrize("protocols", [["graphql-ws"], ["soap", "wamp"], []])
async def test_4406_for_another_protocol(shared: Server, protocols: list[str]) -> None:
    async with shared.socket(protocols) as socket:
        assert socket.connection.subprotocol is None
        assert await socket.closed() == (4406, "Subprotocol not acceptable")


async def test_the_protocol_is_chosen_among_several(shared: Server) -> None:
    async with shared.socket(["graphql-ws", PROTOCOL]) as socket:
        assert socket.connection.subprotocol == PROTOCOL
        await socket.init()


async def test_4408_for_silence(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_INIT_SECONDS", 0.05)
    async with server.socket() as socket:
        await socket.send("ping")
        assert await socket.closed() == (4408, "Connection initialisation timeout")
    async with server.socket() as socket:
        await socket.init()
        await asyncio.sleep(0.1)
        await socket.send("ping", payload={"a": 1})
        assert await socket.receive() == {"type": "pong", "payload": {"a": 1}}


async def test_4500_for_what_nobody_expected(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    async def stream(*_: object) -> AsyncIterator[None]:
        raise RuntimeError("secret")
        yield

    monkeypatch.setattr(Executor, "stream", stream)
    async with server.socket() as socket:
        await socket.init()
        await socket.subscribe("{ viewer { username } }")
        code, reason = await socket.closed()
        assert code == 4500
        assert reason.startswith("Something went wrong (error ")
        assert "secret" not in reason


async def test_1009_for_what_is_too_long(shared: Server) -> None:
    async with shared.socket() as socket:
        await socket.init()
        await socket.connection.send(" " * 131_073)
        assert (await socket.closed())[0] == 1009


async def test_1012_for_a_server_that_ends(database: Database) -> None:
    async with serving(database) as server, server.socket() as socket:
        await socket.init()
        await socket.subscribe(EVENTS)
        server.stop()
        assert (await socket.closed())[0] == 1012


async def test_4403_once_the_credentials_are_not_valid_any_more(
    server: Server, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credentials, "_REMEMBERED", dt.timedelta(seconds=0.2))
    await add_user(database, "gone", "gone-key-0123456789", is_staff=True)
    async with server.socket() as socket:
        await socket.init("gone-key-0123456789")
        await socket.subscribe(EVENTS, after=None)
        async with database.begin() as connection:
            await connection.exec_driver_sql("UPDATE \"user\" SET is_active = false WHERE username = 'gone'")
        closed = asyncio.create_task(socket.closed())
        # What was found is believed for a while.
        async with asyncio.timeout(20):
            while not closed.done():
                await happen(database)
                await asyncio.wait([closed], timeout=0.1)
        assert await closed == (4403, "Forbidden")


async def test_a_silent_stream_ends_with_its_credentials(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Although nothing happens that it would tell of."""
    monkeypatch.setattr(live, "_RENEW_SECONDS", 0.02)
    monkeypatch.setattr(credentials, "_REMEMBERED", dt.timedelta(0))
    key = "leaver-key-0123456789"
    await add_user(database, "leaver", key)
    async with serving(database) as server, server.socket() as socket:
        await socket.init(key)
        await socket.subscribe(EVENTS)
        async with server.stream(EVENTS, key) as (_, messages):
            await until(lambda: sum(server.streams.values()) == 2)
            async with database.begin() as connection:
                await connection.execute(delete(ApiKey))
            told = orjson.loads((await anext(messages))["data"])
            assert told["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
            assert (await anext(messages))["event"] == "complete"
        assert await socket.closed() == (4403, "Forbidden")
        await until(lambda: not server.streams)


async def test_4429_for_more_sockets_than_a_client_may_hold(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each user has his own, and who left makes room; strangers share those of their address."""
    monkeypatch.setattr(module, "_INIT_SECONDS", 60)
    await add_user(database, "staff", STAFF_KEY, is_staff=True)
    await add_user(database, "learner", LEARNER_KEY)
    too_many = (4429, "Too many sockets: at most 2 at a time")
    async with serving(database, max_sockets=2) as server, AsyncExitStack() as stack:

        async def open_one(key: str | None = None) -> Socket:
            socket = await stack.enter_async_context(server.socket())
            return await socket.init(key)

        for key in (STAFF_KEY, LEARNER_KEY, None):
            first, second = await open_one(key), await open_one(key)
            async with server.socket() as third:
                payload = {"Authorization": f"Token {key}"} if key else None
                await third.send("connection_init", payload=payload)
                assert await third.closed() == too_many
            if key:
                await first.connection.close()
                await open_one(key)
            await second.subscribe("{ viewer { username } }")
            await second.next()
        # Nobody takes the places of those who do not say yet who they are, but they themselves.
        for _ in range(2):
            await stack.enter_async_context(server.socket())
        async with server.socket() as silent:
            assert await silent.closed() == too_many


async def test_4403_for_pages_of_other_servers_with_a_cookie(server: Server, database: Database) -> None:
    cookie = await log_in(database, await add_user(database, "browser", is_staff=True))
    headers = {"cookie": cookie}
    for origin in ("https://evil.example", f"https://{server.host}", "null", None):
        async with server.socket(origin=origin, additional_headers=headers) as socket:
            await socket.send("connection_init")
            assert (await socket.closed())[0] == 4403
    own: Any = {"origin": f"http://{server.host}", "additional_headers": headers}
    for options, payload, who in (
        (own, None, "browser"),
        # What a page knows itself opens whatever page it is, and comes first.
        (own | {"origin": "https://evil.example"}, {"Authorization": f"Token {LEARNER_KEY}"}, "learner"),
        ({"additional_headers": {"authorization": f"Token {STAFF_KEY}"}}, {}, "staff"),
        ({"additional_headers": {"cookie": "sessionid=unknown"}}, {}, None),
    ):
        async with server.socket(**options) as socket:
            await socket.send("connection_init", payload=payload)
            assert await socket.receive() == {"type": "connection_ack"}
            await socket.subscribe("{ viewer { username } }")
            assert (await socket.next())["viewer"] == (who and {"username": who})
    async with server.socket(**own) as socket:
        await socket.init()
        async with database.begin() as connection:
            await connection.exec_driver_sql("DELETE FROM browser_session")
        await socket.subscribe("{ viewer { username } }")
        assert await socket.closed() == (4403, "Forbidden")


async def test_1013_for_a_client_that_takes_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_SEND_SECONDS", 0.05)
    url = database.url.render_as_string(hide_password=False)
    app = create_app(Settings(database_url=url, webhook_worker=False))
    messages: list[dict[str, Any]] = [
        {"type": "websocket.connect"},
        *({"type": "websocket.receive", "text": orjson.dumps(it).decode()} for it in (INIT, QUERY)),
    ]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return messages.pop(0) if messages else await asyncio.Future()

    async def send(message: dict[str, Any]) -> None:
        if '"next"' in message.get("text", ""):
            await asyncio.Future()
        sent.append(message)

    scope = {"type": "websocket", "path": "/graphql", "headers": [], "subprotocols": [PROTOCOL]}
    await app(scope, receive, send)  # type: ignore[arg-type]
    assert sent[-1]["type"] == "websocket.close"
    assert sent[-1]["code"] == 1013


async def test_nothing_is_said_to_a_client_that_has_hung_up(database: Database) -> None:
    """Also when it is one of too many, which are told so."""
    url = database.url.render_as_string(hide_password=False)
    app = create_app(Settings(database_url=url, webhook_worker=False, max_sockets=1))
    stays = asyncio.Event()

    async def talk(sent: list[str], *messages: str) -> None:
        """Open a socket that these messages come from, and note the kinds of what it is sent."""
        coming = list(messages)

        async def receive() -> dict[str, Any]:
            if not coming:
                await stays.wait()
            return {"type": coming.pop(0) if coming else "websocket.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message["type"])

        scope = {"type": "websocket", "path": "/graphql", "headers": [], "subprotocols": [PROTOCOL]}
        await app(scope, receive, send)  # type: ignore[arg-type]

    first, second = list[str](), list[str]()
    holding = asyncio.create_task(talk(first, "websocket.connect"))
    await until(lambda: first)
    await talk(second, "websocket.connect", "websocket.disconnect")
    stays.set()
    await holding
    assert first == second == ["websocket.accept"]


async def test_1000_when_the_client_hangs_up(shared: Server) -> None:
    async with shared.socket() as socket:
        await socket.init(LEARNER_KEY)
        await socket.subscribe(EVENTS)
    assert socket.connection.close_code == 1000
