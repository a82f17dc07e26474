"""Pages by number: parameters, links and envelopes (Enterprise contract 5)."""

import math
from typing import Any
from urllib.parse import parse_qs, urlencode

from app.rest.route import Call, Parameter, Refusal
from app.rest.schemas import STRING, Schema, exactly, nullable

_DEFAULT, _MAXIMUM = 20, 1000
_DIGITS = 9
_GREATEST_OFFSET = 1_000_000
_LAST = "last"
_ADDRESS: Schema = nullable({**STRING, "format": "uri"})
_INVALID = {"detail": "Invalid page."}

PAGING = (
    Parameter(
        "limit",
        None,
        f"Items on a page, at most {_MAXIMUM}; what is no positive number counts as {_DEFAULT}.",
        schema={"type": "integer", "default": _DEFAULT},
    ),
    Parameter("page_size", None, "Another name of `limit`, which wins.", schema={"type": "integer"}),
    Parameter(
        "page",
        None,
        f"Number of the page, from 1, or `{_LAST}`.",
        schema={"anyOf": [{"type": "integer", "minimum": 1}, {"const": _LAST}], "default": 1},
    ),
)

LINKS: dict[str, Schema] = {
    "count": {"type": "integer", "description": "Items on all pages."},
    "next": _ADDRESS,
    "previous": _ADDRESS,
}


def page_variables(call: Call) -> dict[str, int]:
    """The document's `$first` and `$offset`; nothing but the count is read of the last page, or of none."""
    number, size = _number(call), _size(call)
    offset = (number - 1) * size if number else _GREATEST_OFFSET
    return {"first": size, "offset": offset} if offset < _GREATEST_OFFSET else {"first": 0, "offset": 0}


def last_page(call: Call, count: int) -> dict[str, int] | None:
    """The variables of the last page, where it is asked for."""
    if call.values.get("page") != _LAST:
        return None
    size = _size(call)
    return {"first": size, "offset": (_pages(count, size) - 1) * size}


def envelope(call: Call, count: int, results: list[Any]) -> dict[str, Any]:
    """A page between its neighbours. Raises `Refusal` for one that is not there."""
    pages = _pages(count, _size(call))
    number = pages if call.values.get("page") == _LAST else _number(call)
    if number is None or number > pages:
        raise Refusal(call.render(_INVALID, 404))
    return {
        "count": count,
        "next": _link(call, number + 1) if number < pages else None,
        "previous": _link(call, number - 1) if number > 1 else None,
        "results": results,
    }


def enveloped(results: Schema) -> Schema:
    """The schema of a page, from that of its results."""
    return exactly(**LINKS, results=results)


def _pages(count: int, size: int) -> int:
    return max(1, math.ceil(count / size))


def _size(call: Call) -> int:
    text = call.values.get("limit", call.values.get("page_size", ""))
    return min(_positive(text) or _DEFAULT, _MAXIMUM)


def _number(call: Call) -> int | None:
    return _positive(call.values.get("page", "1"))


def _positive(text: str) -> int | None:
    """A positive number, or None; one with many digits is only known to be great."""
    digits = text.lstrip("0")
    if not (digits.isascii() and digits.isdigit()):
        return None
    return int(digits) if len(digits) <= _DIGITS else 10**_DIGITS


def _link(call: Call, number: int) -> str:
    query = parse_qs(call.request.url.query, keep_blank_values=True)
    query.pop("page", None)
    if number > 1:
        query["page"] = [str(number)]
    path: str = call.request.scope["raw_path"].decode("latin-1")
    encoded = urlencode(sorted(query.items()), doseq=True)
    return call.base_url + path + (f"?{encoded}" if encoded else "")
