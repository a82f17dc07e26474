"""Enrolling (Zapier contract 8) and finding courses (11.2)."""

from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import select
from sqlmodel import col

from app.db.engine import Database
from app.db.models import User
from app.settings import Settings
from app.vocabulary import WebhookEvent
from schema.relay import encode_id
from tests.rest.clients import state
from tests.rest.zapier.conftest import BARE, ENROLLMENTS, HOOK, KEY, ROOT, TITLES, Zapier, is_fault
from tests.rest.zapier.test_users import mails as mails_in
from tests.webhooks.conftest import attempts, hook

SEARCH = f"{ROOT}/zapier/course_search"
SCOPES = ("Public", "Purchased", "ForCredit", "ForCreditDegree", "ForCreditNonDegree")
COURSE = KEY.format(number=1)
OWN = {"Username": "learner", "CourseId": COURSE}


async def course_id(zapier: Zapier, number: int) -> str:
    """The id that the API gives a course."""
    page = await zapier.json(SEARCH, filter=TITLES[number - 1])
    return next(str(item["Id"]) for item in page["Items"] if item["Title"] == TITLES[number - 1])


async def test_enrolling(zapier: Zapier, database: Database) -> None:
    await hook(database, HOOK, WebhookEvent.USER_ENROLLED, settings=Settings())
    id_ = await course_id(zapier, 1)
    assert id_.startswith("tag:nextthought.com,2011-10:")
    body = {"USERNAME": "Learner", "courseid": id_, "scope": "ForCredit", "Other": 1}
    response = await zapier.ask("POST", ENROLLMENTS, "admin.one", json=body)
    made = response.json()
    assert response.status_code == 201 and response.headers["location"].startswith("/dataserver2/")
    assert (made["Class"], made["Scope"]) == ("CourseEnrollmentDetails", "ForCredit")
    assert (made["User"]["Username"], made["Course"]["Id"], made["Course"]["ProviderId"]) == (
        "learner",
        id_,
        "C1",
    )
    location = response.headers["location"]
    assert await zapier.json(location, "admin.two") == made | {"href": location}
    for who, status in ((None, 401), ("learner", 403)):
        assert (await zapier.get(location, who)).status_code == status
    async with database.session() as session:
        user = await session.scalar(select(col(User.id)).where(col(User.username) == "learner"))
    for id_ in ("nonsense", "a\x00b", encode_id("Enrollment", 999), encode_id("User", user or 0)):
        assert is_fault(await zapier.get(f"{ENROLLMENTS}/{quote(id_)}"), 404)
    again = await zapier.ask("POST", ENROLLMENTS, "admin.one", json=body | {"scope": "Public"})
    assert (again.status_code, again.json()) == (200, made)
    assert [attempt.body.count('"Scope":"ForCredit"') for attempt in await attempts(database)] == [1]

    # As the published client does: all in the query, and no body.
    for number, scope in ((2, "Purchased"), (4, None)):
        query = {"Username": "learner", "CourseId": KEY.format(number=number)} | (
            {"Scope": scope} if scope else {}
        )
        response = await zapier.ask("POST", ENROLLMENTS, params=query, headers={"content-length": "0"})
        assert (response.status_code, response.json()["Scope"]) == (201, scope or "Public")
    assert await state(database) == {
        ("learner", COURSE): ("audit", True),
        ("learner", KEY.format(number=2)): ("verified", True),
        ("learner", KEY.format(number=4)): ("audit", True),
    }


@pytest.mark.parametrize(
    ("wish", "mails"),
    [
        ({}, 0),
        ({"email": "false"}, 0),
        ({"interaction": ""}, 0),
        ({"EMAIL": "1"}, 1),
        ({"interaction": "true"}, 1),
    ],
)
async def test_who_is_enrolled_is_welcomed_by_mail_if_that_is_asked_for(
    zapier: Zapier, tmp_path: Path, wish: dict[str, str], mails: int
) -> None:
    for _ in range(2):
        # Who is enrolled already was welcomed.
        assert (await zapier.ask("POST", ENROLLMENTS, params=OWN | wish)).is_success
    sent = mails_in(tmp_path / "outbox")
    assert len(sent) == mails
    for mail in sent:
        assert (mail["to"], mail["subject"]) == ("learner@example.org", "Welcome to alpha")
        text = mail.get_content()
        assert "2026-01-01" in text and f"http://localhost:18000/courses/{COURSE}/course/" in text


async def test_a_mail_that_cannot_be_sent_changes_nothing(
    zapier: Zapier, database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "outbox").write_text("no folder")
    response = await zapier.ask("POST", ENROLLMENTS, json=OWN | {"email": True})
    assert response.status_code == 201 and set(await state(database)) == {("learner", COURSE)}
    assert "A mail could not be sent: FileExistsError" in caplog.text and "learner@" not in caplog.text


async def test_finding_courses(zapier: Zapier) -> None:
    async def titles(**query: str) -> list[str]:
        page = await zapier.json(SEARCH, "learner", **query)
        assert (page["Total"], page["ItemCount"]) == (len(TITLES), len(page["Items"]))
        return [item["Title"] for item in page["Items"]]

    by_title = sorted(TITLES, key=str.lower)
    assert await titles() == by_title
    assert await titles(filter="ALPHA") == ["alpha"]
    assert await titles(filter="about z") == ["Zeta"]
    assert await titles(filter="c5") == ["epsilon"]
    (bare,) = (await zapier.json(SEARCH, filter=BARE))["Items"]
    assert bare["Description"] == bare["RichDescription"] == ""
    assert await titles(filter="Org") == await titles(filter="phys") == await titles(filter="%") == []
    assert await titles(filter="PHYSICS") == ["eta"]
    assert await titles(filter="alpha, gamma") == ["alpha", "gamma"]
    assert await titles(filter="eta,about", filterOperator="intersection") == ["Beta", "eta", "Zeta"]
    assert await titles(sortOn="title", sortOrder="descending") == by_title[::-1]
    assert (await titles(SORTON="StartDate"))[-4:] == ["alpha", "gamma", "epsilon", "eta"]
    assert set(await titles(sortOn="enddate")) == set(TITLES)
    assert await titles(sortOn="createdtime") == list(TITLES)
    assert await titles(sortOn="provideruniqueid", sortOrder="Descending") == list(TITLES)[::-1]

    page = await zapier.json(SEARCH, filter="eta", batchSize=2)
    assert (page["FilteredTotalItemCount"], page["ItemCount"], page["Total"]) == (3, 2, 7)
    assert [link["rel"] for link in page["Links"]] == ["batch-next"]
    rest = await zapier.json(page["Links"][0]["href"])
    assert [item["Title"] for item in rest["Items"]] == ["Zeta"]
    assert [item["Title"] for item in (await zapier.json(SEARCH, batchStart=5))["Items"]] == by_title[5:]
    for query in ({"batchSize": "0"}, {"batchStart": "x"}):
        assert is_fault(await zapier.get(SEARCH, **query), 400)
    alias = f"{ROOT}/users/learner/zapier/Courses"
    own = await zapier.json(alias, "learner", filter="eta")
    assert own["Items"] == (await zapier.json(SEARCH, "learner", filter="eta"))["Items"]
    assert (await zapier.get(alias, "root")).status_code == 403
    assert (await zapier.get(alias.replace("learner", "nobody"), "root")).status_code == 404
    assert (await zapier.get(SEARCH, None)).status_code == 401
