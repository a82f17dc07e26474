"""What learners of the demo's enterprise customers ordered, with vouchers and offers, as rows."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from random import Random

from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.models import Offer, Order, OrderLine, Voucher
from app.demo.content.offers import Customer
from app.demo.enrolling import Participation
from app.demo.learners import END
from app.demo.rows import Ids, add, add_by, demo_uuid
from app.vocabulary import OfferKind

_OFFERS = {OfferKind.PERCENTAGE: Decimal(100), OfferKind.ABSOLUTE: Decimal(30)}
_VOUCHER = "voucher"
_DISCOUNTS = {_VOUCHER: 50, OfferKind.PERCENTAGE: 20, OfferKind.ABSOLUTE: 15, None: 15}
"""How often an order has a voucher, one of the offers, or nothing that makes it cheaper."""


@dataclass(frozen=True)
class _Seat:
    """A seat that a learner buys."""

    participation: Participation
    at: dt.datetime
    mode: str
    price: Decimal


async def write_orders(
    connection: AsyncConnection,
    customer: Customer,
    participations: Sequence[Participation],
    users: Sequence[int],
    runs: Ids,
) -> None:
    """Write the orders of a customer's learners for their participations."""
    rng = Random(f"Lyceum demo orders of {customer.slug}")  # noqa: S311
    offers = await add_by(
        connection, "kind", Offer, [{"kind": kind, "value": value} for kind, value in _OFFERS.items()]
    )
    bought = {
        f"{customer.site_id}-{100001 + place}": seats for place, seats in enumerate(_buy(rng, participations))
    }
    discounts = {number: rng.choices(list(_DISCOUNTS), list(_DISCOUNTS.values()))[0] for number in bought}
    codes = {
        number: demo_uuid("voucher", number).hex[:16].upper()
        for number, discount in discounts.items()
        if discount == _VOUCHER
    }
    vouchers = await add_by(
        connection,
        "code",
        Voucher,
        [
            {"code": code, "name": f"{customer.name} {bought[number][-1].at.year}"}
            for number, code in codes.items()
        ],
    )
    orders = await add_by(
        connection,
        "number",
        Order,
        [
            {
                "number": number,
                "user_id": users[seats[0].participation.user],
                "voucher_id": vouchers[codes[number]] if number in codes else None,
                "offer_id": offers.get(discounts[number] or ""),
                "total": _total(sum((seat.price for seat in seats), Decimal(0)), discounts[number]),
                "placed_at": seats[-1].at,
            }
            for number, seats in bought.items()
        ],
    )
    lines = [
        {
            "order_id": orders[number],
            "run_id": runs[seat.participation.run.key],
            "mode": seat.mode,
            "price": seat.price,
            "refunded_at": _refund(rng, seat.participation),
        }
        for number, seats in bought.items()
        for seat in seats
    ]
    await add(connection, OrderLine, lines)


def _buy(rng: Random, participations: Sequence[Participation]) -> Iterator[list[_Seat]]:
    """The seats of each order: mostly one, sometimes all of a learner's; some are ordered twice."""
    by_user: dict[int, list[_Seat]] = defaultdict(list)
    for participation in participations:
        by_user[participation.user] += _paid(participation)
    for seats in by_user.values():
        if len(seats) > 1 and rng.random() < 0.2:
            yield sorted(seats, key=lambda seat: seat.at)
            continue
        for seat in seats:
            if rng.random() < 0.08:
                yield [replace(seat, at=seat.at - dt.timedelta(days=3), price=seat.price * Decimal("0.8"))]
            yield [seat]


def _paid(participation: Participation) -> list[_Seat]:
    """The seat that a participation takes money for, if any: that of the first mode with a price."""
    prices = participation.run.seats
    return [
        _Seat(participation, event.at, event.mode, prices[event.mode])
        for event in participation.events
        if prices.get(event.mode)
    ][:1]


def _total(price: Decimal, discount: str | None) -> Decimal:
    if discount == OfferKind.ABSOLUTE:
        return max(price - _OFFERS[OfferKind.ABSOLUTE], Decimal(0))
    if discount == OfferKind.PERCENTAGE:
        return Decimal(0)
    return price / 2 if discount == _VOUCHER else price


def _refund(rng: Random, participation: Participation) -> dt.datetime | None:
    left = participation.events[-1].at + dt.timedelta(days=2)
    is_gone = not participation.enrolled_at(END) and left < END
    return left if is_gone and rng.random() < 0.5 else None
