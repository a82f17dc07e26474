"""Saying that something happened: the one place where events are written, for every door.

The event, the attempts to tell of it, and on PostgreSQL the jobs that start
them are written in the transaction of the change: all of it happens or none
(Zapier contract 10.1).
"""

from collections.abc import Sequence
from typing import Any
from uuid import uuid5

from sqlalchemy import insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlmodel import col

from app.db.models import DeliveryAttempt, Event, User, WebhookSubscription, now
from app.vocabulary import WebhookEvent
from app.webhooks.payloads import bodies
from app.webhooks.pending import PENDING, UNMADE
from app.webhooks.postgres import put

_CHUNK = 500
_TOLD = frozenset(WebhookEvent)
_COLUMNS = ("type", "occurred_at", "user_id", "course_id", "run_id", "payload")


async def emit(place: AsyncConnection | AsyncSession, *events: Event) -> None:
    """Write events in the transaction of the caller, and what follows from them.

    What they are of has to be in the database already, as it is to be told.
    """
    if isinstance(place, AsyncSession):
        await place.flush()
        place = await place.connection()
    for start in range(0, len(events), _CHUNK):
        await _emit(place, events[start : start + _CHUNK])


async def _emit(connection: AsyncConnection, events: Sequence[Event]) -> None:
    rows = [{name: getattr(event, name) for name in _COLUMNS} for event in events]
    ids = await _insert(connection, rows)
    told = [(id_, event) for id_, event in zip(ids, events, strict=True) if event.type in _TOLD]
    if not told:
        return
    subscriptions = await _subscriptions(connection, {event.type for _, event in told})
    wanted = {subscription.event_type for subscription in subscriptions}
    told = [(id_, event) for id_, event in told if event.type in wanted]
    if not told:
        return
    plain = {each.event_type for each in subscriptions if not each.is_shaped}
    as_is = [event for _, event in told if event.type in plain]
    texts = dict(zip(map(id, as_is), await bodies(connection, as_is), strict=True))
    ordered = [each.id for each in subscriptions if each.is_ordered]
    busy = await _busy(connection, ordered, {subject(event) for _, event in told})
    moment, attempts = now(), []
    for id_, event in told:
        for subscription in subscriptions:
            if subscription.event_type != event.type:
                continue
            lane = (subscription.id, subject(event))
            attempts.append(
                {
                    "subscription_id": subscription.id,
                    "event_id": id_,
                    "webhook_id": f"msg_{uuid5(subscription.uuid, str(id_)).hex}",
                    "subject": lane[1],
                    "body": UNMADE if subscription.is_shaped else texts[id(event)],
                    "created": moment,
                    "due_at": None if lane in busy else moment,
                }
            )
            if subscription.is_ordered:
                busy.add(lane)
    await connection.execute(insert(DeliveryAttempt), attempts)
    await put(connection, [it["subscription_id"] for it in attempts if it["due_at"] is not None])


async def _insert(connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> Sequence[int]:
    """Insert events in one statement; their ids, in order."""
    # SQLite numbers rows in the order in which they are given; asked for that order, they go in one by one.
    sorts = connection.dialect.name == "sqlite"
    statement = insert(Event).returning(col(Event.id), sort_by_parameter_order=not sorts)
    ids = (await connection.scalars(statement, rows)).all()
    return sorted(ids) if sorts else ids


def subject(event: Event) -> str:
    """What an event is about: of one subject, ordered subscriptions are told in turn."""
    return f"user:{event.user_id}" if event.user_id else f"run:{event.run_id}"


async def _subscriptions(connection: AsyncConnection, types: set[str]) -> Sequence[Any]:
    """Active ones of these types whose owner may see the events (Zapier contract 10.2).

    An installation is one site, so both kinds of administrators see all of it.
    """
    statement = (
        select(
            col(WebhookSubscription.id),
            col(WebhookSubscription.uuid),
            col(WebhookSubscription.event_type),
            col(WebhookSubscription.is_ordered),
            col(WebhookSubscription.document).is_not(None).label("is_shaped"),
        )
        .join(User, col(User.id) == col(WebhookSubscription.owner_id))
        .where(
            col(WebhookSubscription.event_type).in_(types),
            col(WebhookSubscription.is_active),
            col(User.is_active),
            or_(col(User.is_staff), col(User.is_superuser)),
        )
        .order_by(col(WebhookSubscription.id))
    )
    return (await connection.execute(statement)).all()


async def _busy(
    connection: AsyncConnection, subscription_ids: Sequence[int], subjects: set[str]
) -> set[tuple[int, str]]:
    """The subjects that ordered subscriptions have not been told all of yet."""
    if not subscription_ids:
        return set()
    statement = (
        select(col(DeliveryAttempt.subscription_id), col(DeliveryAttempt.subject))
        .where(
            col(DeliveryAttempt.subscription_id).in_(subscription_ids),
            col(DeliveryAttempt.subject).in_(subjects),
            PENDING,
        )
        .distinct()
    )
    return {(row[0], row[1]) for row in await connection.execute(statement)}
