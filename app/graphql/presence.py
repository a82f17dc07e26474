"""Whether the client is still there: nobody works for one that left."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request

T = TypeVar("T")

_LONG = 0.5
"""Seconds."""


class Presence:
    """The client of a request, whose body has been read."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._left: asyncio.Task[None] | None = None
        self._working: asyncio.Task[Any] | None = None
        self._stopped = False

    async def during(self, work: Coroutine[Any, Any, T]) -> T:
        """What work answers. Cancels it and raises `ClientDisconnect` when the client leaves meanwhile."""
        if self._is_gone():
            work.close()
            raise ClientDisconnect
        loop = asyncio.get_running_loop()
        # Only what takes long is worth watching the connection for.
        watching = loop.call_later(_LONG, self.watch)
        self._working = task = asyncio.current_task(loop)
        try:
            answer = await work
        except BaseException:
            # Nobody asks any more what became of it.
            if not self._is_gone():
                raise
        finally:
            watching.cancel()
            self._working = None
            if task is not None and self._stopped:
                task.uncancel()
        if self._is_gone():
            raise ClientDisconnect
        return answer

    def watch(self) -> asyncio.Task[None]:
        """Watch from now on; what is done when the client left."""
        if self._left is None:
            self._left = asyncio.ensure_future(self._leaving())
        return self._left

    def close(self) -> None:
        """Watch no longer."""
        if self._left is not None:
            self._left.cancel()
            self._left = None

    def _is_gone(self) -> bool:
        return self._left is not None and self._left.done()

    async def _leaving(self) -> None:
        while (await self._request.receive())["type"] != "http.disconnect":
            pass
        if self._working is not None:
            self._stopped = self._working.cancel()
