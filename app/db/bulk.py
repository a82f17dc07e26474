"""Many rows at a time: reading them by their keys, adding what is missing, replacing what is there."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    Date,
    DateTime,
    Dialect,
    FromClause,
    Insert,
    String,
    Table,
    and_,
    bindparam,
    exists,
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeEngine
from sqlmodel import SQLModel

from app.db.models.tables import table_of
from app.db.types import UtcDateTime

Row = Mapping[str, Any]
Key = tuple[Any, ...]

_INSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_TYPES = ((int, BigInteger()), (str, String()), (dt.datetime, DateTime(timezone=True)), (dt.date, Date()))
_LOCK = 0x1CEE


async def lock_series(connection: AsyncConnection) -> None:
    """Wait until no other transaction changes computed series, and keep others from it until the end.

    They are changed by differences, so two at a time would lose one. On SQLite
    writing transactions are one at a time anyway.
    """
    if connection.dialect.name == "postgresql":
        await connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))


async def rows_by_key(
    connection: AsyncConnection, model: type[SQLModel], names: Sequence[str], keys: Iterable[Key]
) -> Sequence[Any]:
    """The rows of a model whose columns `names` hold one of the keys, in one statement."""
    wanted = list(keys)
    if not wanted:
        return []
    table = table_of(model)
    given = keys_table(connection.dialect.name, names, wanted)
    condition = and_(*(table.c[name] == given.c[name] for name in names))
    return (await connection.execute(select(table).join_from(given, table, condition))).all()


async def known_keys(
    connection: AsyncConnection, model: type[SQLModel], names: Sequence[str], keys: Iterable[Key]
) -> set[Key]:
    """Those of some keys, of numbers and text, that the columns `names` of any row of a model hold."""
    wanted = list(keys)
    if not wanted:
        return set()
    table = table_of(model)
    given = keys_table(connection.dialect.name, names, wanted)
    held = exists().where(*(table.c[name] == given.c[name] for name in names))
    return {tuple(row) for row in await connection.execute(select(given).where(held))}


async def delete_by_key(
    connection: AsyncConnection, model: type[SQLModel], names: Sequence[str], keys: Iterable[Key]
) -> None:
    """Delete the rows of a model whose columns `names` hold one of the keys."""
    rows = [{f"key_{name}": value for name, value in zip(names, key, strict=True)} for key in keys]
    if rows:
        table = table_of(model)
        condition = and_(*(table.c[name] == bindparam(f"key_{name}") for name in names))
        await connection.execute(table.delete().where(condition), rows)


def keys_table(dialect: str, names: Sequence[str], keys: Sequence[Key]) -> FromClause:
    """A table of keys as one parameter or one for each column, whatever their number."""
    if dialect == "sqlite":
        each = func.json_each(_json(keys)).table_valued("value")
        members = (func.json_extract(each.c.value, f"$[{at}]").label(name) for at, name in enumerate(names))
        return select(*members).subquery()
    columns = zip(*keys, strict=True)
    arrays = (bindparam(None, list(values), type_=_array_of(values[0])) for values in columns)
    return func.unnest(*arrays).table_valued(*names, name="keys").render_derived()


def _json(keys: Sequence[Key]) -> str:
    """Keys with their dates and instants as SQLite has them in columns."""
    return orjson.dumps(keys, default=_stored, option=orjson.OPT_PASSTHROUGH_DATETIME).decode()


def _stored(value: dt.date) -> str:
    if isinstance(value, dt.datetime):
        utc = value.astimezone(dt.UTC).replace(tzinfo=None)
        return utc.isoformat(" ", timespec="microseconds")
    return value.isoformat()


def _array_of(value: Any) -> postgresql.ARRAY[Any]:
    return postgresql.ARRAY(next(type_ for class_, type_ in _TYPES if isinstance(value, class_)))


async def add_missing(connection: AsyncConnection, model: type[SQLModel], rows: Sequence[Row]) -> None:
    """Insert rows; those whose key is there already stay as they are."""
    if rows:
        table = table_of(model)
        insert = _INSERT[connection.dialect.name](table).on_conflict_do_nothing()
        await _execute(connection, insert, table, rows)


async def replace(
    connection: AsyncConnection, model: type[SQLModel], rows: Sequence[Row], *, key: Sequence[str] = ()
) -> None:
    """Insert rows, or change their other columns where their key, the primary one unless given, is there."""
    await _upsert(connection, model, rows, key, added=())


async def add_up(
    connection: AsyncConnection, model: type[SQLModel], rows: Sequence[Row], added: Sequence[str]
) -> None:
    """Insert rows; where their primary key is there, add to the columns `added` and change the others."""
    await _upsert(connection, model, rows, (), added)


async def _upsert(
    connection: AsyncConnection,
    model: type[SQLModel],
    rows: Sequence[Row],
    key: Sequence[str],
    added: Sequence[str],
) -> None:
    if not rows:
        return
    table = table_of(model)
    insert = _INSERT[connection.dialect.name](table)
    key = key or [column.name for column in table.primary_key]
    changed = {
        name: table.c[name] + insert.excluded[name] if name in added else insert.excluded[name]
        for name in rows[0]
        if name not in key
    }
    insert = insert.on_conflict_do_update(index_elements=key, set_=changed)
    await _execute(connection, insert, table, rows)


async def _execute(connection: AsyncConnection, insert: Insert, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows whose columns are all given: past SQLAlchemy, which takes longer than the database."""
    dialect = connection.dialect
    names = list(rows[0])
    if any(column.default is not None and column.name not in names for column in table.c):
        await connection.execute(insert, rows)
        return
    compiled = insert.compile(dialect=dialect, column_keys=names)
    processors = [(name, _processor(table.c[name].type, dialect)) for name in compiled.positiontup or ()]
    values = [
        tuple([process(row[name]) if process else row[name] for name, process in processors]) for row in rows
    ]
    await connection.exec_driver_sql(str(compiled), values)


def _processor(type_: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    """What makes of a column's values what the driver takes; rows of one moment have it worked out once."""
    process = type_.dialect_impl(dialect).bind_processor(dialect)
    return cache(process) if process and isinstance(type_, UtcDateTime) else process
