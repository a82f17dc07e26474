"""Subscriptions (Zapier contract 5): points 2, 4 and 7 of section 13."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.db.engine import Database
from app.db.models import DeliveryAttempt, WebhookSubscription, now
from tests.graphql.clients import Statements
from tests.rest.zapier.conftest import HOOK, PEOPLE, SITE, SUBSCRIPTIONS, Zapier, is_fault

CREATED = f"{SUBSCRIPTIONS}/user/created"
EVENTS = ("user/created", "user/enrolled", "course/created", "course/progress_updated")


@pytest.mark.parametrize("event", EVENTS)
async def test_subscribing(zapier: Zapier, event: str) -> None:
    response = await zapier.ask("POST", f"{SUBSCRIPTIONS}/{event}", "admin.one", json={"target": HOOK})
    made = response.json()
    assert response.status_code == 201 and response.headers["location"] == made["href"]
    assert made["href"].startswith(f"{SITE}/WebhookSubscriptionManager/")
    assert made.pop("CreatedTime").endswith("Z") and made.pop("Id").startswith(
        "tag:nextthought.com,2011-10:OID-"
    )
    assert made == {
        "Class": "WebhookSubscription",
        "MimeType": "application/vnd.nextthought.webhooks.webhooksubscription",
        "EventType": event.replace("/", "."),
        "Target": HOOK,
        "OwnerId": "admin.one",
        "Active": True,
        "Status": "Active",
        "href": made["href"],
        "Links": [
            {"Class": "Link", "rel": "delivery_history", "href": f"{made['href']}/DeliveryHistory"},
            {"Class": "Link", "rel": "delete", "href": made["href"], "method": "DELETE"},
        ],
    }


async def test_what_may_be_subscribed(zapier: Zapier) -> None:
    await zapier.subscribe(target="https://hooks.example.org:8443/1")
    first, second = [await zapier.subscribe() for _ in range(2)]
    assert first["Id"] != second["Id"] and first["href"] != second["href"]
    response = await zapier.ask(
        "POST", CREATED, content=f'{{"target": "{HOOK}", "more": 1}}', headers={"content-type": "text/plain"}
    )
    assert response.status_code == 201
    # What the query says does not count beside a body.
    response = await zapier.ask("POST", f"{CREATED}?target=https://other.example.org/", json={"target": HOOK})
    assert response.json()["Target"] == HOOK


async def test_13_02_addresses_are_paths_and_deleting_is_final(zapier: Zapier) -> None:
    made = await zapier.subscribe()
    hrefs = [made["href"], *(link["href"] for link in made["Links"])]
    assert all(href.startswith("/dataserver2/") for href in hrefs)
    assert await zapier.json(made["href"]) == made
    old = {"if-unmodified-since": "Thu, 01 Jan 1970 00:00:00 GMT"}
    assert is_fault(await zapier.ask("DELETE", made["href"], headers=old), 412)
    response = await zapier.ask("DELETE", made["href"], headers={"if-unmodified-since": "no date"})
    assert (response.status_code, response.content) == (204, b"")
    for method, href in (("DELETE", made["href"]), ("GET", made["href"]), ("GET", hrefs[1])):
        assert (await zapier.ask(method, href)).status_code == 404


async def test_13_04_pages(zapier: Zapier) -> None:
    made = [(await zapier.subscribe(target=f"{HOOK}{number}"))["Id"] for number in range(7)]
    page = await zapier.json(SUBSCRIPTIONS, batchsize=3, sortOn="target", other="ä b")
    walked, pages = [], []
    while True:
        pages.append(page)
        walked += [item["Id"] for item in page["Items"]]
        assert (page["Total"], page["ItemCount"], page["BatchPage"]) == (7, len(page["Items"]), len(pages))
        links = {link["rel"]: link["href"] for link in page.get("Links", ())}
        assert ("batch-prev" in links) is (len(pages) > 1)
        if "batch-next" not in links:
            break
        page = await zapier.json(links["batch-next"])
    assert walked == made
    assert [link["rel"] for link in pages[0]["Links"]] == ["batch-next"]
    assert pages[0]["Links"][0]["href"] == (
        f"{SUBSCRIPTIONS}?batchSize=3&batchStart=3&other=%C3%A4%20b&sortOn=target"
    )
    back = [page["Items"]]
    while "batch-prev" in links:
        page = await zapier.json(links["batch-prev"])
        back.append(page["Items"])
        links = {link["rel"]: link["href"] for link in page["Links"]}
    assert [item["Id"] for items in reversed(back) for item in items] == made
    beyond = await zapier.json(SUBSCRIPTIONS, batchStart=7)
    assert (beyond["Items"], beyond["ItemCount"], beyond["Total"]) == ([], 0, 7) and "Links" not in beyond
    assert "Links" not in await zapier.json(SUBSCRIPTIONS)
    for name, value in (("batchSize", "0"), ("batchSize", "-1"), ("batchSize", "x"), ("batchStart", "-1")):
        assert is_fault(await zapier.get(SUBSCRIPTIONS, **{name: value}), 400)
    assert is_fault(await zapier.get(SUBSCRIPTIONS, batchStart="x"), 400)
    assert is_fault(await zapier.get(SUBSCRIPTIONS, batchSize=""), 400)


async def test_orders_of_the_list(zapier: Zapier, database: Database) -> None:
    for who, target in (("root", "c"), ("admin.two", "a"), ("admin.one", "B")):
        await zapier.subscribe(who=who, target=HOOK + target)
    async with database.session() as session:
        off = update(WebhookSubscription).where(col(WebhookSubscription.target) == f"{HOOK}a")
        await session.execute(off.values(is_active=False, status="Delivery suspended"))
    for sort, targets in (
        ("createdTime", "caB"),
        ("nonsense", "caB"),
        ("owner", "Bac"),
        ("owner_id", "Bac"),
        ("TARGET", "Bac"),
        ("to", "Bac"),
        ("active", "acB"),
        ("status", "cBa"),
        ("Status_Message", "cBa"),
    ):
        # Ties stay in the order in which they were made.
        back = {"acB": "cBa", "cBa": "acB"}.get(targets, targets[::-1])
        for order, shown in (("ascending", targets), ("DESCENDING", back)):
            page = await zapier.json(SUBSCRIPTIONS, sortOn=sort, sortOrder=order)
            assert "".join(item["Target"].removeprefix(HOOK) for item in page["Items"]) == shown, sort


async def test_13_07_who_sees_whose(zapier: Zapier, database: Database) -> None:
    made = {who: await zapier.subscribe(who=who) for who in ("root", "admin.one", "admin.two")}
    async with database.session() as session:
        for subscription in made.values():
            await _add_attempt(session, subscription)
    for who in PEOPLE:
        seen: set[str] = {"root": set(made), "learner": set()}.get(who, {who})
        listed = await zapier.get(SUBSCRIPTIONS, who)
        if who == "learner":
            assert is_fault(listed, 403)
        else:
            assert {item["OwnerId"] for item in listed.json()["Items"]} == seen
        for owner, subscription in made.items():
            status = 200 if owner in seen else 403
            history = f"{subscription['href']}/DeliveryHistory"
            assert (await zapier.get(subscription["href"], who)).status_code == status
            answer = await zapier.get(history, who)
            assert answer.status_code == status
            (attempt,) = (await zapier.json(history, owner))["Items"]
            for href in (attempt["href"], attempt["Links"][0]["href"]):
                assert (await zapier.get(href, who)).status_code == status
            if status == 403:
                assert (await zapier.ask("DELETE", subscription["href"], who)).status_code == 403
    assert (await zapier.ask("DELETE", made["admin.two"]["href"])).status_code == 204
    # An attempt is found at its own subscription only.
    (attempt,) = (await zapier.json(f"{made['root']['href']}/DeliveryHistory"))["Items"]
    wrong = attempt["href"].replace(made["root"]["href"], made["admin.one"]["href"])
    assert (await zapier.get(wrong)).status_code == 404
    assert (await zapier.get(f"{made['root']['href']}/nonsense")).status_code == 404


async def _add_attempt(session: AsyncSession, subscription: Any) -> None:
    uuid = UUID(subscription["href"].rpartition("/")[2])
    named = select(col(WebhookSubscription.id)).where(col(WebhookSubscription.uuid) == uuid)
    id_ = await session.scalar(named)
    assert id_ is not None
    session.add(DeliveryAttempt(subscription_id=id_, webhook_id="msg", body="{}", due_at=now()))


async def test_statements_do_not_grow_with_what_is_listed(zapier: Zapier) -> None:
    async def statements() -> int:
        with Statements() as counted:
            await zapier.json(SUBSCRIPTIONS)
        return len(counted.seen)

    await zapier.subscribe(who="admin.one")
    few = await statements()
    for who in ("admin.two", "root", "root", "admin.one"):
        await zapier.subscribe(who=who)
    assert await statements() == few
