"""When to try again: ten tries in about three days, as Standard Webhooks has it (Zapier contract 10.6)."""

import datetime as dt
from email.utils import parsedate_to_datetime

STEPS = tuple(
    dt.timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
"""From one try to the next."""

_MOST_JITTER = 0.1


def next_try(
    try_number: int, now: dt.datetime, jitter: float, retry_after: str | None = None
) -> dt.datetime | None:
    """When the try after one that has just failed is due; None after the last.

    The jitter, from 0 to 1, delays it by up to a tenth; `Retry-After` by up to twice the step.
    """
    if try_number > len(STEPS):
        return None
    step = STEPS[try_number - 1]
    asked = _seconds(retry_after, now) if retry_after else dt.timedelta()
    return now + max(step * (1 + _MOST_JITTER * jitter), min(asked, 2 * step))


def _seconds(text: str, now: dt.datetime) -> dt.timedelta:
    """The delay that a header asks for, in seconds or until a date (RFC 9110 section 10.2.3)."""
    try:
        if text.isascii() and text.isdigit():
            return dt.timedelta(seconds=min(int(text[:12]), 10**9))
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)) - now
    except (ValueError, OverflowError):
        return dt.timedelta()
