"""Reading the body of a request."""

from typing import Any

import orjson
from starlette.requests import Request

from app.rest.render import json
from app.rest.route import Refusal

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


async def read_body(request: Request, maximum: int) -> bytes:
    """A body of at most `maximum` bytes. Raises `Refusal` for a larger one."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > maximum:
            raise Refusal(json({"detail": f"The body is larger than {maximum} bytes."}, 413))
    return bytes(body)


async def read_json(request: Request, maximum: int) -> dict[str, Any]:
    """The JSON object in a body of at most `maximum` bytes. Raises `Refusal` for what is none."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refusal(json({"detail": "The content type must be application/json."}, 415))
    try:
        value = orjson.loads(await read_body(request, maximum))
    except orjson.JSONDecodeError as error:
        raise Refusal(json({"detail": f"The body is not JSON in UTF-8: {error}"}, 400)) from error
    if not isinstance(value, dict):
        raise Refusal(json({"detail": "The body must be a JSON object."}, 400))
    return value
