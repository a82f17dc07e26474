"""Pages of lists: keyset cursors forward and backward, at the root and under many parents at once."""

from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.types import TypeEngine

from app.auth.viewer import Viewer
from app.db.reader import Record
from app.errors import BadUserInput
from loaders.factory import Batch, Loader
from resolvers import cursor, filters
from resolvers.access import check_columns
from resolvers.context import Context, PageLimits
from resolvers.entity import Entity, Relation, Rows
from resolvers.keys import ids_table, is_one_of
from resolvers.reading import readable

MAX_OFFSET = 1_000_000
"""How many items can be left out at the start: the database reads them all."""

Narrow = Callable[[Rows], ColumnElement[bool]]
"""What a list demands of its rows beside `where`."""


@dataclass(frozen=True)
class Term:
    """One column of an order."""

    column: str
    descending: bool = False


@dataclass(frozen=True)
class PageRequest:
    """Which page of a list is asked for, as given in the arguments."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None
    offset: int | None = None
    where: filters.Where = field(default_factory=dict)
    order: tuple[Term, ...] = ()

    def size(self, limits: PageLimits) -> int:
        """How many items the page holds. Raises `BadUserInput` for a size or an offset out of bounds."""
        if self.first is not None and self.last is not None:
            raise BadUserInput("first and last cannot be given together", field="last")
        for argument, value in (("first", self.first), ("last", self.last)):
            if value is not None and not 0 <= value <= limits.max_page_size:
                raise BadUserInput(
                    f"{argument}: must be between 0 and {limits.max_page_size}, not {value}",
                    field=argument,
                    maximum=limits.max_page_size,
                )
        self._check_offset()
        size = self.first if self.last is None else self.last
        return limits.page_size if size is None else size

    def _check_offset(self) -> None:
        if self.offset is None:
            return
        for argument, value in (("after", self.after), ("last", self.last), ("before", self.before)):
            if value is not None:
                raise BadUserInput(f"offset and {argument} cannot be given together", field="offset")
        if not 0 <= self.offset <= MAX_OFFSET:
            raise BadUserInput(
                f"offset: must be between 0 and {MAX_OFFSET}, not {self.offset}",
                field="offset",
                maximum=MAX_OFFSET,
            )


class Source(Protocol):
    """What pages are read from."""

    request: PageRequest
    size: int
    backward: bool

    def cursor_of(self, row: Record) -> str:
        """The cursor of a row."""

    async def count(self, parent: int | None) -> int:
        """How many rows there are, of a parent or at the root."""


class Page:
    """A page that was read. Cursors and counts are made only when they are asked for."""

    def __init__(self, listing: Source, rows: Sequence[Record], parent: int | None) -> None:
        request, size = listing.request, listing.size
        self.listing = listing
        self._parent = parent
        nodes = list(rows[:size])
        more = len(rows) > size
        if listing.backward:
            nodes.reverse()
        self.nodes = nodes
        self.has_next_page = more if not listing.backward else request.before is not None
        self.has_previous_page = more if listing.backward else bool(request.after or request.offset)

    @property
    def edges(self) -> list["Edge"]:
        """The items, each with its cursor."""
        return [Edge(node, self.listing.cursor_of(node)) for node in self.nodes]

    @property
    def page_info(self) -> "Page":
        """The page as information about itself."""
        return self

    @property
    def start_cursor(self) -> str | None:
        """Cursor of the first item."""
        return self.listing.cursor_of(self.nodes[0]) if self.nodes else None

    @property
    def end_cursor(self) -> str | None:
        """Cursor of the last item."""
        return self.listing.cursor_of(self.nodes[-1]) if self.nodes else None

    async def total_count(self) -> int:
        """How many items the whole list holds for this viewer."""
        return await self.listing.count(self._parent)


@dataclass(frozen=True, slots=True)
class Edge:
    """An item of a page and its cursor."""

    node: Record
    cursor: str


class PageStatement:
    """What a page of a list is read by: statements with the access filter inside, for one viewer."""

    def __init__(
        self,
        viewer: Viewer,
        limits: PageLimits,
        source: Entity | Relation,
        request: PageRequest,
        columns: Collection[str],
        narrow: Narrow | None = None,
    ) -> None:
        """Prepare the statements for some columns.

        Raises `BadUserInput` for a request that cannot be, and `InsufficientScope` for columns
        that the viewer's token is not for.
        """
        self.request = request
        self.size = request.size(limits)
        self.backward = request.last is not None
        self._viewer = viewer
        self._relation = source if isinstance(source, Relation) else None
        self._entity = source.entity if isinstance(source, Relation) else source
        self._narrow = narrow
        self._order = self._total_order(request.order)
        # A cursor holds the values of the order's columns, for everybody to read.
        order = (term.column for term in self._order)
        check_columns(viewer, self._entity.model, {*columns, *request.where, *order})
        self._signature = ",".join(f"{term.column}:{term.descending:d}" for term in self._order)
        self._columns = sorted({*columns, "id", *(term.column for term in self._order)})
        rows = self.rows()
        columns_of_order = [rows.column(term.column) for term in self._order]
        self._types = [column.type.python_type for column in columns_of_order]
        self.may_order_by_null = any(map(_nullable, columns_of_order))
        self._bounds = {
            argument: dict(zip(self._names(argument), self.place_of(text, argument), strict=True))
            for argument, text in (("after", request.after), ("before", request.before))
            if text is not None
        }

    @property
    def values(self) -> dict[str, Any]:
        """What the parameters of the statements that have no value are to be given: what cursors hold."""
        return {
            name: value
            for bound in self._bounds.values()
            for name, value in bound.items()
            if value is not None
        }

    @property
    def place(self) -> tuple[int, list[str]]:
        """What a cursor of this list holds: the seal of the order, and these columns of a row."""
        return cursor.seal(self._signature), [term.column for term in self._order]

    def place_of(self, text: str, argument: str) -> list[Any]:
        """The values of the order's columns in a cursor. Raises `BadUserInput` for one of no such list."""
        return cursor.decode(self._signature, self._types, text, argument)

    def cursor_of(self, row: Record) -> str:
        """The cursor of a row of this list."""
        return cursor.encode(self._signature, [getattr(row, term.column) for term in self._order])

    def after(self, rows: Rows, values: Sequence[ColumnElement[Any] | None]) -> ColumnElement[bool]:
        """The condition on rows that come after one with these values of the order's columns."""
        return _beyond(rows, self._order, values, backward=False)

    def rows(self, *, alias: bool = False) -> Rows:
        """The list's rows as they appear in a statement."""
        return Rows(self._entity, self._relation, alias=alias)

    def filter(self, rows: Rows) -> ColumnElement[bool]:
        """The condition on rows of the list, whatever page they stand on."""
        return and_(
            readable(self._viewer, rows),
            filters.condition(self._viewer, rows, self.request.where),
            self._narrow(rows) if self._narrow else true(),
        )

    def statement(self, rows: Rows, *belongs: ColumnElement[bool]) -> Select[Any]:
        """The rows of the page in their order (backward if it is read from the end), and one more."""
        return self._ordered(self._select(rows).where(*belongs, self._condition(rows)), rows)

    def statement_of(self, parents: Sequence[int], dialect: str) -> Select[Any]:
        """The pages of many parents, whose ids are the first column."""
        ids = ids_table(parents, dialect)
        rows = self.rows()
        belongs = rows.parent == ids.c.value
        if dialect == "postgresql":
            page = self.statement(rows, belongs).lateral("page")
            found = select(ids.c.value.label("parent_key"), *page.c).select_from(ids.join(page, true()))
            # The database need not keep the order of the inner statement.
            return found.order_by(ids.c.value, *self.sorted(lambda name: page.c[name]))
        # SQLite has no lateral join, and its window functions read every row of every parent.
        chosen_units = select(rows.unit).select_from(rows.source).where(belongs, self._condition(rows))
        units = self._ordered(chosen_units, rows).correlate(ids)
        outer = self.rows(alias=True)
        chosen: ColumnElement[bool] = outer.unit.in_(units)
        if outer.linked:
            chosen = and_(outer.parent == ids.c.value, chosen)
        columns = (outer.column(name) for name in self._columns)
        return (
            select(ids.c.value.label("parent_key"), *columns)
            .select_from(ids.join(outer.source, chosen))
            .where(outer.condition)
            .order_by(*self.sorted(outer.column))
        )

    def _names(self, argument: str) -> list[str]:
        return [f"{argument}_{term.column}" for term in self._order]

    def _total_order(self, terms: tuple[Term, ...]) -> tuple[Term, ...]:
        if not terms and self._relation is not None:
            terms = tuple(Term(column) for column in self._relation.order)
        unique: dict[str, Term] = {}
        # Ties go on in the direction of what they are ties of, as an index has them.
        descending = terms[-1].descending if terms else False
        for term in (*terms, Term("id", descending)):
            unique.setdefault(term.column, term)
        return tuple(unique.values())

    def _condition(self, rows: Rows) -> ColumnElement[bool]:
        bounds = (
            _beyond(rows, self._order, self._parameters(rows, argument), backward=argument == "before")
            for argument in self._bounds
        )
        return and_(self.filter(rows), *bounds)

    def _parameters(self, rows: Rows, argument: str) -> list[ColumnElement[Any] | None]:
        """The values of the order's columns in a cursor, as parameters but where they are null."""
        return [
            None if value is None else bindparam(name, type_=compared(rows.column(term.column)))
            for term, (name, value) in zip(self._order, self._bounds[argument].items(), strict=True)
        ]

    def _select(self, rows: Rows) -> Select[Any]:
        return select(*(rows.column(name) for name in self._columns)).select_from(rows.source)

    def sorted(self, columns: Any, *, reverse: bool = False) -> list[ColumnElement[Any]]:
        """What the page is sorted by, of columns by name; or the same the other way round."""
        sorts = []
        for term in self._order:
            column = columns(term.column)
            descending = (term.descending != self.backward) != reverse
            sort = column.desc() if descending else column.asc()
            if _nullable(column):
                # Nothing counts as least, on both databases.
                sort = sort.nulls_last() if descending else sort.nulls_first()
            sorts.append(sort)
        return sorts

    def _ordered(self, statement: Select[Any], rows: Rows) -> Select[Any]:
        # One more than asked for tells whether there is another page.
        page = statement.order_by(*self.sorted(rows.column)).limit(self.size + 1)
        return page.offset(self.request.offset) if self.request.offset else page


class Listing(PageStatement):
    """A list as one field asks for it: the same for every parent that the field is resolved on."""

    def __init__(
        self,
        context: Context,
        source: Entity | Relation,
        request: PageRequest,
        columns: Collection[str],
        narrow: Narrow | None = None,
    ) -> None:
        super().__init__(context.viewer, context.limits, source, request, columns, narrow)
        self._context = context

    async def page(self) -> Page:
        """The page of a list at the root."""
        reader, shape, values = self._context.reader, self._shape, self.values
        if shape is None:
            rows = await reader.rows(self._root(), **values)
        else:
            rows = await reader.named(("page", shape, self._viewer), self._root, **values)
        return Page(self, rows, None)

    async def count(self, parent: int | None) -> int:
        """How many rows the list holds, of a parent or at the root."""
        if parent is not None:
            return await self._count_loader.load(parent)
        rows = Rows(self._entity)
        statement = select(func.count()).select_from(rows.source)
        return int(await self._context.reader.scalar(statement.where(self.filter(rows))))

    async def page_of(self, parent: int) -> Page:
        """The page of a parent; pages of all parents are read by one statement."""
        (page,) = await self.pages_of([parent])
        return page

    async def pages_of(self, parents: Sequence[int]) -> list[Page]:
        """The pages of parents, in their order."""
        found = await self._page_loader.all(parents)
        return [Page(self, rows, parent) for rows, parent in zip(found, parents, strict=True)]

    @cached_property
    def _page_loader(self) -> Loader[list[Record]]:
        return self._context.loaders.rows(*self._named(self._pages), **self.values)

    @cached_property
    def _count_loader(self) -> Loader[int]:
        name, batch, lasting = self._named(self._counts)
        return self._context.loaders.value(name, batch, 0, lasting)

    def _named(self, batch: Batch) -> tuple[Hashable, Batch, Hashable]:
        shape = self._shape
        return (self, batch, None) if shape is None else (shape, batch, self._viewer)

    @property
    def _shape(self) -> Hashable | None:
        """All that the statements for a viewer depend on; None where that is no small number of things."""
        if self.request.where or self._narrow:
            return None
        place = (self._signature, self.size, self.backward, self.request.offset, *self.values)
        return self._entity, self._relation, place, *self._columns

    def _root(self) -> Select[Any]:
        return self.statement(self.rows())

    def _pages(self, parents: Sequence[int]) -> Select[Any]:
        return self.statement_of(parents, self._context.reader.dialect)

    def _counts(self, parents: Sequence[int]) -> Select[Any]:
        rows = self.rows()
        return (
            select(rows.parent, func.count())
            .select_from(rows.source)
            .where(is_one_of(rows.parent, parents, self._context.reader.dialect), self.filter(rows))
            .group_by(rows.parent)
        )


def _beyond(
    rows: Rows, order: Sequence[Term], values: Sequence[ColumnElement[Any] | None], backward: bool
) -> ColumnElement[bool]:
    """Whether a row stands behind the values in an order (before them when backward)."""
    equal: list[ColumnElement[bool]] = []
    alternatives: list[ColumnElement[bool]] = []
    for term, value in zip(order, values, strict=True):
        column = rows.column(term.column)
        wants_less = term.descending != backward
        further: ColumnElement[bool]
        same: ColumnElement[bool]
        if value is None:
            further = literal(False) if wants_less else column.is_not(None)
            same = column.is_(None)
        else:
            further = column < value if wants_less else column > value
            same = column == value
            if wants_less and _nullable(column):
                further = or_(further, column.is_(None))
        alternatives.append(and_(*equal, further))
        equal.append(same)
    return or_(*alternatives)


def compared(column: ColumnElement[Any]) -> TypeEngine[Any]:
    """The type of what a column is compared with: a cursor may hold a greater number than the column can."""
    return BigInteger() if isinstance(column.type, Integer) else column.type


def _nullable(column: ColumnElement[Any]) -> bool:
    # What is computed does not say.
    return bool(getattr(column, "nullable", True))
