"""Look-ahead: which columns a selection needs, so that no other column is read."""

from collections.abc import Iterator, Sequence
from typing import Any, cast

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLObjectType,
    InlineFragmentNode,
    SelectionSetNode,
    get_named_type,
)
from strawberry import Info
from strawberry.types.field import StrawberryField

from resolvers.context import Context


def columns(info: Info[Context, Any], *path: str, of: str | None = None) -> frozenset[str]:
    """The columns that the objects at a path below the current field need.

    `of` names the object type where the field's own type is an interface.
    What is skipped by a directive counts as selected.
    """
    raw = info._raw_info
    nodes = raw.field_nodes
    key = (columns, path, of, *(id(node) for node in nodes))
    memo = info.context.memo
    found = memo.get(key)
    if found is None:
        start = cast(GraphQLObjectType, raw.schema.type_map[of] if of else get_named_type(raw.return_type))
        sets = [node.selection_set for node in nodes if node.selection_set]
        found = memo[key] = frozenset(_needs(_descend(sets, start, path, raw.fragments), raw.fragments))
    return found


_Place = tuple[list[SelectionSetNode], GraphQLObjectType]


def _descend(
    sets: list[SelectionSetNode], type_: GraphQLObjectType, path: Sequence[str], fragments: Any
) -> _Place:
    for name in path:
        fields = [field for field in _fields(sets, type_, fragments) if field.name.value == name]
        sets = [field.selection_set for field in fields if field.selection_set]
        type_ = cast(GraphQLObjectType, get_named_type(type_.fields[name].type))
    return sets, type_


def _needs(place: _Place, fragments: Any) -> Iterator[str]:
    sets, type_ = place
    for node in _fields(sets, type_, fragments):
        definition = type_.fields.get(node.name.value)
        if definition is not None:
            yield from _columns_of(definition)


def _fields(
    sets: Sequence[SelectionSetNode], type_: GraphQLObjectType, fragments: Any
) -> Iterator[FieldNode]:
    names = {type_.name, *(interface.name for interface in type_.interfaces)}
    for selection in (selection for set_ in sets for selection in set_.selections):
        if isinstance(selection, FieldNode):
            yield selection
        elif isinstance(selection, FragmentSpreadNode):
            fragment = fragments[selection.name.value]
            if fragment.type_condition.name.value in names:
                yield from _fields([fragment.selection_set], type_, fragments)
        elif isinstance(selection, InlineFragmentNode):
            condition = selection.type_condition
            if condition is None or condition.name.value in names:
                yield from _fields([selection.selection_set], type_, fragments)


def _columns_of(definition: GraphQLField) -> Sequence[str]:
    field: StrawberryField = definition.extensions["strawberry-definition"]
    if "needs" in field.metadata:
        needs: Sequence[str] = field.metadata["needs"]
        return needs
    return () if field.base_resolver else (field.python_name,)
