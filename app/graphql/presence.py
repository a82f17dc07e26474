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

    async def during(self, work: Coroutine[Any, Any, T]) -> T:
        """What work answers. Cancels it and raises `ClientDisconnect` when the client leaves meanwhile."""
        task = asyncio.ensure_future(work)
        try:
            if self._left is None:
                # Only what takes long is worth watching the connection for.
                await asyncio.wait([task], timeout=_LONG)
            if not task.done():
                await asyncio.wait([task, self.watch()], return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait([task])
        if self._left is not None and self._left.done():
            # Nobody asks any more what became of it.
            task.cancelled() or task.exception()
            raise ClientDisconnect
        return task.result()

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

    async def _leaving(self) -> None:
        while (await self._request.receive())["type"] != "http.disconnect":
            pass
