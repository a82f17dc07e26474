"""The OpenAPI document of the legacy paths, made from their declarations and the GraphQL schema."""

import re
from collections.abc import Iterable
from importlib.metadata import version
from typing import Any

from graphql import GraphQLSchema
from starlette.routing import BaseRoute
from starlette.routing import Route as Path

from app.graphql.media import JSON
from app.rest import oauth
from app.rest.body import FORMS
from app.rest.documents import text_of
from app.rest.route import Api, Caller, Parameter, Refused, Route
from app.rest.schemas import STRING, Schema, response
from app.rest.shapes import shape
from app.web.described import serving

PATH = "/openapi.json"

_DESCRIPTION = """\
The paths of older APIs of learning platforms, for programs that were written for them. They are served from
the same data as the GraphQL API, under the same rules of who may see what. Behind each path stands one stored
GraphQL document, which is shown with it: a program that is written anew sends it, or a part of it, to
`/graphql`.

Every path works with and without one slash at its end, some by a redirect, and HEAD works wherever GET does.
A query parameter without a value counts as absent, and of a repeated one the last counts. Times are in UTC.
"""
_REFUSED = {
    400: Refused("The request cannot be used, or took too long."),
    401: Refused("There are no credentials, or they are not valid."),
    403: Refused("The caller, or the scope of the token, may not do this."),
    404: Refused("The path does not match.", STRING, "text/plain"),
    405: Refused("The method is not allowed."),
    413: Refused("The body is too large."),
    415: Refused("The body is of a type that is not accepted."),
    429: Refused("Too many requests."),
    503: Refused("The server is too busy."),
}
_HEADERS: dict[int, tuple[str, Schema]] = {
    401: ("WWW-Authenticate", STRING),
    405: ("Allow", STRING),
    429: ("Retry-After", {"type": "integer", "description": "Seconds."}),
}


def routes(apis: Iterable[Api], schema: GraphQLSchema) -> list[BaseRoute]:
    """The paths that serve the document, made when it is first asked for."""
    serve = serving(lambda: openapi(apis, schema))
    return [Path(path, serve) for path in (PATH, f"{PATH}/")]


def openapi(apis: Iterable[Api], schema: GraphQLSchema) -> dict[str, Any]:
    """The document."""
    tags: list[dict[str, str]] = []
    paths: dict[str, dict[str, Any]] = {}
    for api in apis:
        tags.append({"name": api.group, "description": api.description})
        for route in api.routes:
            operation = {"tags": [api.group], **_operation(route, schema)}
            paths.setdefault(route.path, {})[route.method.lower()] = operation
    paths |= oauth.paths()
    for path, methods in paths.items():
        for method, operation in methods.items():
            operation["operationId"] = "_".join((method, *re.findall(r"\w+", path)))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Lyceum REST",
            "version": version("lyceum"),
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "tags": [*tags, oauth.TAG],
        "paths": paths,
        "components": {"securitySchemes": oauth.SECURITY_SCHEMES},
    }


def _operation(route: Route, schema: GraphQLSchema) -> dict[str, Any]:
    names = (route.document,) if route.document else route.asks
    document = text_of(route.folder, *names) if names else None
    operation: dict[str, Any] = {
        "summary": route.summary,
        "description": route.description,
        "parameters": [_parameter(route, parameter) for parameter in route.parameters],
        "security": _security(route),
        "responses": {str(route.status): _answer(route, schema, document), **_refusals(route)},
    }
    if document:
        described = f"{route.description}\n\nThe same in GraphQL:\n\n```graphql\n{document}```\n"
        operation |= {"description": described.lstrip(), "x-graphql-document": document}
    accepted = route.body or route.form or route.reads
    if accepted:
        kinds = [JSON, *(FORMS if route.form else ())]
        content = {kind: {"schema": accepted} for kind in kinds}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _parameter(route: Route, parameter: Parameter) -> dict[str, Any]:
    in_path = f"{{{parameter.name}}}" in route.path
    matches = {"pattern": f"^({parameter.pattern})$"} if parameter.pattern else {}
    return {
        "name": parameter.name,
        "in": "path" if in_path else "query",
        "required": in_path,
        "description": parameter.description,
        "schema": {**parameter.schema, **matches},
    }


def _security(route: Route) -> list[dict[str, list[str]]]:
    if route.caller is Caller.ANYBODY:
        return []
    scope = "read" if route.method == "GET" else "write"
    schemes = [{name: [scope] if name == "OAuth2" else []} for name in route.manner.schemes]
    return [{}, *schemes] if route.caller is Caller.NOBODY_WRONG else schemes


def _answer(route: Route, schema: GraphQLSchema, document: str | None) -> dict[str, Any]:
    result = shape(schema, document, route.result) if document and route.document else {}
    empty = f" An empty body: {route.empty}" if route.empty else ""
    shown = route.shape(result) if route.shape else result
    if route.status == 204:
        return {"description": f"{route.summary}."}
    answer = response(f"{route.summary}.{empty}", shown)
    answer["content"] = {kind: {"schema": shown} for kind in route.media_types}
    return _in_all_forms(route, answer)


def _in_all_forms(route: Route, answer: dict[str, Any]) -> dict[str, Any]:
    content = answer.get("content", {})
    if JSON in content:
        schema = content.pop(JSON)["schema"]
        forms = {offer.media_type: {"schema": offer.schema(schema)} for offer in route.manner.produces}
        answer["content"] = forms | content
    return answer


def _refusals(route: Route) -> dict[str, Any]:
    statuses = {400, 405, 503, *route.refusals}
    if route.manner.negotiates:
        statuses |= {404, 406}
    if route.caller is not Caller.ANYBODY:
        statuses |= {401, 403}
    if any(parameter.pattern for parameter in route.parameters):
        statuses.add(404)
    if route.body or route.form:
        statuses |= {413, 415}
    if route.reads:
        statuses.add(413)
    if route.throttled or "Basic" in route.manner.schemes:
        statuses.add(429)
    tables = (route.refusals, {**_REFUSED, **route.manner.refusals})
    ways = {status: [table[status] for table in tables if status in table] for status in sorted(statuses)}
    return {str(status): _in_all_forms(route, _refusal(status, of)) for status, of in ways.items()}


def _refusal(status: int, ways: list[Refused]) -> dict[str, Any]:
    described: dict[str, Any] = {"description": " Or: ".join(refused.meaning for refused in ways)}
    bodies: dict[str, list[Schema]] = {}
    for refused in ways:
        if refused.body is not None:
            bodies.setdefault(refused.content_type, []).append(refused.body)
    # OpenAPI has no words for a body that may be absent.
    if bodies and all(refused.body is not None for refused in ways):
        described["content"] = {
            kind: {"schema": schemas[0] if len(schemas) == 1 else {"anyOf": schemas}}
            for kind, schemas in bodies.items()
        }
    if status in _HEADERS:
        name, schema = _HEADERS[status]
        described["headers"] = {name: {"schema": schema}}
    return described
