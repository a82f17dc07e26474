"""Lists and their pages (Zapier contract 2.9)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from app.rest.route import Call
from app.rest.zapier.manner import fault, query_of
from app.rest.zapier.objects import Object, link

PAGE_SIZE, MAX_PAGE_SIZE = 30, 1000
_MAX_START = 1_000_000
_SIZE, _START = "batchSize", "batchStart"
_DROPPED = {name.lower() for name in (_SIZE, _START, "batchAround", "batchContaining", "batchBefore")}


@dataclass(frozen=True)
class Batch:
    """Which part of a list is asked for."""

    start: int
    size: int

    @classmethod
    def of(cls, call: Call, default: int = PAGE_SIZE) -> "Batch":
        """What the query asks for. Raises `Refusal` 400."""
        query = query_of(call)
        size = _number(query, _SIZE, 1, default)
        return cls(_number(query, _START, 0, 0), min(size, max(MAX_PAGE_SIZE, default)))

    @property
    def offset(self) -> int:
        """Where the part begins; no list is longer than the greatest."""
        return min(self.start, _MAX_START)


def order_of(call: Call, fields: Mapping[str, str], default: str, *ties: str) -> list[dict[str, str]]:
    """The order that `sortOn` and `sortOrder` ask for, as GraphQL takes it; ties come after it."""
    query = query_of(call)
    name = fields.get(query.get("sorton", "").lower(), default)
    direction = "DESC" if query.get("sortorder", "").lower() == "descending" else "ASC"
    first = {"field": name, "direction": direction}
    return [first, *({"field": tie, "direction": "ASC"} for tie in ties if tie != name)]


def page(call: Call, items: list[Object], total: int, batch: Batch | None) -> Object:
    """The members of a list's answer; without a batch it is the whole list."""
    answer: Object = {"Items": items, "Total": total, "ItemCount": len(items), "href": href_of(call)}
    if batch is not None:
        answer["BatchPage"] = batch.start // batch.size + 1
        links = _links(call, total, batch) if batch.start < total else []
        if links:
            answer["Links"] = links
    return answer


def href_of(call: Call) -> str:
    """The path that was asked for, with its query."""
    query = call.request.url.query
    path = quote(call.request.scope["path"], safe="/+@:!$&'()*,;=~")
    return f"{path}?{query}" if query else path


def _links(call: Call, total: int, batch: Batch) -> list[Object]:
    links = []
    if batch.start + batch.size < total:
        links.append(link("batch-next", _href(call, batch.start + batch.size, batch.size)))
    if batch.start > 0:
        links.append(link("batch-prev", _href(call, max(0, batch.start - batch.size), batch.size)))
    return links


def _href(call: Call, start: int, size: int) -> str:
    given: list[tuple[str, Any]] = [
        (name, value)
        for name, value in call.request.query_params.multi_items()
        if name.lower() not in _DROPPED
    ]
    query = urlencode(sorted([*given, (_SIZE, str(size)), (_START, str(start))]), quote_via=quote)
    return f"{href_of(call).partition('?')[0]}?{query}"


def _number(query: Mapping[str, str], name: str, least: int, default: int) -> int:
    text = query.get(name.lower())
    if text is None:
        return default
    if not re.fullmatch(r"-?[0-9]{1,18}", text) or int(text) < least:
        raise fault(400, f"{name}: not a whole number from {least}", field=name, code="InvalidBatch")
    return int(text)
