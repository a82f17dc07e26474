"""What learners do in a run, counted into the series of the run as they do it.

Every number in a series is a count of simulated learners, so the numbers agree
with each other (Data Analytics contract 8.5 to 8.9).
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from app.demo.content.types import Part, moment
from app.demo.enrolling import Participation
from app.demo.modules import Lesson
from app.vocabulary import Pacing

ACTIVE_UNTIL = moment("2026-06-29")
"""Nobody is active from here on; a Monday, so that every week is whole."""

SEGMENT = 5
"""Seconds of video in a segment."""

PASSING = 0.6


@dataclass
class Tally:
    """Counts of learners and of what they did, by usage key and what it is about.

    That is a segment, a grade, or the indexes of part, form and answer. Weeks are
    by run key and label.
    """

    weeks: Counter[tuple[str, dt.date, str]] = field(default_factory=Counter)
    learners_opened: Counter[str] = field(default_factory=Counter)
    opened: Counter[str] = field(default_factory=Counter)
    learners_watched: Counter[tuple[str, int]] = field(default_factory=Counter)
    watched: Counter[tuple[str, int]] = field(default_factory=Counter)
    grades: Counter[tuple[str, int]] = field(default_factory=Counter)
    first_answers: Counter[tuple[str, int, int, int]] = field(default_factory=Counter)
    last_answers: Counter[tuple[str, int, int, int]] = field(default_factory=Counter)


def learn(
    rng: Random, participation: Participation, lessons: Sequence[Lesson], tally: Tally, *, visits: int
) -> None:
    """A learner visits the run up to so many times, while enrolled and while the run lasts."""
    study = _Study(rng, tally)
    stop = min(ACTIVE_UNTIL, participation.run.end or ACTIVE_UNTIL)
    at = max(participation.events[0].at, participation.run.start)
    done = 0
    for _ in range(visits):
        at += dt.timedelta(days=rng.expovariate(1 / 5))
        if at >= stop:
            break
        if participation.enrolled_at(at):
            study.visit(at, lessons[done] if done < len(lessons) else rng.choice(lessons))
            done += 1
    if not done:
        return
    study.count_weeks(participation.run.key)
    points = sum(lesson.unit.problem.points for lesson in lessons)
    grade = study.points / points
    passed_at = study.reached(PASSING * points)
    completed = len(study.done) == 3 * len(lessons)
    participation.progress = {
        "absolute_progress": float(len(study.done)),
        "max_possible_progress": float(3 * len(lessons)),
        "completed": completed,
        "success": completed and passed_at is not None,
        "percent_grade": round(grade, 4),
        "letter_grade": _letter(grade, participation.run.pacing) if passed_at else None,
        "passed_at": passed_at,
        "last_activity": study.last,
        "modified": study.last,
    }


class _Study:
    """One learner in one run."""

    def __init__(self, rng: Random, tally: Tally) -> None:
        self.done: set[str] = set()
        self.points = 0
        self.last: dt.datetime | None = None
        self._rng = rng
        self._tally = tally
        self._skill = rng.betavariate(5, 2)
        self._grades: list[tuple[dt.datetime, int]] = []
        self._watched: dict[str, set[int]] = defaultdict(set)
        self._weeks: dict[dt.date, set[str]] = defaultdict(set)

    def visit(self, at: dt.datetime, lesson: Lesson) -> None:
        """Open a lesson and do some of what is in it."""
        self.last = at
        week = self._weeks[at.date() - dt.timedelta(days=at.weekday())]
        week.add("any")
        self._tally.opened[lesson.subsection.usage_key] += 1
        if lesson.subsection.usage_key not in self.done:
            self._tally.learners_opened[lesson.subsection.usage_key] += 1
            self.done.add(lesson.subsection.usage_key)
        if self._rng.random() < 0.8:
            week.add("played_video")
            self._watch(lesson)
        if lesson.problem.usage_key not in self.done and self._rng.random() < 0.85:
            week.add("attempted_problem")
            self._answer(at, lesson)
        if self._rng.random() < 0.08:
            week.add("posted_forum")

    def reached(self, points: float) -> dt.datetime | None:
        """When the learner had so many points, if ever."""
        return next((at for at, sum_of_points in self._grades if sum_of_points >= points), None)

    def count_weeks(self, run_key: str) -> None:
        """Count the learner once for each week and label."""
        self._tally.weeks.update(
            (run_key, week, label) for week, labels in self._weeks.items() for label in labels
        )

    def _watch(self, lesson: Lesson) -> None:
        key, seconds = lesson.video.usage_key, lesson.unit.seconds
        self.done.add(key)
        start = 0.0 if self._rng.random() < 0.9 else self._rng.uniform(0, seconds / 2)
        for _ in range(self._rng.choices((1, 2, 3), (70, 22, 8))[0]):
            end = seconds if self._rng.random() < 0.6 else self._rng.uniform(start + 1, seconds)
            segments = range(int(start) // SEGMENT, int(end) // SEGMENT + 1)
            self._tally.watched.update((key, segment) for segment in segments)
            self._tally.learners_watched.update(
                (key, segment) for segment in segments if segment not in self._watched[key]
            )
            self._watched[key].update(segments)
            start = self._rng.uniform(0, seconds / 2)

    def _answer(self, at: dt.datetime, lesson: Lesson) -> None:
        key, problem = lesson.problem.usage_key, lesson.unit.problem
        self.done.add(key)
        form = self._rng.randrange(len(problem.forms))
        parts = problem.forms[form]
        first = last = [self._pick(part, self._skill) for part in parts]
        for _ in range(2):
            if _points(parts, last) == len(parts) or self._rng.random() < 0.4:
                break
            last = [self._pick(part, (1 + self._skill) / 2) for part in parts]
        self._tally.first_answers.update((key, part, form, answer) for part, answer in enumerate(first))
        self._tally.last_answers.update((key, part, form, answer) for part, answer in enumerate(last))
        self._tally.grades[key, _points(parts, last)] += 1
        self.points += _points(parts, last)
        self._grades.append((at, self.points))

    def _pick(self, part: Part, skill: float) -> int:
        if self._rng.random() < skill:
            return part.correct
        wrong = [index for index in range(len(part.answers)) if index != part.correct]
        return self._rng.choices(wrong, range(len(wrong), 0, -1))[0]


def _points(parts: Sequence[Part], answers: Sequence[int]) -> int:
    return sum(part.correct == answer for part, answer in zip(parts, answers, strict=True))


def _letter(grade: float, pacing: Pacing) -> str:
    if pacing is Pacing.SELF_PACED:
        return "Pass"
    return "A" if grade >= 0.9 else "B" if grade >= 0.75 else "C"
