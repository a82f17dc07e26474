"""Lists of rows, completed column by column.

graphql-core completes a list value by value, which is nearly all that a long
list costs. Here each different value of a plain column, or of a field that is
worked out from rows, is made a value of GraphQL once. Whatever is out of the
ordinary is left to graphql-core: fields that are objects, values that are
wrong or were not read yet, nulls where there should be none.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import islice
from operator import attrgetter
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    Undefined,
    get_argument_values,
    is_leaf_type,
)
from graphql.execution import Executor
from graphql.pyutils import AwaitableOrValue, Path
from sqlalchemy import Row

from schema.relay import NodeRow, place_of

_Values = Callable[[Sequence[Any]], list[Any]]
"""Makes values of others, one of each. Raises an exception for what is out of the ordinary."""

_Done = dict[str, Any]
"""The fields of a row that are completed, by their names in the answer."""


class RowsExecutor(Executor[Any]):
    """graphql-core's executor, with a short way for rows."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._columns: dict[tuple[GraphQLObjectType, int], dict[str, _Values]] = {}
        self._begun: dict[tuple[int, int], tuple[Any, _Done]] = {}

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
        if isinstance(items, list) and items:
            if isinstance(type_, GraphQLObjectType) and _are_all(Row, items):
                done = self._completed(type_, field_details_list, items)
                if len(done[0]) == len(self.collect_subfields(type_, field_details_list)[0]):
                    return done
                self._begin(field_details_list, items, done)
            elif _are_all(NodeRow, items):
                for name in {item.type_name for item in items}:
                    rows = [item for item in items if item.type_name == name]
                    node: Any = self.schema.type_map[name]
                    self._begin(field_details_list, rows, self._completed(node, field_details_list, rows))
        return super().complete_iterable_value(
            item_type, field_details_list, info, path, items, position_context
        )

    def collect_and_execute_subfields(
        self,
        return_type: GraphQLObjectType,
        field_details_list: Any,
        path: Path,
        result: Any,
        position_context: Any,
    ) -> AwaitableOrValue[dict[str, Any]]:
        """The fields of an object, after those that its list has completed."""
        begun = self._begun.pop((id(result), id(field_details_list)), None)
        if begun is None:
            return super().collect_and_execute_subfields(
                return_type, field_details_list, path, result, position_context
            )
        _, done = begun
        fields = self.collect_subfields(return_type, field_details_list)[0]
        rest = {name: details for name, details in fields.items() if name not in done}
        found = self.execute_fields(return_type, result, path, rest, position_context)
        if isinstance(found, dict):
            return _merged(fields, done, found)
        return _merged_later(fields, done, found)

    def execute_field(
        self,
        parent_type: GraphQLObjectType,
        source: Any,
        field_details_list: Any,
        path: Path,
        position_context: Any,
    ) -> Any:
        """A field, with its arguments left alone where it was prepared."""
        nodes = [details.node for details in field_details_list]
        resolve = self.context_value.shared.get(place_of(parent_type, nodes))
        found = resolve(source) if resolve else None
        field = self.schema.get_field(parent_type, nodes[0].name.value)
        if found is None or field is None:
            return super().execute_field(parent_type, source, field_details_list, path, position_context)
        info = self.build_resolve_info(field, nodes, parent_type, path)
        return self.complete_awaitable_value(
            field.type, field_details_list, info, path, found, position_context
        )

    def _begin(self, field_details_list: Any, rows: Sequence[Any], done: Sequence[_Done]) -> None:
        for row, values in zip(rows, done, strict=True):
            # The row is kept, so that no other has its id meanwhile.
            self._begun[id(row), id(field_details_list)] = (row, values)

    def _completed(
        self, type_: GraphQLObjectType, field_details_list: Any, rows: Sequence[Any]
    ) -> list[_Done]:
        place = (type_, id(field_details_list))
        if place not in self._columns:
            fields = self.collect_subfields(type_, field_details_list)[0]
            columns = {name: self._column(type_, details[0]) for name, details in fields.items()}
            self._columns[place] = {name: column for name, column in columns.items() if column}
        done: dict[str, list[Any]] = {}
        for name, column in self._columns[place].items():
            # It is graphql-core's to say which value of which row is wrong.
            with suppress(Exception):
                done[name] = column(rows)
        if not done:
            return [{} for _ in rows]
        return [dict(zip(done, row, strict=True)) for row in zip(*done.values(), strict=True)]

    def _column(self, type_: GraphQLObjectType, details: Any) -> _Values | None:
        """What completes a field of rows; None where that is not as simple as that."""
        field = self.schema.get_field(type_, details.node.name.value)
        definition = field.extensions.get("strawberry-definition") if field else None
        complete = _completion(field.type) if field else None
        if field is None or definition is None or complete is None:
            return None
        if "values" in definition.metadata:
            try:
                arguments = get_argument_values(
                    field, details.node, self.variable_values, details.fragment_variable_values
                )
            except GraphQLError:
                return None
            values = partial(definition.metadata["values"], self.context_value, **arguments)
            return lambda rows: complete(values(rows))
        if definition.base_resolver or field.args:
            return None
        get = attrgetter(definition.python_name)
        return lambda rows: complete(list(map(get, rows)))


def _are_all(type_: type, items: list[Any]) -> bool:
    return all(isinstance(item, type_) for item in items)


def _completion(type_: GraphQLOutputType) -> _Values | None:
    """What makes values of a type of leaves, or of lists of them; None for other types."""
    is_required = isinstance(type_, GraphQLNonNull)
    inner: Any = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    if isinstance(inner, GraphQLList):
        complete = _completion(inner.of_type)
        return complete and _of_lists(complete, is_required)
    return _of_leaves(inner.coerce_output_value, is_required) if is_leaf_type(inner) else None


def _of_lists(complete: _Values, is_required: bool) -> _Values:
    def values(given: Sequence[Any]) -> list[Any]:
        if not all(type(value) is list or (value is None and not is_required) for value in given):
            raise ValueError
        items = iter(complete([item for value in given if value for item in value]))
        return [None if value is None else list(islice(items, len(value))) for value in given]

    return values


def _of_leaves(coerce: Callable[[Any], Any], is_required: bool) -> _Values:
    known: dict[Any, Any] = {} if is_required else {None: None}

    def values(given: Sequence[Any]) -> list[Any]:
        try:
            return [known[value] for value in given]
        except KeyError:
            for value in set(given).difference(known):
                made = None if value is None else coerce(value)
                if made is None or made is Undefined:
                    raise ValueError from None
                known[value] = made
            return [known[value] for value in given]

    return values


def _merged(fields: Iterable[str], done: _Done, found: Mapping[str, Any]) -> dict[str, Any]:
    return {name: done[name] if name in done else found[name] for name in fields}


async def _merged_later(
    fields: Iterable[str], done: _Done, found: Awaitable[Mapping[str, Any]]
) -> dict[str, Any]:
    return _merged(fields, done, await found)
