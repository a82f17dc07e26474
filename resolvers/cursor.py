"""Cursors: where in an order a row stands, as an opaque string."""

import base64
import binascii
import datetime as dt
import zlib
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from app.errors import BadUserInput
from resolvers.text import storable

_DECODERS: dict[type, Callable[[Any], Any]] = {
    int: lambda value: value,
    bool: lambda value: value,
    str: lambda value: storable(value, "cursor"),
    float: lambda value: float(value),
    Decimal: lambda value: Decimal(value),
    UUID: lambda value: UUID(value),
    dt.date: lambda value: dt.date.fromisoformat(value),
    dt.datetime: lambda value: dt.datetime.fromisoformat(value).astimezone(dt.UTC),
}
_JSON_TYPES: dict[type, tuple[type, ...]] = {int: (int,), bool: (bool,), float: (int, float)}
_BIGGEST = 2**63 - 1


def seal(order: str) -> int:
    """What tells cursors of an order from those of others."""
    return zlib.crc32(order.encode())


def encode(order: str, values: Sequence[Any]) -> str:
    """The cursor of a row: its values of the order's columns, sealed with the order."""
    raw = orjson.dumps([seal(order), *values], default=str)
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(order: str, types: Sequence[type], cursor: str, argument: str) -> list[Any]:
    """The values in a cursor of this order.

    Raises `BadUserInput` for text that is no cursor, or one of another order.
    """
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        found, *values = orjson.loads(raw)
        if found != seal(order) or len(values) != len(types):
            raise BadUserInput(f"{argument}: the cursor belongs to a list in another order", field=argument)
        return [_decode(type_, value) for type_, value in zip(types, values, strict=True)]
    except (ValueError, TypeError, ArithmeticError, binascii.Error) as error:
        raise BadUserInput(f"{argument}: not a cursor of this list", field=argument) from error


def _decode(type_: type, value: Any) -> Any:
    if value is None:
        return None
    if type(value) not in _JSON_TYPES.get(type_, (str,)) or (type(value) is int and abs(value) > _BIGGEST):
        raise ValueError
    return _DECODERS[type_](value)
