"""Which representation a request wants."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.requests import Request

from app.graphql.media import JSON, chosen
from app.rest.render import Render, json
from app.rest.schemas import Schema


@dataclass(frozen=True)
class Representation:
    """A form of answers. `format` names it in a query; `schema` makes its schema of that of the JSON."""

    media_type: str
    render: Render
    format: str | None = None
    schema: Callable[[Schema], Schema] = lambda schema: schema
    of_header: Callable[[str], Render | None] = lambda accept: None
    """What parameters in `Accept` say more about how it is rendered, if they do."""


AS_JSON = Representation(JSON, json, "json")


class Unrepresentable(Exception):
    """No representation fits: by the parameter `format`, with 404, or by `Accept`, with 406."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


def negotiated(request: Request, offers: Sequence[Representation]) -> Render:
    """What a request wants by `format`, else by `Accept`; the first without either.

    Raises `Unrepresentable`.
    """
    if len(offers) == 1:
        return offers[0].render
    if name := request.query_params.get("format"):
        for offer in offers:
            if offer.format == name:
                return offer.render
        raise Unrepresentable(404, "Not found.")
    accept = ", ".join(request.headers.getlist("accept"))
    media_type = chosen(accept, [offer.media_type for offer in offers])
    for offer in offers:
        if offer.media_type == media_type:
            return offer.of_header(accept) or offer.render
    raise Unrepresentable(406, "Could not satisfy the request Accept header.")
