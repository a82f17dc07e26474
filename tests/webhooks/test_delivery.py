"""Delivery, the same on both databases: what is sent, when, how often, and what is kept of it."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import orjson
import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.auth.accounts import create_user
from app.db.engine import Database
from app.db.models import DeliveryAttempt, Event, WebhookSubscription, now
from app.vocabulary import AttemptStatus, WebhookEvent
from app.webhooks import claims
from app.webhooks import outcomes as outcomes_
from app.webhooks.claims import MOST_OF_ONE, Found
from app.webhooks.emit import emit
from app.webhooks.outcomes import ACTIVE, GONE, TOO_MANY_FAILURES, Outcome
from app.webhooks.subscriptions import PAUSED, Subscriptions
from tests.databases import Databases
from tests.graphql.clients import STAFF_KEY, add_user, client_of
from tests.webhooks.conftest import (
    IMPATIENT,
    SETTINGS,
    SetClock,
    attempts,
    claim,
    delivery_of,
    hook,
    make,
    make_all,
    make_users,
    subscription_of,
    until,
    working,
)
from tests.webhooks.receivers import Receiver, answer, receiving


async def test_an_event_is_told_once_and_what_was_sent_is_kept(
    database: Database, receiver: Receiver
) -> None:
    await hook(database, receiver.url("/a?b=c"))
    async with working(database):
        await make_users(database, "ann")
        await until(lambda: receiver.deliveries)
        await until(lambda: are_resolved(database))
    (delivery,), (attempt,) = receiver.deliveries, await attempts(database)
    assert (delivery.path, delivery.data["Username"]) == ("/a?b=c", "ann")
    assert delivery.headers["content-type"] == "application/json"
    assert (attempt.status, attempt.message) == (AttemptStatus.SUCCESSFUL, "200 OK")
    assert attempt.body.encode() == delivery.body
    assert attempt.request_headers is not None
    assert {name.lower(): value for name, value in attempt.request_headers.items()} == delivery.headers
    assert attempt.request_url == receiver.url("/a?b=c")
    assert (attempt.response_status, attempt.response_reason, attempt.response_content) == (200, "OK", "")
    assert attempt.elapsed is not None and attempt.elapsed > 0
    assert orjson.loads(attempt.body)["EventType"] == "user.created"


async def test_first_tries_start_in_the_order_of_the_commits(database: Database, receiver: Receiver) -> None:
    id_ = await hook(database, receiver.url())
    names = [f"user-{number:02}" for number in range(MOST_OF_ONE + 20)]
    await make_users(database, *names)
    receiver.gate.clear()
    async with working(database):
        # As many as one target has to bear at a time, and no more.
        await until(lambda: len(receiver.deliveries) == MOST_OF_ONE)
        assert not (await claim(delivery_of(database), id_)).claimed
        assert sorted(seen(receiver)) == names[:MOST_OF_ONE]
        receiver.gate.set()
        await until(lambda: len(receiver.deliveries) == len(names))
        await until(lambda: are_resolved(database))
    assert sorted(seen(receiver)) == names


async def test_an_ordered_subscription_is_told_of_a_subject_in_turn(
    database: Database, receiver: Receiver
) -> None:
    """While one of a subject fails, later ones wait, and those of others do not."""
    id_ = await hook(database, receiver.url(), is_ordered=True)
    clock, replies = SetClock(), [answer("500 No"), answer("500 No"), answer("200 OK")]
    receiver.answer = lambda it: (
        replies.pop(0) if it.data["Username"] == "ann" and replies else answer("200 OK")
    )
    async with database.session() as session:
        ann = await create_user(session, "ann", "")
        bob = await create_user(session, "bob", "")
        assert ann and bob
        for user in (ann, ann, bob):
            await emit(session, Event(type=WebhookEvent.USER_CREATED, user_id=user.id))
    delivery = delivery_of(database, clock=clock)
    clock.moment = now()
    while (again := await make_all(delivery, id_)) is not None:
        clock.moment += again
    ann_ids = [it.webhook_id for it in receiver.deliveries if it.data["Username"] == "ann"]
    assert len(ann_ids) == 5
    assert ann_ids[:3] == [ann_ids[0]] * 3
    assert len(set(ann_ids)) == 3
    assert seen(receiver).index("bob") < 3


async def test_what_waits_for_nothing_is_started(database: Database, receiver: Receiver) -> None:
    await hook(database, receiver.url(), is_ordered=True)
    await make_users(database, "ann")
    async with database.begin() as connection:
        await connection.execute(update(DeliveryAttempt).values(due_at=None))
    async with working(database):
        await until(lambda: receiver.deliveries)
        await until(lambda: are_resolved(database))


async def test_no_more_requests_than_the_limit(database: Database, receiver: Receiver) -> None:
    await hook(database, receiver.url("/slow"), requests_per_second=10)
    await hook(database, receiver.url("/fast"))
    await make_users(database, *(f"user-{number}" for number in range(8)))
    async with working(database), working(database):
        await until(lambda: len(receiver.deliveries) == 16)
        await until(lambda: are_resolved(database))
    starts = sorted(
        it.sent_at
        for it in await attempts(database)
        if it.sent_at and it.request_url == receiver.url("/slow")
    )
    assert len(starts) == 8
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(starts)]
    # Each was claimed a tenth of a second after the one before, and sent a moment later.
    assert (starts[-1] - starts[0]).total_seconds() > 0.6, gaps


async def test_what_a_dead_worker_held_is_delivered_by_another(
    database: Database, receiver: Receiver
) -> None:
    id_ = await hook(database, receiver.url())
    await make_users(database, "ann")
    dead = delivery_of(database, IMPATIENT)
    assert len((await claim(dead, id_)).claimed) == 1
    waiting = await claim(dead, id_)
    assert not waiting.claimed and waiting.again is not None
    assert 0.5 < waiting.again.total_seconds() <= IMPATIENT.webhook_lease
    async with working(database, IMPATIENT):
        await until(lambda: receiver.deliveries)
        await until(lambda: are_resolved(database))


async def test_an_attempt_that_lost_its_job_gets_another(databases: Databases, receiver: Receiver) -> None:
    database = await databases.empty("postgresql")
    await hook(database, receiver.url())
    await make_users(database, "ann")
    async with database.begin() as connection:
        await connection.execute(text("DELETE FROM webhook_queue.pgqueuer"))
    async with working(database):
        await until(lambda: receiver.deliveries)
        await until(lambda: are_resolved(database))


async def test_what_fails_again_and_again_is_held_and_keeps_nobody_from_delivering(
    databases: Databases, receiver: Receiver
) -> None:
    database = await databases.empty("postgresql")
    await hook(database, receiver.url())
    await make_users(database, "ann", "bob")
    async with database.begin() as connection:
        await connection.execute(
            text("UPDATE webhook_queue.pgqueuer SET attempts = 1000, payload = 'nonsense' WHERE id = 1")
        )
    async with working(database):
        await until(lambda: len(receiver.deliveries) == 2)
        await until(lambda: are_resolved(database))
    async with database.reader.connect() as connection:
        statuses = await connection.scalars(text("SELECT status::text FROM webhook_queue.pgqueuer"))
    assert statuses.all() == ["failed"]


async def test_a_target_that_does_not_answer_holds_up_no_other(
    database: Database, receiver: Receiver
) -> None:
    names = [f"user-{number:02}" for number in range(MOST_OF_ONE + 5)]
    await hook(database, receiver.url())
    async with receiving() as other:
        await hook(database, other.url())
        receiver.gate.clear()
        async with working(database):
            await make_users(database, *names)
            await until(lambda: len(other.deliveries) == len(names))
            assert len(receiver.deliveries) == MOST_OF_ONE
            receiver.gate.set()
            await until(lambda: are_resolved(database))
    assert sorted(seen(receiver)) == sorted(seen(other)) == names


async def test_what_cannot_be_written_of_one_holds_up_no_other(
    database: Database, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is written together, is written one by one when that fails."""
    bad = await hook(database, receiver.url("/bad"))
    good = [await hook(database, receiver.url("/good")) for _ in range(3)]
    faults = list[int]()

    async def keep(
        connection: AsyncConnection, rows: Any, outcomes: Sequence[Outcome], *arguments: Any, **options: Any
    ) -> set[int]:
        if any(it.attempt.subscription_id == bad for it in outcomes) and len(faults) < 2:
            faults.append(len(outcomes))
            raise ValueError("it is not to be")
        return await outcomes_.keep(connection, rows, outcomes, *arguments, **options)

    monkeypatch.setattr("app.webhooks.delivery.keep", keep)
    monkeypatch.setattr("app.webhooks.postgres._FAULT_DELAY", dt.timedelta(seconds=1))
    await make_users(database, "ann")
    async with working(database, IMPATIENT):
        await until(lambda: are_resolved(database))
    assert faults == [4, 1]
    told = Counter(it.path for it in receiver.deliveries)
    assert told == {"/bad": 2, "/good": len(good)}
    assert len({it.webhook_id for it in receiver.deliveries if it.path == "/bad"}) == 1


async def test_no_more_are_made_at_a_time_after_a_fault(
    database: Database, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of many subscriptions that are claimed from one by one."""
    monkeypatch.setattr("app.webhooks.delivery.MOST_AT_A_TIME", 10)
    for _ in range(3):
        await hook(database, receiver.url())
    await make_users(database, *(f"user-{number}" for number in range(8)))
    claimed = list[int]()

    async def claim(connection: AsyncConnection, rows: Any, room: int, *arguments: Any) -> dict[int, Found]:
        if len(rows) > 1:
            raise ValueError("it is not to be")
        found = await claims.claim(connection, rows, room, *arguments)
        claimed.extend(len(it.claimed) for it in found.values())
        return found

    monkeypatch.setattr("app.webhooks.delivery.claim", claim)
    receiver.gate.clear()
    async with working(database, IMPATIENT):
        await until(lambda: len(receiver.deliveries) >= 10)
        assert sum(claimed) == 10
        receiver.gate.set()
        await until(lambda: are_resolved(database))


async def test_nothing_is_sent_of_a_subscription_that_is_gone(database: Database, receiver: Receiver) -> None:
    id_ = await hook(database, receiver.url("/gone"))
    await hook(database, receiver.url("/kept"))
    await make_users(database, "ann")
    async with database.begin() as connection:
        await connection.execute(delete(WebhookSubscription).where(col(WebhookSubscription.id) == id_))
    async with working(database):
        await until(lambda: receiver.deliveries)
        await until(lambda: are_resolved(database))
    assert [it.path for it in receiver.deliveries] == ["/kept"]
    assert await claim(delivery_of(database), id_) == Found()


class Failing:
    """Attempts of one subscription, one after the other, in whatever time a test says."""

    def __init__(self, database: Database, receiver: Receiver, *, retries: bool) -> None:
        self.database, self.receiver, self.clock = database, receiver, SetClock()
        settings = IMPATIENT.model_copy(update={"webhook_retries": retries})
        self.delivery = delivery_of(database, settings, self.clock)

    async def begin(self) -> None:
        self.id = await hook(self.database, self.receiver.url())

    async def event(self, status: str) -> None:
        """An event that a target answers with a status."""
        self.receiver.answer = answer(status)
        async with self.database.session() as session:
            await emit(session, Event(type=WebhookEvent.USER_CREATED, user_id=1))
        self.clock.moment = max(self.clock.moment, now())
        await self.drain()

    async def drain(self) -> None:
        await make_all(self.delivery, self.id)

    async def state(self) -> tuple[bool, str, int]:
        subscription = await subscription_of(self.database, self.id)
        return subscription.is_active, subscription.status, len(await attempts(self.database))


async def test_history_and_deactivation_without_retries(database: Database, receiver: Receiver) -> None:
    """49 failures leave it active and the 50th does not; 60 successes keep 50 (Zapier contract 10.5)."""
    failing = Failing(database, receiver, retries=False)
    await failing.begin()
    for _ in range(60):
        await failing.event("200 OK")
    assert await failing.state() == (True, ACTIVE, 50)
    newest = [it.event_id or 0 for it in await attempts(database)]
    assert newest == sorted(newest) and newest[-1] == newest[0] + 49
    for _ in range(49):
        await failing.event("403 Forbidden")
    assert await failing.state() == (True, ACTIVE, 50)
    await failing.event("403 Forbidden")
    assert await failing.state() == (False, TOO_MANY_FAILURES, 50)
    await failing.event("200 OK")
    assert await failing.state() == (False, TOO_MANY_FAILURES, 50)


async def test_deactivation_with_retries_takes_days(
    database: Database, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.webhooks.outcomes.MOST_KEPT", 5)
    failing = Failing(database, receiver, retries=True)
    await failing.begin()
    await failing.event("200 OK")
    for _ in range(6):
        await failing.event("500 No")
    assert (await failing.state())[:2] == (True, ACTIVE)
    for _ in range(140):
        failing.clock.moment += dt.timedelta(hours=1)
        await failing.drain()
        if failing.clock.moment - now() < dt.timedelta(hours=119):
            assert (await failing.state())[:2] == (True, ACTIVE)
            if failing.clock.moment - now() > dt.timedelta(hours=70):
                await failing.event("500 No")
    assert (await failing.state())[:2] == (False, TOO_MANY_FAILURES)
    assert all(it.status == AttemptStatus.FAILED for it in await attempts(database))


async def test_what_happened_before_a_pause_is_not_told_after_it(
    database: Database, receiver: Receiver
) -> None:
    """However short the pause was."""
    id_ = await hook(database, receiver.url())
    await make_users(database, "ann")
    for is_active in (False, True):
        async with database.session() as session:
            subscription = await session.get_one(WebhookSubscription, id_)
            await Subscriptions(SETTINGS).change(session, subscription, is_active=is_active)
    await make_users(database, "bob")
    await make_all(delivery_of(database), id_)
    assert seen(receiver) == ["bob"]
    assert [it.message for it in await attempts(database)] == [PAUSED, "200 OK"]


async def test_gone_ends_a_subscription(database: Database, receiver: Receiver) -> None:
    failing = Failing(database, receiver, retries=True)
    await failing.begin()
    await failing.event("500 No")
    await failing.event("410 Gone")
    assert (await failing.state())[:2] == (False, GONE)
    assert [(it.status, it.message) for it in await attempts(database)] == [
        (AttemptStatus.FAILED, "500 No"),
        (AttemptStatus.FAILED, GONE),
        (AttemptStatus.FAILED, "410 Gone"),
    ]


async def test_an_outcome_is_written_once(database: Database, receiver: Receiver) -> None:
    """Two that make the same attempt, because one was taken for dead, leave one outcome and no try too many."""
    failing = Failing(database, receiver, retries=True)
    await failing.begin()
    await make_users(database, "ann")
    failing.clock.moment = now()
    (one,) = (await claim(failing.delivery, failing.id)).claimed
    failing.clock.moment += dt.timedelta(seconds=2)
    (other,) = (await claim(failing.delivery, failing.id)).claimed
    assert one.attempt.id == other.attempt.id
    await make(failing.delivery, other)
    receiver.answer = answer("500 No")
    await make(failing.delivery, one)
    (attempt,) = await attempts(database)
    assert (attempt.status, attempt.message) == (AttemptStatus.SUCCESSFUL, "200 OK")
    assert len({it.webhook_id for it in receiver.deliveries}) == 1


async def test_history_ends(database: Database, receiver: Receiver) -> None:
    await hook(database, receiver.url())
    async with working(database) as worker:
        await make_users(database, "ann")
        await until(lambda: are_resolved(database))
        await worker.forget()
        assert len(await attempts(database)) == 1
        async with database.begin() as connection:
            long_ago = now() - dt.timedelta(days=SETTINGS.webhook_history_days + 1)
            await connection.execute(update(DeliveryAttempt).values(resolved_at=long_ago))
        await make_users(database, "bob")
        await worker.forget()
    assert [orjson.loads(it.body)["Data"]["Username"] for it in await attempts(database)] == ["bob"]


async def test_the_server_delivers_by_itself(
    database: Database, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_user(database, "staff", STAFF_KEY, is_staff=True)
    await hook(database, receiver.url())
    create = 'mutation { createUser(input: {username: "ann"}) { __typename } }'
    async with client_of(database, webhook_worker=True, webhook_allow_private_targets=True) as client:
        await client.ask(create, key=STAFF_KEY)
        await until(lambda: receiver.deliveries)
    assert seen(receiver) == ["ann"]


def seen(receiver: Receiver) -> list[str]:
    return [it.data["Username"] for it in receiver.deliveries]


async def are_resolved(database: Database) -> bool:
    return all(it.status != AttemptStatus.PENDING for it in await attempts(database))
