"""Answers as server-sent events: the "distinct connections" mode of the protocol of graphql-sse.

Each event of a subscription has an id. A client that lost its connection sends
the last one as `Last-Event-ID`, as browsers do by themselves.
"""

import asyncio
import logging
from asyncio import Future
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from app.db.feed import Stopping
from app.errors import Unauthenticated
from app.graphql.errors import masked, refused
from app.graphql.execute import Answer, encoded
from app.graphql.presence import Presence

EVENT_STREAM = "text/event-stream"

_KEEP_ALIVE_SECONDS = 12.0
_SEND_SECONDS = 10.0
"""A client that takes nothing for so long is given up. It can come back."""

_HEADERS = {
    "content-type": f"{EVENT_STREAM}; charset=utf-8",
    "cache-control": "no-store",
    # A proxy would keep what is small until there is more.
    "x-accel-buffering": "no",
}
_COMPLETE = b"event: complete\ndata:\n\n"
_COMMENT = b":\n\n"

_logger = logging.getLogger("lyceum.live")


class EventStream:
    """A response that lasts as long as there are answers, and as the client stays."""

    def __init__(self, request: Request, answers: AsyncGenerator[Answer]) -> None:
        self._request = request
        self._answers = answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send answers as they come."""

        async def write(block: bytes, *, more: bool = True) -> None:
            async with asyncio.timeout(_SEND_SECONDS):
                await send({"type": "http.response.body", "body": block, "more_body": more})

        headers = [(name.encode(), value.encode()) for name, value in _HEADERS.items()]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        presence, blocks = Presence(self._request), self._blocks()
        left, block = presence.watch(), _COMMENT
        following: Future[bytes | None] | None = None
        try:
            while not left.done():
                await write(block)
                following = following or asyncio.ensure_future(anext(blocks, None))
                await asyncio.wait(
                    (following, left), timeout=_KEEP_ALIVE_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
                block = _COMMENT
                if following.done():
                    found, following = following.result(), None
                    if found is None:
                        await write(b"", more=False)
                        return
                    block = found
        except TimeoutError:
            _logger.info("A client of server-sent events was given up, as it took nothing")
        finally:
            presence.close()
            if following is not None:
                following.cancel()
                await asyncio.wait([following])
            await blocks.aclose()

    async def _blocks(self) -> AsyncGenerator[bytes]:
        try:
            async with aclosing(self._answers):
                async for answer in self._answers:
                    yield _block(answer.body, answer.id)
        except Stopping:
            # Without `complete`, clients come back.
            return
        except Unauthenticated as error:
            yield _block({"errors": [refused(error)]})
        except Exception as error:
            yield _block({"errors": [masked(error)]})
        yield _COMPLETE


def _block(body: dict[str, Any], id_: str | None = None) -> bytes:
    place = f"id: {id_}\n" if id_ else ""
    return b"%sevent: next\ndata: %s\n\n" % (place.encode(), encoded(body))
