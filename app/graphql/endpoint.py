"""GraphQL over HTTP: what comes in is checked, and every answer has the status its table gives it.

Follows the GraphQL over HTTP draft; a thin path, because a framework's own
GraphQL view costs more than a small operation.
"""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

import orjson
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.auth.credentials import Authenticator
from app.auth.viewer import Viewer
from app.errors import InsufficientScope, LyceumError, Unauthenticated
from app.graphql.errors import masked, refused
from app.graphql.execute import Answer, Executor, Operation, encoded
from app.graphql.media import HTML, JSON, RESPONSE, chosen
from app.graphql.presence import Presence
from app.graphql.request import RequestError, read_body
from app.graphql.sse import EVENT_STREAM, EventStream
from app.settings import Settings

Page = Callable[[Request], Awaitable[Response]]

_PREFLIGHT = "x-require-preflight"

STATUSES = {
    "BAD_USER_INPUT": 400,
    "UNAUTHENTICATED": 401,
    "FORBIDDEN": 403,
    "NOT_FOUND": 404,
    "MODE_UNAVAILABLE": 400,
    "ENROLLMENT_CLOSED": 400,
    "COST_EXCEEDED": 400,
    "RATE_LIMITED": 429,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
}
"""The status of a request that is refused, by the code of the error."""


class GraphQLEndpoint:
    """Answers GET and POST on the GraphQL path."""

    def __init__(
        self, executor: Executor, authenticator: Authenticator, settings: Settings, page: Page | None
    ) -> None:
        """`page` answers browsers that open the path; without it they are answered like programs."""
        self._executor = executor
        self._authenticator = authenticator
        self._settings = settings
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request of any method, unless its sender left; what nobody expected is masked."""
        response: ASGIApp
        try:
            response = await self._answer(Request(scope, receive))
        except ClientDisconnect:
            return
        except Exception as error:
            response = _Json({"errors": [masked(error)]}, STATUSES["INTERNAL"], JSON)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> ASGIApp:
        accept = request.headers.get("accept")
        if self._page and request.method == "GET" and chosen(accept, (JSON, RESPONSE, HTML)) == HTML:
            return await self._page(request)
        media_type = chosen(accept, (JSON, RESPONSE, EVENT_STREAM))
        streams = media_type == EVENT_STREAM
        try:
            if media_type is None:
                raise RequestError(f"Accept: only {JSON}, {RESPONSE} and {EVENT_STREAM} can be had", 406)
            if request.method not in ("GET", "POST"):
                raise RequestError(f"{request.method} is not allowed, only GET and POST are", 405)
            viewer = await self._authenticator.viewer_of(request)
            operation = await self._operation(request, streams)
        except LyceumError as error:
            return _refusal(error, JSON if media_type is None or streams else media_type)
        payer = payer_of(viewer, request)
        if streams:
            renew = partial(self._authenticator.viewer_of, request)
            after = request.headers.get("last-event-id")
            return EventStream(request, self._executor.stream(renew, operation, payer, after))
        presence = Presence(request)
        try:
            answer = await presence.during(self._executor.execute(viewer, operation, payer))
        finally:
            presence.close()
        return _response(answer, media_type)

    async def _operation(self, request: Request, streams: bool) -> Operation:
        if request.method == "GET":
            # Pages can add no header to what they follow, and cannot make up this one.
            is_own = streams and request.headers.get("sec-fetch-site") == "same-origin"
            if _PREFLIGHT not in request.headers and not is_own:
                raise RequestError(
                    "GET needs the header X-Require-Preflight, which no other site can send", 403
                )
            return read_operation(_query_members(request.query_params), read_only=True)
        content_type = request.headers.get("content-type", "")
        if content_type != JSON:
            _check_content_type(content_type)
        return read_operation(_parsed(await read_body(request, self._settings.max_body_bytes), "The body"))


def _check_content_type(given: str) -> None:
    kind, _, parameters = given.partition(";")
    if kind.strip().lower() != JSON:
        raise RequestError(f"Content-Type: must be {JSON}", 415)
    charset = parameters.strip().lower()
    if charset and charset.replace('"', "") not in ("charset=utf-8", "charset=utf8"):
        raise RequestError("Content-Type: the only charset is utf-8", 415)


def _query_members(parameters: Mapping[str, str]) -> dict[str, Any]:
    members: dict[str, Any] = dict(parameters)
    for name in ("variables", "extensions"):
        if name in members:
            members[name] = _parsed(members[name], name)
    return members


def _parsed(text: bytes | str, what: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise RequestError(f"{what} is not JSON in UTF-8: {error}") from error


_MEMBERS = (
    ("query", str, "a string"),
    ("operationName", str, "a string"),
    ("variables", dict, "an object"),
    ("extensions", dict, "an object"),
)


def read_operation(members: Any, *, read_only: bool = False) -> Operation:
    """The operation that a request's members ask for. Raises `RequestError` for what is none."""
    if not isinstance(members, dict):
        raise RequestError("The body must be a JSON object with the member query")
    for name, type_, what in _MEMBERS:
        value = members.get(name)
        if value is not None and not isinstance(value, type_):
            raise RequestError(f"{name}: must be {what}", field=name)
    if not members.get("query"):
        raise RequestError("query: missing", field="query")
    return Operation(
        members["query"], members.get("variables") or {}, members.get("operationName"), read_only
    )


def payer_of(viewer: Viewer, request: HTTPConnection) -> str:
    """Whose budget a request is taken from: a user's, or of strangers an address's."""
    if viewer.user_id is not None:
        return f"user {viewer.user_id}"
    return f"address {request.client.host if request.client else ''}"


def _response(answer: Answer, media_type: str) -> ASGIApp:
    if answer.refusal is not None and answer.refusal.code in ("RATE_LIMITED", "FORBIDDEN"):
        return _refusal(answer.refusal, media_type)
    # A request that was understood is 200 under the old media type, whatever came of it.
    status = 200 if answer.executed or media_type == JSON else 400
    return _Json(answer.body, status, media_type)


def _refusal(error: LyceumError, media_type: str) -> ASGIApp:
    status = error.status if isinstance(error, RequestError) else STATUSES[error.code]
    headers = {}
    if status == 405:
        headers["allow"] = "GET, POST"
    if isinstance(error, Unauthenticated):
        headers["www-authenticate"] = 'Bearer realm="api", error="invalid_token"'
    if isinstance(error, InsufficientScope):
        headers["www-authenticate"] = 'Bearer realm="api", error="insufficient_scope"'
    if "retryAfter" in error.extensions:
        headers["retry-after"] = str(error.extensions["retryAfter"])
    return _Json({"errors": [refused(error)]}, status, media_type, headers)


class _Json:
    """A response with a body of JSON: to answer a small operation costs little more than to send it."""

    def __init__(
        self,
        body: dict[str, Any],
        status: int,
        media_type: str,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._body = encoded(body)
        self._status = status
        self._headers = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        self._headers.append((b"content-type", f"{media_type}; charset=utf-8".encode()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [*self._headers, (b"content-length", str(len(self._body)).encode())]
        await send({"type": "http.response.start", "status": self._status, "headers": headers})
        await send({"type": "http.response.body", "body": self._body})
