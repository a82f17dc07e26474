"""Subscriptions of webhooks: reading them and their history, and what whom is allowed."""

import datetime as dt
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import Executable
from sqlmodel import col

from app.auth.audit import record
from app.auth.viewer import Viewer
from app.db.models import DeliveryAttempt, User, WebhookSubscription
from app.db.models.tables import table_of
from app.db.reader import Reader
from app.errors import BadUserInput, Forbidden, NotFound
from app.vocabulary import SignatureKind, WebhookEvent
from app.webhooks import subscriptions
from app.webhooks.samples import NEWEST_RUN, sample_event
from app.webhooks.shaping import Unmade
from resolvers.access import visible
from resolvers.context import Context
from resolvers.entity import Entity, Relation
from resolvers.text import storable

_subscription, _user = table_of(WebhookSubscription), table_of(User)
SUBSCRIPTION = Entity(
    "WebhookSubscription",
    WebhookSubscription,
    view=select(*_subscription.c, _user.c.username.label("owner_username"))
    .select_from(_subscription.join(_user, _user.c.id == _subscription.c.owner_id))
    .subquery("subscriptions"),
)
ATTEMPT = Entity("DeliveryAttempt", DeliveryAttempt)
ATTEMPTS = Relation(ATTEMPT, "subscription_id")


async def exists(context: Context, uuid: UUID) -> bool:
    """Whether there is a subscription, whosever it is; a stranger is not told."""
    if context.viewer.user_id is None:
        return False
    named = select(_subscription.c.id).where(_subscription.c.uuid == uuid)
    return await context.reader.scalar(named) is not None


async def subscribe(
    context: Context, event_type: WebhookEvent, target: str, options: dict[str, Any]
) -> tuple[int, str]:
    """Subscribe the viewer; the id, and what the receiver verifies with.

    Raises `BadUserInput`, `Forbidden` and `Unavailable`.
    """
    viewer = context.viewer
    if not viewer.is_staff or viewer.user_id is None:
        raise Forbidden("Only staff may subscribe to events")
    viewer.require_all_scopes()
    await _try_out(context, options.get("document"), event_type, viewer.user_id)
    async with context.write() as session:
        made, told = await context.webhooks.subscribe(session, viewer.user_id, event_type, target, **options)
        _record(session, viewer, "webhook.subscribe", made, event=event_type)
        return made.id, told


async def update(context: Context, id: int, values: dict[str, Any]) -> int:
    """Change what is given of a subscription; its id. Raises `BadUserInput` and `NotFound`."""
    if values.get("document") is not None:
        context.viewer.require_all_scopes()
        named = _subscription.c.id == id, visible(context.viewer, WebhookSubscription, _subscription)
        row = await _first(context, select(_subscription).where(*named))
        if row is None:
            raise _missing()
        await _try_out(context, values["document"], row.event_type, row.owner_id)
    async with context.write() as session:
        subscription = await _locked(session, context.viewer, id)
        await context.webhooks.change(session, subscription, **values)
        _record(session, context.viewer, "webhook.update", subscription, changed=sorted(values))
    return id


async def unsubscribe(context: Context, id: int) -> None:
    """Remove a subscription with its history. Raises `NotFound`."""
    async with context.write() as session:
        subscription = await _locked(session, context.viewer, id)
        _record(session, context.viewer, "webhook.unsubscribe", subscription)
        await session.execute(delete(WebhookSubscription).where(col(WebhookSubscription.id) == id))


async def rotate_secret(
    context: Context, id: int, overlap: dt.timedelta, signature: SignatureKind | None
) -> tuple[int, str]:
    """Give a subscription another key; its id, and what the receiver verifies with.

    Raises `BadUserInput`, `NotFound` and `Unavailable`.
    """
    async with context.write() as session:
        subscription = await _locked(session, context.viewer, id)
        told = context.webhooks.rotate_key(subscription, overlap, signature)
        _record(session, context.viewer, "webhook.rotate", subscription)
        return id, told


async def test(context: Context, id: int) -> int:
    """Send a sample; the id of the attempt. Raises `BadUserInput` and `NotFound`."""
    async with context.write() as session:
        subscription = await _locked(session, context.viewer, id)
        return (await subscriptions.send_sample(session, subscription)).id


async def replay(context: Context, id: int) -> int:
    """Make an attempt again; the id of the new one. Raises `BadUserInput` and `NotFound`."""
    async with context.write() as session:
        attempt = await session.scalar(
            select(DeliveryAttempt).where(
                col(DeliveryAttempt.id) == id,
                visible(context.viewer, DeliveryAttempt, table_of(DeliveryAttempt)),
            )
        )
        if attempt is None:
            raise NotFound("There is no such attempt", field="id")
        subscription = await _locked(session, context.viewer, attempt.subscription_id)
        return (await subscriptions.replay(session, subscription, attempt)).id


async def _locked(session: AsyncSession, viewer: Viewer, id: int) -> WebhookSubscription:
    """A subscription of the viewer's, which nobody else changes until the transaction ends."""
    viewer.require_all_scopes()
    subscription: WebhookSubscription | None = await session.scalar(
        select(WebhookSubscription)
        .where(
            col(WebhookSubscription.id) == id,
            visible(viewer, WebhookSubscription, table_of(WebhookSubscription)),
        )
        .with_for_update(key_share=True)
    )
    if subscription is None:
        raise _missing()
    return subscription


async def _try_out(context: Context, document: str | None, event_type: str, owner_id: int) -> None:
    """Raise `BadUserInput` for a document that cannot be run, for a sample, with the rights of an owner."""
    if document is None:
        return
    storable(document, "document")
    problem = context.payloads.problem(document)
    if problem is None:
        run = await _first(context, NEWEST_RUN)
        sample = sample_event(WebhookEvent(event_type), owner_id, run, context.now)
        (shaped,) = await context.payloads.shape(document, owner_id, [sample])
        problem = shaped.reason if isinstance(shaped, Unmade) else None
    if problem is not None:
        raise BadUserInput(f"document: {problem}", field="document")


async def _first(context: Context, statement: Executable) -> Any:
    """The first row of a statement, on a connection that is given back at once; None when there is none."""
    reader = Reader(context.database)
    try:
        rows = await reader.rows(statement)
    finally:
        await reader.close()
    return rows[0] if rows else None


def _missing() -> NotFound:
    return NotFound("There is no such subscription", field="id")


def _record(
    session: AsyncSession, viewer: Viewer, action: str, subscription: WebhookSubscription, **detail: Any
) -> None:
    # The rest of a target may be what lets others send to it.
    host = urlsplit(subscription.target).hostname
    record(session, str(viewer.username), action, str(subscription.uuid), host=host, **detail)
