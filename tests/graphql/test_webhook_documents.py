"""Documents that shape what webhooks send: what they may be, when they are run, and with whose rights."""

import asyncio
import datetime as dt
import logging
from collections.abc import Sequence
from typing import Any

import orjson
import pytest
from sqlalchemy import delete, update
from sqlmodel import col

from app.cli.common import with_database
from app.db.engine import Database
from app.db.models import ApiKeyCourse, Course, CourseRun, Event, User, WebhookSubscription
from app.graphql.payloads import NOT_ANY_MORE
from app.settings import Settings
from app.vocabulary import AttemptStatus, RunStatus, WebhookEvent
from app.webhooks import shaping
from app.webhooks.claims import Claimed
from app.webhooks.delivery import Delivery
from app.webhooks.emit import emit
from app.webhooks.shaping import Shaping
from schema.relay import decode_id
from tests.graphql.clients import STAFF_KEY, Client, Statements
from tests.graphql.test_webhooks import REPLAY, SUBSCRIBE, TEST, UPDATE, do, history
from tests.graphql.test_webhooks import client as client
from tests.imports.commands import run_lyceum
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
    payloads_of,
    subscription_of,
    until,
    working,
)
from tests.webhooks.conftest import receiver as receiver
from tests.webhooks.receivers import Receiver, answer
from tests.webhooks.test_signatures import verifies

DOCUMENT = "subscription { event: events { type who: user { username name } run { key } } }"
BROKEN = "subscription {\n  events { user { fax } }\n}"
SHOWN = "query ($id: ID!) { node(id: $id) { ... on WebhookSubscription { document documentProblem } } }"
RUN = "course-v1:Org+C+R"
REFUSED = [
    ("", "Syntax Error: Unexpected <EOF>., line 1, column 1"),
    ("subscription {", "Syntax Error: Expected Name, found <EOF>., line 1, column 15"),
    ("fragment A on DomainEvent { id }", "There has to be one operation"),
    (f"{DOCUMENT} {DOCUMENT}", "There has to be one operation, line 1, column 81"),
    (
        "{ events { id } }",
        "Only a subscription can be run, such as `subscription { events { id } }`, line 1",
    ),
    ('mutation { unenroll(input: {id: "1"}) { __typename } }', "Only a subscription"),
    (
        "subscription ($id: ID) { events { id } }",
        "There can be no variables, as nobody gives any, line 1",
    ),
    (
        "subscription { deliveryAttempts { id } }",
        "The operation has to select `events`, and nothing else",
    ),
    ("subscription { events { id } more: events { id } }", "The operation has to select `events`"),
    ("subscription { ...A } fragment A on Subscription { events { id } }", "The operation has to select"),
    ("subscription { __typename }", "The operation has to select"),
    ("subscription { events @skip(if: true) { id } }", "The operation has to select"),
    ('subscription { events(types: ["a"]) { id } }', "`events` can have no arguments"),
    (BROKEN, "Cannot query field 'fax' on type 'User'., line 2, column 19"),
    ("subscription { events { id { a } } }", "Field 'id' must not have a selection"),
    ("subscription { events { __schema { types { name } } } }", "Cannot query field '__schema'"),
    ("subscription { events { ...A } } fragment A on DomainEvent { ...A }", "Cannot spread fragment"),
    (
        "subscription { events { user { enrollments(first: 100) { nodes { run { teams: course {"
        " runs(first: 100) { nodes { key } } } } } } } } }",
        "The operation has cost of",
    ),
    ("subscription { events { id " + "id " * 400 + "} }", "The operation has fields of 402; at most 400"),
    ("subscription { events {" + "id " * 4000 + "} }", "Syntax Error: Document contains more than 3000"),
    # What only those who run it find.
    (
        "subscription { events { user { enrollments(first: 101) { nodes { id } } } } }",
        "The document could not be run: first: must be between 0 and 100, not 101 (events.user.enrollments)",
    ),
    ("subscription { events { id } } #\0", "a NUL character is not allowed"),
]
"""Documents, and what is said of them."""


async def subscribe(client: Client, receiver: Receiver, **values: Any) -> Any:
    """A subscription of the owner's to new users; what the mutation answers."""
    given = {"eventType": "USER_CREATED", "target": receiver.url(), "document": DOCUMENT, **values}
    return await do(client, SUBSCRIBE, "owner", **given)


async def first_of(delivery: Delivery, id_: int) -> Claimed:
    """The attempt of a subscription that is made first."""
    return (await claim(delivery, id_)).claimed[0]


async def deliver_all(delivery: Delivery, clock: SetClock, id_: int) -> None:
    """Deliver what there is, at whatever time it is due."""
    while (again := await make_all(delivery, id_)) is not None:
        clock.moment += again


async def test_it_is_run_once_and_what_it_makes_is_sent_every_time(
    client: Client, database: Database, receiver: Receiver
) -> None:
    """Also when the user has another name by the next try, and when an attempt is made again."""
    made = await subscribe(client, receiver)
    id_ = made["subscription"]["id"]
    shown = await client.ask(SHOWN, {"id": id_}, key=STAFF_KEY)
    assert shown["node"] == {"document": DOCUMENT, "documentProblem": None}
    replies = [answer("500 No"), answer("200 OK")]
    receiver.answer = lambda it: replies.pop(0) if replies else answer("200 OK")
    await make_users(database, "ann")
    (attempt,) = (await history(client, id_))["nodes"]
    assert (attempt["status"], attempt["body"]) == ("PENDING", "")
    clock = SetClock()
    delivery = delivery_of(database, clock=clock)
    await make(delivery, await first_of(delivery, decode_id(id_)[1]))
    async with database.begin() as connection:
        await connection.execute(update(User).values(name="Another"))
    await deliver_all(delivery, clock, decode_id(id_)[1])
    first = (await history(client, id_))["nodes"][0]
    await do(client, UPDATE, "owner", id=id_, document=DOCUMENT.replace("type", "id"))
    await do(client, REPLAY, "owner", id=first["id"])
    await deliver_all(delivery, clock, decode_id(id_)[1])
    one, *others = receiver.deliveries
    assert orjson.loads(one.body) == {
        "type": "user.created",
        "who": {"username": "ann", "name": ""},
        "run": None,
    }
    assert [(it.body, it.webhook_id) for it in others] == [(one.body, one.webhook_id)] * 2
    assert verifies(made["secret"], one.headers, one.body.decode())
    assert {it["body"].encode() for it in (await history(client, id_))["nodes"]} == {one.body}


async def test_a_sample_is_shaped_too(client: Client, database: Database, receiver: Receiver) -> None:
    async with database.session() as session:
        session.add(course := Course(key="Org+C"))
        await session.flush()
        session.add(CourseRun(key=RUN, course_id=course.id, status=RunStatus.UNPUBLISHED))
    document = "subscription { events { type payload user { username } run { key } course { key } } }"
    expected = {
        "USER_CREATED": ({"username": "owner"}, None),
        "COURSE_CREATED": (None, {"key": RUN}),
        "USER_ENROLLED": ({"username": "owner"}, {"key": RUN}),
    }
    async with working(database):
        for event, (user, run) in expected.items():
            made = await subscribe(client, receiver, eventType=event, document=document)
            started = await do(client, TEST, "owner", id=made["subscription"]["id"])
            assert started["attempt"]["body"] == ""
            await until(lambda: receiver.deliveries)
            told = orjson.loads(receiver.deliveries.pop().body)
            assert told["type"] == WebhookEvent[event]
            assert (told["user"], told["run"]) == (user, run)
            assert told["course"] == (run and {"key": "Org+C"})
            assert bool(told["payload"]) == (event == "USER_ENROLLED")


async def test_what_cannot_be_run_is_not_saved(client: Client, receiver: Receiver) -> None:
    for document, message in REFUSED:
        refused = await subscribe(client, receiver, document=document)
        assert (refused["__typename"], refused["field"]) == ("ValidationError", "document"), document
        assert refused["message"].startswith(f"document: {message}")
    answer = await client.ask("{ webhookSubscriptions { totalCount } }", key=STAFF_KEY)
    assert answer == {"webhookSubscriptions": {"totalCount": 0}}


async def test_a_document_is_changed_by_who_may_change_the_webhook(
    client: Client, database: Database, receiver: Receiver
) -> None:
    id_ = (await subscribe(client, receiver, document=None))["subscription"]["id"]
    for who, document, kind in (
        ("owner", BROKEN, "ValidationError"),
        ("other", DOCUMENT, "NotFound"),
        ("learner", DOCUMENT, "NotFound"),
        ("root", DOCUMENT, "WebhookSaved"),
    ):
        assert (await do(client, UPDATE, who, id=id_, document=document))["__typename"] == kind
    await make_users(database, "ann")
    # Nothing was made by the document yet, so what is sent is what it is without.
    assert (await do(client, UPDATE, "owner", id=id_, document=None))["__typename"] == "WebhookSaved"
    await make_users(database, "bob")
    async with working(database):
        await until(lambda: len(receiver.deliveries) == 2)
    assert sorted(it.data["Username"] for it in receiver.deliveries) == ["ann", "bob"]
    shown = await client.ask(SHOWN, {"id": id_}, key=STAFF_KEY)
    assert shown["node"] == {"document": None, "documentProblem": None}


async def test_it_is_run_with_the_rights_that_its_owner_has_then(
    client: Client, database: Database, receiver: Receiver
) -> None:
    document = "subscription { events { run { key analytics { problems { totalCount } } } } }"
    made = await subscribe(client, receiver, eventType="COURSE_CREATED", document=document)
    key = decode_id(made["subscription"]["id"])[1]
    owner = (await subscription_of(database, key)).owner_id
    async with database.session() as session:
        session.add(course := Course(key="Org+C"))
        session.add(other := Course(key="Org+Other"))
        await session.flush()
        session.add(run := CourseRun(key=RUN, course_id=course.id, status=RunStatus.PUBLISHED))
        await session.flush()
        other_id = other.id
        happened: dict[str, Any] = {
            "type": WebhookEvent.COURSE_CREATED,
            "run_id": run.id,
            "course_id": course.id,
        }
        await emit(session, Event(**happened))
    clock = SetClock()
    delivery = delivery_of(database, clock=clock)

    async def owner_is(**values: Any) -> None:
        async with database.begin() as connection:
            await connection.execute(update(User).where(col(User.id) == owner).values(values))

    async def deliver_next() -> str | None:
        while not (found := await claim(delivery, key)).claimed:
            assert found.again is not None
            clock.moment += found.again
        (claimed,) = found.claimed
        await make(delivery, claimed)
        (attempt,) = [it for it in await attempts(database) if it.id == claimed.attempt.id]
        return attempt.message

    await owner_is(is_staff=False)
    assert await deliver_next() == NOT_ANY_MORE
    await owner_is(is_staff=True, is_active=False)
    assert await deliver_next() == NOT_ANY_MORE
    assert receiver.connections == 0
    # What he must not read is not in it, and is when he may.
    await owner_is(is_active=True)
    async with database.session() as session:
        session.add(ApiKeyCourse(user_id=owner, course_id=other_id))
    assert await deliver_next() == "200 OK"
    assert orjson.loads(receiver.deliveries[0].body) == {"run": {"key": RUN, "analytics": None}}
    async with database.session() as session:
        await session.execute(delete(ApiKeyCourse))
        await emit(session, Event(**happened))
    assert await deliver_next() == "200 OK"
    told = orjson.loads(receiver.deliveries[1].body)["run"]
    assert told["analytics"] == {"problems": {"totalCount": 0}}


async def test_an_upgrade_that_breaks_a_document_is_told_and_loses_nothing(
    client: Client,
    database: Database,
    receiver: Receiver,
    caplog: pytest.LogCaptureFixture,
) -> None:
    made = await subscribe(client, receiver)
    id_, key = made["subscription"]["id"], decode_id(made["subscription"]["id"])[1]
    async with database.begin() as connection:
        await connection.execute(update(WebhookSubscription).values(document=BROKEN))
    problem = "Cannot query field 'fax' on type 'User'., line 2, column 19"
    shown = await client.ask(SHOWN, {"id": id_}, key=STAFF_KEY)
    assert shown["node"] == {"document": BROKEN, "documentProblem": problem}
    await make_users(database, "ann")
    with caplog.at_level(logging.WARNING, "lyceum.webhooks"):
        async with working(database):
            await until(lambda: failed(database))
    told = f"The document of webhook {made['subscription']['uuid']} of owner cannot be run: {problem}"
    assert caplog.messages == [told]
    (first, again) = await attempts(database)
    assert (first.message, first.sent_at) == (f"The document cannot be run: {problem}", None)
    assert (again.status, again.try_number) == (AttemptStatus.PENDING, 2)
    assert receiver.connections == 0
    await do(client, UPDATE, "owner", id=id_, document=DOCUMENT)
    clock = SetClock()
    await deliver_all(delivery_of(database, clock=clock), clock, key)
    assert [orjson.loads(it.body)["who"]["username"] for it in receiver.deliveries] == ["ann"]


async def failed(database: Database) -> bool:
    return any(it.status == AttemptStatus.FAILED for it in await attempts(database))


def test_operators_find_what_cannot_be_run(
    database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lyceum = run_lyceum(database, monkeypatch, capsys)

    async def store(database: Database, document: str) -> None:
        for given in (DOCUMENT, document, None):
            await hook(database, "https://hooks.example.org/", document=given)

    with_database(lambda database: store(database, DOCUMENT))
    assert lyceum("webhooks", "check") == (0, "Every document can be run.", "")
    with_database(lambda database: store(database, BROKEN))
    code, out, err = lyceum("webhooks", "check")
    assert (code, out, err.count("cannot be run")) == (1, "", 1)
    assert "of admin cannot be run: Cannot query field 'fax' on type 'User'., line 2, column 19" in err


async def test_what_is_gone_is_not_told(client: Client, database: Database, receiver: Receiver) -> None:
    made = await subscribe(client, receiver)
    await make_users(database, "ann")
    async with database.begin() as connection:
        await connection.execute(delete(User).where(col(User.username) == "ann"))
    clock = SetClock()
    await deliver_all(delivery_of(database, clock=clock), clock, decode_id(made["subscription"]["id"])[1])
    assert {it.message for it in await attempts(database)} == {shaping.GONE}
    assert receiver.connections == 0


async def test_many_are_made_in_as_many_statements_as_one(
    client: Client, database: Database, receiver: Receiver
) -> None:
    made = await subscribe(client, receiver)
    key, seen = decode_id(made["subscription"]["id"])[1], []
    for number in (1, 15):
        async with database.session() as session:
            events = [Event(type=WebhookEvent.USER_CREATED, user_id=1 + i % 4) for i in range(number)]
            await emit(session, *events)
        claimed = await first_of(delivery_of(database), key)
        with Statements() as statements:
            await shaping_of(database).made(claimed.attempt, claimed.subscription)
        seen.append(len(statements.seen))
        assert not [it for it in await attempts(database) if not it.body]
    assert seen[0] == seen[1] <= 8


async def test_of_two_workers_one_says_what_is_sent(database: Database) -> None:
    """Whoever of them stores it first, and whatever the other made meanwhile."""
    id_ = await hook(database, "https://hooks.example.org/", document=DOCUMENT)
    await make_users(database, "ann")
    claimed = await first_of(delivery_of(database), id_)
    both = asyncio.Barrier(2)

    class Clashing:
        problem = payloads_of(database).problem

        def __init__(self, body: str) -> None:
            self.body = body

        async def shape(self, document: str, owner_id: int, events: Sequence[Any]) -> list[str]:
            await both.wait()
            return [self.body for _ in events]

    workers = [Shaping(database, Clashing(body), SetClock()) for body in ('"one"', '"two"')]
    made = await asyncio.gather(*(it.made(claimed.attempt, claimed.subscription) for it in workers))
    assert made[0].body == made[1].body == (await attempts(database))[0].body


async def test_what_takes_too_long_is_given_up(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shaping, "_SECONDS", 0.01)
    id_ = await hook(database, "https://hooks.example.org/", document=DOCUMENT)
    await make_users(database, "ann")
    claimed = await first_of(delivery_of(database), id_)

    class Slow:
        problem = payloads_of(database).problem

        async def shape(self, document: str, owner_id: int, events: Sequence[Any]) -> list[str]:
            await asyncio.Future()
            return []

    made = await Shaping(database, Slow(), SetClock()).made(claimed.attempt, claimed.subscription)
    assert made == shaping.Unmade(shaping.TOO_LONG)


async def test_what_is_made_together_is_made_once_though_it_fails(database: Database) -> None:
    id_ = await hook(database, "https://hooks.example.org/", document=DOCUMENT)
    await make_users(database, "ann", "bob", "cid")
    claimed = (await claim(delivery_of(database), id_)).claimed
    made = list[int]()

    class Failing:
        problem = payloads_of(database).problem

        async def shape(self, document: str, owner_id: int, events: Sequence[Any]) -> list[shaping.Unmade]:
            made.append(len(events))
            return [shaping.Unmade("It is not to be.") for _ in events]

    shaped = Shaping(database, Failing(), SetClock())
    found = await asyncio.gather(*(shaped.made(it.attempt, it.subscription) for it in claimed))
    assert found == [shaping.Unmade("It is not to be.")] * 3
    assert made == [3]


async def test_a_subscription_that_goes_while_its_document_is_run_is_told_nothing(database: Database) -> None:
    id_ = await hook(database, "https://hooks.example.org/", document=DOCUMENT)
    await make_users(database, "ann")
    claimed = await first_of(delivery_of(database), id_)

    class Late:
        problem = payloads_of(database).problem

        async def shape(self, document: str, owner_id: int, events: Sequence[Any]) -> list[str]:
            async with database.begin() as connection:
                await connection.execute(delete(WebhookSubscription))
            return ['"late"' for _ in events]

    made = await Shaping(database, Late(), SetClock()).made(claimed.attempt, claimed.subscription)
    assert made == shaping.Unmade(shaping.GONE)


async def test_nobody_else_takes_what_waits_for_its_body(
    database: Database, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = await hook(database, receiver.url(), document=DOCUMENT)
    await make_users(database, "ann")
    delivery = delivery_of(database, IMPATIENT)
    claimed = await first_of(delivery, id_)
    turn = asyncio.Event()

    async def made(shaping: Shaping, *given: Any) -> Any:
        await turn.wait()
        return await whole(shaping, *given)

    whole = Shaping.made
    monkeypatch.setattr(Shaping, "made", made)
    making = asyncio.create_task(make(delivery, claimed))
    ends = claimed.start + dt.timedelta(seconds=IMPATIENT.webhook_lease)
    await until(lambda: is_leased(database, ends + dt.timedelta(seconds=1)))
    assert not (await claim(delivery_of(database), id_)).claimed
    turn.set()
    await making
    assert len(receiver.deliveries) == 1


async def is_leased(database: Database, moment: dt.datetime) -> bool:
    """Whether the only attempt is in somebody's hands until later than a moment."""
    (attempt,) = await attempts(database)
    return attempt.leased_until is not None and attempt.leased_until > moment


def shaping_of(database: Database, settings: Settings = SETTINGS) -> Shaping:
    return Shaping(database, payloads_of(database, settings), SetClock())
