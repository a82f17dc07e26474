"""Credentials, representations and errors of the Enterprise API (Enterprise contract 2, 3 and 4)."""

import re
from dataclasses import replace

from joserfc.errors import JoseError
from joserfc.jws import extract_compact
from starlette.requests import Request

from app.auth.credentials import Authenticator
from app.auth.viewer import STRANGER, Viewer
from app.errors import TokenExpired, Unauthenticated
from app.rest.negotiation import AS_JSON, Representation
from app.rest.route import Manner, Parameter, Refused
from app.rest.schemas import DETAIL, STRING
from app.rest.xml import XML, elements, xml

AS_XML = Representation(XML, xml, "xml", elements)
FORMAT = Parameter(
    "format", None, "The representation, whatever `Accept` says.", schema={**STRING, "enum": ["json", "xml"]}
)
NOT_FOUND = {"detail": "Not found."}

_TOKEN = re.compile(r"[\w-]{43}", re.ASCII)


async def _identify(authenticator: Authenticator, request: Request) -> Viewer:
    """Who shows an access token as `JWT`, and nobody else. Raises `Unauthenticated` in the words of 2.3."""
    words = ", ".join(request.headers.getlist("authorization")).split()
    if len(words) != 2 or words[0].lower() != "jwt":
        return STRANGER
    try:
        return await authenticator.viewer(f"JWT {words[1]}")
    except TokenExpired as error:
        raise Unauthenticated("Token has expired.") from error
    except Unauthenticated as error:
        detail = "Invalid token." if _is_token(words[1]) else "Error decoding token."
        raise Unauthenticated(detail) from error


def _is_token(text: str) -> bool:
    """Whether this could be a token: one of ours, which say nothing, or a JSON Web Token of anybody's."""
    if _TOKEN.fullmatch(text):
        return True
    try:
        extract_compact(text.encode())
    except (JoseError, ValueError):
        return False
    return True


BY_XML = Manner(
    schemes=("JWT",),
    identify=_identify,
    challenge=lambda error: 'JWT realm="api"',
    limit=lambda viewer: "enterprise_requests_per_minute",
    produces=(AS_XML, AS_JSON),
    describes_itself=True,
    refusals={
        404: Refused("There is nothing like this, or no such page.", DETAIL),
        406: Refused("No representation is acceptable.", DETAIL),
    },
)
"""The documented paths: XML, or JSON where it is asked for."""

BY_JSON = replace(BY_XML, produces=(AS_JSON, AS_XML))
"""The paths of the services behind them, whose clients never ask (12.5)."""
