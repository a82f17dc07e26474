"""What a legacy path is made of: declarations, which the shim serves and OpenAPI describes."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import Response

from app.auth.credentials import Authenticator
from app.auth.invitations.mail import Mailer
from app.auth.user_tokens import UserTokens
from app.auth.viewer import Viewer
from app.db.engine import Database
from app.rest.negotiation import AS_JSON, Representation
from app.rest.render import Render, json
from app.rest.schemas import DETAIL, STRING, Schema
from app.settings import Settings


class Refusal(Exception):
    """An answer that ends a request before its document runs, or instead of what it returned."""

    def __init__(self, response: Response) -> None:
        super().__init__(bytes(response.body).decode())
        self.response = response


class Invalid(ValueError):
    """A value of a parameter that cannot be used; the message says what it should be."""


class Caller(Enum):
    """Who may ask at all."""

    ANYBODY = "anybody; credentials are not looked at"
    NOBODY_WRONG = "anybody; credentials that are shown must be valid"
    USER = "any user"
    STAFF = "staff"


@dataclass(frozen=True)
class Parameter:
    """A parameter in the path or the query.

    Its value is parsed and given to the document's variable of the name
    `variable`, or only to the route's own functions when that is None. In a path
    `pattern` says what it matches. Blank counts as absent, of a repeated one the
    last counts (Enrollment contract 1.5).
    """

    name: str
    variable: str | None
    description: str
    parse: Callable[[str], Any] = str
    schema: Schema = field(default_factory=STRING.copy)
    pattern: str | None = None


@dataclass(frozen=True)
class Refused:
    """What an answer that is none of 200 means, and the schema of its body; without one it is empty."""

    meaning: str
    body: Schema | None = field(default_factory=DETAIL.copy)
    content_type: str = "application/json"


def _limit_of_user(viewer: Viewer) -> str:
    return f"enrollment_requests_per_minute{'_staff' if viewer.is_staff else ''}"


def _bearer(error: str | None) -> str:
    return 'Bearer realm="api"' + (f', error="{error}"' if error else "")


@dataclass(frozen=True)
class Manner:
    """What an API does alike on all its paths: credentials, representations, and how it words errors."""

    schemes: tuple[str, ...] = ("Bearer", "Token", "JWT", "OAuth2")
    """The ways to send credentials, as the description names them."""
    identify: Callable[[Authenticator, Request], Awaitable[Viewer]] = Authenticator.viewer_of
    """Finds who asks, a stranger without credentials. Raises `LyceumError`."""
    challenge: Callable[[str | None], str] = _bearer
    """Makes `WWW-Authenticate` of a code of RFC 6750, None where there were no credentials."""
    limit: Callable[[Viewer], str] = _limit_of_user
    """Names the setting that says how often a viewer may ask in a minute."""
    produces: tuple[Representation, ...] = (AS_JSON,)
    """The forms of answers, the default first; of several, one is chosen before all else is looked at."""
    describes_itself: bool = False
    """Whether OPTIONS is answered, to who may ask; all other methods are refused to them only, too."""
    word: str = "detail"
    """The member of a refusal's body that says what is wrong."""
    fault: Callable[[str], Any] = lambda message: {"detail": message}
    """The body for what is the server's own fault."""
    refusals: Mapping[int, Refused] = field(default_factory=dict)
    """What statuses mean on all paths, where that is not what they mean elsewhere."""

    @property
    def negotiates(self) -> bool:
        """Whether a request can choose."""
        return len(self.produces) > 1


class Ask(Protocol):
    """Runs a stored document for the caller."""

    async def __call__(self, document: str, **variables: Any) -> dict[str, Any]:
        """The data, melted. Raises `Refusal`."""


@dataclass(frozen=True)
class Services:
    """What answers that are no data are made with."""

    database: Database
    user_tokens: UserTokens
    mailer: Mailer


@dataclass(frozen=True)
class Call:
    """A request to a route, with what was found out about it."""

    request: Request
    viewer: Viewer
    values: Mapping[str, Any]
    """The parsed parameters by name; those that were not given are absent."""
    ask: Ask
    """Runs one of the documents that the route asks."""
    settings: Settings
    body: Any = None
    render: Render = json

    @property
    def base_url(self) -> str:
        """Address of the server as the caller reaches it, without a slash at its end."""
        url = self.request.url
        return (self.settings.public_url or f"{url.scheme}://{url.netloc}").rstrip("/")


Run = Callable[..., Awaitable[dict[str, Any]]]
"""Runs a route's document with its variables, some of them as given here."""


def invalid_detail(parameter: str, message: str) -> Any:
    """The body for a parameter that cannot be used, as most paths word it."""
    return {"detail": message}


def by_parameters(route: "Route", call: Call) -> dict[str, Any]:
    """Variables as the parameters declare them."""
    named = {parameter.name: parameter.variable for parameter in route.parameters}
    return {
        variable: value for name, value in call.values.items() if (variable := named.get(name)) is not None
    }


@dataclass(frozen=True)
class Route:
    """A method on a path, and the document that answers it; what is no data, `act` answers without one.

    `answer` makes a response of what the document returned; without it, the
    document's connection `page` is walked to its end and streamed as one JSON
    array, each row changed by `row`. `result` is where in the document's data the
    answer stands, for its description.
    """

    path: str
    summary: str
    folder: Path = Path()
    document: str | None = None
    description: str = ""
    method: str = "GET"
    parameters: tuple[Parameter, ...] = ()
    caller: Caller = Caller.USER
    check: Callable[[Viewer, Mapping[str, str]], None] | None = None
    """Looks at the viewer and the raw parameters first. Raises `Refusal`."""
    body: Schema | None = None
    max_body: str = "max_body_bytes"
    """Names the setting that says how large the body may be."""
    variables: Callable[["Route", Call], dict[str, Any]] = by_parameters
    answer: Callable[[Call, dict[str, Any]], Response] | None = None
    read: Callable[[Call, Run], Awaitable[dict[str, Any]]] | None = None
    """Reads what `answer` takes by running the document several times, where once is not enough."""
    in_turn: bool = False
    """Whether few of its answers are made at once: who came first is answered first, and none is late
    because all take as long as the longest."""
    row: Callable[[dict[str, Any]], Any] | None = None
    result: str = "page.nodes"
    shape: Callable[[Schema], Schema] | None = None
    """Makes the schema of the answer from that of the result, where they differ."""
    empty: str | None = None
    """What 200 with an empty body means, where there is such an answer."""
    refusals: Mapping[int, Refused] = field(default_factory=dict)
    """Statuses of its own; those that all routes have are not among them."""
    invalid: Callable[[str, str], Any] = invalid_detail
    throttled: bool = False
    manner: Manner = field(default_factory=Manner)
    redirects: bool = False
    """Whether the path without the slash at its end leads to the path, not to the answer."""
    act: Callable[[Call, Services], Awaitable[Response]] | None = None
    """Answers itself what is no data, or takes more than one document."""
    asks: tuple[str, ...] = ()
    """The documents that `act` runs."""
    reads: Schema | None = None
    """What `act` reads itself, as JSON whatever its type is called."""
    status: int = 200
    """What it answers with when it has done what it is for."""
    media_types: tuple[str, ...] = ("application/json",)
    """What its answer may be called."""
    form: Schema | None = None
    """What `act` reads itself, from a form or a JSON object."""


@dataclass(frozen=True)
class Api:
    """An older API: its name, what it is, and its routes."""

    name: str
    description: str
    routes: tuple[Route, ...]
    explored_as: str | None = None
    """What the explorer calls the group of its paths, where that is not its name."""
    moved: Mapping[str, str] = field(default_factory=dict)
    """Paths that lead to others."""
    root: str | None = None
    """Below it, `unknown` is the body of what matches no path."""
    unknown: Any = None

    @property
    def group(self) -> str:
        """The name of its paths in the explorer."""
        return self.explored_as or self.name
