"""Series of a course run, and the numbers of its problems, subsections and videos."""

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Integer, Select, and_, case, cast, func, select
from sqlmodel import SQLModel

from app.db import models
from app.db.models.tables import table_of
from app.errors import BadUserInput
from app.vocabulary import Activity, Dimension, Gender, ModuleCategory
from resolvers.context import Context
from resolvers.entity import Entity, Relation
from resolvers.keys import is_one_of

PROBLEM = Entity("Problem", models.Module, {"category": ModuleCategory.PROBLEM})
SUBSECTION = Entity("Subsection", models.Module, {"category": ModuleCategory.SUBSECTION})
VIDEO = Entity("Video", models.Module, {"category": ModuleCategory.VIDEO})

PROBLEMS_OF_RUN = Relation(PROBLEM, "run_id")
SUBSECTIONS_OF_RUN = Relation(SUBSECTION, "run_id")
VIDEOS_OF_RUN = Relation(VIDEO, "run_id")

_MODES = {
    "audit": "audit",
    "honor": "honor",
    "verified": "verified",
    "professional": "professional",
    "no_id_professional": "no-id-professional",
    "credit": "credit",
    "masters": "masters",
}
"""The modes that have a field of their own, by the name of the field."""

_GROUPS = {
    Dimension.BIRTH_YEAR: "birth_year",
    Dimension.EDUCATION: "education_level",
    Dimension.COUNTRY: "country",
}
"""The column that names the group, of series that have a row for each group."""


@dataclass(frozen=True)
class Range:
    """The days of a series: from `start`, up to and without `end`; either may be open."""

    start: dt.date | None = None
    end: dt.date | None = None

    def complete_days(self, today: dt.date, longest: int) -> "Days":
        """The bounds to read with: without any the newest complete day, and never today.

        Raises `BadUserInput` when the range is longer than `longest` days.
        """
        if self.start is None and self.end is None:
            return Days(today - dt.timedelta(1), today)
        end = min(self.end or today, today)
        start = self.start or _days_before(end, longest)
        if (end - start).days > longest:
            raise BadUserInput(
                f"start: a series holds at most {longest} days", field="start", maximum=longest
            )
        return Days(start, end)


@dataclass(frozen=True)
class Days:
    """Days from `start`, up to and without `end`."""

    start: dt.date
    end: dt.date


def enrollment(
    context: Context, run: int, dimension: Dimension, range_: Range, names: Collection[str]
) -> Any:
    """A row for each day and group, as an awaitable of a list in the order of day and group."""

    def columns(span: FromClause) -> list[ColumnElement[Any]]:
        group: ColumnElement[Any] = func.nullif(span.c.value, "")
        if dimension is Dimension.BIRTH_YEAR:
            group = cast(group, Integer)
        name = _GROUPS.get(dimension)
        groups = [group.label(name)] if name else []
        return [*groups, span.c.count, span.c.cumulative_count, span.c.computed_at]

    return _daily(context, run, dimension, range_, names, columns)


def enrollment_spans(
    context: Context, run: int, dimension: Dimension, range_: Range, names: Collection[str]
) -> Any:
    """A row for each group and stretch of days with the same numbers, as an awaitable of a list."""
    days = range_.complete_days(context.today, context.limits.max_series_days)

    def batch(runs: Sequence[int]) -> Select[Any]:
        span: FromClause = table_of(models.EnrollmentSpan)
        since, until = _bounds(span, days)
        columns = (
            since.label("since"),
            until.label("until"),
            func.nullif(span.c.value, "").label("value"),
            span.c.count,
            span.c.cumulative_count,
            span.c.computed_at,
        )
        return (
            select(span.c.run_id, *(column for column in columns if column.key in names))
            .where(
                is_one_of(span.c.run_id, runs, context.reader.dialect),
                span.c.dimension == dimension,
                *_overlaps(span, days),
            )
            .order_by(span.c.run_id, span.c.value, span.c.since)
        )

    return context.loaders.rows(("spans", dimension, days, *sorted(names)), batch).load(run)


def enrollment_by_mode(context: Context, run: int, range_: Range, names: Collection[str]) -> Any:
    """A row for each day with a column for each mode, as an awaitable of a list."""

    def columns(span: FromClause) -> list[ColumnElement[Any]]:
        known = [_count_where(span, span.c.value == mode).label(name) for name, mode in _MODES.items()]
        other = _count_where(span, span.c.value.not_in(_MODES.values())).label("other_modes")
        return [*_sums(span), *known, other]

    return _daily(context, run, Dimension.MODE, range_, names, columns, pivot=True)


def enrollment_by_gender(context: Context, run: int, range_: Range, names: Collection[str]) -> Any:
    """A row for each day with a column for each gender, as an awaitable of a list."""

    def columns(span: FromClause) -> list[ColumnElement[Any]]:
        given = [_count_where(span, span.c.value == gender).label(gender) for gender in Gender]
        return [*_sums(span), *given, _count_where(span, span.c.value == "").label("unknown")]

    return _daily(context, run, Dimension.GENDER, range_, names, columns, pivot=True)


def activity(context: Context, run: int, range_: Range, names: Collection[str]) -> Any:
    """Complete weeks inside a range, or the newest one with activity, as an awaitable of a list."""
    days = range_.complete_days(context.today, context.limits.max_series_days)
    newest = range_ == Range()
    last_monday = _days_before(days.end, 7)

    def batch(runs: Sequence[int]) -> Select[Any]:
        weeks: FromClause = table_of(models.ActivityWeek)
        statement = (
            select(weeks.c.run_id, *(weeks.c[name] for name in sorted(names)))
            .where(is_one_of(weeks.c.run_id, runs, context.reader.dialect), weeks.c.week <= last_monday)
            .order_by(weeks.c.run_id, weeks.c.week)
        )
        if not newest:
            return statement.where(weeks.c.week >= days.start)
        other = weeks.alias()
        latest = select(func.max(other.c.week)).where(
            other.c.run_id == weeks.c.run_id, other.c.week <= last_monday
        )
        return statement.where(weeks.c.week == latest.scalar_subquery())

    return context.loaders.rows(("activity", days, newest, *sorted(names)), batch).load(run)


def latest_activity(context: Context, run: int, activity: Activity, names: Collection[str]) -> Any:
    """The newest complete week in which anybody did this, as an awaitable."""

    def batch(runs: Sequence[int]) -> Select[Any]:
        weeks: FromClause = table_of(models.ActivityWeek)
        other = weeks.alias()
        newest = select(func.max(other.c.week)).where(
            other.c.run_id == weeks.c.run_id,
            other.c[activity] > 0,
            other.c.week <= _days_before(context.today, 7),
        )
        return select(weeks.c.run_id, *(weeks.c[name] for name in sorted(names))).where(
            is_one_of(weeks.c.run_id, runs, context.reader.dialect),
            weeks.c.week == newest.scalar_subquery(),
        )

    return context.loaders.row(("latest", activity, *sorted(names)), batch).load(run)


def grades(context: Context, module: int) -> Any:
    """Rows of a problem by grade, as an awaitable of a list."""
    return _many_of_module(context, models.GradeCount, module, ("grade", "max_grade"))


def answers(context: Context, module: int) -> Any:
    """Rows of a problem by part and answer, as an awaitable of a list."""
    order = ("part_id", "value_id", "answer_value", "variant")
    return _many_of_module(context, models.AnswerCount, module, order)


def timeline(context: Context, module: int) -> Any:
    """Rows of a video by segment, as an awaitable of a list."""
    return _many_of_module(context, models.VideoSegment, module, ("segment",))


def opens(context: Context, module: int) -> Any:
    """The row of a subsection, as an awaitable."""
    return _one_of_module(context, models.SubsectionOpens, module)


def views(context: Context, module: int) -> Any:
    """The row of a video, as an awaitable."""
    return _one_of_module(context, models.VideoViews, module)


def _days_before(day: dt.date, number: int) -> dt.date:
    """The day so many days earlier, or the first there is."""
    return day - dt.timedelta(min(number, (day - dt.date.min).days))


def _one_of_module(context: Context, model: type[SQLModel], module: int) -> Any:
    batch = partial(_of_modules, context, model, ())
    return context.loaders.row(model, batch).load(module)


def _many_of_module(context: Context, model: type[SQLModel], module: int, order: tuple[str, ...]) -> Any:
    batch = partial(_of_modules, context, model, order)
    return context.loaders.rows(model, batch).load(module)


def _of_modules(
    context: Context, model: type[SQLModel], order: tuple[str, ...], modules: Sequence[int]
) -> Select[Any]:
    rows: FromClause = table_of(model)
    return (
        select(rows.c.module_id, *(column for column in rows.c if column.name != "module_id"))
        .where(is_one_of(rows.c.module_id, modules, context.reader.dialect))
        .order_by(*(rows.c[name].asc().nulls_first() for name in order))
    )


def _daily(
    context: Context,
    run: int,
    dimension: Dimension,
    range_: Range,
    names: Collection[str],
    columns: Callable[[FromClause], list[ColumnElement[Any]]],
    *,
    pivot: bool = False,
) -> Any:
    days = range_.complete_days(context.today, context.limits.max_series_days)

    def batch(runs: Sequence[int]) -> Select[Any]:
        span: FromClause = table_of(models.EnrollmentSpan)
        calendar: FromClause = table_of(models.Calendar)
        # One bound on each side, so that an index on the date is entered where the span begins.
        since, until = _bounds(span, days)
        group = [span.c.run_id, calendar.c.date]
        statement = (
            select(*group, *(column for column in columns(span) if column.key in names))
            .select_from(span.join(calendar, and_(calendar.c.date >= since, calendar.c.date < until)))
            .where(
                is_one_of(span.c.run_id, runs, context.reader.dialect),
                span.c.dimension == dimension,
                *_overlaps(span, days),
            )
        )
        if pivot:
            return statement.group_by(*group).order_by(*group)
        return statement.order_by(*group, span.c.value)

    return context.loaders.rows((dimension, days, *sorted(names)), batch).load(run)


def _bounds(span: FromClause, days: Days) -> tuple[ColumnElement[dt.date], ColumnElement[dt.date]]:
    """The part of a span that is among the days."""
    since = case((span.c.since > days.start, span.c.since), else_=days.start)
    until = case((span.c.until < days.end, span.c.until), else_=days.end)
    return since, until


def _overlaps(span: FromClause, days: Days) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return span.c.since < days.end, span.c.until > days.start


def _sums(span: FromClause) -> list[ColumnElement[Any]]:
    return [
        func.sum(span.c.count).label("count"),
        func.sum(span.c.cumulative_count).label("cumulative_count"),
        func.max(span.c.computed_at).label("computed_at"),
    ]


def _count_where(span: FromClause, condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, span.c.count), else_=0))
