"""Programs as course-discovery's API shows them: by themselves, and named by their courses and runs."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from app.db.models import Program, ProgramType
from app.imports.catalog_fields import (
    choice_of,
    keyed,
    one_of,
    organization_of,
    page_of,
    rows_of,
    same_names,
    slug_of,
    values_of,
)
from app.imports.json_files import JsonObject
from app.imports.refresh import Values
from app.vocabulary import ProgramStatus

_STATUSES = {status.value: status for status in ProgramStatus}
_ELIGIBLE, _ENABLED = "is_program_eligible_for_one_click_purchase", "one_click_purchase_enabled"


@dataclass
class Series:
    """A program with what belongs to it; None where the record does not tell.

    Courses are named by their keys: `courses` are all of them in order, `members`
    some that it has. So are the course runs that do not count.
    """

    values: Values
    type: Values | None = None
    courses: list[str] | None = None
    members: tuple[str, ...] = ()
    excluded_runs: list[str] | None = None
    organizations: list[Values] | None = None


def read_program(record: JsonObject) -> Series:
    """The program that a record is, without its courses. Raises `BadUserInput` that names the field."""
    series = _described(record)
    for name in ("uuid", "title"):
        if series.values.get(name) is None:
            raise record.refused(name, "a program needs one")
    series.organizations = rows_of(record, "authoring_organizations", organization_of)
    if "excluded_course_runs" in record:
        series.excluded_runs = [each.key("key") for each in keyed(record, "excluded_course_runs")]
    return series


def named_programs(records: Iterable[JsonObject], course: str) -> list[Series]:
    """The programs that a course and its runs say they belong to, as far as they tell enough of them."""
    found = []
    for record in records:
        # Some records have no more than names there.
        if not all(isinstance(item, dict) for item in record.items("programs")):
            continue
        for each in record.members("programs"):
            series = _described(each)
            if series.values.get("uuid") and series.values.get("title"):
                series.members = (course,)
                found.append(series)
    return found


def _described(record: JsonObject) -> Series:
    values = values_of(Program, record, _PROGRAM)
    if "status" in record:
        values["status"] = choice_of(record, "status", _STATUSES)
    elif "published" in record:
        values["status"] = ProgramStatus.ACTIVE if record.flag("published") else ProgramStatus.UNPUBLISHED
    if "marketing_slug" not in record:
        values |= values_of(Program, record, {"marketing_slug": ("marketing_url", page_of)})
    if "card_image_url" not in record:
        values |= _card_image(record)
    if "weeks_to_complete" in record:
        weeks = record.count("weeks_to_complete")
        values = {"weeks_to_complete_min": weeks, "weeks_to_complete_max": weeks} | values
    for name in (_ENABLED, _ELIGIBLE):
        if (flag := record.flag(name)) is not None:
            values["one_click_purchase"] = flag
    type_ = _type(record)
    if type_ is None and "type" in record:
        values["type_id"] = None
    return Series(values, type_)


def _type(record: JsonObject) -> Values | None:
    """The kind of program: its name, an object, or both."""
    named: Any = record.any("type")
    inside = record.member("type") if isinstance(named, dict) else record.member("type_attrs")
    name = inside.text("name") if isinstance(named, dict) and inside else record.text("type")
    slug = (inside.text("slug") if inside else None) or slug_of(name)
    if not slug:
        return None
    values = {"slug": slug, "name": name or slug}
    return values | values_of(ProgramType, inside, _TYPE) if inside else values


def _card_image(record: JsonObject) -> Values:
    record = one_of(record, "card_image")
    if isinstance(record.any("card_image"), dict) and (image := record.member("card_image")):
        return values_of(Program, image, {"card_image_url": ("src", JsonObject.text)})
    return values_of(Program, record, {"card_image_url": ("card_image", JsonObject.text)})


_text, _count = JsonObject.text, JsonObject.count

_PROGRAM = same_names(
    uuid=JsonObject.uuid,
    title=_text,
    subtitle=_text,
    marketing_slug=_text,
    card_image_url=_text,
    min_hours_effort_per_week=_count,
    max_hours_effort_per_week=_count,
    weeks_to_complete_min=_count,
    weeks_to_complete_max=_count,
    hidden=JsonObject.flag,
    partner=_text,
    modified=JsonObject.instant,
)
_TYPE = same_names(uuid=JsonObject.uuid, coaching_supported=JsonObject.flag)
