"""The engine of the shim: from a request to a stored document, and from its data to an answer."""

import asyncio
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from typing import Any, cast

from starlette.datastructures import URLPath
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
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
from app.rest.negotiation import Unrepresentable, negotiated
from app.rest.render import Render, json, melt
from app.rest.route import Api, Call, Caller, Invalid, Manner, Refusal, Route, Services
from app.rest.stream import PAGE_SIZE, Page, Stream, page_of
from app.settings import Settings

_NOT_PROVIDED = "Authentication credentials were not provided."
_NOT_STAFF = "You do not have permission to perform this action."
_PAGES_AT_ONCE = 2
_TURNS = 2
Documents = Mapping[str, Document]
_PARAMETER = re.compile(r"\{(\w+)\}")


class Shim:
    """Serves a table of APIs."""

    def __init__(
        self,
        apis: Iterable[Api],
        executor: Executor,
        authenticator: Authenticator,
        services: Services,
        settings: Settings,
        clock: Clock,
    ) -> None:
        """Parse and validate all documents. Raises `ValueError` for one that the schema cannot answer."""
        self._executor = executor
        self._authenticator = authenticator
        self._services = services
        self._settings = settings
        self._clock = clock
        self._requests: dict[str, Attempts] = {}
        self._paging = asyncio.Semaphore(_PAGES_AT_ONCE)
        self._turns = asyncio.Semaphore(_TURNS)
        self.routes: list[BaseRoute] = [route for api in apis for route in self._routes(api)]

    def _routes(self, api: Api) -> list[BaseRoute]:
        paths: dict[str, dict[str, tuple[Route, Documents]]] = defaultdict(dict)
        for route in api.routes:
            names = (route.document,) if route.document else route.asks
            documents = {name: self._executor.store(text_of(route.folder, name)) for name in names}
            paths[route.path][route.method] = (route, documents)
        routes: list[BaseRoute] = [_Path(self, methods) for methods in paths.values()]
        routes += [_Moved(old, new) for old, new in api.moved.items()]
        if api.root:
            routes.append(_Unknown(api.root, api.unknown))
        return routes

    async def answer(self, methods: Mapping[str, tuple[Route, Documents]], request: Request) -> Response:
        """Answer a request of any method to a path; what nobody expected is masked."""
        route, _ = next(iter(methods.values()))
        manner = route.manner
        render = manner.produces[0].render
        allowed = ", ".join([*methods, "OPTIONS"] if manner.describes_itself else methods)
        try:
            render = negotiated(request, manner.produces)
            response = await self._answer(methods, request, render, allowed)
        except Unrepresentable as error:
            response = render({"detail": error.detail}, error.status)
        except Refusal as refusal:
            response = refusal.response
        except LyceumError as error:
            response = _refusal(refused(error), manner, render, error)
        except ClientDisconnect:
            raise
        except Exception as error:
            response = _refusal(masked(error), manner, render)
        if manner.describes_itself:
            response.headers["Allow"] = allowed
        if manner.negotiates:
            response.headers["Vary"] = "Accept"
        return response

    async def _answer(
        self,
        methods: Mapping[str, tuple[Route, Documents]],
        request: Request,
        render: Render,
        allowed: str,
    ) -> Response:
        found = methods.get(request.method)
        if found is None:
            route, _ = next(iter(methods.values()))
            if route.manner.describes_itself:
                await self._viewer(route, request, render)
                if request.method == "OPTIONS":
                    return render(_description(route))
                message = f'Method "{request.method}" not allowed.'
                return render({"detail": message}, 405)
            message = f"Method {request.method} is not allowed."
            return json({route.manner.word: message}, 405, Allow=allowed)
        route, documents = found
        viewer = await self._viewer(route, request, render)
        given = {**request.query_params, **request.path_params}
        raw = {
            parameter.name: given[parameter.name]
            for parameter in route.parameters
            if given.get(parameter.name, "") != ""
        }
        if route.check:
            route.check(viewer, raw)
        body = None
        if route.body:
            body = await read_json(request, getattr(self._settings, route.max_body), route.body)

        async def ask(document: str, **variables: Any) -> dict[str, Any]:
            answer = await self._executor.run(viewer, documents[document], variables)
            melted: dict[str, Any] = melt(_data(route, answer, render))
            return melted

        values = _parsed(route, raw, render)
        call = Call(request, viewer, values, ask, self._settings, body, render)
        if route.act:
            return await route.act(call, self._services)
        return await self._run(route, documents[cast(str, route.document)], call, raw)

    async def _run(self, route: Route, document: Document, call: Call, raw: Mapping[str, str]) -> Response:
        variables = route.variables(route, call)
        presence = Presence(call.request)

        async def data(**more: Any) -> dict[str, Any]:
            answer = await self._executor.run(call.viewer, document, {**variables, **more})
            return _data(route, answer, call.render)

        async def run(**more: Any) -> dict[str, Any]:
            melted: dict[str, Any] = melt(await presence.during(data(**more)))
            return melted

        async def page(after: str | None) -> Page:
            # Pages of many long answers that resolve in a row would hold up everybody else.
            async with self._paging:
                return page_of(await data(size=PAGE_SIZE, after=after), route.row)

        async def read(after: str | None) -> Page:
            return await presence.during(page(after))

        try:
            if route.answer is None:
                # What is wrong with the first page still has an answer of its own.
                what = f"{route.path} for {call.viewer.username} with {raw}"
                return Stream(await read(None), read, presence, what)
            async with self._turns if route.in_turn else nullcontext():
                return route.answer(call, await (route.read(call, run) if route.read else run()))
        finally:
            presence.close()

    async def _viewer(self, route: Route, request: Request, render: Render) -> Viewer:
        viewer, manner = STRANGER, route.manner
        if route.caller is not Caller.ANYBODY:
            viewer = await manner.identify(self._authenticator, request)
            if viewer.user_id is None and route.caller is not Caller.NOBODY_WRONG:
                headers = {"WWW-Authenticate": manner.challenge(None)}
                raise Refusal(render({"detail": _NOT_PROVIDED}, 401, **headers))
        if route.throttled:
            payer, attempts = payer_of(viewer, request), self._attempts(manner.limit(viewer))
            attempts.check(payer)
            attempts.count(payer)
        if route.caller is Caller.STAFF and not viewer.is_staff:
            raise Refusal(render({"detail": _NOT_STAFF}, 403))
        return viewer

    def _attempts(self, setting: str) -> Attempts:
        if setting not in self._requests:
            self._requests[setting] = Attempts(getattr(self._settings, setting), 60, self._clock)
        return self._requests[setting]


class _Address(BaseRoute):
    """Matches paths by a pattern, whatever the method."""

    def __init__(self, pattern: str) -> None:
        self._pattern = re.compile(pattern)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether a request is to this path, whatever its method."""
        match = self._pattern.fullmatch(scope["path"]) if scope["type"] == "http" else None
        if match is None:
            return Match.NONE, {}
        return Match.FULL, {"path_params": match.groupdict()}

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """Raise `NoMatchFound`: these paths have no names, and what comes after them is looked at then."""
        raise NoMatchFound(name, path_params)


class _Path(_Address):
    """A path, with and without a slash at its end, and its methods."""

    def __init__(self, shim: Shim, methods: Mapping[str, tuple[Route, Documents]]) -> None:
        self._shim = shim
        self._methods = dict(methods)
        if "GET" in methods:
            self._methods["HEAD"] = methods["GET"]
        route, _ = next(iter(methods.values()))
        self._redirects = route.redirects
        patterns = {parameter.name: parameter.pattern for parameter in route.parameters if parameter.pattern}
        literals = _PARAMETER.split(route.path.rstrip("/"))
        super().__init__(
            "".join(
                f"(?P<{part}>{patterns[part]})" if index % 2 else re.escape(part)
                for index, part in enumerate(literals)
            )
            + "/?"
        )

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request of any method, unless its sender left."""
        if self._redirects and not scope["path"].endswith("/"):
            response: Response = _with_slash(scope)
        else:
            try:
                response = await self._shim.answer(self._methods, Request(scope, receive))
            except ClientDisconnect:
                return
        await response(scope, receive, send)


class _Moved(_Address):
    """A path that leads to another."""

    def __init__(self, old: str, new: str) -> None:
        super().__init__(re.escape(old.rstrip("/")) + "/?")
        self._new = new

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Redirect."""
        there = RedirectResponse(self._new, 301) if scope["path"].endswith("/") else _with_slash(scope)
        await there(scope, receive, send)


class _Unknown(_Address):
    """All paths below a root that no other matched."""

    def __init__(self, root: str, body: Any) -> None:
        super().__init__(re.escape(root) + "(?s:.*)")
        self._body = body

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Say that there is nothing."""
        await json(self._body, 404)(scope, receive, send)


def _with_slash(scope: Scope) -> Response:
    query = scope["query_string"]
    address: bytes = scope["raw_path"] + b"/" + (b"?" + query if query else b"")
    return RedirectResponse(address.decode("latin-1"), 301)


def _description(route: Route) -> dict[str, Any]:
    parses = ["application/json"] if route.method == "POST" else []
    return {
        "name": route.summary,
        "description": route.description,
        "renders": [offer.media_type for offer in route.manner.produces if offer.format],
        "parses": parses,
    }


def _parsed(route: Route, raw: Mapping[str, str], render: Render) -> dict[str, Any]:
    values = {}
    for parameter in route.parameters:
        if parameter.name in raw:
            try:
                values[parameter.name] = parameter.parse(raw[parameter.name])
            except Invalid as error:
                message = f"{parameter.name}: {error}"
                raise Refusal(render(route.invalid(parameter.name, message), 400)) from error
    return values


def _data(route: Route, answer: Answer, render: Render) -> dict[str, Any]:
    if errors := answer.body.get("errors"):
        error = errors[0]
        if error["extensions"]["code"] == BadUserInput.code:
            field = error["extensions"].get("field", "")
            raise Refusal(render(route.invalid(field, error["message"]), 400))
        raise Refusal(_refusal(error, route.manner, render))
    data: dict[str, Any] = answer.body["data"]
    return data


def _refusal(
    error: Mapping[str, Any], manner: Manner, render: Render, cause: LyceumError | None = None
) -> Response:
    """The answer for an error as GraphQL words it."""
    extensions = error["extensions"]
    status = cause.status if isinstance(cause, RequestError) else STATUSES[extensions["code"]]
    headers = {}
    if isinstance(cause, Unauthenticated):
        headers["WWW-Authenticate"] = manner.challenge("invalid_token")
    if "scope" in extensions:
        headers["WWW-Authenticate"] = manner.challenge("insufficient_scope")
    message = error["message"]
    if isinstance(cause, RateLimited):
        seconds = extensions["retryAfter"]
        headers["Retry-After"] = str(seconds)
        message = f"Request was throttled. Expected available in {seconds} seconds."
    body = manner.fault(message) if status == 500 else {manner.word: message}
    return render(body, status, **headers)
