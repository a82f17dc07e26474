"""What two executors make of the same operation, side by side."""

import inspect
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from graphql import ExecutionResult, GraphQLError


@dataclass
class Outcome:
    """What came of an operation."""

    data: Any
    errors: list[GraphQLError]
    is_sync: bool

    @property
    def text(self) -> str:
        """The data, with the order of keys and the types of values."""
        return repr(self.data)


async def outcome(execute: Callable[[], Any]) -> Outcome:
    """Execute an operation."""
    result = execute()
    is_sync = not inspect.isawaitable(result)
    if not is_sync:
        result = await result
    assert type(result) is ExecutionResult
    assert result.errors is None or result.errors
    return Outcome(result.data, result.errors or [], is_sync)


def told(error: GraphQLError) -> tuple[Any, ...]:
    """All there is to an error."""
    places = [(place.line, place.column) for place in error.locations or ()]
    nodes = [node.loc.start for node in error.nodes or () if node.loc]
    original = error.original_error
    return (
        error.message,
        str(places),
        str(error.path),
        str(error.extensions),
        str(nodes),
        f"{type(original).__name__} {original}",
    )


def _null_of(data: Any, error: GraphQLError) -> tuple[str | int, ...]:
    """Where the null is that an error left."""
    path = error.path or []
    for depth, step in enumerate(path):
        if data is None:
            return tuple(path[:depth])
        data = data[step]
    assert data is None, f"{error} left {data}"
    return tuple(path)


def compare(expected: Outcome, found: Outcome) -> None:
    """Fail unless two outcomes are the same.

    Errors have the same order where nothing was waited for. Otherwise they come as their fields
    end, and this depends on how many turns of the event loop an executor takes for itself. So it
    does which of several errors below a null is the one that made it null, and whether the others,
    whose fields nobody needs any more, are still told: below each null there must be some in both.
    """
    assert found.text == expected.text
    # What graphql-core has not come upon after an error may have to be waited for.
    assert found.is_sync == expected.is_sync or expected.errors
    if expected.is_sync and found.is_sync:
        assert list(map(told, found.errors)) == list(map(told, expected.errors))
        return
    at_null, below = zip(*(_divided(outcome) for outcome in (expected, found)), strict=True)
    assert at_null[0] == at_null[1]
    assert below[0] == below[1]


def _divided(outcome: Outcome) -> tuple[Counter[tuple[Any, ...]], set[tuple[str | int, ...]]]:
    """The errors of fields that are null themselves, and where the nulls of other errors are."""
    at_null: Counter[tuple[Any, ...]] = Counter()
    below = set()
    for error in outcome.errors:
        place = _null_of(outcome.data, error)
        if len(place) == len(error.path or ()):
            at_null[told(error)] += 1
        else:
            below.add(place)
    return at_null, below
