"""Series of a course run: spans of days without a change, joined with a calendar."""

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Integer, Select, and_, case, cast, func, literal, select

from app.db import models
from app.db.models.tables import table_of
from app.vocabulary import Activity, Bucket, Dimension, Gender
from resolvers.access import has_readable_analytics, may_read_analytics
from resolvers.context import Context
from resolvers.days import Days, Range, days_before
from resolvers.keys import is_one_of

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


def readable(context: Context, run: Any) -> Any:
    """The run, or an awaitable of it; None for viewers who may not see its numbers."""
    if context.viewer.is_restricted:
        return _if_readable(context, run)
    return run if may_read_analytics(context.viewer) else None


async def _if_readable(context: Context, run: Any) -> Any:
    def batch(runs: Sequence[int]) -> Select[Any]:
        rows = table_of(models.CourseRun)
        return select(rows.c.id, literal(True)).where(
            is_one_of(rows.c.id, runs, context.reader.dialect),
            has_readable_analytics(context.viewer, rows),
        )

    return run if await context.loaders.value("readable", batch, False).load(run.id) else None


def enrollment(
    context: Context, run: int, dimension: Dimension, range_: Range, bucket: Bucket, names: Collection[str]
) -> Any:
    """A row for each bucket and group, as an awaitable of a list in the order of day and group."""

    def columns(span: FromClause) -> list[ColumnElement[Any]]:
        group: ColumnElement[Any] = func.nullif(span.c.value, "")
        if dimension is Dimension.BIRTH_YEAR:
            group = cast(group, Integer)
        name = _GROUPS.get(dimension)
        groups = [group.label(name)] if name else []
        return [*groups, span.c.count, span.c.cumulative_count, span.c.computed_at]

    return _by_bucket(context, run, dimension, range_, bucket, names, columns)


def enrollment_spans(
    context: Context, run: int, dimension: Dimension, range_: Range, names: Collection[str]
) -> Any:
    """A row for each group and stretch of days with the same numbers, as an awaitable of a list."""
    days = range_.days(context.today, context.limits.max_series_days)

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


def enrollment_by_mode(
    context: Context, run: int, range_: Range, bucket: Bucket, names: Collection[str]
) -> Any:
    """A row for each bucket with columns for each mode, as an awaitable of a list."""

    def columns(span: FromClause) -> list[ColumnElement[Any]]:
        groups = {name: span.c.value == mode for name, mode in _MODES.items()}
        return _sums(span, {**groups, "other_modes": span.c.value.not_in(_MODES.values())})

    return _by_bucket(context, run, Dimension.MODE, range_, bucket, names, columns, pivot=True)


def enrollment_by_gender(
    context: Context, run: int, range_: Range, bucket: Bucket, names: Collection[str]
) -> Any:
    """A row for each bucket with columns for each gender, as an awaitable of a list."""

    def columns(span: FromClause) -> list[ColumnElement[Any]]:
        groups = {str(gender): span.c.value == gender for gender in Gender}
        return _sums(span, {**groups, "unknown": span.c.value == ""})

    return _by_bucket(context, run, Dimension.GENDER, range_, bucket, names, columns, pivot=True)


def activity(context: Context, run: int, range_: Range, names: Collection[str]) -> Any:
    """Weeks inside a range, or the newest one with activity, as an awaitable of a list.

    They are complete, but for the running one if the range includes today.
    """
    days = range_.days(context.today, context.limits.max_series_days)
    last_monday = range_.newest_week(context.today)

    def batch(runs: Sequence[int]) -> Select[Any]:
        weeks: FromClause = table_of(models.ActivityWeek)
        statement = (
            select(weeks.c.run_id, *(weeks.c[name] for name in sorted(names)))
            .where(is_one_of(weeks.c.run_id, runs, context.reader.dialect), weeks.c.week <= last_monday)
            .order_by(weeks.c.run_id, weeks.c.week)
        )
        if not range_.is_open:
            return statement.where(weeks.c.week >= days.start)
        other = weeks.alias()
        latest = select(func.max(other.c.week)).where(
            other.c.run_id == weeks.c.run_id, other.c.week <= last_monday
        )
        return statement.where(weeks.c.week == latest.scalar_subquery())

    return context.loaders.rows(("activity", range_, *sorted(names)), batch).load(run)


def latest_activity(context: Context, run: int, activity: Activity, names: Collection[str]) -> Any:
    """The newest complete week in which anybody did this, as an awaitable."""

    def batch(runs: Sequence[int]) -> Select[Any]:
        weeks: FromClause = table_of(models.ActivityWeek)
        other = weeks.alias()
        newest = select(func.max(other.c.week)).where(
            other.c.run_id == weeks.c.run_id,
            other.c[activity] > 0,
            other.c.week <= days_before(context.today, 7),
        )
        return select(weeks.c.run_id, *(weeks.c[name] for name in sorted(names))).where(
            is_one_of(weeks.c.run_id, runs, context.reader.dialect),
            weeks.c.week == newest.scalar_subquery(),
        )

    return context.loaders.row(("latest", activity, *sorted(names)), batch).load(run)


def _by_bucket(
    context: Context,
    run: int,
    dimension: Dimension,
    range_: Range,
    bucket: Bucket,
    names: Collection[str],
    columns: Callable[[FromClause], list[ColumnElement[Any]]],
    *,
    pivot: bool = False,
) -> Any:
    days = range_.days(context.today, context.limits.max_series_days)

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
        if bucket is not Bucket.DAY:
            # Wrapped, so that SQLite enters the index where the span begins and not at each of these days.
            date = case((calendar.c.date.is_not(None), calendar.c.date))
            statement = statement.where(is_one_of(date, days.last_of(bucket), context.reader.dialect))
        if pivot:
            return statement.group_by(*group).order_by(*group)
        return statement.order_by(*group, span.c.value)

    return context.loaders.rows((dimension, days, bucket, *sorted(names)), batch).load(run)


def _bounds(span: FromClause, days: Days) -> tuple[ColumnElement[dt.date], ColumnElement[dt.date]]:
    """The part of a span that is among the days."""
    since = case((span.c.since > days.start, span.c.since), else_=days.start)
    until = case((span.c.until < days.end, span.c.until), else_=days.end)
    return since, until


def _overlaps(span: FromClause, days: Days) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return span.c.since < days.end, span.c.until > days.start


def _sums(span: FromClause, groups: Mapping[str, ColumnElement[bool]]) -> list[ColumnElement[Any]]:
    """The numbers of all groups together, and of each."""
    return [
        func.sum(span.c.count).label("count"),
        func.sum(span.c.cumulative_count).label("cumulative_count"),
        func.max(span.c.computed_at).label("computed_at"),
        *(
            func.sum(case((condition, number), else_=0)).label(prefix + name)
            for name, condition in groups.items()
            for prefix, number in (("", span.c.count), ("cumulative_", span.c.cumulative_count))
        ),
    ]
