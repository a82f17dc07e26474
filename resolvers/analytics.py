"""The numbers of problems, subsections and videos."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, exists, func, literal, select

from app.db import models
from app.db.models.tables import table_of
from app.db.reader import Record
from app.vocabulary import ModuleCategory
from resolvers.answers import consolidated
from resolvers.context import Context
from resolvers.entity import Entity, Relation
from resolvers.keys import is_one_of

PROBLEM = Entity("Problem", models.Module, {"category": ModuleCategory.PROBLEM})
SUBSECTION = Entity("Subsection", models.Module, {"category": ModuleCategory.SUBSECTION})
VIDEO = Entity("Video", models.Module, {"category": ModuleCategory.VIDEO})

PROBLEMS_OF_RUN = Relation(PROBLEM, "run_id")
SUBSECTIONS_OF_RUN = Relation(SUBSECTION, "run_id")
VIDEOS_OF_RUN = Relation(VIDEO, "run_id")


def grades(context: Context, module: int) -> Any:
    """Rows of a problem by grade, as an awaitable of a list."""

    def batch(modules: Sequence[int]) -> Select[Any]:
        counts = table_of(models.GradeCount)
        return _of_modules(context, counts, modules).order_by(counts.c.grade, counts.c.max_grade)

    return context.loaders.rows(models.GradeCount, batch, ()).load(module)


async def answers(context: Context, module: int, *, merged: bool) -> Sequence[Any]:
    """Rows of a problem by part and answer; variants of the same answer as one, if they are to be merged."""

    def batch(modules: Sequence[int]) -> Select[Any]:
        counts = table_of(models.AnswerCount)
        given = {
            name: func.nullif(counts.c[name], "").label(name)
            for name in ("value_id", "answer_value", "question_text")
        }
        order = (counts.c.part_id, given["value_id"], given["answer_value"], counts.c.variant, counts.c.id)
        return (
            _of_modules(context, counts, modules, **given)
            .add_columns(literal(False).label("consolidated_variant"))
            .order_by(*(column.asc().nulls_first() for column in order))
        )

    rows: Sequence[Record] = await context.loaders.rows(models.AnswerCount, batch, ()).load(module)
    return consolidated(rows) if merged else rows


def timeline(context: Context, module: int) -> Any:
    """Rows of a video by segment, up to the final one, as an awaitable of a list."""

    def batch(modules: Sequence[int]) -> Select[Any]:
        segments, video = table_of(models.VideoSegment), table_of(models.VideoViews)
        is_beyond = exists().where(
            video.c.module_id == segments.c.module_id, video.c.final_segment < segments.c.segment
        )
        return _of_modules(context, segments, modules).where(~is_beyond).order_by(segments.c.segment)

    return context.loaders.rows(models.VideoSegment, batch, ()).load(module)


def opens(context: Context, module: int) -> Any:
    """The row of a subsection, as an awaitable."""
    batch = partial(_of_modules, context, table_of(models.SubsectionOpens))
    return context.loaders.row(models.SubsectionOpens, batch, ()).load(module)


def views(context: Context, module: int) -> Any:
    """The row of a video, as an awaitable."""
    batch = partial(_of_modules, context, table_of(models.VideoViews))
    return context.loaders.row(models.VideoViews, batch, ()).load(module)


def _of_modules(
    context: Context, rows: Table, modules: Sequence[int], **replaced: ColumnElement[Any]
) -> Select[Any]:
    columns = (replaced.get(column.name, column) for column in rows.c if column.name != "module_id")
    return select(rows.c.module_id, *columns).where(
        is_one_of(rows.c.module_id, modules, context.reader.dialect)
    )
