"""Fields that are worked out from dates, seats and runs."""

from collections.abc import Awaitable, Callable
from typing import Any

import strawberry

from resolvers import offering
from resolvers.context import Context
from schema.relay import ContextInfo


def of_seats(make: Callable[[offering.Seats], Any], description: str) -> Any:
    """A field of a run that its seats tell."""

    async def resolve(root: Any, info: ContextInfo) -> Any:
        return make(await offering.seats_of(info.context, root.id))

    return strawberry.field(resolver=resolve, description=description, metadata={"needs": ("id",)})


def worked_out(work: Callable[[Context, int], Awaitable[Any]], description: str) -> Any:
    """A field that work finds out from the object's id."""

    def resolve(root: Any, info: ContextInfo) -> Any:
        return work(info.context, root.id)

    return strawberry.field(resolver=resolve, description=description, metadata={"needs": ("id",)})
