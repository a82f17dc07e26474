"""What values are, told by their classes."""

from asyncio import Future
from enum import Enum, auto

from graphql import Undefined


class Kind(Enum):
    """What is done with a value before it is completed."""

    PLAIN = auto()
    NULL = auto()
    ERROR = auto()
    AWAITABLE = auto()
    FUTURE = auto()


class Kinds(dict[type, Kind]):
    """The kinds of classes, found out once for each."""

    def __init__(self, *, is_sync: bool) -> None:
        self._is_sync = is_sync

    def __missing__(self, class_: type) -> Kind:
        if class_ is type(None) or class_ is type(Undefined):
            kind = Kind.NULL
        elif issubclass(class_, Exception):
            kind = Kind.ERROR
        elif self._is_sync or not hasattr(class_, "__await__"):
            kind = Kind.PLAIN
        else:
            kind = Kind.FUTURE if issubclass(class_, Future) else Kind.AWAITABLE
        self[class_] = kind
        return kind


KINDS = Kinds(is_sync=False)

SYNC_KINDS = Kinds(is_sync=True)
"""The kinds where nothing is awaited."""
