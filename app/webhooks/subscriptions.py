"""Making, changing and ending subscriptions, in the transaction of the caller, who has checked the rights."""

import datetime as dt

from sqlalchemy.ext.asyncio import AsyncSession

from app.db.models import WebhookSubscription, now
from app.errors import BadUserInput
from app.settings import Settings
from app.vocabulary import SignatureKind, WebhookEvent
from app.webhooks.delivery import ACTIVE
from app.webhooks.keys import Key, Vault
from app.webhooks.targets import parse_target

PAUSED = "Delivery suspended by its owner."
MOST_OVERLAP = dt.timedelta(days=30)
_MOST_PER_SECOND = 1000.0


async def subscribe(
    session: AsyncSession,
    settings: Settings,
    owner_id: int,
    event_type: WebhookEvent,
    target: str,
    *,
    signature: SignatureKind = SignatureKind.HMAC,
    requests_per_second: float | None = None,
    is_ordered: bool = False,
) -> tuple[WebhookSubscription, str]:
    """A new subscription, and what its receiver verifies with, which is told this once.

    Two that are alike are two (Zapier contract 5.1). Raises `BadUserInput` for a
    target or a rate that cannot be, and `Unavailable` where no key can be kept.
    """
    parse_target(target, allow_private=settings.webhook_allow_private_targets)
    _check_rate(requests_per_second)
    key = Key.new(signature)
    subscription = WebhookSubscription(
        owner_id=owner_id,
        event_type=event_type,
        target=target,
        signature=signature,
        sealed_key=Vault(settings).seal(key),
        requests_per_second=requests_per_second,
        is_ordered=is_ordered,
    )
    session.add(subscription)
    await session.flush()
    return subscription, key.told


def rotate_key(
    subscription: WebhookSubscription,
    settings: Settings,
    overlap: dt.timedelta,
    signature: SignatureKind | None = None,
) -> str:
    """Give a subscription a new key; what its receiver verifies with. Until the overlap ends both keys sign.

    Raises `BadUserInput` for an overlap that is negative or too long.
    """
    if not dt.timedelta() <= overlap <= MOST_OVERLAP:
        raise BadUserInput(f"Not between none and {MOST_OVERLAP.days} days", field="overlap")
    key = Key.new(signature or subscription.signature)
    sealed = Vault(settings).seal(key)
    subscription.previous_signature = subscription.signature
    subscription.previous_sealed_key = subscription.sealed_key
    subscription.previous_until = now() + overlap
    subscription.signature, subscription.sealed_key = key.kind, sealed
    return key.told


def update(
    subscription: WebhookSubscription,
    settings: Settings,
    *,
    target: str | None = None,
    is_active: bool | None = None,
    is_ordered: bool | None = None,
    requests_per_second: float | None = None,
) -> None:
    """Change what is given; 0 requests per second are no limit. Raises `BadUserInput`.

    One that is switched on again is told of what happens from now on.
    """
    if target is not None:
        parse_target(target, allow_private=settings.webhook_allow_private_targets)
        subscription.target = target
    if requests_per_second is not None:
        _check_rate(requests_per_second or None)
        subscription.requests_per_second = requests_per_second or None
    if is_ordered is not None:
        subscription.is_ordered = is_ordered
    if is_active is not None and is_active != subscription.is_active:
        subscription.is_active = is_active
        subscription.status = ACTIVE if is_active else PAUSED
        subscription.failing_since = None


def _check_rate(rate: float | None) -> None:
    if rate is not None and not 0.001 <= rate <= _MOST_PER_SECOND:
        raise BadUserInput(f"Not from 0.001 to {_MOST_PER_SECOND:,.0f} requests", field="requestsPerSecond")
