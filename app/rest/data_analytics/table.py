"""What is answered: rows of one shape, made of what documents returned."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from app.rest.data_analytics.manner import check_restriction, nothing
from app.rest.render import Row, compact, csv
from app.rest.route import Call
from app.rest.schemas import STRING, Schema, exactly

COMPACT: Schema = {**STRING, "pattern": r"^\d{4}-\d\d-\d\dT\d{6}$", "examples": ["2014-12-10T193146"]}
_PREFIX = "course-v1:"


@dataclass(frozen=True)
class Table:
    """Rows and the members of each, in their order.

    Of a member without a schema the type is GraphQL's. `step` changes each row
    that GraphQL returned, `arrange` puts them in order. Where they are spans of days,
    `spread` makes rows of days of them, with these members, in order. `slug` is in
    the name of the file that CSV is saved as (Data Analytics contract 3.1).
    """

    members: Mapping[str, Schema | None]
    step: Callable[[Row], Row] | None = None
    arrange: Callable[[Iterable[Row]], Iterable[Row]] | None = None
    spread: Callable[[Iterable[Row], Collection[str]], Iterable[Row]] | None = None
    slug: str | None = None

    def answer(self, call: Call, data: dict[str, Any]) -> Response:
        """The rows of a document's data, each with the members of what holds it."""
        check_restriction(call, data)
        rows: Iterable[Row] = (row for holder in _holders(data) for row in _rows(holder))
        if self.step:
            rows = map(self.step, rows)
        if self.arrange:
            rows = self.arrange(rows)
        if self.spread:
            value = list(self.spread(rows, self.members))
        else:
            value = [{name: row[name] for name in self.members} for row in rows]
        if not value:
            raise nothing(call)
        headers = {}
        if self.slug and call.render is csv:
            name = re.split("[/+]", data["run"]["course_id"].removeprefix(_PREFIX))
            file = re.sub(r"[^\w.~-]", "_", f"{'-'.join(name)}--{self.slug}.csv", flags=re.ASCII)
            headers = {"Content-Disposition": f"attachment; filename={file}"}
        return call.render(value, **headers)

    def shape(self, result: Schema) -> Schema:
        """The schema of the rows, from that of what GraphQL returns."""
        given = result.get("items", result)["properties"]
        items = exactly(**{name: schema or given[name] for name, schema in self.members.items()})
        return {"type": "array", "items": items, "minItems": 1}


def _holders(data: dict[str, Any]) -> Sequence[Row]:
    """The objects that hold rows: modules, or a course run."""
    if "modules" in data:
        modules: Sequence[Row] = data["modules"]["nodes"]
        return modules
    run = data["run"] or {}
    return run["modules"]["nodes"] if "modules" in run else [run]


def _rows(holder: Row) -> Iterator[Row]:
    rows = holder.get("rows") or []
    for row in rows if isinstance(rows, list) else [rows]:
        if "created" not in row:
            # Never computed.
            continue
        yield {**holder, **row, "created": compact(row["created"])}
