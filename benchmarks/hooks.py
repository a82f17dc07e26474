"""Webhooks: events are committed, a worker delivers them, and a receiver in this process notes what arrives.

Each endpoint has an address of its own of this machine, so that none shares connections with another.
"""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import cast
from uuid import UUID, uuid5

import uvloop
from sqlalchemy import delete, func, select
from sqlmodel import col

from app.db.engine import Database
from app.db.models import Event, User, WebhookSubscription
from app.errors import BadUserInput
from app.settings import Settings
from app.vocabulary import WebhookEvent
from app.webhooks.emit import emit
from app.webhooks.subscriptions import Subscriptions
from benchmarks.data import Scale
from benchmarks.databases import Filled
from benchmarks.process import cpu_seconds, pin

_MOST_EVENTS = 50
"""Events a second that are committed one by one."""
_MOST_SECONDS = 30
_PATIENCE = 60
"""Seconds that deliveries may take."""
_TOGETHER = 500
"""Attempts that are written in a transaction when time does not count."""

_SETTINGS = Settings(webhook_allow_private_targets=True)
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


@dataclass(frozen=True)
class Hooks:
    """So many endpoints are told of events: as many as there are at once, then `rate` deliveries a second."""

    name: str
    content: str
    endpoints: tuple[int, ...]
    waiting: int
    paced: int
    rate: int
    slow_seconds: float
    data: Scale

    @property
    def cases(self) -> Sequence[tuple[int, bool]]:
        """How many endpoints there are, and whether one of them is slow."""
        return [*((number, False) for number in self.endpoints), (self.endpoints[-1], True)]


def _hooks(endpoints: tuple[int, ...], waiting: int, paced: int, rate: int, slow: float) -> Hooks:
    content = (
        f"{waiting:,} deliveries that wait, to {', '.join(f'{count:,}' for count in endpoints)} endpoints;"
        f" then {paced:,} of events that are committed one by one, {rate:,} deliveries a second and at most"
        f" {_MOST_EVENTS} events. A slow endpoint takes {slow:.1f} s to answer, and does not count"
    )
    data = Scale("hooks", accounts=1, learners=0, courses=1, runs=1, enrollments_per_run=0, days=0)
    return Hooks("HOOKS", content, endpoints, waiting, paced, rate, slow, data)


HOOKS = _hooks((1, 10, 1000), waiting=10_000, paced=10_000, rate=400, slow=5)
SMALL_HOOKS = _hooks((2,), waiting=30, paced=12, rate=200, slow=0.1)


@dataclass(frozen=True)
class Deliveries:
    """What was measured of an endpoint or more.

    Deliveries a second and seconds of the worker's and the database's CPU for each are
    of those that waited, `latencies` are seconds from the commit to the arrival of the others.
    """

    rate: float
    cpu: float
    database_cpu: float
    latencies: Sequence[float]


def deliver(hooks: Hooks, endpoints: int, slow: bool, at: Filled, core: int) -> Deliveries:
    """Have events delivered by a worker on a core, to so many endpoints, of which one may be slow."""
    return uvloop.run(_deliver(hooks, endpoints, slow, at, core))


class _Receiver(asyncio.Protocol):
    """A connection to the receiver, which answers at once, or on the path of the slow endpoint later."""

    def __init__(self, arrivals: "_Arrivals", slow_seconds: float) -> None:
        self._arrivals = arrivals
        self._slow_seconds = slow_seconds
        self._data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._data += data
        while (end := self._data.find(b"\r\n\r\n")) >= 0:
            head = self._data[: end + 2]
            size = end + 4 + int(_header(head, "content-length"))
            if len(self._data) < size:
                return
            self._data = self._data[size:]
            if b" /slow " in head:
                asyncio.get_running_loop().call_later(self._slow_seconds, self._transport.write, _ANSWER)
            else:
                self._transport.write(_ANSWER)
                self._arrivals.add(_header(head, "webhook-id"))


def _header(head: bytes, name: str) -> str:
    found = re.search(rf"\r\n{name}: *([^\r]*)", head.decode(), re.IGNORECASE)
    return found[1] if found else ""


class _Arrivals:
    """When what arrived, by `webhook-id`."""

    def __init__(self) -> None:
        self.moments: dict[str, float] = {}
        self._awaited = 0
        self._come = asyncio.Event()

    def add(self, webhook_id: str) -> None:
        self.moments.setdefault(webhook_id, perf_counter())
        if len(self.moments) >= self._awaited:
            self._come.set()

    async def until(self, number: int) -> None:
        """Wait until so many have come."""
        self._awaited = number
        while len(self.moments) < number:
            self._come.clear()
            try:
                await asyncio.wait_for(self._come.wait(), _PATIENCE)
            except TimeoutError as error:
                raise BadUserInput(f"{len(self.moments)} of {number} deliveries arrived") from error


@dataclass(frozen=True)
class _Source:
    """Where events are committed, and who is told of them: subscriptions that answer."""

    database: Database
    user_id: int
    told: list[UUID]

    async def commit(self, number: int) -> list[str]:
        """Commit events in one transaction; the ids of the deliveries that follow."""
        events = [Event(type=WebhookEvent.USER_CREATED, user_id=self.user_id) for _ in range(number)]
        async with self.database.session() as session:
            await emit(session, *events)
            first = (await session.scalars(select(func.max(col(Event.id))))).one() - number + 1
        ids = range(first, first + number)
        return [f"msg_{uuid5(uuid, str(id_)).hex}" for uuid in self.told for id_ in ids]


async def _deliver(hooks: Hooks, endpoints: int, slow: bool, at: Filled, core: int) -> Deliveries:
    database, arrivals = Database(at.url), _Arrivals()
    server = await asyncio.get_running_loop().create_server(
        lambda: _Receiver(arrivals, hooks.slow_seconds),
        "0.0.0.0",
        0,
        backlog=2048,
    )
    try:
        source = await _subscribe(database, endpoints, server.sockets[0].getsockname()[1], slow)
        together = max(_TOGETHER // endpoints, 1)
        awaited = 0
        while awaited < hooks.waiting:
            awaited += len(await source.commit(together))
        with _worker(at.url, core) as pid:
            pids = [pid, *([at.pid] if at.pid else [])]
            await arrivals.until(1)
            before, begin = [cpu_seconds(each) for each in pids], perf_counter()
            await arrivals.until(awaited)
            seconds = perf_counter() - begin
            cpu = [(cpu_seconds(each) - had) / awaited for each, had in zip(pids, before, strict=True)]
            latencies = await _paced(source, arrivals, hooks)
        return Deliveries(awaited / seconds, cpu[0], sum(cpu[1:]), latencies)
    finally:
        server.close()
        await database.dispose()


async def _paced(source: _Source, arrivals: _Arrivals, hooks: Hooks) -> list[float]:
    """Commit events one by one, each at its time; seconds from there to the arrivals."""
    committed: dict[str, float] = {}
    awaited, start = len(arrivals.moments), perf_counter()
    rate = min(hooks.rate, _MOST_EVENTS * len(source.told))
    while len(committed) < min(hooks.paced, rate * _MOST_SECONDS):
        await asyncio.sleep(start + len(committed) / rate - perf_counter())
        ids = await source.commit(1)
        committed |= dict.fromkeys(ids, perf_counter())
    await arrivals.until(awaited + len(committed))
    return [max(arrivals.moments[id_] - moment, 0) for id_, moment in committed.items()]


async def _subscribe(database: Database, endpoints: int, port: int, slow: bool) -> _Source:
    """Make subscriptions, and leave no others."""
    made, told = Subscriptions(_SETTINGS), []
    async with database.session() as session:
        await session.execute(delete(WebhookSubscription))
        user_id = (await session.scalars(select(func.max(col(User.id))))).one()
        for number in range(endpoints):
            is_slow = slow and number == endpoints // 2
            path = "slow" if is_slow else "hook"
            target = f"http://127.1.{number // 250}.{number % 250 + 1}:{port}/{path}"
            subscription, _ = await made.subscribe(session, user_id, WebhookEvent.USER_CREATED, target)
            if not is_slow:
                told.append(subscription.uuid)
    return _Source(database, user_id, told)


@contextmanager
def _worker(database_url: str, core: int) -> Iterator[int]:
    """`lyceum worker` on a core; its process."""
    settings = {"LYCEUM_DATABASE_URL": database_url, "LYCEUM_WEBHOOK_ALLOW_PRIVATE_TARGETS": "true"}
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "worker"],
        env={**os.environ, **settings},
        stdout=subprocess.DEVNULL,
    )
    try:
        pin(core, process.pid)
        yield process.pid
    finally:
        # It would wait for the slow endpoint, which cannot answer while this process waits for it.
        process.kill()
        process.wait()
