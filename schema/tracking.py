"""Mutations of tracking events."""

from typing import Annotated

import strawberry
from strawberry.scalars import JSON

from resolvers import tracking
from resolvers.context import Context
from schema.errors import NotPermitted, ValidationError
from schema.relay import field


@strawberry.input(description="Tracking events to record.")
class RecordEventsInput:
    events: list[JSON] = field(
        "Events as Open edX tracking logs have them, in any order. One that was sent before counts once."
    )


@strawberry.type(description="An event that cannot be used.")
class EventRefused:
    index: int = field("Its place among those that were sent, from 0.")
    message: str = field("Why, for people.")


@strawberry.type(description="What became of the events. The series count those that were accepted at once.")
class EventsRecorded:
    accepted: int = field("Events that were recorded, now or before.")
    ignored: int = field("Events that no series counts: of no course run, of nobody.")
    refused: list[EventRefused] = field("Events that cannot be used.")


RecordEventsResult = Annotated[
    EventsRecorded | ValidationError | NotPermitted,
    strawberry.union("RecordEventsResult", description="What comes of recording events."),
]


async def record_events(context: Context, input: RecordEventsInput) -> EventsRecorded:
    """Record tracking events."""
    recorded = await tracking.record(context, input.events)
    refused = [EventRefused(index=it.index, message=it.message) for it in recorded.refused]
    return EventsRecorded(accepted=recorded.accepted, ignored=recorded.ignored, refused=refused)
