"""The port that starts attempts, whatever keeps the queue.

A job says that a subscription has something to send, and no more: whichever comes
first sends what is first, and goes on until there is nothing more. So attempts of
a subscription start in order whoever works, and a job too many does no harm. A
job ends when nothing is pending that could be sent; that there is none while
something is, is what only a fault can bring about, and what `mend` finds.
"""

import asyncio
import datetime as dt
from asyncio import Event
from dataclasses import dataclass
from typing import Any, Protocol

MOST_AT_A_TIME = 100
"""Attempts that a worker makes at a time."""

MOST_OF_ONE = 10
"""Attempts that one target has to bear at a time, and so the jobs of it that have something to do."""


@dataclass(frozen=True)
class Later:
    """There is nothing to send yet: come again after a delay."""

    delay: dt.timedelta


@dataclass(frozen=True)
class Claimed:
    """An attempt that nobody else makes for now: its row and that of its subscription."""

    attempt: Any
    subscription: Any


class Deliverer(Protocol):
    """What a queue calls."""

    async def claim(self, subscription_id: int) -> Claimed | Later | None:
        """Take what is first of a subscription; None when there is nothing more to come."""

    async def deliver(self, claimed: Claimed) -> None:
        """Make an attempt, and keep what became of it."""


class Queue(Protocol):
    """Has each attempt made when it is due, at least once, until it is made."""

    async def run(self, deliverer: Deliverer, stopping: Event) -> None:
        """Work until it is time to stop, then finish what was begun."""

    async def mend(self) -> None:
        """Give jobs to subscriptions that have something to send, and none."""

    async def forget(self, before: dt.datetime) -> None:
        """Remove what the queue keeps of jobs that were done before an instant."""


async def deliver_on(deliverer: Deliverer, claimed: Claimed, stopping: Event) -> Later | None:
    """Deliver what was claimed, and then what else of the subscription can be had at once.

    The answer is what `claim` said last, and that there may be more when it is time to stop.
    """
    following: Claimed | Later | None = claimed
    while isinstance(following, Claimed):
        await deliverer.deliver(following)
        following = (
            Later(dt.timedelta()) if stopping.is_set() else await deliverer.claim(claimed.subscription.id)
        )
    return following


async def sleep(stopping: Event, seconds: float) -> None:
    """Wait for some time, or until it is time to stop."""
    try:
        await asyncio.wait_for(stopping.wait(), seconds)
    except TimeoutError:
        return
