"""The schema, built once."""

import strawberry
from graphql import GraphQLObjectType
from strawberry.schema.config import StrawberryConfig

from schema.catalog import Entitlement, ProgramKind, Seat
from schema.mutation import Mutation
from schema.query import Query
from schema.relay import each
from schema.scalars import OVERRIDES
from schema.subscription import Subscription

SCHEMA = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    types=[Entitlement, ProgramKind, Seat],
    config=StrawberryConfig(scalar_map=OVERRIDES),
)
"""What Lyceum offers."""

for type_ in SCHEMA._schema.type_map.values():
    for field in type_.fields.values() if isinstance(type_, GraphQLObjectType) else ():
        definition = field.extensions.get("strawberry-definition")
        if definition is not None and definition.base_resolver:
            # What the executor calls for many objects, instead of the resolver for each.
            field.extensions["each"] = definition.metadata.get("each", each)
