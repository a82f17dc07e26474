"""What tells the time, so that tests can."""

import datetime as dt
from collections.abc import Callable

Clock = Callable[[], dt.datetime]
"""Gives the current instant, in UTC."""
