"""Import of the Open University Learning Analytics data set.

A module becomes a course, a presentation a course run, a student a user, a
registration an enrollment with its events and progress; assessments and sites
become modules of their run. What the data set says of a registration and no
column holds is kept as enrollment attributes, in its own words.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import SQLModel, col

from app.analytics.compute import compute
from app.db.engine import Database
from app.db.models import (
    Course,
    CourseOrganization,
    CourseRun,
    Enrollment,
    EnrollmentAttribute,
    EnrollmentEvent,
    Event,
    Module,
    Organization,
    User,
)
from app.db.models import Progress as LearnerProgress
from app.imports.oulad_files import Presentation, Registration, read_presentations
from app.progress import Progress, silent
from app.vocabulary import EnrollmentEventType, OrganizationRole, Pacing, Series, WebhookEvent
from app.webhooks.news import News
from app.webhooks.payloads import PROGRESS

NAMESPACE = "oulad"
"""Namespace of the attributes; usernames and usage keys begin with it too."""

MODE = "honor"
"""Mode of every enrollment: the data set has none, and nobody audits or is verified."""

_ORGANIZATION = "OU"


@dataclass(slots=True)
class OuladSummary:
    """How many rows an import added; all are 0 when everything was there already."""

    courses: int = 0
    runs: int = 0
    users: int = 0
    modules: int = 0
    enrollments: int = 0
    events: int = 0
    attributes: int = 0
    progress: int = 0


async def import_oulad(
    database: Database, directory: Path, *, emits_events: bool = False, progress: Progress = silent
) -> OuladSummary:
    """Import the files of a directory in one transaction, and compute the enrollment series they change.

    Rows that are there already, by their natural keys, stay as they are, so
    that a second import changes nothing. Others are told of what is new if
    `emits_events`. Raises `BadUserInput`, naming file,
    line and column, for files that cannot be used; nothing is imported then.
    """
    presentations = read_presentations(directory, progress)
    async with database.begin() as connection:
        work = _Import(connection, presentations, News(wanted=emits_events))
        await work.catalog()
        await work.users()
        advance = progress("Importing registrations", sum(len(each.registrations) for each in presentations))
        changed = []
        for presentation in presentations:
            events_before = work.summary.events
            await work.presentation(presentation)
            if work.summary.events > events_before:
                changed.append(work.run_ids[presentation])
            advance(len(presentation.registrations))
        if changed:
            await compute(connection, changed, series=[Series.ENROLLMENT], progress=progress)
        await work.news.tell(connection)
    return work.summary


class _Import:
    def __init__(
        self, connection: AsyncConnection, presentations: Sequence[Presentation], news: News
    ) -> None:
        self._connection = connection
        self.news = news
        self._presentations = presentations
        self._user_ids: dict[str, int] = {}
        self.run_ids: dict[Presentation, int] = {}
        self.summary = OuladSummary()

    async def catalog(self) -> None:
        """The organization, its courses and their runs."""
        stored = col(Organization.key) == _ORGANIZATION
        organization = {"key": _ORGANIZATION, "name": "The Open University"}
        await self._add(Organization, [organization], "key", among=stored)
        organization_ids = await self._ids(col(Organization.key), col(Organization.id), stored)

        titles = {_course_key(each): f"Module {each.module}" for each in self._presentations}
        courses = [{"key": key, "title": title} for key, title in titles.items()]
        stored = col(Course.key).in_(titles)
        self.summary.courses = len(await self._add(Course, courses, "key", among=stored))
        course_ids = await self._ids(col(Course.key), col(Course.id), stored)
        owner = {"organization_id": organization_ids[_ORGANIZATION], "role": OrganizationRole.OWNER}
        await self._add(
            CourseOrganization,
            [owner | {"course_id": course_id} for course_id in course_ids.values()],
            *("course_id", "role", "organization_id"),
            among=col(CourseOrganization.course_id).in_(course_ids.values()),
        )

        runs = [_run(each, course_ids[_course_key(each)]) for each in self._presentations]
        stored = col(CourseRun.key).in_([run["key"] for run in runs])
        made = await self._add(CourseRun, runs, "key", among=stored)
        self.summary.runs = len(made)
        ids = await self._ids(col(CourseRun.key), col(CourseRun.id), stored)
        self.news.add(Event(type=WebhookEvent.COURSE_CREATED, run_id=ids[run["key"]]) for run in made)
        self.run_ids = {each: ids[_run_key(each)] for each in self._presentations}

    async def users(self) -> None:
        """The students, as they were in the latest presentation they registered for."""
        users: dict[str, dict[str, Any]] = {}
        for registration in chain.from_iterable(each.registrations for each in self._presentations):
            username = _username(registration)
            joined = users[username]["date_joined"] if username in users else registration.registered
            users[username] = {
                "username": username,
                "date_joined": min(joined, registration.registered),
                "gender": registration.gender,
                "education_level": registration.education_level,
                "country": "GB",
                "region": registration.region,
            }
        stored = col(User.username).startswith(f"{NAMESPACE}-")
        made = await self._add(User, users.values(), "username", among=stored)
        self.summary.users = len(made)
        self._user_ids = await self._ids(col(User.username), col(User.id), stored)
        self.news.add(
            Event(type=WebhookEvent.USER_CREATED, user_id=self._user_ids[user["username"]]) for user in made
        )

    async def presentation(self, presentation: Presentation) -> None:
        """The modules of a run, and its enrollments with all that hangs on them."""
        summary, run_id = self.summary, self.run_ids[presentation]
        modules = [{"run_id": run_id, **module} for module in _modules(presentation)]
        among = col(Module.run_id) == run_id
        summary.modules += len(await self._add(Module, modules, "usage_key", among=among))

        learners = [
            (registration, {"run_id": run_id, "user_id": self._user_ids[_username(registration)]})
            for registration in presentation.registrations
        ]
        enrollments = [learner | _enrollment(registration) for registration, learner in learners]
        stored = col(Enrollment.run_id) == run_id
        made = await self._add(Enrollment, enrollments, "user_id", among=stored)
        summary.enrollments += len(made)
        ids = await self._ids(col(Enrollment.user_id), col(Enrollment.id), stored)
        self.news.add(
            Event(
                type=WebhookEvent.USER_ENROLLED,
                occurred_at=row["created"],
                user_id=row["user_id"],
                run_id=run_id,
                payload={"enrollment_id": ids[row["user_id"]], "mode": MODE},
            )
            for row in made
        )

        attributes = [
            {"enrollment_id": ids[learner["user_id"]], "namespace": NAMESPACE, "name": name, "value": value}
            for registration, learner in learners
            for name, value in registration.facts.items()
        ]
        stored = col(EnrollmentAttribute.enrollment_id).in_(select(col(Enrollment.id)).where(stored))
        key = ("enrollment_id", "namespace", "name")
        summary.attributes += len(await self._add(EnrollmentAttribute, attributes, *key, among=stored))

        events = [learner | event for registration, learner in learners for event in _events(registration)]
        stored = col(EnrollmentEvent.run_id) == run_id
        columns = ("user_id", "occurred_at", "type", "mode")
        summary.events += len(await self._add(EnrollmentEvent, events, *columns, among=stored))

        progress = [learner | _progress(registration, presentation) for registration, learner in learners]
        stored = col(LearnerProgress.run_id) == run_id
        made = await self._add(LearnerProgress, progress, "user_id", among=stored)
        summary.progress += len(made)
        self.news.add(
            Event(
                type=WebhookEvent.PROGRESS_UPDATED,
                user_id=row["user_id"],
                run_id=run_id,
                payload={name: row[name] for name in PROGRESS},
            )
            for row in made
            if row["absolute_progress"]
        )

    async def _add(
        self, model: type[SQLModel], rows: Iterable[Mapping[str, Any]], *key: str, among: ColumnElement[bool]
    ) -> list[Mapping[str, Any]]:
        """Insert the rows whose key none of the stored rows `among` has; returns them."""
        columns = [getattr(model, name) for name in key]
        present = {tuple(row) for row in await self._connection.execute(select(*columns).where(among))}
        missing = [row for row in rows if tuple([row[name] for name in key]) not in present]
        if missing:
            await self._connection.execute(insert(model), missing)
        return missing

    async def _ids(self, key: Any, row_id: Any, stored: ColumnElement[bool]) -> dict[Any, int]:
        rows = await self._connection.execute(select(key, row_id).where(stored))
        return {row[0]: row[1] for row in rows}


def _course_key(presentation: Presentation) -> str:
    return f"{_ORGANIZATION}+{presentation.module}"


def _run_key(presentation: Presentation) -> str:
    return f"course-v1:{_course_key(presentation)}+{presentation.code}"


def _run(presentation: Presentation, course_id: int) -> dict[str, Any]:
    return {
        "key": _run_key(presentation),
        "course_id": course_id,
        "title": f"Module {presentation.module}, presentation {presentation.code}",
        "start": presentation.start,
        "end": presentation.end,
        "pacing": Pacing.INSTRUCTOR_PACED,
    }


def _username(registration: Registration) -> str:
    return f"{NAMESPACE}-{registration.student}"


def _modules(presentation: Presentation) -> Iterator[dict[str, Any]]:
    for assessment in presentation.assessments:
        yield {
            "usage_key": f"{NAMESPACE}:assessment:{assessment.id}",
            "category": assessment.type.lower(),
            "display_name": f"{assessment.type} {assessment.id}",
        }
    for site in presentation.sites:
        yield {
            "usage_key": f"{NAMESPACE}:site:{site.id}",
            "category": site.activity_type,
            "display_name": None,
        }


def _enrollment(registration: Registration) -> dict[str, Any]:
    return {
        "mode": MODE,
        "is_active": registration.unregistered is None,
        "created": registration.registered,
        "unenrolled_at": registration.unregistered,
    }


def _events(registration: Registration) -> Iterator[dict[str, Any]]:
    yield _event(EnrollmentEventType.ACTIVATED, registration.registered)
    if registration.unregistered is not None:
        yield _event(EnrollmentEventType.DEACTIVATED, registration.unregistered)


def _event(type: EnrollmentEventType, occurred_at: dt.datetime) -> dict[str, Any]:
    return {"type": type, "mode": MODE, "occurred_at": occurred_at}


def _progress(registration: Registration, presentation: Presentation) -> dict[str, Any]:
    submissions = registration.submissions
    return {
        "absolute_progress": submissions.count if submissions else 0,
        "max_possible_progress": len(presentation.assessments),
        "completed": registration.passed,
        "success": registration.passed,
        "letter_grade": registration.facts["final_result"] if registration.passed else None,
        "passed_at": presentation.end if registration.passed else None,
        "last_activity": submissions.latest if submissions else None,
    }
