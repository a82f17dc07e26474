"""The AsyncAPI document of webhooks (AsyncAPI 3.0.0), made from the catalogue of events.

Seen from this server, which sends: the servers are the targets of subscriptions.
"""

from importlib.metadata import version
from typing import Any

from app.webhooks.catalogue import CATALOGUE, PATH, Entry

ADDRESS = "/asyncapi.json"

_DESCRIPTION = f"""\
What targets of webhooks are told. `webhookSubscribe` of the GraphQL API subscribes a target to one type of
events. Each event is told at least once; `webhook-id` stays the same when it is told again. What is not
answered with a status of 200 to 299 within 15 seconds is tried again, ten times within about three days;
`410` ends it. The events can be read at `{PATH}/`, with the JSON Schema of each.

A subscription with a GraphQL document is sent what the document asks of the event, and not what is described
here.
"""
_SIGNATURE = (
    "Signatures of `webhook-id`, `webhook-timestamp` and the body, with points between, as Standard Webhooks"
    " has them: `v1,` and the base64 of HMAC-SHA256, or `v1a,` and that of Ed25519. While a key is exchanged"
    " there are two, with a space between."
)
_HEADERS = {
    "type": "object",
    "properties": {
        "webhook-id": {
            "type": "string",
            "pattern": "^msg_",
            "maxLength": 64,
            "description": "What the event is known by, the same in every try.",
        },
        "webhook-timestamp": {
            "type": "string",
            "pattern": "^[0-9]+$",
            "description": "When it was sent, in seconds since 1970. Refuse what is older than 5 minutes.",
        },
        "webhook-signature": {
            "type": "string",
            "pattern": "^v1a?,[A-Za-z0-9+/=]+( v1a?,[A-Za-z0-9+/=]+)?$",
            "description": _SIGNATURE,
        },
    },
    "required": ["webhook-id", "webhook-timestamp", "webhook-signature"],
}
_ELSEWHERE = ("$schema", "$id", "examples")
"""What a schema has that stands by itself, and none that is part of an AsyncAPI document."""


def asyncapi() -> dict[str, Any]:
    """The document."""
    messages = {entry.schema["title"]: entry for entry in CATALOGUE.values()}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Lyceum webhooks",
            "version": version("lyceum"),
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "target": {
                "host": "{host}",
                "pathname": "/{path}",
                "protocol": "https",
                "description": "The target of a subscription.",
                "variables": {
                    "host": {
                        "description": "Its host, of the public Internet.",
                        "examples": ["hooks.example.org"],
                    },
                    "path": {"description": "Its path, with the query."},
                },
                "security": [_ref("securitySchemes", "standardWebhooks")],
            }
        },
        "channels": {
            name: {
                "address": None,
                "title": str(entry.type),
                "description": f"{entry.description} Each subscription has an address of its own.",
                "servers": [{"$ref": "#/servers/target"}],
                "messages": {name: _ref("messages", name)},
            }
            for name, entry in messages.items()
        },
        "operations": {
            f"send{name}": {
                "action": "send",
                "channel": {"$ref": f"#/channels/{name}"},
                "summary": entry.description,
                "messages": [{"$ref": f"#/channels/{name}/messages/{name}"}],
                "bindings": {"http": {"method": "POST", "bindingVersion": "0.3.0"}},
            }
            for name, entry in messages.items()
        },
        "components": {
            "messages": {name: _message(name, entry) for name, entry in messages.items()},
            "securitySchemes": {
                "standardWebhooks": {
                    "type": "httpApiKey",
                    "in": "header",
                    "name": "webhook-signature",
                    "description": _SIGNATURE,
                }
            },
        },
    }


def _message(name: str, entry: Entry) -> dict[str, Any]:
    return {
        "name": str(entry.type),
        "title": name,
        "summary": entry.description,
        "contentType": "application/json",
        "headers": _HEADERS,
        "payload": {key: value for key, value in entry.schema.items() if key not in _ELSEWHERE},
        "examples": [{"payload": entry.example}],
        "bindings": {"http": {"headers": _HEADERS, "bindingVersion": "0.3.0"}},
    }


def _ref(kind: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{kind}/{name}"}
