"""Subscriptions of webhooks through GraphQL: what whom is allowed, and what comes of it."""

from collections.abc import AsyncIterator
from typing import Any

import jsonschema_rs
import orjson
import pytest
from sqlalchemy import select
from sqlmodel import col

from app.db.engine import Database
from app.db.models import AuditEntry
from app.vocabulary import WebhookEvent
from app.webhooks.catalogue import CATALOGUE
from app.webhooks.subscriptions import PAUSED
from schema.relay import decode_id, encode_id
from tests.graphql.clients import LEARNER_KEY, STAFF_KEY, Client, Statements, add_user, client_of
from tests.webhooks.conftest import attempts, make_users, subscription_of, until, working
from tests.webhooks.conftest import receiver as receiver
from tests.webhooks.receivers import Receiver
from tests.webhooks.test_signatures import verifies

ROOT_KEY, OTHER_KEY = "root-key-0123456789", "other-key-0123456789"
KEYS = {"owner": STAFF_KEY, "other": OTHER_KEY, "root": ROOT_KEY, "learner": LEARNER_KEY}
ERRORS = "__typename ... on Error { message } ... on ValidationError { field }"
SUBSCRIPTION = "subscription { id uuid target isActive status isOrdered requestsPerSecond signature eventType owner { username } }"
SUBSCRIBE = f"""mutation ($input: WebhookSubscribeInput!) {{ done: webhookSubscribe(input: $input) {{
  {ERRORS} ... on WebhookKeyIssued {{ secret {SUBSCRIPTION} }} }} }}"""
UPDATE = f"""mutation ($input: WebhookUpdateInput!) {{ done: webhookUpdate(input: $input) {{
  {ERRORS} ... on WebhookSaved {{ {SUBSCRIPTION} }} }} }}"""
ROTATE = f"""mutation ($input: WebhookRotateSecretInput!) {{ done: webhookRotateSecret(input: $input) {{
  {ERRORS} ... on WebhookKeyIssued {{ secret subscription {{ previousUntil signature }} }} }} }}"""
UNSUBSCRIBE = f"""mutation ($input: WebhookUnsubscribeInput!) {{ done: webhookUnsubscribe(input: $input) {{
  {ERRORS} ... on WebhookRemoved {{ removedId }} }} }}"""
TEST = f"""mutation ($input: WebhookTestInput!) {{ done: webhookTest(input: $input) {{
  {ERRORS} ... on WebhookStarted {{ attempt {{ id webhookId status body }} }} }} }}"""
REPLAY = TEST.replace("Test", "Replay")
HISTORY = """query ($id: ID!) { node(id: $id) { ... on WebhookSubscription { attempts(orderBy: [{field: CREATED}]) {
  totalCount nodes { id webhookId tryNumber status message body sentAt dueAt resolvedAt requestUrl requestHeaders
    respondedAt elapsed responseStatus responseReason responseHeaders responseContent subscription { target } } } } } }"""
PATHS = (
    (
        "{ webhookSubscriptions { totalCount nodes { target } } }",
        {"totalCount": 1, "nodes": [{"target": "T"}]},
    ),
    ("{ webhookSubscription(uuid: UUID) { target } }", {"target": "T"}),
    ("{ node(id: ID) { ... on WebhookSubscription { target } } }", {"target": "T"}),
    (
        "{ node(id: ATTEMPT) { ... on DeliveryAttempt { subscription { target } } } }",
        {"subscription": {"target": "T"}},
    ),
)


@pytest.fixture
async def client(database: Database) -> AsyncIterator[Client]:
    await add_user(database, "owner", STAFF_KEY, is_staff=True)
    await add_user(database, "other", OTHER_KEY, is_staff=True)
    await add_user(database, "root", ROOT_KEY, is_superuser=True)
    await add_user(database, "learner", LEARNER_KEY)
    async with client_of(database, webhook_allow_private_targets=True, cost_per_minute=0) as client:
        yield client


async def do(client: Client, mutation: str, who: str, **values: Any) -> Any:
    return (await client.ask(mutation, {"input": values}, key=KEYS[who]))["done"]


async def test_a_life(client: Client, database: Database, receiver: Receiver) -> None:
    made = await do(client, SUBSCRIBE, "owner", eventType="USER_CREATED", target=receiver.url())
    subscription = made["subscription"]
    id_, key = subscription["id"], decode_id(subscription["id"])[1]
    assert (subscription["isActive"], subscription["status"], subscription["owner"]) == (
        *(True, "Active"),
        {"username": "owner"},
    )
    assert subscription["signature"] == "HMAC"
    async with working(database):
        await make_users(database, "ann")
        await until(lambda: receiver.deliveries)
        sample = await do(client, TEST, "owner", id=id_)
        await until(lambda: len(receiver.deliveries) == 2)
        rotated = await do(client, ROTATE, "owner", id=id_, overlapHours=1, signature="ED25519")
        assert rotated["subscription"]["signature"] == "ED25519"
        await until(lambda: resolved(database))
        first = (await history(client, id_))["nodes"][0]
        again = await do(client, REPLAY, "owner", id=first["id"])
        await until(lambda: len(receiver.deliveries) == 3)
        await until(lambda: resolved(database))
    one, test, replayed = receiver.deliveries
    assert (one.data["Username"], test.data["Username"]) == ("ann", "owner")
    assert replayed.webhook_id == one.webhook_id != test.webhook_id
    assert replayed.body == one.body
    assert sample["attempt"]["webhookId"] == test.webhook_id
    assert again["attempt"]["webhookId"] == one.webhook_id
    for delivery, secrets in ((one, [made]), (test, [made]), (replayed, [made, rotated])):
        for it in secrets:
            assert verifies(it["secret"], delivery.headers, delivery.body.decode())
    found = await history(client, id_)
    assert found["totalCount"] == 3
    kept = found["nodes"][0]
    assert (kept["status"], kept["message"], kept["responseStatus"], kept["responseContent"]) == (
        *("SUCCESSFUL", "200 OK", 200),
        "",
    )
    assert {name.lower(): text for name, text in kept["requestHeaders"].items()} == one.headers
    saved = await do(client, UPDATE, "owner", id=id_, isActive=False, requestsPerSecond=2.5, isOrdered=True)
    assert saved["subscription"]["status"] == PAUSED
    assert saved["subscription"]["requestsPerSecond"] == 2.5
    assert (await do(client, TEST, "owner", id=id_))["message"] == "The subscription is not active"
    saved = await do(client, UPDATE, "owner", id=id_, isActive=True, requestsPerSecond=None, isOrdered=False)
    assert (saved["subscription"]["status"], saved["subscription"]["requestsPerSecond"]) == ("Active", None)
    stored = await subscription_of(database, key)
    assert made["secret"].removeprefix("whsec_") not in repr(stored)
    assert await do(client, UNSUBSCRIBE, "owner", id=id_) == {
        "__typename": "WebhookRemoved",
        "removedId": id_,
    }
    assert (await do(client, UNSUBSCRIBE, "owner", id=id_))["__typename"] == "NotFound"
    assert await attempts(database) == []
    async with database.session() as session:
        acts = await session.scalars(select(col(AuditEntry.action)).order_by(col(AuditEntry.id)))
    assert [act.removeprefix("webhook.") for act in acts] == [
        *("subscribe", "rotate", "update", "update", "unsubscribe")
    ]


async def test_who_sees_and_changes_what(client: Client, database: Database) -> None:
    """Owners their own, superusers all; other staff see nothing of it, along no path."""
    made = await do(client, SUBSCRIBE, "owner", eventType="USER_CREATED", target="https://example.org/")
    id_, uuid = made["subscription"]["id"], made["subscription"]["uuid"]
    await make_users(database, "ann")
    (attempt,) = await attempts(database)
    attempt_id = encode_id("DeliveryAttempt", attempt.id)
    for who, sees in (("owner", True), ("root", True), ("other", False), ("learner", False)):
        for path, answer in PATHS:
            query = (
                path.replace("UUID", f'"{uuid}"')
                .replace("ID)", f'"{id_}")')
                .replace("ATTEMPT", f'"{attempt_id}"')
            )
            (found,) = (await client.ask(query, key=KEYS[who])).values()
            expected = orjson.loads(orjson.dumps(answer).replace(b'"T"', b'"https://example.org/"'))
            assert found == (
                expected if sees else {"totalCount": 0, "nodes": []} if "totalCount" in path else None
            )
        if not sees:
            for mutation in (UPDATE, ROTATE, TEST, UNSUBSCRIBE):
                assert (await do(client, mutation, who, id=id_))["__typename"] == "NotFound"
            assert (await do(client, REPLAY, who, id=attempt_id))["__typename"] == "NotFound"
    refused = await do(client, SUBSCRIBE, "learner", eventType="USER_CREATED", target="https://example.org/")
    assert refused["__typename"] == "NotPermitted"
    assert (await do(client, REPLAY, "owner", id=attempt_id))["message"] == "It is still to be delivered"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"target": "https://u:p@example.org"}, "target"),
        ({"target": ""}, "target"),
        ({"target": "ftp://example.org"}, "target"),
        ({"target": "https://example.org/" + "a" * 2000}, "target"),
        ({"requestsPerSecond": 0}, "requestsPerSecond"),
        ({"requestsPerSecond": -1}, "requestsPerSecond"),
        ({"requestsPerSecond": 1000.1}, "requestsPerSecond"),
    ],
)
async def test_what_is_refused(client: Client, values: dict[str, Any], field: str) -> None:
    given = {"eventType": "USER_CREATED", "target": "https://example.org"}
    for _ in range(2):
        answer = await do(client, SUBSCRIBE, "owner", **given | values)
        assert (answer["__typename"], answer["field"]) == ("ValidationError", field)
    made = await do(client, SUBSCRIBE, "owner", **given)
    answer = await do(client, UPDATE, "owner", id=made["subscription"]["id"], **values)
    assert (answer["__typename"], answer["field"]) == ("ValidationError", field)
    for hours in (-1, 721, 2**31 - 1):
        answer = await do(client, ROTATE, "owner", id=made["subscription"]["id"], overlapHours=hours)
        assert (answer["__typename"], answer["field"]) == ("ValidationError", "overlapHours")


async def test_samples_and_the_catalogue_agree(client: Client, database: Database) -> None:
    answer = await client.ask("{ webhookEvents { type description schema } }")
    published = {it["type"]: it["schema"] for it in answer["webhookEvents"]}
    assert list(published.values()) == [entry.schema for entry in CATALOGUE.values()]
    for event in WebhookEvent:
        made = await do(client, SUBSCRIBE, "owner", eventType=event.name, target="https://example.org/")
        sample = await do(client, TEST, "owner", id=made["subscription"]["id"])
        jsonschema_rs.validator_for(published[event.name]).validate(orjson.loads(sample["attempt"]["body"]))


async def test_the_number_of_statements_does_not_grow(client: Client, database: Database) -> None:
    query = "{ webhookSubscriptions { nodes { target owner { username } attempts { nodes { status message } } } } }"
    seen = []
    for number in (1, 5):
        for _ in range(number):
            await do(client, SUBSCRIBE, "owner", eventType="USER_CREATED", target="https://example.org/")
        await make_users(database, *(f"user-{number}-{it}" for it in range(number)))
        with Statements() as statements:
            await client.ask(query, key=STAFF_KEY)
        seen.append(len(statements.seen))
    assert seen[0] == seen[1]


async def test_what_waits_is_started_when_order_is_given_up(
    client: Client, database: Database, receiver: Receiver
) -> None:
    made = await do(
        client, SUBSCRIBE, "owner", eventType="USER_CREATED", target=receiver.url(), isOrdered=True
    )
    await make_users(database, "ann", "bob")
    async with database.begin() as connection:
        await connection.exec_driver_sql("UPDATE delivery_attempt SET due_at = NULL, subject = 'user:1'")
    await do(client, UPDATE, "owner", id=made["subscription"]["id"], isOrdered=False)
    assert [it.due_at is None for it in await attempts(database)] == [False, False]
    async with working(database):
        await until(lambda: len(receiver.deliveries) == 2)


async def resolved(database: Database) -> bool:
    return all(it.status != "pending" for it in await attempts(database))


async def history(client: Client, id_: str) -> Any:
    return (await client.ask(HISTORY, {"id": id_}, key=STAFF_KEY))["node"]["attempts"]
