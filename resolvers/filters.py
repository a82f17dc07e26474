"""Typed filters as SQL: `where` arguments by column and operator."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, func

from app.errors import BadUserInput
from resolvers.entity import Rows
from resolvers.text import camel_case, storable

Where = Mapping[str, Mapping[str, Any]]
"""By column: what operators (see `_OPERATORS`) demand of it."""

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
    "gte": lambda column, value: column >= value,
    "lt": lambda column, value: column < value,
}


def condition(rows: Rows, where: Where) -> ColumnElement[bool]:
    """What `where` demands of the rows."""
    return and_(True, *_clauses(rows, where))


def _clauses(rows: Rows, where: Where) -> list[ColumnElement[bool]]:
    clauses = []
    for name, operators in where.items():
        column = rows.column(name)
        for operator, value in operators.items():
            checked = _checked(value, f"where.{camel_case(name)}")
            clauses.append(_OPERATORS[operator](column, checked))
    return clauses


def _checked(value: Any, argument: str) -> Any:
    if isinstance(value, str):
        return storable(value, argument)
    if isinstance(value, list):
        if len(value) > MAX_VALUES:
            raise BadUserInput(f"{argument}: at most {MAX_VALUES} values", field=argument)
        return [_checked(item, argument) for item in value]
    return value
