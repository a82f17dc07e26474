"""Column types that mean the same on SQLite and PostgreSQL."""

import datetime as dt
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Integer,
    String,
    TypeDecorator,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

BigInt = BigInteger().with_variant(Integer, "sqlite")
"""A 64-bit integer; on SQLite `INTEGER`, so that a primary key is the row id."""

EARLIEST, LATEST = (instant.replace(tzinfo=dt.UTC) for instant in (dt.datetime.min, dt.datetime.max))
"""Instants that none is before and none is after."""

Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
"""A JSON document; none at all is NULL."""


def text(length: int | None = None) -> TypeEngine[str]:
    """A string that sorts by code point on both databases, so that both page alike."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


class UtcDateTime(TypeDecorator[dt.datetime]):
    """An instant with microseconds, always aware and in UTC.

    PostgreSQL keeps `timestamptz`; SQLite keeps UTC text that sorts by time.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    @property
    def python_type(self) -> type[dt.datetime]:
        return dt.datetime

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored instant needs a time zone")
        utc = value.astimezone(dt.UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        return value and value.replace(tzinfo=dt.UTC)

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        # The driver of PostgreSQL gives UTC.
        return super().result_processor(dialect, coltype) if dialect.name == "sqlite" else None
