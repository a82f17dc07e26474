"""Fields that are worked out from dates, seats and runs."""

import datetime as dt
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import strawberry

from resolvers import offering
from resolvers.context import Context
from schema.relay import ContextInfo, when_read


def of_seats(
    make: Callable[[Any, offering.Seats, dt.datetime], Any], description: str, needs: Sequence[str] = ()
) -> Any:
    """A field of a run that the run, its seats and the time tell; `needs` are the columns of the run."""

    def resolve(root: Any, info: ContextInfo) -> Any:
        context = info.context
        return when_read(_seats(context, root), lambda seats: make(root, seats, context.now))

    return strawberry.field(
        resolver=resolve, description=description, metadata={"needs": ("id", *needs), "companions": (_seats,)}
    )


def _seats(context: Context, run: Any) -> Any:
    return offering.seats_of(context, run.id)


def worked_out(work: Callable[[Context, int], Awaitable[Any]], description: str) -> Any:
    """A field that work finds out from the object's id."""

    def resolve(root: Any, info: ContextInfo) -> Any:
        return work(info.context, root.id)

    return strawberry.field(resolver=resolve, description=description, metadata={"needs": ("id",)})
