"""What tracking events say of learners, kept so that every series can be computed from it.

A learner is who the events name: the platform's user id as text or, where an
event has none, `@` and the username (Data Analytics contract 8.1). A digest
tells apart events of one learner at one instant; with the instant it is their
order, whatever order they arrive in.
"""

import datetime as dt

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from app.db.models.base import instant, link, now, optional, string
from app.db.types import BigInt
from app.vocabulary import VideoAction

_LEARNER = 160
_BY_KEY = {"sqlite_with_rowid": False}
"""SQLite keeps the rows in their primary key, not beside it."""


class LearnerWeek(SQLModel, table=True):
    """What a learner did in a run in a week from Monday: the sum of the bits of its activities."""

    __tablename__ = "learner_week"
    __table_args__ = _BY_KEY

    run_id: int = link("course_run.id", primary_key=True)
    week: dt.date = Field(primary_key=True)
    learner: str = string(_LEARNER, primary_key=True)
    activities: int


class LearnerProblem(SQLModel, table=True):
    """The first and the last attempt of a learner at a problem, and the grade that counts.

    Attempts are instants with the digests of their events, absent where there is
    none. A grade that was reset is null, but its instant remains.
    """

    __tablename__ = "learner_problem"
    __table_args__ = _BY_KEY

    module_id: int = link("module.id", primary_key=True)
    learner: str = string(_LEARNER, primary_key=True)
    first_at: dt.datetime | None = instant(default=None)
    first_digest: int | None = Field(default=None, sa_type=BigInt)
    last_at: dt.datetime | None = instant(default=None)
    last_digest: int | None = Field(default=None, sa_type=BigInt)
    graded_at: dt.datetime | None = instant(default=None)
    graded_digest: int | None = Field(default=None, sa_type=BigInt)
    grade: float | None = None
    max_grade: float | None = None


class LearnerAnswer(SQLModel, table=True):
    """The answer of a learner to a part of a problem, in the first or in the last attempt."""

    __tablename__ = "learner_answer"
    __table_args__ = (Index(None, "module_id", "part_id", "answered_at", "digest"), _BY_KEY)

    module_id: int = link("module.id", primary_key=True)
    learner: str = string(_LEARNER, primary_key=True)
    is_last: bool = Field(primary_key=True)
    part_id: str = string(255, primary_key=True)
    answered_at: dt.datetime = instant()
    digest: int = Field(sa_type=BigInt)
    value_id: str | None = optional()
    answer_value: str | None = optional()
    variant: int | None = Field(default=None, sa_type=BigInt)
    correct: bool | None = None
    question_text: str | None = optional()
    problem_display_name: str | None = optional()
    response_type: str | None = optional(255)


class SubsectionVisit(SQLModel, table=True):
    """A learner opened a subsection."""

    __tablename__ = "subsection_visit"
    __table_args__ = _BY_KEY

    module_id: int = link("module.id", primary_key=True)
    learner: str = string(_LEARNER, primary_key=True)
    occurred_at: dt.datetime = instant(primary_key=True)
    digest: int = Field(primary_key=True, sa_type=BigInt)


class VideoEvent(SQLModel, table=True):
    """A learner played, paused, stopped or sought in a video; positions are seconds from its start.

    Only a seek has a new position. The duration is what the player said, in seconds.
    """

    __tablename__ = "video_event"
    __table_args__ = _BY_KEY

    module_id: int = link("module.id", primary_key=True)
    learner: str = string(_LEARNER, primary_key=True)
    occurred_at: dt.datetime = instant(primary_key=True)
    digest: int = Field(primary_key=True, sa_type=BigInt)
    action: VideoAction = string(10)
    position: float
    new_position: float | None = None
    duration: float | None = None


class Viewing(SQLModel, table=True):
    """A stretch of a video that a learner watched without a break, computed from video events.

    Instant and digest are those of the event that ended it; segments include the
    last one.
    """

    __tablename__ = "viewing"
    __table_args__ = (Index(None, "module_id", "duration"), _BY_KEY)

    module_id: int = link("module.id", primary_key=True)
    learner: str = string(_LEARNER, primary_key=True)
    occurred_at: dt.datetime = instant(primary_key=True)
    digest: int = Field(primary_key=True, sa_type=BigInt)
    first_segment: int
    last_segment: int
    duration: float | None = None


class LearnerAddress(SQLModel, table=True):
    """The IP address of a learner's newest event, and its country: null where it cannot be placed."""

    __tablename__ = "learner_address"
    __table_args__ = _BY_KEY

    learner: str = string(_LEARNER, primary_key=True)
    address: str = string(45)
    seen_at: dt.datetime = instant()
    digest: int = Field(sa_type=BigInt)
    country: str | None = optional(2)


class TrackingLog(SQLModel, table=True):
    """How far a log is imported, so that importing it goes on where it stopped.

    A log is known by the SHA-256 of its first line; the checksum is of all bytes
    up to `position`, which are uncompressed ones.
    """

    __tablename__ = "tracking_log"

    key: str = string(64, primary_key=True)
    name: str = string(None)
    position: int = Field(default=0, sa_type=BigInt)
    checksum: str = string(64)
    accepted: int = Field(default=0, sa_type=BigInt)
    ignored: int = Field(default=0, sa_type=BigInt)
    malformed: int = Field(default=0, sa_type=BigInt)
    imported_at: dt.datetime = instant(default_factory=now)
