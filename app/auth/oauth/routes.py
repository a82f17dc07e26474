"""The paths of the OAuth server (Enrollment contract 2.1), with and without a slash at the end."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from app import vocabulary
from app.auth.oauth.server import OAuthServer

TOKEN, _REVOKE, _INTROSPECT = "/oauth2/access_token/", "/oauth2/revoke_token/", "/oauth2/introspect/"
ENDPOINTS = {
    TOKEN: "token",
    # Enterprise contract 2.4.
    "/oauth2/v1/access_token/": "token",
    _REVOKE: "revocation",
    _INTROSPECT: "introspection",
}
METADATA = "/.well-known/oauth-authorization-server"


def routes(server: OAuthServer) -> list[BaseRoute]:
    """The routes of a server."""
    described = metadata(server)

    async def describe(request: Request) -> Response:
        return JSONResponse(described)

    return [
        *(
            Route(path, _AnyMethod(partial(server.answer, endpoint=endpoint)))
            for slashed, endpoint in ENDPOINTS.items()
            for path in (slashed, slashed.rstrip("/"))
        ),
        *(Route(path, describe) for path in (METADATA, METADATA + "/")),
    ]


def metadata(server: OAuthServer) -> dict[str, Any]:
    """What the server tells of itself (RFC 8414)."""
    issuer = server.settings.issuer
    secret = ["client_secret_post", "client_secret_basic"]
    return {
        "issuer": issuer,
        "token_endpoint": issuer + TOKEN,
        "revocation_endpoint": issuer + _REVOKE,
        "introspection_endpoint": issuer + _INTROSPECT,
        "grant_types_supported": [grant.GRANT_TYPE for grant in server.grants],
        "response_types_supported": [],
        "token_endpoint_auth_methods_supported": [*secret, "none"],
        "revocation_endpoint_auth_methods_supported": [*secret, "none"],
        "introspection_endpoint_auth_methods_supported": secret,
        "scopes_supported": list(vocabulary.Scope),
    }


class _AnyMethod:
    """Leaves the methods to the server, whose 405 has a body that clients understand."""

    def __init__(self, answer: Callable[[Request], Awaitable[Response]]) -> None:
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._answer(Request(scope, receive))
        await response(scope, receive, send)
