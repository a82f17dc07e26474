"""Claiming attempts, making them, and what follows from their outcomes (Zapier contract 10.3 to 10.6)."""

import asyncio
import datetime as dt
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    exists,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.clock import Clock
from app.db.engine import Database
from app.db.models import DeliveryAttempt, WebhookSubscription
from app.db.models.tables import table_of
from app.settings import Settings
from app.vocabulary import AttemptStatus
from app.webhooks.exchange import Client, Exchange
from app.webhooks.keys import Key, Vault, signed_headers
from app.webhooks.pending import PENDING, SCHEDULED, UNMADE, locked
from app.webhooks.postgres import put
from app.webhooks.queue import MOST_OF_ONE, Claimed, Later
from app.webhooks.retries import next_try
from app.webhooks.shaping import Shaper, Shaping, Unmade

MOST_KEPT = 50
"""Attempts that a subscription keeps, and failures in a row that switch it off (10.5)."""

ACTIVE = "Active"
TOO_MANY_FAILURES = "Delivery suspended due to too many delivery failures."
GONE = "Delivery suspended: target gone."
NO_KEY = "The key to sign with cannot be read: it was sealed with another LYCEUM_WEBHOOK_KEYS."

_FAILING_FOR = dt.timedelta(hours=120)
_MOST_TRANSACTIONS = 4
_LOCK_MILLISECONDS = 5000
_BETWEEN_LOOKS = dt.timedelta(seconds=0.1)
_STATUS_GONE = 410

_attempt = table_of(DeliveryAttempt)
_subscription = table_of(WebhookSubscription)


class Delivery:
    """Delivers the attempts of a database."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        clock: Clock,
        client: Client,
        shaper: Shaper,
    ) -> None:
        self._database = database
        self._shaping = Shaping(database, shaper, clock)
        self._retries = settings.webhook_retries
        self._lease = dt.timedelta(seconds=settings.webhook_lease)
        self._vault = Vault(settings)
        self._clock = clock
        self._client = client
        self._turns = asyncio.Semaphore(_MOST_TRANSACTIONS)

    async def claim(self, subscription_id: int) -> Claimed | Later | None:
        """Take what is first of a subscription; None when there is nothing more to come.

        First tries go before others, in the order in which they were written.
        """
        async with self._transaction() as connection:
            subscription = await locked(connection, subscription_id)
            if subscription is None:
                return None
            if not subscription.is_active:
                await _give_up(connection, subscription_id, subscription.status, self._clock())
                return None
            now = self._clock()
            attempt = await self._first(connection, subscription_id, now)
            if attempt is None:
                moment = await connection.scalar(_next_moment(subscription_id))
                return None if moment is None else Later(max(moment - now, _BETWEEN_LOOKS))
            pause = await _pause(connection, subscription, now)
            if pause is not None:
                return Later(pause)
            await connection.execute(
                update(_attempt).where(_attempt.c.id == attempt.id).values(leased_until=now + self._lease)
            )
            return Claimed(attempt, subscription)

    async def deliver(self, claimed: Claimed) -> None:
        """Make an attempt, and keep what became of it."""
        attempt, subscription = claimed.attempt, claimed.subscription
        keys = self._keys(subscription)
        problem = None if keys else NO_KEY
        if keys and attempt.body == UNMADE:
            made = await self._shaping.made(attempt, subscription)
            if isinstance(made, Unmade):
                problem = made.reason
            else:
                attempt = made
        if problem is None:
            headers = signed_headers(attempt.webhook_id, self._clock(), attempt.body, keys)
            exchange = await self._client.post(subscription.target, attempt.body.encode(), headers)
        else:
            exchange = Exchange(problem)
        async with self._transaction() as connection:
            await self._resolve(connection, attempt, exchange)

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that leaves connections for others, and waits for no worker that stands still."""
        async with self._turns, self._database.begin() as connection:
            if connection.dialect.name == "postgresql":
                await connection.exec_driver_sql(f"SET LOCAL lock_timeout = {_LOCK_MILLISECONDS}")
            yield connection

    async def _first(self, connection: AsyncConnection, subscription_id: int, now: dt.datetime) -> Any:
        free = and_(
            _attempt.c.subscription_id == subscription_id,
            SCHEDULED,
            _attempt.c.due_at <= now,
            or_(_attempt.c.leased_until.is_(None), _attempt.c.leased_until < now),
        )
        first_tries = select(_attempt).where(free, _attempt.c.try_number == 1).order_by(_attempt.c.id)
        others = select(_attempt).where(free).order_by(_attempt.c.due_at, _attempt.c.id)
        for statement in (first_tries, others):
            attempt = (await connection.execute(statement.limit(1))).first()
            if attempt is not None:
                return attempt
        return None

    def _keys(self, subscription: Any) -> list[Key]:
        """The keys that sign now; none when the newest cannot be opened."""
        key = self._vault.open(subscription.signature, subscription.sealed_key)
        if key is None:
            return []
        until, sealed = subscription.previous_until, subscription.previous_sealed_key
        previous = None
        if until is not None and self._clock() < until:
            previous = self._vault.open(subscription.previous_signature, sealed)
        return [key, previous] if previous else [key]

    async def _resolve(self, connection: AsyncConnection, attempt: Any, exchange: Exchange) -> None:
        subscription = await locked(connection, attempt.subscription_id)
        if subscription is None:
            return
        now = self._clock()
        status = AttemptStatus.SUCCESSFUL if exchange.succeeded else AttemptStatus.FAILED
        resolved = await connection.execute(
            update(_attempt)
            .where(_attempt.c.id == attempt.id, PENDING)
            .values(
                status=status,
                message=exchange.message,
                resolved_at=now,
                leased_until=None,
                **_evidence(exchange),
            )
        )
        if resolved.rowcount == 0:
            # Another worker took it for abandoned, and was quicker.
            return
        received = exchange.received
        changes: dict[str, Any] = {}
        if exchange.succeeded:
            changes["failing_since"] = None
        elif subscription.failing_since is None:
            changes["failing_since"] = now
        gone = received is not None and received.status == _STATUS_GONE
        due_at = None
        if not exchange.succeeded and not gone and subscription.is_active:
            asked = received.headers.get("retry-after") if received else None
            due_at = await self._try_again(connection, attempt, now, asked)
        if due_at is None and subscription.is_ordered:
            await release(connection, attempt.subscription_id, attempt.subject, now)
        await _keep_newest(connection, attempt.subscription_id)
        if not exchange.succeeded and subscription.is_active:
            failing_since = changes.get("failing_since", subscription.failing_since)
            if gone:
                changes |= {"is_active": False, "status": GONE}
            elif await self._fails_too_often(connection, attempt.subscription_id, now - failing_since):
                changes |= {"is_active": False, "status": TOO_MANY_FAILURES}
        if changes:
            await connection.execute(
                update(_subscription).where(_subscription.c.id == subscription.id).values(changes)
            )
        if "status" in changes:
            await _give_up(connection, subscription.id, changes["status"], now)

    async def _try_again(
        self, connection: AsyncConnection, attempt: Any, now: dt.datetime, retry_after: str | None
    ) -> dt.datetime | None:
        """Write the next try; None when there is none."""
        if not self._retries:
            return None
        due_at = next_try(attempt.try_number, now, random.random(), retry_after)  # noqa: S311
        if due_at is not None:
            kept = ("subscription_id", "event_id", "webhook_id", "subject", "body")
            await connection.execute(
                insert(DeliveryAttempt).values(
                    **{name: getattr(attempt, name) for name in kept},
                    try_number=attempt.try_number + 1,
                    created=now,
                    due_at=due_at,
                )
            )
            await put(connection, [attempt.subscription_id], due_at - now)
        return due_at

    async def _fails_too_often(
        self, connection: AsyncConnection, subscription_id: int, failing_for: dt.timedelta
    ) -> bool:
        """Whether nothing but failures is kept, and as many as are kept at all.

        With retries each failure but the last has a try to come, which says nothing
        good of the target: then time counts instead.
        """
        if self._retries and failing_for < _FAILING_FOR:
            return False
        failed = func.count().filter(_attempt.c.status == AttemptStatus.FAILED)
        awaited = func.count().filter(_attempt.c.try_number > 1, PENDING)
        statement = select(func.count(), failed, awaited).where(_attempt.c.subscription_id == subscription_id)
        number, failures, tries = (await connection.execute(statement)).one()
        return bool(failures + tries == number and number >= MOST_KEPT)


async def release(connection: AsyncConnection, subscription_id: int, subject: str, now: dt.datetime) -> None:
    """Let an ordered subscription be told of the next event of a subject: it is done with the one before."""
    of_subject = and_(_attempt.c.subscription_id == subscription_id, _attempt.c.subject == subject, PENDING)
    statement = select(_attempt.c.id, _attempt.c.due_at).where(of_subject).order_by(_attempt.c.event_id)
    first = (await connection.execute(statement.limit(1))).first()
    if first is not None and first.due_at is None:
        await connection.execute(update(_attempt).where(_attempt.c.id == first.id).values(due_at=now))
        await put(connection, [subscription_id])


async def release_all(connection: AsyncConnection, now: dt.datetime) -> None:
    """Release what waits for nothing: an event and the outcome of the one before may be written at a time."""
    earlier = _attempt.alias("earlier")
    waits = exists().where(
        earlier.c.subscription_id == _attempt.c.subscription_id,
        earlier.c.subject == _attempt.c.subject,
        earlier.c.event_id < _attempt.c.event_id,
        earlier.c.status == literal_column(f"'{AttemptStatus.PENDING}'"),
    )
    statement = select(_attempt.c.subscription_id, _attempt.c.subject).where(
        PENDING, _attempt.c.due_at.is_(None), ~waits
    )
    for subscription_id, subject in (await connection.execute(statement)).all():
        if await locked(connection, subscription_id) is not None:
            await release(connection, subscription_id, subject, now)


async def _pause(connection: AsyncConnection, subscription: Any, now: dt.datetime) -> dt.timedelta | None:
    """How long nothing may be sent; None for not at all, and then it counts as sent now.

    Who has to come again is given a place in time of his own, so that not all of
    those who wait come at once.
    """
    rate = subscription.requests_per_second
    interval = dt.timedelta(seconds=1 / rate) if rate else _BETWEEN_LOOKS
    earliest = now
    if rate and subscription.started_at is not None:
        earliest = max(now, subscription.started_at + interval)
    if earliest == now:
        under_way = select(func.count()).where(
            _attempt.c.subscription_id == subscription.id, PENDING, _attempt.c.leased_until >= now
        )
        if (await connection.scalar(under_way) or 0) < MOST_OF_ONE:
            if rate:
                await _change(connection, subscription.id, started_at=now)
            return None
        earliest = now + interval
    place = earliest
    if subscription.queued_until is not None:
        place = max(earliest, subscription.queued_until + interval)
    await _change(connection, subscription.id, queued_until=place)
    return place - now


async def _change(connection: AsyncConnection, subscription_id: int, **values: Any) -> None:
    await connection.execute(
        update(_subscription).where(_subscription.c.id == subscription_id).values(values)
    )


def _next_moment(subscription_id: int) -> Select[Any]:
    """When there may be something to do for a subscription: an attempt is due, or its worker must be dead."""
    due, leased = _attempt.c.due_at, _attempt.c.leased_until
    moment = case((and_(leased.is_not(None), leased > due), leased), else_=due)
    return select(func.min(moment, type_=due.type)).where(
        _attempt.c.subscription_id == subscription_id, SCHEDULED
    )


async def _give_up(connection: AsyncConnection, subscription_id: int, message: str, now: dt.datetime) -> None:
    """End what is pending of a subscription that is switched off, but not what is on its way."""
    on_its_way = and_(_attempt.c.leased_until.is_not(None), _attempt.c.leased_until >= now)
    await connection.execute(
        update(_attempt)
        .where(_attempt.c.subscription_id == subscription_id, PENDING, ~on_its_way)
        .values(status=AttemptStatus.FAILED, message=message, resolved_at=now, leased_until=None)
    )
    await _keep_newest(connection, subscription_id)


async def _keep_newest(connection: AsyncConnection, subscription_id: int) -> None:
    """Remove the oldest resolved attempts while there are more than are kept (10.5)."""
    of_subscription: ColumnElement[bool] = _attempt.c.subscription_id == subscription_id
    number = await connection.scalar(select(func.count()).where(of_subscription)) or 0
    if number > MOST_KEPT:
        oldest = (
            select(_attempt.c.id)
            .where(of_subscription, _attempt.c.status != AttemptStatus.PENDING)
            .order_by(_attempt.c.id)
            .limit(number - MOST_KEPT)
        )
        await connection.execute(_attempt.delete().where(_attempt.c.id.in_(oldest)))


def _evidence(exchange: Exchange) -> dict[str, Any]:
    """What is kept of an exchange (2.7 and 2.8)."""
    sent, received = exchange.sent, exchange.received
    values: dict[str, Any] = {}
    if sent is not None:
        values = {"sent_at": sent.at, "request_url": sent.url, "request_headers": dict(sent.headers)}
    if received is not None:
        values |= {
            "responded_at": received.at,
            "elapsed": received.elapsed,
            "response_status": received.status,
            "response_reason": received.reason,
            "response_headers": dict(received.headers),
            "response_content": received.content,
        }
    return values
