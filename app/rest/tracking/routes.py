"""Recording tracking events (Data Analytics contract 8.1)."""

from pathlib import Path
from typing import Any

from starlette.responses import Response

from app.rest.render import json
from app.rest.route import Call, Caller, Route
from app.rest.schemas import Schema

_EVENT: Schema = {
    "type": "object",
    "description": "An event as Open edX tracking logs have it.",
    "properties": {
        "time": {"type": "string", "description": "When it happened; UTC unless it says otherwise."},
        "event_type": {"type": "string"},
        "event_source": {"type": "string", "description": "`server`, `browser`, `mobile` or `task`."},
    },
    "required": ["time", "event_type"],
}


def _events(route: Route, call: Call) -> dict[str, Any]:
    return {"events": call.body if isinstance(call.body, list) else [call.body]}


def _answer(call: Call, data: dict[str, Any]) -> Response:
    result = data["result"]
    return json(result, 200 if "accepted" in result else 403)


ROUTES = (
    Route(
        path="/events",
        folder=Path(__file__).parent,
        document="record",
        method="POST",
        summary="Record tracking events",
        description="One event or an array of them. An event that was sent before counts once; every series"
        " has counted what was accepted when the answer comes.",
        caller=Caller.STAFF,
        body={"oneOf": [_EVENT, {"type": "array", "items": _EVENT}]},
        max_body="max_events_bytes",
        variables=_events,
        answer=_answer,
        result="result",
    ),
)
