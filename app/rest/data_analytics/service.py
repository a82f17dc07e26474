"""Beside the data: whether the server works, and tokens for passwords (Data Analytics contract 2 and 6)."""

import asyncio
from dataclasses import replace
from functools import partial
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from app.db.engine import Database
from app.graphql.request import RequestError, read_body
from app.rest.body import FORMS
from app.rest.data_analytics.manner import MANNER
from app.rest.negotiation import AS_JSON
from app.rest.render import json
from app.rest.route import Call, Caller, Refusal, Refused, Route, Services
from app.rest.schemas import DETAIL, STRING, Schema, exactly

_PATIENCE = 5
_LARGEST = 65_536
_REQUIRED, _WRONG = "This field is required.", "Unable to log in with provided credentials."


async def _nothing(call: Call, services: Services) -> Response:
    return call.render({})


async def _health(call: Call, services: Services) -> Response:
    works = await _answers(services.database)
    status = "OK" if works else "UNAVAILABLE"
    body = {"overall_status": status, "detailed_status": {"database_connection": status}}
    return call.render(body, 200 if works else 503)


async def _answers(database: Database) -> bool:
    try:
        async with asyncio.timeout(_PATIENCE), database.reader.connect() as connection:
            return bool(await connection.scalar(select(1)))
    except (SQLAlchemyError, OSError, TimeoutError):
        return False


async def _log_in(call: Call, services: Services) -> Response:
    address = call.request.client.host if call.request.client else ""
    services.user_tokens.count(address)
    given = await _credentials(call.request)
    username, password = given["username"], given["password"]
    token = await services.user_tokens.token_of(username, password, address)
    if token is None:
        return json({"non_field_errors": [_WRONG]}, 400)
    return json({"token": token}, 200, **{"Cache-Control": "no-store"})


async def _credentials(request: Request) -> dict[str, Any]:
    """Name and password of a JSON object or a form. Raises `Refusal` where one is not there."""
    members = await _members(request)
    values = {name: members.get(name) for name in ("username", "password")}
    missing = {name: [_REQUIRED] for name, value in values.items() if value in (None, "")}
    wrong = {
        name: ["Not a valid string."]
        for name, value in values.items()
        if name not in missing and not isinstance(value, str)
    }
    if missing or wrong:
        raise Refusal(json(missing | wrong, 400))
    return values


async def _members(request: Request) -> dict[str, Any]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await read_body(request, _LARGEST)
    if kind == "application/json":
        try:
            value = orjson.loads(body or b"{}")
        except orjson.JSONDecodeError as error:
            raise RequestError(f"JSON parse error - {error}") from error
        if not isinstance(value, dict):
            message = "Invalid data. Expected a dictionary."
            raise Refusal(json({"non_field_errors": [message]}, 400))
        return value
    if kind not in FORMS:
        if not body:
            return {}
        raise RequestError(f'Unsupported media type "{kind}" in request.', 415)

    async def receive() -> Message:
        return {"type": "http.request", "body": body}

    try:
        async with Request(request.scope, receive).form(max_files=1, max_fields=100) as form:
            return dict(form)
    except (HTTPException, ValueError) as error:
        raise RequestError("The form cannot be read.") from error


_ERRORS = {"type": "object", "additionalProperties": {"type": "array", "items": STRING}}
_CREDENTIALS: Schema = {
    "type": "object",
    "properties": {"username": STRING, "password": {**STRING, "format": "password"}},
    "required": ["username", "password"],
}
_HEALTH = exactly(overall_status=STRING, detailed_status=exactly(database_connection=STRING))
_JSON_ONLY = replace(MANNER, produces=(AS_JSON,))
_service = partial(Route, manner=_JSON_ONLY, redirects=True, shape=lambda result: exactly())

TOKEN = Route(
    path="/api-token-auth/",
    summary="Get a token for a name and a password",
    description="A user gets the same token until it ends or is revoked, or the password changes.",
    method="POST",
    caller=Caller.ANYBODY,
    manner=_JSON_ONLY,
    act=_log_in,
    form=_CREDENTIALS,
    shape=lambda result: exactly(token=STRING),
    refusals={
        400: Refused("The name or the password is missing or wrong.", _ERRORS),
        403: Refused("This server gives no tokens for passwords.", DETAIL),
        429: Refused("Too many requests, or too many wrong passwords.", DETAIL),
    },
)
SERVICE = (
    _service(path="/status/", summary="Whether it runs", caller=Caller.NOBODY_WRONG, act=_nothing),
    _service(path="/authenticated/", summary="Whether the key is valid", act=_nothing),
    _service(
        path="/health/",
        summary="Whether it and its database work",
        caller=Caller.ANYBODY,
        act=_health,
        shape=lambda result: _HEALTH,
        refusals={503: Refused("Something does not work.", _HEALTH)},
    ),
)
