"""Making users and finding them (Zapier contract 7 and 11.1)."""

import email
import re
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from app.auth.invitations.queue import Postman
from app.db.engine import Database
from app.db.models import Invitation
from app.settings import Settings
from tests.rest.zapier.conftest import HOOK, ROOT, SITE, USERS, Zapier, basic, is_fault, zapier_of
from tests.webhooks.conftest import attempts, hook

STUDENT = {"Username": "atest.student", "Email": "atest@example.org", "Realname": "ATest Student"}
NEW_PASSWORD = "a new password"
SEARCH = f"{SITE}/authentication/user_search"


async def post(database: Database, outbox: Path) -> list[Any]:
    """The mails that are sent."""
    await Postman(database, Settings(mail_directory=outbox)).send_all()
    return mails(outbox)


def mails(outbox: Path) -> list[Any]:
    """What is in a folder."""
    return [email.message_from_bytes(file.read_bytes(), policy=default) for file in outbox.glob("*.eml")]


async def test_making_a_user(zapier: Zapier, database: Database, tmp_path: Path) -> None:
    await hook(database, HOOK, settings=Settings())
    query = {"success": "http://lyceum.test/login/recover/reset", "Username": "ignored"}
    response = await zapier.ask("POST", USERS, "admin.one", json=STUDENT, params=query)
    made = response.json()
    assert response.status_code == 201 and response.headers["location"] == f"{ROOT}/users/atest.student"
    assert made.items() >= STUDENT.items() and made["Class"] == "UserDetails"
    # The user of the subscription was told of before.
    assert [STUDENT["Username"] in attempt.body for attempt in await attempts(database)] == [True]
    assert not (tmp_path / "outbox").exists()

    (mail,) = await post(database, tmp_path / "outbox")
    assert mail["to"] == STUDENT["Email"] and STUDENT["Username"] in mail.get_content()
    (url,) = re.findall(r"http\S+", mail.get_content())
    assert url.startswith("http://lyceum.test/login/recover/reset?token=")
    assert len(await post(database, tmp_path / "outbox")) == 1
    token = url.partition("=")[2]
    async with database.reader.connect() as connection:
        rows = (await connection.execute(select(Invitation))).all()
    assert token not in repr(rows)

    page = await zapier.http.get(url)
    assert page.status_code == 200 and "<form" in page.text
    form = {"token": token, "password": NEW_PASSWORD, "again": NEW_PASSWORD}
    path = url.partition("?")[0]
    for wrong in ({"again": "other password"}, {"password": "short", "again": "short"}):
        assert (await zapier.http.post(path, data=form | wrong)).status_code == 400
    assert (await zapier.http.post(path, data=form | {"token": "wrong"})).status_code == 404
    assert (await zapier.http.post(path, data=form)).status_code == 200
    who = {"authorization": basic(STUDENT["Username"], NEW_PASSWORD)}
    assert (await zapier.http.get(f"{ROOT}/zapier/resolve_me", headers=who)).status_code == 200
    assert (await zapier.http.get(url)).status_code == 404
    assert (await zapier.http.post(path, data=form)).status_code == 404


@pytest.mark.parametrize(
    ("success", "page"),
    [
        (None, "/login/recover/reset"),
        ("http://lyceum.test/other/page", "/other/page"),
        ("http://evil.example.org/login", "/login/recover/reset"),
        ("http://lyceum.test@evil.example.org/", "/login/recover/reset"),
        ("//evil.example.org/", "/login/recover/reset"),
        ("nonsense", "/login/recover/reset"),
    ],
)
async def test_links_lead_to_this_server_only(
    zapier: Zapier, database: Database, success: str | None, page: str
) -> None:
    query = {"success": success} if success else None
    assert (await zapier.ask("POST", USERS, json=STUDENT, params=query)).status_code == 201
    async with database.reader.connect() as connection:
        assert await connection.scalar(select(col(Invitation.page))) == f"http://lyceum.test{page}"


async def test_an_address_may_be_of_several(zapier: Zapier) -> None:
    for name in ("atest.student", "btest.student"):
        assert (await zapier.ask("POST", USERS, json=STUDENT | {"Username": name})).status_code == 201
    # But not what somebody of the staff logs in with.
    taken = STUDENT | {"Username": "ctest", "Email": "root@example.org"}
    assert is_fault(await zapier.ask("POST", USERS, json=taken), 422, code="EmailAddressInvalid")


async def test_links_lead_to_the_address_that_the_server_is_known_by(
    database: Database, tmp_path: Path
) -> None:
    async with zapier_of(database, tmp_path, public_url="https://school.example.org") as zapier:
        for name, success in (("atest.student", "https://school.example.org/a"), ("btest.student", None)):
            query = {"success": success} if success else None
            body = STUDENT | {"Username": name}
            assert (await zapier.ask("POST", USERS, json=body, params=query)).status_code == 201
    async with database.reader.connect() as connection:
        pages = (await connection.scalars(select(col(Invitation.page)).order_by(col(Invitation.id)))).all()
    assert pages == ["https://school.example.org/a", "https://school.example.org/login/recover/reset"]


async def test_finding_users(zapier: Zapier) -> None:
    async def found(term: str, who: str = "root", path: str = SEARCH, method: str = "GET") -> list[str]:
        response = await zapier.ask(method, f"{path}/{term}", who, params={"name": term})
        answer = response.json()
        assert (response.status_code, answer["Last Modified"]) == (200, 0), response.text
        assert answer["href"].startswith(f"{path}/")
        assert all(item["Class"] == "UserDetails" for item in answer["Items"])
        return [item["Username"] for item in answer["Items"]]

    for term, names in (
        ("ADM", ["admin.one", "admin.two", "root"]),
        ("admin.o", ["admin.one"]),
        ("van t", ["learner"]),
        ("tester", ["learner"]),
        ("zap van tester", ["learner"]),
        ("ester", []),
        ("zap%25", []),
        ("___", []),
        ("nobody", []),
        ("ad", []),
    ):
        for path, method in (
            (SEARCH, "GET"),
            (f"{ROOT}/zapier/user_search", "GET"),
            (USERS, "GET"),
            (USERS, "POST"),
        ):
            assert await found(term, path=path, method=method) == names, (term, path, method)
    assert await found("adm", "admin.two") == ["admin.one", "admin.two", "root"]
    assert await found("adm", "learner") == []
    assert await found("lear", "learner") == ["learner"]
    for path in (SEARCH, f"{SEARCH}/", f"{ROOT}/zapier/user_search", USERS):
        assert (await zapier.json(path))["Items"] == []
    assert (await zapier.get(f"{SEARCH}/adm", None)).status_code == 401
