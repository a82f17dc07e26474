"""What a course run offers now: worked out from its dates and its seats (Enterprise contract 8.2)."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from app.db.reader import Record
from app.vocabulary import Availability, RunStatus
from loaders.factory import Loader
from resolvers.catalog import SEATS_OF_RUN
from resolvers.context import Context
from resolvers.reading import related_loader

Seats = Sequence[Any]

WINDOW = ("enrollment_start", "enrollment_end")
"""What is asked of a run to tell whether enrollment is open."""

_CREDIT = "credit"
_TYPES = {
    _CREDIT: _CREDIT,
    "professional": "professional",
    "no-id-professional": "professional",
    "verified": "verified",
    "honor": "honor",
    "audit": "audit",
}
"""The type of a run that has a seat of a mode; the first that applies counts."""


def seats_loader(context: Context) -> Loader[list[Record]]:
    """A loader of what the functions of this module need of a run's seats."""
    return related_loader(context, SEATS_OF_RUN, ("mode", "price", "upgrade_deadline"))


def availability(run: Any, now: dt.datetime) -> Availability:
    """Whether a run goes on, is over, or is still to come."""
    if run.end is not None and run.end <= now:
        return Availability.ARCHIVED
    return Availability.CURRENT if run.start is not None and run.start <= now else Availability.UPCOMING


def is_enrollable(run: Any, now: dt.datetime) -> bool:
    """Whether enrollment is open."""
    return (run.enrollment_start is None or run.enrollment_start <= now) and (
        run.enrollment_end is None or run.enrollment_end > now
    )


def has_enrollable_seats(run: Any, seats: Seats, now: dt.datetime) -> bool:
    """Whether somebody can enroll in a run that goes on, in a mode that is still offered."""
    is_over = run.end is not None and run.end <= now
    return not is_over and is_enrollable(run, now) and any(_is_offered(seat, now) for seat in seats)


def is_marketable(run: Any, seats: Seats) -> bool:
    """Whether learners can be sent to a run's page."""
    return run.status == RunStatus.PUBLISHED and bool(run.marketing_slug) and bool(seats)


def seat_types(seats: Seats) -> list[str]:
    """The modes of seats, each once."""
    return list(dict.fromkeys(seat.mode for seat in seats))


def seat_type(seats: Seats) -> str | None:
    """The kind of run that its seats make it."""
    modes = {seat.mode for seat in seats}
    return next((type_ for mode, type_ in _TYPES.items() if mode in modes), None)


def first_paid_price(seats: Seats) -> Decimal | None:
    """The price of the paid seat whose deadline comes first; credit is bought later than others."""
    paid = [seat for seat in seats if seat.price > 0 and seat.mode != _CREDIT]
    never = dt.datetime.max.replace(tzinfo=dt.UTC)
    return min(paid, key=lambda seat: seat.upgrade_deadline or never).price if paid else None


def estimated_hours(run: Any) -> float | None:
    """The mean of the efforts for all weeks."""
    efforts = [effort for effort in (run.min_effort, run.max_effort) if effort is not None]
    if not efforts or run.weeks_to_complete is None:
        return None
    return float(run.weeks_to_complete * sum(efforts) / len(efforts))


def _is_offered(seat: Any, now: dt.datetime) -> bool:
    return seat.upgrade_deadline is None or seat.upgrade_deadline > now
