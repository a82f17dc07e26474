"""Enrollment modes: what a course run offers learners now."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from resolvers.catalog import SEATS_OF_RUN
from resolvers.context import Context
from resolvers.reading import related_loader

AUDIT = "audit"
COLUMNS = (
    "mode",
    "name",
    "price",
    "suggested_prices",
    "currency",
    "upgrade_deadline",
    "description",
    "sku",
    "bulk_sku",
)
"""What a seat says about its mode."""


@dataclass(frozen=True)
class EnrollmentMode:
    """A mode with what it costs (Enrollment contract 4.1)."""

    slug: str
    name: str
    min_price: int = 0
    suggested_prices: str = ""
    currency: str = "usd"
    expires: dt.datetime | None = None
    description: str | None = None
    sku: str | None = None
    bulk_sku: str | None = None


def modes(seats: Iterable[Any], now: dt.datetime, *, include_expired: bool = False) -> list[EnrollmentMode]:
    """The modes that seats offer at an instant, one of each name; without any seat, `audit` for nothing."""
    offered: dict[str, EnrollmentMode] = {}
    for seat in seats:
        offered.setdefault(seat.mode, _mode(seat))
    if not offered:
        return [EnrollmentMode(AUDIT, AUDIT.capitalize())]
    if include_expired:
        return list(offered.values())
    return [mode for mode in offered.values() if mode.expires is None or now < mode.expires]


async def modes_of_run(context: Context, run: int, *, include_expired: bool) -> Sequence[EnrollmentMode]:
    """The modes of a course run."""
    seats = await related_loader(context, SEATS_OF_RUN, COLUMNS).load(run)
    return modes(seats, context.now, include_expired=include_expired)


def _mode(seat: Any) -> EnrollmentMode:
    return EnrollmentMode(
        slug=seat.mode,
        name=seat.name or seat.mode.capitalize(),
        min_price=int(seat.price),
        suggested_prices=seat.suggested_prices,
        currency=seat.currency.lower(),
        expires=seat.upgrade_deadline,
        description=seat.description,
        sku=seat.sku,
        bulk_sku=seat.bulk_sku,
    )
