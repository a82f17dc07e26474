"""Enrolling (Enrollment contract 4.4): the body, and the answers to what the mutation returns."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starlette.responses import Response

from app.rest.parameters import RUN, username
from app.rest.render import empty, json
from app.rest.route import Call, Refusal, Refused, Route
from app.rest.schemas import MESSAGE, STRING, Schema, nullable

_TYPES: Mapping[str, tuple[type, str]] = {
    "user": (str, "a string"),
    "mode": (str, "a string"),
    "email_opt_in": (bool, "true or false"),
    "force_enrollment": (bool, "true or false"),
    "enrollment_attributes": (list, "an array"),
}
_NAMES = {
    "user": "username",
    "mode": "mode",
    "email_opt_in": "emailOptIn",
    "force_enrollment": "force",
}
_MEMBERS = {
    "runKey": "course_details.course_id",
    "attributes": "enrollment_attributes",
    "isActive": "is_active",
    **{new: old for old, new in _NAMES.items()},
}
_ATTRIBUTE = ("namespace", "name", "value")
_BEFORE_ACTIVITY = ("ValidationError", "NotPermitted")
_STATUSES = {"ValidationError": 400, "NotPermitted": 403, "ModeUnavailable": 400, "EnrollmentClosed": 400}


def _refuse(message: str) -> Refusal:
    return Refusal(json({"message": message}, 400))


def _input(route: Route, call: Call) -> dict[str, Any]:
    given = {name: value for name, value in call.body.items() if value is not None}
    details = given.get("course_details", {})
    if not isinstance(details, dict):
        raise Refusal(json({"detail": "course_details: must be an object."}, 400))
    key = details.get("course_id")
    if not key or not isinstance(key, str):
        raise _refuse("course_details.course_id: must be the id of a course.")
    for name, (type_, what) in _TYPES.items():
        if not isinstance(given.get(name, type_()), type_):
            raise _refuse(f"{name}: must be {what}.")
    attributes = given.get("enrollment_attributes", [])
    if not all(map(_is_attribute, attributes)):
        raise _refuse("enrollment_attributes: must be objects with the texts namespace, name and value.")
    given["user"] = username(given.get("user", ""))
    values = {_NAMES[name]: given[name] for name in _NAMES if given.get(name, "") != ""}
    if attributes:
        values["attributes"] = [{name: attribute[name] for name in _ATTRIBUTE} for attribute in attributes]
    # What is wrong with the activity is told last, and then nothing is changed.
    activity = {"isActive": given.get("is_active")} if _activity_fits(call) else {"validateOnly": True}
    return {"input": {"runKey": key, **values, **activity}}


def _is_attribute(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(value.get(name), str) for name in _ATTRIBUTE)


def _members_of(field: str | None) -> str:
    """A place in the mutation's input as a place in the body."""
    name, _, rest = (field or "").partition(".")
    return _MEMBERS.get(name, name) + (f".{rest}" if rest else "")


def _activity_fits(call: Call) -> bool:
    return isinstance(call.body.get("is_active"), bool | None)


def _answer(call: Call, data: dict[str, Any]) -> Response:
    result = data["result"]
    kind = result.pop("__typename")
    field = result.pop("field", None)
    if kind == "ValidationError":
        result["message"] = f"{_members_of(field)}: {result['message']}"
    if kind == "NotFound":
        if field != "username":
            return json(result, 400)
        # Who is not staff learns nothing of others, not even whether there are such.
        return json(result, 406) if call.viewer.is_staff else empty(404)
    if not _activity_fits(call) and kind not in _BEFORE_ACTIVITY:
        return json({"message": "is_active: must be true or false."}, 400)
    return json(result, _STATUSES[kind]) if kind in _STATUSES else json(result["enrollment"])


def _schema() -> Schema:
    string, boolean = nullable(STRING), nullable({"type": "boolean"})
    attribute = {
        "type": "object",
        "properties": dict.fromkeys(_ATTRIBUTE, STRING),
        "required": list(_ATTRIBUTE),
    }
    return {
        "type": "object",
        "properties": {
            "course_details": {
                "type": "object",
                "properties": {"course_id": RUN},
                "required": ["course_id"],
            },
            "user": {**string, "description": "Whom to enroll; the caller unless given."},
            "mode": {**string, "description": "Enrollment mode; `audit`, else `honor`, unless given."},
            "is_active": {**boolean, "description": "False leaves the course run."},
            "enrollment_attributes": {"type": ["array", "null"], "items": attribute},
            "email_opt_in": {**boolean, "description": "Whether the learner wants mail about the course."},
            "force_enrollment": {**boolean, "description": "Staff: even if enrollment is closed or full."},
        },
        "required": ["course_details"],
    }


_REFUSED = {
    **MESSAGE,
    "properties": {"message": STRING, "course_details": {"type": "object"}},
}

ENROLL = Route(
    path="/api/enrollment/v1/enrollment",
    folder=Path(__file__).parent,
    document="enroll",
    method="POST",
    summary="Enroll, change or leave",
    description="Of an enrollment that is there, staff change the mode and the activity.",
    body=_schema(),
    variables=_input,
    answer=_answer,
    result="result.enrollment",
    refusals={
        400: Refused("The course run or the mode cannot be had, or a member cannot be used.", _REFUSED),
        403: Refused("The caller may not choose this mode, or not leave.", MESSAGE),
        404: Refused("Another user, and the caller is not staff.", None),
        406: Refused("There is no such user.", MESSAGE),
    },
    throttled=True,
)
