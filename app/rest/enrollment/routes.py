"""Reading and writing enrollments (Enrollment contract 4)."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from starlette.responses import Response

from app.auth.viewer import Viewer
from app.rest.enrollment.enroll import ENROLL
from app.rest.enrollment.pages import ALL
from app.rest.parameters import run_key, username
from app.rest.render import empty, json
from app.rest.route import Call, Caller, Parameter, Refusal, Refused, Route, by_parameters
from app.rest.schemas import MESSAGE, Schema
from app.vocabulary import RUN_KEY

_route = partial(Route, folder=Path(__file__).parent, throttled=True)
_COURSE = Parameter(
    "course_id", "run", "Course run, such as `course-v1:Org+Course+Run`.", run_key, pattern=RUN_KEY.pattern
)
_USERNAME = Parameter("username", "user", "Username.", username, pattern="[^,]+")


def _of_viewer(route: Route, call: Call) -> dict[str, Any]:
    return {"user": call.viewer.username, **by_parameters(route, call)}


def _staff_or_oneself(viewer: Viewer, raw: Mapping[str, str]) -> None:
    if not viewer.is_staff and raw["username"] != viewer.username:
        raise Refusal(empty(404))


def _one(call: Call, data: dict[str, Any]) -> Response:
    if data["user"] is None:
        return empty(404)
    found = data["page"]["nodes"]
    return json(found[0]) if found else empty(200)


def _item(rows: Schema) -> Schema:
    item: Schema = rows["items"]
    return item


def _course(call: Call, data: dict[str, Any]) -> Response:
    if data["run"] is None:
        return json({"message": f"There is no course {call.values['course_id']}."}, 400)
    return json(data["run"])


ROUTES = (
    _route(
        path="/api/enrollment/v1/enrollment",
        document="own",
        summary="Active enrollments of a user",
        description="Oldest first. Of another user those are there that the caller may see.",
        parameters=(Parameter("user", "user", "Whose they are; the caller's own unless given.", username),),
        variables=_of_viewer,
    ),
    ENROLL,
    _route(
        path="/api/enrollment/v1/enrollment/{username},{course_id}",
        document="one",
        summary="A user's enrollment in a course run",
        description="Active or not.",
        parameters=(_USERNAME, _COURSE),
        check=_staff_or_oneself,
        answer=_one,
        shape=_item,
        empty="The user is not enrolled.",
        refusals={404: Refused("There is no such user, or none that the caller may see.", None)},
    ),
    _route(
        path="/api/enrollment/v1/enrollment/{course_id}",
        document="one",
        summary="The caller's enrollment in a course run",
        description="Active or not.",
        parameters=(_COURSE,),
        variables=_of_viewer,
        answer=_one,
        shape=_item,
        empty="The caller is not enrolled.",
    ),
    _route(
        path="/api/enrollment/v1/course/{course_id}",
        document="course",
        summary="A course run with its modes",
        parameters=(_COURSE, Parameter("include_expired", "expired", "Any value: expired modes too.", bool)),
        caller=Caller.ANYBODY,
        answer=_course,
        result="run",
        refusals={400: Refused("There is no such course run.", MESSAGE)},
    ),
    ALL,
)
