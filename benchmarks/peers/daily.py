"""The daily numbers as peers read them: a table in a schema of its own, computed from the spans beforehand.

No peer knows spans; each reads one row a day.
"""

import datetime as dt

from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from benchmarks.databases import execute, opened

_STATEMENTS = (
    "DROP SCHEMA IF EXISTS peer CASCADE",
    "CREATE SCHEMA peer",
    """
    CREATE TABLE peer.daily (
        run_id bigint NOT NULL REFERENCES course_run,
        date date NOT NULL,
        count integer NOT NULL,
        audit integer NOT NULL,
        verified integer NOT NULL,
        honor integer NOT NULL,
        PRIMARY KEY (run_id, date)
    )
    """,
    """
    INSERT INTO peer.daily
    SELECT
        run_id,
        date,
        max(count) FILTER (WHERE dimension = 'total'),
        max(count) FILTER (WHERE value = 'audit'),
        max(count) FILTER (WHERE value = 'verified'),
        max(count) FILTER (WHERE value = 'honor')
    FROM enrollment_span JOIN calendar ON date >= since AND date < until
    WHERE dimension IN ('total', 'mode')
    GROUP BY run_id, date
    ORDER BY run_id, date
    """,
    "VACUUM ANALYZE peer.daily",
)


class _Peer(SQLModel, registry=registry()):
    """Keeps what is only here out of the models of the application."""


class Daily(_Peer, table=True):
    """Enrollments in a run at the end of a day, all of them and by mode."""

    __tablename__ = "daily"
    __table_args__ = {"schema": "peer"}

    run_id: int = Field(primary_key=True)
    date: dt.date = Field(primary_key=True)
    count: int
    audit: int
    verified: int
    honor: int


async def write_daily(url: str) -> None:
    """Make the table in a filled database of PostgreSQL, or make it anew."""
    async with opened(url) as database:
        for statement in _STATEMENTS:
            await execute(database, statement)
