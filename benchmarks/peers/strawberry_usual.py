"""Strawberry as its tutorials write it: ORM objects, a dataloader for every relation, no caches."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import strawberry
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel import col, select
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader

from app.db import models
from app.db.engine import Database
from app.settings import Settings
from benchmarks.peers.daily import Daily as DailyRow
from benchmarks.peers.leaves import Course, Daily, User

_settings = Settings()
_database = Database(_settings.database_url, pool_size=_settings.database_pool_size)
_sessions = async_sessionmaker(_database.reader, expire_on_commit=False)


async def _all(statement: Any) -> Sequence[Any]:
    async with _sessions() as session:
        return (await session.scalars(statement)).all()


def _by_id(model: type[Any]) -> DataLoader[int, Any]:
    async def load(ids: list[int]) -> list[Any]:
        found = {row.id: row for row in await _all(select(model).where(col(model.id).in_(ids)))}
        return [found[row] for row in ids]

    return DataLoader(load)


def _by_run(model: type[Any], order: Any) -> DataLoader[int, list[Any]]:
    async def load(runs: list[int]) -> list[list[Any]]:
        found = defaultdict(list)
        for row in await _all(select(model).where(col(model.run_id).in_(runs)).order_by(order)):
            found[row.run_id].append(row)
        return [found[run] for run in runs]

    return DataLoader(load)


class Context:
    """The dataloaders of a request."""

    def __init__(self) -> None:
        self.courses = _by_id(models.Course)
        self.users = _by_id(models.User)
        self.enrollments = _by_run(models.Enrollment, models.Enrollment.id)
        self.daily = _by_run(DailyRow, DailyRow.date)


Info = strawberry.Info[Context, None]


@strawberry.type
class Enrollment:
    """An enrollment."""

    id: strawberry.ID
    mode: str
    created: dt.datetime
    user_id: strawberry.Private[int]

    @strawberry.field(graphql_type=User)
    async def user(self, info: Info) -> Any:
        """Who is enrolled."""
        return await info.context.users.load(self.user_id)


@strawberry.type
class CourseRun:
    """A course run."""

    id: strawberry.Private[int]
    course_id: strawberry.Private[int]
    key: str
    start: dt.datetime | None
    end: dt.datetime | None
    pacing: str | None

    @strawberry.field(graphql_type=Course)
    async def course(self, info: Info) -> Any:
        """The course of the run."""
        return await info.context.courses.load(self.course_id)

    @strawberry.field(graphql_type=list[Enrollment])
    async def enrollments(self, info: Info, first: int) -> Sequence[Any]:
        """The first enrollments in the run."""
        return (await info.context.enrollments.load(self.id))[:first]

    @strawberry.field(graphql_type=list[Daily])
    async def enrollment_daily(self, info: Info, start: dt.date, end: dt.date) -> Sequence[Any]:
        """Enrollments by day."""
        return [row for row in await info.context.daily.load(self.id) if start <= row.date < end]

    @strawberry.field(graphql_type=list[Daily])
    async def enrollment_by_mode(self, info: Info, start: dt.date, end: dt.date) -> Sequence[Any]:
        """Enrollments by day and mode."""
        return [row for row in await info.context.daily.load(self.id) if start <= row.date < end]


@strawberry.type
class Query:
    """The root."""

    @strawberry.field(graphql_type=Course | None)
    async def course(self, key: str) -> Any:
        """A course by its key."""
        return next(iter(await _all(select(models.Course).where(models.Course.key == key))), None)

    @strawberry.field(graphql_type=CourseRun | None)
    async def course_run(self, key: str) -> Any:
        """A course run by its key."""
        return next(iter(await _all(select(models.CourseRun).where(models.CourseRun.key == key))), None)

    @strawberry.field(graphql_type=list[CourseRun])
    async def course_runs(self, first: int) -> Sequence[Any]:
        """The first course runs."""
        return await _all(select(models.CourseRun).order_by(col(models.CourseRun.id)).limit(first))


class _View(GraphQL[Context, None]):
    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        return Context()


app = _View(strawberry.Schema(Query), graphql_ide=None)
