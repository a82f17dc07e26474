"""Enrollments of an enterprise customer, with what it is told of its learners (Enterprise contract 12)."""

import datetime as dt
from contextlib import suppress
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from starlette.responses import Response

from app.rest.enterprise.ids import SEGMENT, is_uuid, uuid
from app.rest.enterprise.manner import FORMAT, NOT_FOUND
from app.rest.enterprise.objects import TEXT
from app.rest.members import Made, Members, described, made
from app.rest.numbered import PAGING, envelope, enveloped, page_variables, reading
from app.rest.render import Row, midnight
from app.rest.route import Call, Parameter, Refusal, Route
from app.rest.schemas import STRING, Schema, nullable
from app.vocabulary import Pacing, ProgressStatus

ENTERPRISE = "enterprise_uuid"

_FORBIDDEN = {"detail": "MISSING: can_access_enterprise"}
_STATUSES = {status.name: status.replace("_", " ").title() for status in ProgressStatus}
_ACTIVITY = {
    "active_past_week": ("gte", 7),
    "inactive_past_week": ("lt", 7),
    "inactive_past_month": ("lt", 30),
}
"""How the last activity compares with so many days ago."""

_NONE: dict[str, Any] = {"page": {"count": 0, "results": []}}


def _course_address(row: Row, call: Call) -> str | None:
    catalog = row["catalog"]
    place = f"enterprise-catalogs/{catalog['uuid']}/courses/{row['course_key']}" if catalog else None
    return place and f"{call.base_url}/enterprise/v2/{place}"


def _offer(row: Row, call: Call) -> str | None:
    offer = row["offer"]
    if offer is None:
        return None
    value = Decimal(offer["value"])
    shown = value.to_integral_value() if value == value.to_integral_value() else value
    return f"{offer['kind'].title()}, {shown} (#{offer['number']})"


MEMBERS: Members = {
    "consent_granted": None,
    "coupon_code": None,
    "coupon_name": None,
    "course_api_url": Made(nullable({**STRING, "format": "uri"}), _course_address),
    "course_duration_weeks": None,
    "course_end": None,
    "course_id": None,
    "course_key": None,
    "course_max_effort": None,
    "course_min_effort": None,
    "course_pacing_type": Made(
        nullable({**STRING, "enum": list(Pacing)}),
        lambda row, call: row["course_pacing_type"] and Pacing[row["course_pacing_type"]],
    ),
    "course_price": None,
    "course_start": None,
    "course_title": None,
    "current_grade": None,
    "discount_price": None,
    "enrollment_created_timestamp": None,
    "enterprise_id": None,
    "enterprise_name": None,
    "enterprise_site_id": None,
    "enterprise_sso_uid": None,
    "enterprise_user": None,
    "id": None,
    "last_activity_date": None,
    "letter_grade": None,
    "lms_user_id": None,
    "offer": Made(nullable({**STRING, "examples": ["Percentage, 100 (#1234)"]}), _offer),
    "passed_timestamp": None,
    "progress_status": Made(
        {**STRING, "enum": list(_STATUSES.values())}, lambda row, call: _STATUSES[row["progress_status"]]
    ),
    "unenrollment_end_within_date": None,
    "unenrollment_timestamp": None,
    "user_account_creation_timestamp": None,
    "user_country_code": None,
    "user_current_enrollment_mode": None,
    "user_email": Made(TEXT, lambda row, call: row["user_email"] or None),
    "user_username": None,
}
"""The 35 members of the learner summary, and `course_key` (12.3)."""


_ORDERS = MEMBERS.keys() - {
    "course_api_url",
    "course_duration_weeks",
    "enterprise_id",
    "enterprise_name",
    "enterprise_site_id",
    "enterprise_sso_uid",
    "id",
    "offer",
    "unenrollment_end_within_date",
}


def _days_ago(days: int) -> str:
    return (dt.datetime.now(dt.UTC) - dt.timedelta(days)).isoformat()


def _where(call: Call) -> dict[str, Any]:
    """The demands of the optional parameters (12.2); what none of them knows demands nothing."""
    values, where = call.values, dict[str, Any]()
    if text := values.get("search"):
        where["userEmail"] = {"contains": text}
    if text := values.get("search_course"):
        where["courseTitle"] = {"contains": text}
    with suppress(ValueError, OverflowError):
        day = dt.date.fromisoformat(values.get("search_start_date", ""))
        where["courseStart"] = {"gte": midnight(str(day)), "lt": midnight(str(day), days=1)}
    if values.get("passed_date") == "last_week":
        where["passedTimestamp"] = {"gte": _days_ago(7)}
    if activity := _ACTIVITY.get(values.get("learner_activity", "")):
        how, days = activity
        where["lastActivityDate"] = {how: _days_ago(days)}
        where["progressStatus"] = [ProgressStatus.IN_PROGRESS.name]
    return where


def _order(call: Call) -> list[dict[str, str]]:
    names = call.values.get("ordering", "").split(",")
    return [
        {"field": name.removeprefix("-").upper(), "direction": "DESC" if name.startswith("-") else "ASC"}
        for name in names
        if name.removeprefix("-") in _ORDERS
    ]


def _variables(route: Route, call: Call) -> dict[str, Any]:
    return {
        "customer": uuid(call.values[ENTERPRISE]),
        "where": _where(call),
        "order": _order(call),
        **page_variables(call),
    }


def _page(data: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (data["customer"] or _NONE)["page"]
    return found


def _answer(call: Call, data: dict[str, Any]) -> Response:
    if not data["access"]["reads"]:
        raise Refusal(call.render(_FORBIDDEN, 403))
    if not is_uuid(call.values[ENTERPRISE]):
        raise Refusal(call.render(NOT_FOUND, 404))
    page = _page(data)
    return call.render(envelope(call, page["count"], [made(MEMBERS, row, call) for row in page["results"]]))


def _shape(given: Schema) -> Schema:
    return enveloped({"type": "array", "items": described(MEMBERS, given["items"])})


def _text(name: str, description: str, **schema: Any) -> Parameter:
    return Parameter(name, None, description, schema={**STRING, **schema})


LEARNERS = partial(
    Route,
    folder=Path(__file__).parent,
    document="learners",
    summary="Enrollments of an enterprise customer",
    description="For who administers the customer. By e-mail address unless `ordering` says otherwise.",
    parameters=(
        Parameter(ENTERPRISE, None, "UUID of the customer.", pattern=SEGMENT),
        *PAGING,
        _text("ordering", "Names of members with commas between, each with `-` before it for descending."),
        _text("search", "Part of the e-mail address, in any case."),
        _text("search_course", "Part of the title of the course."),
        _text("search_start_date", "Day on which the course starts."),
        _text("passed_date", "Only who passed in the last seven days.", enum=["last_week"]),
        _text("learner_activity", "Only who has neither passed nor run out of time.", enum=list(_ACTIVITY)),
        FORMAT,
    ),
    variables=_variables,
    read=reading("customer"),
    answer=_answer,
    in_turn=True,
    result="customer.page.results",
    shape=_shape,
    throttled=True,
)
"""At one path or another."""
