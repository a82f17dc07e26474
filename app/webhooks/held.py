"""Jobs of PostgreSQL's queue that failed again and again, and are held for an operator.

What they were for is not lost meanwhile: subscriptions that have something to
send and no job get another. SQLite has no jobs, and so holds none.
"""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import BindParameter, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import ARRAY, BigInteger

_LIST = """
SELECT job.id, convert_from(job.payload, 'UTF8') AS subscription, job.attempts, job.updated AS since,
    (SELECT log.traceback ->> 'exception_type' || ': ' || (log.traceback ->> 'exception_message')
        FROM webhook_queue.pgqueuer_log log
        WHERE log.job_id = job.id AND log.traceback IS NOT NULL ORDER BY log.id DESC LIMIT 1) AS reason
FROM webhook_queue.pgqueuer job WHERE job.status = 'failed' ORDER BY job.id
"""
_OF = "FROM webhook_queue.pgqueuer WHERE status = 'failed' AND (:ids IS NULL OR id = ANY(:ids))"
_REQUEUE = f"""
UPDATE webhook_queue.pgqueuer SET status = 'queued', execute_after = now(), updated = now(), attempts = 0
WHERE id IN (SELECT id {_OF}) RETURNING id
"""  # noqa: S608
_DROP = f"DELETE {_OF} RETURNING id"


async def held(session: AsyncSession) -> list[dict[str, Any]]:
    """The jobs that are held, each with its subscription, how often it was tried, and why it failed last."""
    if not _has_jobs(session):
        return []
    return [dict(row) for row in (await session.execute(text(_LIST))).mappings()]


async def requeue(session: AsyncSession, ids: Collection[int] | None = None) -> Sequence[int]:
    """Have jobs that are held started again, of these ids or all; those that were."""
    return await _each(session, _REQUEUE, ids)


async def drop(session: AsyncSession, ids: Collection[int] | None = None) -> Sequence[int]:
    """Remove jobs that are held, of these ids or all; those that were."""
    return await _each(session, _DROP, ids)


async def _each(session: AsyncSession, statement: str, ids: Collection[int] | None) -> Sequence[int]:
    if not _has_jobs(session):
        return []
    given: BindParameter[Any] = bindparam("ids", None if ids is None else list(ids), ARRAY(BigInteger))
    return sorted(await session.scalars(text(statement).bindparams(given)))


def _has_jobs(session: AsyncSession) -> bool:
    return session.get_bind().dialect.name == "postgresql"
