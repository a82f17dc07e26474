"""The paths of the Zapier API (Zapier contract 3 to 8 and 11)."""

from functools import partial
from pathlib import Path
from typing import Any

from app.graphql.media import JSON
from app.rest.route import Parameter, Refused, Route
from app.rest.schemas import STRING, Schema
from app.rest.zapier import courses, hooks, people
from app.rest.zapier.manner import FAULT, MANNER, NAMESPACE
from app.rest.zapier.objects import OBJECT, PAGE
from app.rest.zapier.paths import ATTEMPT, AUTHENTICATION, ENROLLMENT, ENROLLMENTS, HOOKS, ROOT, SUBSCRIPTION

_SEGMENT = "[^/]+"
_USER_DETAILS, _SUBSCRIPTION = ".zapier.userdetails", ".webhooks.webhooksubscription"
_ENROLLED = ".zapier.courseenrollmentdetails"
_WORKSPACE: Schema = {"type": "object", "properties": {"Class": STRING}, "required": ["Class"]}
_SITE = Parameter("site", None, "Name of this site.", pattern=_SEGMENT)
_USERNAME = Parameter("username", None, "Username, in whatever case.", pattern=_SEGMENT)
_TERM = Parameter("term", None, "What a name begins with, at least three characters.", pattern=".+")
_ID = Parameter("subscription", None, "The subscription, by the end of its `href`.", pattern=_SEGMENT)
_ATTEMPT = Parameter("attempt", None, "The attempt, by the end of its `href`.", pattern=_SEGMENT)
_EVENT = Parameter(
    "event",
    None,
    "`user/created`, `user/enrolled`, `course/created` or `course/progress_updated`.",
    pattern=".+",
)
_BATCH = (
    Parameter("batchSize", None, "Items of this answer."),
    Parameter("batchStart", None, "How many items to leave out at the start."),
)
_SORT = (
    Parameter("sortOn", None, "What to sort by."),
    Parameter("sortOrder", None, "`descending`, else ascending."),
)


def _answers(schema: Schema, suffix: str = "") -> dict[str, Any]:
    """What an answer is like, and how it may be called (1.5)."""
    return {"shape": lambda result: schema, "media_types": (JSON, f"{NAMESPACE}{suffix}+json")}


def _refused(*statuses: int) -> dict[int, Refused]:
    meanings = {
        400: "The body is no JSON object, or a number cannot be used.",
        403: "The caller may not do this.",
        404: "There is nothing of this name.",
        409: "The username is taken.",
        412: "The subscription is newer.",
        422: "A member is missing or cannot be used; `field` and `code` say which and why.",
    }
    return {status: Refused(meanings[status], FAULT) for status in statuses}


def _invalid(name: str, message: str) -> dict[str, str]:
    return {"field": name, "message": message} if name else {"message": message}


_route = partial(Route, folder=Path(__file__).parent, manner=MANNER, invalid=_invalid)
_TARGET: Schema = {"type": "object", "properties": {"target": STRING}}
_USER: Schema = {"type": "object", "properties": dict.fromkeys(("Username", "Email", "Realname"), STRING)}
_FIELDS: Schema = {
    "type": "object",
    "properties": dict.fromkeys(("Username", "CourseId", "Scope"), STRING),
}
_subscribe = partial(
    _route,
    method="POST",
    act=hooks.subscribe,
    asks=("subscribe",),
    reads=_TARGET,
    status=201,
    refusals=_refused(400, 403, 422),
    **_answers(OBJECT, _SUBSCRIPTION),
)
_search = partial(_route, act=people.search, asks=("users",), refusals=_refused(404), **_answers(PAGE))
_courses = partial(_route, act=courses.search, **_answers(PAGE))
_FILTER = (
    Parameter("filter", None, "What title, description or provider id hold, or a subject is; with commas."),
    Parameter("filterOperator", None, "`intersection`: all that `filter` names."),
)

ROUTES = (
    _route(
        path=f"{ROOT}/service",
        summary="What there is for the caller",
        act=people.service,
        **_answers(OBJECT, ".service"),
    ),
    _route(
        path=f"{ROOT}/users/{{username}}/zapier",
        summary="The workspace of a user",
        **_answers(_WORKSPACE),
        act=people.workspace,
        asks=("name",),
        parameters=(_USERNAME,),
        refusals=_refused(403, 404),
    ),
    _route(
        path=f"{ROOT}/users/{{username}}",
        summary="Whether a user is there",
        **_answers(OBJECT, ".user"),
        act=people.user,
        asks=("name",),
        parameters=(_USERNAME,),
        refusals=_refused(403, 404),
    ),
    _route(
        path=f"{HOOKS}/resolve_me",
        summary="Who the caller is",
        act=people.resolve_me,
        asks=("viewer",),
        **_answers(OBJECT, _USER_DETAILS),
    ),
    _subscribe(path=f"{HOOKS}/subscriptions", summary="Refused: a subscription needs an event"),
    _subscribe(
        path=f"{HOOKS}/subscriptions/{{event}}",
        summary="Subscribe to events",
        parameters=(_EVENT,),
    ),
    _route(
        path=f"{HOOKS}/subscriptions",
        summary="Subscriptions",
        description="The caller's own; a platform administrator's are all of them.",
        act=hooks.subscriptions,
        asks=("subscriptions",),
        parameters=(*_BATCH, *_SORT),
        **_answers(PAGE),
        refusals=_refused(400, 403),
    ),
    _route(
        path=SUBSCRIPTION,
        summary="A subscription",
        **_answers(OBJECT, _SUBSCRIPTION),
        act=hooks.subscription,
        asks=("subscription",),
        parameters=(_SITE, _ID),
        refusals=_refused(403, 404),
    ),
    _route(
        path=SUBSCRIPTION,
        method="DELETE",
        summary="Unsubscribe",
        act=hooks.unsubscribe,
        asks=("subscription", "unsubscribe"),
        parameters=(_SITE, _ID),
        status=204,
        refusals=_refused(403, 404, 412),
    ),
    _route(
        path=f"{SUBSCRIPTION}/DeliveryHistory",
        summary="The attempts to deliver to a subscription",
        act=hooks.history,
        asks=("subscription", "history"),
        parameters=(_SITE, _ID, *_BATCH, *_SORT, Parameter("search", None, "What messages hold.")),
        **_answers(PAGE, ".zapier.subscriptiondeliveryhistory"),
        refusals=_refused(400, 403, 404),
    ),
    *(
        _route(
            path=ATTEMPT + path,
            summary=summary,
            act=act,
            asks=("subscription", "attempt"),
            parameters=(_SITE, _ID, _ATTEMPT),
            refusals=_refused(403, 404),
            **_answers(OBJECT, f".webhooks.webhookdeliveryattempt{path[1:].lower()}"),
        )
        for path, summary, act in (
            ("/Request", "What was sent in an attempt", hooks.request),
            ("/Response", "What came back in an attempt", hooks.response),
            ("", "An attempt to deliver", hooks.attempt),
        )
    ),
    _route(
        path=f"{AUTHENTICATION}/users",
        method="POST",
        summary="Make a user, who gets a mail to set a password",
        act=people.create,
        asks=("name", "create_user"),
        parameters=(_SITE, Parameter("success", None, "Page of this server where the mail's link leads.")),
        reads=_USER,
        status=201,
        refusals=_refused(400, 403, 404, 409, 422),
        **_answers(OBJECT, _USER_DETAILS),
    ),
    *(
        _search(path=f"{path}{term}", method=method, summary="Find users", parameters=parameters)
        for method, path, site in (
            ("GET", f"{AUTHENTICATION}/user_search", (_SITE,)),
            ("GET", f"{HOOKS}/user_search", ()),
            ("GET", f"{AUTHENTICATION}/users", (_SITE,)),
            ("POST", f"{AUTHENTICATION}/users", (_SITE,)),
        )
        for term, parameters in (("/{term}", (*site, _TERM)), ("", site))
        if term or method == "GET"
    ),
    _courses(
        path=f"{HOOKS}/course_search",
        summary="Find courses",
        asks=("courses",),
        parameters=(*_FILTER, *_SORT, *_BATCH),
        refusals=_refused(400),
    ),
    _courses(
        path=f"{ROOT}/users/{{username}}/zapier/Courses",
        summary="Find courses, as their user",
        asks=("courses", "name"),
        parameters=(_USERNAME, *_FILTER, *_SORT, *_BATCH),
        refusals=_refused(400, 403, 404),
    ),
    _route(
        path=ENROLLMENTS,
        method="POST",
        summary="Enroll a user",
        description="Members of the body, or without a body parameters of the query. Who is enrolled stays as"
        " he is, and the answer is 200.",
        act=courses.enroll,
        asks=("name", "enrollment", "enroll"),
        parameters=tuple(
            Parameter(name, None, "Whether a new enrollment is told of by the course's welcome mail.")
            for name in ("email", "interaction")
        ),
        reads=_FIELDS,
        status=201,
        refusals={
            200: Refused("The user was enrolled already.", OBJECT, f"{NAMESPACE}{_ENROLLED}+json"),
            **_refused(400, 403, 422),
        },
        **_answers(OBJECT, _ENROLLED),
    ),
    _route(
        path=ENROLLMENT,
        summary="An enrollment",
        act=courses.enrolled,
        asks=("enrolled",),
        parameters=(Parameter("enrollment", None, "The enrollment, by `Location`.", pattern=_SEGMENT),),
        refusals=_refused(403, 404),
        **_answers(OBJECT, _ENROLLED),
    ),
)
UNKNOWN = {"code": "NotFound", "message": "There is nothing here."}
