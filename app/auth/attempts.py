"""Counting attempts, so that nobody can try secrets one after another (Enrollment contract 2.7)."""

import math
from dataclasses import dataclass

from cachetools import TTLCache

from app.auth.clock import Clock
from app.errors import RateLimited

_KEYS, _KEY_LENGTH = 100_000, 250


@dataclass
class _Count:
    until: float
    number: int = 0


class Attempts:
    """What may happen at most `maximum` times under a key in a window of some seconds; 0 is no limit.

    A window starts with what is counted first. Counts are of this process only.
    """

    def __init__(self, maximum: int, seconds: int, clock: Clock) -> None:
        self._maximum = maximum
        self._seconds = seconds
        self._clock = clock
        self._counts: TTLCache[str, _Count] = TTLCache(_KEYS, seconds, timer=self._time)

    def check(self, key: str) -> None:
        """Raise `RateLimited` when the key has used up its window."""
        count = self._counts.get(key[:_KEY_LENGTH])
        if count is not None and 0 < self._maximum <= count.number:
            seconds = max(1, math.ceil(count.until - self._time()))
            raise RateLimited(f"Too many attempts; try again in {seconds} seconds", retryAfter=seconds)

    def count(self, key: str) -> None:
        """Count one under the key."""
        count = self._counts.get(key[:_KEY_LENGTH])
        if count is None:
            count = self._counts[key[:_KEY_LENGTH]] = _Count(self._time() + self._seconds)
        count.number += 1

    def _time(self) -> float:
        return self._clock().timestamp()

    def reset(self, key: str) -> None:
        """Forget what was counted under the key."""
        self._counts.pop(key[:_KEY_LENGTH], None)
