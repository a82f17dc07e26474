"""All enrollments, page by page (Enrollment contract 4.5)."""

from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from app.rest.parameters import RUN, USERNAMES, number, run_key, usernames
from app.rest.render import json
from app.rest.route import Call, Caller, Invalid, Parameter, Refused, Route, by_parameters
from app.rest.schemas import STRING, Schema, exactly, nullable

_PAGE_SIZE = 100
_NEXT, _PREVIOUS = "n", "p"


def _cursor(text: str) -> tuple[str, str]:
    direction, cursor = text[:1], text[1:]
    if direction not in (_NEXT, _PREVIOUS) or not cursor:
        raise Invalid("not a cursor of this list")
    return direction, cursor


def _variables(route: Route, call: Call) -> dict[str, Any]:
    size = call.values.get("page_size", _PAGE_SIZE)
    direction, cursor = call.values.get("cursor", (_NEXT, None))
    page = {"last": size, "before": cursor} if direction == _PREVIOUS else {"first": size, "after": cursor}
    return {**by_parameters(route, call), **page}


def _answer(call: Call, data: dict[str, Any]) -> Response:
    info = data["page"]["pageInfo"]
    return json(
        {
            "next": _address(call.request, _NEXT, info["endCursor"]) if info["hasNextPage"] else None,
            "previous": _address(call.request, _PREVIOUS, info["startCursor"])
            if info["hasPreviousPage"]
            else None,
            "results": data["page"]["nodes"],
        }
    )


def _address(request: Request, direction: str, cursor: str | None) -> str | None:
    if cursor is None:
        return None
    return str(request.url.include_query_params(cursor=direction + cursor))


def _shape(rows: Schema) -> Schema:
    address = nullable({"type": "string", "format": "uri"})
    return exactly(next=address, previous=address, results=rows)


def _invalid(parameter: str, message: str) -> Any:
    # What the cursor holds goes into the document's own arguments.
    if parameter in ("after", "before"):
        parameter, message = "cursor", "cursor: not a cursor of this list"
    return {"field_errors": {parameter: {"developer_message": message}}}


_INVALID = exactly(field_errors={"type": "object", "additionalProperties": exactly(developer_message=STRING)})

ALL = Route(
    path="/api/enrollment/v1/enrollments",
    folder=Path(__file__).parent,
    document="all",
    summary="All enrollments",
    description="Newest first, active or not, in pages.",
    parameters=(
        Parameter("course_id", "run", "Only enrollments in this run.", run_key, RUN),
        Parameter(
            "username", "usernames", "Only enrollments of these users, with commas.", usernames, USERNAMES
        ),
        Parameter(
            "page_size",
            None,
            "Enrollments on a page.",
            number(1, 100),
            {"type": "integer", "minimum": 1, "maximum": 100, "default": _PAGE_SIZE},
        ),
        Parameter("cursor", None, "Where the page begins, from `next` or `previous`.", _cursor),
    ),
    caller=Caller.STAFF,
    variables=_variables,
    answer=_answer,
    shape=_shape,
    refusals={400: Refused("A parameter cannot be used.", _INVALID)},
    invalid=_invalid,
    throttled=True,
)
