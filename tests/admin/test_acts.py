"""What is administered in the pages, what is refused there, and what the audit log says of it."""

import datetime as dt
import logging
import re
from typing import Any

import pytest

from app.auth.secrets import hash_key, hash_password
from app.db.engine import Database
from app.db.models import AccessToken, CourseStaff, Event, OAuthClient, User
from tests.admin.clients import Browser, audit_log, rows
from tests.admin.conftest import RUN
from tests.oauth.clients import ADA, PASSWORD, PUBLIC, SECRET, OAuth, change_user

NEW_PASSWORD = "another horse another battery"
TOKEN_FORM = {"username": "ada", "client_id": "public", "expires": "2099-01-31 12:00:00"}


async def acts(database: Database) -> list[tuple[str, str, dict[str, Any]]]:
    """Action, subject and detail of what the superuser did after the log-in."""
    entries = await audit_log(database)
    assert {entry[0] for entry in entries} == {"root"}
    return [entry[1:] for entry in entries if entry[1] != "user.log_in"]


async def user_named(database: Database, username: str) -> Any:
    """The row of a user."""
    (user,) = [user for user in await rows(database, User) if user.username == username]
    return user


async def test_a_user_is_created_and_gets_a_token_for_the_password(
    browser: Browser, database: Database
) -> None:
    await browser.done(
        "/admin/user/create",
        username="eve",
        email="eve@example.com",
        name="Eve",
        password=NEW_PASSWORD,
        repeated=NEW_PASSWORD,
        staff="y",
        active="y",
    )
    eve = await user_named(database, "eve")
    assert (eve.email, eve.name) == ("eve@example.com", "Eve")
    assert (eve.is_staff, eve.is_superuser, eve.is_active) == (True, False, True)
    await OAuth(browser.http).token(PUBLIC, ADA, {"username": "eve", "password": NEW_PASSWORD})
    assert [event.type for event in await rows(database, Event) if event.user_id == eve.id] == [
        "user.created"
    ]
    rights = {"staff": True, "superuser": False, "active": True, "password": True}
    detail = {"email": "eve@example.com", "name": "Eve", **rights}
    assert await acts(database) == [("user.create", "eve", detail)]


async def test_a_service_user_needs_no_password_and_may_be_off(browser: Browser, database: Database) -> None:
    await browser.done("/admin/user/create", username="robot")
    robot = await user_named(database, "robot")
    assert (robot.password_hash, robot.is_active, robot.email) == (None, False, "")


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({}, {"username": "This field is needed."}),
        (
            {"username": "eve", "password": "a", "repeated": "b"},
            {"repeated": "The two passwords are not the same."},
        ),
        ({"username": "eve", "password": "a"}, {"repeated": "The two passwords are not the same."}),
        ({"username": "ada"}, {"username": "there is a user ada already"}),
        ({"username": "keyless"}, {"username": "there is a user keyless already"}),
        ({"username": "e ve"}, {"username": "a username has 1 to 150 printable characters and no spaces"}),
        ({"username": "e\x00ve"}, {"username": "There are characters in it that do not print."}),
        (
            {"username": "eve", "email": "x"},
            {"email": "not an e-mail address of at most 254 characters: 'x'"},
        ),
        ({"username": "eve", "name": "x" * 256}, {"name": "a name has at most 255 printable characters"}),
    ],
)
async def test_a_user_that_cannot_be(
    reader: Browser, kept: Database, form: dict[str, str], said: dict[str, str]
) -> None:
    before = len(await rows(kept, User))
    assert await reader.refusals("/admin/user/create", **form) == said
    assert len(await rows(kept, User)) == before
    assert await acts(kept) == []


async def test_a_user_is_changed_and_only_the_changes_are_written_down(
    browser: Browser, database: Database
) -> None:
    ada = await user_named(database, "ada")
    path = f"/admin/user/edit/{ada.id}"
    page = await browser.open(path)
    assert 'value="ada@example.com"' in page
    form = {"email": "ada@example.com", "name": "", "active": "y"}
    await browser.done(path, **form)
    assert await acts(database) == []
    await browser.done(path, **form | {"email": "", "name": "Ada", "superuser": "y"})
    changed = await user_named(database, "ada")
    assert (changed.email, changed.name, changed.is_superuser, changed.is_staff) == ("", "Ada", True, False)
    assert changed.password_hash is None
    changes = {"email": "", "name": "Ada", "superuser": True, "password": False}
    assert await acts(database) == [("user.update", "ada", changes)]
    assert await browser.refusals(path, email="x", active="y") == {
        "email": "not an e-mail address of at most 254 characters: 'x'"
    }


@pytest.mark.parametrize("path", ["/admin/user/edit/1", "/admin/client/edit/1"])
async def test_an_old_form_does_not_undo_what_others_changed(
    browser: Browser, database: Database, path: str
) -> None:
    def version(page: str) -> str:
        (found,) = re.findall(r'name="version" type="hidden" value="(\w{64})"', page)
        return str(found)

    old = {"active": "y", "name": "Old", "version": version(await browser.open(path))}
    await browser.done(path, name="New", active="y")
    before = await acts(database)
    refused = await browser.send(path, **old)
    assert (refused.status_code, "Somebody changed this meanwhile" in refused.text) == (400, True)
    assert version(refused.text) == old["version"]
    assert await acts(database) == before
    await browser.done(path, **old | {"version": version(await browser.open(path))})
    assert len(await acts(database)) == len(before) + 1


async def test_a_password_is_set_and_revokes_tokens(browser: Browser, database: Database) -> None:
    oauth, ada = OAuth(browser.http), await user_named(database, "ada")
    token = (await oauth.token(PUBLIC, ADA))["access_token"]
    path = f"/admin/user/password/{ada.id}"
    assert await browser.refusals(path, password="a", repeated="b") == {
        "repeated": "The two passwords are not the same."
    }
    assert await browser.refusals(path, password="", repeated="") == {"password": "This field is needed."}
    assert await oauth.username(token) == "ada"
    await browser.done(path, password=NEW_PASSWORD, repeated=NEW_PASSWORD)
    assert await oauth.username(token) is None
    await oauth.token(PUBLIC, ADA, {"password": NEW_PASSWORD})
    assert await acts(database) == [("user.set_password", "ada", {})]


async def test_no_transaction_waits_for_a_password_to_be_hashed(
    browser: Browser, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hash_and_write(password: str) -> str:
        await change_user(database, "ada", last_seen=None)
        return await hash_password(password)

    monkeypatch.setattr("app.admin.views.hash_password", hash_and_write)
    passwords = {"password": NEW_PASSWORD, "repeated": NEW_PASSWORD}
    ada = await user_named(database, "ada")
    await browser.done(f"/admin/user/password/{ada.id}", **passwords)
    await browser.done("/admin/user/create", username="eve", **passwords, active="y")
    for username in ("ada", "eve"):
        await OAuth(browser.http).token(PUBLIC, ADA, {"username": username, "password": NEW_PASSWORD})


async def test_switching_off_revokes_tokens(browser: Browser, database: Database) -> None:
    oauth, ada = OAuth(browser.http), await user_named(database, "ada")
    token = (await oauth.token(PUBLIC, ADA))["access_token"]
    assert await oauth.username(token) == "ada"
    await browser.done(f"/admin/user/edit/{ada.id}", email="ada@example.com")
    assert await oauth.username(token) is None
    assert await acts(database) == [("user.update", "ada", {"active": False})]


async def test_a_client_is_created_changed_and_gets_another_secret(
    browser: Browser, database: Database
) -> None:
    form = {
        "name": "Reports",
        "username": "service",
        "url": "https://example.org",
        "redirect_uri": "https://example.org/x",
        "logout_uri": "https://example.org/bye",
    }
    secret = await browser.done("/admin/client/create", type="confidential", **form)
    client = (await rows(database, OAuthClient))[-1]
    assert (client.secret_hash, len(client.client_id)) == (hash_key(secret), 43)
    assert {name: getattr(client, name) for name in form if name != "username"} == {
        name: text for name, text in form.items() if name != "username"
    }
    oauth = OAuth(browser.http)
    credentials = {"grant_type": "client_credentials", "client_id": client.client_id}
    token = await oauth.token(credentials, {"client_secret": secret})
    assert await oauth.username(token["access_token"]) == "service"

    another = await browser.done(f"/admin/client/rotate/{client.id}")
    assert await oauth.refused(credentials, {"client_secret": secret}) == (401, "invalid_client")
    await oauth.token(credentials, {"client_secret": another})

    edit = f"/admin/client/edit/{client.id}"
    assert 'value="service"' in await browser.open(edit)
    assert await browser.refusals(edit, **form | {"username": "bob"}) == {"username": "there is no user bob"}
    await browser.done(edit, **form | {"username": "", "name": "Old reports"})
    assert await oauth.refused(credentials, {"client_secret": another}) == (401, "invalid_client")
    changed = (await rows(database, OAuthClient))[-1]
    assert (changed.user_id, changed.name, changed.is_active) == (None, "Old reports", False)
    assert await acts(database) == [
        ("client.create", client.client_id, {"type": "confidential", "user": "service", "name": "Reports"}),
        ("client.rotate", client.client_id, {}),
        ("client.update", client.client_id, {"username": "", "name": "Old reports", "active": False}),
    ]


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"type": "other"}, {"type": "Not a valid choice."}),
        ({"client_id": "public"}, {"client_id": "there is a client public already"}),
        (
            {"client_id": "a b"},
            {"client_id": "a client id has 1 to 100 of the characters A-Z a-z 0-9 . _ ~ -"},
        ),
        ({"username": "bob"}, {"username": "there is no user bob"}),
        ({"name": "x" * 256}, {"name": "a name has at most 255 printable characters"}),
        ({"logout_uri": "x" * 2001}, {"logout_uri": "a logout URI has at most 2000 printable characters"}),
    ],
)
async def test_a_client_that_cannot_be(
    reader: Browser, kept: Database, form: dict[str, str], said: dict[str, str]
) -> None:
    before = await rows(kept, OAuthClient)
    assert await reader.refusals("/admin/client/create", **{"type": "public", **form}) == said
    assert await rows(kept, OAuthClient) == before


async def test_a_token_with_a_chosen_end_works_until_it_is_revoked(
    browser: Browser, database: Database
) -> None:
    oauth = OAuth(browser.http)
    text = await browser.done("/admin/access-token/create", scope=["read", "email"], **TOKEN_FORM)
    assert await oauth.username(text) == "ada"
    (token,) = await rows(database, AccessToken)
    assert token.expires == dt.datetime(2099, 1, 31, 12, tzinfo=dt.UTC)
    assert (token.scope, token.token_hash) == ("read email", hash_key(text))
    assert "valid" in await browser.open("/admin/access-token/list?search=ada")
    await browser.done(f"/admin/access-token/revoke/{token.id}")
    assert await oauth.username(text) is None
    assert "revoked" in await browser.open("/admin/access-token/list")
    detail = {"user": "ada", "client_id": "public", "scope": "read email", "expires": "2099-01-31T12:00:00Z"}
    assert await acts(database) == [
        ("token.create", str(token.id), detail),
        ("token.revoke", str(token.id), {"user": "ada"}),
    ]


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"expires": "2020-01-31 12:00:00"}, {"expires": "the end is in the past"}),
        ({"expires": "tomorrow"}, {"expires": "Not a valid datetime value."}),
        ({"expires": ""}, {"expires": "This field is needed."}),
        ({"username": "bob"}, {"username": "there is no user bob"}),
        ({"username": "off"}, {"username": "the user off is switched off"}),
        ({"client_id": "switched-off"}, {"client_id": "Not a valid choice."}),
        ({"scope": "all"}, {"scope": "'all' is not a valid choice for this field."}),
    ],
)
async def test_a_token_that_cannot_be(
    reader: Browser, kept: Database, form: dict[str, str], said: dict[str, str]
) -> None:
    assert await reader.refusals("/admin/access-token/create", **TOKEN_FORM | form) == said
    assert await rows(kept, AccessToken) == []


async def test_chosen_secrets_and_tokens_are_not_accepted(browser: Browser, database: Database) -> None:
    chosen = "x" * 43
    token = await browser.done("/admin/access-token/create", token=chosen, access_token=chosen, **TOKEN_FORM)
    secret = await browser.done("/admin/client/create", type="public", client_secret=chosen, secret=chosen)
    assert chosen not in (token, secret)
    stored = f"{await rows(database, AccessToken)}{await rows(database, OAuthClient)}"
    assert hash_key(chosen) not in stored and chosen not in stored


async def test_course_staff_comes_and_goes(browser: Browser, database: Database) -> None:
    form = {"username": "ada", "run_key": RUN}
    await browser.done("/admin/course-staff/create", **form)
    (row,) = await rows(database, CourseStaff)
    assert RUN in (page := await browser.open("/admin/course-staff/list?search=ada")) and "ada" in page
    path = f"/admin/course-staff/remove/{row.user_id};{row.run_id}"
    for changes, said in (
        ({}, {"username": "ada is staff of this run already"}),
        ({"username": "bob"}, {"username": "there is no user bob"}),
        ({"run_key": "C"}, {"run_key": "there is no course run C"}),
    ):
        assert await browser.refusals("/admin/course-staff/create", **form | changes) == said
    await browser.done(path)
    assert await rows(database, CourseStaff) == []
    assert (await browser.send(path)).status_code == 404
    assert await acts(database) == [
        ("course_staff.add", "ada", {"run": RUN}),
        ("course_staff.remove", "ada", {"run": RUN}),
    ]


async def test_lists_are_searched_and_sorted(browser: Browser) -> None:
    def usernames(page: str) -> list[str]:
        return re.findall(r'<a href="[^"]*/user/details/\d+">([^<]*)</a>', page)

    assert usernames(await browser.open("/admin/user/list?search=TWIN")) == ["other twin", "twin"]
    assert usernames(await browser.open("/admin/user/list?search=%25")) == []
    ordered = usernames(await browser.open("/admin/user/list?sortBy=username&sort=asc"))
    assert ordered == sorted(ordered) and len(ordered) == 8
    first = usernames(await browser.open("/admin/user/list?pageSize=3&page=3&sortBy=username"))
    assert first == ordered[6:]


async def test_no_page_and_no_line_of_the_log_shows_a_secret(
    browser: Browser, database: Database, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    cookie = browser.http.cookies["sessionid"]
    secrets = {PASSWORD, NEW_PASSWORD, SECRET, cookie}
    await browser.done(
        "/admin/user/create", username="eve", password=NEW_PASSWORD, repeated=NEW_PASSWORD, active="y"
    )
    await browser.refusals("/admin/user/create", username="eve", password=NEW_PASSWORD, repeated=NEW_PASSWORD)
    secrets.add(await browser.done("/admin/client/create", type="confidential", name="Reports"))
    secrets.add(await browser.done("/admin/client/rotate/1"))
    secrets.add(await browser.done("/admin/access-token/create", **TOKEN_FORM))
    await browser.done("/admin/course-staff/create", username="ada", run_key=RUN)
    pages = []
    for name, keys in {
        "user": ["1", "9"],
        "client": ["1", "8"],
        "access-token": ["1"],
        "course-staff": ["1;1"],
        "audit-entry": ["1", "2", "3", "4"],
    }.items():
        pages.append(await browser.open(f"/admin/{name}/list"))
        pages += [await browser.open(f"/admin/{name}/details/{key}") for key in keys]
    pages += [await browser.open(f"/admin/{name}/edit/1") for name in ("user", "client")]
    shown, log = "".join(pages), caplog.text + "".join(capfd.readouterr())
    assert "POST http://lyceum.test/admin/user/create" in log and "user.create" in log
    hashes = {hash_key(secret) for secret in secrets} | {"$argon2id$"}
    assert [secret for secret in secrets | hashes if secret in shown] == []
    assert [secret for secret in secrets if secret in log] == []
    stored = repr([await rows(database, model) for model in (User, OAuthClient, AccessToken)])
    assert [secret for secret in secrets if secret in stored] == []
