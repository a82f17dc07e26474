"""Delivering: attempts are claimed, made, and their outcomes kept, of many subscriptions at a time.

Whatever is to be written while a transaction runs is written in the next one. So
the busier it is, the more attempts a transaction has.
"""

import asyncio
import datetime as dt
import logging
from asyncio import Event, Future, Task, TimerHandle
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.clock import Clock
from app.db.engine import Database
from app.settings import Settings
from app.webhooks.claims import MOST_OF_ONE, Claimed, Found, claim, hold
from app.webhooks.exchange import Client, Exchange
from app.webhooks.keys import Key, Vault, signed_headers
from app.webhooks.outcomes import Outcome, give_up, keep
from app.webhooks.pending import UNMADE
from app.webhooks.queue import Later
from app.webhooks.rows import locked
from app.webhooks.shaping import Shaper, Shaping, Unmade

MOST_AT_A_TIME = 500
"""Attempts that a worker makes at a time."""

NO_KEY = "The key to sign with cannot be read: it was sealed with another LYCEUM_WEBHOOK_KEYS."

_MOST_OF_A_TRANSACTION = 200
_BETWEEN_TRANSACTIONS = 0.004
_LOCK_MILLISECONDS = 5000
_SOON = dt.timedelta(seconds=1)
"""What a queue need not be troubled with."""

_logger = logging.getLogger("lyceum.webhooks")


@dataclass(eq=False)
class _Draining:
    """A subscription that is being drained, and how many attempts of it are made and not kept yet."""

    stopping: Event
    done: Future[Later | None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    on_their_way: int = 0
    timer: TimerHandle | None = None

    def look_again(self, delay: dt.timedelta, look: Callable[[], None]) -> None:
        """Look after a delay, and not when else was meant."""
        if self.timer is not None:
            self.timer.cancel()
        self.timer = asyncio.get_running_loop().call_later(delay.total_seconds(), look)

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

    def __init__(
        self,
        database: Database,
        settings: Settings,
        clock: Clock,
        client: Client,
        shaper: Shaper,
    ) -> None:
        self._database = database
        self._shaping = Shaping(database, shaper, clock)
        self._retries = settings.webhook_retries
        self._lease = dt.timedelta(seconds=settings.webhook_lease)
        self._vault = Vault(settings)
        self._clock = clock
        self._client = client
        self._draining: dict[int, _Draining] = {}
        self._asked: dict[int, None] = {}
        self._made: list[tuple[_Draining, Outcome]] = []
        self._sending: set[Task[None]] = set()
        self._writing: Task[None] | None = None
        self._unmade: set[int] = set()
        self._held: dt.datetime | None = None

    def remind(self, subscription_id: int) -> bool:
        """Tell that there is more of a subscription; whether it is being drained, and that will be seen."""
        self._ask(subscription_id)
        return subscription_id in self._draining

    async def drain(self, subscription_id: int, stopping: Event) -> Later | None:
        """Deliver what there is of a subscription, until it is time to stop; None when no more is to come.

        Where it is being drained already, that is reminded, and the answer is None at once.
        """
        if self.remind(subscription_id):
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
        """Keep outcomes, then claim what there is of subscriptions and room for, in one transaction."""
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
        if attempt.body == UNMADE:
            made = await self._body_of(attempt, subscription)
            if isinstance(made, Unmade):
                return Outcome(attempt, Exchange(made.reason))
            attempt = made
        headers = signed_headers(attempt.webhook_id, self._clock(), attempt.body, keys)
        return Outcome(attempt, await self._client.post(subscription.target, attempt.body.encode(), headers))

    async def _body_of(self, attempt: Any, subscription: Any) -> Any:
        """What shaping makes, and the attempt kept from others meanwhile: bodies of many are made in turn."""
        making = asyncio.ensure_future(self._shaping.made(attempt, subscription))
        self._unmade.add(attempt.id)
        try:
            while not (await asyncio.wait([making], timeout=self._lease.total_seconds() / 4))[0]:
                await self._hold_unmade()
            return making.result()
        finally:
            making.cancel()
            self._unmade.discard(attempt.id)

    async def _hold_unmade(self) -> None:
        now = self._clock()
        # One does it for all.
        if self._held is None or now - self._held > self._lease / 8:
            self._held = now
            async with self._transaction() as connection:
                await hold(connection, self._unmade, now + self._lease)

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
            while self._made or (self._asked and len(self._sending) < MOST_AT_A_TIME):
                made = self._made[:_MOST_OF_A_TRANSACTION]
                del self._made[:_MOST_OF_A_TRANSACTION]
                outcomes = [outcome for _, outcome in made]
                of_outcomes = {outcome.attempt.subscription_id for outcome in outcomes}
                self._asked |= dict.fromkeys(of_outcomes & self._draining.keys())
                asked = list(self._asked)[:_MOST_OF_A_TRANSACTION]
                for id_ in asked:
                    del self._asked[id_]
                room = MOST_AT_A_TIME - len(self._sending)
                found = await self._write_safely(of_outcomes.union(asked), outcomes, asked, room)
                for draining, _ in made:
                    draining.on_their_way -= 1
                for id_ in asked:
                    self._go_on(id_, found.get(id_, Found()))
                if len(asked) < _MOST_OF_A_TRANSACTION:
                    # What is over meanwhile is written together, and others can write, too.
                    await asyncio.sleep(_BETWEEN_TRANSACTIONS)
        finally:
            self._writing = None

    async def _write_safely(
        self, ids: Collection[int], outcomes: Sequence[Outcome], asked: Collection[int], room: int
    ) -> dict[int, Found]:
        """Write for some subscriptions; when that fails, for each of them alone."""
        try:
            asked = [id_ for id_ in asked if not self._is_stopping(id_)]
            return await self.write(outcomes, asked, room)
        except Exception as error:
            if len(ids) == 1:
                for id_ in ids:
                    self._fail(id_, error)
                return {}
        found = dict[int, Found]()
        for id_ in ids:
            own = [it for it in outcomes if it.attempt.subscription_id == id_]
            one = await self._write_safely([id_], own, [id_] if id_ in asked else [], room)
            room -= sum(len(each.claimed) for each in one.values())
            found |= one
        return found

    def _go_on(self, subscription_id: int, found: Found) -> None:
        """Make what was claimed of a subscription, and look again when there may be more."""
        draining = self._draining.get(subscription_id)
        if draining is None:
            return
        for claimed in found.claimed:
            draining.on_their_way += 1
            task = asyncio.create_task(self._send(claimed, draining))
            self._sending.add(task)
            task.add_done_callback(self._sent)
        stopping = draining.stopping.is_set()
        if subscription_id in self._asked and not stopping:
            return
        if found.again is not None and found.again <= _SOON and not stopping:
            draining.look_again(found.again, partial(self._ask, subscription_id))
        elif not draining.on_their_way:
            again = dt.timedelta() if stopping else found.again
            self._draining.pop(subscription_id).finish(None if again is None else Later(again))

    async def _send(self, claimed: Claimed, draining: _Draining) -> None:
        try:
            self._made.append((draining, await self.make(claimed)))
        except Exception as error:
            draining.on_their_way -= 1
            self._fail(claimed.subscription.id, error)

    def _sent(self, task: Task[None]) -> None:
        # Only now is there room for another.
        self._sending.discard(task)
        if not task.cancelled():
            self._begin_to_write()

    def _is_stopping(self, subscription_id: int) -> bool:
        draining = self._draining.get(subscription_id)
        return draining is None or draining.stopping.is_set()

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
