"""The schema, built once."""

import strawberry
from strawberry.schema.config import StrawberryConfig

from schema.catalog import Entitlement, ProgramKind, Seat
from schema.mutation import Mutation
from schema.query import Query
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
