"""Computed series. Everything here can be thrown away and computed again from events."""

import datetime as dt

from sqlmodel import Field, SQLModel

from app.db.models.base import instant, link, now, optional, primary_key, string
from app.db.types import BigInt
from app.vocabulary import Dimension


class Calendar(SQLModel, table=True):
    """One row a day, so that a span becomes daily rows by a plain join."""

    __tablename__ = "calendar"

    date: dt.date = Field(primary_key=True)


class EnrollmentSpan(SQLModel, table=True):
    """How many learners of a group were enrolled in a run, over a span of days.

    A group is a dimension and one of its values; the value of `total` and of a
    group that gave nothing is empty. The numbers hold at the end of every UTC
    day from `since` to the day before `until`, which is `date.max` for as long
    as nothing changes: a series has every day up to yesterday without a job
    that writes one. `cumulative_count` is everybody ever known in the group
    (Data Analytics contract 8.2 and 8.3).
    """

    __tablename__ = "enrollment_span"

    run_id: int = link("course_run.id", primary_key=True)
    dimension: Dimension = string(20, primary_key=True)
    value: str = string(100, primary_key=True)
    since: dt.date = Field(primary_key=True)
    until: dt.date
    count: int
    cumulative_count: int
    computed_at: dt.datetime = instant(default_factory=now)


class ActivityWeek(SQLModel, table=True):
    """How many learners did something in a run in a week from Monday (Data Analytics contract 8.5)."""

    __tablename__ = "activity_week"

    run_id: int = link("course_run.id", primary_key=True)
    week: dt.date = Field(primary_key=True)
    any: int = 0
    attempted_problem: int = 0
    played_video: int = 0
    posted_forum: int = 0
    computed_at: dt.datetime = instant(default_factory=now)


class GradeCount(SQLModel, table=True):
    """How many learners have a grade on a problem (Data Analytics contract 8.6, A10)."""

    __tablename__ = "grade_count"

    module_id: int = link("module.id", primary_key=True)
    grade: float = Field(primary_key=True)
    max_grade: float = Field(primary_key=True)
    count: int
    computed_at: dt.datetime = instant(default_factory=now)


class AnswerCount(SQLModel, table=True):
    """How many learners gave an answer to a part of a problem (Data Analytics contract 8.6, A11)."""

    __tablename__ = "answer_count"

    id: int = primary_key()
    module_id: int = link("module.id", index=True)
    part_id: str = string(255)
    value_id: str | None = optional()
    answer_value: str | None = optional()
    variant: int | None = Field(default=None, sa_type=BigInt)
    correct: bool | None = None
    question_text: str | None = optional()
    problem_display_name: str | None = optional()
    first_response_count: int
    last_response_count: int
    computed_at: dt.datetime = instant(default_factory=now)


class SubsectionOpens(SQLModel, table=True):
    """How many learners opened a subsection, and how often (Data Analytics contract 8.7)."""

    __tablename__ = "subsection_opens"

    module_id: int = link("module.id", primary_key=True)
    learners: int
    views: int
    computed_at: dt.datetime = instant(default_factory=now)


class VideoViews(SQLModel, table=True):
    """Length of a video in seconds and who began and finished it (Data Analytics contract 8.8).

    Segments after the final one are not of the video; without a final segment
    all of them are.
    """

    __tablename__ = "video_views"

    module_id: int = link("module.id", primary_key=True)
    duration: int | None = None
    segment_length: int = 5
    final_segment: int | None = None
    users_at_start: int
    users_at_end: int
    computed_at: dt.datetime = instant(default_factory=now)


class VideoSegment(SQLModel, table=True):
    """How many learners watched a segment of a video, and how often (Data Analytics contract A13)."""

    __tablename__ = "video_segment"

    module_id: int = link("module.id", primary_key=True)
    segment: int = Field(primary_key=True)
    num_users: int
    num_views: int
    computed_at: dt.datetime = instant(default_factory=now)
