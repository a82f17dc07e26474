"""What becomes of events: points 5 and 6 of section 13 of the Zapier contract, seen through the API."""

import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.db.engine import Database
from app.db.models import Event
from app.settings import Settings
from app.vocabulary import WebhookEvent
from app.webhooks.emit import emit
from app.webhooks.exchange import REFUSED, UNREACHABLE
from tests.rest.zapier.conftest import SUBSCRIPTIONS, Zapier, zapier_of
from tests.webhooks.conftest import attempts, make_users, until, working
from tests.webhooks.receivers import Delivery, Receiver, answer
from tests.webhooks.test_delivery import Failing

LOCAL = Settings(webhook_allow_private_targets=True, webhook_retries=False, webhook_lease=1)
PUBLIC = Settings(webhook_retries=False, webhook_lease=1)


@pytest.fixture
async def zapier(database: Database, tmp_path: Path) -> AsyncIterator[Zapier]:
    """An application that lets webhooks be sent to this machine."""
    async with zapier_of(database, tmp_path, webhook_allow_private_targets=True) as it:
        yield it


def closed_port() -> int:
    """A port that refuses connections."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


async def history(zapier: Zapier, subscription: Any, **query: Any) -> Any:
    """The history of a subscription."""
    return await zapier.json(f"{subscription['href']}/DeliveryHistory", **query)


async def all_resolved(database: Database) -> bool:
    return all(it.resolved_at for it in await attempts(database))


async def test_13_05_history(zapier: Zapier, database: Database, receiver: Receiver) -> None:
    def reply(delivery: Delivery) -> bytes:
        code = delivery.path.lstrip("/")
        return answer(
            {"200": "200 OK", "403": "403 Forbidden", "302": "302 Found"}[code], b"said", location="/200"
        )

    receiver.answer = reply
    hooks = {code: await zapier.subscribe(target=receiver.url(f"/{code}")) for code in ("200", "403", "302")}
    hooks["refused"] = await zapier.subscribe(target=f"http://127.0.0.1:{closed_port()}/")
    await make_users(database, "first")
    async with working(database, LOCAL):
        await until(lambda: all_resolved(database))
    assert sorted(it.path for it in receiver.deliveries) == ["/200", "/302", "/403"]

    outcomes = {
        "200": ("successful", "200 OK"),
        "403": ("failed", "403 Forbidden"),
        "302": ("failed", "302 Found"),
        "refused": ("failed", UNREACHABLE),
    }
    for name, outcome in outcomes.items():
        page = await history(zapier, hooks[name])
        assert (page["Class"], page["Total"], page["ItemCount"], page["BatchPage"]) == (
            "SubscriptionDeliveryHistory",
            1,
            1,
            1,
        )
        (attempt,) = page["Items"]
        assert (attempt["status"], attempt["message"]) == outcome
        links = {link["rel"]: link["href"] for link in attempt["Links"]}
        assert links.keys() == {"delivery_request"} | ({"delivery_response"} if name != "refused" else set())
        assert await zapier.json(attempt["href"]) == attempt
        sent = await zapier.json(links["delivery_request"])
        if name == "refused":
            assert [sent[member] for member in ("url", "headers", "body", "method")] == [
                None,
                None,
                None,
                "POST",
            ]
            assert (await zapier.get(f"{attempt['href']}/Response")).status_code == 404
            continue
        assert (sent["method"], sent["url"]) == ("POST", hooks[name]["Target"])
        (got,) = [it for it in receiver.deliveries if it.path == f"/{name}"]
        assert sent["body"].encode() == got.body
        assert {key.lower(): value for key, value in sent["headers"].items()} == got.headers
        back = await zapier.json(links["delivery_response"])
        assert (back["status_code"], back["content"]) == (int(name), "said")
        assert f"{back['status_code']} {back['reason']}" == outcome[1]
        assert back["elapsed"].startswith("PT") and back["headers"]

    for subscription in hooks.values():
        assert (await zapier.ask("DELETE", subscription["href"])).status_code == 204
    kept = await zapier.subscribe(target=receiver.url("/200"))
    await make_users(database, "second")
    async with working(database, PUBLIC):
        await until(lambda: all_resolved(database))
    await make_users(database, "third")
    assert len(receiver.deliveries) == 3
    forbidden, pending = (await history(zapier, kept))["Items"]
    assert (forbidden["status"], forbidden["message"]) == ("failed", REFUSED)
    assert (pending["status"], pending["message"]) == ("pending", None)
    assert pending["Last Modified"] == pending["CreatedTime"]
    for attempt in (forbidden, pending):
        sent = await zapier.json(f"{attempt['href']}/Request")
        assert [sent[name] for name in ("url", "headers", "body", "method")] == [None, None, None, "POST"]
        assert (await zapier.get(f"{attempt['href']}/Response")).status_code == 404

    async with working(database, LOCAL):
        await until(lambda: all_resolved(database))
    for search, found in (
        ("OK", 1),
        ("ok", 1),
        ("domain", 1),
        ("nothing", 0),
        ("\x00", 0),
        ("_", 0),
        ("", 2),
    ):
        page = await history(zapier, kept, search=search, batchSize=1)
        assert (page["Total"], page["ItemCount"]) == (found, min(found, 1)), search
    statuses = [it["status"] for it in (await history(zapier, kept, sortOn="status"))["Items"]]
    assert statuses == ["failed", "successful"]


async def test_13_06_limits(zapier: Zapier, database: Database, receiver: Receiver) -> None:
    failing = Failing(database, receiver, retries=False)
    await failing.begin()

    async def state() -> tuple[bool, str, int]:
        (item,) = (await zapier.json(SUBSCRIPTIONS))["Items"]
        return item["Active"], item["Status"], (await history(zapier, item, batchSize=100))["Total"]

    for _ in range(60):
        await failing.event("200 OK")
    assert await state() == (True, "Active", 50)
    for _ in range(49):
        await failing.event("403 Forbidden")
    assert await state() == (True, "Active", 50)
    await failing.event("403 Forbidden")
    assert await state() == (False, "Delivery suspended due to too many delivery failures.", 50)

    await zapier.subscribe(target=receiver.url("/never"))
    with pytest.raises(ZeroDivisionError):
        async with database.session() as session:
            await emit(session, Event(type=WebhookEvent.USER_CREATED, user_id=1))
            raise ZeroDivisionError
    for item in (await zapier.json(SUBSCRIPTIONS))["Items"]:
        assert (await history(zapier, item))["Total"] == (0 if item["Active"] else 50)
