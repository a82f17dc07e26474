"""Bodies that a GraphQL document shapes: made when they are first to be sent, once, and kept.

A document is run with the rights that the owner of its subscription has then. What
it makes is stored before anything is sent, so that every repeat is the same, byte
by byte. What cannot be made is an attempt that failed, for a reason that its
history tells, and made when the next try is due; nothing is sent in its place.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID
from weakref import WeakValueDictionary

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.clock import Clock
from app.db.engine import Database
from app.db.models import DeliveryAttempt, Event, User, WebhookSubscription
from app.db.models.tables import table_of
from app.vocabulary import WebhookEvent
from app.webhooks.payloads import bodies
from app.webhooks.pending import SCHEDULED, UNMADE
from app.webhooks.rows import locked, padded
from app.webhooks.samples import NEWEST_RUN, sample_event

GONE = "There is nothing left to tell of: the event is no more."
TOO_LONG = "Running the document took too long."

_SECONDS = 10.0
"""How long a document may run, which leaves a worker the time to send within its lease."""
_AT_A_TIME = 20
"""Attempts of a subscription whose bodies are made together."""
_MOST_RUNNING = 2
"""Documents that a worker runs at a time, so that it leaves connections to others."""

_attempt, _event = table_of(DeliveryAttempt), table_of(Event)


@dataclass(frozen=True)
class Unmade:
    """There is no body, for a reason."""

    reason: str


class Shaper(Protocol):
    """The port to what runs documents, which stands above webhooks."""

    def problem(self, document: str) -> str | None:
        """Why a document cannot shape what is sent, and where that is; None when it can."""

    async def shape(self, document: str, owner_id: int, events: Sequence[Any]) -> Sequence[str | Unmade]:
        """What a document makes of each of some events, with the rights that a user has now."""


@dataclass(frozen=True)
class Broken:
    """A subscription whose document cannot be run any more, and why."""

    uuid: UUID
    owner: str
    problem: str


async def broken(connection: AsyncConnection, problem_of: Callable[[str], str | None]) -> list[Broken]:
    """The subscriptions whose documents have a problem."""
    subscription, user = table_of(WebhookSubscription), table_of(User)
    statement = (
        select(subscription.c.uuid, user.c.username, subscription.c.document)
        .join(user, user.c.id == subscription.c.owner_id)
        .where(subscription.c.document.is_not(None))
        .order_by(subscription.c.id)
    )
    found = []
    for row in await connection.execute(statement):
        if problem := problem_of(row.document):
            found.append(Broken(row.uuid, row.username, problem))
        # To look at many takes long, and others go on meanwhile.
        await asyncio.sleep(0)
    return found


class _Making:
    """What was made last of a subscription: the rows of attempts with their bodies, or why there is none."""

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        self.made: dict[int, Any] = {}


class Shaping:
    """Makes the bodies of a database's attempts."""

    def __init__(self, database: Database, shaper: Shaper, clock: Clock) -> None:
        self._database = database
        self._shaper = shaper
        self._clock = clock
        self._turns = asyncio.Semaphore(_MOST_RUNNING)
        self._making: WeakValueDictionary[int, _Making] = WeakValueDictionary()

    async def made(self, attempt: Any, subscription: Any) -> Any:
        """The row of an attempt with its body, or why there is none; others that are due are made with it."""
        making = self._making.setdefault(subscription.id, _Making())
        async with making.turn:
            if attempt.id not in making.made:
                async with self._turns:
                    making.made = await self._make(attempt, subscription)
            return making.made.pop(attempt.id, Unmade(GONE))

    async def _make(self, attempt: Any, subscription: Any) -> dict[int, Any]:
        """Make what an attempt and others lack; each of them as it is afterwards."""
        async with self._database.reader.connect() as connection:
            waiting = (await connection.execute(self._waiting(attempt))).all()
            events = await self._events(connection, subscription, waiting)
            shown = await _plain(connection, events) if subscription.document is None else None
        if shown is None:
            shown = await self._shape(subscription, events)
        made = dict(zip((it.id for it in waiting), shown, strict=True))
        async with self._database.begin() as connection:
            await locked(connection, [subscription.id])
            await _keep(connection, made)
            # Another may have made them meanwhile, and some may be no more.
            are_made = _attempt.c.id.in_(padded([attempt.id, *made])), _attempt.c.body != UNMADE
            rows = (await connection.execute(select(_attempt).where(*are_made))).all()
        reasons = {id_: it for id_, it in made.items() if isinstance(it, Unmade)}
        return reasons | {row.id: row for row in rows}

    def _waiting(self, attempt: Any) -> Any:
        return (
            select(_attempt.c.id, _attempt.c.event_id)
            .where(
                _attempt.c.subscription_id == attempt.subscription_id,
                SCHEDULED,
                _attempt.c.due_at <= self._clock(),
                _attempt.c.body == UNMADE,
                _attempt.c.id >= attempt.id,
            )
            .order_by(_attempt.c.id)
            .limit(_AT_A_TIME)
        )

    async def _events(
        self, connection: AsyncConnection, subscription: Any, waiting: Sequence[Any]
    ) -> list[Any]:
        """The event of each attempt, of a sample one that did not happen; None for one that is no more."""
        ids = {it.event_id for it in waiting if it.event_id is not None}
        rows = await connection.execute(select(_event).where(_event.c.id.in_(ids)))
        found: dict[int | None, Any] = {row.id: row for row in rows}
        if any(it.event_id is None for it in waiting):
            run = (await connection.execute(NEWEST_RUN)).first()
            type_ = WebhookEvent(subscription.event_type)
            found[None] = sample_event(type_, subscription.owner_id, run, self._clock())
        return [found.get(it.event_id) for it in waiting]

    async def _shape(self, subscription: Any, events: Sequence[Any]) -> list[str | Unmade]:
        there = [event for event in events if event is not None]
        try:
            async with asyncio.timeout(_SECONDS):
                shown = iter(
                    await self._shaper.shape(subscription.document, subscription.owner_id, there)
                    if there
                    else ()
                )
        except TimeoutError:
            return [Unmade(TOO_LONG)] * len(events)
        return [Unmade(GONE) if event is None else next(shown) for event in events]


async def _plain(connection: AsyncConnection, events: Sequence[Any]) -> list[str | Unmade]:
    """What is sent where the document has been taken away since."""
    there = [event for event in events if event is not None and event.id]
    texts = dict(zip((it.id for it in there), await bodies(connection, there), strict=True))
    return [Unmade(GONE) if event is None else texts.get(event.id, Unmade(GONE)) for event in events]


async def _keep(connection: AsyncConnection, made: Mapping[int, str | Unmade]) -> None:
    """Store bodies, but none over another."""
    values = [{"key": id_, "text": text} for id_, text in made.items() if isinstance(text, str)]
    if values:
        statement = update(_attempt).where(_attempt.c.id == bindparam("key"), _attempt.c.body == UNMADE)
        await connection.execute(statement.values(body=bindparam("text")), values)
