"""The port that starts attempts, whatever keeps the queue.

A job says that a subscription has something to send, and no more: whoever comes
first sends what is first, and goes on until there is nothing more. So attempts of
a subscription start in order whoever works, and a job too many does no harm. A
job ends when nothing is pending that could be sent, or another is there for what
is; that there is none while something is, is what only a fault can bring about,
and what `mend` finds.
"""

import asyncio
import datetime as dt
from asyncio import Event
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Later:
    """There is nothing to send yet: come again after a delay."""

    delay: dt.timedelta


class Deliverer(Protocol):
    """What a queue calls."""

    def remind(self, subscription_id: int) -> bool:
        """Tell that there is more of a subscription; whether it is being drained, and that will be seen."""

    async def drain(self, subscription_id: int, stopping: Event) -> Later | None:
        """Deliver what there is of a subscription, until it is time to stop; None when no more is to come.

        Where it is being drained already, that is reminded, and the answer is None at once.
        """


class Queue(Protocol):
    """Has each attempt made when it is due, at least once, until it is made."""

    async def run(self, deliverer: Deliverer, stopping: Event) -> None:
        """Work until it is time to stop, then finish what was begun."""

    async def mend(self) -> None:
        """Give jobs to subscriptions that have something to send, and none."""

    async def forget(self, before: dt.datetime) -> None:
        """Remove what the queue keeps of jobs that were done before an instant."""


async def sleep(stopping: Event, seconds: float) -> None:
    """Wait for some time, or until it is time to stop."""
    try:
        await asyncio.wait_for(stopping.wait(), seconds)
    except TimeoutError:
        return
