"""Rows on their way into tables, and UUIDs that are the same in every load."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import insert, inspect
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import SQLModel

from app.demo.content.types import moment

Row = dict[str, Any]

Ids = Mapping[str, int]
"""Ids of rows by their keys."""

MADE = moment("2024-06-03T08:00")
"""When the demo's catalog was put together."""


def demo_uuid(kind: str, key: str) -> UUID:
    """The UUID of a thing of the demo data."""
    return uuid5(NAMESPACE_URL, f"https://example.org/lyceum/demo/{kind}/{key}")


async def add(connection: AsyncConnection, model: type[SQLModel], rows: Sequence[Row]) -> None:
    """Write rows."""
    await connection.execute(insert(model), rows)


async def add_by(connection: AsyncConnection, key: str, model: type[SQLModel], rows: Sequence[Row]) -> Ids:
    """Write rows; gives the ids they got, by the value of a column that differs in each."""
    statement = insert(model).returning(inspect(model).columns["id"], sort_by_parameter_order=True)
    ids = (await connection.execute(statement, rows)).scalars()
    return {row[key]: row_id for row, row_id in zip(rows, ids, strict=True)}
