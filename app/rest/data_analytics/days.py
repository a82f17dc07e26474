"""From stretches of days with the same numbers to a row for each day."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import chain

from app.rest.render import Row


def by_day(spans: Iterable[Row]) -> Iterable[Row]:
    """A row for each day of each span, by day; on a day in the order of the spans."""
    rows: defaultdict[str, list[Row]] = defaultdict(list)
    for span in spans:
        for date in days_of(span):
            rows[date].append({**span, "date": date})
    return chain.from_iterable(rows[date] for date in sorted(rows))


def days_of(span: Row) -> Iterator[str]:
    """The days of a span."""
    since, until = (dt.date.fromisoformat(span[name]).toordinal() for name in ("since", "until"))
    return map(_date, range(since, until))


@cache
def _date(ordinal: int) -> str:
    return dt.date.fromordinal(ordinal).isoformat()
