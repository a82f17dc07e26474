"""The bounds of series (Data Analytics contract 4.1): `start_date` inclusive, `end_date` exclusive."""

import datetime as dt
import re
from collections.abc import Callable

from app.rest.route import Invalid, Parameter
from app.rest.schemas import STRING, Schema

_BOUND = re.compile(
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})"
    r"(?:T(?P<hour>[0-9]{2})(?P<minute>[0-9]{2})(?P<second>[0-9]{2}))?"
)
_FIRST = dt.date(1970, 1, 1)
"""No series begins before."""

_SCHEMA: Schema = {**STRING, "pattern": f"^{re.sub(r'[?]P<[a-z]+>', '', _BOUND.pattern)}$"}


def _instant(text: str) -> dt.datetime:
    match = _BOUND.fullmatch(text)
    try:
        if match is None:
            raise ValueError
        year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
        return dt.datetime(year, month, day, hour, minute, second)
    except ValueError as error:
        raise Invalid("expected YYYY-mm-dd or YYYY-mm-ddTHHMMSS") from error


def _first_day(text: str) -> str:
    return max(_instant(text).date(), _FIRST).isoformat()


def _end_day(text: str) -> str:
    return _instant(text).date().isoformat()


def _first_day_of_weeks(text: str) -> str:
    """The first day on which a week may begin that begins at an instant or later."""
    instant = _instant(text)
    into_the_day = instant.time() > dt.time.min and instant.date() < dt.date.max
    return max(instant.date() + dt.timedelta(into_the_day), _FIRST).isoformat()


def _end_day_of_weeks(text: str) -> str:
    """The last day on which a week may end that ends before an instant."""
    instant = _instant(text)
    at_midnight = instant.time() == dt.time.min and instant.date() > dt.date.min
    return (instant.date() - dt.timedelta(at_midnight)).isoformat()


def _bounds(
    start: Callable[[str], str], end: Callable[[str], str], first: str, last: str
) -> tuple[Parameter, ...]:
    return (
        Parameter("start_date", "start", first, start, _SCHEMA),
        Parameter("end_date", "end", last, end, _SCHEMA),
    )


DAYS = _bounds(
    _first_day, _end_day, "The first day. Without a range there is the newest day.", "The day after the last."
)
WEEKS = _bounds(
    _first_day_of_weeks,
    _end_day_of_weeks,
    "Only weeks that begin then or later. Without a range there is the newest week.",
    "Only weeks that end before; one that ends at this very instant is left out.",
)
