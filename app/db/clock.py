"""What tells the time, so that tests can."""

import datetime as dt
from collections.abc import Callable

from app.db.models import now as now

Clock = Callable[[], dt.datetime]
"""Gives the current instant, in UTC."""
