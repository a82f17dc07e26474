"""The series add up (Data Analytics contract 8.9)."""

import datetime as dt
from collections import Counter, defaultdict
from itertools import pairwise

from sqlalchemy import func, select
from sqlmodel import col

from app.db.models import (
    ActivityWeek,
    AnswerCount,
    CourseRun,
    Enrollment,
    EnrollmentSpan,
    GradeCount,
    Module,
    SubsectionOpens,
    VideoSegment,
    VideoViews,
)
from app.db.models.tables import table_of
from app.demo.learners import END, FIRST_DAY
from app.vocabulary import Dimension, ModuleCategory
from tests.demo.conftest import Query


async def _groups(query: Query, column: str) -> dict[tuple[int, str], dict[dt.date, int]]:
    """By run and dimension, the days on which the sum over all groups changes, and by how much."""
    changes: defaultdict[tuple[int, str], Counter[dt.date]] = defaultdict(Counter)
    for span in await query(select(table_of(EnrollmentSpan))):
        changes[span.run_id, span.dimension][span.since] += getattr(span, column)
        changes[span.run_id, span.dimension][span.until] -= getattr(span, column)
    return {key: {day: change for day, change in of_key.items() if change} for key, of_key in changes.items()}


async def test_every_breakdown_adds_up_to_the_total_on_every_day(query: Query) -> None:
    for column in ("count", "cumulative_count"):
        groups = await _groups(query, column)
        runs = {run for run, _ in groups}
        assert len(runs) == 17
        for run in runs:
            for dimension in Dimension:
                assert groups[run, dimension] == groups[run, Dimension.TOTAL]


async def test_totals_go_on_without_a_gap_and_the_cumulative_count_never_falls(query: Query) -> None:
    totals = await query(
        select(table_of(EnrollmentSpan))
        .where(col(EnrollmentSpan.dimension) == Dimension.TOTAL)
        .order_by(col(EnrollmentSpan.run_id), col(EnrollmentSpan.since))
    )
    for span in totals:
        assert 0 <= span.count <= span.cumulative_count
        assert FIRST_DAY.date() <= span.since < END.date()
    for before, after in pairwise(totals):
        if before.run_id == after.run_id:
            assert before.until == after.since
            assert before.cumulative_count <= after.cumulative_count
        else:
            assert before.until == dt.date.max


async def test_the_last_count_by_mode_is_of_the_active_enrollments(query: Query) -> None:
    active = await query(
        select(col(Enrollment.run_id), col(Enrollment.mode), func.count())
        .where(col(Enrollment.is_active))
        .group_by(col(Enrollment.run_id), col(Enrollment.mode))
    )
    spans = await query(
        select(col(EnrollmentSpan.run_id), col(EnrollmentSpan.value), col(EnrollmentSpan.count)).where(
            col(EnrollmentSpan.dimension) == Dimension.MODE,
            col(EnrollmentSpan.until) == dt.date.max,
            col(EnrollmentSpan.count) > 0,
        )
    )
    assert sorted(map(tuple, spans)) == sorted(map(tuple, active))


async def test_weeks_count_no_label_more_often_than_any(query: Query) -> None:
    weeks = await query(select(table_of(ActivityWeek)))
    learners = dict(
        map(tuple, await query(select(col(Enrollment.run_id), func.count()).group_by(col(Enrollment.run_id))))
    )
    for week in weeks:
        assert week.week.weekday() == 0
        assert FIRST_DAY.date() <= week.week <= END.date() - dt.timedelta(days=7)
        assert 0 < week.any <= learners[week.run_id]
        for count in (week.attempted_problem, week.played_video, week.posted_forum):
            assert 0 <= count <= week.any
    demo_course = select(col(CourseRun.id)).where(col(CourseRun.key) == "edX/DemoX/Demo_Course")
    (run_id,) = (await query(demo_course))[0]
    assert len([week for week in weeks if week.run_id == run_id]) > 100


async def test_segments_have_fewer_learners_than_views_and_the_marks_of_the_video(query: Query) -> None:
    segments: defaultdict[int, dict[int, int]] = defaultdict(dict)
    for segment in await query(select(table_of(VideoSegment))):
        assert 0 < segment.num_users <= segment.num_views
        segments[segment.module_id][segment.segment] = segment.num_users
    videos = await query(select(table_of(VideoViews)))
    assert {video.module_id for video in videos} == set(segments)
    for video in videos:
        users = segments[video.module_id]
        assert max(users) == video.duration // video.segment_length
        complete = int(max(video.duration - 30, 0.95 * video.duration)) // 5
        assert (video.users_at_start, video.users_at_end) == (users[0], users[complete])


async def test_each_part_has_as_many_first_as_last_answers_and_problems_as_many_grades(query: Query) -> None:
    grades: Counter[int] = Counter()
    points: Counter[int] = Counter()
    parts: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for grade in await query(select(table_of(GradeCount))):
        assert grade.count > 0
        assert 0 <= grade.grade <= grade.max_grade
        grades[grade.module_id] += grade.count
        points[grade.module_id] += round(grade.grade * grade.count)
    first: defaultdict[int, Counter[str]] = defaultdict(Counter)
    right: Counter[int] = Counter()
    for answer in await query(select(table_of(AnswerCount))):
        first[answer.module_id][answer.part_id] += answer.first_response_count
        parts[answer.module_id][answer.part_id] += answer.last_response_count
        right[answer.module_id] += answer.last_response_count if answer.correct else 0
    assert set(grades) == set(parts)
    assert first == parts
    assert right == points
    for module_id, learners in grades.items():
        assert set(parts[module_id].values()) == {learners}


async def test_subsections_have_no_more_learners_than_views_or_enrollments(query: Query) -> None:
    enrolled = (
        select(func.count())
        .where(col(Enrollment.run_id) == col(Module.run_id))
        .correlate(Module)
        .scalar_subquery()
    )
    opens = await query(
        select(col(SubsectionOpens.learners), col(SubsectionOpens.views), enrolled).join(
            Module, col(Module.id) == col(SubsectionOpens.module_id)
        )
    )
    assert opens
    for learners, views, enrollments in opens:
        assert 0 < learners <= views
        assert learners <= enrollments


async def test_series_are_of_modules_of_their_kind(query: Query) -> None:
    for model, category in (
        (GradeCount, ModuleCategory.PROBLEM),
        (AnswerCount, ModuleCategory.PROBLEM),
        (SubsectionOpens, ModuleCategory.SUBSECTION),
        (VideoViews, ModuleCategory.VIDEO),
        (VideoSegment, ModuleCategory.VIDEO),
    ):
        categories = (
            select(col(Module.category)).join(model, col(Module.id) == col(model.module_id)).distinct()
        )
        assert [row[0] for row in await query(categories)] == [category]
