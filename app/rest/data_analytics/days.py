"""From stretches of days with the same numbers to a row for each day."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from itertools import chain

from app.rest.render import Row


def by_day(spans: Iterable[Row], members: Collection[str]) -> Iterable[Row]:
    """A row for each day of each span, by day; on a day in the order of the spans."""
    rows: defaultdict[str, list[Row]] = defaultdict(list)
    for span in spans:
        for day in days_of(span, members):
            rows[day["date"]].append(day)
    return chain.from_iterable(rows[date] for date in sorted(rows))


def days_of(span: Row, members: Collection[str]) -> Iterator[Row]:
    """A row for each day of a span, with these members."""
    since, until = (_ordinal(span[name]) for name in ("since", "until"))
    # There are so many days that nothing is done for each that can be done for all.
    row = {name: span.get(name) for name in members}
    return ({**row, "date": _date(ordinal)} for ordinal in range(since, until))


@cache
def _ordinal(date: str) -> int:
    return dt.date.fromisoformat(date).toordinal()


@cache
def _date(ordinal: int) -> str:
    return dt.date.fromordinal(ordinal).isoformat()
