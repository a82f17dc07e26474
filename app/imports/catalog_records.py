"""Content as course-discovery's API shows it, in its present form and in its older ones.

Read are courses, course runs and programs, as enterprise catalogs hold them too
(Enterprise contract 8).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal

from app.analytics.places import course_key
from app.db.models import Course, CourseRun, Entitlement, Person, Seat, Subject
from app.imports.catalog_fields import (
    Reader,
    choice_of,
    keyed,
    lines_of,
    names_of,
    one_of,
    organization_of,
    page_of,
    rows_of,
    same_names,
    short_value,
    slug_of,
    values_of,
)
from app.imports.json_files import JsonObject
from app.imports.languages import language_code
from app.imports.program_records import Series, named_programs, read_program
from app.imports.refresh import Values
from app.vocabulary import RUN_KEY, ContentKind, Pacing, RunStatus, level_name

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
_KINDS = {
    "course": ContentKind.COURSE,
    "courserun": ContentKind.COURSE_RUN,
    "program": ContentKind.PROGRAM,
}
_OF_PROGRAMS = ("courses", "authoring_organizations", "marketing_slug", "card_image_url")
_OF_COURSES = ("course_runs", "owners", "entitlements", "subjects")
_OF_RUNS = ("course", "seats", "pacing_type")


@dataclass
class Offering:
    """A course run with what belongs to it; None where the record does not tell."""

    values: Values
    course: str
    seats: list[Values] | None = None
    staff: list[Values] | None = None


@dataclass
class Entry:
    """A course with what belongs to it, or runs without their course; None where the record does not tell.

    `key` is the native key of what the record is; a program comes after the courses
    that stand in it, which have none.
    """

    course: Values | None = None
    runs: list[Offering] = field(default_factory=list)
    owners: list[Values] | None = None
    sponsors: list[Values] | None = None
    subjects: list[Values] | None = None
    entitlements: list[Values] | None = None
    programs: list[Series] = field(default_factory=list)
    key: str | None = None


def read_entries(record: JsonObject) -> Iterator[Entry]:
    """What a record tells, whichever kind of content it is. Raises `BadUserInput` that names the field."""
    kind = _kind(record)
    if kind is ContentKind.PROGRAM:
        yield from _program(record)
        return
    yield _course(record) if kind is ContentKind.COURSE else _lone_run(record)


def _kind(record: JsonObject) -> ContentKind:
    if "content_type" in record:
        kind: ContentKind | None = choice_of(record, "content_type", _KINDS)
        if kind is not None:
            return kind
    # Programs have subjects too, and no keys.
    if "key" not in record and any(name in record for name in _OF_PROGRAMS):
        return ContentKind.PROGRAM
    if any(name in record for name in _OF_COURSES):
        return ContentKind.COURSE
    if any(name in record for name in _OF_RUNS):
        return ContentKind.COURSE_RUN
    raise record.refused("key", "this is neither a course nor a course run nor a program")


def _program(record: JsonObject) -> Iterator[Entry]:
    series = read_program(record)
    if "courses" in record:
        courses = [_course(each) for each in keyed(record, "courses")]
        series.courses = [entry.course["key"] for entry in courses if entry.course]
        yield from (replace(entry, key=None) for entry in courses)
    yield Entry(programs=[series], key=str(series.values["uuid"]))


def _course(record: JsonObject) -> Entry:
    nested = record.members("course_runs")
    key = _course_key(record, nested)
    values = {"key": key, **values_of(Course, record, _COURSE), **_media(record), **_level(record)}
    for run in nested:
        values |= _partner(run)
    return Entry(
        course=values,
        runs=[_run(run, key) for run in nested],
        owners=rows_of(record, "owners", organization_of),
        sponsors=rows_of(record, "sponsors", organization_of),
        subjects=rows_of(record, "subjects", _subject),
        entitlements=rows_of(record, "entitlements", _entitlement),
        programs=named_programs([record, *nested], key),
        key=key,
    )


def _lone_run(record: JsonObject) -> Entry:
    run = _run(record)
    entry = Entry(
        runs=[run],
        programs=named_programs([record], run.course),
        key=run.values["key"],
    )
    if "content_type" in record:
        # A run of an enterprise catalog shows what its course has.
        image = values_of(Course, record, same_names(image_url=JsonObject.text))
        entry.course = {"key": run.course, **image, **_level(record), **_partner(record)}
    return entry


def _level(record: JsonObject) -> Values:
    if isinstance(record.any("level_type"), dict) and (level := record.member("level_type")):
        return values_of(Course, level, {"level_type": ("name", _level_name)})
    return values_of(Course, record, same_names(level_type=_level_name))


def _partner(run: JsonObject) -> Values:
    name = "partner_short_code" if "partner_short_code" in run else "partner"
    return values_of(Course, run, {"partner": (name, JsonObject.text)})


def _course_key(record: JsonObject, runs: list[JsonObject]) -> str:
    """The key of a course; where a record has the key of a run there, the one that its runs give."""
    key = record.key("key")
    if not RUN_KEY.fullmatch(key):
        return key
    named = {run.any("course") for run in runs if "course" in run}
    return runs[0].key("course") if len(named) == 1 and "course" in runs[0] else course_key(key)


def _run(record: JsonObject, course: str | None = None) -> Offering:
    key = record.key("key", RUN_KEY.pattern)
    values = {"key": key, "status": _status(record), **values_of(CourseRun, record, _RUN)}
    if "content_language" not in record:
        values |= values_of(CourseRun, record, {"content_language": ("language", _language)})
    return Offering(
        values=values,
        course=course or _course_of_run(record, key),
        seats=_seats(record),
        staff=rows_of(record, "staff", _person),
    )


def _status(record: JsonObject) -> RunStatus:
    # Records without a status are of a time when only published runs were shown.
    is_published = record.flag("published") is not False
    status: RunStatus | None = choice_of(record, "status", _STATUSES)
    return status or (RunStatus.PUBLISHED if is_published else RunStatus.UNPUBLISHED)


def _course_of_run(record: JsonObject, key: str) -> str:
    named = record.any("course")
    if isinstance(named, dict) and (inside := record.member("course")):
        return inside.key("key")
    if named:
        return record.key("course")
    kind, _, course = (record.text("aggregation_key") or "").partition(":")
    return course if kind == "courserun" and course else course_key(key)


def _seats(record: JsonObject) -> list[Values] | None:
    """The seats of a run; of some records the modes are all that is known (Enterprise contract C-10)."""
    if "seats" in record or "seat_types" not in record:
        return rows_of(record, "seats", _seat)
    modes = record.any("seat_types")
    record = record.with_member("seat_types", [modes] if isinstance(modes, str) else modes)
    return [{"mode": mode, "credit_provider": ""} for mode in record.texts("seat_types")]


def _seat(record: JsonObject) -> Values:
    named = record.any("type")
    inside = record.member("type") if isinstance(named, dict) else None
    return {
        "mode": inside.key("slug", r"\S{1,100}") if inside else record.key("type", r"\S{1,100}"),
        "credit_provider": short_value(Seat, record, "credit_provider", "credit_provider", JsonObject.text)
        or "",
        "price": record.amount("price") or Decimal(0),
        **values_of(Seat, record, _SEAT),
    }


def _entitlement(record: JsonObject) -> Values:
    return {
        "mode": record.key("mode", r"\S{1,100}"),
        "price": record.amount("price") or Decimal(0),
        **values_of(Entitlement, record, _ENTITLEMENT),
    }


def _subject(record: JsonObject) -> Values:
    name = record.text("name")
    slug = record.text("slug") or slug_of(name)
    if not slug:
        raise record.refused("slug", "a subject needs a slug or a name")
    return {"slug": slug, "name": slug, **values_of(Subject, record, _SUBJECT)}


def _person(record: JsonObject) -> Values:
    uuid, name = record.uuid("uuid"), record.text("given_name") or record.text("name")
    slug = record.text("slug") or record.text("key") or (str(uuid) if uuid else slug_of(name))
    if not slug:
        raise record.refused("slug", "a person needs a slug, a UUID or a name")
    values = {"slug": slug, "given_name": name or slug, **values_of(Person, record, _PERSON)}
    if position := record.member("position"):
        values |= values_of(Person, position, _POSITION) | {
            "organization": position.uuid("organization_uuid")
        }
    if urls := record.member("urls"):
        values |= values_of(Person, urls, _ADDRESSES)
    if image := record.member("profile_image"):
        image = image.member("medium") or image
        source = "src" if "src" in image else "url"
        values |= values_of(Person, image, {"profile_image_url": (source, JsonObject.text)})
    if works := record.text("major_works"):
        values["works"] = [line for each in works.splitlines() if (line := each.strip())]
    return values


def _media(record: JsonObject) -> Values:
    """The images and the video of a course; some records have addresses instead of objects."""
    values: Values = {}
    for member, columns in _MEDIA.items():
        record = one_of(record, member)
        if isinstance(record.any(member), str):
            values |= values_of(Course, record, {f"{member}_url": (member, JsonObject.text)})
        elif found := record.member(member):
            values |= values_of(Course, found, columns)
            if still := found.member("image"):
                values |= values_of(Course, still, {f"{member}_image_url": ("src", JsonObject.text)})
    return values


def _language(record: JsonObject, name: str) -> str | None:
    text = record.text(name)
    return text and language_code(text)


def _languages(record: JsonObject, name: str) -> list[str]:
    return list(dict.fromkeys(map(language_code, names_of(record, name))))


def _level_name(record: JsonObject, name: str) -> str | None:
    text = record.text(name)
    return text and level_name(text)


def _pacing(record: JsonObject, name: str) -> Pacing | None:
    pacing: Pacing | None = choice_of(record, name, _PACES)
    return pacing


_text, _count, _instant = JsonObject.text, JsonObject.count, JsonObject.instant

_COURSE = {
    **same_names(
        uuid=JsonObject.uuid,
        title=_text,
        short_description=_text,
        full_description=_text,
        outcome=_text,
        prerequisites=names_of,
        expected_learning_items=names_of,
        modified=_instant,
    ),
    "syllabus": ("syllabus_raw", _text),
    "prerequisites_text": ("prerequisites_raw", lines_of),
    "marketing_slug": ("marketing_url", page_of),
}
_MEDIA: dict[str, dict[str, tuple[str, Reader]]] = {
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
    **same_names(
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
        transcript_languages=_languages,
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
    "marketing_slug": ("marketing_url", page_of),
}
_SEAT = same_names(currency=_text, upgrade_deadline=_instant, sku=_text, bulk_sku=_text, credit_hours=_count)
_ENTITLEMENT = same_names(currency=_text, sku=_text, expires=_instant)
_SUBJECT = same_names(
    uuid=JsonObject.uuid,
    name=_text,
    subtitle=_text,
    description=_text,
    banner_image_url=_text,
    card_image_url=_text,
)
_PERSON = {
    **same_names(
        uuid=JsonObject.uuid,
        salutation=_text,
        family_name=_text,
        bio=_text,
        email=_text,
        profile_image_url=_text,
        works=names_of,
    ),
    "position_title": ("title", _text),
}
_POSITION = {"position_title": ("title", _text), "position_organization_name": ("organization_name", _text)}
_ADDRESSES = {
    "facebook_url": ("facebook", _text),
    "twitter_url": ("twitter", _text),
    "blog_url": ("blog", _text),
}
