"""The generated data set: large, made of arithmetic, the same every time."""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import ColumnElement, Select, func, insert, literal, select
from sqlmodel import SQLModel

from app.auth.secrets import hash_key
from app.db.engine import Database
from app.db.models import ActivityWeek, ApiKey, Calendar, Course, CourseRun, Enrollment, EnrollmentSpan, User
from app.db.models.tables import table_of
from app.db.types import UtcDateTime
from app.errors import BadUserInput
from app.progress import Progress, silent
from app.vocabulary import Dimension, Gender, Pacing

API_KEY = "benchmark-key-0123456789"
"""Key of the member of staff that every request is made by."""

FIRST_DAY = dt.date(2023, 1, 1)
_FIRST_MOMENT = dt.datetime(2023, 1, 1, tzinfo=dt.UTC)
_CHUNK = 10_000
_COUNTRIES = re.findall(
    "..",
    "ARATAUBDBEBGBRCACHCLCNCOCZDEDKDZEGESETFIFRGBGHGRHUIDIEILINIRITJPKEKRMAMXMYNGNLNONZPEPHPKPLPTROSEUSVN",
)


@dataclass(frozen=True)
class Scale:
    """How much there is of everything.

    The first `learners` of the accounts enroll, the last one is staff. `days` is
    the length of each enrollment series.
    """

    name: str
    accounts: int
    learners: int
    courses: int
    runs: int
    enrollments_per_run: int
    days: int

    @property
    def enrollments(self) -> int:
        """Enrollments in all runs."""
        return self.runs * self.enrollments_per_run

    @property
    def last_day(self) -> dt.date:
        """The day after the last one of a series."""
        return FIRST_DAY + dt.timedelta(self.days)


FULL = Scale(
    "full", accounts=300_000, learners=10_000, courses=200, runs=600, enrollments_per_run=500, days=730
)
SMALL = Scale("small", accounts=700, learners=100, courses=10, runs=30, enrollments_per_run=20, days=60)


@dataclass(frozen=True)
class _Mode:
    name: str
    least: int
    step: int
    modulus: int


_MODES = (
    _Mode("audit", least=100, step=7, modulus=101),
    _Mode("verified", least=50, step=5, modulus=53),
    _Mode("honor", least=20, step=3, modulus=29),
)
"""Each day adds `step` to a mode's count, modulo `modulus`: so each day is a span of its own."""


def course_key(number: int) -> str:
    """The native key of a course, numbered from 0."""
    return f"BenchX+B{number:03}"


def run_key(number: int, scale: Scale) -> str:
    """The native key of a course run, numbered from 0."""
    year, course = divmod(number, scale.courses)
    return f"course-v1:{course_key(course)}+{2021 + year}"


async def fill(database: Database, scale: Scale, progress: Progress = silent) -> None:
    """Write the data set into a migrated database without rows, in one transaction."""
    countries = list(_spans_of_countries(scale))
    tables: tuple[tuple[type[SQLModel], Iterator[dict[str, Any]], int], ...] = (
        (User, _users(scale), scale.accounts),
        (ApiKey, iter([{"user_id": scale.accounts, "key_hash": hash_key(API_KEY)}]), 1),
        (Course, _courses(scale), scale.courses),
        (CourseRun, _runs(scale), scale.runs),
        (Enrollment, _enrollments(scale), scale.enrollments),
        (ActivityWeek, _weeks(scale), scale.runs * (scale.days // 7)),
        (EnrollmentSpan, iter(countries), len(countries)),
    )
    async with database.begin() as connection:
        for model, rows, total in tables:
            advance = progress(f"{model.__name__} rows", total)
            while chunk := list(islice(rows, _CHUNK)):
                await connection.execute(insert(model), chunk)
                advance(len(chunk))
        groups = [(Dimension.TOTAL, "", _MODES), *((Dimension.MODE, mode.name, (mode,)) for mode in _MODES)]
        advance = progress("EnrollmentSpan rows", len(groups) * scale.runs * scale.days)
        for dimension, value, modes in groups:
            spans = _spans(scale, dimension, value, modes)
            await connection.execute(
                insert(EnrollmentSpan).from_select([*spans.selected_columns.keys()], spans)
            )
            advance(scale.runs * scale.days)


async def is_filled(database: Database, scale: Scale) -> bool:
    """Whether the data set is there. Raises `BadUserInput` for one of another scale."""
    async with database.reader.connect() as connection:
        statement = select(table_of(ApiKey).c.user_id).where(table_of(ApiKey).c.key_hash == hash_key(API_KEY))
        staff = await connection.scalar(statement)
    if staff not in (None, scale.accounts):
        raise BadUserInput("--keep: the data that was kept there is of another scale; remove it")
    return staff is not None


def _users(scale: Scale) -> Iterator[dict[str, Any]]:
    for number in range(1, scale.accounts):
        yield {
            "id": number,
            "lms_user_id": number,
            "username": f"learner-{number:05}",
            "email": f"learner-{number:05}@example.org",
            "name": f"Learner Number {number}",
            "is_staff": False,
            "date_joined": _FIRST_MOMENT + dt.timedelta(minutes=number),
            "gender": tuple(Gender)[number % 3],
            "year_of_birth": 1950 + number % 55,
        }
    yield {
        "id": scale.accounts,
        "lms_user_id": scale.accounts,
        "username": "benchmark",
        "email": "benchmark@example.org",
        "name": "Benchmark",
        "is_staff": True,
        "date_joined": _FIRST_MOMENT,
        "gender": None,
        "year_of_birth": None,
    }


def _courses(scale: Scale) -> Iterator[dict[str, Any]]:
    for number in range(scale.courses):
        key = course_key(number)
        yield {
            "id": number + 1,
            "uuid": _uuid(key),
            "key": key,
            "title": f"Introduction to Subject {number}",
            "short_description": f"<p>What everybody should know about subject {number}, week by week.</p>",
            "level_type": ("Introductory", "Intermediate", "Advanced")[number % 3],
            "image_url": f"https://images.example.org/courses/{number}.jpg",
            "image_width": 1280,
            "image_height": 720,
            "marketing_slug": f"introduction-to-subject-{number}",
            "partner": "bench",
            "created": _FIRST_MOMENT,
            "modified": _FIRST_MOMENT + dt.timedelta(hours=number),
        }


def _runs(scale: Scale) -> Iterator[dict[str, Any]]:
    for number in range(scale.runs):
        key = run_key(number, scale)
        yield {
            "id": number + 1,
            "uuid": _uuid(key),
            "key": key,
            "course_id": number % scale.courses + 1,
            "start": _FIRST_MOMENT + dt.timedelta(number),
            "end": _FIRST_MOMENT + dt.timedelta(number + 70),
            "pacing": tuple(Pacing)[number % 2],
            "created": _FIRST_MOMENT,
            "modified": _FIRST_MOMENT,
        }


def _enrollments(scale: Scale) -> Iterator[dict[str, Any]]:
    # Learners enroll in all runs at once, so that a run's rows lie scattered as they do in real tables.
    for nth in range(scale.enrollments_per_run):
        for run in range(scale.runs):
            number = nth * scale.runs + run
            yield {
                "id": number + 1,
                "run_id": run + 1,
                # 37 shares no factor with the number of learners: nobody enrolls twice in a run.
                "user_id": (run * 7919 + nth * 37) % scale.learners + 1,
                "mode": _MODES[number % len(_MODES)].name,
                "is_active": number % 10 != 0,
                "created": _FIRST_MOMENT + dt.timedelta(minutes=number),
            }


def _weeks(scale: Scale) -> Iterator[dict[str, Any]]:
    monday = FIRST_DAY - dt.timedelta(FIRST_DAY.weekday())
    for run in range(scale.runs):
        for number in range(scale.days // 7):
            yield {
                "run_id": run + 1,
                "week": monday + dt.timedelta(7 * number),
                "any": 100 + number,
                "attempted_problem": 80 + number,
                "played_video": 60 + number,
                "posted_forum": number,
                "computed_at": _FIRST_MOMENT,
            }


def _spans_of_countries(scale: Scale) -> Iterator[dict[str, Any]]:
    """Spans of one run in the middle: in each country the count changes once a week."""
    for place, country in enumerate(_COUNTRIES):
        for number in range(place % 7, scale.days, 7):
            yield {
                "run_id": scale.runs // 2 + 1,
                "dimension": Dimension.COUNTRY,
                "value": country,
                "since": FIRST_DAY + dt.timedelta(number),
                "until": FIRST_DAY + dt.timedelta(number + 7),
                "count": place + number,
                "cumulative_count": place + 2 * number,
                "computed_at": _FIRST_MOMENT,
            }


def _spans(
    scale: Scale, dimension: Dimension, value: str, modes: tuple[_Mode, ...]
) -> Select[*tuple[Any, ...]]:
    """Spans of one day each, in all runs; made inside the database, because there are so many."""
    calendar, run = table_of(Calendar), table_of(CourseRun)
    date = calendar.c.date
    days = (
        select(
            date.label("since"),
            func.lead(date).over(order_by=date).label("until"),
            func.row_number().over(order_by=date).label("number"),
        )
        .where(date >= FIRST_DAY, date <= scale.last_day)
        .subquery("days")
    )

    def count(mode: _Mode) -> ColumnElement[int]:
        return mode.least + (mode.step * days.c.number + run.c.id) % mode.modulus

    return (
        select(
            run.c.id.label("run_id"),
            literal(dimension).label("dimension"),
            literal(value).label("value"),
            days.c.since,
            days.c.until,
            sum((count(mode) for mode in modes), literal(0)).label("count"),
            sum((mode.least + mode.modulus + days.c.number for mode in modes), literal(0)).label(
                "cumulative_count"
            ),
            literal(_FIRST_MOMENT, UtcDateTime).label("computed_at"),
        )
        .select_from(run.join(days, days.c.until.is_not(None)))
        .order_by(run.c.id, days.c.since)
    )


def _uuid(key: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"https://example.org/lyceum/benchmarks/{key}")
