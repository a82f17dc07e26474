"""The OAuth endpoints and the ways to send credentials, as OpenAPI describes them."""

from typing import Any

from app.auth.oauth.routes import ENDPOINTS, METADATA, TOKEN
from app.rest.schemas import STRING, Schema, exactly, response
from app.vocabulary import GrantType, Scope

TAG = {"name": "OAuth 2.0", "description": "Access tokens: RFC 6749, RFC 7009, RFC 7662 and RFC 8414."}

_SCOPES = {
    Scope.READ.value: "Read.",
    Scope.WRITE.value: "Change.",
    Scope.PROFILE.value: "Read profiles.",
    Scope.EMAIL.value: "Read e-mail addresses.",
}
_FLOW = {"tokenUrl": TOKEN, "scopes": _SCOPES}
SECURITY_SCHEMES = {
    "Basic": {"type": "http", "scheme": "basic", "description": "Username and password."},
    "Bearer": {"type": "http", "scheme": "bearer", "description": "An access token or an API key."},
    "Token": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "`Token`, a space, and an API key or an access token.",
    },
    "JWT": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "`JWT`, a space, and an access token.",
    },
    "OAuth2": {
        "type": "oauth2",
        "description": "A token without scopes has all rights of its user.",
        "flows": {"password": _FLOW, "clientCredentials": _FLOW},
    },
}

# Empty is absent; explorers fill forms with what is the default.
_FIELD: Schema = {**STRING, "default": ""}
_SECRET: Schema = {**_FIELD, "format": "password"}
_CLIENT = {"client_id": _FIELD, "client_secret": _SECRET}
_TOKEN_FORM: Schema = {
    "type": "object",
    "properties": {
        "grant_type": {**STRING, "enum": list(GrantType)},
        **_CLIENT,
        "username": {**_FIELD, "description": "Or the e-mail address; for the grant `password`."},
        "password": {**_SECRET, "description": "For the grant `password`."},
        "refresh_token": {**_FIELD, "description": "For the grant `refresh_token`."},
        "scope": {**_FIELD, "description": "Names with spaces between."},
        "token_type": {**STRING, "enum": ["Bearer", "jwt"]},
    },
    "required": ["grant_type"],
}
_FORM: Schema = {"type": "object", "properties": {"token": _FIELD, **_CLIENT}, "required": ["token"]}
_ADDRESS: Schema = {**STRING, "format": "uri"}
_NAMES: Schema = {"type": "array", "items": STRING}
_SECONDS: Schema = {"type": "integer", "description": "Seconds since 1970."}

_TOKEN = exactly(
    access_token=STRING,
    token_type={**STRING, "enum": ["Bearer", "JWT"]},
    expires_in={"type": "integer", "description": "Seconds."},
    scope=STRING,
)
_TOKEN["properties"]["refresh_token"] = STRING
_ACTIVE = exactly(
    active={"const": True},
    scope=STRING,
    client_id=STRING,
    username=STRING,
    sub=STRING,
    iss=_ADDRESS,
    iat=_SECONDS,
    exp=_SECONDS,
)
_ACTIVE["properties"]["token_type"] = {"const": "Bearer"}
_METADATA = exactly(
    issuer=_ADDRESS,
    token_endpoint=_ADDRESS,
    revocation_endpoint=_ADDRESS,
    introspection_endpoint=_ADDRESS,
    grant_types_supported=_NAMES,
    response_types_supported=_NAMES,
    token_endpoint_auth_methods_supported=_NAMES,
    revocation_endpoint_auth_methods_supported=_NAMES,
    introspection_endpoint_auth_methods_supported=_NAMES,
    scopes_supported=_NAMES,
)
_ERROR = exactly(error=STRING)
_ERROR["properties"]["error_description"] = STRING
_ERRORS = {
    400: "The request cannot be used.",
    401: "The client is unknown, or its secret is missing or wrong.",
    405: "The method is not allowed.",
    413: "The body is too large.",
    429: "Too many requests or failures.",
}

_POSTS: dict[str, tuple[str, Schema, Schema]] = {
    "token": ("Get an access token", _TOKEN_FORM, _TOKEN),
    "revocation": ("Revoke a token and those that came with it", _FORM, exactly()),
    "introspection": (
        "Ask about a token of one's own",
        _FORM,
        {"oneOf": [_ACTIVE, exactly(active={"const": False})]},
    ),
}
"""Summary, form and answer, by endpoint."""


def paths() -> dict[str, Any]:
    """What each path answers."""
    metadata = {
        "tags": [TAG["name"]],
        "summary": "What the OAuth server supports",
        "security": [],
        "responses": {"200": response("The metadata.", _METADATA)},
    }
    posts = {path: {"post": _post(*_POSTS[endpoint])} for path, endpoint in ENDPOINTS.items()}
    return {**posts, METADATA: {"get": metadata}}


def _post(summary: str, form: Schema, answer: Schema) -> dict[str, Any]:
    errors = {str(status): response(meaning, _ERROR) for status, meaning in _ERRORS.items()}
    return {
        "tags": [TAG["name"]],
        "summary": summary,
        "description": "A client shows its secret in the form or with HTTP Basic.",
        "security": [],
        "requestBody": {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": form}}},
        "responses": {"200": response("Done.", answer), **errors},
    }
