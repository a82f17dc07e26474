"""Orders of seats, and what made them cheaper (Enterprise contract 12.3)."""

import datetime as dt
from decimal import Decimal

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from app.db.models.base import instant, link, now, primary_key, string
from app.vocabulary import OfferKind


def amount() -> Decimal:
    """An amount of money or a percentage, with two decimals."""
    value: Decimal = Field(max_digits=10, decimal_places=2)
    return value


class Voucher(SQLModel, table=True):
    """An enrollment code; `name` is that of the batch of codes it belongs to."""

    __tablename__ = "voucher"

    id: int = primary_key()
    code: str = string(128, unique=True)
    name: str = string(128)


class Offer(SQLModel, table=True):
    """A discount that a customer's learners get without a code. Its id is shown to people."""

    __tablename__ = "offer"

    id: int = primary_key()
    kind: OfferKind = string(20)
    value: Decimal = amount()


class Order(SQLModel, table=True):
    """What a user bought at once; `total` is what was due after discounts."""

    __tablename__ = "order"

    id: int = primary_key()
    number: str = string(128, unique=True)
    user_id: int = link("user.id", index=True)
    voucher_id: int | None = link("voucher.id", nullable=True, index=True)
    offer_id: int | None = link("offer.id", nullable=True, index=True)
    total: Decimal = amount()
    currency: str = string(6, default="USD")
    placed_at: dt.datetime = instant(default_factory=now)


class OrderLine(SQLModel, table=True):
    """A seat in an order; `price` is before discounts. One that was refunded counts no longer."""

    __tablename__ = "order_line"
    __table_args__ = (Index(None, "run_id", "order_id"),)

    id: int = primary_key()
    order_id: int = link("order.id", index=True)
    run_id: int = link("course_run.id")
    mode: str = string(100)
    price: Decimal = amount()
    refunded_at: dt.datetime | None = instant(default=None)
