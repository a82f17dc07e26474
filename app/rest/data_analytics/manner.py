"""Credentials, representations and errors of the Data Analytics API (Data Analytics contract 2, 3 and 5)."""

import re
from dataclasses import replace
from functools import partial
from typing import Any

from starlette.requests import Request

from app.auth.credentials import Authenticator
from app.auth.viewer import STRANGER, Viewer
from app.errors import Unauthenticated, UserInactive
from app.graphql.media import HTML, JSON
from app.rest.negotiation import AS_JSON, Representation
from app.rest.render import CSV, Render, csv, html, indented
from app.rest.route import Call, Manner, Refusal, Refused
from app.rest.schemas import DETAIL, STRING, Schema, exactly

NOT_FOUND = {"detail": "Not found."}
_FORBIDDEN = {"detail": "You do not have permission to perform this action."}
_INDENT = re.compile(rf"{JSON}\s*;\s*indent=([0-9]{{1,3}})")
_LEFT = {"rows", "modules", "latest"}
"""What documents ask of the series of a run."""

_STATUS: Schema = exactly(status={"type": "integer"})


def nothing(call: Call) -> Refusal:
    """There is nothing to answer with."""
    return Refusal(call.render(NOT_FOUND, 404))


def check_restriction(call: Call, data: dict[str, Any]) -> None:
    """Raise `Refusal` where the restriction of the caller's key leaves nothing to answer with (2.2).

    Of a known course there are no series then. Modules are looked for in the courses
    of the key, and whether others have them it is not told.
    """
    holder = data["run"] if "run" in data else data["modules"]["nodes"]
    is_left = holder is None or (_LEFT & holder.keys() if isinstance(holder, dict) else holder)
    if call.viewer.is_restricted and not is_left:
        raise Refusal(call.render(_FORBIDDEN, 403))


async def _identify(authenticator: Authenticator, request: Request) -> Viewer:
    """Who shows a key or a token as `Token`. Whoever does reads numbers, all without a restriction (2.2)."""
    words = ", ".join(request.headers.getlist("authorization")).split()
    if not words or words[0].lower() != "token":
        return STRANGER
    if len(words) == 1:
        raise Unauthenticated("Invalid token header. No credentials provided.")
    if len(words) > 2:
        raise Unauthenticated("Invalid token header. Token string should not contain spaces.")
    try:
        viewer = await authenticator.viewer(f"Token {words[1]}")
    except UserInactive as error:
        raise Unauthenticated("User inactive or deleted.") from error
    except Unauthenticated as error:
        raise Unauthenticated("Invalid token.") from error
    return replace(viewer, is_analyst=True)


def _indented(accept: str) -> Render | None:
    indent = _INDENT.search(accept)
    return partial(indented, indent=min(int(indent[1]), 8)) if indent else None


def _text(schema: Schema) -> Schema:
    return STRING


MANNER = Manner(
    schemes=("Token",),
    identify=_identify,
    challenge=lambda error: "Token",
    limit=lambda viewer: "analytics_requests_per_minute",
    produces=(
        replace(AS_JSON, of_header=_indented),
        Representation(CSV, csv, "csv", _text),
        Representation(HTML, html, schema=_text),
    ),
    describes_itself=True,
    fault=lambda message: {"status": 500},
    refusals={
        404: Refused("The path does not match.", _STATUS),
        406: Refused("No representation is acceptable.", DETAIL),
        500: Refused("Something went wrong.", _STATUS),
    },
)
