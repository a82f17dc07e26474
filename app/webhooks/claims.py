"""Claiming attempts: which of a subscription are made now, when each starts, and when there are more."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.models import DeliveryAttempt, WebhookSubscription
from app.db.models.tables import table_of
from app.webhooks.pending import PENDING, SCHEDULED, is_held, is_startable
from app.webhooks.rows import of_each, padded

MOST_OF_ONE = 25
"""Attempts that one subscription's target has to bear at a time."""

BETWEEN_LOOKS = dt.timedelta(seconds=0.1)

_attempt = table_of(DeliveryAttempt)
_subscription = table_of(WebhookSubscription)


@dataclass(frozen=True)
class Claimed:
    """An attempt that nobody else makes for now, and starts at an instant: its row and its subscription's."""

    attempt: Any
    subscription: Any
    start: dt.datetime


@dataclass(frozen=True)
class Found:
    """What was claimed of a subscription, and after what time there may be more; None for never."""

    claimed: tuple[Claimed, ...] = ()
    again: dt.timedelta | None = None


async def claim(
    connection: AsyncConnection,
    subscriptions: Mapping[int, Any],
    room: int,
    now: dt.datetime,
    lease: dt.timedelta,
) -> dict[int, Found]:
    """Claim what is first of some subscriptions, which are locked and active, and at most so many in all.

    First tries go before others, in the order in which they were written.
    """
    found, idle, leased, limits = dict[int, Found](), [], list[int](), list[dict[str, Any]]()
    under_way = await _under_way(connection, subscriptions, now)
    open_ = [id_ for id_ in subscriptions if under_way.get(id_, 0) < MOST_OF_ONE]
    free = await _free(connection, open_, now)
    for id_, subscription in subscriptions.items():
        if id_ not in open_:
            found[id_] = Found((), BETWEEN_LOOKS)
        elif id_ not in free:
            idle.append(id_)
        else:
            most = min(MOST_OF_ONE - under_way.get(id_, 0), room)
            found[id_] = each = _start(subscription, free[id_], most, now)
            room -= len(each.claimed)
            leased += [it.attempt.id for it in each.claimed]
            if each.claimed and subscription.requests_per_second:
                limits.append({"limited": id_, "started_at": each.claimed[-1].start})
    if leased:
        await hold(connection, leased, now + lease)
    if limits:
        of_limited = _subscription.c.id == bindparam("limited")
        await connection.execute(update(_subscription).where(of_limited), limits)
    if idle:
        found |= await _idle(connection, idle, now)
    return found


async def hold(connection: AsyncConnection, attempt_ids: Collection[int], until: dt.datetime) -> None:
    """Keep pending attempts from others until then."""
    held = update(_attempt).where(_attempt.c.id.in_(padded(attempt_ids)), PENDING)
    await connection.execute(held.values(leased_until=until))


def _start(subscription: Any, attempts: list[Any], most: int, now: dt.datetime) -> Found:
    """Give attempts the instants at which they start, as far as that is soon."""
    rate = subscription.requests_per_second
    interval = dt.timedelta(seconds=1 / rate) if rate else dt.timedelta()
    start = now
    if rate and subscription.started_at is not None:
        start = max(now, subscription.started_at + interval)
    claimed = list[Claimed]()
    for attempt in attempts[:most]:
        if start > now + BETWEEN_LOOKS:
            break
        claimed.append(Claimed(attempt, subscription, start))
        start += interval
    # Without a limit there is more when one of these is over.
    return Found(tuple(claimed), max(start - now, BETWEEN_LOOKS / 10) if rate or not claimed else None)


async def _under_way(
    connection: AsyncConnection, subscription_ids: Iterable[int], now: dt.datetime
) -> dict[int, int]:
    statement = (
        select(_attempt.c.subscription_id, func.count())
        .where(_attempt.c.subscription_id.in_(padded(list(subscription_ids))), is_held(now))
        .group_by(_attempt.c.subscription_id)
    )
    return {row[0]: row[1] for row in await connection.execute(statement)}


async def _free(
    connection: AsyncConnection, subscription_ids: list[int], now: dt.datetime
) -> dict[int, list[Any]]:
    """What can be started of each subscription that has such, in order."""
    free = dict[int, list[Any]]()
    if not subscription_ids:
        return free
    due = select(_attempt.c.id).where(_attempt.c.subscription_id == _subscription.c.id, is_startable(now))
    first_tries = due.where(_attempt.c.try_number == 1).order_by(_attempt.c.id)
    others = due.where(_attempt.c.try_number > 1).order_by(_attempt.c.due_at, _attempt.c.id)
    wanted = list(subscription_ids)
    for chosen, order in ((first_tries, lambda it: it.id), (others, lambda it: (it.due_at, it.id))):
        if wanted:
            rows = await of_each(connection, wanted, chosen.limit(MOST_OF_ONE), _attempt)
            for row in sorted(rows, key=order):
                free.setdefault(row.subscription_id, []).append(row)
        wanted = [id_ for id_ in wanted if len(free.get(id_, ())) < MOST_OF_ONE]
    return free


async def _idle(
    connection: AsyncConnection, subscription_ids: list[int], now: dt.datetime
) -> dict[int, Found]:
    """When there may be something to do where nothing is free: one is due, or its worker must be dead."""
    due, leased = _attempt.c.due_at, _attempt.c.leased_until

    def earliest(column: Any, *conditions: Any) -> Any:
        of_subscription = _attempt.c.subscription_id == _subscription.c.id
        least = select(func.min(column, type_=due.type)).where(of_subscription, *conditions)
        return least.correlate(_subscription).scalar_subquery()

    statement = select(
        _subscription.c.id,
        earliest(due, SCHEDULED, due > now),
        earliest(leased, is_held(now)),
    ).where(_subscription.c.id.in_(padded(subscription_ids)))
    found = {}
    for id_, *moments in await connection.execute(statement):
        told = [moment for moment in moments if moment is not None]
        found[id_] = Found((), max(min(told) - now, BETWEEN_LOOKS) if told else None)
    return found
