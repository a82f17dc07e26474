"""Enrollments, their events, and how far learners got."""

import datetime as dt
from typing import Any

import strawberry

from resolvers import catalog, enrollment, people
from schema.catalog import CourseRun
from schema.enums import EnrollmentEventType
from schema.people import User
from schema.relay import ContextInfo, Node, database_id, field, lent, to_many, to_one
from schema.scalars import BigInt
from schema.selection import columns


@strawberry.type(description="Something that changed an enrollment.")
class EnrollmentEvent:
    type: EnrollmentEventType = field("What it did.")
    mode: str = field("The mode from then on.")
    occurred_at: dt.datetime = field("When it happened.")


@strawberry.type(description="A fact about an enrollment that has no field of its own.")
class EnrollmentAttribute:
    namespace: str = field("Who defines the name.")
    name: str = field("What the fact is about.")
    value: str = field("The fact.")


@strawberry.type(description="How far a learner got in a course run.")
class Progress:
    absolute_progress: float | None = field("Points reached.")
    max_possible_progress: float | None = field("Points that can be reached.")
    completed: bool = field("Whether the run is completed.")
    success: bool = field("Whether it is completed successfully.")
    percent_grade: float | None = field("Grade, from 0 to 1.")
    letter_grade: str | None = field("Grade in letters, once passed.")
    passed_at: dt.datetime | None = field("When the learner passed.")
    last_activity: dt.datetime | None = field("When the learner last did something in the run.")


@strawberry.type(description="A user in a course run.")
class Enrollment(Node):
    database_id: BigInt = database_id()
    mode: str = field("Enrollment mode, such as `audit`, `honor` or `verified`.")
    is_active: bool = field("Whether the learner is enrolled now.")
    created: dt.datetime = field("When the learner first enrolled.")
    unenrolled_at: dt.datetime | None = field("When the learner last left.")
    username: str = lent(enrollment.ENROLLMENT, "username", "Native name of the learner.")
    user_id: BigInt = field("Native number of the learner.")
    user: User | None = to_one(
        people.USER, "user_id", "The learner; null for who may see the enrollment but not the account."
    )
    run: CourseRun = to_one(catalog.COURSE_RUN, "run_id", "The course run.")
    attributes: list[EnrollmentAttribute] = to_many(
        enrollment.ATTRIBUTES_OF_ENROLLMENT, "Further facts.", order="name"
    )

    @strawberry.field(
        description="How far the learner got; null when nothing is known.", metadata={"needs": ("id",)}
    )
    def progress(root: Any, info: ContextInfo) -> Progress | None:  # noqa: N805
        found: Progress | None = enrollment.progress(info.context, root.id, columns(info))
        return found

    @strawberry.field(
        description="What made the enrollment what it is, oldest first.",
        metadata={"needs": ("id",), "multiplier": lambda arguments, limits: 10},
    )
    def events(root: Any, info: ContextInfo) -> list[EnrollmentEvent]:  # noqa: N805
        found: list[EnrollmentEvent] = enrollment.events(info.context, root.id, columns(info))
        return found
