"""What the documents of the older APIs show in their examples is there."""

import datetime as dt
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlmodel import col

from app.db.models import (
    AnswerCount,
    CatalogItem,
    Course,
    CourseOrganization,
    CourseRun,
    CourseRunStaff,
    CourseSubject,
    EnterpriseCatalog,
    EnterpriseCustomer,
    GradeCount,
    Module,
    Organization,
    Person,
    Program,
    ProgramCourse,
    ProgramExcludedRun,
    ProgramType,
    Seat,
    SubsectionOpens,
    VideoSegment,
    VideoViews,
)
from app.db.models.tables import table_of
from app.vocabulary import Pacing, RunStatus
from tests.demo.conftest import Query

RUN = "course-v1:edX+DemoX+Demo_Course"
OLD_RUN = "edX/DemoX/Demo_Course"
CATALOG = UUID("0e871df0-6e43-4cfc-92cc-357ebf1fda75")


async def test_the_example_run_holds_what_the_enterprise_document_shows(query: Query) -> None:
    (run,) = await query(select(table_of(CourseRun)).where(col(CourseRun.key) == RUN))
    (course,) = await query(select(table_of(Course)).where(col(Course.id) == run.course_id))
    assert course.key == "edX+DemoX"
    assert (course.partner, course.level_type) == ("edx", "Beginner")
    assert (run.title or course.title) == "edX Demonstration Course"
    assert (run.short_description or course.short_description) == (
        "A hands-on introduction to basic programming principles and practice relevant to modern data "
        "analysis, data mining, and machine learning."
    )
    assert (run.full_description or course.full_description) == (
        "<p>The modern data analysis pipeline involves collection, preprocessing, storage, analysis, and "
        "interactive visualization of data.</p>\n<p>The goal of this course, part of the Analytics: "
        "Essential Tools and Methods MicroMasters program, is for you to learn how to build these components "
        "and connect them using modern tools and techniques.</p>"
    )
    assert course.image_url == (
        "https://courses.edx.org/asset-v1:edX+DemoX+Demo_Course+type@asset+block@images_course_image.jpg"
    )
    assert run.start == dt.datetime(2017, 11, 1, 5, tzinfo=dt.UTC)
    assert run.enrollment_start == dt.datetime(2017, 10, 1, tzinfo=dt.UTC)
    assert (run.end, run.enrollment_end) == (None, None)
    assert (run.min_effort, run.max_effort, run.weeks_to_complete) == (5, 6, 3)
    assert (run.status, run.pacing) == (RunStatus.PUBLISHED, Pacing.SELF_PACED)
    assert (run.content_language, run.transcript_languages, run.mobile_available) == ("en", [], True)
    assert run.marketing_slug == course.marketing_slug == "edxdemoslug"
    subjects = await query(
        select(table_of(CourseSubject)).where(col(CourseSubject.course_id) == run.course_id)
    )
    assert subjects == []


async def test_the_example_run_has_the_documented_seats_staff_organization_and_program(query: Query) -> None:
    seats = await query(
        select(col(Seat.mode), col(Seat.price), col(Seat.upgrade_deadline))
        .join(CourseRun, col(CourseRun.id) == col(Seat.run_id))
        .where(col(CourseRun.key) == RUN)
        .order_by(col(Seat.id))
    )
    assert [tuple(seat) for seat in seats] == [("audit", Decimal(0), None), ("verified", Decimal(49), None)]
    staff = await query(
        select(col(Person.uuid))
        .join(CourseRunStaff, col(CourseRunStaff.person_id) == col(Person.id))
        .join(CourseRun, col(CourseRun.id) == col(CourseRunStaff.run_id))
        .where(col(CourseRun.key) == RUN)
        .order_by(col(CourseRunStaff.position))
    )
    assert [str(uuid) for (uuid,) in staff] == [
        "a1b2c3d4-3185-4233-a323-2fbeb401cb82",
        "a1b2c3d4-4ebe-4e5c-b0a2-2ff630c0dae0",
        "b2c3d4e5-bf58-47cf-ae9a-994c0eb22062",
        "1111a42a-b667-4664-bdaa-4754e1cfd480",
    ]
    organizations = await query(
        select(col(Organization.uuid), col(Organization.logo_image_url))
        .join(CourseOrganization, col(CourseOrganization.organization_id) == col(Organization.id))
        .join(Course, col(Course.id) == col(CourseOrganization.course_id))
        .where(col(Course.key) == "edX+DemoX")
    )
    assert [tuple(organization) for organization in organizations] == [
        (
            UUID("12de950c-6fae-49f7-aaa9-778c2fbdae56"),
            "https://www.edx.org/sites/default/files/school/image/logo/gtx-logo-200x101.png",
        )
    ]
    excluded = (
        select(col(ProgramExcludedRun.program_id))
        .join(CourseRun, col(CourseRun.id) == col(ProgramExcludedRun.run_id))
        .where(col(CourseRun.key) == RUN)
    )
    types = await query(
        select(col(ProgramType.name))
        .join(Program, col(Program.type_id) == col(ProgramType.id))
        .join(ProgramCourse, col(ProgramCourse.program_id) == col(Program.id))
        .join(Course, col(Course.id) == col(ProgramCourse.course_id))
        .where(col(Course.key) == "edX+DemoX", col(Program.id).not_in(excluded))
    )
    assert [name for (name,) in types] == ["Professional Certificate"]


async def test_the_example_catalog_begins_with_the_example_run(query: Query) -> None:
    (catalog,) = await query(
        select(
            col(EnterpriseCatalog.id),
            col(EnterpriseCatalog.title),
            col(EnterpriseCustomer.uuid),
            col(EnterpriseCustomer.name),
        )
        .join(EnterpriseCustomer, col(EnterpriseCustomer.id) == col(EnterpriseCatalog.customer_id))
        .where(col(EnterpriseCatalog.uuid) == CATALOG)
    )
    assert catalog.title == "All Content"
    assert catalog.uuid == UUID("58152f7f-6d0e-41cf-862d-0a27c6fad72c")
    assert catalog.name.lower().replace(" ", "-") == "degreed-company"
    items = await query(
        select(col(CourseRun.key), col(CatalogItem.course_id), col(CatalogItem.program_id))
        .select_from(CatalogItem)
        .outerjoin(CourseRun, col(CourseRun.id) == col(CatalogItem.run_id))
        .where(col(CatalogItem.catalog_id) == catalog.id)
        .order_by(col(CatalogItem.added_at))
    )
    assert items[0].key == RUN
    assert sum(item.course_id is not None for item in items) == 12
    assert sum(item.program_id is not None for item in items) == 1


async def test_the_other_example_catalog_holds_the_example_course(query: Query) -> None:
    courses = await query(
        select(col(Course.key))
        .join(CatalogItem, col(CatalogItem.course_id) == col(Course.id))
        .join(EnterpriseCatalog, col(EnterpriseCatalog.id) == col(CatalogItem.catalog_id))
        .where(col(EnterpriseCatalog.uuid) == UUID("3f56a21c-76c8-47c0-add8-a99714d40d94"))
    )
    assert {"MyUni+Sport101x", "RITx+PM9003x"} <= {key for (key,) in courses}


@pytest.mark.parametrize("key", [RUN, OLD_RUN])
async def test_both_spellings_are_runs_of_one_course(query: Query, key: str) -> None:
    course = select(col(Course.key)).join(CourseRun, col(CourseRun.course_id) == col(Course.id))
    assert [tuple(row) for row in await query(course.where(col(CourseRun.key) == key))] == [("edX+DemoX",)]


async def test_the_example_problem_has_a_grade_distribution(query: Query) -> None:
    grades = await query(
        select(col(GradeCount.grade), col(GradeCount.max_grade), col(CourseRun.key))
        .join(Module, col(Module.id) == col(GradeCount.module_id))
        .join(CourseRun, col(CourseRun.id) == col(Module.run_id))
        .where(
            col(Module.usage_key) == "i4x://edX/DemoX/Demo_Course/problem/97fd93e33a18495488578e9e74fa4cae"
        )
        .order_by(col(GradeCount.grade))
    )
    assert [tuple(grade) for grade in grades] == [(float(points), 2.0, OLD_RUN) for points in range(3)]


async def test_the_example_problem_has_the_documented_answers(query: Query) -> None:
    answers = await query(
        select(table_of(AnswerCount))
        .join(Module, col(Module.id) == col(AnswerCount.module_id))
        .where(
            col(Module.usage_key) == "i4x://edX/DemoX/Demo_Course/problem/268b43628e6d45f79c52453a590f9829"
        )
        .order_by(col(AnswerCount.value_id))
    )
    assert {answer.part_id for answer in answers} == {
        "i4x-edX-DemoX-Demo_Course-problem-268b43628e6d45f79c52453a590f9829_2_1"
    }
    assert {answer.problem_display_name for answer in answers} == {"Multiple Choice Problem"}
    assert {answer.question_text for answer in answers} == {
        "Which of the following countries has the largest population?"
    }
    assert [(a.value_id, a.answer_value, a.correct, a.variant) for a in answers[:2]] == [
        ("choice_0", "Russia", False, None),
        ("choice_1", "Indonesia", True, None),
    ]


async def test_the_example_subsection_was_opened(query: Query) -> None:
    opens = await query(
        select(col(SubsectionOpens.learners))
        .join(Module, col(Module.id) == col(SubsectionOpens.module_id))
        .where(
            col(Module.usage_key) == "i4x://edX/DemoX/Demo_Course/sequential/5c6c207e16dd47208c29bd8d3e68861e"
        )
    )
    assert opens[0].learners > 0


@pytest.mark.parametrize(
    ("video_id", "duration"),
    [
        ("UniversityX/UX.3.01x/1T2015|i4x-UniversityX-UX_3_01x-video-02874e0ae0c74ae7b16faa5d6fdc8085", 142),
        ("UniversityX/UX.3.01x/1T2015|i4x-UniversityX-UX_3_01x-video-03454e0ae0c72ae7b16fab3d6fdc2143", 66),
    ],
)
async def test_the_example_videos_have_a_timeline(query: Query, video_id: str, duration: int) -> None:
    run_key, encoded_id = video_id.split("|")
    segments = await query(
        select(col(VideoViews.duration), col(VideoSegment.segment))
        .join(Module, col(Module.id) == col(VideoViews.module_id))
        .join(CourseRun, col(CourseRun.id) == col(Module.run_id))
        .join(VideoSegment, col(VideoSegment.module_id) == col(Module.id))
        .where(col(CourseRun.key) == run_key, col(Module.encoded_id) == encoded_id)
        .order_by(col(VideoSegment.segment))
    )
    assert [tuple(row) for row in segments] == [(duration, segment) for segment in range(duration // 5 + 1)]
