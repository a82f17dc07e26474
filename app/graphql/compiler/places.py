"""Where values stand in the response: told from the end, and only when somebody asks."""

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from graphql import GraphQLResolveInfo
from graphql.pyutils import Path

if TYPE_CHECKING:
    from app.graphql.compiler.plan import Field, Selection
    from app.graphql.compiler.run import Run

Order = tuple[int, ...]
"""What sorts places as they follow each other in the response."""


class Info(GraphQLResolveInfo[Any]):
    """What resolvers are told. The path is made when it is read: few resolvers do."""

    __slots__ = ()

    @property
    def path(self) -> Path:
        """Response path to the field."""
        place: Any = tuple.__getitem__(self, 4)
        if isinstance(place, Path):
            return place
        column, index = place
        made: Path = column.path(index)
        return made

    def __iter__(self) -> Any:
        values = list(tuple.__iter__(self))
        values[4] = self.path
        return iter(values)

    def __getitem__(self, key: Any) -> Any:
        return tuple(self)[key]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, tuple) and tuple(self) == tuple(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None  # type: ignore[assignment]


class Frame:
    """Objects of one type that one selection set is executed on, with their fields in the answer."""

    __slots__ = ("paths", "place", "positions", "results", "selection", "sources")

    def __init__(
        self,
        selection: "Selection",
        place: "Place | None",
        positions: Sequence[int] | None,
        sources: list[Any],
        results: list[dict[str, Any]],
    ) -> None:
        self.selection = selection
        self.place = place
        self.positions = positions
        self.sources = sources
        self.results = results
        self.paths: dict[int, Path | None] = {}

    def at(self, index: int) -> int:
        """Where an object stands among the values of its place."""
        return index if self.positions is None else self.positions[index]

    def path(self, index: int) -> Path | None:
        """Response path of an object; None for the root."""
        if self.place is None:
            return None
        found = self.paths.get(index)
        if found is None:
            found = self.paths[index] = self.place.path(self.at(index))
        return found

    def order(self, index: int) -> Order:
        """The order of an object."""
        return () if self.place is None else self.place.order(self.at(index))


class Place(ABC):
    """The places of values that are completed together."""

    __slots__ = ()

    column: "Column"
    is_required: bool

    @abstractmethod
    def path(self, index: int) -> Path:
        """Response path of a value."""

    @abstractmethod
    def order(self, index: int) -> Order:
        """The order of a value."""

    @abstractmethod
    def put(self, index: int, value: Any) -> None:
        """Set a completed value in the response."""

    @abstractmethod
    def above(self, index: int) -> "tuple[Place, int] | None":
        """The value that this one is part of; None at the root."""

    @abstractmethod
    def info(self, index: int) -> Info:
        """What resolvers are told about the field of a value."""


class Column(Place):
    """The values of one field, one for each object of a frame."""

    __slots__ = ("field", "frame", "infos", "is_required", "run")

    def __init__(self, run: "Run", frame: Frame, field: "Field") -> None:
        self.run = run
        self.frame = frame
        self.field = field
        self.is_required = field.shape.is_required
        self.infos: dict[int, Info] = {}

    @property
    def column(self) -> "Column":  # type: ignore[override]
        """The column itself."""
        return self

    def path(self, index: int) -> Path:
        return Path(self.frame.path(index), self.field.key, self.frame.selection.type.name)

    def order(self, index: int) -> Order:
        return (*self.frame.order(index), self.field.index)

    def put(self, index: int, value: Any) -> None:
        self.frame.results[index][self.field.key] = value

    def above(self, index: int) -> tuple[Place, int] | None:
        place = self.frame.place
        return None if place is None else (place, self.frame.at(index))

    def info(self, index: int) -> Info:
        info = self.infos.get(index)
        if info is None:
            values = (*self.field.told, (self, index), *self.run.told)
            info = self.infos[index] = tuple.__new__(Info, values)
        return info


class Items(Place):
    """The items of lists, one list after another. `ends` says where each list ends, after a 0."""

    __slots__ = ("column", "ends", "is_required", "lists", "place")

    def __init__(self, place: Place, ends: list[int], is_required: bool) -> None:
        self.place = place
        self.column = place.column
        self.ends = ends
        self.is_required = is_required
        self.lists: list[list[Any] | None] = []

    def cut(self, completed: list[Any], given: Sequence[Any]) -> list[list[Any] | None]:
        """The lists, made of their completed items; None where there is none."""
        self.lists = [
            None if value is None else completed[start:end]
            for value, (start, end) in zip(given, pairwise(self.ends), strict=True)
        ]
        return self.lists

    def _owner(self, index: int) -> tuple[int, int]:
        owner = bisect_right(self.ends, index) - 1
        return owner, index - self.ends[owner]

    def path(self, index: int) -> Path:
        owner, offset = self._owner(index)
        return Path(self.place.path(owner), offset, None)

    def order(self, index: int) -> Order:
        owner, offset = self._owner(index)
        return (*self.place.order(owner), offset)

    def put(self, index: int, value: Any) -> None:
        owner, offset = self._owner(index)
        list_ = self.lists[owner]
        if list_ is not None:
            list_[offset] = value

    def above(self, index: int) -> tuple[Place, int]:
        return self.place, self._owner(index)[0]

    def info(self, index: int) -> Info:
        return self.place.info(self._owner(index)[0])


class Part(Place):
    """Some of the values of a place."""

    __slots__ = ("_indexes", "_place", "column", "is_required")

    def __init__(self, place: Place, indexes: Sequence[int]) -> None:
        self._place = place
        self._indexes = indexes
        self.column = place.column
        self.is_required = place.is_required

    def path(self, index: int) -> Path:
        return self._place.path(self._indexes[index])

    def order(self, index: int) -> Order:
        return self._place.order(self._indexes[index])

    def put(self, index: int, value: Any) -> None:
        self._place.put(self._indexes[index], value)

    def above(self, index: int) -> tuple[Place, int] | None:
        return self._place.above(self._indexes[index])

    def info(self, index: int) -> Info:
        return self._place.info(self._indexes[index])
