"""Recording tracking events that are sent (Data Analytics contract 8.1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.analytics.record import Recorder, tells
from app.analytics.tracking import event_of
from app.errors import BadUserInput, Forbidden
from resolvers.context import Context


@dataclass(frozen=True)
class Refused:
    """An event that cannot be used: its place among those that were sent, from 0, and why."""

    index: int
    message: str


@dataclass(frozen=True)
class Recorded:
    """What became of events: each is accepted, ignored because no series counts it, or refused."""

    accepted: int
    ignored: int
    refused: list[Refused]


async def record(context: Context, values: Sequence[Any]) -> Recorded:
    """Record events, all that can be used in one transaction. Raises `Forbidden`."""
    if not context.viewer.is_staff:
        raise Forbidden("Only staff may record events")
    events, refused = [], []
    for index, value in enumerate(values):
        try:
            events.append(event_of(value))
        except BadUserInput as error:
            refused.append(Refused(index, error.message))
    if events:
        async with context.write() as session:
            await Recorder(context.countries, emits_events=True).record(await session.connection(), events)
    told = sum(map(tells, events))
    return Recorded(told, len(events) - told, refused)
