"""The JSON Schema of what a document returns: its selections walked with the types of the GraphQL schema."""

from collections.abc import Iterator, Sequence
from typing import cast

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLNullableType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    GraphQLType,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_enum_type,
    is_list_type,
    is_non_null_type,
    is_scalar_type,
    parse,
)

from app.rest.render import melts
from app.rest.schemas import STRING, Schema, exactly, nullable

_SCALARS: dict[str, Schema] = {
    "BigInt": {"type": "integer", "format": "int64"},
    "Boolean": {"type": "boolean"},
    "Date": {"type": "string", "format": "date"},
    "DateTime": {"type": "string", "format": "date-time"},
    "Decimal": STRING,
    "Float": {"type": "number"},
    "ID": STRING,
    "Int": {"type": "integer", "format": "int32"},
    "String": STRING,
    "UUID": {"type": "string", "format": "uuid"},
}
_Selections = Sequence[SelectionNode]
_Place = tuple[GraphQLOutputType, _Selections]
_Fragment = FragmentDefinitionNode | InlineFragmentNode


def shape(schema: GraphQLSchema, text: str, path: str) -> Schema:
    """The schema of what stands at a path of response keys in a document's data.

    It is never null there: a route has an answer of its own for that.
    """
    walk = _Walk(schema, text)
    type_, selections = walk.root
    for key in path.split("."):
        type_, selections = walk.step(type_, selections, key)
    return walk.present(get_nullable_type(type_), selections)


class _Walk:
    def __init__(self, schema: GraphQLSchema, text: str) -> None:
        self._schema = schema
        self._fragments = {}
        for node in parse(text).definitions:
            if isinstance(node, FragmentDefinitionNode):
                self._fragments[node.name.value] = node
            elif isinstance(node, OperationDefinitionNode):
                root = cast(GraphQLOutputType, schema.get_root_type(node.operation))
                self.root: _Place = (root, node.selection_set.selections)

    def step(self, type_: GraphQLOutputType, selections: _Selections, key: str) -> _Place:
        """The type and the selections of a member, which only some objects of the type may have."""
        for object_ in self._objects(get_named_type(type_)):
            nodes = self._fields(object_, selections).get(key)
            if nodes:
                return object_.fields[nodes[0].name.value].type, _below(nodes)
        raise KeyError(key)

    def present(self, type_: GraphQLNullableType, selections: _Selections) -> Schema:
        """The schema of a value that is not null."""
        if is_list_type(type_):
            return {"type": "array", "items": self._value(type_.of_type, selections)}
        if is_enum_type(type_):
            return {"type": "string", "enum": list(type_.values)}
        if is_scalar_type(type_):
            return _SCALARS[type_.name]
        variants: list[Schema] = []
        for object_ in self._objects(type_):
            variant = self._object(object_, selections)
            if variant not in variants:
                variants.append(variant)
        return variants[0] if len(variants) == 1 else {"anyOf": variants}

    def _value(self, type_: GraphQLOutputType, selections: _Selections) -> Schema:
        present = self.present(get_nullable_type(type_), selections)
        return present if is_non_null_type(type_) else nullable(present)

    def _object(self, type_: GraphQLObjectType, selections: _Selections) -> Schema:
        members: dict[str, Schema] = {}
        optional: set[str] = set()
        for key, nodes in self._fields(type_, selections).items():
            name = nodes[0].name.value
            if name == "__typename":
                members[key] = {"const": type_.name}
                continue
            field = type_.fields[name]
            value = self._value(field.type, _below(nodes))
            if melts(key):
                members |= value["properties"]
                optional |= set() if is_non_null_type(field.type) else set(value["properties"])
            else:
                members[key] = {**value, "description": field.description or ""}
        schema = exactly(**members)
        return {**schema, "required": [name for name in members if name not in optional]}

    def _objects(self, type_: GraphQLType) -> Sequence[GraphQLObjectType]:
        if is_abstract_type(type_):
            return self._schema.get_possible_types(type_)
        return [cast(GraphQLObjectType, type_)]

    def _fields(self, type_: GraphQLObjectType, selections: _Selections) -> dict[str, list[FieldNode]]:
        """The fields that an object answers, by their keys."""
        fields: dict[str, list[FieldNode]] = {}
        for node in self._flat(type_, selections):
            fields.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
        return fields

    def _flat(self, type_: GraphQLObjectType, selections: _Selections) -> Iterator[FieldNode]:
        for node in selections:
            if isinstance(node, FieldNode):
                yield node
                continue
            if isinstance(node, FragmentSpreadNode):
                fragment: _Fragment = self._fragments[node.name.value]
            else:
                fragment = cast(InlineFragmentNode, node)
            condition = fragment.type_condition
            if condition is None or self._is(type_, condition.name.value):
                yield from self._flat(type_, fragment.selection_set.selections)

    def _is(self, type_: GraphQLObjectType, name: str) -> bool:
        of = self._schema.type_map[name]
        return of is type_ or (is_abstract_type(of) and self._schema.is_sub_type(of, type_))


def _below(nodes: Sequence[FieldNode]) -> _Selections:
    return [item for node in nodes if node.selection_set for item in node.selection_set.selections]
