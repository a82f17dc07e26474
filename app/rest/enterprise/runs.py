"""Course runs as content items, by themselves and in courses (Enterprise contract 8.2)."""

import re
from collections.abc import Callable
from decimal import Decimal
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
from app.rest.members import Made, Members, listed
from app.rest.render import Row
from app.rest.route import Call
from app.rest.schemas import STRING, nullable
from app.vocabulary import Pacing, RunStatus

_AVAILABILITIES = ("Current", "Upcoming", "Archived")


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


def _price(run: Row, call: Call) -> int | None:
    price = run["first_enrollable_paid_seat_price"]
    return price and int(Decimal(price))


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
    "published": Made(YES_OR_NO, lambda run, call: run["status"] == RunStatus.PUBLISHED.name),
    "seat_types": None,
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
    "estimated_hours": None,
    "first_enrollable_paid_seat_price": Made(WHOLE, _price),
    "announcement": None,
    "license": None,
    "outcome": None,
    "hidden": None,
    "reporting_type": None,
    "eligible_for_financial_aid": None,
    "external_key": None,
    "programs": listed("programs", PROGRAM_REF),
}
"""With what the course of a run and its own path tell."""
