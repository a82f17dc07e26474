"""Look-ahead: which columns a selection needs, so that no other column is read."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, cast

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLResolveInfo,
    InlineFragmentNode,
    SelectionSetNode,
    get_named_type,
    is_abstract_type,
)
from strawberry import Info
from strawberry.types.field import StrawberryField

from resolvers.context import Context


def columns(info: Info[Context, Any], *path: str, of: str | None = None) -> frozenset[str]:
    """The columns that the objects at a path below the current field need.

    `of` names the object type where the type at the end of the path is an
    interface or a union. What is skipped by a directive counts as selected.
    """
    return _found(info, path, of, _columns_of)


def _found(
    info: Info[Context, Any],
    path: Sequence[str],
    of: str | None,
    wanted: Callable[[GraphQLField, FieldNode], Iterable[Any]],
) -> frozenset[Any]:
    raw = info._raw_info
    nodes = raw.field_nodes
    key = (wanted, path, of, *(id(node) for node in nodes))
    memo = info.context.memo
    found: frozenset[Any] | None = memo.get(key)
    if found is None:
        start = [node.selection_set for node in nodes if node.selection_set]
        sets, type_ = _descend(start, get_named_type(raw.return_type), path, raw)
        end = cast(GraphQLObjectType, raw.schema.type_map[of] if of else type_)
        found = memo[key] = frozenset(_needs(sets, end, raw, wanted))
    return found


_Sets = Sequence[SelectionSetNode]


def _descend(sets: _Sets, type_: Any, path: Sequence[str], raw: GraphQLResolveInfo[Any]) -> tuple[_Sets, Any]:
    for name in path:
        fields = [field for field in _fields(sets, type_, raw) if field.name.value == name]
        sets = [field.selection_set for field in fields if field.selection_set]
        type_ = get_named_type(type_.fields[name].type)
    return sets, type_


def _needs(
    sets: _Sets,
    type_: GraphQLObjectType,
    raw: GraphQLResolveInfo[Any],
    wanted: Callable[[GraphQLField, FieldNode], Iterable[Any]],
) -> Iterator[Any]:
    for node in _fields(sets, type_, raw):
        definition = type_.fields.get(node.name.value)
        if definition is not None:
            yield from wanted(definition, node)


def _fields(sets: _Sets, type_: GraphQLObjectType, raw: GraphQLResolveInfo[Any]) -> Iterator[FieldNode]:
    for selection in (selection for set_ in sets for selection in set_.selections):
        if isinstance(selection, FieldNode):
            yield selection
        elif isinstance(selection, FragmentSpreadNode):
            fragment = raw.fragments[selection.name.value]
            if _is_one(type_, fragment.type_condition.name.value, raw):
                yield from _fields([fragment.selection_set], type_, raw)
        elif isinstance(selection, InlineFragmentNode):
            condition = selection.type_condition
            if condition is None or _is_one(type_, condition.name.value, raw):
                yield from _fields([selection.selection_set], type_, raw)


def _is_one(type_: GraphQLObjectType, name: str, raw: GraphQLResolveInfo[Any]) -> bool:
    """Whether an object of a type is one of a type of this name too."""
    other = raw.schema.type_map[name]
    return type_ is other or (is_abstract_type(other) and raw.schema.is_sub_type(other, type_))


def _columns_of(definition: GraphQLField, node: FieldNode) -> Sequence[str]:
    field: StrawberryField = definition.extensions["strawberry-definition"]
    if "needs" in field.metadata:
        needs: Sequence[str] = field.metadata["needs"]
        return needs
    return () if field.base_resolver else (field.python_name,)
