"""The queue of PostgreSQL: PgQueuer, whose jobs are put in the transaction that writes the attempts.

Who works beats every few seconds; the job of a worker that died is another's
after the time of a lease. What fails again and again is held, for an operator to
look at, and does not keep others from delivering.
"""

import asyncio
import datetime as dt
import logging
from asyncio import Event
from collections import Counter
from collections.abc import AsyncIterator, Iterable
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
from sqlalchemy import NullPool, Text, cast, column, exists, func, select, table
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from app.db.engine import Database
from app.db.models import DeliveryAttempt
from app.db.models.tables import table_of
from app.db.types import UtcDateTime
from app.webhooks.pending import SCHEDULED
from app.webhooks.queue import (
    MOST_AT_A_TIME,
    MOST_OF_ONE,
    Claimed,
    Deliverer,
    Later,
    deliver_on,
)

_SETTINGS = DBSettings(db_schema="webhook_queue")
_ENTRYPOINT = "webhook"
_BATCH = 10
_MOST_FAULTS = 20
_ENOUGH = 4 * MOST_AT_A_TIME
_FAULT_DELAY = dt.timedelta(seconds=5)
_NOW = dt.timedelta()

_logger = logging.getLogger("lyceum.webhooks")

_job = table(
    _SETTINGS.queue_table,
    *(column(name) for name in ("payload", "status")),
    column("execute_after", UtcDateTime()),
    schema=_SETTINGS.db_schema,
)
_is_live = cast(_job.c.status, Text) != "failed"
_starts_soon = _job.c.execute_after < func.clock_timestamp() + dt.timedelta(minutes=1)


async def put(
    connection: AsyncConnection, subscription_ids: Iterable[int], delay: dt.timedelta = _NOW
) -> None:
    """Have what is due of some subscriptions sent, once the transaction of the connection is committed.

    Each may be named as often as it has something to send. Other databases need no jobs.
    """
    numbers = Counter(subscription_ids)
    jobs = [str(id_).encode() for id_, number in numbers.items() for _ in range(min(number, MOST_OF_ONE))]
    if connection.dialect.name != "postgresql" or not jobs:
        return
    raw = await connection.get_raw_connection()
    queries = _queries(raw.driver_connection)
    await queries.enqueue([_ENTRYPOINT] * len(jobs), list(jobs), [0] * len(jobs), [delay] * len(jobs))


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
                        claimed = await deliver_on(deliverer, claimed, stopping)
                    if isinstance(claimed, Later) and await self._are_too_many(job):
                        return
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
        """Give jobs to subscriptions that have something to send, and none.

        Attempts and jobs are looked at in one statement, as they come together.
        """
        attempt = table_of(DeliveryAttempt)
        subscription_id = attempt.c.subscription_id
        started = exists().where(
            _job.c.payload == func.convert_to(cast(subscription_id, Text), "UTF8"), _is_live, _starts_soon
        )
        lacking = (
            select(subscription_id, func.count())
            .where(SCHEDULED, attempt.c.due_at <= func.clock_timestamp(), ~started)
            .group_by(subscription_id)
        )
        async with self._database.begin() as connection:
            for id_, number in (await connection.execute(lacking)).all():
                await put(connection, [id_] * number)

    async def _are_too_many(self, job: Job) -> bool:
        """Whether a job that finds nothing to do can go: there are others enough.

        So many that those which go at the same time do not leave too few.
        """
        others = select(_job.c.payload).where(_job.c.payload == job.payload, _is_live, _starts_soon)
        counted = select(func.count()).select_from(others.limit(_ENOUGH + 1).subquery())
        async with self._database.begin() as connection:
            return (await connection.scalar(counted) or 0) > _ENOUGH

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
