"""An operation as a plan sees it: which variables decide the shape of its statements."""

from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    ArgumentNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLSchema,
    InlineFragmentNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    Undefined,
    ValueNode,
    VariableDefinitionNode,
    VariableNode,
    coerce_input_value,
    get_named_type,
    get_nullable_type,
    get_variable_values,
    is_leaf_type,
    is_non_null_type,
    type_from_ast,
)
from graphql.execution.collect_fields import FragmentDetails

from app.graphql.plan.build import Bound, Values, bound_arguments

_LOOKED_INTO = ("contains", "startsWith", "in")
"""Operators whose operand is more to a statement than a value."""

_ABSENT = object()
_NONE: Mapping[str, Any] = {}


class PlainOperation:
    """An operation of a document with what its statements depend on."""

    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
    ) -> None:
        self.node = operation
        fragments = [node for node in document.definitions if isinstance(node, FragmentDefinitionNode)]
        self.fragments = {node.name.value: FragmentDetails(node) for node in fragments}
        self.has_directives = False
        self._schema = schema
        definitions = operation.variable_definitions or ()
        self._definitions = {node.variable.name.value: node for node in definitions}
        self._coercions = [_Coercion(schema, node) for node in definitions]
        self._binds: set[str] = set()
        self._decides: set[str] = set()
        self._look(operation, schema.query_type)
        for fragment in fragments:
            self._look(fragment, type_from_ast(schema, fragment.type_condition))
        self._bound = sorted(self._binds - self._decides)
        self._deciding = sorted(self._decides)

    def coerced(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The variables of a request. Raises `ValueError` for what does not fit."""
        values: dict[str, Any] = {}
        for coercion in self._coercions:
            coercion.coerce(given, values)
        return values

    def outline(self, values: Values) -> tuple[object, ...]:
        """All of the variables that the shape of the statements depends on."""
        return (
            *[_hashable(values.get(name, _ABSENT)) for name in self._deciding],
            *[(name in values, values.get(name) is None) for name in self._bound],
        )

    def shape(self, values: Values) -> dict[str, Any]:
        """The variables as far as the outline tells them."""
        return {
            name: Bound(name) if name in self._bound and value is not None else value
            for name, value in values.items()
            if name in self._deciding or name in self._bound
        }

    def _look(self, node: Any, type_: Any) -> None:
        """Look at the arguments of all that is selected below a node, of a type."""
        for directive in node.directives or ():
            self.has_directives = True
            self._use(directive, binds=False)
        for selected in node.selection_set.selections if getattr(node, "selection_set", None) else ():
            if isinstance(selected, FieldNode):
                definition = getattr(type_, "fields", _NONE).get(selected.name.value)
                bound = bound_arguments(definition) if selected.arguments and definition else ()
                for argument in selected.arguments or ():
                    is_variable = isinstance(argument.value, VariableNode)
                    self._use(argument, is_variable and argument.name.value in bound)
                self._look(selected, get_named_type(definition.type) if definition else None)
            elif isinstance(selected, InlineFragmentNode) and selected.type_condition:
                self._look(selected, type_from_ast(self._schema, selected.type_condition))
            else:
                self._look(selected, type_)

    def _use(self, argument: ArgumentNode | DirectiveNode, binds: bool) -> None:
        for node, is_operand in _variables(argument):
            name = node.name.value
            is_bound = binds or (is_operand and name in self._definitions and self._is_leaf(name))
            (self._binds if is_bound else self._decides).add(name)

    def _is_leaf(self, name: str) -> bool:
        type_: Any = type_from_ast(self._schema, self._definitions[name].type)
        return is_leaf_type(get_nullable_type(type_))


def _variables(argument: ArgumentNode | DirectiveNode) -> Iterator[tuple[VariableNode, bool]]:
    """The variables in an argument, and whether each is what a column is compared with."""
    if isinstance(argument, ArgumentNode):
        yield from _variables_in(argument.value, argument.name.value == "where", is_operand=False)
    else:
        for each in argument.arguments or ():
            yield from _variables_in(each.value, in_where=False, is_operand=False)


def _variables_in(value: ValueNode, in_where: bool, is_operand: bool) -> Iterator[tuple[VariableNode, bool]]:
    if isinstance(value, VariableNode):
        yield value, is_operand
    elif isinstance(value, ListValueNode):
        for item in value.values:
            yield from _variables_in(item, in_where=False, is_operand=False)
    elif isinstance(value, ObjectValueNode):
        for field in value.fields:
            compares = in_where and field.name.value not in _LOOKED_INTO
            yield from _variables_in(field.value, in_where, compares)


class _Coercion:
    """What makes a variable's value one of its type."""

    def __init__(self, schema: GraphQLSchema, definition: VariableDefinitionNode) -> None:
        self._name = definition.variable.name.value
        self._type: Any = type_from_ast(schema, definition.type)
        self._is_required = is_non_null_type(self._type)
        found = get_variable_values(schema, [definition], {})
        self._default = {} if isinstance(found, list) else found.coerced

    def coerce(self, given: Mapping[str, Any], values: dict[str, Any]) -> None:
        if self._name not in given:
            if self._is_required and not self._default:
                raise ValueError(self._name)
            values.update(self._default)
            return
        value = coerce_input_value(given[self._name], self._type)
        if value is Undefined:
            raise ValueError(self._name)
        values[self._name] = value


def _hashable(value: Any) -> object:
    # Those of one variable are of one type.
    return repr(value) if isinstance(value, list | dict) else value
