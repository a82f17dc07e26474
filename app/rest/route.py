"""What a legacy path is made of: declarations, which the shim serves and OpenAPI describes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from app.auth.viewer import Viewer
from app.rest.schemas import DETAIL, STRING, Schema


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


@dataclass(frozen=True)
class Call:
    """A request to a route, with what was found out about it."""

    request: Request
    viewer: Viewer
    values: Mapping[str, Any]
    """The parsed parameters by name; those that were not given are absent."""
    body: Any = None


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
    """A method on a path, and the document that answers it.

    `answer` makes a response of what the document returned; without it, the
    document's connection `page` is walked to its end and streamed as one JSON
    array, each row changed by `row`. `result` is where in the document's data the
    answer stands, for its description.
    """

    path: str
    folder: Path
    document: str
    summary: str
    description: str = ""
    method: str = "GET"
    parameters: tuple[Parameter, ...] = ()
    caller: Caller = Caller.USER
    check: Callable[[Viewer, Mapping[str, str]], None] | None = None
    """Looks at the viewer and the raw parameters first. Raises `Refusal`."""
    body: Schema | None = None
    variables: Callable[["Route", Call], dict[str, Any]] = by_parameters
    answer: Callable[[Call, dict[str, Any]], Response] | None = None
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


@dataclass(frozen=True)
class Api:
    """An older API: its name, what it is, and its routes."""

    name: str
    description: str
    routes: tuple[Route, ...]
