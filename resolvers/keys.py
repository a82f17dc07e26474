"""Many keys in a statement as one parameter, so that its text is the same for any number of keys."""

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Dialect,
    String,
    TableValuedAlias,
    TypeDecorator,
    any_,
    bindparam,
    func,
    select,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import TypeEngine

from app.db.statements import ToCome


class _JsonOf(TypeDecorator[Sequence[Any]]):
    """A JSON array of values of a type, as they are stored."""

    impl = String
    cache_ok = True

    def __init__(self, item: TypeEngine[Any]) -> None:
        super().__init__()
        self.item = item

    def process_bind_param(self, value: Sequence[Any] | None, dialect: Dialect) -> str:
        stored = self.item.dialect_impl(dialect).bind_processor(dialect)
        return orjson.dumps([stored(key) for key in value or ()] if stored else value).decode()


def ids_table(ids: Sequence[int], dialect: str) -> TableValuedAlias:
    """A table with the ids in its column `value`."""
    return _table(ids, BigInteger(), dialect)


def is_one_of(column: ColumnElement[Any], keys: Sequence[Any], dialect: str) -> ColumnElement[bool]:
    """Whether a column holds one of the keys."""
    # A length would cut longer keys, which are none.
    item = String() if isinstance(column.type, String) else column.type
    if dialect == "sqlite":
        return column.in_(select(_table(keys, item, dialect).c.value))
    return column == any_(type_coerce(_parameter(keys, ARRAY(item)), ARRAY(item)))


def _table(keys: Sequence[Any], item: TypeEngine[Any], dialect: str) -> TableValuedAlias:
    if dialect == "sqlite":
        return func.json_each(_parameter(keys, _JsonOf(item))).table_valued("value", name="ids")
    return func.unnest(_parameter(keys, ARRAY(item))).table_valued("value", name="ids").render_derived()


def _parameter(keys: Sequence[Any], type_: TypeEngine[Any]) -> BindParameter[Any]:
    if isinstance(keys, ToCome):
        return bindparam(keys.name, type_=type_)
    return bindparam(None, list(keys), type_=type_)
