"""Fields that are worked out from a row, what is read beside it, and the time."""

from asyncio import gather
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import strawberry
from graphql import GraphQLResolveInfo

from loaders.factory import Loader
from resolvers import offering
from resolvers.context import Context
from schema.relay import ContextInfo

Beside = Callable[..., Awaitable[Sequence[Any]]]
"""From the context, rows and a field's arguments: reads what the field needs beside each of the rows."""


@dataclass(frozen=True)
class Work:
    """How a field is made: `make(context, row, *read, **arguments)`, with what was read beside the row."""

    make: Callable[..., Any]
    beside: tuple[Beside, ...] = ()

    def one(self, context: Context, row: Any, **arguments: Any) -> Any:
        """The value for a row, or an awaitable of it where something is read."""
        if not self.beside:
            return self.make(context, row, **arguments)
        return self._one(context, row, **arguments)

    def field(self, resolver: Callable[..., Any], description: str, needs: Sequence[str]) -> Any:
        """The field; `needs` are the columns of the row."""
        return strawberry.field(
            resolver=resolver, description=description, metadata={"needs": needs, "many": self._many}
        )

    async def _one(self, context: Context, row: Any, **arguments: Any) -> Any:
        found = await self._read(context, [row], **arguments)
        return self.make(context, row, *(read for (read,) in found), **arguments)

    def _many(self, info: GraphQLResolveInfo[Any], **arguments: Any) -> Callable[[Sequence[Any]], Any]:
        context: Context = info.context

        def made(rows: Sequence[Any], found: Sequence[Sequence[Any]]) -> list[Any]:
            beside = zip(rows, *found, strict=True)
            return [_tried(self.make, context, row, *read, **arguments) for row, *read in beside]

        async def read_first(rows: Sequence[Any]) -> list[Any]:
            return made(rows, await self._read(context, rows, **arguments))

        return read_first if self.beside else lambda rows: made(rows, ())

    async def _read(self, context: Context, rows: Sequence[Any], **arguments: Any) -> Sequence[Sequence[Any]]:
        return await gather(*(read(context, rows, **arguments) for read in self.beside))


def _tried(make: Callable[..., Any], *given: Any, **arguments: Any) -> Any:
    try:
        return make(*given, **arguments)
    except Exception as error:
        return error


def worked_out(
    make: Callable[..., Any], description: str, needs: Sequence[str] = ("id",), *beside: Beside
) -> Any:
    """A field without arguments that is worked out; see `Work`."""
    work = Work(make, beside)

    def resolve(root: Any, info: ContextInfo) -> Any:
        return work.one(info.context, root)

    return work.field(resolve, description, needs)


def by_id(loader: Callable[[Context], Loader[Any]]) -> Beside:
    """What a loader gives for the ids of rows."""
    return lambda context, rows: loader(context).all(row.id for row in rows)


_seats = by_id(offering.seats_loader)


def of_seats(
    make: Callable[[Context, Any, offering.Seats], Any], description: str, needs: Sequence[str] = ()
) -> Any:
    """A field of a run that the run, its seats and the time tell; `needs` are the columns of the run."""
    return worked_out(make, description, ("id", *needs), _seats)
