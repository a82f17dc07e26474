"""Documents that describe what a server does: made when they are first asked for, with an entity tag."""

from collections.abc import Awaitable, Callable
from functools import cache
from hashlib import sha256
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response


def serving(
    make: Callable[[], Any], media_type: str = "application/json"
) -> Callable[[Request], Awaitable[Response]]:
    """What answers with a document that is always the same, or that it is (RFC 9110 section 13.1.2)."""

    @cache
    def made() -> tuple[bytes, dict[str, str]]:
        body = orjson.dumps(make())
        return body, {"ETag": f'"{sha256(body).hexdigest()[:32]}"', "Cache-Control": "no-cache"}

    async def serve(request: Request) -> Response:
        body, headers = made()
        known = request.headers.get("if-none-match", "").split(",")
        if headers["ETag"] in (tag.strip().removeprefix("W/") for tag in known):
            return Response(None, 304, headers)
        return Response(body, 200, headers, media_type)

    return serve
