"""Accounts: who may make and change which, and what that does to credentials."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from app.auth.oauth import admin
from app.auth.secrets import verify_password
from app.db.engine import Database
from app.db.models import AuditEntry, BrowserSession, Event, User
from app.vocabulary import ClientType
from schema.relay import encode_id
from tests.databases import DIALECTS, Databases
from tests.graphql.clients import Client, add_user, client_of
from tests.oauth.clients import CONFIDENTIAL, PASSWORD, TOKEN, add_accounts

PEOPLE: dict[str, dict[str, Any]] = {
    "root": {"is_superuser": True},
    "staff": {"is_staff": True},
    "colleague": {"is_staff": True},
    "learner": {},
    "other": {},
}
NEW_PASSWORD = "another horse, another battery"

FIELDS = """__typename ... on UserSaved { user { username name isStaff isSuperuser isActive country yearOfBirth } }
  ... on Error { message } ... on ValidationError { field } ... on NotPermitted { field }"""
CREATE = f"mutation ($input: CreateUserInput!) {{ createUser(input: $input) {{ {FIELDS} }} }}"
USER = "query ($name: String!) { user(username: $name) { id } }"
UPDATE = f"mutation ($input: UpdateUserInput!) {{ updateUser(input: $input) {{ {FIELDS} ... on NotFound {{ field }} }} }}"


def key_of(name: str) -> str:
    return f"key-of-{name}-0123456789"


@dataclass
class World:
    client: Client
    database: Database
    ids: dict[str, str]

    async def create(self, caller: str, **values: Any) -> dict[str, Any]:
        data = await self.client.ask(CREATE, {"input": values}, key=key_of(caller))
        found: dict[str, Any] = data["createUser"]
        return found

    async def update(self, caller: str, whom: str, **values: Any) -> dict[str, Any]:
        values = {"id": self.ids[whom], **values}
        found: dict[str, Any] = (await self.client.ask(UPDATE, {"input": values}, key=key_of(caller)))[
            "updateUser"
        ]
        return found

    async def user(self, username: str) -> User | None:
        async with self.database.session() as session:
            found: User | None = await session.scalar(select(User).where(col(User.username) == username))
            return found


@pytest.fixture(params=DIALECTS)
async def world(request: pytest.FixtureRequest, databases: Databases) -> AsyncIterator[World]:
    database = await databases.empty(request.param)
    ids = {
        name: encode_id("User", await add_user(database, name, key_of(name), **columns))
        for name, columns in PEOPLE.items()
    }
    async with client_of(database) as client:
        yield World(client, database, ids)


def outline(answer: dict[str, Any]) -> str:
    if answer["__typename"] == "UserSaved":
        return "saved"
    assert answer["message"]
    return f"{answer['__typename']} {answer['field']}"


WHO_CHANGES_WHAT: list[tuple[str, str, dict[str, Any], str]] = [
    ("learner", "learner", {"name": "Ada", "country": "GB"}, "saved"),
    ("learner", "learner", {"email": "a@b.c"}, "NotPermitted email"),
    ("learner", "learner", {"email": ""}, "saved"),
    ("learner", "learner", {"password": NEW_PASSWORD}, "NotPermitted password"),
    ("learner", "learner", {"isStaff": True}, "NotPermitted isStaff"),
    ("learner", "learner", {"isSuperuser": True}, "NotPermitted isSuperuser"),
    ("learner", "learner", {"isActive": False}, "NotPermitted isActive"),
    ("learner", "other", {"name": "Ada"}, "NotFound id"),
    ("learner", "staff", {"name": "Ada"}, "NotFound id"),
    (
        "staff",
        "learner",
        {"name": "Ada", "email": "a@b.c", "password": NEW_PASSWORD, "isActive": False},
        "saved",
    ),
    ("staff", "learner", {"isStaff": True}, "NotPermitted isStaff"),
    ("staff", "learner", {"isSuperuser": True}, "NotPermitted isSuperuser"),
    ("staff", "staff", {"name": "Ada", "email": "a@b.c", "isStaff": True}, "saved"),
    ("staff", "staff", {"isSuperuser": True}, "NotPermitted isSuperuser"),
    ("staff", "staff", {"password": NEW_PASSWORD}, "NotPermitted password"),
    ("staff", "colleague", {"password": NEW_PASSWORD}, "NotPermitted id"),
    ("staff", "colleague", {"isActive": False}, "NotPermitted id"),
    ("staff", "colleague", {"email": "a@b.c"}, "NotPermitted id"),
    ("staff", "root", {"password": NEW_PASSWORD}, "NotPermitted id"),
    ("staff", "root", {"isSuperuser": False}, "NotPermitted id"),
    ("staff", "root", {"name": "Ada"}, "NotPermitted id"),
    ("root", "learner", {"isStaff": True, "isSuperuser": True}, "saved"),
    ("root", "staff", {"isStaff": False, "password": NEW_PASSWORD, "email": "a@b.c"}, "saved"),
    ("root", "root", {"password": NEW_PASSWORD}, "saved"),
]


@pytest.mark.parametrize(("caller", "whom", "values", "answer"), WHO_CHANGES_WHAT)
async def test_who_changes_what(
    world: World, caller: str, whom: str, values: dict[str, Any], answer: str
) -> None:
    before = await world.user(whom)
    assert outline(await world.update(caller, whom, **values)) == answer
    after = await world.user(whom)
    assert before is not None
    assert after is not None
    if answer != "saved":
        assert after == before
        return
    for name, column in (
        ("name", "name"),
        ("email", "email"),
        ("isStaff", "is_staff"),
        ("isActive", "is_active"),
    ):
        if name in values:
            assert getattr(after, column) == values[name]
    if "password" in values:
        assert await verify_password(values["password"], after.password_hash)


@pytest.mark.parametrize(
    ("caller", "values", "answer"),
    [
        ("learner", {}, "NotPermitted None"),
        ("staff", {}, "saved"),
        ("staff", {"isStaff": True}, "NotPermitted isStaff"),
        ("staff", {"isSuperuser": True}, "NotPermitted isSuperuser"),
        ("staff", {"isStaff": False, "isSuperuser": None}, "saved"),
        ("root", {"isStaff": True, "isSuperuser": True}, "saved"),
        ("staff", {"username": "learner"}, "ValidationError username"),
        ("staff", {"username": ""}, "ValidationError username"),
        ("staff", {"username": "two words"}, "ValidationError username"),
        ("staff", {"username": "x" * 151}, "ValidationError username"),
        ("staff", {"username": "\0"}, "ValidationError username"),
        ("staff", {"email": "nowhere"}, "ValidationError email"),
        ("staff", {"email": "@" * 255}, "ValidationError email"),
        ("staff", {"name": "x" * 256}, "ValidationError name"),
        ("staff", {"password": ""}, "ValidationError password"),
        ("staff", {"password": "x" * 1025}, "ValidationError password"),
        ("staff", {"yearOfBirth": 1066}, "ValidationError yearOfBirth"),
        ("staff", {"yearOfBirth": 2**31 - 1}, "ValidationError yearOfBirth"),
        ("staff", {"country": "gb"}, "ValidationError country"),
        ("staff", {"country": "GB\n"}, "ValidationError country"),
        ("staff", {"city": "\0"}, "ValidationError city"),
    ],
)
async def test_who_creates_whom(world: World, caller: str, values: dict[str, Any], answer: str) -> None:
    values = {"username": "new", **values}
    assert outline(await world.create(caller, **values)) == answer
    assert (await world.user("new") is not None) is (answer == "saved")


async def test_a_new_account_has_what_was_given(world: World) -> None:
    answer = await world.create(
        "staff",
        username="new",
        email="new@example.com",
        name="New",
        password=PASSWORD,
        isActive=False,
        gender="FEMALE",
        yearOfBirth=1990,
        educationLevel="MASTERS",
        country="IN",
        region=None,
    )
    assert answer["user"] == {
        "username": "new",
        "name": "New",
        "isStaff": False,
        "isSuperuser": False,
        "isActive": False,
        "country": "IN",
        "yearOfBirth": 1990,
    }
    user = await world.user("new")
    assert user is not None
    assert (user.email, user.gender, user.education_level, user.region) == (
        "new@example.com",
        "female",
        "masters",
        None,
    )
    assert await verify_password(PASSWORD, user.password_hash)
    async with world.database.session() as session:
        (event,) = await session.scalars(select(Event))
        (entry,) = await session.scalars(select(AuditEntry))
    assert (event.type, event.user_id) == ("user.created", user.id)
    assert (entry.actor, entry.action, entry.subject) == ("staff", "user.create", "new")
    assert entry.detail == {
        "email": "new@example.com",
        "name": "New",
        "staff": False,
        "superuser": False,
        "active": False,
        "password": True,
    }


async def test_what_is_null_is_taken_away_from_the_profile_only(world: World) -> None:
    await world.update("learner", "learner", name="Ada", country="GB", yearOfBirth=1815 + 100)
    answer = await world.update("learner", "learner", name=None, country=None)
    assert answer["user"] | {"username": ""} == {
        "username": "",
        "name": "Ada",
        "isStaff": False,
        "isSuperuser": False,
        "isActive": True,
        "country": None,
        "yearOfBirth": 1915,
    }


async def test_changes_leave_events_and_administrative_ones_are_recorded(world: World) -> None:
    await world.update("learner", "learner", name="Ada")
    await world.update("learner", "learner", name="Ada")
    await world.update("staff", "learner", name="Ada")
    await world.update("staff", "learner", name="Bob", isActive=False, gender="FEMALE", password=NEW_PASSWORD)
    async with world.database.session() as session:
        events = list(await session.scalars(select(Event)))
        entries = list(await session.scalars(select(AuditEntry).order_by(col(AuditEntry.id))))
    assert [event.type for event in events] == ["user.updated"] * 2
    assert [(entry.actor, entry.action, entry.subject, entry.detail) for entry in entries] == [
        ("staff", "user.update", "learner", {"name": "Bob", "active": False, "gender": "female"}),
        ("staff", "user.set_password", "learner", {}),
    ]


@pytest.mark.parametrize("values", [{"password": NEW_PASSWORD}, {"isActive": False}])
async def test_what_is_revoked_stops_working_at_once(world: World, values: dict[str, Any]) -> None:
    await add_accounts(world.database)
    form = CONFIDENTIAL | {"grant_type": "password", "username": "ada", "password": PASSWORD}
    token = (await world.client.http.post(TOKEN, data=form)).json()["access_token"]
    headers = {"authorization": f"Bearer {token}"}
    body = {"query": "{ viewer { id } }"}
    asked = await world.client.http.post("/graphql", json=body, headers=headers)
    world.ids["ada"] = asked.json()["data"]["viewer"]["id"]
    assert outline(await world.update("staff", "ada", **values)) == "saved"
    assert (await world.client.http.post("/graphql", json=body, headers=headers)).status_code == 401


@pytest.mark.parametrize("right", ["isStaff", "isSuperuser"])
async def test_who_becomes_staff_has_no_credentials_that_others_made(world: World, right: str) -> None:
    await add_accounts(world.database)
    http, password = world.client.http, {"grant_type": "password", "username": "eve", "password": PASSWORD}
    made = await world.create("staff", username="eve", password=PASSWORD)
    world.ids["eve"] = (await world.client.ask(USER, {"name": "eve"}, key=key_of("staff")))["user"]["id"]
    assert made["__typename"] == "UserSaved"
    async with world.database.session() as session:
        _, secret = await admin.create_client(
            session, ClientType.CONFIDENTIAL, username="eve", client_id="of-eve"
        )
        await admin.create_client(session, ClientType.PUBLIC, username="eve", client_id="owned-by-eve")
    service = {"grant_type": "client_credentials", "client_id": "of-eve", "client_secret": secret}
    tokens = [
        (await http.post(TOKEN, data=form)).json()["access_token"]
        for form in (CONFIDENTIAL | password, service)
    ]
    form = {"username": "eve", "password": PASSWORD}
    origin = {"origin": "http://lyceum.test"}
    assert (await http.post("/admin/login", data=form, headers=origin)).status_code == 303

    assert outline(await world.update("root", "eve", **{right: True})) == "saved"
    for token in tokens:
        assert (await world.client.post("{ viewer { id } }", key=token)).status_code == 401
    for refused in (CONFIDENTIAL | password, service):
        assert (await http.post(TOKEN, data=refused)).json()["error"] == "invalid_grant"
    async with world.database.session() as session:
        assert list(await session.scalars(select(BrowserSession))) == []
        clients = {client.client_id: user for client, user in await admin.list_clients(session)}
        entry = (await session.scalars(select(AuditEntry).order_by(col(AuditEntry.id).desc()))).first()
    assert (clients["of-eve"], clients["owned-by-eve"]) == (None, "eve")
    assert entry is not None
    assert entry.detail == {right.removeprefix("is").lower(): True, "password": False}
    # A password that comes with the right, or after it, stays; so does what staff have who get more rights.
    await world.update("root", "eve", isStaff=False, isSuperuser=False)
    assert outline(await world.update("root", "eve", password=NEW_PASSWORD, **{right: True})) == "saved"
    await world.update("root", "eve", isStaff=True, isSuperuser=True)
    user = await world.user("eve")
    assert user is not None
    assert await verify_password(NEW_PASSWORD, user.password_hash)


@pytest.mark.parametrize("rights", [{}, {"isSuperuser": True}])
async def test_nobody_takes_the_log_in_of_another(world: World, rights: dict[str, bool]) -> None:
    boss = "boss@example.com"
    assert outline(await world.create("root", username="boss", email=boss, **rights)) == "saved"
    assert outline(await world.create("staff", username="eve@example.com")) == "saved"
    for values, answer in (
        ({"username": boss}, "ValidationError username"),
        ({"username": "eve", "email": boss}, "ValidationError email" if rights else "saved"),
        ({"username": "bob", "email": "eve@example.com"}, "ValidationError email"),
    ):
        assert outline(await world.create("staff", **values)) == answer
    for email, answer in (
        (boss, "ValidationError email" if rights else "saved"),
        ("eve@example.com", "ValidationError email"),
    ):
        assert outline(await world.update("staff", "learner", email=email)) == answer
    # One's own name is no other's.
    both = "bob@example.com"
    assert outline(await world.create("root", username=both, email=both, **rights)) == "saved"
    found = await world.client.ask(USER, {"name": both}, key=key_of("root"))
    world.ids["bob"] = found["user"]["id"]
    assert outline(await world.update("root", "bob", email=both, name="Bob")) == "saved"


async def test_lost_rights_are_lost_at_once(world: World) -> None:
    query = "{ users { totalCount } }"
    assert (await world.client.ask(query, key=key_of("staff")))["users"]["totalCount"] == 5
    assert outline(await world.update("root", "staff", isStaff=False)) == "saved"
    assert (await world.client.ask(query, key=key_of("staff")))["users"]["totalCount"] == 1


async def test_a_user_that_is_not_to_be_seen_is_like_one_that_is_not_there(world: World) -> None:
    world.ids["nobody"] = encode_id("User", 999)
    assert await world.update("learner", "other", name="x") == await world.update(
        "learner", "nobody", name="x"
    )
    world.ids["nobody"] = encode_id("Course", 1)
    assert outline(await world.update("staff", "nobody", name="x")) == "ValidationError id"
