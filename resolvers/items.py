"""What an enterprise catalog holds: items of three kinds in one list (Enterprise contract 7)."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, Select, and_, exists, func, literal, or_, select, true

from app.db import models
from app.db.models.tables import table_of
from app.errors import BadUserInput
from app.vocabulary import ProgramStatus, RunStatus
from resolvers.access import visible
from resolvers.catalog import COURSE, COURSE_RUN, PROGRAM
from resolvers.context import Context
from resolvers.entity import Entity, Relation, Rows
from resolvers.filters import MAX_VALUES
from resolvers.keys import is_one_of
from resolvers.text import storable

ITEM = Entity("CatalogItem", models.CatalogItem)
ITEMS_OF_CATALOG = Relation(ITEM, "catalog_id", order=("added_at", "key"))
CONTENT = {"course_id": COURSE, "run_id": COURSE_RUN, "program_id": PROGRAM}
"""The entity that each of an item's columns leads to; all but one are null."""


def content_of(item: Any) -> tuple[Entity, int]:
    """The entity of what an item stands for, and its id."""
    return next((entity, id_) for name, entity in CONTENT.items() if (id_ := getattr(item, name)) is not None)


def narrowed(context: Context, *, active: bool, keys: Sequence[str] | None) -> Callable[[Rows], Any]:
    """What a list demands of its items. Raises `BadUserInput` for too many keys."""
    if keys is not None and len(keys) > MAX_VALUES:
        raise BadUserInput(f"keys: at most {MAX_VALUES} values", field="keys", maximum=MAX_VALUES)
    wanted = None if keys is None else [storable(key, "keys") for key in keys]

    def narrow(rows: Rows) -> ColumnElement[bool]:
        return and_(
            _is_active(context, rows.table) if active else true(),
            true() if wanted is None else rows.table.c.key.in_(wanted),
        )

    return narrow


def contains(context: Context, catalog: int, key: str) -> Any:
    """Whether a catalog contains what has a key, as an awaitable."""
    storable(key, "key")
    found = [_contained(entity, key) for entity in (COURSE, COURSE_RUN)]
    # Only programs have a UUID for a key.
    with suppress(ValueError):
        found.append(_contained(PROGRAM, UUID(key)))
    return _containing(context, ("contains", key), catalog, lambda item: or_(*(f(item) for f in found)))


def contains_content(context: Context, catalog: int, entity: Entity, key: Any) -> Any:
    """Whether a catalog contains the content of one kind that has a key, as an awaitable."""
    return _containing(context, ("contains", entity, key), catalog, _contained(entity, key))


def content_last_modified(context: Context, catalog: int) -> Any:
    """When anything in a catalog last changed, as an awaitable; None for an empty one."""

    def batch(catalogs: Sequence[int]) -> Select[Any]:
        item: FromClause = table_of(models.CatalogItem)
        tables = {name: table_of(entity.model) for name, entity in CONTENT.items()}
        source = item
        for name, table in tables.items():
            source = source.outerjoin(table, table.c.id == item.c[name])
        modified = func.coalesce(*(table.c.modified for table in tables.values()))
        return (
            select(item.c.catalog_id, func.max(modified))
            .select_from(source)
            .where(
                is_one_of(item.c.catalog_id, catalogs, context.reader.dialect),
                visible(context.viewer, models.CatalogItem, item),
            )
            .group_by(item.c.catalog_id)
        )

    return context.loaders.value("content last modified", batch, None).load(catalog)


def is_active_run(context: Context, run: FromClause) -> ColumnElement[bool]:
    """Whether learners can enroll in a run now or later."""
    return and_(
        run.c.status == RunStatus.PUBLISHED,
        *(or_(run.c[name].is_(None), run.c[name] > context.now) for name in ("end", "enrollment_end")),
    )


def _is_active(context: Context, item: FromClause) -> ColumnElement[bool]:
    run = table_of(models.CourseRun).alias("active_run")
    program = table_of(models.Program).alias("active_program")
    is_active = is_active_run(context, run)
    return or_(
        exists().where(run.c.course_id == item.c.course_id, is_active),
        exists().where(run.c.id == item.c.run_id, is_active),
        exists().where(program.c.id == item.c.program_id, program.c.status == ProgramStatus.ACTIVE),
    )


def _contained(entity: Entity, key: Any) -> Callable[[FromClause], ColumnElement[bool]]:
    """Whether an item is what has a key, or the course of that run, or a run of that course."""

    def condition(item: FromClause) -> ColumnElement[bool]:
        course, run, program = (table_of(content.model) for content in (COURSE, COURSE_RUN, PROGRAM))
        if entity is PROGRAM:
            return item.c.program_id.in_(select(program.c.id).where(program.c.uuid == key))
        if entity is COURSE_RUN:
            named = run.c.key == key
            return or_(
                item.c.run_id.in_(select(run.c.id).where(named)),
                item.c.course_id.in_(select(run.c.course_id).where(named)),
            )
        named = course.c.key == key
        runs = select(run.c.id).join(course, course.c.id == run.c.course_id)
        return or_(
            item.c.course_id.in_(select(course.c.id).where(named)), item.c.run_id.in_(runs.where(named))
        )

    return condition


def _containing(
    context: Context, name: Any, catalog: int, condition: Callable[[FromClause], ColumnElement[bool]]
) -> Any:
    def batch(catalogs: Sequence[int]) -> Select[Any]:
        item: FromClause = table_of(models.CatalogItem)
        return (
            select(item.c.catalog_id, literal(True))
            .where(
                is_one_of(item.c.catalog_id, catalogs, context.reader.dialect),
                visible(context.viewer, models.CatalogItem, item),
                condition(item),
            )
            .distinct()
        )

    return context.loaders.value(name, batch, False).load(catalog)
