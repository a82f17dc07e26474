"""Long answers: a document run page by page, sent as one JSON array (Enrollment contract 5.3)."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.responses import Response, StreamingResponse

from app.rest.render import melt

PAGE_SIZE = 250
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


async def streamed(read: Read, *, body: bool, what: str) -> Response:
    """The answer with all pages; without a body only what goes before it.

    The first page is read before anything is sent, so that what is wrong then
    still has its own answer. What goes wrong later breaks the connection: half an
    array must not look like a whole one. `what` is what the log says was asked.
    """
    first = await read(None)
    headers = {"Cache-Control": "no-store"}
    if not body:
        head = Response(None, headers=headers, media_type="application/json")
        del head.headers["content-length"]
        return head
    return StreamingResponse(_array(first, read, what), media_type="application/json", headers=headers)


async def _array(page: Page, read: Read, what: str) -> AsyncIterator[bytes]:
    sent, complete = 0, False
    try:
        before = b"["
        while True:
            if page.rows:
                yield before + orjson.dumps(page.rows)[1:-1]
                before = b","
                sent += len(page.rows)
            if page.next is None:
                break
            page = await read(page.next)
        yield b"[]" if before == b"[" else b"]"
        complete = True
    finally:
        _log.info("%s: %d rows sent%s", what, sent, "" if complete else ", broken off")
