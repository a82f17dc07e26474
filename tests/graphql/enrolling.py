"""A small platform to enroll in, and operations that do it."""

import datetime as dt
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select
from sqlmodel import col

from app.db.engine import Database
from app.db.models import (
    AuditEntry,
    Course,
    CourseRun,
    CourseStaff,
    Enrollment,
    EnrollmentEvent,
    Event,
    Seat,
    User,
    now,
)
from app.vocabulary import EnrollmentEventType, RunStatus
from tests.graphql.clients import LEARNER_KEY, STAFF_KEY, Client, add_user, client_of

OTHER_KEY = "other-key-0123456789"
KEYS = {"learner": LEARNER_KEY, "staff": STAFF_KEY, "other": OTHER_KEY, "stranger": None}
DAY = dt.timedelta(days=1)

ENROLL = """mutation ($input: EnrollInput!) { enroll(input: $input) {
  __typename
  ... on EnrollmentSaved { created enrollment { id mode isActive user { username } run { key } } }
  ... on EnrollmentValid { message }
  ... on Error { message }
  ... on ValidationError { field }
  ... on NotFound { field }
  ... on NotPermitted { field }
  ... on ModeUnavailable { field run { key } }
  ... on EnrollmentClosed { reason }
} }"""

UPDATE = """mutation ($input: UpdateEnrollmentInput!) { updateEnrollment(input: $input) {
  __typename
  ... on EnrollmentSaved { created enrollment { mode isActive } }
  ... on Error { message }
  ... on ValidationError { field }
  ... on NotFound { field }
  ... on NotPermitted { field }
  ... on ModeUnavailable { field run { key } }
} }"""

UNENROLL = """mutation ($input: UnenrollInput!) { unenroll(input: $input) {
  __typename
  ... on EnrollmentSaved { created enrollment { mode isActive } }
  ... on Error { message }
  ... on ValidationError { field }
  ... on NotFound { field }
  ... on NotPermitted { field }
} }"""


def run_key(name: str) -> str:
    """The key of the run of a name."""
    return f"course-v1:Org+C+{name}"


@dataclass
class Platform:
    """A client, and the database that it writes to."""

    client: Client
    database: Database

    async def enroll(self, caller: str, run: str, **values: Any) -> dict[str, Any]:
        """What enrolling in the run of a name answers."""
        variables = {"input": {"runKey": run_key(run), **values}}
        answer = await self.client.ask(ENROLL, variables, key=KEYS[caller])
        found: dict[str, Any] = answer["enroll"]
        return found

    async def update(self, caller: str, **values: Any) -> dict[str, Any]:
        """What changing an enrollment answers."""
        answer = await self.client.ask(UPDATE, {"input": values}, key=KEYS[caller])
        found: dict[str, Any] = answer["updateEnrollment"]
        return found

    async def unenroll(self, caller: str, id: str) -> dict[str, Any]:
        """What leaving answers."""
        answer = await self.client.ask(UNENROLL, {"input": {"id": id}}, key=KEYS[caller])
        found: dict[str, Any] = answer["unenroll"]
        return found

    async def enrollments(self, username: str, run: str) -> list[Enrollment]:
        """The enrollments of a user in a run: one, or none."""
        return await self._rows(select(Enrollment).order_by(col(Enrollment.id)), Enrollment, username, run)

    async def history(self, username: str, run: str) -> list[tuple[str, str]]:
        """Types and modes of the enrollment events, in the order they count in."""
        event = EnrollmentEvent
        statement = select(event).order_by(col(event.occurred_at), col(event.type), col(event.mode))
        rows = await self._rows(statement, event, username, run)
        return [(row.type, row.mode) for row in rows]

    async def events(self, username: str, run: str) -> list[str]:
        """Types of the domain events."""
        rows = await self._rows(select(Event).order_by(col(Event.id)), Event, username, run)
        return [row.type for row in rows]

    async def _rows(self, statement: Any, model: Any, username: str, run: str) -> list[Any]:
        statement = (
            statement.join(User, col(User.id) == model.user_id)
            .join(CourseRun, col(CourseRun.id) == model.run_id)
            .where(col(User.username) == username, col(CourseRun.key) == run_key(run))
        )
        async with self.database.session() as session:
            return list(await session.scalars(statement))


RUNS: Mapping[str, tuple[dict[str, Any], dict[str, dt.timedelta | None]]] = {
    "free": ({}, {}),
    "paid": ({}, {"audit": None, "honor": None, "verified": None, "credit": None, "late": -DAY}),
    "honor": ({}, {"honor": None, "verified": None}),
    "professional": ({}, {"professional": None}),
    "early": ({"enrollment_start": DAY}, {}),
    "over": ({"enrollment_end": -DAY}, {"audit": None, "verified": None}),
    "open": ({"enrollment_start": -DAY, "enrollment_end": DAY}, {}),
    "full": ({"enrollment_limit": 1}, {}),
    "invited": ({"invite_only": True}, {}),
    "draft": ({"status": RunStatus.UNPUBLISHED}, {}),
}
"""Columns of each run, and its seats with how long they are offered from now."""


async def fill(database: Database) -> None:
    """Add users, a course and its runs."""
    await add_user(database, "learner", LEARNER_KEY)
    await add_user(database, "other", OTHER_KEY)
    await add_user(database, "staff", STAFF_KEY, is_staff=True)
    moment = now()
    async with database.session() as session:
        course = Course(key="Org+C")
        session.add(course)
        await session.flush()
        for name, (columns, seats) in RUNS.items():
            values: dict[str, Any] = {
                column: moment + value if isinstance(value, dt.timedelta) else value
                for column, value in columns.items()
            }
            run = CourseRun(key=run_key(name), course_id=course.id, **values)
            session.add(run)
            await session.flush()
            for mode, deadline in seats.items():
                end = None if deadline is None else moment + deadline
                session.add(Seat(run_id=run.id, mode=mode, upgrade_deadline=end))


async def reset(database: Database) -> None:
    """Take everybody out of the runs, and give `other` the only place of one."""
    async with database.session() as session:
        for model in (Enrollment, EnrollmentEvent, Event, AuditEntry, CourseStaff):
            await session.execute(delete(model))
        run = (await session.scalars(select(CourseRun).where(col(CourseRun.key) == run_key("full")))).one()
        run.enrollment_limit = 1
        other = (await session.scalars(select(User).where(col(User.username) == "other"))).one()
        place: Any = {"run_id": run.id, "user_id": other.id, "mode": "audit"}
        event = EnrollmentEvent(**place, type=EnrollmentEventType.ACTIVATED, occurred_at=now())
        session.add_all([event, Enrollment(**place, created=event.occurred_at)])


@asynccontextmanager
async def platform_of(database: Database, **settings: Any) -> AsyncIterator[Platform]:
    """The platform over a database that was filled."""
    async with client_of(database, cost_per_minute=0, **settings) as client:
        yield Platform(client, database)
