"""Who one is, what one may do, and finding and making users (Zapier contract 3, 4, 7 and 11.1)."""

import re
from typing import Any
from urllib.parse import urlsplit

from starlette.responses import Response

from app.rest.route import Call, Services
from app.rest.zapier import objects
from app.rest.zapier.lists import href_of
from app.rest.zapier.manner import (
    answered,
    fault,
    findable,
    forbidden,
    is_admin,
    not_found,
    query_of,
    require_admin,
    require_site,
    required_body,
)
from app.rest.zapier.objects import Object, link
from app.rest.zapier.paths import AUTHENTICATION, ENROLLMENTS, HOOKS, ROOT, user_path

_SET_PASSWORD = "/login/recover/reset"  # noqa: S105
_SHORTEST = 5
_LONGEST = 150
_USERNAME = re.compile(r"[^\W_]|[.\-_@]")
_EMAIL = re.compile(r"[^\s@]+@[^\s@.]+(\.[^\s@.]+)+")
_FIELDS = {"username": "Username", "email": "Email", "name": "Realname"}
_CODES = {"Username": "UsernameInvalid", "Email": "EmailAddressInvalid", "Realname": "RealnameInvalid"}


async def service(call: Call, services: Services) -> Response:
    """The document that all begins with."""
    return answered(
        call,
        {
            "Class": "Service",
            "MimeType": "application/vnd.nextthought.service",
            "Items": [_workspace(call, str(call.viewer.username))],
            "href": f"{ROOT}/service",
        },
    )


async def workspace(call: Call, services: Services) -> Response:
    """What a user may do."""
    username = await named_user(call)
    if username != call.viewer.username and not call.viewer.is_superuser:
        raise forbidden()
    return answered(call, {**_workspace(call, username), "href": f"{user_path(username)}/zapier"})


async def user(call: Call, services: Services) -> Response:
    """That a user is there."""
    username = await named_user(call)
    if username != call.viewer.username and not is_admin(call.viewer):
        raise forbidden()
    return answered(
        call,
        {
            "Class": "User",
            "MimeType": "application/vnd.nextthought.user",
            "Username": username,
            "href": user_path(username),
        },
    )


async def resolve_me(call: Call, services: Services) -> Response:
    """Who the caller is."""
    data = await call.ask("viewer")
    return answered(call, {**objects.user(data["viewer"]), "href": f"{HOOKS}/resolve_me"})


async def search(call: Call, services: Services) -> Response:
    """Users by what their names begin with."""
    require_site(call)
    data = await call.ask("users", term=findable(call.request.path_params.get("term", "")))
    found = [objects.user(node) for node in data["page"]["nodes"]]
    return answered(call, {"Items": found, "Last Modified": 0, "href": href_of(call)})


async def create(call: Call, services: Services) -> Response:
    """Make a user without a password, who is sent a mail to set one."""
    require_site(call)
    require_admin(call)
    given = await required_body(call.request)
    for name in ("Email", "Realname", "Username"):
        required(given, name)
    _check(given)
    taken = await call.ask("name", username=given["Username"])
    if taken["name"] is not None:
        raise _duplicate()
    data = await call.ask(
        "create_user",
        username=given["Username"],
        email=given["Email"],
        name=given["Realname"],
        page=_page(call.base_url, query_of(call).get("success", "")),
    )
    result = data["result"]
    if result["__typename"] == "NotPermitted":
        raise forbidden()
    if result["__typename"] == "ValidationError":
        if (await call.ask("name", username=given["Username"]))["name"] is not None:
            raise _duplicate()
        field = _FIELDS.get(result["field"] or "", "Username")
        raise fault(422, result["message"], field=field, code=_CODES[field], value=given[field])
    made = objects.user(result["user"])
    return answered(call, made, 201, Location=user_path(made["Username"]))


async def named_user(call: Call) -> str:
    """How the username in the path is spelled. Raises `Refusal` 404 when there is no such user."""
    username = call.request.path_params["username"]
    data = await call.ask("name", username=findable(username))
    if data["name"] is None:
        raise not_found()
    return str(data["name"])


def required(given: dict[str, Any], name: str) -> str:
    """A text that has to be there. Raises `Refusal` 422."""
    value = given.get(name)
    if value is None or value == "":
        raise fault(422, "Missing data", field=name, code="RequiredMissing")
    if not isinstance(value, str):
        raise fault(422, f"{name} is to be a string.", field=name, code="WrongType")
    return value


def _check(given: dict[str, Any]) -> None:
    username, email, name = given["Username"], given["Email"], given["Realname"]
    for fits, field, code, message in (
        (
            len(username) >= _SHORTEST,
            "Username",
            "TooShort",
            f"Username has at least {_SHORTEST} characters.",
        ),
        (len(username) <= _LONGEST, "Username", "TooLong", f"Username has at most {_LONGEST} characters."),
        (
            all(map(_USERNAME.fullmatch, username)),
            "Username",
            "UsernameContainsIllegalChar",
            "Username has letters, digits, and . - _ @ only.",
        ),
        (_EMAIL.fullmatch(email), "Email", "EmailAddressInvalid", "The email address is not valid."),
        (any(map(str.isalpha, name)), "Realname", "RealnameInvalid", "Realname has at least one letter."),
    ):
        if not fits:
            raise fault(422, message, field=field, code=code, value=given[field])


def _duplicate() -> Exception:
    return fault(
        409,
        "That username is not available. Please choose another.",
        field="Username",
        code="DuplicateUsernameError",
    )


def _page(own: str, wanted: str) -> str:
    """Where the link of the mail leads: a page of this server, as who has the token has the account."""
    try:
        parts = urlsplit(wanted)
    except ValueError:
        parts = urlsplit("")
    is_own = f"{parts.scheme}://{parts.netloc}" == own and re.fullmatch(r"/[\w./~-]*", parts.path, re.ASCII)
    return own + (parts.path if is_own else _SET_PASSWORD)


def _workspace(call: Call, username: str) -> Object:
    site = call.settings.site
    authentication = AUTHENTICATION.format(site=site)
    links = [
        link("resolve_me", f"{HOOKS}/resolve_me", "GET"),
        link("course_search", f"{HOOKS}/course_search", "GET"),
        link("user_search", f"{authentication}/user_search", "GET"),
    ]
    if is_admin(call.viewer):
        links += [
            link("create_user", f"{authentication}/users", "POST"),
            link("subscriptions", f"{HOOKS}/subscriptions", "GET"),
            link("create_subscription", f"{HOOKS}/subscriptions", "POST"),
            link("enroll_user", ENROLLMENTS, "POST"),
        ]
    courses = {
        "Class": "Collection",
        "Title": "Courses",
        "href": f"{user_path(username)}/zapier/Courses",
        "accepts": [],
    }
    return {"Class": "Workspace", "Title": "zapier", "Items": [courses], "Links": links}
