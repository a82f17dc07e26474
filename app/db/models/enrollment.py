"""Enrollments, the events that made them, and how far learners got."""

import datetime as dt

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import SQLModel

from app.db.models.base import (
    instant,
    link,
    now,
    optional,
    primary_key,
    related,
    string,
)
from app.db.models.catalog import CourseRun
from app.db.models.people import User
from app.vocabulary import EnrollmentEventType


class Enrollment(SQLModel, table=True):
    """A user in a course run. Its state is what its enrollment events add up to."""

    __tablename__ = "enrollment"
    __table_args__ = (
        UniqueConstraint("run_id", "user_id"),
        Index(None, "run_id", "id"),
        Index(None, "user_id", "id"),
        Index(None, "created", "id"),
    )

    id: int = primary_key()
    run_id: int = link("course_run.id")
    user_id: int = link("user.id")
    mode: str = string(100)
    is_active: bool = True
    created: dt.datetime = instant(default_factory=now)
    unenrolled_at: dt.datetime | None = instant(default=None)

    run: CourseRun = related()
    user: User = related()


class CourseStaff(SQLModel, table=True):
    """A user who is staff of one course run, and so sees its enrollments (Enrollment contract 3.4)."""

    __tablename__ = "course_staff"

    user_id: int = link("user.id", primary_key=True)
    run_id: int = link("course_run.id", primary_key=True, index=True)

    user: User = related()
    run: CourseRun = related()


class EnrollmentEvent(SQLModel, table=True):
    """An enrollment event; the same event twice is one row (Data Analytics contract 8.2)."""

    __tablename__ = "enrollment_event"
    __table_args__ = (UniqueConstraint("run_id", "user_id", "occurred_at", "type", "mode"),)

    id: int = primary_key()
    run_id: int = link("course_run.id")
    user_id: int = link("user.id", index=True)
    occurred_at: dt.datetime = instant()
    type: EnrollmentEventType = string(20)
    mode: str = string(100)


class EnrollmentAttribute(SQLModel, table=True):
    """A fact about one enrollment that no column holds, by namespace and name."""

    __tablename__ = "enrollment_attribute"

    enrollment_id: int = link("enrollment.id", primary_key=True)
    namespace: str = string(100, primary_key=True)
    name: str = string(100, primary_key=True)
    value: str = string(1024)


class Progress(SQLModel, table=True):
    """How far a learner got in a run: points, grade and last activity.

    `percent_grade` is 0 to 1. Passed is a passed time and a letter (Enterprise
    contract 12.4); points follow the Zapier contract 2.4.
    """

    __tablename__ = "progress"

    run_id: int = link("course_run.id", primary_key=True)
    user_id: int = link("user.id", primary_key=True, index=True)
    absolute_progress: float | None = None
    max_possible_progress: float | None = None
    completed: bool = False
    success: bool = False
    percent_grade: float | None = None
    letter_grade: str | None = optional(255)
    passed_at: dt.datetime | None = instant(default=None)
    last_activity: dt.datetime | None = instant(default=None)
    modified: dt.datetime = instant(default_factory=now)
