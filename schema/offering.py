"""Fields that are worked out from a row, what is read beside it, and the time."""

from asyncio import Future, gather
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import strawberry
from graphql import GraphQLResolveInfo

from loaders.factory import Loader
from resolvers import offering
from resolvers.context import Context
from resolvers.reading import Companion
from schema.relay import ContextInfo


@dataclass(frozen=True)
class Work:
    """How a field is made: `make(context, row, *read, **arguments)`, with what was read beside the row."""

    make: Callable[..., Any]
    beside: tuple[Companion, ...] = ()

    def each(self, context: Context, **arguments: Any) -> Callable[[Any], Any]:
        """What gives the value for any row, or an awaitable of it where not everything has been read."""
        readers = [companion(context, **arguments) for companion in self.beside]

        def value(row: Any) -> Any:
            begun = [read(row) for read in readers]
            waiting = [future for future in begun if future is not None and not future.done()]
            if waiting:
                return self._later(waiting, begun, context, row, **arguments)
            return self._made(begun, context, row, **arguments)

        return value

    def field(self, resolver: Callable[..., Any], description: str, needs: Sequence[str]) -> Any:
        """The field; `needs` are the columns of the row."""
        return strawberry.field(
            resolver=resolver,
            description=description,
            metadata={"needs": needs, "many": self._many, "companions": self.beside},
        )

    def _many(self, info: GraphQLResolveInfo[Any], **arguments: Any) -> Callable[[Sequence[Any]], list[Any]]:
        value = self.each(info.context, **arguments)
        return lambda rows: [_tried(value, row) for row in rows]

    def _made(self, begun: Sequence[Future[Any] | None], context: Context, row: Any, **arguments: Any) -> Any:
        found = [future and future.result() for future in begun]
        return self.make(context, row, *found, **arguments)

    async def _later(
        self,
        waiting: Sequence[Future[Any]],
        begun: Sequence[Future[Any] | None],
        context: Context,
        row: Any,
        **arguments: Any,
    ) -> Any:
        await gather(*waiting)
        return self._made(begun, context, row, **arguments)


def _tried(value: Callable[[Any], Any], row: Any) -> Any:
    try:
        return value(row)
    except Exception as error:
        return error


def worked_out(
    make: Callable[..., Any], description: str, needs: Sequence[str] = ("id",), *beside: Companion
) -> Any:
    """A field without arguments that is worked out; see `Work`."""
    work = Work(make, beside)

    def resolve(root: Any, info: ContextInfo) -> Any:
        return work.each(info.context)(root)

    return work.field(resolve, description, needs)


def by_id(loader: Callable[[Context], Loader[Any]]) -> Companion:
    """What a loader gives for the id of the row."""

    def companion(context: Context) -> Callable[[Any], Future[Any]]:
        load = loader(context).load
        return lambda row: load(row.id)

    return companion


_seats = by_id(offering.seats_loader)


def of_seats(
    make: Callable[[Context, Any, offering.Seats], Any], description: str, needs: Sequence[str] = ()
) -> Any:
    """A field of a run that the run, its seats and the time tell; `needs` are the columns of the run."""
    return worked_out(make, description, ("id", *needs), _seats)
