"""The tallied series as rows."""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterator

from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import SQLModel

from app.db.models import (
    ActivityWeek,
    AnswerCount,
    GradeCount,
    SubsectionOpens,
    VideoSegment,
    VideoViews,
)
from app.demo.content.types import Problem
from app.demo.learning import SEGMENT, Tally
from app.demo.modules import Lesson, part_id
from app.demo.rows import Ids, Row, add
from app.demo.simulation import World

_RowsOfLesson = Callable[[Tally, Lesson, Ids], Iterator[Row]]

_LABELS = ("any", "attempted_problem", "played_video", "posted_forum")


async def write_series(connection: AsyncConnection, world: World, runs: Ids, modules: Ids) -> None:
    """Write the series that are not of enrollments."""
    await add(connection, ActivityWeek, _weeks(world.tally, runs))
    per_lesson: tuple[tuple[type[SQLModel], _RowsOfLesson], ...] = (
        (SubsectionOpens, _opens),
        (VideoViews, _views),
        (VideoSegment, _segments),
        (GradeCount, _grades),
        (AnswerCount, _answers),
    )
    lessons = [lesson for lessons in world.lessons.values() for lesson in lessons]
    for model, rows_of in per_lesson:
        await add(
            connection, model, [row for lesson in lessons for row in rows_of(world.tally, lesson, modules)]
        )


def _weeks(tally: Tally, runs: Ids) -> list[Row]:
    weeks: dict[tuple[str, dt.date], Row] = defaultdict(lambda: dict.fromkeys(_LABELS, 0))
    for (run, week, label), learners in tally.weeks.items():
        weeks[run, week][label] = learners
    return [{"run_id": runs[run], "week": week} | weeks[run, week] for run, week in sorted(weeks)]


def _opens(tally: Tally, lesson: Lesson, modules: Ids) -> Iterator[Row]:
    key = lesson.subsection.usage_key
    if tally.opened[key]:
        yield {
            "module_id": modules[key],
            "learners": tally.learners_opened[key],
            "views": tally.opened[key],
        }


def _views(tally: Tally, lesson: Lesson, modules: Ids) -> Iterator[Row]:
    key, seconds = lesson.video.usage_key, lesson.unit.seconds
    near_the_end = int(max(seconds - 30, 0.95 * seconds)) // SEGMENT
    if any(tally.watched[key, segment] for segment in range(seconds // SEGMENT + 1)):
        yield {
            "module_id": modules[key],
            "duration": seconds,
            "segment_length": SEGMENT,
            "users_at_start": tally.learners_watched[key, 0],
            "users_at_end": tally.learners_watched[key, near_the_end],
        }


def _segments(tally: Tally, lesson: Lesson, modules: Ids) -> Iterator[Row]:
    key = lesson.video.usage_key
    for segment in range(lesson.unit.seconds // SEGMENT + 1):
        if tally.watched[key, segment]:
            yield {
                "module_id": modules[key],
                "segment": segment,
                "num_users": tally.learners_watched[key, segment],
                "num_views": tally.watched[key, segment],
            }


def _grades(tally: Tally, lesson: Lesson, modules: Ids) -> Iterator[Row]:
    key, points = lesson.problem.usage_key, lesson.unit.problem.points
    for grade in range(points + 1):
        if tally.grades[key, grade]:
            yield {
                "module_id": modules[key],
                "grade": float(grade),
                "max_grade": float(points),
                "count": tally.grades[key, grade],
            }


def _answers(tally: Tally, lesson: Lesson, modules: Ids) -> Iterator[Row]:
    key, problem = lesson.problem.usage_key, lesson.unit.problem
    for index, form, answer in _possible_answers(problem):
        first = tally.first_answers[key, index, form, answer]
        last = tally.last_answers[key, index, form, answer]
        if not first and not last:
            continue
        part = problem.forms[form][index]
        yield {
            "module_id": modules[key],
            "part_id": part_id(key, index),
            "value_id": None if part.typed else f"choice_{answer}",
            "answer_value": part.answers[answer],
            "variant": form + 1 if len(problem.forms) > 1 else None,
            "correct": answer == part.correct,
            "question_text": part.question,
            "problem_display_name": problem.name,
            "first_response_count": first,
            "last_response_count": last,
        }


def _possible_answers(problem: Problem) -> Iterator[tuple[int, int, int]]:
    for index in range(problem.points):
        for form, parts in enumerate(problem.forms):
            for answer in range(len(parts[index].answers)):
                yield index, form, answer
