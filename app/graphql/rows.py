"""Lists of rows whose fields are plain columns, completed column by column.

graphql-core completes a list value by value, which is nearly all that a long
series costs. Here each different value of a column is made a value of GraphQL
once. Whatever is out of the ordinary is left to graphql-core: fields with
resolvers, values that are wrong, nulls where there should be none.
"""

from collections.abc import Iterable
from operator import itemgetter
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    Undefined,
    is_leaf_type,
)
from graphql.execution import Executor
from graphql.pyutils import AwaitableOrValue, Path
from sqlalchemy import Row

_Column = list[Any] | None


class RowsExecutor(Executor[Any]):
    """graphql-core's executor, with a short way for rows."""

    def complete_iterable_value(
        self,
        item_type: GraphQLOutputType,
        field_details_list: Any,
        info: GraphQLResolveInfo[Any],
        path: Path,
        items: Iterable[Any],
        position_context: Any,
    ) -> AwaitableOrValue[list[Any]]:
        """The objects of a list."""
        type_ = item_type.of_type if isinstance(item_type, GraphQLNonNull) else item_type
        if isinstance(type_, GraphQLObjectType) and isinstance(items, list) and _are_rows(items):
            fields = self.collect_subfields(type_, field_details_list)[0]
            columns = {
                name: _column(items, self.schema.get_field(type_, details[0].node.name.value))
                for name, details in fields.items()
            }
            values = [column for column in columns.values() if column is not None]
            if len(values) == len(columns):
                return [dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True)]
        return super().complete_iterable_value(
            item_type, field_details_list, info, path, items, position_context
        )


def _are_rows(items: list[Any]) -> bool:
    return items != [] and all(isinstance(item, Row) for item in items)


def _column(rows: list[Any], field: GraphQLField | None) -> _Column:
    """The values of a field of all rows; None where that is not as simple as that."""
    definition = field.extensions.get("strawberry-definition") if field else None
    if field is None or definition is None or definition.base_resolver or field.args:
        return None
    is_required = isinstance(field.type, GraphQLNonNull)
    type_: Any = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
    if not is_leaf_type(type_):
        return None
    try:
        given = list(map(itemgetter(rows[0]._fields.index(definition.python_name)), rows))
        made = {value: type_.coerce_output_value(value) for value in set(given) if value is not None}
    except Exception:
        # It is graphql-core's to say which value of which row is wrong.
        return None
    if not is_required:
        made[None] = None
    elif None in given:
        return None
    if any(value is None or value is Undefined for key, value in made.items() if key is not None):
        return None
    return [made[value] for value in given]
