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


class _Kinds(dict[type, Kind]):

    def __missing__(self, class_: type) -> Kind:
        if class_ is type(None) or class_ is type(Undefined):
            kind = Kind.NULL
        elif issubclass(class_, Exception):
            kind = Kind.ERROR
        elif issubclass(class_, Future):
            kind = Kind.FUTURE
        elif hasattr(class_, "__await__"):
            kind = Kind.AWAITABLE
        else:
            kind = Kind.PLAIN
        self[class_] = kind
        return kind


KINDS = _Kinds()
"""The kinds of classes, found out once for each."""
