"""Which attempts are still to be made. Written out, as the partial indexes are found by these words alone."""

from sqlalchemy import literal_column
from sqlmodel import col

from app.db.models import DeliveryAttempt
from app.vocabulary import AttemptStatus

PENDING = col(DeliveryAttempt.status) == literal_column(f"'{AttemptStatus.PENDING}'")
SCHEDULED = PENDING & col(DeliveryAttempt.due_at).is_not(None)
