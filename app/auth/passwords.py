"""Checking passwords: every door that takes one counts against the same limits."""

import asyncio
from weakref import WeakValueDictionary

from sqlalchemy import or_, select

from app.auth.attempts import Attempts
from app.auth.clock import Clock
from app.auth.secrets import verify_password
from app.db.engine import Database
from app.db.models import User
from app.db.models.tables import table_of
from app.db.reader import Reader, Record
from app.settings import Settings


class Passwords:
    """Tells whose password it is, and limits how often one may be wrong (Enrollment contract 2.4 and 2.7)."""

    def __init__(self, database: Database, settings: Settings, clock: Clock) -> None:
        self._database = database
        self._here = Attempts(settings.password_failures, 300, clock)
        self._anywhere = Attempts(settings.password_failures_per_hour, 3600, clock)
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def check(self, username: str, password: str, address: str) -> Record | None:
        """Id and password hash of the active user whose username, or e-mail address, and password these are.

        None, after the same time, when there is none. Raises `RateLimited` after
        too many wrong ones, without a look at this one.
        """
        here = f"{address} {username}"
        # One after another: of attempts at the same time, too, only so many are looked at.
        async with self._locks.setdefault(username, asyncio.Lock()):
            self._here.check(here)
            self._anywhere.check(username)
            user = await self.find(username)
            right = await verify_password(password, user.password_hash if user else None)
            if right and user is not None and user.is_active:
                self._here.reset(here)
                self._anywhere.reset(username)
                return user
            self._here.count(here)
            self._anywhere.count(username)
            return None

    async def find(self, username: str) -> Record | None:
        """The user whose username, or e-mail address, this is; None for an address that several have."""
        if not username or "\x00" in username:
            return None
        user = table_of(User)
        statement = (
            select(user.c.id, user.c.username, user.c.password_hash, user.c.is_active)
            .where(or_(user.c.username == username, user.c.email == username))
            .order_by(user.c.username != username)
            .limit(2)
        )
        async with Reader(self._database) as reader:
            found = await reader.rows(statement)
        return found[0] if found and (len(found) == 1 or found[0].username == username) else None
