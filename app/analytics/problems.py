"""Grades and answers of problems (Data Analytics contract 8.6)."""

from collections import Counter
from math import isfinite
from typing import Any

from sqlalchemy import Select, func, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.analytics.answer_counts import change_answers, count_answers
from app.analytics.answers import answers_of
from app.analytics.batch import Batch
from app.analytics.tracking import SERVER, TrackingEvent, platform_id, usage_key
from app.db.bulk import add_missing, add_up, delete_by_key, replace, rows_by_key
from app.db.models import GradeCount, LearnerAnswer, LearnerProblem, now
from app.db.models.tables import table_of
from app.db.types import UtcDateTime
from app.vocabulary import ModuleCategory

CHECK, RESCORE = "problem_check", "problem_rescore"
_RESETS = ("problem_reset", "reset_problem")
_DELETED = "edx.grades.problem.state_deleted"
_POINTS = {CHECK: ("grade", "max_grade"), RESCORE: ("new_score", "new_total")}

_LEARNER = ("module_id", "learner")

Grade = tuple[float, float]
"""Points and greatest points."""


class Attempts:
    """What is known of a learner's attempts at a problem; merging is the same in any order."""

    def __init__(self, row: Any = None) -> None:
        self.first = self.last = self.graded = None
        self.grade: Grade | None = None
        self.checks: dict[bool, TrackingEvent] = {}
        """New events that are the first attempt (False) and the last one (True)."""
        if row is not None:
            self.first = row.first_at and (row.first_at, row.first_digest)
            self.last = row.last_at and (row.last_at, row.last_digest)
            self.graded = row.graded_at and (row.graded_at, row.graded_digest)
            self.grade = None if row.grade is None else (row.grade, row.max_grade)

    def add(self, event: TrackingEvent) -> None:
        """Take an event into account."""
        if event.type == CHECK and event.payload.get("answers"):
            if self.first is None or event.order < self.first:
                self.first, self.checks[False] = event.order, event
            if self.last is None or event.order > self.last:
                self.last, self.checks[True] = event.order, event
        names = _POINTS.get(event.type)
        grade = names and _grade(event, *names)
        if names and not grade:
            return
        if self.graded is None or event.order > self.graded:
            self.graded, self.grade = event.order, grade

    def values(self) -> dict[str, Any]:
        """The columns of `LearnerProblem`."""
        values: dict[str, Any] = {}
        for name, order in (("first", self.first), ("last", self.last), ("graded", self.graded)):
            values[f"{name}_at"], values[f"{name}_digest"] = order or (None, None)
        values["grade"], values["max_grade"] = self.grade or (None, None)
        return values


def attempted(event: TrackingEvent) -> tuple[str, str, str] | None:
    """The keys of the run and of the problem that an event is about, and the learner."""
    if event.source == SERVER and (event.type == CHECK or event.type in _RESETS):
        learner = event.learner
    elif event.type in (RESCORE, _DELETED):
        user_id = platform_id(event.payload.get("user_id"))
        learner = event.learner if user_id is None else str(user_id)
    else:
        return None
    key = usage_key(event.payload.get("problem_id"))
    return (event.run_key, key, learner) if event.run_key and key and learner else None


async def record_problems(batch: Batch) -> None:
    """Keep first and last attempts and grades, and change the counts of grades and answers."""
    about = [(found, event) for event in batch.events if (found := attempted(event))]
    ids = await batch.module_ids(ModuleCategory.PROBLEM, {found[:2] for found, _ in about})
    learners = {(ids[run, key], learner) for (run, key, learner), _ in about}
    rows = await rows_by_key(batch.connection, LearnerProblem, _LEARNER, learners)
    before = {(row.module_id, row.learner): Attempts(row) for row in rows}
    after = {(row.module_id, row.learner): Attempts(row) for row in rows}
    for (run, key, learner), event in about:
        after.setdefault((ids[run, key], learner), Attempts()).add(event)
    changed = {
        pair: attempts
        for pair, attempts in after.items()
        if pair not in before or attempts.values() != before[pair].values()
    }
    await replace(
        batch.connection,
        LearnerProblem,
        [dict(zip(_LEARNER, pair, strict=True)) | attempts.values() for pair, attempts in changed.items()],
    )
    grades: Counter[tuple[int, Grade]] = Counter()
    for pair, attempts in changed.items():
        if pair in before and (was := before[pair].grade):
            grades[pair[0], was] -= 1
        if attempts.grade:
            grades[pair[0], attempts.grade] += 1
    await _change_grades(batch.connection, grades)
    await _replace_answers(batch.connection, changed)


async def compute_grades(connection: AsyncConnection, module_ids: Select[int]) -> None:
    """Compute the grades of problems from those of learners; problems without any known stay."""
    counts, learner = table_of(GradeCount), table_of(LearnerProblem)
    chosen = learner.c.module_id.in_(module_ids) & learner.c.graded_at.is_not(None)
    known = select(learner.c.module_id).where(chosen)
    await connection.execute(counts.delete().where(counts.c.module_id.in_(known)))
    key = (learner.c.module_id, learner.c.grade, learner.c.max_grade)
    counted = (
        select(*key, func.count(), literal(now(), UtcDateTime))
        .where(chosen, learner.c.grade.is_not(None))
        .group_by(*key)
    )
    columns = ["module_id", "grade", "max_grade", "count", "computed_at"]
    await connection.execute(insert(counts).from_select(columns, counted))


async def compute_answers(connection: AsyncConnection, module_ids: Select[int]) -> None:
    """Compute the answers of problems from those of learners; problems without any known stay."""
    learner = table_of(LearnerAnswer)
    parts = (
        select(learner.c.module_id, learner.c.part_id).where(learner.c.module_id.in_(module_ids)).distinct()
    )
    await count_answers(connection, parts.subquery())


def _grade(event: TrackingEvent, *names: str) -> Grade | None:
    grade, greatest = (_points(event.payload.get(name)) for name in names)
    return None if grade is None or greatest is None else (grade, greatest)


def _points(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if isfinite(value) else None


async def _change_grades(connection: AsyncConnection, changes: Counter[tuple[int, Grade]]) -> None:
    computed_at = now()
    rows: list[dict[str, Any]] = [
        {
            "module_id": module,
            "grade": grade,
            "max_grade": greatest,
            "count": change,
            "computed_at": computed_at,
        }
        for (module, (grade, greatest)), change in changes.items()
        if change
    ]
    await add_up(connection, GradeCount, rows, ("count",))
    counts = table_of(GradeCount)
    modules = {row["module_id"] for row in rows if row["count"] < 0}
    if modules:
        await connection.execute(counts.delete().where(counts.c.module_id.in_(modules), counts.c.count == 0))


async def _replace_answers(connection: AsyncConnection, changed: dict[tuple[int, str], Attempts]) -> None:
    """Put the answers of new first and last attempts in the place of those before."""
    replaced = {(*key, is_last) for key, attempts in changed.items() for is_last in attempts.checks}
    known = await rows_by_key(
        connection, LearnerAnswer, _LEARNER, {(module, learner) for module, learner, _ in replaced}
    )
    gone = [row._mapping for row in known if (row.module_id, row.learner, row.is_last) in replaced]
    come = [
        {
            **dict(zip(_LEARNER, key, strict=True)),
            "is_last": is_last,
            "answered_at": event.occurred_at,
            "digest": event.digest,
            **answer._asdict(),
        }
        for key, attempts in changed.items()
        for is_last, event in attempts.checks.items()
        for answer in answers_of(event)
    ]
    if gone:
        await delete_by_key(connection, LearnerAnswer, (*_LEARNER, "is_last"), replaced)
    await add_missing(connection, LearnerAnswer, come)
    await change_answers(connection, gone, come)
