"""Waiting: for all values of a field together, and for nothing that has become part of a null."""

from asyncio import CancelledError, Future, Task, current_task, ensure_future, gather, get_running_loop
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from inspect import iscoroutine
from itertools import repeat
from typing import Any, NamedTuple, Protocol

from app.graphql.compiler.places import Place

GoOn = Callable[[Mapping[int, Any], "Work"], None]
"""Goes on with values by their indexes, once they are there. Exceptions stand for themselves."""


class Course(Protocol):
    """The execution that waits are part of."""

    waits: dict["Wait", None]

    def resumed(self) -> None:
        """Something that was waited for is there."""

    def is_lost(self, place: Place, index: int) -> bool:
        """Whether a value is part of what became null."""


class Many(NamedTuple):
    """Values that are awaited together: one awaitable gives the list of them."""

    indexes: range
    awaitable: Awaitable[list[Any]]


class Wait:
    """Some values of a place that are awaited: each by itself, and maybe many together."""

    __slots__ = ("_awaitables", "_course", "_go_on", "_many", "_needed", "_task", "is_lost", "place")

    def __init__(
        self,
        course: Course,
        place: Place,
        awaitables: Mapping[int, Awaitable[Any]],
        go_on: GoOn,
        many: Many | None = None,
    ) -> None:
        self._course = course
        self.place = place
        self._awaitables = awaitables
        self._go_on = go_on
        self._many = many
        self._needed = [*awaitables, *(many.indexes if many else ())]
        self._task: Task[Any] | None = None
        self.is_lost = False
        course.waits[self] = None

    def check(self) -> None:
        """Give up if nobody needs any of the values any more."""
        if self.is_lost:
            return
        # What is lost stays lost.
        while self._needed:
            if not self._course.is_lost(self.place, self._needed[-1]):
                return
            self._needed.pop()
        self.is_lost = True
        if self._task is not None:
            self._task.cancel()

    async def run(self, *, is_task: bool) -> None:
        """Wait, and go on. Without a task of its own nothing is waited for beside it."""
        course = self._course
        self._task = current_task() if is_task else None
        if self.is_lost and self._task is not None:
            # Like everything else it begins, and is cancelled in the next turn.
            get_running_loop().call_soon(self._task.cancel)
        try:
            values = await settled(self._all())
        except CancelledError:
            if not self.is_lost:
                raise
            return
        finally:
            course.waits.pop(self, None)
        course.resumed()
        found = dict(zip(self._awaitables, values, strict=False))
        if self._many:
            many = repeat(values[-1]) if isinstance(values[-1], Exception) else values[-1]
            found.update(zip(self._many.indexes, many, strict=False))
        found = {index: value for index, value in found.items() if not course.is_lost(self.place, index)}
        work = Work()
        self._go_on(found, work)
        work.drain()
        await work.wait(is_task=is_task)

    def leave(self) -> None:
        """Let the awaitables come to an end that nobody waits for."""
        self._course.waits.pop(self, None)
        in_background(self._all())

    def _all(self) -> list[Awaitable[Any]]:
        return [*self._awaitables.values(), *([self._many.awaitable] if self._many else ())]


class Work:
    """What is to be done next, and what is waited for then."""

    __slots__ = ("todo", "waits")

    def __init__(self) -> None:
        self.todo: list[Callable[[], None]] = []
        self.waits: list[Wait] = []

    def drain(self) -> None:
        """Do everything that can be done without waiting."""
        # The list grows while it is read.
        for task in self.todo:
            task()
        self.todo.clear()
        for wait in self.waits:
            if wait.is_lost:
                wait.leave()
        self.waits = [wait for wait in self.waits if not wait.is_lost]

    async def wait(self, *, is_task: bool = False) -> None:
        """Wait for the rest."""
        if len(self.waits) == 1:
            await self.waits[0].run(is_task=is_task)
        elif self.waits:
            tasks = [ensure_future(wait.run(is_task=True)) for wait in self.waits]
            # Where this is cancelled, so are they, and it ends when they have.
            for error in await gather(*tasks, return_exceptions=True):
                if error is not None:
                    raise error


_background: set[Future[Any]] = set()


def in_background(awaitables: Iterable[Awaitable[Any]]) -> None:
    """Let awaitables come to their end, and see their errors. Without an event loop they never begin."""
    try:
        get_running_loop()
    except RuntimeError:
        for awaitable in awaitables:
            if iscoroutine(awaitable):
                awaitable.close()
        return
    future = gather(*awaitables, return_exceptions=True)
    _background.add(future)
    future.add_done_callback(_background.discard)


async def settled(awaitables: Sequence[Awaitable[Any]]) -> list[Any]:
    """What awaitables come to; exceptions stand for themselves."""
    if len(awaitables) == 1 and not isinstance(awaitables[0], Future):
        try:
            return [await awaitables[0]]
        except Exception as error:
            return [error]
    futures = [ensure_future(awaitable) for awaitable in awaitables]
    tasks = [future for future, given in zip(futures, awaitables, strict=True) if future is not given]
    if tasks:
        # Where this is cancelled, so are they, and it ends when they have.
        await gather(*tasks, return_exceptions=True)
    for future in futures:
        # Most are done when the first is: loaders give all results at once.
        if not future.done():
            await _done(future)
    return list(map(come_to, futures))


async def _done(future: Future[Any]) -> None:
    """Wait for a future of others, which is theirs to cancel."""
    waiter = get_running_loop().create_future()

    def wake(_: Future[Any]) -> None:
        if not waiter.done():
            waiter.set_result(None)

    future.add_done_callback(wake)
    await waiter


def come_to(future: Future[Any]) -> Any:
    """What a future has come to that is done. Raises `CancelledError` where it was cancelled."""
    error = None if future.cancelled() else future.exception()
    return error if isinstance(error, Exception) else future.result()


async def items_of(values: Any) -> tuple[list[Any], Exception | None]:
    """The items of an asynchronous iterable, and the error that ended it."""
    items: list[Any] = []
    iterator = None
    try:
        iterator = aiter(values)
        async for item in iterator:
            # Those before an error count.
            items.append(item)  # noqa: PERF401
    except Exception as error:
        close = getattr(iterator, "aclose", None)
        if close is not None:
            with suppress(Exception):
                await close()
        return items, error
    return items, None
