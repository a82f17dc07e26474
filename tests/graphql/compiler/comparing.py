"""What two executors make of the same operation, side by side."""

import inspect
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import ExecutionResult, GraphQLError

Path = Sequence[str | int]


@dataclass
class Failure:
    """An error: where it was, and all that is told of it."""

    path: Path
    told: tuple[Any, ...]


@dataclass
class Outcome:
    """What came of an operation. The text of the data tells the order of keys and the types of values."""

    data: Any
    text: str | bytes
    failures: list[Failure]
    is_sync: bool = False


async def outcome(execute: Callable[[], Any]) -> Outcome:
    """Execute an operation."""
    result = execute()
    is_sync = not inspect.isawaitable(result)
    if not is_sync:
        result = await result
    assert type(result) is ExecutionResult
    assert result.errors is None or result.errors
    failures = [Failure(error.path or (), _told(error)) for error in result.errors or ()]
    return Outcome(result.data, repr(result.data), failures, is_sync)


def _told(error: GraphQLError) -> tuple[Any, ...]:
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


def _null_of(data: Any, path: Path) -> Path:
    """Where the null is that an error at a place left."""
    for depth, step in enumerate(path):
        if data is None:
            return tuple(path[:depth])
        data = data[step]
    assert data is None, f"{path} is {data}"
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
    assert found.is_sync == expected.is_sync or expected.failures
    if expected.is_sync and found.is_sync:
        assert found.failures == expected.failures
        return
    at_null, below = zip(*(_divided(outcome) for outcome in (expected, found)), strict=True)
    assert at_null[0] == at_null[1]
    assert below[0] == below[1]


def _divided(outcome: Outcome) -> tuple[Counter[tuple[Any, ...]], set[Path]]:
    """The errors of fields that are null themselves, and where the nulls of other errors are."""
    at_null: Counter[tuple[Any, ...]] = Counter()
    below = set()
    for failure in outcome.failures:
        place = _null_of(outcome.data, failure.path)
        if len(place) == len(failure.path):
            at_null[failure.told] += 1
        else:
            below.add(place)
    return at_null, below
