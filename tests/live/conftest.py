"""A server on this machine, and clients that follow what it tells."""

import asyncio
import datetime as dt
import itertools
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Self

import httpx
import orjson
import pytest
import uvicorn
from sqlalchemy import select
from sqlmodel import col
from starlette.routing import WebSocketRoute
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from app.auth.accounts import create_user
from app.auth.secrets import hash_key
from app.db.engine import Database
from app.db.models import BrowserSession, Event, now
from app.main import create_app
from app.settings import Settings
from tests.graphql.clients import LEARNER_KEY, STAFF_KEY, add_user

PROTOCOL = "graphql-transport-ws"
EVENTS = "subscription ($after: ID, $types: [String!]) { events(after: $after, types: $types) { id type user { username } } }"


class Socket:
    """A client of the protocol that a test talks it with, message by message."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, type_: str | None = None, **members: Any) -> None:
        await self.connection.send(orjson.dumps(({"type": type_} if type_ else {}) | members).decode())

    async def receive(self) -> Any:
        async with asyncio.timeout(20):
            return orjson.loads(await self.connection.recv())

    async def init(self, key: str | None = None) -> Self:
        await self.send("connection_init", payload={"Authorization": f"Token {key}"} if key else None)
        assert await self.receive() == {"type": "connection_ack"}
        return self

    async def subscribe(self, query: str, id_: str = "1", **variables: Any) -> None:
        await self.send("subscribe", id=id_, payload={"query": query, "variables": variables})

    async def next(self, id_: str = "1") -> Any:
        """The data of the next answer."""
        message = await self.receive()
        assert (message["type"], message["id"]) == ("next", id_), message
        assert "errors" not in message["payload"], message
        return message["payload"]["data"]

    async def closed(self) -> tuple[int, str]:
        """The code and the reason that the server hangs up with, whatever it says before."""
        with pytest.raises(ConnectionClosed) as end:
            while True:
                await self.receive()
        assert end.value.rcvd is not None
        return end.value.rcvd.code, end.value.rcvd.reason


class Server:
    """A server in this process."""

    def __init__(self, server: uvicorn.Server) -> None:
        self._server = server
        self.host = f"127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"

    @property
    def streams(self) -> Mapping[str, int]:
        """How many streams who follows."""
        routes = self._server.config.app.routes  # type: ignore[union-attr]
        socket: Any = next(it.app for it in routes if isinstance(it, WebSocketRoute))
        found: Mapping[str, int] = socket._executor._streams
        return found

    def stop(self) -> None:
        self._server.should_exit = True

    @asynccontextmanager
    async def socket(self, protocols: Sequence[str] = (PROTOCOL,), **options: Any) -> AsyncIterator[Socket]:
        names = [Subprotocol(name) for name in protocols] or None
        async with connect(f"ws://{self.host}/graphql", subprotocols=names, **options) as connection:
            yield Socket(connection)

    @asynccontextmanager
    async def stream(
        self, query: str, key: str | None = None, method: str = "POST", **headers: str
    ) -> AsyncIterator[tuple[httpx.Response, AsyncIterator[dict[str, str]]]]:
        """A response, and its server-sent events."""
        sent = {"accept": "text/event-stream"} | {k.replace("_", "-"): v for k, v in headers.items()}
        if key:
            sent["authorization"] = f"Token {key}"
        body: dict[str, Any] = (
            {"json": {"query": query}} if method == "POST" else {"params": {"query": query}}
        )
        async with (
            httpx.AsyncClient(base_url=f"http://{self.host}", timeout=20) as client,
            client.stream(method, "/graphql", headers=sent, **body) as response,
        ):
            yield response, _messages(response)


async def _messages(response: httpx.Response) -> AsyncIterator[dict[str, str]]:
    message: dict[str, str] = {}
    async for line in response.aiter_lines():
        name, _, value = line.partition(":")
        if name:
            message[name] = value.removeprefix(" ")
        elif message:
            yield message
            message = {}


@asynccontextmanager
async def serving(database: Database, **settings: Any) -> AsyncIterator[Server]:
    """A server over a database, stopped at the end."""
    url = database.url.render_as_string(hide_password=False)
    app = create_app(Settings(database_url=url, **{"webhook_worker": False} | settings))
    server = uvicorn.Server(
        uvicorn.Config(app, port=0, log_level="warning", ws_max_size=131_072, ws_per_message_deflate=False)
    )
    task = asyncio.create_task(server.serve())
    try:
        while not server.started:
            assert not task.done()
            await asyncio.sleep(0.01)
        yield Server(server)
    finally:
        server.should_exit = True
        await task


@asynccontextmanager
async def serving_users(database: Database) -> AsyncIterator[Server]:
    """A server with an administrator and a learner."""
    await add_user(database, "staff", STAFF_KEY, is_staff=True)
    await add_user(database, "learner", LEARNER_KEY)
    async with serving(database) as server:
        yield server


@pytest.fixture
async def server(database: Database) -> AsyncIterator[Server]:
    """A server that a test may change."""
    async with serving_users(database) as it:
        yield it


_numbers = itertools.count()


async def happen(database: Database, number: int = 1) -> list[str]:
    """Users are created, each in a transaction; their names."""
    names = [f"user-{next(_numbers)}" for _ in range(number)]
    for name in names:
        async with database.session() as session:
            await create_user(session, name, f"{name}@example.org")
    return names


async def event_ids(database: Database) -> list[int]:
    async with database.reader.connect() as connection:
        return list((await connection.scalars(select(col(Event.id)).order_by(col(Event.id)))).all())


async def log_in(database: Database, user_id: int) -> str:
    """The `Cookie` header of a browser in which a user is logged in."""
    async with database.session() as session:
        end = now() + dt.timedelta(hours=1)
        session.add(
            BrowserSession(token_hash=hash_key("a-cookie"), user_id=user_id, created=now(), expires=end)
        )
    return "sessionid=a-cookie"
