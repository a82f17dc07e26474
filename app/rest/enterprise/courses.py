"""Courses and programs as content items (Enterprise contract 8.1 and 8.3)."""

from app.rest.enterprise.objects import (
    IMAGE,
    PROGRAM_REF,
    TEXT,
    TEXTS,
    TIME,
    UUIDS,
    VIDEO,
    YES_OR_NO,
    image,
    newest,
    type_name,
    uuids,
    video,
)
from app.rest.enterprise.runs import RUN_WITH_DETAILS
from app.rest.members import Made, Members, described, listed, made
from app.rest.render import Row
from app.rest.route import Call
from app.rest.schemas import STRING, Schema, exactly, nullable
from app.vocabulary import ProgramStatus

_NAMES: Schema = {"type": "array", "items": exactly(name=STRING)}


def _runs(course: Row, call: Call) -> list[Row]:
    return [made(RUN_WITH_DETAILS, run | {"course": course}, call) for run in course["course_runs"]]


def _described_runs(given: Schema) -> Schema:
    run = given["properties"]["course_runs"]["items"]
    whole = {"properties": {**run["properties"], "course": given}}
    return {"type": "array", "items": described(RUN_WITH_DETAILS, whole)}


def _last_end(course: Row, call: Call) -> str | None:
    """When the last run ends; null if one never does."""
    ends = [run["end"] for run in course["course_runs"]]
    return newest(ends) if ends and all(ends) else None


def _content_last_modified(item: Row, call: Call) -> str:
    """The newest change of the item, the catalog and the customer."""
    return newest([item[name] for name in ("modified", "catalog_modified", "customer_modified")])


def _activity_id(course: Row, call: Call) -> str:
    return f"{call.settings.lms_url}/xapi/activities/course/{course['key']}"


COURSE: Members = {
    "course_runs": Made(_described_runs, _runs),
    "enrollment_url": None,
    "entitlements": None,
    "expected_learning_items": None,
    "full_description": None,
    "image": Made(nullable(IMAGE), lambda course, call: image(course)),
    "key": None,
    "level_type": None,
    "marketing_url": None,
    "modified": None,
    "original_image": None,
    "outcome": None,
    "owners": None,
    "prerequisites": Made(_NAMES, lambda course, call: [{"name": name} for name in course["prerequisites"]]),
    "prerequisites_raw": None,
    "programs": listed("programs", PROGRAM_REF),
    "short_description": None,
    "sponsors": None,
    "subjects": None,
    "syllabus_raw": None,
    "title": None,
    "uuid": None,
    "video": Made(nullable(VIDEO), lambda course, call: video(course)),
    "content_type": Made({"const": "course"}, lambda course, call: "course"),
    "aggregation_key": Made(STRING, lambda course, call: f"course:{course['key']}"),
    "image_url": None,
    "card_image_url": Made(TEXT, lambda course, call: course["image_url"]),
    "seat_types": None,
    "languages": None,
    "organizations": Made(
        TEXTS, lambda course, call: [f"{owner['key']}: {owner['name']}" for owner in course["owners"]]
    ),
    "end_date": Made(nullable(TIME), _last_end),
    "active": None,
    "content_last_modified": Made(TIME, _content_last_modified),
    "xapi_activity_id": Made({**STRING, "format": "uri"}, _activity_id),
    "course_run_keys": Made(TEXTS, lambda course, call: [run["key"] for run in course["course_runs"]]),
    "advertised_course_run_uuid": Made(
        nullable({**STRING, "format": "uuid"}),
        lambda course, call: course["advertised"] and course["advertised"]["uuid"],
    ),
    # Nobody knows them here, and public clients read them.
    "skill_names": Made(TEXTS, lambda course, call: []),
    "skills": Made(TEXTS, lambda course, call: []),
    "enrollment_count": Made({"type": "null"}, lambda course, call: None),
}
"""The 23 members of the documentation, and what the service told beyond them."""

PROGRAM: Members = {
    "aggregation_key": Made(STRING, lambda program, call: f"program:{program['uuid']}"),
    "authoring_organization_uuids": Made(
        UUIDS, lambda program, call: uuids(program["authoring_organizations"])
    ),
    "authoring_organizations": None,
    "card_image_url": None,
    "content_type": Made({"const": "program"}, lambda program, call: "program"),
    "enrollment_url": None,
    "language": Made(TEXT, lambda program, call: ", ".join(program["languages"]) or None),
    "marketing_url": None,
    "max_hours_effort_per_week": None,
    "min_hours_effort_per_week": None,
    "partner": None,
    "published": Made(
        YES_OR_NO, lambda program, call: program["program_status"] == ProgramStatus.ACTIVE.name
    ),
    "staff_uuids": Made(UUIDS, lambda program, call: sorted(uuids(program["staff"]))),
    "subject_uuids": Made(UUIDS, lambda program, call: sorted(uuids(program["subjects"]))),
    "subtitle": None,
    "title": Made(STRING, lambda program, call: program["program_title"]),
    "type": Made(TEXT, type_name),
    "uuid": None,
    "weeks_to_complete_max": None,
    "weeks_to_complete_min": None,
    "status": Made(
        {**STRING, "enum": list(ProgramStatus)},
        lambda program, call: ProgramStatus[program["program_status"]],
    ),
    "marketing_slug": None,
    "hidden": None,
    "is_program_eligible_for_one_click_purchase": None,
}
"""The 20 members of the documentation, and what the service told beyond them."""


def _courses(program: Row, call: Call) -> list[Row]:
    context = {name: program[name] for name in ("catalog_modified", "customer_modified")}
    return [made(COURSE, course | context, call) for course in program["courses"]]


def _described_courses(given: Schema) -> Schema:
    return {"type": "array", "items": described(COURSE, given["properties"]["courses"]["items"])}


PROGRAM_WITH_COURSES: Members = {**PROGRAM, "courses": Made(_described_courses, _courses)}
"""With what its own path tells."""
