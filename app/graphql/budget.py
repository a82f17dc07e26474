"""What viewers may spend in a minute."""

import datetime as dt

from cachetools import TTLCache

from app.errors import RateLimited
from resolvers.context import Budget

_MINUTE = 60


class Purse:
    """Counts, in this process, what each viewer spent in the running minute."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._spent: TTLCache[tuple[str, int], int] = TTLCache(maxsize=100_000, ttl=2 * _MINUTE)

    def spend(self, viewer: str, cost: int, now: dt.datetime, *, paid: int = 0) -> Budget:
        """Take the cost of an operation, less what is paid of it, from a viewer's budget.

        Raises `RateLimited` when that is more than is left; nothing is taken then.
        """
        if not self._per_minute:
            return Budget(cost, None, None, None)
        minute = int(now.timestamp()) // _MINUTE
        reset_at = dt.datetime.fromtimestamp((minute + 1) * _MINUTE, dt.UTC)
        spent = self._spent.get((viewer, minute), 0) + cost - paid
        if spent > self._per_minute:
            wait = max(1, round((reset_at - now).total_seconds()))
            raise RateLimited(
                f"The budget of {self._per_minute} a minute is spent; it is renewed in {wait} seconds",
                retryAfter=wait,
            )
        self._spent[viewer, minute] = spent
        return Budget(cost, self._per_minute, self._per_minute - spent, reset_at)
