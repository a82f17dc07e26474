"""The events that targets can be told of, each with the JSON Schema of what is sent (Zapier contract 9)."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from app.vocabulary import WebhookEvent
from app.webhooks import samples
from app.webhooks.payloads import EVENT_CLASSES, SCOPES, event_body, kind, kind_of_event

Schema = dict[str, Any]

PATH = "/docs/events"
"""Where the catalogue is read."""

_TEXT: Schema = {"type": "string"}
_TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
_NUMBER_OR_NULL: Schema = {"type": ["number", "null"]}
_INSTANT: Schema = {
    "type": "string",
    "format": "date-time",
    "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$",
}
_INSTANT_OR_NULL: Schema = {"oneOf": [_INSTANT, {"type": "null"}]}


def _object(
    fixed: Mapping[str, str],
    properties: Mapping[str, Schema],
    optional: Mapping[str, Schema] = MappingProxyType({}),
) -> Schema:
    """An object that has these members and no others."""
    of_kind = {name: {"const": value} for name, value in fixed.items()}
    return {
        "type": "object",
        "properties": {**of_kind, **properties, **optional},
        "required": [*of_kind, *properties],
        "additionalProperties": False,
    }


_USER = _object(
    kind("UserDetails"),
    {
        "Username": _TEXT,
        "Email": _TEXT_OR_NULL,
        "Realname": _TEXT_OR_NULL,
        "CreatedTime": _INSTANT,
        "LastLogin": _INSTANT,
        "LastSeen": _INSTANT,
    },
    {"NonI18NFirstName": _TEXT, "NonI18NLastName": _TEXT},
) | {"dependentRequired": {"NonI18NFirstName": ["NonI18NLastName"], "NonI18NLastName": ["NonI18NFirstName"]}}
_COURSE = _object(
    kind("CourseDetails"),
    {
        "Id": {"type": "string", "pattern": "^tag:nextthought\\.com,2011-10:"},
        "ProviderId": {"type": "string", "minLength": 1, "maxLength": 32},
        "Title": _TEXT,
        "Description": _TEXT,
        "RichDescription": _TEXT,
        "StartDate": _INSTANT_OR_NULL,
        "EndDate": _INSTANT_OR_NULL,
        "CreatedTime": _INSTANT,
        "Last Modified": _INSTANT,
    },
)
_ENROLLMENT = _object(
    kind("CourseEnrollmentDetails"), {"User": _USER, "Course": _COURSE, "Scope": {"enum": list(SCOPES)}}
)
_PROGRESS = _object(
    kind("ProgressSummary"),
    {
        "User": _USER,
        "Course": _COURSE,
        "Progress": _object(
            kind("CompletionContextProgressDetails"),
            {
                "AbsoluteProgress": _NUMBER_OR_NULL,
                "MaxPossibleProgress": _NUMBER_OR_NULL,
                "PercentageProgress": {"type": ["number", "null"], "minimum": 0, "maximum": 1},
                "Completed": {"type": "boolean"},
                "Success": {"type": "boolean"},
            },
        ),
    },
)


@dataclass(frozen=True)
class Entry:
    """An event: when it happens, and the JSON Schema (2020-12) of the body that is sent, with an example."""

    type: WebhookEvent
    description: str
    schema: Schema

    @property
    def example(self) -> dict[str, Any]:
        """A body such as is sent."""
        example: dict[str, Any] = self.schema["examples"][0]
        return example


def address_of(type_: WebhookEvent) -> str:
    """The path at which the schema of an event is found; it does not change."""
    return f"{PATH}/{type_}.json"


def _entry(type_: WebhookEvent, description: str, data: Schema) -> Entry:
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": address_of(type_),
        "title": EVENT_CLASSES[type_],
        "description": description,
        **_object(kind_of_event(type_), {"Data": data}),
        "examples": [event_body(type_, samples.USER, samples.RUN, samples.FACTS)],
    }
    return Entry(type_, description, schema)


CATALOGUE = {
    entry.type: entry
    for entry in (
        _entry(WebhookEvent.USER_CREATED, "An account was created, by any route.", _USER),
        _entry(WebhookEvent.COURSE_CREATED, "A course run became available, for the first time.", _COURSE),
        _entry(WebhookEvent.USER_ENROLLED, "A user was enrolled in a course run he was not in.", _ENROLLMENT),
        _entry(
            WebhookEvent.PROGRESS_UPDATED,
            "A user got further in a course run: more of what is required is completed.",
            _PROGRESS,
        ),
    )
}
