"""What happened, and what was done by hand, written in the transactions that did it."""

import datetime as dt
from typing import Any

from sqlmodel import Field, SQLModel

from app.db.models.base import instant, link, now, primary_key, string
from app.db.types import Json


class Event(SQLModel, table=True):
    """A domain event. Readers remember the last id they saw, so ids are never given twice."""

    __tablename__ = "event"
    __table_args__ = {"sqlite_autoincrement": True}

    id: int = primary_key()
    type: str = string(50, index=True)
    occurred_at: dt.datetime = instant(default_factory=now)
    user_id: int | None = link("user.id", nullable=True, index=True)
    course_id: int | None = link("course.id", nullable=True, index=True)
    run_id: int | None = link("course_run.id", nullable=True, index=True)
    payload: dict[str, Any] = Field(default_factory=dict, sa_type=Json)


class AuditEntry(SQLModel, table=True):
    """An administrative act (Enrollment contract 3.5). Names are kept, so that it outlives its subject.

    The actor is a username, or words with a space where no user was logged in.
    """

    __tablename__ = "audit_entry"

    id: int = primary_key()
    occurred_at: dt.datetime = instant(default_factory=now)
    actor: str = string(150, index=True)
    action: str = string(50)
    subject: str = string(255)
    detail: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
