"""Webhooks: who is told of which events, and every try to tell them (Zapier contract 2.5 to 2.8)."""

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Index, text
from sqlmodel import Field, SQLModel

from app.db.models.base import instant, link, now, optional, primary_key, string, unique_uuid
from app.db.types import BigInt, Json
from app.vocabulary import AttemptStatus, SignatureKind, WebhookEvent

_PENDING = "status = 'pending'"
_SCHEDULED = f"{_PENDING} AND due_at IS NOT NULL"


def _partial(name: str, *columns: str, where: str) -> Index:
    condition: ColumnElement[Any] = text(where)  # type: ignore[assignment]
    return Index(name, *columns, sqlite_where=condition, postgresql_where=condition)


class WebhookSubscription(SQLModel, table=True):
    """A target that is told of one type of events, for as long as its owner may see them.

    Keys are sealed (`app.webhooks.keys`); the previous one signs too until
    `previous_until`. `failing_since` is the first failure after the last
    success. `started_at` keeps to the limit of requests. A `document` shapes what is
    sent (`app.webhooks.shaping`).
    """

    __tablename__ = "webhook_subscription"

    id: int = primary_key()
    uuid: UUID = unique_uuid()
    owner_id: int = link("user.id", index=True)
    event_type: WebhookEvent = string(50, index=True)
    target: str = string(2000)
    document: str | None = optional()
    is_active: bool = True
    status: str = string(100, default="Active")
    is_ordered: bool = False
    requests_per_second: float | None = None
    signature: SignatureKind = string(10, default=SignatureKind.HMAC)
    sealed_key: str = string(500)
    previous_signature: SignatureKind | None = optional(10)
    previous_sealed_key: str | None = optional(500)
    previous_until: dt.datetime | None = instant(default=None)
    failing_since: dt.datetime | None = instant(default=None)
    started_at: dt.datetime | None = instant(default=None)
    created: dt.datetime = instant(default_factory=now)


class DeliveryAttempt(SQLModel, table=True):
    """One try to tell one target of one event, with what was sent and what came back.

    The body is the event as it was when it happened, and outlives it; it is empty
    until the document of the subscription has been run for it. An attempt that is
    due at no time waits for those of earlier events of its subject. Until
    `leased_until` it is in the hands of a worker.
    """

    __tablename__ = "delivery_attempt"
    __table_args__ = (
        Index(None, "subscription_id", "id"),
        Index(None, "subscription_id", "created", "id"),
        _partial("ix_delivery_attempt_due", "subscription_id", "due_at", where=_SCHEDULED),
        _partial("ix_delivery_attempt_startable", "subscription_id", "try_number", "id", where=_SCHEDULED),
        _partial(
            "ix_delivery_attempt_leased",
            "subscription_id",
            "leased_until",
            where=f"{_PENDING} AND leased_until IS NOT NULL",
        ),
        _partial("ix_delivery_attempt_of_subject", "subscription_id", "subject", "event_id", where=_PENDING),
        _partial("ix_delivery_attempt_resolved", "subscription_id", "id", where="status <> 'pending'"),
        {"sqlite_autoincrement": True},
    )

    id: int = primary_key()
    subscription_id: int = link("webhook_subscription.id")
    event_id: int | None = Field(default=None, sa_type=BigInt)
    webhook_id: str = string(64)
    subject: str = string(50, default="")
    try_number: int = 1
    status: AttemptStatus = string(10, default=AttemptStatus.PENDING)
    message: str | None = optional()
    body: str = string(None)
    created: dt.datetime = instant(default_factory=now)
    due_at: dt.datetime | None = instant(default=None)
    leased_until: dt.datetime | None = instant(default=None)
    resolved_at: dt.datetime | None = instant(default=None)
    sent_at: dt.datetime | None = instant(default=None)
    request_url: str | None = optional()
    request_headers: dict[str, str] | None = Field(default=None, sa_type=Json)
    responded_at: dt.datetime | None = instant(default=None)
    elapsed: float | None = None
    response_status: int | None = None
    response_reason: str | None = optional()
    response_headers: dict[str, str] | None = Field(default=None, sa_type=Json)
    response_content: str | None = optional()


class DeliveryChange(SQLModel, table=True):
    """That an attempt was made, or was over. The database writes it, in the transaction that did it.

    Readers remember the last id they saw, so ids are never given twice.
    """

    __tablename__ = "delivery_change"
    __table_args__ = {"sqlite_autoincrement": True}

    id: int = primary_key()
    attempt_id: int = link("delivery_attempt.id", index=True)
