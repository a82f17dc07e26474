"""The batches: all accounts, all enrollments, without pages (Enrollment contract 5)."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from app.auth.viewer import Viewer
from app.rest.parameters import INSTANT, RUN, instant, run_key, username
from app.rest.render import json, milliseconds
from app.rest.route import Parameter, Refusal, Route

_LATER, _EARLIER = "Only rows later than this.", "Only rows earlier than this."
_BOUNDS = (
    # The seed's own slip comes first, so that the right spelling wins.
    Parameter("update_min", "since", f"{_LATER} Another spelling of `updated_min`.", instant, INSTANT),
    Parameter("update_max", "until", f"{_EARLIER} Another spelling of `updated_max`.", instant, INSTANT),
    Parameter("updated_min", "since", _LATER, instant, INSTANT),
    Parameter("updated_max", "until", _EARLIER, instant, INSTANT),
)
_RUN = Parameter("course_id", "run", "Only enrollments in this run.", run_key, RUN)
_USERNAME = Parameter(
    "username", "username", "Only rows of this user; who is not staff names himself.", username
)


def _staff_or_oneself(viewer: Viewer, raw: Mapping[str, str]) -> None:
    if not viewer.is_staff and raw.get("username") != viewer.username:
        raise Refusal(json({"detail": "Who is not staff gets rows of his own only: name yourself."}, 403))


_ACCOUNTS = Route(
    path="/api/jitterbit/v1/accounts/batch",
    folder=Path(__file__).parent,
    document="accounts",
    summary="All accounts",
    description="Accounts, inactive ones too, in the order of their ids. Bounds are of the date of joining.",
    parameters=(*_BOUNDS, _USERNAME),
    check=_staff_or_oneself,
    row=milliseconds("date_joined"),
)
_ENROLLMENTS = Route(
    path="/api/jitterbit/v1/enrollment/batch",
    folder=Path(__file__).parent,
    document="enrollments",
    summary="All enrollments",
    description="Enrollments, inactive ones too, in the order of their ids. Bounds are of their creation.",
    parameters=(*_BOUNDS, _USERNAME, _RUN),
    check=_staff_or_oneself,
    row=milliseconds("date_enrolled"),
)

ROUTES = tuple(
    replace(route, path=path)
    for route in (_ACCOUNTS, _ENROLLMENTS)
    for path in (route.path, route.path.removeprefix("/api/jitterbit"))
)
