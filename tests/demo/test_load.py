"""Loading the demo: what arrives, that it is the same each time, and when it is refused."""

from collections import Counter
from collections.abc import Callable

import pytest
from sqlalchemy import func, insert, select
from sqlmodel import SQLModel, col

from app.db.engine import Database
from app.db.models import (
    Consent,
    Course,
    CourseRun,
    Enrollment,
    EnrollmentEvent,
    EnterpriseCustomer,
    EnterpriseLearner,
    Event,
    Organization,
    Program,
    Progress,
    RoleAssignment,
    Seat,
    User,
)
from app.db.models.tables import table_of
from app.demo import load_demo
from app.demo.learners import END, FIRST_DAY
from app.demo.simulation import LEARNER_RUNS
from app.errors import BadUserInput
from app.vocabulary import EnrollmentEventType, EnterpriseRole, RunStatus
from tests.demo.conftest import Query
from tests.demo.digest import digest


async def _number(query: Query, model: type[SQLModel]) -> int:
    number: int = (await query(select(func.count()).select_from(model)))[0][0]
    return number


async def test_there_is_what_a_small_platform_has(query: Query) -> None:
    numbers = {
        model: await _number(query, model) for model in (User, Course, Program, EnterpriseCustomer, Event)
    }
    assert numbers == {User: 2001, Course: 12, Program: 3, EnterpriseCustomer: 2, Event: 0}
    assert 17 <= await _number(query, CourseRun) <= 20
    assert 8500 <= await _number(query, Enrollment) <= 9500
    assert 0.3 < await _number(query, Progress) / await _number(query, Enrollment) < 0.9


async def test_profiles_take_every_value_and_none(query: Query) -> None:
    for column, least in (
        (User.gender, 4),
        (User.year_of_birth, 50),
        (User.education_level, 10),
        (User.country, 40),
        (User.language, 15),
    ):
        values = {row[0] for row in await query(select(col(column)).distinct())}
        assert None in values
        assert len(values) >= least


async def test_runs_are_past_current_upcoming_and_unpublished(query: Query) -> None:
    runs = await query(select(col(CourseRun.start), col(CourseRun.end), col(CourseRun.status)))
    published = [(start, end) for start, end, status in runs if status == RunStatus.PUBLISHED]
    assert any(end and end < END for _, end in published)
    assert any(start < END and not end for start, end in published)
    assert any(start > END for start, _ in published)
    assert any(status == RunStatus.UNPUBLISHED for *_, status in runs)
    modes = {row[0] for row in await query(select(col(Seat.mode)).distinct())}
    assert modes == {"audit", "verified", "professional", "honor", "credit"}


async def test_everything_happens_within_the_two_years(query: Query) -> None:
    for column in (EnrollmentEvent.occurred_at, Enrollment.created, Progress.last_activity, User.last_seen):
        first, last = (await query(select(func.min(col(column)), func.max(col(column)))))[0]
        assert FIRST_DAY <= first < last < END


async def test_enrollments_are_what_their_events_add_up_to(query: Query) -> None:
    events = await query(
        select(table_of(EnrollmentEvent)).order_by(
            col(EnrollmentEvent.run_id),
            col(EnrollmentEvent.user_id),
            col(EnrollmentEvent.occurred_at),
            col(EnrollmentEvent.type),
            col(EnrollmentEvent.mode),
        )
    )
    replayed: dict[tuple[int, int], tuple[object, ...]] = {}
    for event in events:
        _, active, created, left = replayed.get(
            (event.run_id, event.user_id), ("", False, event.occurred_at, None)
        )
        if event.type == EnrollmentEventType.ACTIVATED:
            active, left = True, None
        elif event.type == EnrollmentEventType.DEACTIVATED:
            active, left = False, event.occurred_at
        replayed[event.run_id, event.user_id] = (event.mode, active, created, left)
    enrollments = await query(select(table_of(Enrollment)))
    assert replayed == {
        (e.run_id, e.user_id): (e.mode, e.is_active, e.created, e.unenrolled_at) for e in enrollments
    }
    kinds = Counter(event.type for event in events)
    assert kinds[EnrollmentEventType.MODE_CHANGED] > 500
    assert kinds[EnrollmentEventType.DEACTIVATED] > 500
    assert kinds[EnrollmentEventType.ACTIVATED] > len(enrollments)


async def test_some_enroll_and_leave_on_one_day(query: Query) -> None:
    stays = select(col(Enrollment.created), col(Enrollment.unenrolled_at)).where(~col(Enrollment.is_active))
    assert sum(created.date() == left.date() for created, left in await query(stays)) > 100


async def test_progress_is_of_the_enrolled_and_passes_with_a_letter(query: Query) -> None:
    enrolled = {tuple(row) for row in await query(select(col(Enrollment.run_id), col(Enrollment.user_id)))}
    rows = await query(select(table_of(Progress)))
    assert {(row.run_id, row.user_id) for row in rows} <= enrolled
    for row in rows:
        assert 0 < row.absolute_progress <= row.max_possible_progress
        assert row.completed == (row.absolute_progress == row.max_possible_progress)
        assert 0 <= row.percent_grade <= 1
        assert (row.passed_at is None) == (row.letter_grade is None) == (row.percent_grade < 0.6)
        assert row.passed_at is None or row.passed_at <= row.last_activity
        assert not row.success or (row.completed and row.passed_at)
    assert 0.1 < sum(row.passed_at is not None for row in rows) / len(rows) < 0.9


async def test_demo_is_enrolled_in_nothing_and_learner_in_a_few_runs(query: Query) -> None:
    enrolled = await query(
        select(col(User.username), col(CourseRun.key))
        .select_from(Enrollment)
        .join(User, col(User.id) == col(Enrollment.user_id))
        .join(CourseRun, col(CourseRun.id) == col(Enrollment.run_id))
        .where(col(User.username).in_(["demo", "learner"]), col(Enrollment.is_active))
    )
    assert sorted(tuple(row) for row in enrolled) == sorted(("learner", key) for key in LEARNER_RUNS)


async def test_customers_have_learners_of_whom_one_is_unlinked_and_an_administrator(query: Query) -> None:
    for (customer_id,) in await query(select(col(EnterpriseCustomer.id))):
        learners = select(col(EnterpriseLearner.linked)).where(
            col(EnterpriseLearner.customer_id) == customer_id
        )
        linked = [row[0] for row in await query(learners)]
        assert linked.count(False) == 1
        assert linked.count(True) > 50
        roles = select(col(RoleAssignment.role)).where(col(RoleAssignment.customer_id) == customer_id)
        assert Counter(row[0] for row in await query(roles)) == {
            EnterpriseRole.ADMIN: 1,
            EnterpriseRole.LEARNER: linked.count(True),
        }
    assert {row[0] for row in await query(select(col(Consent.granted)).distinct())} == {True, False, None}


async def test_a_second_load_changes_nothing(demo: Database) -> None:
    before = await digest(demo)
    assert not await load_demo(demo)
    assert await digest(demo) == before


@pytest.mark.parametrize("name", ["demo", "learner"])
async def test_a_taken_name_is_refused(database: Database, name: str) -> None:
    async with database.begin() as connection:
        await connection.execute(insert(User).values(username=name))
    before = await digest(database)
    with pytest.raises(BadUserInput, match=f"a user named {name} exists"):
        await load_demo(database)
    assert await digest(database) == before


async def test_a_taken_key_is_refused_and_nothing_is_left_behind(database: Database) -> None:
    async with database.begin() as connection:
        await connection.execute(insert(Organization).values(key="MyUni", name="Another"))
    before = await digest(database)
    with pytest.raises(BadUserInput, match="holds something with a key of the demo data"):
        await load_demo(database)
    assert await digest(database) == before


async def test_it_loads_beside_other_data_and_reports_how_far_it_is(database: Database) -> None:
    async with database.begin() as connection:
        await connection.execute(insert(User), [{"username": f"other{number}"} for number in range(3)])
        await connection.execute(insert(Course).values(key="Other+One"))
        await connection.execute(insert(CourseRun).values(key="course-v1:Other+One+1", course_id=1))
    done: dict[str, int] = {}

    def progress(step: str, total: int) -> Callable[[int], None]:
        done[step] = -total

        def advance(units: int) -> None:
            done[step] += units

        return advance

    assert await load_demo(database, progress=progress)
    assert len(done) >= 3
    assert set(done.values()) == {0}
    async with database.reader.connect() as connection:
        runs = await connection.execute(
            select(col(CourseRun.key), col(User.username))
            .select_from(Enrollment)
            .join(CourseRun, col(CourseRun.id) == col(Enrollment.run_id))
            .join(User, col(User.id) == col(Enrollment.user_id))
            .where(col(User.username).in_(["learner", "other0", "other1", "other2"]))
        )
        assert {tuple(row) for row in runs} == {(key, "learner") for key in LEARNER_RUNS}
