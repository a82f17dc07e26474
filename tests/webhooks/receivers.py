"""A server that webhooks are sent to: it keeps what it is told and answers as a test wants."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson


@dataclass(frozen=True)
class Delivery:
    """A request as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def webhook_id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def data(self) -> Any:
        """The object of the event."""
        return orjson.loads(self.body)["Data"]


Answer = bytes | Callable[[Delivery], bytes | None]
"""A response, or what makes one of a request; None says nothing more and hangs up."""


def answer(status: str, content: bytes = b"", **headers: str) -> bytes:
    """A response as it goes over the wire."""
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(content)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + content


@dataclass
class Receiver:
    """What came to a server, and what it answers while its gate is open; whether it keeps connections open."""

    port: int = 0
    answer: Answer = field(default_factory=lambda: answer("200 OK"))
    deliveries: list[Delivery] = field(default_factory=list)
    connections: int = 0
    keeps: bool = False
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    def url(self, path: str = "/hook", host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while await self._serve_one(reader, writer) and self.keeps:
                pass
        except (OSError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Take a request and answer it; whether there was an answer."""
        head, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        given = [line.split(": ", 1) for line in lines if line]
        headers = {name.lower(): value for name, value in given}
        body = await reader.readexactly(int(headers["content-length"]))
        delivery = Delivery(head.split(" ")[1], headers, body)
        self.deliveries.append(delivery)
        await self.gate.wait()
        reply = self.answer(delivery) if callable(self.answer) else self.answer
        if reply is not None:
            writer.write(reply)
            await writer.drain()
        return reply is not None


@asynccontextmanager
async def receiving(tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> AsyncIterator[Receiver]:
    """A receiver on a free port."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, host, 0, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        receiver.gate.set()
        server.close()
        await server.wait_closed()
