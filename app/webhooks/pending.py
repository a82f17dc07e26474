"""Which attempts are still to be made. Written out, as the partial indexes are found by these words alone."""

import datetime as dt

from sqlalchemy import ColumnClause, ColumnElement, literal_column, or_
from sqlmodel import col

from app.db.models import DeliveryAttempt
from app.vocabulary import AttemptStatus

_IS_PENDING: ColumnClause[str] = literal_column(f"'{AttemptStatus.PENDING}'")

PENDING = col(DeliveryAttempt.status) == _IS_PENDING
SCHEDULED = PENDING & col(DeliveryAttempt.due_at).is_not(None)
RESOLVED = col(DeliveryAttempt.status) != _IS_PENDING
_leased_until = col(DeliveryAttempt.leased_until)

UNMADE = ""
"""The body of an attempt for which the document of its subscription has not been run yet."""


def is_held(now: dt.datetime) -> ColumnElement[bool]:
    """Whether an attempt is in the hands of a worker."""
    return PENDING & _leased_until.is_not(None) & (_leased_until >= now)


def is_free(now: dt.datetime) -> ColumnElement[bool]:
    """Whether an attempt is in the hands of no worker, or of one that must be dead."""
    return or_(_leased_until.is_(None), _leased_until < now)


def is_startable(now: dt.datetime) -> ColumnElement[bool]:
    """Whether an attempt is to be made now, by whoever takes it."""
    return SCHEDULED & (col(DeliveryAttempt.due_at) <= now) & is_free(now)
