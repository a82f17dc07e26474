"""Delivery, the same on both databases: what is sent, when, how often, and what is kept of it."""

import orjson

from app.db.engine import Database
from app.vocabulary import AttemptStatus
from tests.webhooks.conftest import attempts, hook, make_users, until, working
from tests.webhooks.receivers import Receiver


async def test_an_event_is_told_once_and_what_was_sent_is_kept(
    database: Database, receiver: Receiver
) -> None:
    await hook(database, receiver.url("/a?b=c"))
    async with working(database):
        await make_users(database, "ann")
        await until(lambda: receiver.deliveries)
        await until(lambda: _are_resolved(database))
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


async def _are_resolved(database: Database) -> bool:
    return all(it.status != AttemptStatus.PENDING for it in await attempts(database))
