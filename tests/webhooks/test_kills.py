"""Killing servers and workers in the middle of their work: no event is lost, none is invented.

`LYCEUM_TEST_KILLS` is the number of kills, and then 100 changes are made for each.
"""

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from threading import Thread

import httpx
import pytest
from sqlalchemy import func, select
from sqlmodel import col

from app.auth.accounts import create_user
from app.db.engine import Database
from app.db.models import DeliveryAttempt, User
from app.webhooks.pending import PENDING
from tests.databases import DIALECTS, Databases
from tests.graphql.clients import STAFF_KEY, add_user
from tests.servers import free_port
from tests.webhooks.conftest import hook, until
from tests.webhooks.receivers import Delivery, Receiver, answer

KILLS = int(os.environ.get("LYCEUM_TEST_KILLS", "2"))
CHANGES = 100 if "LYCEUM_TEST_KILLS" in os.environ else 25
CREATE = "mutation ($name: String!) { createUser(input: {username: $name}) { __typename } }"


@dataclass
class Program:
    """A process of the program that can be killed and started again."""

    words: tuple[str, ...]
    environment: dict[str, str]
    sign: str
    process: subprocess.Popen[str] = field(init=False)
    reading: Thread = field(init=False)

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", *self.words],
            env={**os.environ, **self.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if self.sign in line:
                break
        else:
            raise AssertionError(f"{self.words} did not start")
        # A process whose output nobody reads stands still once the pipe is full.
        self.reading = Thread(target=self.process.stdout.read)
        self.reading.start()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.reading.join()
        assert self.process.stdout is not None
        self.process.stdout.close()


@contextmanager
def running(*programs: Program) -> Iterator[None]:
    started = []
    try:
        for program in programs:
            program.start()
            started.append(program)
        yield
    finally:
        for program in started:
            program.kill()


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_every_committed_change_is_told_and_nothing_else(
    dialect: str, databases: Databases, receiver: Receiver
) -> None:
    database, port = await databases.empty(dialect), free_port()
    await add_user(database, "staff", STAFF_KEY, is_staff=True)
    await hook(database, receiver.url())
    receiver.answer = sometimes_failing
    environment = {
        "LYCEUM_DATABASE_URL": database.url.render_as_string(hide_password=False),
        "LYCEUM_WEBHOOK_ALLOW_PRIVATE_TARGETS": "true",
        "LYCEUM_WEBHOOK_LEASE": "2",
        "LYCEUM_COST_PER_MINUTE": "0",
    }
    server = Program(("serve", "--port", str(port)), environment, "Uvicorn running")
    worker = Program(("worker",), environment, "Delivering webhooks")
    chance = random.Random(KILLS)
    with running(server, worker):
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            for number in range(KILLS):
                load = asyncio.create_task(make_changes(client, database, number))
                await asyncio.sleep(chance.uniform(0, 0.8))
                victim = chance.choice([server, worker])
                victim.kill()
                await asyncio.to_thread(victim.start)
                await load
        await until(lambda: nothing_is_pending(database), 60 + 10 * KILLS)
    async with database.reader.connect() as connection:
        statement = select(col(User.username)).where(col(User.username).startswith("change-"))
        committed = set(await connection.scalars(statement))
    ids = defaultdict[str, set[str]](set)
    for delivery in receiver.deliveries:
        ids[delivery.data["Username"]].add(delivery.webhook_id)
    assert len(committed) >= KILLS * CHANGES
    assert set(ids) == committed
    assert {len(given) for given in ids.values()} == {1}
    assert len(set.union(*ids.values())) == len(committed)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_worker_ends_when_it_is_told_to(dialect: str, databases: Databases) -> None:
    worker = Program(
        ("worker",), {"LYCEUM_DATABASE_URL": await databases.empty_url(dialect)}, "Delivering webhooks"
    )
    with running(worker):
        worker.process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(worker.process.wait, 30) == 0


def sometimes_failing(delivery: Delivery) -> bytes | None:
    if random.random() < 0.01:
        return answer("500 Internal Server Error")
    return answer("200 OK")


async def make_changes(client: httpx.AsyncClient, database: Database, number: int) -> None:
    """Make users over HTTP until enough are there, and beside them transactions that come to nothing."""
    numbers, left = count(), CHANGES

    async def make() -> None:
        nonlocal left
        while left > 0:
            name = f"change-{number}-{next(numbers)}"
            headers = {"authorization": f"Token {STAFF_KEY}"}
            body = {"query": CREATE, "variables": {"name": name}}
            try:
                response = await client.post("/graphql", json=body, headers=headers)
            except httpx.TransportError:
                # Whether it was made is what the database says in the end.
                await asyncio.sleep(0.05)
                continue
            if response.json()["data"]["createUser"]["__typename"] == "UserSaved":
                left -= 1

    async def abandon() -> None:
        for ghost in range(5):
            with pytest.raises(ZeroDivisionError):
                async with database.session() as session:
                    await create_user(session, f"ghost-{number}-{ghost}", "")
                    raise ZeroDivisionError

    await asyncio.gather(*(make() for _ in range(4)), abandon())


async def nothing_is_pending(database: Database) -> bool:
    async with database.reader.connect() as connection:
        return not await connection.scalar(select(func.count(col(DeliveryAttempt.id))).where(PENDING))
