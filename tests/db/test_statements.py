"""What a reader makes of rows is what SQLAlchemy makes of them."""

import datetime as dt
from collections.abc import Awaitable, Callable
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    BigInteger,
    Column,
    MetaData,
    Select,
    Table,
    bindparam,
    delete,
    func,
    insert,
    literal,
    select,
)
from sqlmodel import SQLModel

import app.db.models  # noqa: F401
from app.db.engine import Database
from app.db.reader import Reader
from app.db.statements import KEYS
from resolvers.keys import ids_table
from tests.databases import DIALECTS

_TYPES = sorted(
    {
        repr(column.type): column.type for table in SQLModel.metadata.tables.values() for column in table.c
    }.items()
)
_ALL = Table(
    "every_type", MetaData(), *(Column(f"column_{at}", type_) for at, (_, type_) in enumerate(_TYPES))
)
_LONG = 2**63 - 1
_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=2)
_VALUES: dict[type, st.SearchStrategy[Any]] = {
    bool: st.booleans(),
    int: st.integers(-(2**31), 2**31 - 1),
    float: st.floats(allow_nan=False, allow_infinity=False),
    Decimal: st.decimals(-9_999_999, 9_999_999, places=2),
    str: _TEXT,
    object: st.dictionaries(_TEXT, st.integers(-_LONG, _LONG) | st.none() | st.lists(_TEXT)),
    dt.date: st.dates(),
    dt.datetime: st.datetimes(
        dt.datetime(1, 1, 2), dt.datetime(9999, 12, 30), timezones=st.timezones() | st.just(dt.UTC)
    ),
    UUID: st.uuids(),
}
_ROWS = st.lists(
    st.tuples(*(st.none() | _VALUES[column.type.python_type] for column in _ALL.c)), min_size=1, max_size=3
)


async def _equal(database: Database, statement: Select[Any]) -> list[Any]:
    reader = Reader(database)
    try:
        found = await reader.rows(statement)
    finally:
        await reader.close()
    async with database.reader.connect() as connection:
        expected = (await connection.execute(statement)).all()
    assert [tuple(row) for row in found] == [tuple(row) for row in expected]
    assert [[type(value) for value in row] for row in found] == [
        [type(value) for value in row] for row in expected
    ]
    return list(found)


@pytest.fixture(scope="module", params=DIALECTS)
async def every_type(
    request: pytest.FixtureRequest, make_database: Callable[[str], Awaitable[Database]]
) -> Database:
    """A database with a table that has a column of each type there is."""
    database = await make_database(request.param)
    async with database.begin() as connection:
        await connection.run_sync(_ALL.create)
    return database


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(_ROWS)
async def test_every_type_is_read_as_sqlalchemy_reads_it(
    every_type: Database, rows: list[tuple[Any, ...]]
) -> None:
    names = [column.name for column in _ALL.c]
    async with every_type.begin() as connection:
        await connection.execute(delete(_ALL))
        await connection.execute(insert(_ALL), [dict(zip(names, row, strict=True)) for row in rows])
    assert len(await _equal(every_type, select(_ALL))) == len(rows)
    for column, value in zip(_ALL.c, rows[0], strict=True):
        if value is None or column.type.python_type is object:
            continue
        # Values go in as SQLAlchemy sends them, alone and in a list.
        for condition in (column == value, column.in_([value, value])):
            assert await _equal(every_type, select(column).where(condition))


async def test_a_statement_is_written_once_for_all_its_values(every_type: Database) -> None:
    column = _ALL.c[0]
    first, second = (every_type.statements.prepare(select(column).where(column == value)) for value in (1, 2))
    assert first.sql is second.sql
    assert first.parameters != second.parameters


async def test_what_is_computed_is_read_as_sqlalchemy_reads_it(every_type: Database) -> None:
    number = literal(7)
    statement = select(
        number.label("n"), number.label("n"), func.count().label("count"), func.sum(number), func.avg(number)
    )
    (row,) = await _equal(every_type, statement)
    assert (row.n, row.count, row[0]) == (7, 1, 7)


async def test_values_come_to_a_statement_that_is_built_once(every_type: Database) -> None:
    now, built = 1, 0

    def build() -> Select[Any]:
        nonlocal built
        built += 1
        asked = bindparam("now", callable_=lambda: now, type_=BigInteger(), unique=True)
        keys = ids_table(KEYS, every_type.dialect)
        more = bindparam("more", type_=BigInteger())
        return select(keys.c.value + more, asked.label("now")).order_by(keys.c.value)

    async with Reader(every_type) as reader:
        rows = partial(reader.named, "name", build)
        assert [tuple(row) for row in await rows(keys=[2, 1], more=10)] == [(11, 1), (12, 1)]
        now = 2
        assert [tuple(row) for row in await rows(keys=[3], more=20)] == [(23, 2)]
        assert await rows(keys=[], more=0) == []
    assert built == 1
