"""What viewers may spend in a minute."""

import datetime as dt

from app.errors import RateLimited
from resolvers.context import Budget

_MINUTE = 60
_VIEWERS = 100_000
"""How many are remembered in a minute."""


class Purse:
    """Counts, in this process, what each viewer spent in the running minute."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._minute = 0
        self._spent: dict[str, int] = {}

    def spend(self, viewer: str, cost: int, now: dt.datetime, *, paid: int = 0) -> Budget:
        """Take the cost of an operation, less what is paid of it, from a viewer's budget.

        Raises `RateLimited` when that is more than is left; nothing is taken then.
        """
        if not self._per_minute:
            return Budget(cost, None, None, None)
        minute = int(now.timestamp()) // _MINUTE
        if minute != self._minute:
            self._minute, self._spent = minute, {}
            self._reset_at = dt.datetime.fromtimestamp((minute + 1) * _MINUTE, dt.UTC)
        spent = self._spent.get(viewer, 0) + cost - paid
        if spent > self._per_minute:
            wait = max(1, round((self._reset_at - now).total_seconds()))
            raise RateLimited(
                f"The budget of {self._per_minute} a minute is spent; it is renewed in {wait} seconds",
                retryAfter=wait,
            )
        if viewer not in self._spent and len(self._spent) >= _VIEWERS:
            del self._spent[next(iter(self._spent))]
        self._spent[viewer] = spent
        return Budget(cost, self._per_minute, self._per_minute - spent, self._reset_at)
