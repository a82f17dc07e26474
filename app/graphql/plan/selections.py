"""What is selected, with the variables that are known: fields of a type, what they need, their arguments."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from graphql import (
    GraphQLError,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    get_argument_values,
    get_named_type,
)
from graphql.execution.collect_fields import FieldDetails, collect_fields, collect_subfields
from graphql.execution.values import VariableValues
from strawberry import Schema
from strawberry.types.arguments import convert_arguments

from app.graphql.plan.texts import NotPlain

Details = list[FieldDetails]
"""A field of an answer, wherever in the document it is selected."""

Fields = Mapping[str, Details]
"""The fields of an object by their names in the answer."""


class Selections:
    """The selections of an operation."""

    def __init__(
        self,
        schema: GraphQLSchema,
        operation: OperationDefinitionNode,
        fragments: Mapping[str, Any],
        values: Mapping[str, Any],
    ) -> None:
        self._schema = schema
        self._operation = operation
        self._fragments: Any = fragments
        self._values = VariableValues({}, dict(values))

    def roots(self) -> tuple[GraphQLObjectType, Fields]:
        """The root of queries, and its fields."""
        type_ = cast(GraphQLObjectType, self._schema.query_type)
        found = collect_fields(self._schema, self._fragments, self._values, type_, self._operation)
        return type_, found.grouped_field_set

    def below(self, definition: GraphQLField, details: Details) -> tuple[Any, Fields]:
        """The type of a field's objects, and their fields."""
        type_: Any = get_named_type(definition.type)
        found = collect_subfields(
            self._schema, self._fragments, self._values, self._operation, type_, details
        )
        return type_, found.grouped_field_set

    def definition(self, type_: GraphQLObjectType, details: Details) -> GraphQLField | None:
        """What a field is; None for `__typename`. Raises `NotPlain` for introspection."""
        name = details[0].node.name.value
        found: GraphQLField | None = type_.fields.get(name)
        if found is None and name != "__typename":
            raise NotPlain("introspection")
        return found

    def needs(self, type_: GraphQLObjectType, fields: Fields) -> set[str]:
        """The columns that fields need of a row."""
        needed: set[str] = set()
        for details in fields.values():
            definition = self.definition(type_, details)
            if definition is not None:
                field = definition.extensions["strawberry-definition"]
                needed.update(field.metadata.get("needs", (field.python_name,)))
        return needed

    def items(self, type_: GraphQLObjectType, fields: Fields) -> Iterator[tuple[GraphQLObjectType, Fields]]:
        """What is selected of the items of a connection, or of an edge."""
        for details in fields.values():
            definition = self.definition(type_, details)
            if definition is not None and details[0].node.name.value in ("nodes", "node"):
                yield self.below(definition, details)
            elif definition is not None and details[0].node.name.value == "edges":
                yield from self.items(*self.below(definition, details))

    def arguments(self, definition: GraphQLField, details: Details) -> dict[str, Any]:
        """The arguments of a field as its resolver is given them. Raises `NotPlain` for wrong ones."""
        schema: Schema = self._schema.extensions["strawberry-definition"]
        try:
            given = get_argument_values(definition, details[0].node, self._values)
        except GraphQLError as error:
            raise NotPlain("arguments") from error
        arguments = definition.extensions["strawberry-definition"].arguments
        return convert_arguments(given, arguments, schema.schema_converter.scalar_registry, schema.config)
