"""Credentials, representations and errors of the Zapier API (Zapier contract 1)."""

from base64 import b64decode
from collections.abc import Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from app.auth.credentials import Authenticator
from app.auth.viewer import STRANGER, Viewer
from app.errors import Unauthenticated
from app.graphql.media import JSON
from app.graphql.request import RequestError, read_body
from app.rest.render import json
from app.rest.route import Call, Manner, Refusal, Refused
from app.rest.schemas import STRING, Schema

NAMESPACE = "application/vnd.nextthought"
SCRIPT = ("x-requested-with", "xmlhttprequest")
"""Who sends this header is not asked for a password by a dialog."""

_MAX_BODY = 131_072

FAULT: Schema = {
    "type": "object",
    "properties": {"message": STRING, "field": STRING, "code": STRING, "value": STRING},
}
"""The body of every refusal."""


def fault(
    status: int, message: str, *, field: str | None = None, code: str | None = None, value: str | None = None
) -> Refusal:
    """A refusal, with the members of its body that are given."""
    members = {"field": field, "code": code, "message": message, "value": value}
    return Refusal(json({name: given for name, given in members.items() if given is not None}, status))


def forbidden() -> Refusal:
    """The caller may not do this."""
    return fault(403, "You may not do this.", code="Forbidden")


def not_found() -> Refusal:
    """There is nothing of this name."""
    return fault(404, "There is nothing here.", code="NotFound")


def is_admin(viewer: Viewer) -> bool:
    """Whether the viewer is site admin or platform admin (1.3)."""
    return viewer.is_staff


def require_admin(call: Call) -> None:
    """Raise `Refusal` unless the caller is an administrator."""
    if not is_admin(call.viewer):
        raise forbidden()


def require_site(call: Call) -> None:
    """Raise `Refusal` for a path that names another site than this (1.1)."""
    if call.request.path_params.get("site", call.settings.site) != call.settings.site:
        raise not_found()


def answered(call: Call, value: Mapping[str, Any], status: int = 200, **headers: str) -> Response:
    """An object, as what `Accept` wants it (1.5)."""
    accept = call.request.headers.get("accept", "")
    is_plain = JSON in accept and "*" not in accept
    media_type = JSON if is_plain else f"{value.get('MimeType', NAMESPACE)}+json"
    return Response(orjson.dumps(value), status, headers, media_type)


def query_of(call: Call) -> dict[str, str]:
    """The parameters of the query, their names in lower case (1.4)."""
    return {name.lower(): value for name, value in call.request.query_params.multi_items()}


async def body_of(request: Request) -> dict[str, Any] | None:
    """The JSON object in the body, whatever its type is called; None for an empty body.

    Raises `Refusal` for what is no JSON object (1.4).
    """
    body = await read_body(request, _MAX_BODY)
    if not body:
        return None
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RequestError(f"The body is not JSON in UTF-8: {error}") from error
    if not isinstance(value, dict):
        raise RequestError("The body must be a JSON object")
    return value


def findable(text: str) -> str:
    """A text as databases take it: none holds a NUL."""
    return text.replace("\x00", "\ufffd")


async def named(call: Call, document: str, id_: str) -> dict[str, Any]:
    """What a document reads by an id of a path. Raises `Refusal` 404 for what is no id of anything."""
    try:
        return await call.ask(document, id=id_)
    except Refusal as refusal:
        if refusal.response.status_code != 400:
            raise
        raise not_found() from refusal


async def required_body(request: Request) -> dict[str, Any]:
    """The JSON object in the body, which there has to be."""
    value = await body_of(request)
    if value is None:
        raise RequestError("The body must be a JSON object")
    return value


async def _identify(authenticator: Authenticator, request: Request) -> Viewer:
    """Who shows name and password, a token, or name and token together as `Bearer` (1.2)."""
    try:
        viewer = await _viewer(authenticator, request)
    except Unauthenticated:
        viewer = STRANGER
    if viewer.user_id is None:
        name, value = SCRIPT
        quiet = request.headers.get(name, "").lower() == value
        headers = {} if quiet else {"WWW-Authenticate": 'Basic realm="NTI"'}
        body = {"code": "Unauthenticated", "message": "Credentials are missing or not valid."}
        raise Refusal(json(body, 401, **headers))
    return viewer


async def _viewer(authenticator: Authenticator, request: Request) -> Viewer:
    scheme, _, credentials = request.headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() == "bearer":
        try:
            username, colon, token = b64decode(credentials, validate=True).decode().partition(":")
        except ValueError:
            username, colon, token = "", "", ""
        if colon and token.isprintable():
            viewer = await authenticator.viewer(f"Token {token}")
            if str(viewer.username).lower() != username.lower():
                raise Unauthenticated("Invalid Token.")
            return viewer
    return await authenticator.viewer_of(request, basic=True)


MANNER = Manner(
    schemes=("Basic", "Bearer"),
    identify=_identify,
    word="message",
    challenge=lambda error: 'Basic realm="NTI"',
    fault=lambda message: {"message": message},
    refusals={
        400: Refused("The request cannot be used, or took too long.", FAULT),
        401: Refused("There are no credentials, or they are not valid.", FAULT),
        403: Refused("The caller may not do this.", FAULT),
        404: Refused("There is nothing of this name.", FAULT),
        405: Refused("The method is not allowed.", FAULT),
        413: Refused("The body is too large.", FAULT),
        429: Refused("Too many wrong passwords.", FAULT),
        503: Refused("The server is too busy.", FAULT),
    },
)
