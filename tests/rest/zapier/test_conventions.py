"""Credentials, roles, addresses and representations (Zapier contract 1 to 4)."""

from base64 import b64encode

import pytest

from tests.rest.clients import add_token
from tests.rest.zapier.conftest import (
    ENROLLMENTS,
    PEOPLE,
    ROOT,
    SITE,
    SUBSCRIPTIONS,
    USERS,
    Zapier,
    basic,
    is_fault,
)

WORKSPACE = f"{ROOT}/users/admin.one/zapier"
EVERYBODY = {"resolve_me", "course_search", "user_search"}
ADMINS = EVERYBODY | {"create_user", "subscriptions", "create_subscription", "enroll_user"}


async def test_credentials(zapier: Zapier) -> None:
    path = f"{ROOT}/zapier/resolve_me"
    token = await add_token(zapier.database, "learner")
    bearer = b64encode(f"learner:{token}".encode()).decode()
    other = b64encode(f"root:{token}".encode()).decode()
    for authorization, status in (
        (basic("learner"), 200),
        (f"Bearer {bearer}", 200),
        (f"Bearer {token}", 200),
        (f"Bearer {other}", 401),
        (f"Bearer {b64encode(f'Learner:{token}'.encode()).decode()}", 200),
        (basic("learner", "wrong"), 401),
        ("Basic nonsense", 401),
        ("Bearer nonsense", 401),
        (None, 401),
    ):
        headers = {"authorization": authorization} if authorization else {}
        for script in ({}, {"x-requested-with": "XMLHttpRequest", "x-nti-integration": "zapier"}):
            response = await zapier.http.get(path, headers=headers | script)
            assert response.status_code == status, authorization
            if status == 401:
                assert response.json()["message"]
                asked = None if script else 'Basic realm="NTI"'
                assert response.headers.get("www-authenticate") == asked
            else:
                assert response.json()["Username"] == "learner"


@pytest.mark.parametrize("who", PEOPLE)
async def test_links_of_the_workspace_lead_somewhere(zapier: Zapier, who: str) -> None:
    document = await zapier.json(f"{ROOT}/service", who)
    assert (document["Class"], document["href"]) == ("Service", f"{ROOT}/service")
    (found,) = [item for item in document["Items"] if item["Title"] == "zapier"]
    own = await zapier.json(f"{ROOT}/users/{who.upper()}/zapier", who)
    assert own == {**found, "href": f"{ROOT}/users/{who}/zapier"}
    links = {link["rel"]: link for link in found["Links"]}
    assert links.keys() == (EVERYBODY if who == "learner" else ADMINS)
    for link in links.values():
        assert link["href"].startswith("/dataserver2/") and link["Class"] == "Link"
        response = await zapier.ask(link["method"], link["href"], who)
        assert response.status_code in ({200} if link["method"] == "GET" else {400, 422}), link
    assert (await zapier.get(found["Items"][0]["href"], who)).status_code == 200


async def test_who_may_look_at_whom(zapier: Zapier) -> None:
    for path, allowed in ((f"{ROOT}/users/admin.one", 200), (WORKSPACE, 403)):
        assert (await zapier.get(path, None)).status_code == 401
        assert (await zapier.get(path, "learner")).status_code == 403
        assert (await zapier.get(path, "admin.two")).status_code == allowed
        assert (await zapier.get(path, "admin.one")).status_code == 200
        assert (await zapier.get(path, "root")).status_code == 200
        for who in ("learner", "root"):
            assert (await zapier.get(path.replace("admin.one", "nobody"), who)).status_code == 404
    found = await zapier.json(f"{ROOT}/users/ADMIN.one", "admin.one")
    assert found["Username"] == "admin.one" and found["MimeType"] == "application/vnd.nextthought.user"


async def test_representation(zapier: Zapier) -> None:
    path = f"{ROOT}/zapier/resolve_me"
    own = "application/vnd.nextthought.zapier.userdetails+json"
    for accept, kind in (
        ("application/json", "application/json"),
        ("*/*", own),
        ("application/json, */*", own),
    ):
        response = await zapier.ask("GET", path, "learner", headers={"accept": accept})
        assert response.headers["content-type"] == kind
    body = response.json()
    assert body.pop("CreatedTime").endswith("Z") and len(body.pop("LastLogin")) == 20
    assert body == {
        "Class": "UserDetails",
        "MimeType": "application/vnd.nextthought.zapier.userdetails",
        "Username": "learner",
        "Email": "learner@example.org",
        "Realname": "Zap van Tester",
        "NonI18NFirstName": "Zap",
        "NonI18NLastName": "Tester",
        "LastSeen": "1970-01-01T00:00:00Z",
        "href": path,
    }


async def test_texts_that_nothing_has(shared: Zapier) -> None:
    search, courses = f"{SITE}/authentication/user_search", f"{ROOT}/zapier/course_search"
    for path, query in (
        (f"{search}/{'x' * 5000}", {}),
        (f"{search}/%00%00%00", {}),
        (courses, {"filter": "x" * 5000}),
        (courses, {"filter": "\x00"}),
    ):
        assert (await shared.json(path, **query))["Items"] == [], path
    query = dict.fromkeys(("sortOn", "sortOrder", "filterOperator"), "\x00")
    assert (await shared.json(courses, **query))["Items"] == (await shared.json(courses))["Items"]
    many = await shared.get(courses, filter=",".join("a" * 101))
    assert is_fault(many, 400, field="filter", message="filter: at most 100 texts")


async def test_addresses_that_are_none(zapier: Zapier) -> None:
    for path in (
        f"{ROOT}/nowhere",
        f"{SITE.replace('lyceum', 'other')}/authentication/user_search/abc",
        f"{SITE}/WebhookSubscriptionManager/nonsense",
        f"{SITE}/WebhookSubscriptionManager/6f1f1ed3-0d3f-4d8a-8b0e-0f6a0f6a0f6a",
        f"{SITE}/WebhookSubscriptionManager/6f1f1ed3-0d3f-4d8a-8b0e-0f6a0f6a0f6a/DeliveryHistory",
    ):
        response = await zapier.get(path)
        assert response.status_code == 404 and response.json()["message"], path
    encoded = f"{SITE}/authentication/user_search/adm".replace("+", "%2B")
    assert len((await zapier.json(encoded))["Items"]) == 3
    for path in (f"{SUBSCRIPTIONS}/user/created", USERS, ENROLLMENTS):
        assert (await zapier.ask("POST", path, None)).status_code == 401
