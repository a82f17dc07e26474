"""Connections to targets, and those that are kept open for the next request."""

import asyncio
from asyncio import Future, TimerHandle, Transport
from time import monotonic
from typing import Any, cast

_IDLE_SECONDS = 5.0
_MOST_SECONDS = 60.0
"""How long a connection is used, so that what the name of its host stands for is looked up again."""
_MOST_IDLE = 250
_MOST_OF_ONE = 25
_MOST_WAITING = 262_144

Server = tuple[str, str, int]


class Hungup(ConnectionResetError):
    """The server has closed a connection before it answered anything."""


class Connection(asyncio.Protocol):
    """Bytes that are written and read on a socket. What comes while nobody waits for it closes it."""

    def __init__(self) -> None:
        self._transport: Transport | None = None
        self._received = bytearray()
        self._is_over = False
        self._waiting: Future[None] | None = None
        self._opened = monotonic()
        self.is_idle = False
        self.error: Exception | None = None

    @property
    def is_open(self) -> bool:
        """Whether another request can be sent on it."""
        return not (self._is_over or self._received or monotonic() - self._opened > _MOST_SECONDS)

    def write(self, data: bytes) -> None:
        """Send bytes; that they cannot be sent is told by reading."""
        if self._transport is not None:
            self._transport.write(data)

    async def read(self) -> bytes:
        """What has come, at least a byte; nothing once the connection is over, by an `error` or without."""
        while not self._received and not self._is_over:
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
        piece = bytes(self._received)
        self._received.clear()
        if self._transport is not None and not self._is_over:
            self._transport.resume_reading()
        return piece

    def close(self) -> None:
        """Close it at once, whatever is still to be sent."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self.is_idle:
            self.close()
        elif len(self._received) > _MOST_WAITING and self._transport is not None:
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        self._is_over = True
        self._wake()

    def connection_lost(self, error: Exception | None) -> None:
        self._is_over, self.error = True, error
        self._wake()

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)


class Connections:
    """Connections that are kept open for a while, the one used last first."""

    def __init__(self) -> None:
        self._idle: dict[Server, dict[Connection, TimerHandle]] = {}
        self._number = 0

    def take(self, server: Server) -> Connection | None:
        """A connection to a server, nobody else's from now on; None when there is none."""
        while server in self._idle:
            connection = next(reversed(self._idle[server]))
            self._forget(server, connection)
            if connection.is_open:
                return connection
            connection.close()
        return None

    def put(self, server: Server, connection: Connection) -> None:
        """Keep a connection, or close it where enough are kept."""
        of_server = self._idle.get(server, {})
        if not connection.is_open or self._number >= _MOST_IDLE or len(of_server) >= _MOST_OF_ONE:
            connection.close()
            return
        self._idle[server] = of_server
        loop = asyncio.get_running_loop()
        of_server[connection] = loop.call_later(_IDLE_SECONDS, self._drop, server, connection)
        connection.is_idle = True
        self._number += 1

    def close(self) -> None:
        """Close all."""
        for server, connections in list(self._idle.items()):
            for connection in list(connections):
                self._drop(server, connection)

    def _drop(self, server: Server, connection: Connection) -> None:
        self._forget(server, connection)
        connection.close()

    def _forget(self, server: Server, connection: Connection) -> None:
        of_server: dict[Connection, Any] = self._idle[server]
        of_server.pop(connection).cancel()
        connection.is_idle = False
        self._number -= 1
        if not of_server:
            del self._idle[server]
