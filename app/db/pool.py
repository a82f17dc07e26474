"""Connections of a database's driver, kept open between the requests that read with them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from app.errors import Unavailable


class Driver(Protocol):
    """A connection of a driver."""

    async def fetch(self, sql: str, /, *parameters: Any) -> Sequence[Any]:
        """All rows of a statement, which stops when nobody waits for it any more."""

    def is_closed(self) -> bool:
        """Whether it is of no use any more."""

    async def close(self) -> None:
        """Close it."""


class Pool:
    """At most so many connections; each is opened when it is needed first."""

    def __init__(self, open_: Callable[[], Awaitable[Driver]], size: int, patience: float | None) -> None:
        """`patience` is how many seconds to wait for a connection that others use."""
        self._open = open_
        self._patience = patience
        self._places = asyncio.Semaphore(size)
        self._idle: list[Driver] = []
        self.lent = 0

    @property
    def idle(self) -> int:
        """How many connections are open and not used."""
        return len(self._idle)

    async def take(self) -> Driver:
        """A connection, to be given back. Raises `Unavailable` when none gets free in time."""
        if self._places.locked():
            await self._wait()
        else:
            await self._places.acquire()
        try:
            while self._idle:
                connection = self._idle.pop()
                if not connection.is_closed():
                    break
            else:
                connection = await self._open()
        except BaseException:
            self._places.release()
            raise
        self.lent += 1
        return connection

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(self._patience):
                await self._places.acquire()
        except TimeoutError as error:
            raise Unavailable("The server is busy: no connection to the database got free") from error

    def give_back(self, connection: Driver) -> None:
        """Let others have a connection."""
        self.lent -= 1
        self._idle.append(connection)
        self._places.release()

    async def close(self) -> None:
        """Close what is not in use; what is needed later is opened anew."""
        while self._idle:
            await self._idle.pop().close()
