"""The engine of the shim: from a request to a stored document, and from its data to an answer."""

import asyncio
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from starlette.datastructures import URLPath
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import Receive, Scope, Send

from app.auth.attempts import Attempts
from app.auth.clock import Clock
from app.auth.credentials import Authenticator
from app.auth.viewer import STRANGER, Viewer
from app.errors import BadUserInput, LyceumError, RateLimited, Unauthenticated
from app.graphql.documents import Document
from app.graphql.endpoint import STATUSES, payer_of
from app.graphql.errors import masked, refused
from app.graphql.execute import Answer, Executor
from app.graphql.presence import Presence
from app.graphql.request import RequestError
from app.rest.body import read_json
from app.rest.documents import text_of
from app.rest.render import json, melt
from app.rest.route import Call, Caller, Invalid, Refusal, Route
from app.rest.stream import PAGE_SIZE, Page, Stream, page_of
from app.settings import Settings

_NOT_PROVIDED = "Authentication credentials were not provided."
_CHALLENGE = 'Bearer realm="api"'
_NOT_STAFF = "You do not have permission to perform this action."
_PAGES_AT_ONCE = 2
_PARAMETER = re.compile(r"\{(\w+)\}")


class Shim:
    """Serves a table of routes."""

    def __init__(
        self,
        table: Iterable[Route],
        executor: Executor,
        authenticator: Authenticator,
        settings: Settings,
        clock: Clock,
    ) -> None:
        """Parse and validate all documents. Raises `ValueError` for one that the schema cannot answer."""
        self._executor = executor
        self._authenticator = authenticator
        self._settings = settings
        self._requests = {
            False: Attempts(settings.enrollment_requests_per_minute, 60, clock),
            True: Attempts(settings.enrollment_requests_per_minute_staff, 60, clock),
        }
        self._paging = asyncio.Semaphore(_PAGES_AT_ONCE)
        paths: dict[str, dict[str, tuple[Route, Document]]] = defaultdict(dict)
        for route in table:
            paths[route.path][route.method] = (route, executor.store(text_of(route.folder, route.document)))
        self.routes: list[BaseRoute] = [_Path(self, methods) for methods in paths.values()]

    async def answer(self, route: Route, document: Document, request: Request) -> Response:
        """Answer a request to a route."""
        try:
            return await self._answer(route, document, request)
        except Refusal as refusal:
            return refusal.response
        except LyceumError as error:
            return _refusal(refused(error), error)

    async def _answer(self, route: Route, document: Document, request: Request) -> Response:
        viewer = await self._viewer(route, request)
        given = {**request.query_params, **request.path_params}
        raw = {
            parameter.name: given[parameter.name]
            for parameter in route.parameters
            if given.get(parameter.name, "") != ""
        }
        if route.check:
            route.check(viewer, raw)
        body = await read_json(request, self._settings.max_body_bytes) if route.body else None
        call = Call(request, viewer, _parsed(route, raw), body)
        variables = route.variables(route, call)
        presence = Presence(request)

        async def data(**more: Any) -> dict[str, Any]:
            return _data(route, await self._executor.run(viewer, document, {**variables, **more}))

        async def page(after: str | None) -> Page:
            # Pages of many long answers that resolve in a row would hold up everybody else.
            async with self._paging:
                return page_of(await data(size=PAGE_SIZE, after=after), route.row)

        async def read(after: str | None) -> Page:
            return await presence.during(page(after))

        try:
            if route.answer is None:
                # What is wrong with the first page still has an answer of its own.
                what = f"{route.path} for {viewer.username} with {raw}"
                return Stream(await read(None), read, presence, what)
            return route.answer(call, melt(await presence.during(data())))
        finally:
            presence.close()

    async def _viewer(self, route: Route, request: Request) -> Viewer:
        viewer = STRANGER
        if route.caller is not Caller.ANYBODY:
            viewer = await self._authenticator.viewer_of(request)
            if viewer.user_id is None:
                raise Refusal(json({"detail": _NOT_PROVIDED}, 401, **{"WWW-Authenticate": _CHALLENGE}))
        if route.throttled:
            payer, attempts = payer_of(viewer, request), self._requests[viewer.is_staff]
            attempts.check(payer)
            attempts.count(payer)
        if route.caller is Caller.STAFF and not viewer.is_staff:
            raise Refusal(json({"detail": _NOT_STAFF}, 403))
        return viewer


class _Path(BaseRoute):
    """A path, with and without a slash at its end, and its methods."""

    def __init__(self, shim: Shim, methods: Mapping[str, tuple[Route, Document]]) -> None:
        self._shim = shim
        self._methods = dict(methods)
        if "GET" in methods:
            self._methods["HEAD"] = methods["GET"]
        route, _ = next(iter(methods.values()))
        patterns = {parameter.name: parameter.pattern for parameter in route.parameters if parameter.pattern}
        literals = _PARAMETER.split(route.path)
        self._pattern = re.compile(
            "".join(
                f"(?P<{part}>{patterns[part]})" if index % 2 else re.escape(part)
                for index, part in enumerate(literals)
            )
            + "/?"
        )

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether a request is to this path, whatever its method."""
        match = self._pattern.fullmatch(scope["path"]) if scope["type"] == "http" else None
        if match is None:
            return Match.NONE, {}
        return Match.FULL, {"path_params": match.groupdict()}

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """Raise `NoMatchFound`: these paths have no names, and what comes after them is looked at then."""
        raise NoMatchFound(name, path_params)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request of any method, unless its sender left; what nobody expected is masked."""
        request = Request(scope, receive)
        response: Response
        if scope["method"] not in self._methods:
            allowed = ", ".join(self._methods)
            response = json({"detail": f"Method {scope['method']} is not allowed."}, 405, Allow=allowed)
        else:
            try:
                response = await self._shim.answer(*self._methods[scope["method"]], request)
            except ClientDisconnect:
                return
            except Exception as error:
                response = _refusal(masked(error))
        await response(scope, receive, send)


def _parsed(route: Route, raw: Mapping[str, str]) -> dict[str, Any]:
    values = {}
    for parameter in route.parameters:
        if parameter.name in raw:
            try:
                values[parameter.name] = parameter.parse(raw[parameter.name])
            except Invalid as error:
                message = f"{parameter.name}: {error}"
                raise Refusal(json(route.invalid(parameter.name, message), 400)) from error
    return values


def _data(route: Route, answer: Answer) -> dict[str, Any]:
    if errors := answer.body.get("errors"):
        error = errors[0]
        if error["extensions"]["code"] == BadUserInput.code:
            field = error["extensions"].get("field", "")
            raise Refusal(json(route.invalid(field, error["message"]), 400))
        raise Refusal(_refusal(error))
    data: dict[str, Any] = answer.body["data"]
    return data


def _refusal(error: Mapping[str, Any], cause: LyceumError | None = None) -> Response:
    """The answer for an error as GraphQL words it."""
    extensions = error["extensions"]
    headers = {}
    if isinstance(cause, Unauthenticated):
        headers["WWW-Authenticate"] = f'{_CHALLENGE}, error="invalid_token"'
    if "scope" in extensions:
        headers["WWW-Authenticate"] = f'{_CHALLENGE}, error="insufficient_scope"'
    if isinstance(cause, RateLimited):
        headers["Retry-After"] = str(extensions["retryAfter"])
    status = cause.status if isinstance(cause, RequestError) else STATUSES[extensions["code"]]
    return json({"detail": error["message"]}, status, **headers)
