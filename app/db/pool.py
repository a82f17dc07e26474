"""Connections of a database's driver, kept open between the requests that read with them."""

import asyncio
from collections import deque
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
        # A place for each, those that hold an open one last.
        self._free: list[Driver | None] = [None] * size
        self._waiting: deque[asyncio.Future[Driver | None]] = deque()
        self.lent = 0

    @property
    def idle(self) -> int:
        """How many connections are open and not used."""
        return sum(connection is not None for connection in self._free)

    async def take(self) -> Driver:
        """A connection, to be given back. Raises `Unavailable` when none gets free in time."""
        connection = self._free.pop() if self._free else await self._handed()
        if connection is None or connection.is_closed():
            try:
                connection = await self._open()
            except BaseException:
                self._hand(None)
                raise
        self.lent += 1
        return connection

    def give_back(self, connection: Driver) -> None:
        """Let others have a connection."""
        self.lent -= 1
        self._hand(connection)

    async def close(self) -> None:
        """Close what is not in use; what is needed later is opened anew."""
        free, self._free = self._free, [None] * len(self._free)
        for connection in free:
            if connection is not None:
                await connection.close()

    async def _handed(self) -> Driver | None:
        """A place that somebody leaves. The first who waits is the first who has one."""
        loop = asyncio.get_running_loop()
        place: asyncio.Future[Driver | None] = loop.create_future()
        self._waiting.append(place)
        timer = None if self._patience is None else loop.call_later(self._patience, _give_up, place)
        try:
            return await place
        except asyncio.CancelledError:
            if not place.cancelled() and place.exception() is None:
                self._hand(place.result())
            raise
        finally:
            if timer is not None:
                timer.cancel()

    def _hand(self, connection: Driver | None) -> None:
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(connection)
                return
        self._free.insert(0 if connection is None else len(self._free), connection)


def _give_up(place: asyncio.Future[Any]) -> None:
    if not place.done():
        place.set_exception(Unavailable("The server is busy: no connection to the database got free"))
