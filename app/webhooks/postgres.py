"""The queue of PostgreSQL: PgQueuer, whose jobs are put in the transaction that writes the attempts.

Who works beats every few seconds; the job of a worker that died is another's
after the time of a lease. What fails again and again is held, for an operator to
look at, and does not keep others from delivering.
"""

import asyncio
import datetime as dt
import logging
from asyncio import Event
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

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
from sqlalchemy import NullPool, Text, cast, column, func, select, table
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlmodel import col

from app.db.engine import Database
from app.db.models import DeliveryAttempt
from app.db.types import UtcDateTime
from app.webhooks.pending import SCHEDULED
from app.webhooks.queue import MOST_AT_A_TIME, Claimed, Deliverer, Later, deliver_on

_SETTINGS = DBSettings(db_schema="webhook_queue")
_ENTRYPOINT = "webhook"
_BATCH = 10
_MOST_FAULTS = 20
_FAULT_DELAY = dt.timedelta(seconds=5)
_NOW = dt.timedelta()

_logger = logging.getLogger("lyceum.webhooks")

_job = table(
    _SETTINGS.queue_table, *map(column, ("payload", "entrypoint", "status")), schema=_SETTINGS.db_schema
)
_JOBS = (
    select(_job.c.payload, func.count().label("number"))
    .where(_job.c.entrypoint == _ENTRYPOINT, cast(_job.c.status, Text) != "failed")
    .group_by(_job.c.payload)
    .subquery()
)
_LACKING = (
    select(
        col(DeliveryAttempt.subscription_id),
        (func.count() - func.coalesce(func.max(_JOBS.c.number), 0)).label("number"),
    )
    .outerjoin(
        _JOBS, _JOBS.c.payload == func.convert_to(cast(col(DeliveryAttempt.subscription_id), Text), "UTF8")
    )
    .where(SCHEDULED)
    .group_by(col(DeliveryAttempt.subscription_id))
    .having(func.count() > func.coalesce(func.max(_JOBS.c.number), 0))
)


async def put(
    connection: AsyncConnection, subscription_ids: Sequence[int], delay: dt.timedelta = _NOW
) -> None:
    """Have one attempt of each subscription made once the transaction of the connection is committed.

    A subscription may be named more than once. Other databases need no jobs.
    """
    if connection.dialect.name != "postgresql" or not subscription_ids:
        return
    raw = await connection.get_raw_connection()
    number = len(subscription_ids)
    await _queries(raw.driver_connection).enqueue(
        [_ENTRYPOINT] * number,
        [str(id_).encode() for id_ in subscription_ids],
        [0] * number,
        [delay] * number,
    )


class PostgresQueue:
    """Works on the jobs of a database. A `lease` is how long a worker may be silent."""

    def __init__(self, database: Database, lease: dt.timedelta) -> None:
        self._database = database
        self._lease = lease

    async def run(self, deliverer: Deliverer, stopping: Event) -> None:
        """Work until it is time to stop, then finish what was begun."""
        async with _connection(self._database) as connection:
            manager = QueueManager(_queries(connection))

            async def work(job: Job) -> None:
                try:
                    claimed = await deliverer.claim(int(job.payload or b""))
                    if isinstance(claimed, Claimed):
                        await deliver_on(deliverer, claimed, stopping)
                except Exception as error:
                    _logger.warning("A delivery failed; it is made again", exc_info=error)
                    if job.attempts < _MOST_FAULTS:
                        raise RetryRequested(_FAULT_DELAY, repr(error)) from error
                    raise
                if isinstance(claimed, Later):
                    raise RetryRequested(claimed.delay)

            manager.entrypoint(_ENTRYPOINT, on_failure="hold")(work)
            stop = asyncio.create_task(_when(stopping, manager.shutdown))
            try:
                await manager.run(
                    batch_size=_BATCH,
                    max_concurrent_tasks=MOST_AT_A_TIME,
                    heartbeat_timeout=self._lease,
                    dequeue_timeout=self._lease / 2,
                    shutdown_on_listener_failure=True,
                )
            finally:
                stop.cancel()
                with suppress(asyncio.CancelledError):
                    await stop

    async def mend(self) -> None:
        """Give a job to every attempt that has lost its own.

        Attempts and jobs are counted in one statement, as they come and go together.
        """
        async with self._database.begin() as connection:
            for subscription_id, number in (await connection.execute(_LACKING)).all():
                await put(connection, [subscription_id] * number)

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


@asynccontextmanager
async def _connection(database: Database) -> AsyncIterator[object]:
    """A connection of the driver that nobody else uses, gone at the end with all that it listens to."""
    # Not of the pool, which may hold as few as one.
    engine = create_async_engine(database.url, poolclass=NullPool)
    async with engine.connect() as connection:
        raw = await connection.get_raw_connection()
        try:
            yield raw.driver_connection
        finally:
            await connection.invalidate()


async def _when(stopping: Event, shutdown: Event) -> None:
    await stopping.wait()
    shutdown.set()
