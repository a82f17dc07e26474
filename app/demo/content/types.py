"""The shapes that the demo's courses are written in."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from app.vocabulary import ModuleCategory, Pacing, RunStatus


def moment(text: str) -> dt.datetime:
    """An instant in UTC from ISO text, a date being its midnight."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


@dataclass(frozen=True)
class Part:
    """One question of a problem, with the answers that learners give; `correct` is an index of them.

    Typed answers stand for themselves; others are choices with ids.
    """

    question: str
    answers: tuple[str, ...]
    correct: int = 0
    typed: bool = False


@dataclass(frozen=True)
class Problem:
    """A problem worth one point a part.

    A randomised problem has several forms, of which each learner gets one.
    """

    name: str
    forms: tuple[tuple[Part, ...], ...]

    @property
    def points(self) -> int:
        """The greatest grade."""
        return len(self.forms[0])


def choice(question: str, *answers: str, correct: int = 0) -> Part:
    """A question with answers to choose from."""
    return Part(question, answers, correct)


def typed(question: str, *answers: str) -> Part:
    """A question whose answer is typed; the first of those that learners give is right."""
    return Part(question, answers, typed=True)


def problem(name: str, *parts: Part) -> Problem:
    """A problem that is the same for everybody."""
    return Problem(name, (parts,))


@dataclass(frozen=True)
class Unit:
    """A subsection with a video, whose length is in seconds, and a problem."""

    name: str
    video: str
    seconds: int
    problem: Problem


@dataclass(frozen=True)
class Run:
    """A course run. `seats` are prices by mode; `crowd` is how many learners it draws, in proportion.

    `blocks` gives the ids of modules, by name, that must have certain ones, and `module_prefix`
    what precedes them in an old run, where it is not organization and course.
    """

    key: str
    start: dt.datetime
    seats: Mapping[str, Decimal]
    staff: tuple[str, ...]
    crowd: float = 0
    end: dt.datetime | None = None
    enrollment_start: dt.datetime | None = None
    enrollment_end: dt.datetime | None = None
    pacing: Pacing = Pacing.SELF_PACED
    status: RunStatus = RunStatus.PUBLISHED
    title: str | None = None
    marketing_slug: str | None = None
    transcripts: tuple[str, ...] = ()
    mobile: bool = True
    blocks: Mapping[str, str] = field(default_factory=dict)
    module_prefix: str | None = None


@dataclass(frozen=True)
class Course:
    """A course with its runs and what a learner meets in each of them, unit by unit."""

    key: str
    title: str
    slug: str
    level: str
    organizations: tuple[str, ...]
    subjects: tuple[str, ...]
    short_description: str
    full_description: str
    weeks: int
    effort: tuple[int, int]
    units: tuple[Unit, ...]
    runs: tuple[Run, ...]
    sponsors: tuple[str, ...] = ()
    language: str = "en"
    outcome: str | None = None
    syllabus: str | None = None
    prerequisites_text: str | None = None
    prerequisites: tuple[str, ...] = ()
    learning_items: tuple[str, ...] = ()
    image_url: str | None = None
    entitlement: Decimal | None = None


@dataclass(frozen=True)
class Module:
    """A part of a run as the platform names it."""

    usage_key: str
    category: ModuleCategory
    name: str
    encoded_id: str | None = None
