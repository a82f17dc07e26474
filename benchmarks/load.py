"""The load: keep-alive HTTP/1.1 connections that ask, wait for the answer, and ask again.

Runs in a process of its own, so that what it costs is nobody else's.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, cast

import orjson
import uvloop

from app.errors import BadUserInput
from benchmarks.data import API_KEY
from benchmarks.process import cpu_seconds


@dataclass(frozen=True)
class Target:
    """What is asked, where, and whose CPU time is counted: the server's and its database's.

    It is a GET without a body, else a POST.
    """

    port: int
    path: str
    body: Mapping[str, Any] | None
    server: int
    database: int | None = None

    def request(self, **variables: Any) -> bytes:
        """The bytes of a request, with more variables."""
        method, body = "GET", b""
        if self.body is not None:
            method = "POST"
            body = orjson.dumps({**self.body, "variables": {**self.body["variables"], **variables}})
        head = (
            f"{method} {self.path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n"
            f"Authorization: Token {API_KEY}\r\nAccept: application/json\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


@dataclass
class Load:
    """What was measured: seconds of each request, of all, and of CPU time; `size` of an answer in bytes."""

    latencies: list[float] = field(default_factory=list)
    seconds: float = 0
    server_cpu: float = 0
    database_cpu: float = 0
    size: int = 0
    items: int = 0

    def __add__(self, other: "Load") -> "Load":
        """Both, one after the other."""
        return Load(
            self.latencies + other.latencies,
            self.seconds + other.seconds,
            self.server_cpu + other.server_cpu,
            self.database_cpu + other.database_cpu,
            max(self.size, other.size),
            self.items + other.items,
        )


def hammer(target: Target, connections: int, warm_up: float, seconds: float) -> Load:
    """Ask the same on many connections for some seconds; every answer must be as long as the first."""
    return uvloop.run(_hammer(target, connections, warm_up, seconds))


def walk(target: Target, after: str | None, pages: int) -> tuple[Load, str | None]:
    """Ask for so many pages of the one list of an operation; gives the cursor to go on from, if any."""
    return uvloop.run(_walk(target, after, pages))


async def _hammer(target: Target, connections: int, warm_up: float, seconds: float) -> Load:
    request = target.request()
    async with connected(target.port, connections) as clients:
        size = len(_checked(await clients[0].ask(request)))

        async def ask_until(client: Client, end: float) -> list[float]:
            latencies = []
            now = perf_counter()
            while now < end:
                answer = await client.ask(request)
                if len(answer) != size:
                    _checked(answer)
                    raise BadUserInput(f"an answer has {len(answer)} bytes, the first one had {size}")
                before, now = now, perf_counter()
                latencies.append(now - before)
            return latencies

        async def ask_for(seconds: float) -> list[float]:
            end = perf_counter() + seconds
            found = await asyncio.gather(*(ask_until(client, end) for client in clients))
            return [latency for latencies in found for latency in latencies]

        await ask_for(warm_up)
        load = await measured(target, ask_for(seconds))
    load.size = size
    return load


async def _walk(target: Target, after: str | None, pages: int) -> tuple[Load, str | None]:
    async with connected(target.port, 1) as (client,):
        size = items = 0

        async def ask() -> list[float]:
            nonlocal after, size, items
            latencies = []
            for _ in range(pages):
                before = perf_counter()
                answer = _checked(await client.ask(target.request(after=after)))
                latencies.append(perf_counter() - before)
                (page,) = orjson.loads(answer)["data"].values()
                size = max(size, len(answer))
                items += len(page["nodes"])
                after = page["pageInfo"]["endCursor"] if page["pageInfo"]["hasNextPage"] else None
                if after is None:
                    break
            return latencies

        load = await measured(target, ask())
    load.size, load.items = size, items
    return load, after


async def measured(target: Target, work: Awaitable[list[float]]) -> Load:
    """Wait for work that gives latencies; what it took."""

    def cpu() -> tuple[float, float]:
        return cpu_seconds(target.server), cpu_seconds(target.database) if target.database else 0

    server, database = cpu()
    begin = perf_counter()
    latencies = await work
    seconds = perf_counter() - begin
    server_now, database_now = cpu()
    return Load(latencies, seconds, server_now - server, database_now - database)


def _checked(answer: bytes) -> bytes:
    if answer.startswith(b'{"errors"'):
        raise BadUserInput(f"the server answers with errors: {answer.decode(errors='replace'):.300}")
    return answer


class Client(asyncio.Protocol):
    """One connection with one request at a time."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._head = self._end = 0
        self._answer: asyncio.Future[bytes] | None = None
        self._closed = asyncio.Event()
        self._transport: asyncio.Transport

    async def ask(self, request: bytes) -> bytes:
        """The body of the answer. Raises `BadUserInput` for any status but 200."""
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    async def close(self) -> None:
        """Close the connection."""
        self._transport.close()
        await self._closed.wait()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._end:
            head, found, _ = self._received.partition(b"\r\n\r\n")
            if not found:
                return
            self._head = len(head) + 4
            self._end = self._head + _content_length(bytes(head))
        if len(self._received) < self._end or self._answer is None:
            return
        answer, status = bytes(self._received[self._head : self._end]), bytes(self._received[9:12])
        del self._received[: self._end]
        self._end = 0
        if status == b"200":
            self._answer.set_result(answer)
        else:
            self._fail(f"status {status.decode()}: {answer.decode(errors='replace'):.300}")

    def connection_lost(self, error: Exception | None) -> None:
        self._closed.set()
        self._fail("the server closed the connection")

    def _fail(self, message: str) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(BadUserInput(message))


@asynccontextmanager
async def connected(port: int, number: int) -> AsyncIterator[list[Client]]:
    """So many connections."""
    connect = asyncio.get_running_loop().create_connection
    opened = await asyncio.gather(*(connect(Client, "127.0.0.1", port) for _ in range(number)))
    clients = [client for _, client in opened]
    try:
        yield clients
    finally:
        await asyncio.gather(*(client.close() for client in clients))


def _content_length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    raise BadUserInput("an answer has no Content-Length")
