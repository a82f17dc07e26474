"""The worker: delivers until it is told to stop, and keeps house meanwhile."""

import asyncio
import datetime as dt
import logging
from asyncio import Event

from app.db.clock import Clock, now
from app.db.engine import Database
from app.db.models import DeliveryAttempt
from app.db.models.tables import table_of
from app.settings import Settings
from app.webhooks.delivery import Delivery
from app.webhooks.exchange import Client
from app.webhooks.leases import LeaseQueue
from app.webhooks.outcomes import release
from app.webhooks.postgres import PostgresQueue
from app.webhooks.queue import Queue, sleep
from app.webhooks.shaping import Shaper, broken

_MEND_SECONDS = 30.0
_AFTER_A_FAULT_SECONDS = 2.0

_logger = logging.getLogger("lyceum.webhooks")


def queue_of(database: Database, settings: Settings, clock: Clock = now) -> Queue:
    """The queue that a database has."""
    if database.dialect == "sqlite":
        return LeaseQueue(database, clock)
    return PostgresQueue(database, dt.timedelta(seconds=settings.webhook_lease))


class Worker:
    """Delivers what is pending in a database."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        shaper: Shaper,
        clock: Clock = now,
        client: Client | None = None,
    ) -> None:
        self._database = database
        self._shaper = shaper
        self._history = dt.timedelta(days=settings.webhook_history_days)
        self._clock = clock
        self._queue = queue_of(database, settings, clock)
        self._client = client or Client(allow_private=settings.webhook_allow_private_targets)
        self._delivery = Delivery(database, settings, clock, self._client, shaper)

    async def run(self, stopping: Event) -> None:
        """Work until it is time to stop. What fails is told in the log and begun again."""
        async with self._client:
            await asyncio.gather(self._report(), self._deliver(stopping), self._keep_house(stopping))
            await self._delivery.settle()

    async def _report(self) -> None:
        """Tell the log of documents that cannot be run any more, as after an upgrade that removed a field."""
        try:
            async with self._database.reader.connect() as connection:
                for it in await broken(connection, self._shaper.problem):
                    _logger.warning(
                        "The document of webhook %s of %s cannot be run: %s", it.uuid, it.owner, it.problem
                    )
        except Exception:
            _logger.exception("Looking at the documents of webhooks failed")

    async def _deliver(self, stopping: Event) -> None:
        while not stopping.is_set():
            try:
                await self._queue.run(self._delivery, stopping)
            except Exception:
                _logger.exception("Delivering webhooks failed; it is begun again")
                await sleep(stopping, _AFTER_A_FAULT_SECONDS)

    async def _keep_house(self, stopping: Event) -> None:
        while not stopping.is_set():
            try:
                await self.mend()
                await self.forget()
            except Exception:
                _logger.exception("Looking after webhooks failed; it is tried again")
            await sleep(stopping, _MEND_SECONDS)

    async def mend(self) -> None:
        """Start what waits for nothing, or has lost its job."""
        async with self._database.begin() as connection:
            await release(connection, self._clock())
        await self._queue.mend()

    async def forget(self) -> None:
        """Remove deliveries that are longer past than history is kept."""
        before = self._clock() - self._history
        attempt = table_of(DeliveryAttempt)
        async with self._database.begin() as connection:
            await connection.execute(attempt.delete().where(attempt.c.resolved_at < before))
        await self._queue.forget(before)
