"""Representations of answers, and rendering steps that routes share: what GraphQL aliases cannot do."""

import csv as rfc4180
import datetime as dt
import io
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from html import escape
from json import dumps
from typing import Any

import orjson
from starlette.responses import Response

from app.graphql.media import JSON
from app.web.pages import page

CSV = "text/csv"

Row = dict[str, Any]
Render = Callable[..., Response]
"""Makes a response of a value, a status and headers."""

_HOLDERS = (dict, list)

MELTED = "_"
"""How an alias begins whose object is dissolved: its members become those of what holds it."""


def json(value: Any, status: int = 200, **headers: str) -> Response:
    """A JSON answer."""
    return Response(orjson.dumps(value), status, headers, "application/json")


def indented(value: Any, status: int = 200, *, indent: int, **headers: str) -> Response:
    """A JSON answer for people."""
    return Response(dumps(value, indent=indent, ensure_ascii=False), status, headers, JSON)


def csv(value: Any, status: int = 200, **headers: str) -> Response:
    """CSV: a line for each row, all keys of all rows as columns (Data Analytics contract 3.1)."""
    rows = [dict(_flat(row)) for row in (value if isinstance(value, list) else [value])]
    text = io.StringIO()
    writer = rfc4180.DictWriter(text, sorted({name for row in rows for name in row}))
    writer.writeheader()
    writer.writerows(rows)
    return Response(text.getvalue(), status, headers, CSV)


def html(value: Any, status: int = 200, **headers: str) -> Response:
    """An answer as a page that shows the JSON."""
    text = escape(dumps(value, indent=4, ensure_ascii=False))
    response = page(
        f"<!doctype html>\n<meta charset=utf-8>\n<title>{status}</title>\n<pre>{text}</pre>\n", {}
    )
    response.status_code = status
    response.headers.update(headers)
    return response


def _flat(row: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in row.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def empty(status: int) -> Response:
    """An answer without a body and a content type."""
    return Response(status_code=status)


def melts(name: str) -> bool:
    """Whether an alias asks to be dissolved."""
    return name.startswith(MELTED) and not name.startswith("__")


@cache
def _melting(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(filter(melts, names))


def melt(value: Any) -> Any:
    """A document's data with all aliases dissolved that ask for it."""
    if isinstance(value, list):
        return [melt(item) for item in value]
    if not isinstance(value, dict):
        return value
    inner = {name: melt(item) for name, item in value.items() if isinstance(item, _HOLDERS)}
    melting = _melting(tuple(value))
    if not melting:
        return value | inner if inner else value
    melted: dict[str, Any] = {}
    for name, item in value.items():
        if name in melting:
            melted.update(inner.get(name, {}))
        else:
            melted[name] = inner.get(name, item)
    return melted


def milliseconds(*names: str) -> Callable[[Row], Row]:
    """A step that cuts the fractions of times to three digits (Enrollment contract 1.3)."""

    def step(row: Row) -> Row:
        for name in names:
            seconds, point, fraction = row[name].partition(".")
            if point:
                row[name] = f"{seconds}.{fraction[:3]}Z"
        return row

    return step


def compact(time: str) -> str:
    """A time of GraphQL's without marks, zone and fraction, such as 2014-12-10T193146."""
    return time[:19].replace(":", "")


def midnight(day: str, *, days: int = 0) -> str:
    """The first instant of a day, or of one so many days later, such as 2014-12-08T00:00:00Z."""
    return f"{dt.date.fromisoformat(day) + dt.timedelta(days)}T00:00:00Z"


def blank_to_null(*names: str) -> Callable[[Row], Row]:
    """A step that makes empty texts null."""

    def step(row: Row) -> Row:
        return row | {name: row[name] or None for name in names}

    return step


def whole(number: float) -> float:
    """A number, without fraction where it is whole."""
    return int(number) if number == int(number) else number
