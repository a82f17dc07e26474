"""Many keys in a statement as one parameter, so that its text is the same for any number of keys."""

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    TableValuedAlias,
    any_,
    bindparam,
    func,
    select,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import ARRAY

_ARRAY = ARRAY(BigInteger)


def ids_table(ids: Sequence[int], dialect: str) -> TableValuedAlias:
    """A table with the ids in its column `value`."""
    if dialect == "sqlite":
        return func.json_each(orjson.dumps(ids).decode()).table_valued("value", name="ids")
    array = bindparam(None, list(ids), type_=_ARRAY)
    return func.unnest(array).table_valued("value", name="ids").render_derived()


def is_one_of(column: ColumnElement[Any], keys: Sequence[Any], dialect: str) -> ColumnElement[bool]:
    """Whether a column holds one of the keys."""
    if not isinstance(column.type, BigInteger | Date):
        return column == keys[0] if len(keys) == 1 else column.in_(keys)
    if dialect == "sqlite":
        return column.in_(select(ids_table(keys, dialect).c.value))
    array = ARRAY(column.type)
    return column == any_(type_coerce(bindparam(None, list(keys), type_=array), array))
