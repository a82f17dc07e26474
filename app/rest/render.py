"""Rendering steps that routes share: what GraphQL aliases cannot do."""

from collections.abc import Callable
from typing import Any

import orjson
from starlette.responses import Response

MELTED = "_"
"""How an alias begins whose object is dissolved: its members become those of what holds it."""


def json(value: Any, status: int = 200, **headers: str) -> Response:
    """A JSON answer."""
    return Response(orjson.dumps(value), status, headers, "application/json")


def empty(status: int) -> Response:
    """An answer without a body and a content type."""
    return Response(status_code=status)


def melts(name: str) -> bool:
    """Whether an alias asks to be dissolved."""
    return name.startswith(MELTED) and not name.startswith("__")


def melt(value: Any) -> Any:
    """A document's data with all aliases dissolved that ask for it."""
    if isinstance(value, list):
        return [melt(item) for item in value]
    if not isinstance(value, dict):
        return value
    melted: dict[str, Any] = {}
    for name, item in value.items():
        if melts(name):
            melted.update(melt(item) or {})
        else:
            melted[name] = melt(item) if isinstance(item, dict | list) else item
    return melted


def milliseconds(*names: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """A step that cuts the fractions of times to three digits (Enrollment contract 1.3)."""

    def step(row: dict[str, Any]) -> dict[str, Any]:
        for name in names:
            seconds, point, fraction = row[name].partition(".")
            if point:
                row[name] = f"{seconds}.{fraction[:3]}Z"
        return row

    return step
