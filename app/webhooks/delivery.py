"""Delivering: attempts are claimed, made, and their outcomes kept, of many subscriptions at a time.

Whatever is to be written while a transaction runs is written in the next one. So
the busier it is, the more attempts a transaction has.
"""

import asyncio
import datetime as dt
import logging
from asyncio import Event, Future, Task, TimerHandle
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.clock import Clock
from app.db.engine import Database
from app.settings import Settings
from app.webhooks.claims import MOST_OF_ONE, Claimed, Found, claim
from app.webhooks.exchange import Client, Exchange
from app.webhooks.keys import Key, Vault, signed_headers
from app.webhooks.outcomes import Outcome, give_up, keep
from app.webhooks.queue import Later
from app.webhooks.rows import locked

MOST_AT_A_TIME = 500
"""Attempts that a worker makes at a time."""

NO_KEY = "The key to sign with cannot be read: it was sealed with another LYCEUM_WEBHOOK_KEYS."

_MOST_OF_A_TRANSACTION = 200
_LOCK_MILLISECONDS = 5000
_SOON = dt.timedelta(seconds=1)
"""What a queue need not be troubled with."""

_NEVER = Found()
_logger = logging.getLogger("lyceum.webhooks")


@dataclass(eq=False)
class _Draining:
    """A subscription that is being drained, and how many attempts of it are on their way."""

    stopping: Event
    done: Future[Later | None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    on_their_way: int = 0
    timer: TimerHandle | None = None

    def finish(self, answer: Later | Exception | None) -> None:
        """Tell who waits for it, if anybody still does."""
        if self.timer is not None:
            self.timer.cancel()
        if self.done.done():
            return
        if isinstance(answer, Exception):
            self.done.set_exception(answer)
        else:
            self.done.set_result(answer)


class Delivery:
    """Delivers the attempts of a database."""

    def __init__(self, database: Database, settings: Settings, clock: Clock, client: Client) -> None:
        self._database = database
        self._retries = settings.webhook_retries
        self._lease = dt.timedelta(seconds=settings.webhook_lease)
        self._vault = Vault(settings)
        self._clock = clock
        self._client = client
        self._draining: dict[int, _Draining] = {}
        self._asked: dict[int, None] = {}
        self._outcomes: list[Outcome] = []
        self._sending: set[Task[None]] = set()
        self._writing: Task[None] | None = None

    async def drain(self, subscription_id: int, stopping: Event) -> Later | None:
        """Deliver what there is of a subscription, until it is time to stop; None when no more is to come.

        Where it is being drained already, that goes on until what is there now is
        delivered too, and the answer is None at once.
        """
        draining = self._draining.get(subscription_id)
        if draining is not None:
            self._ask(subscription_id)
            return None
        draining = self._draining[subscription_id] = _Draining(stopping)
        self._ask(subscription_id)
        return await draining.done

    async def settle(self) -> None:
        """Wait until what is on its way has arrived, and is kept."""
        while self._sending or self._writing:
            await asyncio.wait([*self._sending, *([self._writing] if self._writing else [])])

    async def write(
        self, outcomes: Sequence[Outcome], asked: Collection[int], room: int = MOST_AT_A_TIME
    ) -> dict[int, Found]:
        """Keep outcomes, then claim what there is of subscriptions, in one transaction."""
        ids = {*asked, *(outcome.attempt.subscription_id for outcome in outcomes)}
        async with self._transaction() as connection:
            subscriptions = await locked(connection, ids)
            now = self._clock()
            off = set[int]()
            if outcomes:
                off = await keep(connection, subscriptions, outcomes, now, retries=self._retries)
            wanted = {id_: subscriptions[id_] for id_ in asked if id_ in subscriptions and id_ not in off}
            idle = {id_: row.status for id_, row in wanted.items() if not row.is_active}
            await give_up(connection, idle, now)
            active = {id_: row for id_, row in wanted.items() if row.is_active}
            return await claim(connection, active, room, now, self._lease) if active else {}

    async def make(self, claimed: Claimed) -> Outcome:
        """Make an attempt, at its time."""
        attempt, subscription = claimed.attempt, claimed.subscription
        pause = (claimed.start - self._clock()).total_seconds()
        if pause > 0:
            await asyncio.sleep(pause)
        keys = self._keys(subscription)
        if not keys:
            return Outcome(attempt, Exchange(NO_KEY))
        headers = signed_headers(attempt.webhook_id, self._clock(), attempt.body, keys)
        return Outcome(attempt, await self._client.post(subscription.target, attempt.body.encode(), headers))

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that waits for no worker that stands still."""
        async with self._database.begin() as connection:
            if connection.dialect.name == "postgresql":
                await connection.exec_driver_sql(f"SET LOCAL lock_timeout = {_LOCK_MILLISECONDS}")
            yield connection

    def _ask(self, subscription_id: int) -> None:
        """Have a subscription looked at in the next transaction."""
        draining = self._draining.get(subscription_id)
        # Where as many are on their way as may be, it is looked at when one of them is over.
        if draining is not None and draining.on_their_way < MOST_OF_ONE:
            self._asked[subscription_id] = None
            self._begin_to_write()

    def _begin_to_write(self) -> None:
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_on())

    async def _write_on(self) -> None:
        """Write until there is nothing left to write, or no room for more attempts."""
        try:
            while self._outcomes or (self._asked and len(self._sending) < MOST_AT_A_TIME):
                outcomes = self._outcomes[:_MOST_OF_A_TRANSACTION]
                del self._outcomes[:_MOST_OF_A_TRANSACTION]
                for outcome in outcomes:
                    if outcome.attempt.subscription_id in self._draining:
                        self._asked[outcome.attempt.subscription_id] = None
                asked = list(self._asked)[:_MOST_OF_A_TRANSACTION]
                for id_ in asked:
                    del self._asked[id_]
                await self._write_for({*asked, *(it.attempt.subscription_id for it in outcomes)}, outcomes, asked)
        finally:
            self._writing = None

    async def _write_for(self, ids: Collection[int], outcomes: Sequence[Outcome], asked: Collection[int]) -> None:
        """Write for some subscriptions; when that fails, for each of them alone."""
        asked = [id_ for id_ in asked if not self._stop(id_)]
        try:
            found = await self.write(outcomes, asked, MOST_AT_A_TIME - len(self._sending))
        except Exception as error:
            if len(ids) == 1:
                self._fail(*ids, error)
                return
            for id_ in ids:
                own = [it for it in outcomes if it.attempt.subscription_id == id_]
                await self._write_for([id_], own, [id_] if id_ in asked else [])
            return
        for id_ in asked:
            self._go_on(id_, found.get(id_, _NEVER))

    def _go_on(self, subscription_id: int, found: Found) -> None:
        draining = self._draining[subscription_id]
        for claimed in found.claimed:
            draining.on_their_way += 1
            task = asyncio.create_task(self._send(claimed, draining))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)
        if subscription_id in self._asked:
            return
        if found.again is not None and found.again <= _SOON:
            if draining.timer is not None:
                draining.timer.cancel()
            delay = found.again.total_seconds()
            draining.timer = asyncio.get_running_loop().call_later(delay, self._ask, subscription_id)
        elif not draining.on_their_way:
            self._end(subscription_id, None if found.again is None else Later(found.again))

    async def _send(self, claimed: Claimed, draining: _Draining) -> None:
        id_ = claimed.subscription.id
        try:
            self._outcomes.append(await self.make(claimed))
        except Exception as error:
            self._fail(id_, error)
        draining.on_their_way -= 1
        self._begin_to_write()

    def _stop(self, subscription_id: int) -> bool:
        """Whether a subscription is to be drained no more. It ends with what is on its way."""
        draining = self._draining.get(subscription_id)
        if draining is None:
            return True
        if not draining.stopping.is_set():
            return False
        if not draining.on_their_way:
            self._end(subscription_id, Later(dt.timedelta()))
        return True

    def _end(self, subscription_id: int, answer: Later | None) -> None:
        self._draining.pop(subscription_id).finish(answer)

    def _fail(self, subscription_id: int, error: Exception) -> None:
        draining = self._draining.pop(subscription_id, None)
        if draining is None:
            _logger.error("The outcome of a delivery was not kept; it is made again", exc_info=error)
        else:
            draining.finish(error)

    def _keys(self, subscription: Any) -> list[Key]:
        """The keys that sign now; none when the newest cannot be opened."""
        key = self._vault.open(subscription.signature, subscription.sealed_key)
        if key is None:
            return []
        until, sealed = subscription.previous_until, subscription.previous_sealed_key
        previous = None
        if until is not None and self._clock() < until:
            previous = self._vault.open(subscription.previous_signature, sealed)
        return [key, previous] if previous else [key]
