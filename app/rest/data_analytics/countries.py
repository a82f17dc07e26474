"""Countries as ISO 3166-1 codes and names them (Data Analytics contract 4.9)."""

import csv
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from itertools import chain
from pathlib import Path

from app.rest.data_analytics.days import days_of
from app.rest.render import Row

_UNKNOWN = {"alpha2": None, "alpha3": None, "name": "UNKNOWN"}


def by_country(spans: Iterable[Row], members: Collection[str]) -> Iterator[Row]:
    """A row for each country and day, the unknown country first."""
    countries: defaultdict[str, list[Row]] = defaultdict(list)
    for span in spans:
        country = _countries().get(span["value"], _UNKNOWN)
        countries[country["alpha2"] or ""].append({**span, "country": country})
    for _, spans_of in sorted(countries.items()):
        days = chain.from_iterable(days_of(span, members) for span in spans_of)
        is_one = len({span["value"] for span in spans_of}) == 1
        yield from days if is_one else _merged(days)


def _merged(days: Iterable[Row]) -> list[Row]:
    """The days of several codes that stand for one country, each once."""
    rows: dict[str, Row] = {}
    for day in days:
        row = rows.setdefault(day["date"], {**day, "count": 0})
        row["count"] += day["count"]
        row["created"] = max(row["created"], day["created"])
    return [rows[date] for date in sorted(rows)]


@cache
def _countries() -> dict[str | None, dict[str, str | None]]:
    """Countries by both of their codes."""
    with Path(__file__).with_name("countries.csv").open(encoding="utf-8", newline="") as file:
        countries: list[dict[str, str | None]] = list(csv.DictReader(file))
    return {country[code]: country for code in ("alpha2", "alpha3") for country in countries}
