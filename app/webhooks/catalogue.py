"""The events that targets can be told of, each with the JSON Schema of what is sent (Zapier contract 9)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.vocabulary import WebhookEvent
from app.webhooks import samples
from app.webhooks.payloads import EVENT_CLASSES, MIME_TYPE, SCOPES, event_body

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
    name: str, properties: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None
) -> Schema:
    """An object of a class, which has these properties and no others."""
    fixed = {"Class": {"const": name}, "MimeType": {"const": MIME_TYPE + name.lower()}}
    return {
        "type": "object",
        "properties": {**fixed, **properties, **(optional or {})},
        "required": [*fixed, *properties],
        "additionalProperties": False,
    }


_USER = _object(
    "UserDetails",
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
    "CourseDetails",
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
    "CourseEnrollmentDetails", {"User": _USER, "Course": _COURSE, "Scope": {"enum": list(SCOPES)}}
)
_PROGRESS = _object(
    "ProgressSummary",
    {
        "User": _USER,
        "Course": _COURSE,
        "Progress": _object(
            "CompletionContextProgressDetails",
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
    name = EVENT_CLASSES[type_]
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": address_of(type_),
        "title": name,
        "description": description,
        "type": "object",
        "properties": {
            "Class": {"const": name},
            "MimeType": {"const": f"{MIME_TYPE}event.{name.removesuffix('Event').lower()}"},
            "EventType": {"const": type_.value},
            "Data": data,
        },
        "required": ["Class", "MimeType", "EventType", "Data"],
        "additionalProperties": False,
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
