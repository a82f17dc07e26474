"""The queue of SQLite: the attempts themselves are its jobs, and a lease on a row says who makes it."""

import asyncio
import datetime as dt
import logging
from asyncio import Event, Task

from sqlalchemy import exists, or_, select
from sqlmodel import col

from app.db.clock import Clock
from app.db.engine import Database
from app.db.models import DeliveryAttempt, WebhookSubscription
from app.webhooks.pending import SCHEDULED
from app.webhooks.queue import MOST_AT_A_TIME, Claimed, Deliverer, Later, deliver_on, sleep

_POLL_SECONDS = 0.2

_logger = logging.getLogger("lyceum.webhooks")


class LeaseQueue:
    """Looks what is due, claims it, and has it delivered."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._tasks: set[Task[Later | None]] = set()
        self._paused: dict[int, dt.datetime] = {}

    async def run(self, deliverer: Deliverer, stopping: Event) -> None:
        """Work until it is time to stop, then finish what was begun."""
        try:
            while not stopping.is_set():
                claimed = 0
                for subscription_id in await self._due():
                    if len(self._tasks) >= MOST_AT_A_TIME or stopping.is_set():
                        break
                    claimed += await self._claim(deliverer, subscription_id, stopping)
                if len(self._tasks) >= MOST_AT_A_TIME:
                    await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
                elif not claimed:
                    await sleep(stopping, _POLL_SECONDS)
        finally:
            if self._tasks:
                await asyncio.wait(self._tasks)

    async def mend(self) -> None:
        """Do nothing: here no attempt can lose its job."""

    async def forget(self, before: dt.datetime) -> None:
        """Do nothing: nothing is kept but the attempts."""

    async def _claim(self, deliverer: Deliverer, subscription_id: int, stopping: Event) -> bool:
        claimed = await deliverer.claim(subscription_id)
        if isinstance(claimed, Later):
            self._paused[subscription_id] = self._clock() + claimed.delay
        if not isinstance(claimed, Claimed):
            return False
        task = asyncio.create_task(deliver_on(deliverer, claimed, stopping))
        self._tasks.add(task)
        task.add_done_callback(self._end)
        return True

    def _end(self, task: Task[Later | None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            _logger.error("A delivery failed; it is made again", exc_info=error)

    async def _due(self) -> list[int]:
        """The subscriptions that have an attempt to make now."""
        now = self._clock()
        self._paused = {id_: until for id_, until in self._paused.items() if until > now}
        due = exists().where(
            col(DeliveryAttempt.subscription_id) == col(WebhookSubscription.id),
            SCHEDULED,
            col(DeliveryAttempt.due_at) <= now,
            or_(col(DeliveryAttempt.leased_until).is_(None), col(DeliveryAttempt.leased_until) < now),
        )
        statement = select(col(WebhookSubscription.id)).where(due).order_by(col(WebhookSubscription.id))
        async with self._database.reader.connect() as connection:
            ids = (await connection.scalars(statement)).all()
        return [id_ for id_ in ids if id_ not in self._paused]
