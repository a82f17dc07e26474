"""The queue of PostgreSQL: PgQueuer, whose jobs are put in the transaction that writes the attempts.

Who works beats every few seconds; the job of a worker that died is another's
after the time of a lease. What fails again and again is held, for an operator to
look at, and does not keep others from delivering.
"""

import asyncio
import datetime as dt
import logging
from asyncio import Event
from collections.abc import Iterable, Mapping
from contextlib import suppress

from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.qb import (
    QueryBuilderEnvironment,
    QueryQueueBuilder,
    QuerySchedulerBuilder,
)
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.domain.models import Job
from pgqueuer.domain.settings import DBSettings
from pgqueuer.queries import Queries
from sqlalchemy import ColumnElement, Text, cast, column, exists, func, literal, select, table
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.engine import Database
from app.db.models import DeliveryAttempt, WebhookSubscription
from app.db.models.tables import table_of
from app.db.types import UtcDateTime
from app.webhooks.pending import SCHEDULED
from app.webhooks.queue import Deliverer

_SETTINGS = DBSettings(db_schema="webhook_queue")
_ENTRYPOINT = "webhook"
_BATCH = 100
_MOST_JOBS = 2000
_MOST_FAULTS = 20
_FAULT_DELAY = dt.timedelta(seconds=5)
_NOW = dt.timedelta()
_SOON = dt.timedelta(minutes=1)
_ABOUT = dt.timedelta(seconds=1)

_logger = logging.getLogger("lyceum.webhooks")

_job = table(
    _SETTINGS.queue_table,
    *(column(name) for name in ("payload", "status")),
    column("execute_after", UtcDateTime()),
    schema=_SETTINGS.db_schema,
)


def _has_job(
    subscription_id: ColumnElement[int], within: dt.timedelta, *, taken: bool = True
) -> ColumnElement[bool]:
    """Whether a subscription has a job that is not held, and that starts within some time."""
    states = ["queued", "picked"] if taken else ["queued"]
    return exists().where(
        _job.c.payload == func.convert_to(cast(subscription_id, Text), "UTF8"),
        cast(_job.c.status, Text).in_(states),
        _job.c.execute_after < func.clock_timestamp() + within,
    )


async def put(connection: AsyncConnection, subscription_ids: Iterable[int]) -> None:
    """Have what is due of some subscriptions sent, once the transaction of the connection is committed."""
    await put_later(connection, dict.fromkeys(subscription_ids, _NOW))


async def put_later(connection: AsyncConnection, delays: Mapping[int, dt.timedelta]) -> None:
    """The same, of each after a delay. Other databases need no jobs."""
    if connection.dialect.name != "postgresql" or not delays:
        return
    raw = await connection.get_raw_connection()
    jobs = [str(id_).encode() for id_ in delays]
    await _queries(raw.driver_connection).enqueue(
        [_ENTRYPOINT] * len(jobs), list(jobs), [0] * len(jobs), list(delays.values())
    )


class PostgresQueue:
    """Works on the jobs of a database. A `lease` is how long a worker may be silent."""

    def __init__(self, database: Database, lease: dt.timedelta) -> None:
        self._database = database
        self._lease = lease

    async def run(self, deliverer: Deliverer, stopping: Event) -> None:
        """Work until it is time to stop, then finish what was begun."""
        async with self._database.apart() as connection:
            manager = QueueManager(_queries(connection))

            async def work(job: Job) -> None:
                id_ = int(job.payload or b"")
                try:
                    later = await deliverer.drain(id_, stopping)
                    if later is not None:
                        await self._come_again(id_, later.delay)
                except Exception as error:
                    _logger.warning("A delivery failed; it is made again", exc_info=error)
                    if job.attempts < _MOST_FAULTS:
                        raise RetryRequested(_FAULT_DELAY, repr(error)) from error
                    raise

            manager.entrypoint(_ENTRYPOINT, on_failure="hold")(work)
            stop = asyncio.create_task(_when(stopping, manager.shutdown))
            try:
                await manager.run(
                    batch_size=_BATCH,
                    max_concurrent_tasks=_MOST_JOBS,
                    heartbeat_timeout=self._lease,
                    dequeue_timeout=self._lease / 2,
                    shutdown_on_listener_failure=True,
                )
            finally:
                stop.cancel()
                with suppress(asyncio.CancelledError):
                    await stop

    async def mend(self) -> None:
        """Give jobs to subscriptions that have something to send, and none.

        Attempts and jobs are looked at in one statement, as they come together.
        """
        attempt, subscription = table_of(DeliveryAttempt), table_of(WebhookSubscription)
        has_something = exists().where(
            attempt.c.subscription_id == subscription.c.id,
            SCHEDULED,
            attempt.c.due_at <= func.clock_timestamp(),
        )
        lacking = select(subscription.c.id).where(has_something, ~_has_job(subscription.c.id, _SOON))
        async with self._database.begin() as connection:
            await put(connection, (await connection.scalars(lacking)).all())

    async def _come_again(self, subscription_id: int, delay: dt.timedelta) -> None:
        """Put a job that looks again after a delay, unless one that nobody has taken yet does so about then.

        Who takes that one, comes to the same answer, or sends what there is.
        """
        has_job = select(_has_job(literal(subscription_id), delay + _ABOUT, taken=False))
        async with self._database.begin() as connection:
            if not await connection.scalar(has_job):
                await put_later(connection, {subscription_id: delay})

    async def forget(self, before: dt.datetime) -> None:
        """Remove what the queue keeps of jobs that were done before an instant."""
        async with self._database.begin() as connection:
            for name in (_SETTINGS.queue_table_log, _SETTINGS.statistics_table):
                past = table(name, column("created", UtcDateTime()), schema=_SETTINGS.db_schema)
                await connection.execute(past.delete().where(past.c.created < before))


def _queries(connection: object) -> Queries:
    return Queries(
        AsyncpgDriver(connection),
        QueryBuilderEnvironment(_SETTINGS),
        QueryQueueBuilder(_SETTINGS),
        QuerySchedulerBuilder(_SETTINGS),
    )


async def _when(stopping: Event, shutdown: Event) -> None:
    await stopping.wait()
    shutdown.set()
