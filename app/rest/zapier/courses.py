"""Finding courses, and enrolling users in them (Zapier contract 8 and 11.2)."""

from typing import Any

from starlette.background import BackgroundTask
from starlette.responses import Response

from app.ntiid import run_key_of
from app.rest.route import Call, Services
from app.rest.zapier import objects
from app.rest.zapier.lists import Batch, order_of, page
from app.rest.zapier.manner import (
    answered,
    body_of,
    fault,
    findable,
    forbidden,
    is_admin,
    named,
    not_found,
    query_of,
)
from app.rest.zapier.paths import ENROLLMENT
from app.rest.zapier.people import named_user, required
from app.rest.zapier.welcome import page_of, welcome
from app.webhooks.payloads import SCOPES

_SORTS = {
    "title": "SHOWN_TITLE",
    "startdate": "START",
    "enddate": "END",
    "provideruniqueid": "NUMBER",
    "createdtime": "CREATED",
}
_AT_ONCE = 10_000
_MOST_TERMS = 100
_MODES = {
    "Purchased": ("verified", "professional", "no-id-professional"),
    "ForCredit": ("masters",),
    "ForCreditDegree": ("masters",),
    "ForCreditNonDegree": ("masters",),
}
_NOT = ("", "0", "f", "false", "n", "no", "off")
_FREE = ("audit", "honor")


async def search(call: Call, services: Services) -> Response:
    """Courses that the caller may see."""
    if "username" in call.request.path_params and await named_user(call) != call.viewer.username:
        raise forbidden()
    query = query_of(call)
    batch = Batch.of(call, _AT_ONCE) if {"batchsize", "batchstart"} & query.keys() else None
    whole_rest = batch is not None and "batchsize" not in query
    terms = [term for each in findable(query.get("filter", "")).split(",") if (term := each.strip())]
    if len(terms) > _MOST_TERMS:
        raise fault(400, f"filter: at most {_MOST_TERMS} texts", field="filter", code="TooMany")
    asked = {
        "terms": terms,
        "allOf": query.get("filteroperator", "").lower() == "intersection",
        "order": order_of(call, _SORTS, "SHOWN_TITLE", "START", "CREATED"),
    }
    start, size = (batch.offset, batch.size) if batch else (0, _AT_ONCE)
    nodes: list[dict[str, Any]] = []
    while True:
        data = await call.ask("courses", **asked, size=size, offset=start + len(nodes))
        nodes += data["page"]["nodes"]
        if (batch and not whole_rest) or len(data["page"]["nodes"]) < size:
            break
    matching = data["page"]["totalCount"]
    answer = page(call, [objects.course(node) for node in nodes], matching, batch)
    answer |= {"Total": data["all"]["totalCount"], "FilteredTotalItemCount": matching}
    return answered(call, answer)


async def enroll(call: Call, services: Services) -> Response:
    """Enroll a user in a course, in the scope that is named."""
    if not is_admin(call.viewer):
        raise _refused()
    body = await body_of(call.request)
    given = query_of(call) if body is None else body
    fields = {name.lower(): value for name, value in given.items()}
    username = required({"Username": fields.get("username")}, "Username")
    name = (await call.ask("name", username=findable(username)))["name"]
    if name is None:
        raise fault(422, "User not found.", field="Username", code="UserNotFound")
    key = run_key_of(required({"CourseId": fields.get("courseid")}, "CourseId"))
    data = await call.ask("enrollment", username=name, run=findable(key))
    user, run = data["user"], data["run"]
    if run is None:
        raise fault(422, "Course not found.", field="CourseId", code="CourseNotFound")
    scope = fields.get("scope", SCOPES[0])
    if scope not in SCOPES:
        names = ", ".join(SCOPES)
        raise fault(422, f"Invalid scope, must be one of: {names}", field="Scope", code="InvalidScope")
    if user["teaches"]:
        message = "User is an instructor in course hierarchy."
        raise fault(422, message, field="Username", code="UserIsInstructor")
    known = user["enrollments"]["nodes"]
    if known and known[0]["isActive"]:
        return answered(call, objects.enrollment(user, run, known[0]))
    done = await call.ask("enroll", username=name, run=run["key"], mode=_mode(run, scope), scope=scope)
    result = done["result"]
    if result["__typename"] != "EnrollmentSaved":
        if result["__typename"] == "NotPermitted":
            raise _refused()
        raise fault(422, result["message"], field="CourseId", code="CourseNotAvailable")
    made = objects.enrollment(user, run, result["enrollment"])
    location = ENROLLMENT.format(enrollment=result["enrollment"]["id"])
    response = answered(call, made, 201, Location=location)
    if _is_wanted(fields.get("email")) or _is_wanted(fields.get("interaction")):
        # Nobody waits for a mail, and nothing fails without it.
        page_ = page_of(call.settings.lms_url, run["key"])
        response.background = BackgroundTask(welcome, services.mailer, made, page_)
    return response


async def enrolled(call: Call, services: Services) -> Response:
    """The enrollment that the path names."""
    if not is_admin(call.viewer):
        raise _refused()
    id_ = call.request.path_params["enrollment"]
    found = (await named(call, "enrolled", id_))["enrollment"]
    if not found or not found["isActive"]:
        raise not_found()
    answer = objects.enrollment(found["user"], found["run"], found)
    return answered(call, {**answer, "href": ENROLLMENT.format(enrollment=id_)})


def _mode(run: dict[str, Any], scope: str) -> str | None:
    """The mode of the run that comes nearest to a scope; the scope itself is kept beside it."""
    offered: list[str] = [mode["slug"] for mode in run["modes"]]
    for mode in (*_MODES.get(scope, ()), *_FREE, *offered):
        if mode in offered and mode != "credit":
            return mode
    return None


def _is_wanted(value: Any) -> bool:
    return str(value or "").lower() not in _NOT


def _refused() -> Exception:
    message = "Cannot modify user enrollments."
    return fault(403, message, code="CannotAccessUserEnrollmentsError")
