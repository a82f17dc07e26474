"""Inputs that every list shares: typed filters and orders."""

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from enum import Enum, StrEnum
from typing import Any

import strawberry
from strawberry import UNSET

from resolvers.pages import Term
from resolvers.text import camel_case, storable


@strawberry.input(description="Demands on a text. All that are given must hold.")
class StringFilter:
    eq: str | None = strawberry.field(default=UNSET, description="It is this text; null: there is none.")
    in_: list[str] | None = strawberry.field(name="in", default=UNSET, description="It is one of these.")
    contains: str | None = strawberry.field(
        default=UNSET,
        description="It contains this text; ASCII letters match in both cases.",
    )
    starts_with: str | None = strawberry.field(default=UNSET, description="It begins with this text.")


@strawberry.input(description="Demands on a whole number. All that are given must hold.")
class IntFilter:
    eq: int | None = strawberry.field(default=UNSET, description="It is this number; null: there is none.")
    in_: list[int] | None = strawberry.field(name="in", default=UNSET, description="It is one of these.")
    gt: int | None = strawberry.field(default=UNSET, description="It is greater than this number.")
    gte: int | None = strawberry.field(default=UNSET, description="It is this number or greater.")
    lt: int | None = strawberry.field(default=UNSET, description="It is less than this number.")


@strawberry.input(description="Demands on an instant. All that are given must hold.")
class DateTimeFilter:
    eq: dt.datetime | None = strawberry.field(
        default=UNSET, description="It is this instant; null: there is none."
    )
    gt: dt.datetime | None = strawberry.field(default=UNSET, description="It is after this instant.")
    gte: dt.datetime | None = strawberry.field(default=UNSET, description="It is this instant or later.")
    lt: dt.datetime | None = strawberry.field(default=UNSET, description="It is before this instant.")


def as_where(given: Any) -> Mapping[str, Mapping[str, Any]]:
    """A `where` argument by column and operator. What is absent or null demands nothing."""
    demands = ((name, _demands(value)) for name, value in _given(given) if value is not None)
    return {name: demanded for name, demanded in demands if demanded}


def _demands(value: Any) -> Mapping[str, Any]:
    if isinstance(value, list):
        return {"in": value}
    if not dataclasses.is_dataclass(value):
        return {"eq": value}
    if not isinstance(value, StringFilter | IntFilter | DateTimeFilter):
        return as_where(value)
    return {
        name.rstrip("_"): operand for name, operand in _given(value) if operand is not None or name == "eq"
    }


def values_of(given: Any, prefix: str = "") -> dict[str, Any]:
    """The values of a mutation's input by name, without what is absent.

    Raises `BadUserInput` for text that databases refuse.
    """
    return {name: _storable(value, prefix + camel_case(name)) for name, value in _given(given)}


def _storable(value: Any, path: str) -> Any:
    if isinstance(value, str):
        return storable(value, path)
    if isinstance(value, list):
        return [_storable(item, f"{path}.{number}") for number, item in enumerate(value)]
    return values_of(value, f"{path}.") if dataclasses.is_dataclass(value) else value


def _given(value: Any) -> list[tuple[str, Any]]:
    if value is None:
        return []
    pairs = ((field.name, getattr(value, field.name)) for field in dataclasses.fields(value))
    return [(name, item) for name, item in pairs if item is not UNSET]


@strawberry.enum(description="Which end of an order comes first.")
class OrderDirection(Enum):
    ASC = strawberry.enum_value("asc", description="Least first; what is absent counts as least.")
    DESC = strawberry.enum_value("desc", description="Greatest first.")


def ordering(type_name: str, *names: str) -> Any:
    """The input that orders a list of a type by some of its columns."""
    members = {name.upper(): name for name in names}
    fields: Any = StrEnum(f"{type_name}OrderField", members)  # type: ignore[misc]
    strawberry.enum(fields, description=f"What a list of type {type_name} can be ordered by.")

    @strawberry.input(
        name=f"{type_name}Order", description=f"One column of the order of a list of type {type_name}."
    )
    class Order:
        field: fields = strawberry.field(description="What to order by.")
        direction: OrderDirection = strawberry.field(
            default=OrderDirection.ASC, description="Which end comes first."
        )

    return Order


def as_order(given: Sequence[Any] | None) -> tuple[Term, ...]:
    """An `orderBy` argument as the columns of an order."""
    return tuple(Term(str(term.field.value), term.direction is OrderDirection.DESC) for term in given or ())
