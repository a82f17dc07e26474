"""The schema, built once."""

import strawberry
from graphql import GraphQLObjectType, GraphQLScalarType
from strawberry.schema.config import StrawberryConfig

from schema.catalog import Entitlement, ProgramKind, Seat
from schema.mutation import Mutation
from schema.query import Query
from schema.relay import Node, NodeRow, many
from schema.scalars import OVERRIDES, WRITTEN
from schema.subscription import Subscription

SCHEMA = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    types=[Entitlement, ProgramKind, Seat],
    config=StrawberryConfig(scalar_map=OVERRIDES),
)
"""What Lyceum offers."""


def _accepts(class_: type) -> bool:
    return class_ is not NodeRow


# Hints for the executor: what the encoder of answers writes by itself, and what is called for many objects.
for type_ in SCHEMA._schema.type_map.values():
    if isinstance(type_, GraphQLScalarType) and type_.name in WRITTEN:
        type_.extensions["written"] = WRITTEN[type_.name]
    if not isinstance(type_, GraphQLObjectType):
        continue
    definition = type_.extensions.get("strawberry-definition")
    if definition is not None and issubclass(definition.origin, Node):
        type_.extensions["accepts"] = _accepts
    for field in type_.fields.values():
        definition = field.extensions.get("strawberry-definition")
        if definition is not None and definition.base_resolver:
            field.extensions["many"] = definition.metadata.get("many", many)
