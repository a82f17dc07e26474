"""The queue of SQLite: the attempts themselves are its jobs, and a lease on a row says who makes it."""

import asyncio
import datetime as dt
import logging
from asyncio import Event, Task
from time import monotonic
from typing import Any

from sqlalchemy import exists, select
from sqlmodel import col

from app.db.clock import Clock
from app.db.engine import Database
from app.db.models import DeliveryAttempt, WebhookSubscription
from app.webhooks.pending import is_startable
from app.webhooks.queue import Deliverer, Later, sleep

_POLL_SECONDS = 0.2
_BETWEEN_LOOKS = 0.02
_MOST_PAUSE = dt.timedelta(seconds=1)

_logger = logging.getLogger("lyceum.webhooks")


class LeaseQueue:
    """Looks what is due, claims it, and has it delivered."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._tasks: set[Task[None]] = set()
        self._paused: dict[int, dt.datetime] = {}

    async def run(self, deliverer: Deliverer, stopping: Event) -> None:
        """Work until it is time to stop, then finish what was begun."""
        try:
            async with self._database.apart() as connection:
                await self._watch(connection, deliverer, stopping)
        finally:
            await asyncio.gather(*self._tasks)

    async def mend(self) -> None:
        """Do nothing: here no attempt can lose its job."""

    async def forget(self, before: dt.datetime) -> None:
        """Do nothing: nothing is kept but the attempts."""

    async def _watch(self, connection: Any, deliverer: Deliverer, stopping: Event) -> None:
        """Look what is due whenever anybody has written anything, and sometimes as time has passed."""
        seen, looked = None, 0.0
        while not stopping.is_set():
            # It changes with each commit of other connections (SQLite, "PRAGMA data_version").
            version = await connection.execute_fetchall("PRAGMA data_version")
            if version != seen or monotonic() - looked > _POLL_SECONDS:
                seen, looked = version, monotonic()
                for subscription_id in await self._due():
                    if not deliverer.remind(subscription_id):
                        task = asyncio.create_task(self._drain(deliverer, subscription_id, stopping))
                        self._tasks.add(task)
                        task.add_done_callback(self._tasks.discard)
            await sleep(stopping, _BETWEEN_LOOKS)

    async def _drain(self, deliverer: Deliverer, subscription_id: int, stopping: Event) -> None:
        try:
            later = await deliverer.drain(subscription_id, stopping)
        except Exception as error:
            _logger.error("A delivery failed; it is made again", exc_info=error)
            later = Later(_MOST_PAUSE)
        if later is not None:
            # What is due by then may be more than what was.
            self._paused[subscription_id] = self._clock() + min(later.delay, _MOST_PAUSE)

    async def _due(self) -> list[int]:
        """The subscriptions that have an attempt to make now."""
        now = self._clock()
        self._paused = {id_: until for id_, until in self._paused.items() if until > now}
        due = exists().where(
            col(DeliveryAttempt.subscription_id) == col(WebhookSubscription.id), is_startable(now)
        )
        statement = select(col(WebhookSubscription.id)).where(due).order_by(col(WebhookSubscription.id))
        async with self._database.reader.connect() as connection:
            ids = (await connection.scalars(statement)).all()
        return [id_ for id_ in ids if id_ not in self._paused]
