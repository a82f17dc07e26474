"""XML: the JSON document as elements (Enterprise contract 3)."""

import re
from typing import Any
from xml.sax.saxutils import escape

import orjson
from starlette.responses import Response

from app.rest.schemas import Schema

XML = "application/xml"

_PROLOG = '<?xml version="1.0" encoding="utf-8"?>\n'
_ROOT, _ITEM = "root", "list-item"
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# A parser reads a carriage return that is not escaped as a line feed.
_ESCAPED = {"\r": "&#13;"}


def xml(value: Any, status: int = 200, **headers: str) -> Response:
    """An XML answer; the keys of all objects must be names of elements."""
    parts = [_PROLOG]
    _add(parts, _ROOT, value)
    return Response("".join(parts), status, headers, f"{XML}; charset=utf-8")


def elements(schema: Schema, name: str = _ROOT) -> Schema:
    """The schema of a JSON document with the names that its parts have as elements."""
    described = {**schema, "xml": {"name": name}}
    if "properties" in schema:
        described["properties"] = {key: elements(of, key) for key, of in schema["properties"].items()}
    if "items" in schema:
        described |= {"items": elements(schema["items"], _ITEM), "xml": {"name": name, "wrapped": True}}
    if "anyOf" in schema:
        described["anyOf"] = [elements(of, name) for of in schema["anyOf"]]
    return described


def _add(parts: list[str], name: str, value: Any) -> None:
    parts.append(f"<{name}>")
    if isinstance(value, dict):
        for key, member in value.items():
            _add(parts, key, member)
    elif isinstance(value, list):
        for item in value:
            _add(parts, _ITEM, item)
    elif value is not None:
        parts.append(_text(value))
    parts.append(f"</{name}>")


def _text(value: Any) -> str:
    if isinstance(value, str):
        return escape(_FORBIDDEN.sub("", value), _ESCAPED)
    return str(value) if isinstance(value, bool) else orjson.dumps(value).decode()
