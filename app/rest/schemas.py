"""JSON Schemas and other parts of descriptions that routes share."""

from typing import Any

Schema = dict[str, Any]
"""A JSON Schema."""

STRING: Schema = {"type": "string"}


def exactly(**members: Schema) -> Schema:
    """An object with these members, none absent and no others."""
    return {
        "type": "object",
        "properties": members,
        "required": list(members),
        "additionalProperties": False,
    }


def nullable(schema: Schema) -> Schema:
    """A schema that also lets null pass."""
    if "anyOf" in schema:
        return {**schema, "anyOf": [*schema["anyOf"], {"type": "null"}]}
    if "enum" in schema:
        schema = {**schema, "enum": [*schema["enum"], None]}
    return {**schema, "type": [schema["type"], "null"]}


DETAIL = exactly(detail=STRING)
MESSAGE = exactly(message=STRING)


def response(meaning: str, body: Schema, content_type: str = "application/json") -> dict[str, Any]:
    """A response as OpenAPI describes it."""
    return {"description": meaning, "content": {content_type: {"schema": body}}}
