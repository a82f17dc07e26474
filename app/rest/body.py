"""Reading the body of a request."""

from typing import Any

import orjson
from starlette.requests import Request

from app.graphql.request import RequestError, read_body
from app.rest.schemas import Schema

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


async def read_json(request: Request, maximum: int, schema: Schema) -> Any:
    """The JSON value in a body of at most `maximum` bytes.

    Raises `RequestError` for what is no JSON, and no object where the schema is
    that of one.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise RequestError("The content type must be application/json", 415)
    try:
        value = orjson.loads(await read_body(request, maximum))
    except orjson.JSONDecodeError as error:
        raise RequestError(f"The body is not JSON in UTF-8: {error}") from error
    if schema.get("type") == "object" and not isinstance(value, dict):
        raise RequestError("The body must be a JSON object")
    return value
