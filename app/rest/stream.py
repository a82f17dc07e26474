"""Long answers: a document run page by page, sent as one JSON array (Enrollment contract 5.3)."""

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.graphql.presence import Presence
from app.rest.render import melt

PAGE_SIZE = 125
"""Rows on a page: few enough that resolving them does not hold up others for long."""

_log = logging.getLogger("lyceum.rest")


@dataclass(frozen=True)
class Page:
    """Some rows, and where the next ones begin; None after the last."""

    rows: Sequence[Any]
    next: str | None


Read = Callable[[str | None], Awaitable[Page]]
"""Reads the page behind a cursor."""


def page_of(data: dict[str, Any], row: Callable[[dict[str, Any]], Any] | None) -> Page:
    """The page that a document's connection `page` returned."""
    page = data["page"]
    rows = melt(page["nodes"])
    info = page["pageInfo"]
    return Page(
        [row(item) for item in rows] if row else rows, info["endCursor"] if info["hasNextPage"] else None
    )


class Stream(Response):
    """All rows of all pages as one JSON array.

    What goes wrong between pages breaks the connection: half an array must not
    look like a whole one. `what` is what the log says was asked for.
    """

    media_type = "application/json"

    def __init__(self, first: Page, read: Read, presence: Presence, what: str) -> None:
        super().__init__(headers={"Cache-Control": "no-store"})
        del self.headers["content-length"]
        self._first = first
        self._read = read
        self._presence = presence
        self._what = what

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, or of a HEAD request only what goes before it."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body"})
            _log.info("%s: only the head", self._what)
            return
        self._presence.watch()
        try:
            async with aclosing(self._chunks()) as chunks:
                async for chunk in chunks:
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body"})
        except ClientDisconnect:
            return
        finally:
            self._presence.close()

    async def _chunks(self) -> AsyncGenerator[bytes]:
        page, sent, end = self._first, 0, "broken off"
        try:
            yield b"["
            while True:
                rows = orjson.dumps(page.rows)[1:-1]
                yield b"," + rows if sent and rows else rows
                sent += len(page.rows)
                if page.next is None:
                    break
                page = await self._read(page.next)
            yield b"]"
            end = "complete"
        finally:
            _log.info("%s: %d rows, %s", self._what, sent, end)
