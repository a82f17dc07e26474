"""The catalogs that a caller's roles open (Enterprise contract 6)."""

from functools import partial
from pathlib import Path
from typing import Any

from starlette.responses import Response

from app.rest.enterprise.ids import uuid
from app.rest.enterprise.manner import FORMAT
from app.rest.numbered import PAGING, envelope, enveloped, page_variables, reading
from app.rest.route import Call, Parameter, Refusal, Route, by_parameters
from app.rest.schemas import STRING

_FORBIDDEN = {"detail": "You do not have permission to perform this action."}


def _variables(route: Route, call: Call) -> dict[str, Any]:
    return {**by_parameters(route, call), **page_variables(call)}


def _answer(call: Call, data: dict[str, Any]) -> Response:
    viewer = data["viewer"]
    if not viewer["roles"] and not call.viewer.is_staff:
        raise Refusal(call.render(_FORBIDDEN, 403))
    return call.render(envelope(call, viewer["page"]["count"], viewer["page"]["results"]))


CATALOGS = partial(
    Route,
    folder=Path(__file__).parent,
    document="catalogs",
    summary="Catalogs of enterprise customers",
    description="Those of the customers that the caller has a role for, oldest first.",
    parameters=(
        *PAGING,
        Parameter(
            "enterprise_customer",
            "customer",
            "Only catalogs of this customer.",
            uuid,
            {**STRING, "format": "uuid"},
        ),
        FORMAT,
    ),
    variables=_variables,
    read=reading("viewer"),
    answer=_answer,
    result="viewer.page.results",
    shape=enveloped,
    throttled=True,
)
"""At one path or another."""
