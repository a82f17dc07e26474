"""Variables of an operation: coerced in few steps where they are right, by graphql-core where not."""

from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLError,
    GraphQLID,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    GraphQLString,
    OperationDefinitionNode,
    Undefined,
    get_variable_values,
    is_leaf_type,
)
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource, input_is_nested_too_deeply
from graphql.utilities.coerce_input_value import coerce_default_value, coerce_input_value

_Coerce = Callable[[Any], Any]
"""Coerces a value. Raises an exception for what is wrong."""

_MAX_ERRORS = 50
"""How many errors of variables graphql-core tells by default."""


class _Variable:
    def __init__(self, signature: GraphQLVariableSignature) -> None:
        self.name = signature.name
        self.signature = signature
        self.coerce = _coercion(signature.type)
        self.absent = VariableValueSource(signature)
        self.has_default = signature.default is not None
        self.is_required = isinstance(signature.type, GraphQLNonNull)


class Variables:
    """The variables that an operation defines."""

    def __init__(self, schema: GraphQLSchema, operation: OperationDefinitionNode) -> None:
        self._schema = schema
        self._definitions = operation.variable_definitions or ()
        signatures = [get_variable_signature(schema, node) for node in self._definitions]
        self._is_wrong = any(isinstance(signature, GraphQLError) for signature in signatures)
        self._variables = [
            _Variable(signature) for signature in signatures if not isinstance(signature, GraphQLError)
        ]

    def coerce(
        self, inputs: Mapping[str, Any], hide_suggestions: bool
    ) -> VariableValues | list[GraphQLError]:
        """The values of the variables, or what is wrong with them."""
        if not self._is_wrong:
            try:
                return self._coerced(inputs)
            except Exception:  # noqa: S110
                # graphql-core says what is wrong.
                pass
        given = dict(inputs)
        return get_variable_values(self._schema, self._definitions, given, _MAX_ERRORS, hide_suggestions)

    def _coerced(self, inputs: Mapping[str, Any]) -> VariableValues:
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, Any] = {}
        for variable in self._variables:
            name = variable.name
            value = inputs.get(name, Undefined)
            if value is not Undefined:
                sources[name] = VariableValueSource(variable.signature, value)
                coerced[name] = variable.coerce(value)
                continue
            sources[name] = variable.absent
            if variable.has_default:
                coerced[name] = _default(variable.signature)
            elif variable.is_required:
                raise ValueError(name)
        return VariableValues(sources, coerced)


def _default(signature: GraphQLVariableSignature) -> Any:
    value = coerce_default_value(signature)
    if isinstance(value, (list, dict)) and signature.default is not None:
        # Whoever is given it may change it.
        signature.default._memoized_coerced_value = Undefined
    if value is Undefined:
        raise ValueError(signature.name)
    return value


def _coercion(type_: GraphQLInputType) -> _Coerce:
    if isinstance(type_, GraphQLNonNull):
        return _required(_present(type_.of_type))
    return _optional(_present(type_))


def _required(coerce: _Coerce) -> _Coerce:
    def coerce_required(value: Any) -> Any:
        if value is None:
            raise ValueError
        return coerce(value)

    return coerce_required


def _optional(coerce: _Coerce) -> _Coerce:
    return lambda value: None if value is None else coerce(value)


def _present(type_: Any) -> _Coerce:
    """Coerces values that are not null."""
    if isinstance(type_, GraphQLList):
        return _list(type_, _coercion(type_.of_type))
    if is_leaf_type(type_):
        return _leaf(type_)
    return _any(type_)


def _list(type_: GraphQLInputType, item: _Coerce) -> _Coerce:
    other = _any(type_)
    return lambda value: list(map(item, value)) if value.__class__ is list else other(value)


def _any(type_: GraphQLInputType) -> _Coerce:
    def coerce(value: Any) -> Any:
        if input_is_nested_too_deeply(value, type_):
            raise ValueError
        coerced = coerce_input_value(value, type_)
        if coerced is Undefined:
            raise ValueError
        return coerced

    return coerce


def _leaf(type_: Any) -> _Coerce:
    coerce = type_.coerce_input_value
    if type_ in (GraphQLString, GraphQLID, GraphQLBoolean):
        class_ = bool if type_ is GraphQLBoolean else str
        return lambda value: value if value.__class__ is class_ else coerce(value)

    def coerce_leaf(value: Any) -> Any:
        coerced = coerce(value)
        if coerced is Undefined:
            raise ValueError
        return coerced

    return coerce_leaf
