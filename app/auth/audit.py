"""The audit log: who administered what (Enrollment contract 3.5)."""

import logging
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from app.db.models import AuditEntry

COMMAND_LINE = "command line"
"""The actor of a command; no user has this name, as it has a space."""

_log = logging.getLogger("lyceum.audit")


def record(session: AsyncSession, actor: str, action: str, subject: str, **detail: Any) -> None:
    """Write down an act in the transaction that does it, and log it once that is done.

    Never give it a secret. The action is a noun and a verb, such as `user.create`;
    the subject names what it is done to.
    """
    session.add(AuditEntry(actor=actor, action=action, subject=subject[:255], detail=detail))

    @event.listens_for(session.sync_session, "after_commit", once=True)
    def log(_: Session) -> None:
        _log.info("%s: %s %s %s", actor, action, subject, detail)
