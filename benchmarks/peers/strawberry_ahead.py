"""Strawberry with its caches, look-ahead and orjson: rows come before execution, then plain attributes."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import orjson
import strawberry
from sqlalchemy import Row, Select, select, true
from strawberry.asgi import GraphQL
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.types.nodes import SelectedField

from app.db import models
from app.db.engine import Database
from app.db.models.tables import table_of
from app.settings import Settings
from benchmarks.peers.daily import Daily as DailyRow
from benchmarks.peers.leaves import Course, Daily, User

_settings = Settings()
_reader = Database(_settings.database_url, pool_size=_settings.database_pool_size).reader
_course, _run, _user, _enrollment, _daily = (
    table_of(model) for model in (models.Course, models.CourseRun, models.User, models.Enrollment, DailyRow)
)


async def _rows(statement: Select[*tuple[Any, ...]]) -> Sequence[Row[*tuple[Any, ...]]]:
    async with _reader.connect() as connection:
        return (await connection.execute(statement)).all()


def _selected(info: strawberry.Info, name: str) -> list[SelectedField]:
    """The fields of the name that are asked of a root field."""
    return [
        field
        for root in info.selected_fields
        for field in root.selections
        if isinstance(field, SelectedField) and field.name == name
    ]


@strawberry.type
class Enrollment:
    """An enrollment."""

    id: strawberry.ID
    mode: str
    created: dt.datetime
    user: User


@strawberry.type
class CourseRun:
    """A course run, with as many enrollments and days as were asked for."""

    key: str
    start: dt.datetime | None
    end: dt.datetime | None
    pacing: str | None
    course: Course | None
    first: strawberry.Private[list[Enrollment]]
    days: strawberry.Private[list[Daily]]

    @strawberry.field
    def enrollments(self, first: int) -> list[Enrollment]:
        """The first enrollments in the run."""
        return self.first[:first]

    @strawberry.field
    def enrollment_daily(self, start: dt.date, end: dt.date) -> list[Daily]:
        """Enrollments by day."""
        return [day for day in self.days if start <= day.date < end]

    @strawberry.field
    def enrollment_by_mode(self, start: dt.date, end: dt.date) -> list[Daily]:
        """Enrollments by day and mode."""
        return [day for day in self.days if start <= day.date < end]


_COURSE = [_course.c[name] for name in Course.__annotations__]
_RUN = [_run.c.id, _run.c.key, _run.c.start, _run.c.end, _run.c.pacing]


def _as_course(values: Iterable[Any]) -> Course:
    return Course(**{column.name: value for column, value in zip(_COURSE, values, strict=True)})


def _first_enrollments(runs: Select[*tuple[Any, ...]], first: int) -> Select[*tuple[Any, ...]]:
    run = runs.with_only_columns(_run.c.id).subquery("run")
    of_run = select(_enrollment).where(_enrollment.c.run_id == run.c.id).order_by(_enrollment.c.id)
    enrollment = of_run.limit(first).lateral("enrollment")
    return (
        select(
            run.c.id,
            enrollment.c.id,
            enrollment.c.mode,
            enrollment.c.created,
            _user.c.username,
            _user.c.email,
        )
        .select_from(run.join(enrollment, true()).join(_user, _user.c.id == enrollment.c.user_id))
        .order_by(run.c.id, enrollment.c.id)
    )


def _series(runs: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    ids = runs.with_only_columns(_run.c.id).scalar_subquery()
    return select(_daily).where(_daily.c.run_id.in_(ids)).order_by(_daily.c.run_id, _daily.c.date)


async def _runs(runs: Select[*tuple[Any, ...]], info: strawberry.Info) -> list[CourseRun]:
    """The runs with all that is asked of them: a statement for each relation to many."""
    rows = runs
    if _selected(info, "course"):
        rows = runs.join(_course, _course.c.id == _run.c.course_id).add_columns(*_COURSE)
    enrollments: dict[int, list[Enrollment]] = defaultdict(list)
    if asked := _selected(info, "enrollments"):
        first = max(field.arguments["first"] for field in asked)
        for run, number, mode, created, username, email in await _rows(_first_enrollments(runs, first)):
            user = User(username=username, email=email)
            enrollments[run].append(
                Enrollment(id=strawberry.ID(number), mode=mode, created=created, user=user)
            )
    days: dict[int, list[Daily]] = defaultdict(list)
    if _selected(info, "enrollmentDaily") or _selected(info, "enrollmentByMode"):
        for run, date, count, audit, verified, honor in await _rows(_series(runs)):
            days[run].append(Daily(date=date, count=count, audit=audit, verified=verified, honor=honor))
    return [
        CourseRun(
            key=key,
            start=start,
            end=end,
            pacing=pacing,
            course=_as_course(course) if course else None,
            first=enrollments[run],
            days=days[run],
        )
        for run, key, start, end, pacing, *course in await _rows(rows)
    ]


@strawberry.type
class Query:
    """The root."""

    @strawberry.field
    async def course(self, key: str) -> Course | None:
        """A course by its key."""
        found = await _rows(select(*_COURSE).where(_course.c.key == key))
        return _as_course(found[0]) if found else None

    @strawberry.field
    async def course_run(self, info: strawberry.Info, key: str) -> CourseRun | None:
        """A course run by its key."""
        return next(iter(await _runs(select(*_RUN).where(_run.c.key == key), info)), None)

    @strawberry.field
    async def course_runs(self, info: strawberry.Info, first: int) -> list[CourseRun]:
        """The first course runs."""
        return await _runs(select(*_RUN).order_by(_run.c.id).limit(first), info)


class _View(GraphQL[None, None]):
    def encode_json(self, data: object) -> bytes:
        return orjson.dumps(data)


app = _View(strawberry.Schema(Query, extensions=[ParserCache, ValidationCache]), graphql_ide=None)
