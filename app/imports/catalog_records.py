"""Courses and course runs as course-discovery's API shows them, in its present form and in its older ones."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import String
from sqlmodel import SQLModel

from app.analytics.places import course_key
from app.db.models import Course, CourseRun, Entitlement, Organization, Person, Seat, Subject
from app.db.models.tables import table_of
from app.imports.json_files import JsonObject
from app.imports.refresh import Values
from app.vocabulary import RUN_KEY, Pacing, RunStatus

_Reader = Callable[[JsonObject, str], Any]

_PACES = {
    "self_paced": Pacing.SELF_PACED,
    "self": Pacing.SELF_PACED,
    "instructor_paced": Pacing.INSTRUCTOR_PACED,
    "instructor": Pacing.INSTRUCTOR_PACED,
}
_STATUSES = {
    "published": RunStatus.PUBLISHED,
    "reviewed": RunStatus.REVIEWED,
    "unpublished": RunStatus.UNPUBLISHED,
    "review_by_legal": RunStatus.UNPUBLISHED,
    "review_by_internal": RunStatus.UNPUBLISHED,
}
_OF_COURSES = ("course_runs", "owners", "entitlements", "subjects")
_OF_RUNS = ("course", "seats", "pacing_type")
_SLUG = re.compile(r"[^\w-]+")


@dataclass
class Offering:
    """A course run with what belongs to it; None where the record does not tell."""

    values: Values
    course: str
    seats: list[Values] | None = None
    staff: list[Values] | None = None


@dataclass
class Entry:
    """A course with what belongs to it, or runs without their course; None where the record does not tell."""

    course: Values | None = None
    runs: list[Offering] = field(default_factory=list)
    owners: list[Values] | None = None
    sponsors: list[Values] | None = None
    subjects: list[Values] | None = None
    entitlements: list[Values] | None = None


def read_entry(record: JsonObject) -> Entry:
    """A course or a course run, whichever a record is. Raises `BadUserInput` that names the field."""
    if any(name in record for name in _OF_COURSES):
        return _course(record)
    if any(name in record for name in _OF_RUNS):
        return Entry(runs=[_run(record)])
    raise record.refused("key", "this is neither a course nor a course run")


def _course(record: JsonObject) -> Entry:
    nested = record.members("course_runs")
    key = _course_key(record, nested)
    values = {"key": key} | _values(Course, record, _COURSE) | _media(Course, record)
    levels = record.any("level_type")
    if isinstance(levels, dict) and (level := record.member("level_type")):
        values |= _values(Course, level, {"level_type": ("name", JsonObject.text)})
    elif "level_type" in record:
        values |= _values(Course, record, {"level_type": ("level_type", JsonObject.text)})
    partners = (_values(Course, run, {"partner": ("partner_short_code", JsonObject.text)}) for run in nested)
    for partner in partners:
        values |= partner
    return Entry(
        course=values,
        runs=[_run(run, key) for run in nested],
        owners=_each(record, "owners", _organization),
        sponsors=_each(record, "sponsors", _organization),
        subjects=_each(record, "subjects", _subject),
        entitlements=_each(record, "entitlements", _entitlement),
    )


def _course_key(record: JsonObject, runs: list[JsonObject]) -> str:
    """The key of a course; where a record has the key of a run there, the one that its runs give."""
    key = record.key("key")
    if not RUN_KEY.fullmatch(key):
        return key
    named = {run.any("course") for run in runs if "course" in run}
    return runs[0].key("course") if len(named) == 1 and "course" in runs[0] else course_key(key)


def _run(record: JsonObject, course: str | None = None) -> Offering:
    key = record.key("key", RUN_KEY.pattern)
    status = record.any("status")
    values = {
        "key": key,
        # Records without a status are of a time when only published runs were shown.
        "status": RunStatus.PUBLISHED if status is None else _choice(record, "status", _STATUSES),
        **_values(CourseRun, record, _RUN),
    }
    if course is None:
        named = record.any("course")
        inside = record.member("course") if isinstance(named, dict) else None
        course = inside.key("key") if inside else record.key("course") if named else course_key(key)
    return Offering(
        values=values,
        course=course,
        seats=_each(record, "seats", _seat),
        staff=_each(record, "staff", _person),
    )


def _seat(record: JsonObject) -> Values:
    named = record.any("type")
    inside = record.member("type") if isinstance(named, dict) else None
    return {
        "mode": inside.key("slug", r"\S{1,100}") if inside else record.key("type", r"\S{1,100}"),
        "credit_provider": _short(Seat, record, "credit_provider", "credit_provider", JsonObject.text) or "",
        "price": record.amount("price") or Decimal(0),
        **_values(Seat, record, _SEAT),
    }


def _entitlement(record: JsonObject) -> Values:
    return {
        "mode": record.key("mode", r"\S{1,100}"),
        "price": record.amount("price") or Decimal(0),
        **_values(Entitlement, record, _ENTITLEMENT),
    }


def _organization(record: JsonObject) -> Values:
    key = record.key("key")
    values = {"key": key, "name": key, **_values(Organization, record, _ORGANIZATION)}
    if logo := record.member("logo_image"):
        values |= _values(Organization, logo, {"logo_image_url": ("src", JsonObject.text)})
    return values


def _subject(record: JsonObject) -> Values:
    name = record.text("name")
    slug = record.text("slug") or _slug(name)
    if not slug:
        raise record.refused("slug", "a subject needs a slug or a name")
    return {"slug": slug, "name": slug, **_values(Subject, record, _SUBJECT)}


def _person(record: JsonObject) -> Values:
    uuid, name = record.uuid("uuid"), record.text("given_name") or record.text("name")
    slug = record.text("slug") or record.text("key") or (str(uuid) if uuid else _slug(name))
    if not slug:
        raise record.refused("slug", "a person needs a slug, a UUID or a name")
    values = {"slug": slug, "given_name": name or slug, **_values(Person, record, _PERSON)}
    if position := record.member("position"):
        values |= _values(Person, position, _POSITION) | {"organization": position.uuid("organization_uuid")}
    if urls := record.member("urls"):
        values |= _values(Person, urls, _ADDRESSES)
    if image := record.member("profile_image"):
        image = image.member("medium") or image
        source = "src" if "src" in image else "url"
        values |= _values(Person, image, {"profile_image_url": (source, JsonObject.text)})
    if works := record.text("major_works"):
        values["works"] = [line for each in works.splitlines() if (line := each.strip())]
    return values


def _media(model: type[SQLModel], record: JsonObject) -> Values:
    """The images and the video of a course; some records have addresses instead of objects."""
    values: Values = {}
    for member, columns in _MEDIA.items():
        if isinstance(record.any(member), str):
            values |= _values(model, record, {f"{member}_url": (member, JsonObject.text)})
        elif found := record.member(member):
            values |= _values(model, found, columns)
            if still := found.member("image"):
                values |= _values(model, still, {f"{member}_image_url": ("src", JsonObject.text)})
    return values


def _values(model: type[SQLModel], record: JsonObject, columns: Mapping[str, tuple[str, _Reader]]) -> Values:
    """What a record says of columns; nothing of a column that must have a value and gets null."""
    values = {
        column: _short(model, record, column, member, read)
        for column, (member, read) in columns.items()
        if member in record
    }
    table = table_of(model)
    return {
        column: value for column, value in values.items() if value is not None or table.c[column].nullable
    }


def _short(model: type[SQLModel], record: JsonObject, column: str, member: str, read: _Reader) -> Any:
    value = read(record, member)
    type_ = table_of(model).c[column].type
    if isinstance(value, str) and isinstance(type_, String) and type_.length and len(value) > type_.length:
        raise record.refused(member, f"is longer than {type_.length} characters")
    return value


def _each(record: JsonObject, name: str, read: Callable[[JsonObject], Values]) -> list[Values] | None:
    return [read(each) for each in record.members(name)] if name in record else None


def _choice(record: JsonObject, name: str, choices: Mapping[str, Any]) -> Any:
    value = record.text(name)
    if value is None:
        return None
    if value not in choices:
        raise record.refused(name, f"{value!r:.60} is none of: {', '.join(choices)}")
    return choices[value]


def _pacing(record: JsonObject, name: str) -> Pacing | None:
    pacing: Pacing | None = _choice(record, name, _PACES)
    return pacing


def _page(record: JsonObject, name: str) -> str | None:
    """The last word of an address, which names its page."""
    address = record.text(name)
    return address and address.partition("?")[0].rstrip("/").rpartition("/")[2]


def _names(record: JsonObject, name: str) -> list[str]:
    """Texts, or objects with a name or a value."""
    if all(isinstance(each, str) for each in record.items(name)):
        return record.texts(name)
    found = (each.text("name") or each.text("value") for each in record.members(name))
    return [text for text in found if text]


def _slug(name: str | None) -> str:
    return _SLUG.sub("-", name.lower()).strip("-") if name else ""


def _named(**readers: _Reader) -> dict[str, tuple[str, _Reader]]:
    return {name: (name, read) for name, read in readers.items()}


_text, _count, _instant = JsonObject.text, JsonObject.count, JsonObject.instant

_COURSE = {
    **_named(
        uuid=JsonObject.uuid,
        title=_text,
        short_description=_text,
        full_description=_text,
        outcome=_text,
        prerequisites=_names,
        expected_learning_items=_names,
        modified=_instant,
    ),
    "syllabus": ("syllabus_raw", _text),
    "prerequisites_text": ("prerequisites_raw", _text),
    "marketing_slug": ("marketing_url", _page),
}
_MEDIA: dict[str, dict[str, tuple[str, _Reader]]] = {
    "image": {
        "image_url": ("src", _text),
        "image_description": ("description", _text),
        "image_width": ("width", _count),
        "image_height": ("height", _count),
    },
    "original_image": {"original_image_url": ("src", _text)},
    "video": {"video_url": ("src", _text), "video_description": ("description", _text)},
}
_RUN = {
    **_named(
        uuid=JsonObject.uuid,
        title=_text,
        short_description=_text,
        full_description=_text,
        outcome=_text,
        start=_instant,
        end=_instant,
        enrollment_start=_instant,
        enrollment_end=_instant,
        announcement=_instant,
        go_live_date=_instant,
        content_language=_text,
        transcript_languages=_names,
        min_effort=_count,
        max_effort=_count,
        weeks_to_complete=_count,
        mobile_available=JsonObject.flag,
        invite_only=JsonObject.flag,
        hidden=JsonObject.flag,
        license=_text,
        reporting_type=_text,
        external_key=_text,
        eligible_for_financial_aid=JsonObject.flag,
        modified=_instant,
    ),
    "pacing": ("pacing_type", _pacing),
    "marketing_slug": ("marketing_url", _page),
}
_SEAT = _named(currency=_text, upgrade_deadline=_instant, sku=_text, bulk_sku=_text, credit_hours=_count)
_ENTITLEMENT = _named(currency=_text, sku=_text, expires=_instant)
_ORGANIZATION = _named(
    uuid=JsonObject.uuid,
    name=_text,
    description=_text,
    homepage_url=_text,
    marketing_url=_text,
    logo_image_url=_text,
    certificate_logo_image_url=_text,
    tags=_names,
)
_SUBJECT = _named(
    uuid=JsonObject.uuid,
    name=_text,
    subtitle=_text,
    description=_text,
    banner_image_url=_text,
    card_image_url=_text,
)
_PERSON = {
    **_named(
        uuid=JsonObject.uuid,
        salutation=_text,
        family_name=_text,
        bio=_text,
        email=_text,
        profile_image_url=_text,
        works=_names,
    ),
    "position_title": ("title", _text),
}
_POSITION = {"position_title": ("title", _text), "position_organization_name": ("organization_name", _text)}
_ADDRESSES = {
    "facebook_url": ("facebook", _text),
    "twitter_url": ("twitter", _text),
    "blog_url": ("blog", _text),
}
