"""Reading rows of many subscriptions in one statement."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Select, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.models import DeliveryAttempt, WebhookSubscription
from app.db.models.tables import table_of

_attempt = table_of(DeliveryAttempt)
_subscription = table_of(WebhookSubscription)


def padded(ids: Collection[int]) -> list[int]:
    """The same ids, the last of them so often that statements differ little in how many they have.

    Each statement is prepared once on a connection, which takes longer than to run it.
    """
    given = list(ids)
    size = 1 << max(len(given) - 1, 0).bit_length()
    return given + given[-1:] * (size - len(given))


async def locked(connection: AsyncConnection, subscription_ids: Collection[int]) -> dict[int, Any]:
    """Subscriptions, which nobody else claims from or resolves attempts of until the transaction ends."""
    statement = (
        select(_subscription)
        .where(_subscription.c.id.in_(padded(subscription_ids)))
        .order_by(_subscription.c.id)
        .with_for_update(key_share=True)
    )
    return {row.id: row for row in await connection.execute(statement)}


async def of_each(
    connection: AsyncConnection, subscription_ids: Collection[int], chosen: Select[Any], *columns: Any
) -> Sequence[Any]:
    """What is chosen of each subscription, by a statement that selects attempts of `webhook_subscription.id`.

    It gives their ids, `columns` are those of `delivery_attempt` that are wanted.
    """
    # Neither way is had by the other: one lacks LATERAL, and one reads all attempts for IN.
    ids = chosen.correlate(_subscription)
    if connection.dialect.name == "postgresql":
        each = ids.lateral()
        joined = _subscription.join(each, true()).join(_attempt, _attempt.c.id == each.c.id)
    else:
        joined = _subscription.join(_attempt, _attempt.c.id.in_(ids))
    statement = select(*columns).select_from(joined).where(_subscription.c.id.in_(padded(subscription_ids)))
    return (await connection.execute(statement)).all()
