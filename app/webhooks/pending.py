"""Which attempts are still to be made, and the lock of who makes them."""

from typing import Any

from sqlalchemy import literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.db.models import DeliveryAttempt, WebhookSubscription
from app.db.models.tables import table_of
from app.vocabulary import AttemptStatus

# Written out, as the partial indexes are found by these words alone.

PENDING = col(DeliveryAttempt.status) == literal_column(f"'{AttemptStatus.PENDING}'")
SCHEDULED = PENDING & col(DeliveryAttempt.due_at).is_not(None)

UNMADE = ""
"""The body of an attempt for which the document of its subscription has not been run yet."""

_subscription = table_of(WebhookSubscription)


async def locked(connection: AsyncConnection, subscription_id: int) -> Any:
    """A subscription, which nobody else claims from or resolves attempts of until the transaction ends."""
    statement = select(_subscription).where(_subscription.c.id == subscription_id)
    return (await connection.execute(statement.with_for_update(key_share=True))).first()
