"""What tells the time, so that tests can."""

from app.db.clock import Clock as Clock
from app.db.clock import now as now
