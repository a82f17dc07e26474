"""Keeping what became of attempts, and what follows from it (Zapier contract 10.4 to 10.6)."""

import datetime as dt
import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, insert, literal_column, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.models import DeliveryAttempt, WebhookSubscription
from app.db.models.tables import table_of
from app.vocabulary import AttemptStatus
from app.webhooks.exchange import Exchange
from app.webhooks.pending import PENDING, RESOLVED, is_free
from app.webhooks.postgres import put, put_later
from app.webhooks.retries import next_try
from app.webhooks.rows import of_each, padded

MOST_KEPT = 50
"""Attempts that a subscription keeps, and failures in a row that switch it off (10.5)."""

ACTIVE = "Active"
TOO_MANY_FAILURES = "Delivery suspended due to too many delivery failures."
GONE = "Delivery suspended: target gone."

_FAILING_FOR = dt.timedelta(hours=120)
_MOST_REMOVED = 100
_STATUS_GONE = 410

_attempt = table_of(DeliveryAttempt)
_subscription = table_of(WebhookSubscription)


@dataclass(frozen=True)
class Outcome:
    """What became of an attempt, which is a row."""

    attempt: Any
    exchange: Exchange


class _State:
    """A subscription as the outcomes of its attempts change it."""

    def __init__(self, row: Any) -> None:
        self.row = row
        self.failing_since: dt.datetime | None = row.failing_since
        self.is_active: bool = row.is_active
        self.status: str = row.status
        self.has_failed = False

    def judge(self, exchange: Exchange, now: dt.datetime) -> bool:
        """Take an outcome into account; whether it is to be tried again."""
        if exchange.succeeded:
            self.failing_since = None
            return False
        self.failing_since, self.has_failed = self.failing_since or now, True
        if not self.is_active:
            return False
        if exchange.received is not None and exchange.received.status == _STATUS_GONE:
            self.switch_off(GONE)
        return self.is_active

    def switch_off(self, status: str) -> None:
        self.is_active, self.status = False, status

    @property
    def is_changed(self) -> bool:
        return (self.failing_since, self.is_active) != (self.row.failing_since, self.row.is_active)


async def keep(
    connection: AsyncConnection,
    subscriptions: Mapping[int, Any],
    outcomes: Sequence[Outcome],
    now: dt.datetime,
    *,
    retries: bool,
) -> set[int]:
    """Keep the outcomes of attempts of subscriptions, which are locked; those it has switched off.

    An attempt has one outcome: of workers that both made it, because one was taken for
    dead, the slower has nothing to say.
    """
    given = {outcome.attempt.id: outcome for outcome in reversed(outcomes)}
    statement = select(_attempt.c.id).where(_attempt.c.id.in_(padded(given)), PENDING)
    pending = set(await connection.scalars(statement))
    kept = [given[id_] for id_ in sorted(pending) if given[id_].attempt.subscription_id in subscriptions]
    if not kept:
        return set()
    resolve = update(_attempt).where(_attempt.c.id == bindparam("attempt"))
    await connection.execute(resolve, [_resolved(outcome, now) for outcome in kept])
    states = {id_: _State(subscriptions[id_]) for id_ in {it.attempt.subscription_id for it in kept}}
    tries, lanes = list[dict[str, Any]](), set[tuple[int, str]]()
    for attempt, exchange in ((it.attempt, it.exchange) for it in kept):
        state = states[attempt.subscription_id]
        again = _next(attempt, exchange, now) if state.judge(exchange, now) and retries else None
        if again is not None:
            tries.append(again)
        elif state.row.is_ordered:
            lanes.add((attempt.subscription_id, attempt.subject))
    if tries:
        await connection.execute(insert(DeliveryAttempt), tries)
        # The last that is told of a subscription is the first that is due.
        tries.sort(key=lambda it: it["due_at"], reverse=True)
        await put_later(connection, {it["subscription_id"]: it["due_at"] - now for it in tries})
    if lanes:
        await release(connection, now, lanes)
    await keep_newest(connection, states)
    await _suspend(connection, [it for it in states.values() if it.has_failed and it.is_active], now, retries)
    changed = [it for it in states.values() if it.is_changed]
    if changed:
        change = update(_subscription).where(_subscription.c.id == bindparam("changed"))
        await connection.execute(change, [_changes(it) for it in changed])
    off = {it.row.id: it.status for it in changed if it.row.is_active and not it.is_active}
    await give_up(connection, off, now)
    return set(off)


def _resolved(outcome: Outcome, now: dt.datetime) -> dict[str, Any]:
    """An attempt that is over, and what is kept of its exchange (2.7 and 2.8)."""
    exchange, sent, received = outcome.exchange, outcome.exchange.sent, outcome.exchange.received
    return {
        "attempt": outcome.attempt.id,
        "status": AttemptStatus.SUCCESSFUL if exchange.succeeded else AttemptStatus.FAILED,
        "message": exchange.message,
        "resolved_at": now,
        "leased_until": None,
        "sent_at": sent and sent.at,
        "request_url": sent and sent.url,
        "request_headers": sent and dict(sent.headers),
        "responded_at": received and received.at,
        "elapsed": received and received.elapsed,
        "response_status": received and received.status,
        "response_reason": received and received.reason,
        "response_headers": received and dict(received.headers),
        "response_content": received and received.content,
    }


def _next(attempt: Any, exchange: Exchange, now: dt.datetime) -> dict[str, Any] | None:
    """The try after one that has failed; None after the last."""
    asked = exchange.received.headers.get("retry-after") if exchange.received else None
    due_at = next_try(attempt.try_number, now, random.random(), asked)  # noqa: S311
    if due_at is None:
        return None
    same = ("subscription_id", "event_id", "webhook_id", "subject", "body")
    return {
        **{name: getattr(attempt, name) for name in same},
        "try_number": attempt.try_number + 1,
        "created": now,
        "due_at": due_at,
    }


def _changes(state: _State) -> dict[str, Any]:
    return {
        "changed": state.row.id,
        "failing_since": state.failing_since,
        "is_active": state.is_active,
        "status": state.status,
    }


async def release(
    connection: AsyncConnection, now: dt.datetime, lanes: Collection[tuple[int, str]] | None = None
) -> None:
    """Start what waits for nothing, of all subjects of ordered subscriptions or of some.

    It waits for an earlier event of its subject; that one and the outcome of the one
    before may be written at a time.
    """
    earlier = _attempt.alias("earlier")
    waits = (
        select(earlier.c.id)
        .where(
            earlier.c.subscription_id == _attempt.c.subscription_id,
            earlier.c.subject == _attempt.c.subject,
            earlier.c.event_id < _attempt.c.event_id,
            earlier.c.status == literal_column(f"'{AttemptStatus.PENDING}'"),
        )
        .exists()
    )
    of_lanes = [tuple_(_attempt.c.subscription_id, _attempt.c.subject).in_(lanes)] if lanes else []
    released = (
        update(_attempt)
        .where(PENDING, _attempt.c.due_at.is_(None), ~waits, *of_lanes)
        .values(due_at=now)
        .returning(_attempt.c.subscription_id)
    )
    await put(connection, (await connection.scalars(released)).all())


async def give_up(connection: AsyncConnection, messages: Mapping[int, str], now: dt.datetime) -> None:
    """End what is pending of subscriptions that are switched off, but not what is on its way."""
    if not messages:
        return
    ended = update(_attempt).where(_attempt.c.subscription_id == bindparam("off"), PENDING, is_free(now))
    common = {"status": AttemptStatus.FAILED, "resolved_at": now, "leased_until": None}
    values = [{"off": id_, "message": message, **common} for id_, message in messages.items()]
    await connection.execute(ended, values)
    await keep_newest(connection, messages)


async def keep_newest(connection: AsyncConnection, subscription_ids: Collection[int]) -> None:
    """Remove the oldest resolved attempts of subscriptions while there are more than are kept (10.5)."""
    of_subscription = _attempt.c.subscription_id == _subscription.c.id
    # Those that are pending count, however many they are.
    held = select(_attempt.c.id).where(of_subscription).limit(MOST_KEPT + _MOST_REMOVED)
    number = select(func.count()).select_from(held.correlate(_subscription).subquery()).scalar_subquery()
    statement = select(_subscription.c.id, number - MOST_KEPT).where(
        _subscription.c.id.in_(padded(subscription_ids))
    )
    left = {row[0]: row[1] for row in await connection.execute(statement) if row[1] > 0}
    if not left:
        return
    oldest = select(_attempt.c.id).where(of_subscription, RESOLVED).order_by(_attempt.c.id)
    columns = (_attempt.c.id, _attempt.c.subscription_id)
    removed = list[int]()
    for id_, subscription_id in sorted(
        await of_each(connection, left, oldest.limit(max(left.values())), *columns)
    ):
        left[subscription_id] -= 1
        if left[subscription_id] >= 0:
            removed.append(id_)
    if removed:
        await connection.execute(_attempt.delete().where(_attempt.c.id.in_(padded(removed))))


async def _suspend(
    connection: AsyncConnection, states: Sequence[_State], now: dt.datetime, retries: bool
) -> None:
    """Switch off those of which nothing but failures is kept, and as many as are kept at all.

    With retries each failure but the last has a try to come, which says nothing
    good of the target: then time counts instead.
    """
    suspected = {
        it.row.id: it
        for it in states
        if not retries or (it.failing_since and now - it.failing_since >= _FAILING_FOR)
    }
    if not suspected:
        return
    failed = func.count().filter(_attempt.c.status == AttemptStatus.FAILED)
    awaited = func.count().filter(_attempt.c.try_number > 1, PENDING)
    of_subscription = _attempt.c.subscription_id
    statement = (
        select(of_subscription, func.count(), failed + awaited)
        .where(of_subscription.in_(padded(suspected)))
        .group_by(of_subscription)
    )
    for id_, number, failures in await connection.execute(statement):
        if number == failures and number >= MOST_KEPT:
            suspected[id_].switch_off(TOO_MANY_FAILURES)
