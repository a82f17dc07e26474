"""Owners, subscriptions and workers."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.auth.accounts import create_user
from app.auth.credentials import Authenticator
from app.auth.passwords import Passwords
from app.db.clock import Clock, now
from app.db.engine import Database
from app.db.models import DeliveryAttempt, User, WebhookSubscription
from app.graphql.execute import Executor
from app.graphql.payloads import Payloads
from app.settings import Settings
from app.vocabulary import WebhookEvent
from app.webhooks.claims import Claimed, Found
from app.webhooks.delivery import Delivery
from app.webhooks.exchange import Client
from app.webhooks.subscriptions import Subscriptions
from app.webhooks.worker import Worker
from schema.build import SCHEMA
from tests.webhooks.receivers import Receiver, receiving

SETTINGS = Settings(webhook_allow_private_targets=True)
IMPATIENT = SETTINGS.model_copy(update={"webhook_lease": 1})


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A server on this machine that webhooks can be sent to."""
    async with receiving() as it:
        yield it


async def make_admin(session: AsyncSession, username: str = "admin") -> User:
    user = await create_user(session, username, f"{username}@example.org", staff=True)
    assert user is not None
    return user


async def hook(
    database: Database,
    target: str,
    event: WebhookEvent = WebhookEvent.USER_CREATED,
    *,
    settings: Settings = SETTINGS,
    **options: Any,
) -> int:
    """A subscription of an administrator who is made if there is none; its id."""
    async with database.session() as session:
        owner: User | None = await session.scalar(select(User).where(col(User.username) == "admin"))
        if owner is None:
            owner = await make_admin(session)
        made = Subscriptions(settings)
        subscription, _ = await made.subscribe(session, owner.id, event, target, **options)
        return subscription.id


async def make_users(database: Database, *names: str) -> None:
    """Each in a transaction of its own."""
    for name in names:
        async with database.session() as session:
            await create_user(session, name, f"{name}@example.org")


async def attempts(database: Database) -> list[DeliveryAttempt]:
    """All there are, in the order in which they were written."""
    async with AsyncSession(database.reader) as session:
        return list(await session.scalars(select(DeliveryAttempt).order_by(col(DeliveryAttempt.id))))


async def subscription_of(database: Database, id_: int) -> WebhookSubscription:
    async with AsyncSession(database.reader) as session:
        return await session.get_one(WebhookSubscription, id_)


def payloads_of(database: Database, settings: Settings = SETTINGS) -> Payloads:
    """What runs documents."""
    authenticator = Authenticator(database, Passwords(database, settings, now))
    return Executor(SCHEMA._schema, database, settings, authenticator).payloads


def delivery_of(
    database: Database, settings: Settings = SETTINGS, clock: Clock = now, client: Client | None = None
) -> Delivery:
    """What claims attempts and makes them, one by one."""
    client = client or Client(allow_private=True)
    return Delivery(database, settings, clock, client, payloads_of(database, settings))


@asynccontextmanager
async def working(
    database: Database,
    settings: Settings = SETTINGS,
    *,
    clock: Clock = now,
    client: Client | None = None,
) -> AsyncIterator[Worker]:
    """A worker in this process, stopped at the end."""
    worker = Worker(database, settings, payloads_of(database, settings), clock, client)
    stopping = asyncio.Event()
    task = asyncio.create_task(worker.run(stopping))
    try:
        yield worker
    finally:
        stopping.set()
        await task


async def until(condition: Callable[[], Any], seconds: float = 30) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(seconds):
        while True:
            found = condition()
            if asyncio.iscoroutine(found):
                found = await found
            if found:
                return
            await asyncio.sleep(0.02)


class SetClock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.moment = now()

    def __call__(self) -> dt.datetime:
        return self.moment


async def claim(delivery: Delivery, id_: int) -> Found:
    """What there is of a subscription now."""
    return (await delivery.write([], [id_])).get(id_, Found())


async def make(delivery: Delivery, *claimed: Claimed) -> None:
    """Make attempts, and keep what became of them."""
    await delivery.write([await delivery.make(each) for each in claimed], [])


async def make_all(delivery: Delivery, id_: int) -> dt.timedelta | None:
    """Make what there is of a subscription; after what time there is more."""
    while (found := await claim(delivery, id_)).claimed:
        await make(delivery, *found.claimed)
    return found.again
