"""Which attempts are still to be made. Written out, as the partial indexes are found by these words alone."""

from sqlalchemy import ColumnClause, literal_column
from sqlmodel import col

from app.db.models import DeliveryAttempt
from app.vocabulary import AttemptStatus

_IS_PENDING: ColumnClause[str] = literal_column(f"'{AttemptStatus.PENDING}'")

PENDING = col(DeliveryAttempt.status) == _IS_PENDING
SCHEDULED = PENDING & col(DeliveryAttempt.due_at).is_not(None)
RESOLVED = col(DeliveryAttempt.status) != _IS_PENDING

UNMADE = ""
"""The body of an attempt for which the document of its subscription has not been run yet."""
