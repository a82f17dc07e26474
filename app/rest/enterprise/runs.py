"""Course runs as content items, by themselves and in courses (Enterprise contract 8.2)."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

from app.rest.enterprise.objects import (
    IMAGE,
    PERSON,
    PROGRAM_REF,
    SEAT,
    TEXT,
    TEXTS,
    UUIDS,
    VIDEO,
    WHOLE,
    YES_OR_NO,
    image,
    uuids,
    video,
)
from app.rest.members import Made, Members, described, listed
from app.rest.render import Row
from app.rest.route import Call
from app.rest.schemas import STRING, Schema, nullable
from app.vocabulary import Pacing, RunStatus

PUBLISHED = RunStatus.PUBLISHED.name

_AVAILABILITIES = ("Current", "Upcoming", "Archived")
_SEAT_TYPES: Schema = {**TEXTS, "items": {**STRING, "examples": ["audit", "verified"]}}


def _of_course(name: str) -> Callable[[Row, Call], Any]:
    return lambda run, call: run["course"][name]


def _part(number: int) -> Made:
    """A part of the course's key, `ORG+NUMBER` or the old `ORG/NUMBER`."""
    return Made(STRING, lambda run, call: re.split("[+/]", run["course"]["key"], maxsplit=1)[number])


def _date(name: str) -> Made:
    """One of the four dates, in whole seconds (10)."""

    def value(run: Row, call: Call) -> str | None:
        time: str | None = run[name]
        return time and time[:19] + ("Z" if call.settings.enterprise_dates_with_zone else "")

    pattern = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ?$"
    return Made(nullable({**STRING, "pattern": pattern, "examples": ["2017-11-01T05:00:00"]}), value)


def seat_types(runs: list[Row]) -> list[str]:
    """The modes that runs are offered in, each once."""
    return list(dict.fromkeys(seat["type"] for run in runs for seat in run["seats"]))


def _estimated_hours(run: Row, call: Call) -> float:
    """Hours that the run takes, as course-discovery reckons them; 0 where it is not said."""
    effort = (run["min_effort"] or 0) + (run["max_effort"] or 0)
    return effort / 2 * (run["weeks_to_complete"] or 0)


def _first_price(run: Row, call: Call) -> int | None:
    """The whole price of the paid seat on sale whose sale ends first."""
    now = dt.datetime.now(dt.UTC).isoformat()
    ends = {
        seat["upgrade_deadline"] or "9999": int(float(seat["price"]))
        for seat in run["seats"]
        if float(seat["price"]) > 0 and (seat["upgrade_deadline"] or "9999") > now
    }
    return ends[min(ends)] if ends else None


_PROGRAMS = listed("programs", PROGRAM_REF)


def _programs(given: Schema) -> Schema:
    return described({"programs": _PROGRAMS}, given["properties"]["course"])["properties"]["programs"]  # type: ignore[no-any-return]


RUN: Members = {
    "aggregation_key": Made(STRING, lambda run, call: f"courserun:{run['course']['key']}"),
    "authoring_organization_uuids": Made(UUIDS, lambda run, call: uuids(run["course"]["owners"])),
    "availability": Made(
        {**STRING, "enum": list(_AVAILABILITIES)}, lambda run, call: run["availability"].title()
    ),
    "content_type": Made({"const": "courserun"}, lambda run, call: "courserun"),
    "end": _date("end"),
    "enrollment_end": _date("enrollment_end"),
    "enrollment_start": _date("enrollment_start"),
    "enrollment_url": None,
    "full_description": None,
    "has_enrollable_seats": None,
    "image_url": Made(TEXT, _of_course("image_url")),
    "key": None,
    "language": None,
    "level_type": Made(TEXT, _of_course("level_type")),
    "logo_image_urls": Made(
        TEXTS,
        lambda run, call: [
            owner["logo_image_url"]
            for owner in run["course"]["owners"]
            if owner["logo_image_url"] is not None
        ],
    ),
    "marketing_url": None,
    "max_effort": None,
    "min_effort": None,
    "mobile_available": None,
    "number": _part(-1),
    "org": _part(0),
    "pacing_type": Made(
        nullable({**STRING, "enum": list(Pacing)}), lambda run, call: run["pacing"] and Pacing[run["pacing"]]
    ),
    "partner": Made(TEXT, _of_course("partner")),
    "program_types": None,
    "published": Made(YES_OR_NO, lambda run, call: run["status"] == PUBLISHED),
    "seat_types": Made(_SEAT_TYPES, lambda run, call: seat_types([run])),
    "short_description": None,
    "staff_uuids": Made(UUIDS, lambda run, call: uuids(run["staff"])),
    "start": _date("start"),
    "subject_uuids": Made(UUIDS, lambda run, call: uuids(run["course"]["subjects"])),
    "title": None,
    "transcript_languages": None,
    "type": None,
    "weeks_to_complete": None,
}
"""The 34 members of an item of a catalog."""

RUN_WITH_DETAILS: Members = {
    **RUN,
    "uuid": None,
    "course": Made(STRING, _of_course("key")),
    "status": Made({**STRING, "enum": list(RunStatus)}, lambda run, call: RunStatus[run["status"]]),
    "is_enrollable": None,
    "is_marketable": None,
    "seats": listed("seats", SEAT),
    "staff": listed("staff", PERSON),
    "image": Made(nullable(IMAGE), lambda run, call: image(run["course"])),
    "video": Made(nullable(VIDEO), lambda run, call: video(run["course"])),
    "content_language": None,
    "go_live_date": None,
    "modified": None,
    "estimated_hours": Made({"type": "number"}, _estimated_hours),
    "first_enrollable_paid_seat_price": Made(WHOLE, _first_price),
    "announcement": None,
    "license": None,
    "outcome": None,
    "hidden": None,
    "reporting_type": None,
    "eligible_for_financial_aid": None,
    "external_key": None,
    "programs": Made(_programs, lambda run, call: _PROGRAMS.value(run["course"], call)),
}
"""With what the course of a run and its own path tell."""
