"""Reading single rows: by id for `node`, by a native key, and from a row that names another."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, select

from app.auth.viewer import Viewer
from app.db.reader import Record
from loaders.factory import Loader
from resolvers.access import check_columns, visible
from resolvers.context import Context
from resolvers.entity import Entity, Relation, Rows
from resolvers.keys import is_one_of
from resolvers.text import storable


def readable(viewer: Viewer, rows: Rows) -> ColumnElement[bool]:
    """What sets rows of an entity apart that the viewer may see."""
    return and_(rows.condition, visible(viewer, rows.entity.model, rows.table))


def related(
    viewer: Viewer, relation: Relation, rows: Rows, columns: Collection[str], order: str
) -> Select[Any]:
    """The statement of all rows that hang on parents, in the order of a short list.

    Raises `InsufficientScope` for columns that the viewer's token is not for.
    """
    check_columns(viewer, relation.entity.model, columns)
    return (
        select(*(rows.column(name) for name in sorted(columns)))
        .select_from(rows.source)
        .where(readable(viewer, rows))
        .order_by(*(rows.column(name) for name in (*relation.order, order)))
    )


def row(context: Context, entity: Entity, key: Any, columns: Collection[str], by: str = "id") -> Any:
    """The row with a key, as an awaitable; None when there is none that the viewer may see."""
    if isinstance(key, str):
        storable(key, by)
    return row_loader(context, entity, columns, by).load(key)


def row_loader(
    context: Context, entity: Entity, columns: Collection[str], by: str = "id"
) -> Loader[Record | None]:
    """A loader of rows by a key. Look-ups that read the same columns share one statement."""
    check_columns(context.viewer, entity.model, columns)
    names = sorted(columns)

    def batch(keys: Sequence[Any]) -> Select[Any]:
        rows = Rows(entity)
        column = rows.column(by)
        return select(column, *(rows.column(name) for name in names if name != by)).where(
            readable(context.viewer, rows),
            is_one_of(column, keys, context.reader.dialect),
        )

    return context.loaders.row((entity, by, *names), batch, context.viewer)


def related_loader(
    context: Context, relation: Relation, columns: Collection[str], order: str = "id"
) -> Loader[list[Record]]:
    """A loader of all rows that hang on a parent; for short lists only."""
    check_columns(context.viewer, relation.entity.model, columns)

    def batch(parents: Sequence[int]) -> Select[Any]:
        rows = Rows(relation.entity, relation)
        statement = related(context.viewer, relation, rows, columns, order)
        belongs = is_one_of(rows.parent, parents, context.reader.dialect)
        keyed = statement.with_only_columns(rows.parent.label("parent_key"), *statement.selected_columns)
        return keyed.where(belongs)

    return context.loaders.rows((relation, order, *sorted(columns)), batch, context.viewer)


def lent_loader(context: Context, entity: Entity, name: str) -> Loader[Any]:
    """A loader of a column that an entity's rows are lent by their parents, by the parent's id."""
    _, parent = entity.lent[name]

    def batch(keys: Sequence[int]) -> Select[Any]:
        rows = Rows(parent)
        return select(rows.table.c.id, rows.column(name)).where(
            is_one_of(rows.table.c.id, keys, context.reader.dialect)
        )

    return context.loaders.value((entity, name), batch, None, context.viewer)
