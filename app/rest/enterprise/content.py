"""What a catalog holds: all of it page by page, and each item by its key (Enterprise contract 7 and 8)."""

from functools import partial
from pathlib import Path
from typing import Any

from starlette.responses import Response

from app.rest.enterprise.access import CATALOG, nothing, readable_catalog
from app.rest.enterprise.courses import COURSE, PROGRAM, PROGRAM_WITH_COURSES
from app.rest.enterprise.ids import SEGMENT, uuid
from app.rest.enterprise.manner import FORMAT
from app.rest.enterprise.runs import RUN, RUN_WITH_DETAILS
from app.rest.members import Members, described, made
from app.rest.numbered import LINKS, PAGING, envelope, page_variables, reading
from app.rest.render import Row
from app.rest.route import Call, Parameter, Refused, Route
from app.rest.schemas import DETAIL, STRING, Schema, exactly

_KINDS: dict[str, Members] = {"Course": COURSE, "CourseRun": RUN, "Program": PROGRAM}
_KEY = r"[^\x00]+?"
_UUID: Schema = {**STRING, "format": "uuid"}
_CONTENT_KEYS = "content_keys"

_route = partial(Route, folder=Path(__file__).parent, in_turn=True, throttled=True)


def _catalog(call: Call) -> dict[str, Any]:
    return {"catalog": uuid(call.values["catalog_id"])}


def _context(catalog: Row) -> Row:
    """What is read of the catalog for its items."""
    return {name: catalog[name] for name in ("catalog_modified", "customer_modified") if name in catalog}


def _variables(route: Route, call: Call) -> dict[str, Any]:
    # Whoever names content is told of it, open for enrollment or not.
    given = call.request.query_params.getlist(_CONTENT_KEYS)
    # A plus sign in a query arrives as a space, and keys have none.
    keys = [key.replace(" ", "+") for key in given if key]
    return {**_catalog(call), **page_variables(call), "active": not keys, "keys": keys or None}


def _all(call: Call, data: dict[str, Any]) -> Response:
    catalog = readable_catalog(call, data)
    context, page = _context(catalog), catalog["page"]
    items = [made(_KINDS[item["content_type"]], item | context, call) for item in page["results"]]
    shown = envelope(call, page["count"], items)
    names = ("uuid", "title", "enterprise_customer")
    order = ("count", "previous", "next", "results")
    return call.render({name: catalog[name] for name in names} | {name: shown[name] for name in order})


def _shape_of_all(given: Schema) -> Schema:
    kinds = [
        described(_KINDS[item["properties"]["content_type"]["const"]], item)
        for item in given["items"]["anyOf"]
    ]
    results = {"type": "array", "items": {"anyOf": kinds}}
    links = {name: LINKS[name] for name in ("count", "previous", "next")}
    return exactly(uuid=_UUID, title=STRING, enterprise_customer=_UUID, **links, results=results)


CONTENT = partial(
    _route,
    document="content",
    summary="What a catalog holds",
    description="Courses, course runs and programs that are open for enrollment, or will be.",
    parameters=(
        CATALOG,
        *PAGING,
        Parameter(
            _CONTENT_KEYS,
            None,
            "Only content with this key, open for enrollment or not; repeated for several, at most 100.",
        ),
        FORMAT,
    ),
    variables=_variables,
    read=reading("catalog"),
    answer=_all,
    result="catalog.page.results",
    shape=_shape_of_all,
    refusals={400: Refused("There are too many keys.", DETAIL)},
)
"""At one path or another."""


def _item(key: Parameter, members: Members, **declared: Any) -> partial[Route]:
    """One item, whose document takes what the parameter parses."""

    def variables(route: Route, call: Call) -> dict[str, Any]:
        return {**_catalog(call), "key": call.values[key.name]}

    def answer(call: Call, data: dict[str, Any]) -> Response:
        catalog = readable_catalog(call, data)
        if catalog["item"] is None:
            raise nothing(call)
        return call.render(made(members, catalog["item"] | _context(catalog), call))

    return partial(
        _route,
        parameters=(CATALOG, key, FORMAT),
        variables=variables,
        answer=answer,
        result="catalog.item",
        shape=lambda given: described(members, given),
        **declared,
    )


ITEMS = {
    "courses/{course_key}": _item(
        Parameter("course_key", None, "Key such as `ORG+NUMBER`.", pattern=_KEY),
        COURSE,
        document="course",
        summary="A course in a catalog",
        description="Whether or not it is open for enrollment.",
    ),
    "course-runs/{course_run_id}": _item(
        Parameter("course_run_id", None, "Key such as `course-v1:ORG+NUMBER+RUN`.", pattern=_KEY),
        RUN_WITH_DETAILS,
        document="run",
        summary="A course run in a catalog",
        description="Whether or not it is open for enrollment; in the catalog with its course, or by itself.",
    ),
    "programs/{program_uuid}": _item(
        Parameter("program_uuid", None, "UUID of the program.", uuid, pattern=SEGMENT),
        PROGRAM_WITH_COURSES,
        document="program",
        summary="A program in a catalog",
        description="Whether or not it is published.",
    ),
}
"""By their places below the path of the catalog."""
