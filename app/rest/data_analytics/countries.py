"""Countries as ISO 3166-1 codes and names them (Data Analytics contract 4.9)."""

import csv
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from app.rest.data_analytics.days import days_of
from app.rest.render import Row

_UNKNOWN = {"alpha2": None, "alpha3": None, "name": "UNKNOWN"}


def by_country(spans: Iterable[Row]) -> Iterable[Row]:
    """A row for each country and day, the unknown country first."""
    rows: dict[tuple[str, str], Row] = {}
    for span in spans:
        country = _countries().get(span["value"], _UNKNOWN)
        for date in days_of(span):
            row = rows.setdefault(
                (country["alpha2"] or "", date), {**span, "country": country, "date": date, "count": 0}
            )
            row["count"] += span["count"]
            row["created"] = max(row["created"], span["created"])
    return [rows[key] for key in sorted(rows)]


@cache
def _countries() -> dict[str | None, dict[str, str | None]]:
    """Countries by both of their codes."""
    with Path(__file__).with_name("countries.csv").open(encoding="utf-8", newline="") as file:
        countries: list[dict[str, str | None]] = list(csv.DictReader(file))
    return {country[code]: country for code in ("alpha2", "alpha3") for country in countries}
