"""Countries as ISO 3166-1 codes and names them (Data Analytics contract 4.9)."""

import csv
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from app.rest.render import Row

_UNKNOWN = {"alpha2": None, "alpha3": None, "name": "UNKNOWN"}


def by_country(rows: list[Row]) -> Iterable[Row]:
    """A row for each country and day, the unknown country first."""
    merged: dict[tuple[str, str], Row] = {}
    for row in rows:
        country = _countries().get(row["country"], _UNKNOWN)
        key = (country["alpha2"] or "", row["date"])
        other = merged.get(key, {"count": 0, "created": ""})
        count, created = row["count"] + other["count"], max(row["created"], other["created"])
        merged[key] = {**row, "country": country, "count": count, "created": created}
    return [merged[key] for key in sorted(merged)]


@cache
def _countries() -> dict[str | None, dict[str, str | None]]:
    """Countries by both of their codes."""
    with Path(__file__).with_name("countries.csv").open(encoding="utf-8", newline="") as file:
        countries: list[dict[str, str | None]] = list(csv.DictReader(file))
    return {country[code]: country for code in ("alpha2", "alpha3") for country in countries}
