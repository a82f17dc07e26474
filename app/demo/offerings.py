"""The demo's course runs with seats, staff and modules, and its programs, as rows."""

import datetime as dt
from collections.abc import Iterator

from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.models import (
    CourseRun,
    CourseRunStaff,
    Module,
    Program,
    ProgramCourse,
    ProgramExcludedRun,
    ProgramOrganization,
    ProgramType,
    Seat,
)
from app.demo.catalog import PARTNER
from app.demo.content import offers, types
from app.demo.content.offers import COURSES, PROGRAM_TYPES, PROGRAMS
from app.demo.rows import MADE, Ids, Row, add, add_by, demo_uuid
from app.demo.simulation import World
from app.vocabulary import RunStatus

_SEAT_NAMES = {
    "audit": "Audit",
    "honor": "Honor code certificate",
    "verified": "Verified certificate",
    "professional": "Professional education",
    "credit": "University credit",
}


async def write_runs(connection: AsyncConnection, courses: Ids, people: Ids) -> Ids:
    """Write course runs with their seats and staff."""
    content = [(course, run) for course in COURSES for run in course.runs]
    rows = [_run(course, run) | {"course_id": courses[course.key]} for course, run in content]
    runs = await add_by(connection, "key", CourseRun, rows)
    await add(
        connection, Seat, [seat | {"run_id": runs[run.key]} for _, run in content for seat in _seats(run)]
    )
    await add(
        connection,
        CourseRunStaff,
        [
            {"run_id": runs[run.key], "person_id": people[slug], "position": position}
            for _, run in content
            for position, slug in enumerate(run.staff)
        ],
    )
    return runs


async def write_modules(connection: AsyncConnection, world: World, runs: Ids) -> Ids:
    """Write the modules of all runs; their ids are by usage key."""
    rows = [
        {
            "run_id": runs[key],
            "usage_key": module.usage_key,
            "category": module.category,
            "display_name": module.name,
            "encoded_id": module.encoded_id,
        }
        for key, lessons in world.lessons.items()
        for lesson in lessons
        for module in lesson.modules
    ]
    return await add_by(connection, "usage_key", Module, rows)


async def write_programs(connection: AsyncConnection, organizations: Ids, courses: Ids, runs: Ids) -> Ids:
    """Write program types, and programs with what they consist of; the ids of programs are by slug."""
    kinds = [
        {"uuid": demo_uuid("program type", slug), "slug": slug, "name": name, "coaching_supported": coached}
        for slug, name, coached in PROGRAM_TYPES
    ]
    types_of_program = await add_by(connection, "slug", ProgramType, kinds)
    rows = [_program(program) | {"type_id": types_of_program[program.type]} for program in PROGRAMS]
    programs = await add_by(connection, "marketing_slug", Program, rows)
    await add(
        connection,
        ProgramCourse,
        [
            {"program_id": programs[program.slug], "course_id": courses[key], "position": position}
            for program in PROGRAMS
            for position, key in enumerate(program.courses)
        ],
    )
    await add(
        connection,
        ProgramExcludedRun,
        [
            {"program_id": programs[program.slug], "run_id": runs[key]}
            for program in PROGRAMS
            for key in program.excluded
        ],
    )
    await add(
        connection,
        ProgramOrganization,
        [
            {
                "program_id": programs[program.slug],
                "organization_id": organizations[key],
                "position": position,
            }
            for program in PROGRAMS
            for position, key in enumerate(program.organizations)
        ],
    )
    return programs


def _run(course: types.Course, run: types.Run) -> Row:
    published = run.status is RunStatus.PUBLISHED
    name = run.key.replace("+", "/").rpartition("/")[2].lower().replace("_", "-")
    return {
        "uuid": demo_uuid("run", run.key),
        "key": run.key,
        "status": run.status,
        "title": run.title,
        "start": run.start,
        "end": run.end,
        "enrollment_start": run.enrollment_start,
        "enrollment_end": run.enrollment_end,
        "announcement": run.start - dt.timedelta(days=120) if published else None,
        "go_live_date": run.start - dt.timedelta(days=90) if published else None,
        "pacing": run.pacing,
        "content_language": course.language,
        "transcript_languages": list(run.transcripts),
        "min_effort": course.effort[0],
        "max_effort": course.effort[1],
        "weeks_to_complete": course.weeks,
        "mobile_available": run.mobile,
        "marketing_slug": run.marketing_slug or (f"{course.slug}-{name}" if published else None),
        "license": "all-rights-reserved",
        "reporting_type": "mooc",
        "created": MADE,
        "modified": MADE + dt.timedelta(days=200),
    }


def _seats(run: types.Run) -> Iterator[Row]:
    for mode, price in run.seats.items():
        paid = price > 0
        yield {
            "mode": mode,
            "name": _SEAT_NAMES[mode],
            "price": price,
            "currency": "USD",
            "upgrade_deadline": run.end - dt.timedelta(days=10) if run.end and mode == "verified" else None,
            "sku": demo_uuid("seat", f"{run.key} {mode}").hex[:7].upper() if paid else None,
            "bulk_sku": demo_uuid("bulk seat", f"{run.key} {mode}").hex[:7].upper() if paid else None,
            "credit_provider": "north-shore" if mode == "credit" else "",
            "credit_hours": 3 if mode == "credit" else None,
        }


def _program(program: offers.Program) -> Row:
    courses = [course for course in COURSES if course.key in program.courses]
    return {
        "uuid": demo_uuid("program", program.slug),
        "title": program.title,
        "subtitle": program.subtitle,
        "marketing_slug": program.slug,
        "card_image_url": f"https://images.example.org/program/{program.slug}.jpg",
        "min_hours_effort_per_week": min(course.effort[0] for course in courses),
        "max_hours_effort_per_week": max(course.effort[1] for course in courses),
        "weeks_to_complete_min": min(course.weeks for course in courses),
        "weeks_to_complete_max": max(course.weeks for course in courses),
        "one_click_purchase": program.one_click_purchase,
        "partner": PARTNER,
        "created": MADE,
        "modified": MADE + dt.timedelta(days=150),
    }
