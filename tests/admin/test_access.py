"""Who gets in, and by which door (Enrollment contract 3.5)."""

import datetime as dt
import logging
from typing import Any

import httpx
import pytest
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import SessionTransaction

from app.auth.secrets import hash_key
from app.auth.sessions import csrf_token
from app.db.engine import Database
from app.db.models import BrowserSession, User
from app.errors import Unavailable
from tests.admin.clients import ORIGIN, Browser, audit_log, rows
from tests.admin.conftest import RUN
from tests.oauth.clients import ADDRESS, PASSWORD, MovingClock, change_user, oauth_of

PAGES = (
    *("user", "client", "access-token", "course-staff", "audit-entry", "enterprise-customer"),
    *("enterprise-catalog", "enterprise-learner", "role-assignment"),
)
FORMS = (
    "/admin/user/create",
    "/admin/user/edit/1",
    "/admin/user/password/1",
    "/admin/client/create",
    "/admin/client/edit/1",
    "/admin/client/rotate/1",
    "/admin/access-token/create",
    "/admin/access-token/revoke/1",
    "/admin/course-staff/create",
    "/admin/course-staff/remove/1;1",
)
ENTERPRISE_FORMS = (
    "/admin/enterprise-customer/create",
    "/admin/enterprise-customer/edit/1",
    "/admin/enterprise-catalog/create",
    "/admin/enterprise-catalog/edit/1",
    *(f"/admin/enterprise-catalog/{act}/1" for act in ("items", "remove", "refresh", "delete")),
    "/admin/enterprise-learner/create",
    *(f"/admin/enterprise-learner/{act}/1" for act in ("link", "unlink")),
    "/admin/role-assignment/create",
    "/admin/role-assignment/revoke/1",
)


async def test_the_addresses_lead_to_the_pages_by_way_of_the_log_in(stranger: Browser) -> None:
    for path, page in {
        "/admin": "/admin/",
        "/admin/": "/admin/",
        "/admin/auth/user/": "/admin/user/list",
        "/admin/auth/user": "/admin/user/list",
        "/admin/auth/user/add/": "/admin/user/create",
        "/admin/oauth2/client": "/admin/client/list",
        "/admin/oauth2/client/": "/admin/client/list",
        "/admin/oauth2/accesstoken/": "/admin/access-token/list",
        "/admin/oauth2/accesstoken/add/": "/admin/access-token/create",
        "/admin/user/list?search=a%26b": "/admin/user/list?search=a%26b",
    }.items():
        stranger.http.cookies.clear()
        response = await stranger.http.get(path, follow_redirects=True)
        assert (response.status_code, response.url.path) == (200, "/admin/login")
        entered = await stranger.log_in("root", next=str(response.url.query, "ascii").removeprefix("next="))
        assert (entered.status_code, entered.headers["location"]) == (303, page)
        assert "Logged in as root" in await stranger.open(page)


async def test_every_page_and_form_is_closed_to_strangers_and_to_who_is_no_superuser(
    stranger: Browser, database: Database
) -> None:
    before = await rows(database, User)
    paths = ["/admin/", *(f"/admin/{page}/list" for page in PAGES), "/admin/user/details/1", *FORMS]
    paths += ENTERPRISE_FORMS
    for username, status in (("", 303), ("sam", 403), ("ada", 403)):
        if username:
            assert (await stranger.log_in(username)).status_code == 303
        for path in paths:
            response = await stranger.http.get(path)
            if response.status_code != 405:
                assert response.status_code == status, path
                assert "example.com" not in response.text
        for path in (*FORMS, *ENTERPRISE_FORMS):
            assert (await stranger.send(path, username="eve")).status_code == status, path
    assert "ada is no superuser" in (await stranger.http.get("/admin/")).text
    changed = {"ada", "sam"}
    assert [row for row in await rows(database, User) if row.username not in changed] == [
        row for row in before if row.username not in changed
    ]


async def test_a_log_in_is_a_session_of_which_only_the_hash_is_stored(
    stranger: Browser, database: Database, clock: MovingClock
) -> None:
    response = await stranger.log_in("ada@example.com")
    cookies = response.headers.get_list("set-cookie")
    cookie = stranger.http.cookies["sessionid"]
    assert len(cookie) == 43
    for text, http_only in zip(cookies, (True, False), strict=True):
        assert ("HttpOnly" in text) is http_only
        assert "SameSite=lax" in text and "Path=/" in text and "Max-Age=43200" in text
        assert "Secure" not in text
    (session,) = await rows(database, BrowserSession)
    assert session.token_hash == hash_key(cookie)
    assert session.expires == clock() + dt.timedelta(hours=12)
    (ada,) = [user for user in await rows(database, User) if user.username == "ada"]
    assert ada.last_login == clock()
    assert await audit_log(database) == [("ada", "user.log_in", "ada", {})]


async def test_cookies_are_secure_where_the_request_is(database: Database) -> None:
    async with oauth_of(database, trusted_proxies=f"{ADDRESS}/32") as client:
        headers = {"origin": "https://lyceum.test", "x-forwarded-proto": "https"}
        form = {"username": "root", "password": PASSWORD}
        response = await client.http.post("/admin/login", data=form, headers=headers)
        assert all("Secure" in text for text in response.headers.get_list("set-cookie"))


async def test_a_wrong_log_in_is_a_line_in_the_log(
    stranger: Browser, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    texts = set()
    unknown = "an unknown user"
    for username, password, named in (
        ("root", "wrong", "root"),
        ("ada@example.com", "wrong", "ada"),
        ("off", PASSWORD, "off"),
        ("twins@example.com", PASSWORD, unknown),
        ("a password", "root", unknown),
        ("", "", unknown),
    ):
        caplog.clear()
        response = await stranger.log_in(username, password)
        assert response.status_code == 400
        texts.add(response.text)
        assert f"failed log-in as {named} from {ADDRESS}" in caplog.text
        assert named == username or not username or username not in caplog.text
        assert not password or password not in caplog.text
    assert len(texts) == 1 and "do not fit" in texts.pop()
    assert await audit_log(database) == await rows(database, BrowserSession) == []


async def test_passwords_are_limited_at_this_door_as_at_the_other(
    database: Database, clock: MovingClock
) -> None:
    async with oauth_of(database, clock) as client:
        browser = Browser(client.http)
        for _ in range(10):
            assert (await browser.log_in("root", "wrong")).status_code == 400
        response = await browser.log_in("root")
        assert (response.status_code, response.headers["retry-after"]) == (429, "300")
        assert "Too many attempts" in response.text
        clock.move(300)
        assert (await browser.log_in("root")).status_code == 303


async def test_nothing_leads_to_another_site(stranger: Browser) -> None:
    for wanted in ("https://evil.example/", "//evil.example/", "/\\evil.example", "/graphql", "admin"):
        response = await stranger.log_in("root", next=wanted)
        assert (response.status_code, response.headers["location"]) == (303, "/admin/")


async def test_log_out_ends_the_session(browser: Browser, database: Database) -> None:
    cookie = browser.http.cookies["sessionid"]
    assert (await browser.http.get("/admin/logout")).status_code == 405
    response = await browser.send("/admin/logout")
    assert (response.status_code, response.headers["location"]) == (303, "/admin/login")
    assert dict(browser.http.cookies) == {}
    assert await rows(database, BrowserSession) == []
    browser.http.cookies.set("sessionid", cookie)
    assert (await browser.http.get("/admin/")).status_code == 303
    assert [entry[1] for entry in await audit_log(database)] == ["user.log_in", "user.log_out"]


async def test_another_log_in_takes_the_place_of_the_session(browser: Browser, database: Database) -> None:
    cookie = browser.http.cookies["sessionid"]
    assert (await browser.log_in("ada", "wrong")).status_code == 400
    assert (await browser.http.get("/admin/")).status_code == 200
    assert (await browser.log_in("root")).status_code == 303
    (session,) = await rows(database, BrowserSession)
    assert session.token_hash == hash_key(browser.http.cookies["sessionid"]) != hash_key(cookie)


async def test_what_is_rolled_back_leaves_no_line_in_the_log(
    browser: Browser, database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    form = {"username": "eve", "active": "y"}
    with monkeypatch.context() as patch:
        patch.setattr(SessionTransaction, "commit", busy)
        assert (await browser.send("/admin/user/create", **form)).status_code == 503
    assert "user.create" not in caplog.text
    await browser.done("/admin/user/create", **form)
    assert caplog.text.count("root: user.create eve") == 1


async def test_a_session_ends_in_time_and_is_purged_at_the_next_log_in(
    browser: Browser, database: Database, clock: MovingClock
) -> None:
    clock.move(12 * 3600 - 1)
    assert (await browser.http.get("/admin/")).status_code == 200
    clock.move(1)
    assert (await browser.http.get("/admin/")).status_code == 303
    await browser.log_in("ada")
    assert len(await rows(database, BrowserSession)) == 1


@pytest.mark.parametrize("change", [{"is_active": False}, {"is_superuser": False}])
async def test_who_loses_the_right_is_out_at_once(
    browser: Browser, database: Database, change: dict[str, Any]
) -> None:
    await change_user(database, "root", **change)
    assert (await browser.http.get("/admin/")).status_code in (303, 403)


async def test_a_new_password_and_switching_off_end_the_sessions(
    browser: Browser, database: Database
) -> None:
    users = {user.username: user.id for user in await rows(database, User)}
    for path, form in (
        (f"/admin/user/password/{users['ada']}", {"password": PASSWORD, "repeated": PASSWORD}),
        (f"/admin/user/edit/{users['ada']}", {"email": "ada@example.com"}),
    ):
        async with oauth_of(database) as elsewhere:
            await Browser(elsewhere.http).log_in("ada")
        assert len(await rows(database, BrowserSession)) == 2
        await browser.done(path, **form)
        (session,) = await rows(database, BrowserSession)
        assert session.user_id == users["root"]


def forged(browser: Browser) -> list[dict[str, Any]]:
    """What another site could send with the cookies of a browser, and what a bug could."""
    right = browser.csrf_token
    return [
        {"headers": ORIGIN},
        {"headers": ORIGIN, "data": {"csrf_token": "wrong"}},
        {"headers": ORIGIN, "data": {"csrf_token": "ü"}},
        {"headers": ORIGIN, "data": {"csrf_token": csrf_token("other")}},
        {"headers": {**ORIGIN, "x-csrftoken": csrf_token("other")}, "data": {"csrf_token": right}},
        {"data": {"csrf_token": right}},
        {"headers": {"origin": "http://["}, "data": {"csrf_token": right}},
        {"headers": {"origin": "null"}, "data": {"csrf_token": right}},
        {"headers": {"origin": "http://evil.example"}, "data": {"csrf_token": right}},
        {"headers": {**ORIGIN, "sec-fetch-site": "cross-site"}, "data": {"csrf_token": right}},
        {"headers": {**ORIGIN, "sec-fetch-site": "same-site"}, "data": {"csrf_token": right}},
    ]


async def test_a_forged_request_changes_nothing(browser: Browser, database: Database) -> None:
    before = [await rows(database, model) for model in (User, BrowserSession)]
    form = {"username": "eve", "password": "p", "repeated": "p"}
    for request in forged(browser):
        request["data"] = {**form, **request.get("data", {})}
        for path in (*FORMS, "/admin/logout", "/admin/login", "/admin/nothing"):
            assert (await browser.http.post(path, **request)).status_code == 403, (path, request)
    response = await browser.http.delete("/admin/user/delete?pks=1", headers=ORIGIN)
    assert response.status_code == 403
    assert [await rows(database, model) for model in (User, BrowserSession)] == before


async def test_a_forged_log_in_is_refused(stranger: Browser, database: Database) -> None:
    form = {"username": "root", "password": PASSWORD}
    for headers in ({}, {"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site"}):
        assert (await stranger.http.post("/admin/login", data=form, headers=headers)).status_code == 403
    assert await rows(database, BrowserSession) == []


async def test_other_bodies_than_forms_are_refused(browser: Browser) -> None:
    headers = {**ORIGIN, "x-csrftoken": browser.csrf_token}
    for status, body in (
        (415, {"json": {}}),
        (415, {"files": {"a": b"b"}}),
        (413, {"data": {"a": "b" * 70_000}}),
    ):
        response = await browser.http.post("/admin/user/create", headers=headers, **body)
        assert response.status_code == status


async def test_pages_let_nothing_in_from_elsewhere(browser: Browser) -> None:
    responses: list[httpx.Response] = [
        await browser.http.get(path)
        for path in ("/admin/", "/admin/login", "/admin/nothing", "/admin/user/create")
    ]
    responses.append(await browser.http.post("/admin/logout"))
    for response in responses:
        policy = dict(rule.split(" ", 1) for rule in response.headers["content-security-policy"].split("; "))
        assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["cache-control"] == "no-store"
    asset = await browser.http.get("/admin/statics/js/main.js")
    assert asset.status_code == 200 and "cache-control" not in asset.headers


def busy(*_: Any) -> Any:
    raise Unavailable("busy")


def exhausted(*_: Any) -> Any:
    raise PoolTimeout


async def test_a_busy_database_is_a_page_too(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    form = {"username": "root", "password": PASSWORD, "repeated": PASSWORD, "run_key": RUN}
    form |= {"type": "public", "client_id": "other", "expires": "2099-01-31"}
    await browser.done("/admin/access-token/create", **form)
    monkeypatch.setattr(Database, "session", busy)
    for path in ("/admin/login", "/admin/logout", *FORMS[:-1]):
        response = await browser.send(path, **form)
        assert (response.status_code, "The server is busy" in response.text) == (503, True), path
        assert "content-security-policy" in response.headers
        assert response.headers["cache-control"] == "no-store"
    monkeypatch.setattr(AsyncSession, "execute", exhausted)
    response = await browser.http.get("/admin/user/list")
    assert (response.status_code, "The server is busy" in response.text) == (503, True)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/admin/nothing/list", 404),
        ("/admin/user/details/x", 404),
        ("/admin/user/details/999", 404),
        ("/admin/user/edit/99999999999999999999999", 404),
        ("/admin/user/password/-1", 404),
        (f"/admin/user/details/{'9' * 5000}", 404),
        ("/admin/course-staff/details/1", 404),
        ("/admin/course-staff/details/1;2", 404),
        ("/admin/user/list?search=%00%25_'", 200),
        ("/admin/user/list?page=99999999999999999999", 302),
        ("/admin/user/list?page=x", 400),
        ("/admin/user/list?sortBy=password_hash", 400),
        ("/admin/user/export/csv", 404),
        ("/admin/user/1/username/download/", 404),
        ("/admin/access-token/edit/1", 403),
        ("/admin/audit-entry/create", 403),
    ],
)
async def test_what_is_not_there_is_said_so(reader: Browser, path: str, status: int) -> None:
    assert (await reader.http.get(path)).status_code == status
