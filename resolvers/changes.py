"""What changed in enterprise catalogs: additions, changes of content, and removals."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Subquery,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)

from app.db import models
from app.db.models.tables import table_of
from app.vocabulary import ContentKind
from resolvers import cursor
from resolvers.access import visible
from resolvers.context import Context
from resolvers.items import CONTENT
from resolvers.keys import is_one_of
from resolvers.pages import Page, PageRequest

_ORDER = "changes"
_KINDS = dict(zip(CONTENT, (ContentKind.COURSE, ContentKind.COURSE_RUN, ContentKind.PROGRAM), strict=True))
"""What an item is, by the column that is not null."""


class Changes:
    """The changes since an instant, as one field asks for them: the same for every catalog.

    Each item and each removal is one change, at the last instant at which
    anything happened to it: it was added, its content changed, or a run of its
    course did.
    """

    backward = False

    def __init__(self, context: Context, since: dt.datetime, request: PageRequest) -> None:
        self.request = request
        self.size = request.size(context.limits)
        self._context = context
        self._since = since
        self._after = None
        if request.after is not None:
            self._after = cursor.decode(_ORDER, (dt.datetime, str), request.after, "after")

    def cursor_of(self, change: Any) -> str:
        """The cursor of a change."""
        return cursor.encode(_ORDER, [change.changed_at, change.key])

    async def page_of(self, catalog: int) -> Page:
        """The page of a catalog; pages of all catalogs are read by one statement."""
        return Page(self, await self._context.loaders.rows(self, self._pages).load(catalog), catalog)

    async def count(self, catalog: int | None) -> int:
        """How many changes there are."""
        return int(await self._context.loaders.value(self, self._counts, 0).load(catalog))

    def _pages(self, catalogs: Sequence[int]) -> Select[Any]:
        changes = self._changes(catalogs)
        order = (changes.c.changed_at, changes.c.key)
        number = func.row_number().over(partition_by=changes.c.catalog_id, order_by=order).label("number")
        statement = select(*changes.c, number)
        if self._after is not None:
            instant, key = self._after
            at = changes.c.changed_at
            statement = statement.where(or_(at > instant, and_(at == instant, changes.c.key > key)))
        page = statement.subquery("page")
        # One more than asked for tells whether there is another page.
        return (
            select(*page.c)
            .where(page.c.number <= self.size + 1)
            .order_by(page.c.catalog_id, page.c.changed_at, page.c.key)
        )

    def _counts(self, catalogs: Sequence[int]) -> Select[Any]:
        changes = self._changes(catalogs)
        return select(changes.c.catalog_id, func.count()).group_by(changes.c.catalog_id)

    def _changes(self, catalogs: Sequence[int]) -> Subquery:
        item, removal = table_of(models.CatalogItem), table_of(models.CatalogRemoval)

        def belongs(model: type[models.CatalogItem | models.CatalogRemoval]) -> ColumnElement[bool]:
            rows = table_of(model)
            return and_(
                is_one_of(rows.c.catalog_id, catalogs, self._context.reader.dialect),
                visible(self._context.viewer, model, rows),
            )

        newest = self._newest(belongs(models.CatalogItem))
        items = select(
            item.c.catalog_id,
            item.c.key,
            case(*((item.c[name].is_not(None), literal(kind)) for name, kind in _KINDS.items())).label(
                "kind"
            ),
            newest.c.changed_at,
            *(item.c[name] for name in CONTENT),
            literal(False).label("is_removed"),
        ).join(newest, newest.c.id == item.c.id)
        nothing = [cast(null(), BigInteger).label(name) for name in CONTENT]
        removals = select(
            removal.c.catalog_id,
            removal.c.key,
            removal.c.kind,
            removal.c.removed_at,
            *nothing,
            literal(True),
        ).where(belongs(models.CatalogRemoval), removal.c.removed_at >= self._since)
        return union_all(items, removals).subquery("changes")

    def _newest(self, belongs: ColumnElement[bool]) -> Subquery:
        """When anything last happened to items, of those where it did since the instant."""
        item, run = table_of(models.CatalogItem), table_of(models.CourseRun)
        tables = {name: table_of(entity.model) for name, entity in CONTENT.items()}
        content = [(table, table.c.id == item.c[name]) for name, table in tables.items()]
        content.append((run, run.c.course_id == item.c.course_id))
        at = union_all(
            select(item.c.id, item.c.added_at.label("at")).where(belongs, item.c.added_at >= self._since),
            *(
                select(item.c.id, table.c.modified)
                .join(table, same)
                .where(belongs, table.c.modified >= self._since)
                for table, same in content
            ),
        ).subquery("happened")
        return select(at.c.id, func.max(at.c.at).label("changed_at")).group_by(at.c.id).subquery("newest")
