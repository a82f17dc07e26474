"""Events come from every door, in the transaction of the change, and say what the catalogue promises."""

import datetime as dt
import json
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select, update
from sqlmodel import col

from app.auth.secrets import hash_password
from app.cli.common import with_database
from app.db.engine import Database
from app.db.models import Event, User, WebhookSubscription
from app.ntiid import ntiid_of, run_key_of
from app.vocabulary import SCOPE_ATTRIBUTE, WebhookEvent
from app.webhooks.emit import emit
from app.webhooks.payloads import progress_details, user_details
from tests.admin.clients import Browser
from tests.graphql.clients import LEARNER_KEY, STAFF_KEY, Statements, add_user
from tests.graphql.enrolling import OTHER_KEY, fill, platform_of
from tests.imports.commands import Lyceum, run_lyceum
from tests.imports.small_oulad import copy_of_one_module
from tests.imports.test_edx_package import package as package
from tests.oauth.clients import LIMITLESS, PASSWORD, add_accounts, oauth_of
from tests.webhooks.conftest import attempts, hook, make_users

RUN = "course-v1:Uni+Alg+R1"
UPDATE_PROGRESS = """mutation ($input: UpdateProgressInput!) { done: updateProgress(input: $input) { __typename
  ... on ValidationError { field }
  ... on EnrollmentSaved { enrollment { progress { absoluteProgress maxPossibleProgress completed success } } } } }"""


@pytest.fixture
async def hooked(database: Database) -> Database:
    """A database with a subscription to every event."""
    for event in WebhookEvent:
        await hook(database, f"https://hooks.example.org/{event}", event)
    return database


@pytest.fixture
def lyceum(hooked: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Lyceum:
    """The program, over that database."""
    return run_lyceum(hooked, monkeypatch, capsys)


async def told(database: Database) -> list[Any]:
    """What is to be told."""
    return [orjson.loads(attempt.body) for attempt in await attempts(database)]


def told_now() -> list[Any]:
    return with_database(told)


def names(found: list[Any]) -> list[tuple[str, str]]:
    return [(it["EventType"], (it["Data"].get("User") or it["Data"]).get("Username")) for it in found]


async def test_graphql(hooked: Database) -> None:
    await fill(hooked)
    async with platform_of(hooked) as platform:
        create = (
            'mutation { createUser(input: {username: "zoe", name: "Dr. Zoë van Dam Jr."}) { __typename } }'
        )
        await platform.client.ask(create, key=STAFF_KEY)
        namespace, name = SCOPE_ATTRIBUTE
        scope = {"namespace": namespace, "name": name, "value": "ForCreditNonDegree"}
        saved = await platform.enroll("staff", "paid", username="zoe", mode="verified", attributes=[scope])
        # No news: the same again, another mode, leaving, coming back, and what is refused.
        await platform.enroll("staff", "paid", username="zoe", mode="verified")
        await platform.enroll("staff", "paid", username="zoe", mode="honor")
        await platform.unenroll("staff", saved["enrollment"]["id"])
        await platform.enroll("staff", "paid", username="zoe", mode="honor")
        await platform.enroll("learner", "early")
        await platform.enroll("staff", "free", username="learner")
    found = await told(hooked)
    assert names(found) == [
        ("user.created", "zoe"),
        ("user.enrolled", "zoe"),
        ("user.enrolled", "learner"),
    ]
    created, enrolled, other = (it["Data"] for it in found)
    assert (created["NonI18NFirstName"], created["NonI18NLastName"]) == ("Zoë", "Dam")
    assert (enrolled["Scope"], other["Scope"]) == ("ForCreditNonDegree", "Public")
    assert enrolled["Course"]["Id"] == ntiid_of("course-v1:Org+C+paid")
    assert enrolled["Course"]["ProviderId"] == "C"


async def test_progress_is_told_when_it_is_more_than_before(hooked: Database) -> None:
    await fill(hooked)
    async with platform_of(hooked) as platform:
        saved = await platform.enroll("staff", "free", username="learner")
        id_ = saved["enrollment"]["id"]

        async def update(who: str = STAFF_KEY, **values: Any) -> Any:
            return (await platform.client.ask(UPDATE_PROGRESS, {"input": {"id": id_, **values}}, key=who))[
                "done"
            ]

        assert (await update(absoluteProgress=2, maxPossibleProgress=3))["enrollment"]["progress"] == {
            "absoluteProgress": 2,
            "maxPossibleProgress": 3,
            "completed": False,
            "success": False,
        }
        await update(absoluteProgress=2)
        await update(absoluteProgress=1)
        await update(completed=True)
        await update(success=True)
        assert (await update(completed=False))["field"] == "success"
        assert (await update(absoluteProgress=-1))["field"] == "absoluteProgress"
        assert (await update(LEARNER_KEY, absoluteProgress=3))["__typename"] == "NotPermitted"
        assert (await update(OTHER_KEY, absoluteProgress=3))["__typename"] == "NotFound"
    progress = [it["Data"]["Progress"] for it in (await told(hooked))[1:]]
    assert [(it["AbsoluteProgress"], it["Completed"], it["Success"]) for it in progress] == [
        (2, False, False),
        (1, True, True),
    ]
    assert progress[0]["PercentageProgress"] == 2 / 3


async def test_rest_and_admin_pages_and_tracking_events(hooked: Database) -> None:
    await add_accounts(hooked)
    await add_user(hooked, "root", STAFF_KEY, password_hash=await hash_password(PASSWORD), is_superuser=True)
    enrolled = {
        "event_type": "edx.course.enrollment.activated",
        "event_source": "server",
        "username": "newcomer",
        "time": "2024-01-10T00:00:00Z",
        "context": {"user_id": 7, "course_id": RUN},
        "event": {"course_id": RUN, "user_id": 7, "mode": "audit"},
    }
    async with oauth_of(hooked, **LIMITLESS) as client:
        browser = Browser(client.http)
        await browser.log_in("root")
        await browser.done("/admin/user/create", username="eve")
        headers = {"authorization": f"Token {STAFF_KEY}"}
        for _ in range(2):
            response = await client.http.post("/events", json=enrolled, headers=headers)
            assert response.json() == {"accepted": 1, "ignored": 0, "refused": []}
        order = {"user": "eve", "course_details": {"course_id": RUN}, "mode": "audit"}
        response = await client.http.post("/api/enrollment/v1/enrollment", json=order, headers=headers)
        assert response.status_code == 200, response.text
    assert names(await told(hooked))[-4:] == [
        ("user.created", "eve"),
        ("user.created", "newcomer"),
        ("user.enrolled", "newcomer"),
        ("user.enrolled", "eve"),
    ]


def test_the_command_line(lyceum: Lyceum) -> None:
    lyceum("user", "create", "ann", "ann@example.org")
    lyceum("user", "create", "ann", "ann@example.org")
    lyceum("api-key", "set", "robot", "robot-key-0123456789")
    assert names(told_now()) == [("user.created", "ann"), ("user.created", "robot")]


def test_the_catalog_tells_of_a_run_when_it_becomes_available_once(lyceum: Lyceum, tmp_path: Path) -> None:
    file = tmp_path / "runs.json"
    for status, options in (
        ("unpublished", ["--emit-events"]),
        ("published", ["--emit-events"]),
        ("published", ["--emit-events"]),
        ("unpublished", ["--emit-events"]),
        ("published", ["--emit-events"]),
    ):
        file.write_text(json.dumps({"key": RUN, "status": status, "title": "Algebra", "course": "Uni+Alg"}))
        lyceum("import", "catalog", str(file), *options)
    (body,) = told_now()
    assert (body["EventType"], body["Data"]["Title"]) == ("course.created", "Algebra")
    file.write_text(json.dumps({"key": RUN + "x", "status": "published", "course": "Uni+Alg"}))
    lyceum("import", "catalog", str(file))
    assert len(told_now()) == 1


def test_imports_tell_of_what_is_new_when_they_are_told_to(
    lyceum: Lyceum, tmp_path: Path, data_directory: Path
) -> None:
    copy_of_one_module(data_directory / "oulad", tmp_path)
    lyceum("import", "oulad", str(tmp_path), "--emit-events")
    found = Counter(it["EventType"] for it in told_now())
    assert found["course.created"] == 2
    assert found["user.enrolled"] == 748
    assert 0 < found["course.progress_updated"] <= 748
    assert found["user.created"] == 712
    lyceum("import", "oulad", str(tmp_path), "--emit-events")
    assert Counter(it["EventType"] for it in told_now()) == found


@pytest.mark.parametrize("source", ["edx-package", "tracking-log"])
def test_imports_of_platforms(source: str, lyceum: Lyceum, package: Path, data_directory: Path) -> None:
    logs = sorted((data_directory / "tracking-logs").glob("*.log*"))
    paths = [str(package)] if source == "edx-package" else [str(path) for path in logs]
    lyceum("import", source, *paths, "--emit-events")
    found = told_now()
    users = with_database(usernames)
    assert sorted(name for type_, name in names(found) if type_ == "user.created") == users
    enrolled = [name for type_, name in names(found) if type_ == "user.enrolled"]
    assert enrolled and set(enrolled) <= set(users)
    lyceum("import", source, *paths, "--emit-events")
    assert len(told_now()) == len(found)


@pytest.mark.parametrize("source", ["edx-package", "tracking-log"])
def test_imports_tell_nothing_by_themselves(
    source: str, lyceum: Lyceum, package: Path, data_directory: Path
) -> None:
    logs = sorted((data_directory / "tracking-logs").glob("*.log*"))
    paths = [str(package)] if source == "edx-package" else [str(path) for path in logs]
    lyceum("import", source, *paths)
    assert told_now() == []


async def usernames(database: Database) -> list[str]:
    statement = select(col(User.username)).where(col(User.username) != "admin")
    async with database.reader.connect() as connection:
        return sorted(await connection.scalars(statement))


async def test_a_change_that_is_rolled_back_leaves_nothing(hooked: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        async with hooked.session() as session:
            await emit(session, Event(type=WebhookEvent.USER_CREATED, user_id=1))
            raise ZeroDivisionError
    assert await attempts(hooked) == []


@pytest.mark.parametrize(
    ("change", "number"),
    [
        (update(User).values(is_staff=False), 0),
        (update(User).values(is_staff=False, is_superuser=True), 4),
        (update(User).values(is_active=False), 0),
        (update(WebhookSubscription).values(is_active=False), 0),
        (update(User).values(name=""), 4),
    ],
)
async def test_who_is_told(database: Database, change: Any, number: int) -> None:
    """Two subscriptions that are alike are two, and only an administrator of the moment is told."""
    for _ in range(2):
        await hook(database, "https://hooks.example.org/")
        await hook(database, "https://hooks.example.org/", WebhookEvent.USER_ENROLLED)
    async with database.begin() as connection:
        await connection.execute(change)
    await make_users(database, "ann", "bob")
    made = await attempts(database)
    assert len(made) == len({it.webhook_id for it in made}) == number
    assert len({it.subscription_id for it in made}) == number // 2


async def test_an_account_takes_its_subscriptions_with_it(hooked: Database) -> None:
    await make_users(hooked, "ann")
    async with hooked.begin() as connection:
        await connection.execute(delete(User).where(col(User.username) == "admin"))
    assert await attempts(hooked) == []


async def test_statements_do_not_grow_with_events(hooked: Database) -> None:
    seen = []
    for number in (1, 50):
        with Statements() as statements:
            async with hooked.begin() as connection:
                events = [Event(type=WebhookEvent.USER_CREATED, user_id=1) for _ in range(number)]
                await emit(connection, *events)
        seen.append(len(statements.seen))
    assert seen[0] == seen[1] <= 5


@given(st.text(min_size=1, max_size=100))
def test_ids_of_courses_say_their_keys(key: str) -> None:
    assert run_key_of(ntiid_of(key)) == key
    assert ntiid_of(key).isascii()
    assert run_key_of("course-v1:a+b+c") == "course-v1:a+b+c"


@pytest.mark.parametrize(
    ("name", "language", "expected"),
    [
        ("Ann Lee", None, ("Ann", "Lee")),
        ("Ann", "en-GB", ("Ann", "Ann")),
        ("Prof. Ann B. Lee, PhD", "English", ("Ann", "Lee")),
        ("Dr.", None, ("Dr.", "Dr.")),
        (",", None, (None, None)),
        ("", None, (None, None)),
        ("ann@example.org", None, (None, None)),
        ("Ann Lee", "de", (None, None)),
    ],
)
def test_first_and_last_names(
    name: str, language: str | None, expected: tuple[str | None, str | None]
) -> None:
    joined = dt.datetime(2021, 9, 15, 20, 4, 22, 999_999, dt.UTC)
    user = User(username="ann", name=name, language=language, date_joined=joined, last_seen=joined)
    details = user_details(user)
    assert (details.get("NonI18NFirstName"), details.get("NonI18NLastName")) == expected
    assert details["Realname"] == (name or None)
    assert (details["CreatedTime"], details["LastLogin"], details["LastSeen"], details["Email"]) == (
        *("2021-09-15T20:04:22Z", "1970-01-01T00:00:00Z", "2021-09-15T20:04:22Z"),
        None,
    )


@pytest.mark.parametrize(
    ("done", "most", "percentage"),
    [(2, 3, 2 / 3), (0, 3, 0), (None, 3, 0), (3, 0, None), (3, None, None), (5, 4, 1)],
)
def test_percentages(done: float | None, most: float | None, percentage: float | None) -> None:
    values = {"absolute_progress": done, "max_possible_progress": most, "completed": False, "success": True}
    details = progress_details(values)
    assert (details["PercentageProgress"], details["Success"]) == (percentage, False)
