"""Making, changing and trying subscriptions, in the transaction of the caller, who has checked the rights."""

import datetime as dt
from typing import Any
from uuid import uuid4

import orjson
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.db.models import DeliveryAttempt, User, WebhookSubscription, now
from app.errors import BadUserInput
from app.settings import Settings
from app.vocabulary import AttemptStatus, SignatureKind, WebhookEvent
from app.webhooks import samples
from app.webhooks.keys import Key, Vault
from app.webhooks.outcomes import ACTIVE, give_up
from app.webhooks.payloads import event_body
from app.webhooks.pending import PENDING, UNMADE
from app.webhooks.postgres import put
from app.webhooks.targets import parse_target

PAUSED = "Delivery suspended by its owner."
MOST_OVERLAP = dt.timedelta(days=30)
_LEAST_PER_SECOND, _MOST_PER_SECOND = 0.001, 1000.0


class Subscriptions:
    """What can be done with subscriptions where the settings are these."""

    def __init__(self, settings: Settings) -> None:
        self._vault = Vault(settings)
        self._allow_private = settings.webhook_allow_private_targets

    async def subscribe(
        self,
        session: AsyncSession,
        owner_id: int,
        event_type: WebhookEvent,
        target: str,
        *,
        signature: SignatureKind = SignatureKind.HMAC,
        requests_per_second: float | None = None,
        is_ordered: bool = False,
        document: str | None = None,
    ) -> tuple[WebhookSubscription, str]:
        """A new subscription, and what its receiver verifies with, which is told this once.

        Two that are alike are two (Zapier contract 5.1). Raises `BadUserInput` for a
        target or a rate that cannot be, and `Unavailable` where no key can be kept.
        """
        parse_target(target, allow_private=self._allow_private)
        _check_rate(requests_per_second)
        key = Key.new(signature)
        subscription = WebhookSubscription(
            owner_id=owner_id,
            event_type=event_type,
            target=target,
            signature=signature,
            sealed_key=self._vault.seal(key),
            requests_per_second=requests_per_second,
            is_ordered=is_ordered,
            document=document,
        )
        session.add(subscription)
        await session.flush()
        return subscription, key.told

    def rotate_key(
        self,
        subscription: WebhookSubscription,
        overlap: dt.timedelta,
        signature: SignatureKind | None = None,
    ) -> str:
        """Give a subscription a new key; what its receiver verifies with. Until the overlap ends both sign.

        Raises `BadUserInput` for an overlap that is negative or too long, and
        `Unavailable` where no key can be kept.
        """
        if not dt.timedelta() <= overlap <= MOST_OVERLAP:
            hours = MOST_OVERLAP // dt.timedelta(hours=1)
            raise BadUserInput(f"Not from 0 to {hours} hours", field="overlapHours")
        key = Key.new(signature or subscription.signature)
        sealed = self._vault.seal(key)
        subscription.previous_signature = subscription.signature
        subscription.previous_sealed_key = subscription.sealed_key
        subscription.previous_until = now() + overlap
        subscription.signature, subscription.sealed_key = key.kind, sealed
        return key.told

    async def change(
        self,
        session: AsyncSession,
        subscription: WebhookSubscription,
        *,
        target: str | None = None,
        is_active: bool | None = None,
        is_ordered: bool | None = None,
        **given: Any,
    ) -> None:
        """Change what is given; `requests_per_second` and `document` may be None. Raises `BadUserInput`.

        One that is switched off is told nothing more of what has happened, and once it is
        on again of what happens from then on.
        """
        if target is not None:
            parse_target(target, allow_private=self._allow_private)
            subscription.target = target
        _check_rate(given.get("requests_per_second"))
        for name, value in given.items():
            setattr(subscription, name, value)
        if is_ordered is not None:
            subscription.is_ordered = is_ordered
            if not is_ordered:
                await _start_waiting(session, subscription.id)
        if is_active is not None and is_active != subscription.is_active:
            subscription.is_active = is_active
            subscription.status = ACTIVE if is_active else PAUSED
            subscription.failing_since = None
            if not is_active:
                await session.flush()
                await give_up(await session.connection(), {subscription.id: PAUSED}, now())


async def send_sample(session: AsyncSession, subscription: WebhookSubscription) -> DeliveryAttempt:
    """Have a target told of something that did not happen, about the owner and a course run of no one.

    A document is run for the newest course run there is. Raises `BadUserInput` for a
    subscription that is not active.
    """
    owner = await session.get_one(User, subscription.owner_id)
    body = UNMADE
    if subscription.document is None:
        plain = event_body(subscription.event_type, owner, samples.RUN, samples.FACTS)
        body = orjson.dumps(plain).decode()
    return await _start(session, subscription, body=body, webhook_id=f"msg_test_{uuid4().hex}")


async def replay(
    session: AsyncSession, subscription: WebhookSubscription, attempt: DeliveryAttempt
) -> DeliveryAttempt:
    """Tell a target again what it was told once, with the same `webhook-id`.

    Raises `BadUserInput` while the attempt is pending, and for a subscription that is
    not active.
    """
    if attempt.status == AttemptStatus.PENDING:
        raise BadUserInput("It is still to be delivered", field="id")
    return await _start(
        session,
        subscription,
        body=attempt.body,
        webhook_id=attempt.webhook_id,
        event_id=attempt.event_id,
        subject=attempt.subject,
    )


async def _start(session: AsyncSession, subscription: WebhookSubscription, **values: Any) -> DeliveryAttempt:
    if not subscription.is_active:
        raise BadUserInput("The subscription is not active", field="id")
    attempt = DeliveryAttempt(subscription_id=subscription.id, due_at=now(), **values)
    session.add(attempt)
    await session.flush()
    await put(await session.connection(), [subscription.id])
    return attempt


async def _start_waiting(session: AsyncSession, subscription_id: int) -> None:
    connection = await session.connection()
    waiting = (
        update(DeliveryAttempt)
        .where(
            col(DeliveryAttempt.subscription_id) == subscription_id,
            PENDING,
            col(DeliveryAttempt.due_at).is_(None),
        )
        .values(due_at=now())
        .returning(col(DeliveryAttempt.subscription_id))
    )
    await put(connection, (await connection.scalars(waiting)).all())


def _check_rate(rate: float | None) -> None:
    if rate is not None and not _LEAST_PER_SECOND <= rate <= _MOST_PER_SECOND:
        raise BadUserInput(
            f"Not from {_LEAST_PER_SECOND} to {_MOST_PER_SECOND:,.0f} requests", field="requestsPerSecond"
        )
