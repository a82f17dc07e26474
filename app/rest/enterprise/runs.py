"""Course runs as content items, nested in courses, and by themselves (Enterprise contract 8.2)."""

from collections.abc import Callable
from typing import Any

from app.rest.members import Made
from app.rest.render import Row
from app.rest.route import Call
from app.rest.schemas import STRING, Schema, nullable

_TEXTS: Schema = {"type": "array", "items": STRING}
_UUIDS: Schema = {"type": "array", "items": {**STRING, "format": "uuid"}}
_YES_OR_NO: Schema = {"type": "boolean"}


def _of_course(name: str) -> Callable[[Row, Call], Any]:
    return lambda run, call: run["course"][name]


def _uuids(rows: list[Row]) -> list[str]:
    return [row["uuid"] for row in rows]


def _key_part(number: int, run: Row, call: Call) -> str:
    """A part of the course's key, `ORG+NUMBER` or the old `ORG/NUMBER`."""
    parts = run["course"]["key"].replace("/", "+").split("+", 1)
    return parts[min(number, len(parts) - 1)]  # type: ignore[no-any-return]


def _date(name: str) -> Made:
    """One of the four dates, in whole seconds (10)."""

    def value(run: Row, call: Call) -> str | None:
        time = run[name]
        zone = "Z" if call.settings.enterprise_dates_with_zone else ""
        return time and time[:19] + zone

    pattern = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ?$"
    return Made(nullable({**STRING, "pattern": pattern, "examples": ["2017-11-01T05:00:00"]}), value)
