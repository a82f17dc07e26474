"""Series of a course run: spans of days without a change, joined with a calendar."""

import datetime as dt
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    FromClause,
    Integer,
    Select,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    literal_column,
    select,
    true,
)

from app.db import models
from app.db.models.tables import table_of
from app.db.reader import Record
from app.db.statements import ToCome
from app.vocabulary import Activity, Bucket, Dimension, Gender
from resolvers.access import has_readable_analytics, may_read_analytics
from resolvers.context import Context
from resolvers.days import Range, days_before
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


Of = Callable[[ColumnElement[int]], ColumnElement[bool]]
"""Whether a column holds one of the runs that are read."""

Bounds = tuple[ColumnElement[dt.date], ColumnElement[dt.date]]
"""The first day, and the day after the last one."""

_BOUNDS: Bounds = bindparam("start", type_=Date()), bindparam("end", type_=Date())
_LAST_DAYS: Sequence[Any] = ToCome("last_days")
_LAST_MONDAY: ColumnElement[dt.date] = bindparam("last_monday", type_=Date())


@dataclass(frozen=True, eq=False)
class Numbers:
    """A series with a row for each bucket, and for each group unless groups have columns of their own."""

    dimension: Dimension
    columns: Callable[[FromClause], Sequence[ColumnElement[Any]]]
    has_rows_for_groups: bool = True

    def load(
        self, context: Context, run: int, range_: Range, bucket: Bucket, names: Collection[str]
    ) -> Awaitable[list[Record]]:
        """The rows of a run in the order of day and group."""
        days = range_.days(context.today, context.limits.max_series_days)
        dialect = context.reader.dialect
        values: dict[str, Any] = {"start": days.start, "end": days.end}
        only = None
        if not range_.is_open and bucket is not Bucket.DAY:
            only = _LAST_DAYS
            values["last_days"] = tuple(days.last_of(bucket))

        def batch(runs: Sequence[int]) -> Select[Any]:
            of = partial(is_one_of, keys=runs, dialect=dialect)
            return self.statement(of, _BOUNDS, names, dialect, newest=range_.is_open, only=only)

        name = (self.dimension, range_.is_open, only, *sorted(names))
        return context.loaders.rows(name, batch, (), **values).load(run)

    def statement(
        self,
        of: Of,
        bounds: Bounds,
        names: Collection[str],
        dialect: str,
        *,
        newest: bool = False,
        only: Sequence[dt.date] | None = None,
    ) -> Select[Any]:
        """The statement of the rows of some runs: of all days or some of them, or of the newest day."""
        span: FromClause = table_of(models.EnrollmentSpan)
        source, first, after = _read(span, of, self.dimension, bounds, newest=newest)
        source, date = _by_day(source, span, first, after, dialect)
        group = [span.c.run_id, date]
        statement = (
            select(*group, *(column for column in self.columns(span) if column.key in names))
            .select_from(source)
            .where(
                of(span.c.run_id),
                span.c.dimension == self.dimension,
                span.c.since < after,
                span.c.until > first,
                # Else a span around them would be the row of a day.
                first < after,
            )
        )
        if only is not None:
            statement = statement.where(is_one_of(date, only, dialect))
        if self.has_rows_for_groups:
            return statement.order_by(*group, span.c.value)
        return statement.group_by(*group).order_by(*group)


def _grouped(dimension: Dimension) -> Numbers:
    def columns(span: FromClause) -> list[ColumnElement[Any]]:
        group: ColumnElement[Any] = func.nullif(span.c.value, "", type_=span.c.value.type)
        if dimension is Dimension.BIRTH_YEAR:
            group = cast(group, Integer)
        name = _GROUPS.get(dimension)
        groups = [group.label(name)] if name else []
        return [*groups, span.c.count, span.c.cumulative_count, span.c.computed_at]

    return Numbers(dimension, columns)


def _modes(span: FromClause) -> list[ColumnElement[Any]]:
    groups = {name: span.c.value == mode for name, mode in _MODES.items()}
    return _sums(span, {**groups, "other_modes": span.c.value.not_in(_MODES.values())})


def _genders(span: FromClause) -> list[ColumnElement[Any]]:
    groups = {str(gender): span.c.value == gender for gender in Gender}
    return _sums(span, {**groups, "unknown": span.c.value == ""})


ENROLLMENT = _grouped(Dimension.TOTAL)
BY_MODE = Numbers(Dimension.MODE, _modes, has_rows_for_groups=False)
BY_GENDER = Numbers(Dimension.GENDER, _genders, has_rows_for_groups=False)
BY_BIRTH_YEAR = _grouped(Dimension.BIRTH_YEAR)
BY_EDUCATION = _grouped(Dimension.EDUCATION)
BY_COUNTRY = _grouped(Dimension.COUNTRY)


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

    loader = context.loaders.value("readable", batch, False, context.viewer)
    return run if await loader.load(run.id) else None


def enrollment_spans(
    context: Context, run: int, dimension: Dimension, range_: Range, names: Collection[str]
) -> Any:
    """A row for each group and stretch of days with the same numbers, as an awaitable of a list."""
    days = range_.days(context.today, context.limits.max_series_days)

    def batch(runs: Sequence[int]) -> Select[Any]:
        span: FromClause = table_of(models.EnrollmentSpan)
        of = partial(is_one_of, keys=runs, dialect=context.reader.dialect)
        source, first, after = _read(span, of, dimension, _BOUNDS, newest=range_.is_open)
        since = case((span.c.since > first, span.c.since), else_=first)
        until = case((span.c.until < after, span.c.until), else_=after)
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
            .select_from(source)
            .where(
                of(span.c.run_id),
                span.c.dimension == dimension,
                span.c.since < after,
                span.c.until > first,
            )
            .order_by(span.c.run_id, span.c.value, span.c.since)
        )

    name = ("spans", dimension, range_.is_open, *sorted(names))
    return context.loaders.rows(name, batch, (), start=days.start, end=days.end).load(run)


def activity(context: Context, run: int, range_: Range, names: Collection[str]) -> Any:
    """Weeks inside a range, or the newest one with activity, as an awaitable of a list.

    They are complete, but for the running one if the range includes today.
    """
    days = range_.days(context.today, context.limits.max_series_days)

    def batch(runs: Sequence[int]) -> Select[Any]:
        weeks: FromClause = table_of(models.ActivityWeek)
        statement = (
            select(weeks.c.run_id, *(weeks.c[name] for name in sorted(names)))
            .where(is_one_of(weeks.c.run_id, runs, context.reader.dialect), weeks.c.week <= _LAST_MONDAY)
            .order_by(weeks.c.run_id, weeks.c.week)
        )
        if not range_.is_open:
            return statement.where(weeks.c.week >= _BOUNDS[0])
        other = weeks.alias()
        latest = select(func.max(other.c.week)).where(
            other.c.run_id == weeks.c.run_id, other.c.week <= _LAST_MONDAY
        )
        return statement.where(weeks.c.week == latest.scalar_subquery())

    values = {"last_monday": range_.newest_week(context.today)}
    if not range_.is_open:
        values["start"] = days.start
    return context.loaders.rows(("activity", range_.is_open, *sorted(names)), batch, (), **values).load(run)


def latest_activity(context: Context, run: int, activity: Activity, names: Collection[str]) -> Any:
    """The newest complete week in which anybody did this, as an awaitable."""

    def batch(runs: Sequence[int]) -> Select[Any]:
        weeks: FromClause = table_of(models.ActivityWeek)
        other = weeks.alias()
        newest = select(func.max(other.c.week)).where(
            other.c.run_id == weeks.c.run_id,
            other.c[activity] > 0,
            other.c.week <= _LAST_MONDAY,
        )
        return select(weeks.c.run_id, *(weeks.c[name] for name in sorted(names))).where(
            is_one_of(weeks.c.run_id, runs, context.reader.dialect),
            weeks.c.week == newest.scalar_subquery(),
        )

    last_monday = days_before(context.today, 7)
    loader = context.loaders.row(("latest", activity, *sorted(names)), batch, (), last_monday=last_monday)
    return loader.load(run)


def _read(
    span: FromClause,
    of: Of,
    dimension: Dimension,
    bounds: Bounds,
    *,
    newest: bool,
) -> tuple[FromClause, ColumnElement[dt.date], ColumnElement[dt.date]]:
    """What to read spans from, the first day that is wanted, and the day after the last one.

    The newest of the days is that with numbers of the run, long ago where only
    old results are known.
    """
    start, end = bounds
    if not newest:
        return span, start, end
    other, calendar = span.alias(), table_of(models.Calendar)
    ends = (
        select(other.c.run_id, func.max(other.c.until).label("until"))
        .where(
            of(other.c.run_id),
            other.c.dimension == dimension,
            other.c.since < end,
        )
        .group_by(other.c.run_id)
        .subquery()
    )
    after = case((ends.c.until < end, ends.c.until), else_=end)
    first = select(func.max(calendar.c.date)).where(calendar.c.date < after).scalar_subquery()
    last = select(ends.c.run_id, first.label("first"), after.label("after")).cte("last")
    # Else PostgreSQL looks the day up for each span.
    last = last.prefix_with("MATERIALIZED", dialect="postgresql")
    return span.join(last, last.c.run_id == span.c.run_id), last.c.first, last.c.after


def _by_day(
    source: FromClause,
    span: FromClause,
    first: ColumnElement[dt.date],
    after: ColumnElement[dt.date],
    dialect: str,
) -> tuple[FromClause, ColumnElement[dt.date]]:
    """Spans joined with their days, and the day of each row.

    A span of a single day is not looked up in the calendar: that takes longer than to read it.
    """
    calendar: FromClause = table_of(models.Calendar)
    # One bound on each side, so that an index on the date is entered where the span begins.
    since = case((span.c.since > first, span.c.since), else_=first)
    until = case((span.c.until < after, span.c.until), else_=after)
    if dialect == "postgresql":
        is_longer = span.c.until > span.c.since + literal_column("1")
        days = select(calendar.c.date).where(is_longer, calendar.c.date >= since, calendar.c.date < until)
        # An offset keeps the look-up apart: it does not begin where the condition on the span fails.
        lateral = days.offset(literal_column("0")).lateral()
        source, date = source.outerjoin(lateral, true()), lateral.c.date
    else:
        is_longer = span.c.until > func.date(span.c.since, literal_column("'+1 day'"))
        # An index is not searched for NULL.
        begins = calendar.c.date >= case((is_longer, since))
        source, date = source.outerjoin(calendar, and_(begins, calendar.c.date < until)), calendar.c.date
    return source, func.coalesce(date, span.c.since).label("date")


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
