"""Pages by number: parameters, links and envelopes (Enterprise contract 5)."""

import math
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, urlencode

from app.rest.route import Call, Parameter, Refusal, Run
from app.rest.schemas import STRING, Schema, exactly, nullable
from app.rest.stream import PAGE_SIZE

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
    """The document's `$first` and `$offset`; nothing but the count is read of a page that there cannot be."""
    number, size = _number(call), _size(call)
    offset = (number - 1) * size if number else _GREATEST_OFFSET
    is_there = offset < _GREATEST_OFFSET
    return {"first": min(size, PAGE_SIZE) if is_there else 0, "offset": offset if is_there else 0}


def reading(place: str) -> Callable[[Call, Run], Awaitable[dict[str, Any]]]:
    """Reads the data of a document that has its page, if it has one, as `page` in the member `place`.

    A large page is read in several parts, so that others are answered meanwhile.
    """

    async def read(call: Call, run: Run) -> dict[str, Any]:
        data, size = await run(), _size(call)
        page = data[place] and data[place]["page"]
        number = _page(call, page["count"]) if page else None
        if number is not None:
            end = min(number * size, page["count"])
            # Of the last page nothing is read before it is known which one that is.
            start = (number - 1) * size + (PAGE_SIZE if _number(call) else 0)
            for offset in range(start, end, PAGE_SIZE):
                more = await run(first=min(PAGE_SIZE, end - offset), offset=offset)
                page["results"] += more[place]["page"]["results"]
        return data

    return read


def envelope(call: Call, count: int, results: list[Any]) -> dict[str, Any]:
    """A page between its neighbours. Raises `Refusal` for one that is not there."""
    number, pages = _page(call, count), _pages(count, _size(call))
    if number is None:
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


def _page(call: Call, count: int) -> int | None:
    """The number of the page that is asked for; None where it is not there."""
    pages = _pages(count, _size(call))
    number = pages if call.values.get("page") == _LAST else _number(call)
    return number if number and number <= pages else None


def _number(call: Call) -> int | None:
    """The number that is given, or None for what is none."""
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
