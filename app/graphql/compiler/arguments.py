"""Arguments of fields: coerced once where nothing in them varies."""

from collections.abc import Iterable
from typing import Any

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    ListValueNode,
    ObjectValueNode,
    ValueNode,
    VariableNode,
    get_argument_values,
    get_named_type,
)
from graphql.execution.values import VariableValues


class Arguments:
    """The arguments of a field as it stands in the document."""

    def __init__(self, field: GraphQLField, node: FieldNode) -> None:
        self._field = field
        self._node = node
        self.constant: dict[str, Any] | None = None
        self.is_shared = not any(_makes_objects(argument.type, set()) for argument in field.args.values())
        if not field.args:
            self.constant = {}
        elif not any(_varies(argument.value) for argument in node.arguments or ()):
            try:
                self.constant = get_argument_values(field, node)
            except GraphQLError:
                # It is wrong for each object anew.
                self.is_shared = False

    def values(self, variables: VariableValues, hide_suggestions: bool) -> dict[str, Any]:
        """The arguments by the names that resolvers know. Raises `GraphQLError` for what is wrong."""
        return get_argument_values(self._field, self._node, variables, None, hide_suggestions)


def fresh(value: Any) -> Any:
    """A value that a resolver may change: lists and dictionaries are made anew."""
    class_ = value.__class__
    if class_ is list:
        return [fresh(item) for item in value]
    if class_ is dict:
        return {name: fresh(item) for name, item in value.items()}
    return value


def changeable(values: Iterable[Any]) -> bool:
    """Whether a resolver could change any of the values."""
    return any(value.__class__ is list or value.__class__ is dict for value in values)


def _varies(node: ValueNode) -> bool:
    if isinstance(node, ListValueNode):
        return any(map(_varies, node.values))
    if isinstance(node, ObjectValueNode):
        return any(_varies(field.value) for field in node.fields)
    return isinstance(node, VariableNode)


def _makes_objects(type_: GraphQLInputType, seen: set[Any]) -> bool:
    """Whether values of an input type are objects that the schema's author makes."""
    named = get_named_type(type_)
    if not isinstance(named, GraphQLInputObjectType) or named in seen:
        return False
    seen.add(named)
    if named.out_type is not GraphQLInputObjectType.out_type:
        return True
    return any(_makes_objects(field.type, seen) for field in named.fields.values())
