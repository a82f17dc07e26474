"""Typed filters as SQL: `where` arguments by column and operator."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select

from app.auth.viewer import Viewer
from app.db.models.tables import table_of
from app.errors import BadUserInput
from resolvers.access import check_columns, visible
from resolvers.entity import Rows
from resolvers.text import camel_case, storable

Where = Mapping[str, Mapping[str, Any]]
"""By column: what operators (see `_OPERATORS`) demand of it. By name of a parent: a `Where` of its own."""

MAX_VALUES = 100
"""How many values one filter may list."""

_OPERATORS: dict[str, Callable[[ColumnElement[Any], Any], ColumnElement[bool]]] = {
    "eq": lambda column, value: column.is_(None) if value is None else column == value,
    "in": lambda column, value: column.in_(value),
    # Bytes know upper and lower case of ASCII only, as both databases do here.
    "contains": lambda column, value: func.lower(column).contains(
        value.encode().lower().decode(), autoescape=True
    ),
    # SQLite's LIKE takes an upper and a lower case letter for the same.
    "starts_with": lambda column, value: and_(column >= value, func.substr(column, 1, len(value)) == value),
    "gt": lambda column, value: column > value,
    "gte": lambda column, value: column >= value,
    "lt": lambda column, value: column < value,
}


def condition(viewer: Viewer, rows: Rows, where: Where) -> ColumnElement[bool]:
    """What `where` demands of the rows; of parents only those count that the viewer may see."""
    return and_(True, *_clauses(viewer, rows, where, "where"))


def _clauses(viewer: Viewer, rows: Rows, where: Where, argument: str) -> list[ColumnElement[bool]]:
    clauses: list[ColumnElement[bool]] = []
    for name, demands in where.items():
        named = f"{argument}.{camel_case(name)}"
        if name in rows.entity.parents:
            column, parent = rows.entity.parents[name]
            check_columns(viewer, parent.model, demands)
            above = Rows(parent, alias=True)
            conditions = _clauses(viewer, above, demands, named)
            conditions.append(visible(viewer, parent.model, above.table))
            clauses.append(_has_parent(rows.column(column), above, conditions, demands))
        elif name in rows.entity.lent:
            column, parent = rows.entity.lent[name]
            above = Rows(parent, alias=True)
            conditions = operations(above.column(name), demands, named)
            clauses.append(_has_parent(rows.column(column), above, conditions, {name: demands}))
        else:
            clauses += operations(rows.column(name), demands, named)
    return clauses


def operations(
    column: ColumnElement[Any], demands: Mapping[str, Any], argument: str
) -> list[ColumnElement[bool]]:
    """What operators demand of a column."""
    return [_OPERATORS[operator](column, checked(value, argument)) for operator, value in demands.items()]


def _has_parent(
    column: ColumnElement[Any], parents: Rows, conditions: Sequence[ColumnElement[bool]], where: Where
) -> ColumnElement[bool]:
    ids = select(parents.table.c.id).where(parents.condition, *conditions)
    # With one parent at most, an index on the column and the order serves the whole list.
    columns = table_of(parents.entity.model).c
    unique = any(columns[name].unique and "eq" in where[name] for name in where if name in columns)
    return column == ids.scalar_subquery() if unique else column.in_(ids)


def checked(value: Any, argument: str) -> Any:
    """The operand itself. Raises `BadUserInput` for too many values, and text that databases refuse."""
    if isinstance(value, str):
        return storable(value, argument)
    if isinstance(value, list):
        if len(value) > MAX_VALUES:
            raise BadUserInput(f"{argument}: at most {MAX_VALUES} values", field=argument)
        return [checked(item, argument) for item in value]
    return value
