"""Scalars whose text is fixed by the contracts."""

import datetime as dt
from typing import Any, NewType
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

BigInt = NewType("BigInt", int)
"""A whole number of up to 64 bits; GraphQL's own `Int` has 32."""


def _serialize(value: dt.datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")


def _parse(value: Any) -> dt.datetime:
    try:
        instant = dt.datetime.fromisoformat(value)
        return instant.replace(tzinfo=dt.UTC) if instant.tzinfo is None else instant.astimezone(dt.UTC)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"Value is not an instant in ISO 8601: {value!r:.60}") from error


def _parse_uuid(value: Any) -> UUID:
    try:
        return UUID(value)
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(f"Value is not a UUID: {value!r:.60}") from error


DateTime = strawberry.scalar(
    name="DateTime",
    description=(
        "An instant in ISO 8601. Answers are in UTC with `Z` and have a fraction only where it is not zero; "
        "input may have any offset, and none means UTC."
    ),
    specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
    serialize=_serialize,
    parse_value=_parse,
)

Uuid = strawberry.scalar(
    name="UUID",
    description="A UUID in lower case with hyphens; input may be without them.",
    specified_by_url="https://www.rfc-editor.org/rfc/rfc9562",
    serialize=str,
    parse_value=_parse_uuid,
)

_BigInt = strawberry.scalar(
    name="BigInt",
    description="A whole number of up to 64 bits, as a JSON number.",
    serialize=int,
    parse_value=int,
)

_Json = strawberry.scalar(
    name="JSON",
    description="Any JSON value.",
    specified_by_url="https://www.rfc-editor.org/rfc/rfc8259",
    serialize=lambda value: value,
    parse_value=lambda value: value,
)

WRITTEN: dict[str, type] = {"Date": dt.date, "DateTime": dt.datetime, "UUID": UUID}
"""By the name of a scalar: the class of values that an encoder writes just as the scalar does."""

OVERRIDES: dict[object, Any] = {JSON: _Json, BigInt: _BigInt, dt.datetime: DateTime, UUID: Uuid}
