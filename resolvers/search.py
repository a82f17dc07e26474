"""Search over what enterprise catalogs can hold: words, demands, and facets with counts."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    and_,
    func,
    null,
    select,
    true,
    type_coerce,
    union_all,
)

from app.db import models
from app.db.reader import Record
from resolvers import fulltext
from resolvers.access import visible
from resolvers.context import Context
from resolvers.demands import Demands, Narrowing
from resolvers.entity import Entity, Rows
from resolvers.items import CONTENT
from resolvers.pages import Listing, PageRequest, Term

DOCUMENT = Entity("SearchDocument", models.SearchDocument)


class _Found(Rows):
    """Search documents, only hits if there are any, with their score."""

    def __init__(self, hits: FromClause | None) -> None:
        super().__init__(DOCUMENT)
        self._score: ColumnElement[Any] = type_coerce(null(), BigInteger).label("score")
        if hits is not None:
            self._score = hits.c.score
            self.source = self.table.join(hits, hits.c.rowid == self.table.c.id)

    def column(self, name: str) -> ColumnElement[Any]:
        """A column of the document, or the score."""
        return self._score if name == "score" else super().column(name)


class Search(Listing):
    """What a query finds: by relevance unless an order is given, and without required words by title.

    Raises `BadUserInput` for a query that is too long.
    """

    def __init__(self, context: Context, query: str, demands: Demands, request: PageRequest) -> None:
        self._query = fulltext.parse(query)
        self._hits = fulltext.hits(self._query, context.reader.dialect)
        self._demands = demands
        super().__init__(context, DOCUMENT, request, {*CONTENT, "score"}, self._narrowed)

    async def facet(self, name: str, size: int) -> Sequence[Record]:
        """The commonest values of a facet as if nothing were demanded of it: `value`, `label`, `count`."""
        narrowing = Narrowing(self._context, self._demands.without(name))
        rows = Rows(DOCUMENT)
        seen = visible(self._context.viewer, models.SearchDocument, rows.table)
        # Words are looked up once, whatever the number of kinds.
        document = (
            select(rows.table).where(self._holds(rows), seen).cte("document").prefix_with("MATERIALIZED")
        )
        pairs = [
            select(document.c.id, value.label("value"), label.label("label"))
            .where(narrowing.of_kind(kind, document), link, value.is_not(None))
            .distinct()
            for kind in narrowing.kinds
            for value, label, link in [narrowing.value(name, kind, document)]
        ]
        if not pairs:
            return []
        found = union_all(*pairs).subquery()
        count = func.count().label("count")
        statement = (
            select(found.c.value, func.max(found.c.label).label("label"), count)
            .group_by(found.c.value)
            .order_by(count.desc(), found.c.value)
            .limit(size)
        )
        return await self._context.reader.rows(statement)

    def rows(self, *, alias: bool = False) -> Rows:
        return _Found(self._hits)

    def _total_order(self, terms: tuple[Term, ...]) -> tuple[Term, ...]:
        if self._hits is None:
            # All are as relevant.
            terms = tuple(term for term in terms if term.column != "score") or (Term("title"),)
        return super()._total_order(terms or (Term("score", descending=True),))

    def _narrowed(self, rows: Rows) -> ColumnElement[bool]:
        return and_(self._holds(rows), Narrowing(self._context, self._demands).condition(rows.table))

    def _holds(self, rows: Rows) -> ColumnElement[bool]:
        document, dialect = rows.table.c.id, self._context.reader.dialect
        # Scores take longer than words, so only a page looks for hits.
        holds = true() if isinstance(rows, _Found) else fulltext.holds(document, self._query, dialect)
        return and_(holds, fulltext.lacks(document, self._query, dialect))
