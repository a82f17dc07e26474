"""Administrators, a learner and courses, and an application over them."""

import datetime as dt
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.auth.accounts import create_user, set_password_hash
from app.auth.secrets import hash_password
from app.db.engine import Database
from app.db.models import Course, CourseRun, CourseStaff, CourseSubject, Seat, Subject
from app.main import create_app
from app.settings import Settings
from tests.databases import DIALECTS, Databases
from tests.rest.clients import url_of
from tests.webhooks.receivers import Receiver, receiving

ROOT = "/dataserver2"
SUBSCRIPTIONS = f"{ROOT}/zapier/subscriptions"
SITE = f"{ROOT}/++etc++hostsites/lyceum/++etc++site/default"
USERS = f"{SITE}/authentication/users"
ENROLLMENTS = f"{ROOT}/zapier/enrollments"
HOOK = "https://hooks.example.org/hooks/standard/1/abc/"
PASSWORD = "correct horse"
PEOPLE = {"root": "Root Admin", "admin.one": "Ada One", "admin.two": "Bob Two", "learner": "Zap van Tester"}
KEY = "course-v1:Org+C{number}+R1"
TITLES = ("alpha", "Beta", "gamma", "Delta", "epsilon", "Zeta", "eta")
BARE = "epsilon"
"""The course that nothing is said of."""


@dataclass
class Zapier:
    """Sends requests to an application; `who` is the user that asks, a stranger when None."""

    http: httpx.AsyncClient
    database: Database

    async def ask(self, method: str, path: str, who: str | None = "root", **options: Any) -> httpx.Response:
        """The response to a request."""
        headers = {"authorization": basic(who)} if who else {}
        return await self.http.request(method, path, headers=headers | options.pop("headers", {}), **options)

    async def get(self, path: str, who: str | None = "root", **query: Any) -> httpx.Response:
        """The response to a GET with these parameters."""
        return await self.ask("GET", path, who, params=query or None)

    async def json(self, path: str, who: str = "root", **query: Any) -> Any:
        """The object that a GET has to give."""
        response = await self.get(path, who, **query)
        assert response.status_code == 200, response.text
        return response.json()

    async def subscribe(self, event: str = "user/created", who: str = "root", target: str = HOOK) -> Any:
        """A new subscription."""
        response = await self.ask("POST", f"{SUBSCRIPTIONS}/{event}", who, json={"target": target})
        assert response.status_code == 201, response.text
        return response.json()


def basic(username: str, password: str = PASSWORD) -> str:
    """Credentials of a user."""
    return "Basic " + b64encode(f"{username}:{password}".encode()).decode()


def is_fault(response: httpx.Response, status: int, **members: str) -> bool:
    """Whether a refusal says this."""
    body: Mapping[str, Any] = response.json()
    found = {name: body.get(name) for name in members}
    assert (response.status_code, found) == (status, members), response.text
    assert body["message"]
    return True


@pytest.fixture(scope="session", params=DIALECTS)
async def school(request: pytest.FixtureRequest, databases: Databases) -> Database:
    """A database with the rows of these tests, which is only copied."""
    database = await databases.empty(request.param)
    password_hash = await hash_password(PASSWORD)
    async with database.session() as session:
        for name, full in PEOPLE.items():
            user = await create_user(
                session,
                name,
                f"{name}@example.org",
                name=full,
                staff=name.startswith("admin"),
                superuser=name == "root",
            )
            assert user is not None
            await set_password_hash(session, name, password_hash)
            learner = user.id
        for number, title in enumerate(TITLES, start=1):
            about = None if title == BARE else f"About {title}"
            course = Course(key=f"Org+C{number}", title=title, short_description=about)
            session.add(course)
            await session.flush()
            start = dt.datetime(2026, number, 1, tzinfo=dt.UTC) if number % 2 else None
            run = CourseRun(key=KEY.format(number=number), course_id=course.id, start=start)
            session.add(run)
            await session.flush()
            if number == 2:
                session.add(Seat(run_id=run.id, mode="verified", name="Verified", price=Decimal(49)))
            if number == 3:
                session.add(CourseStaff(user_id=learner, run_id=run.id))
        subject = Subject(slug="physics", name="Physics")
        session.add(subject)
        await session.flush()
        session.add(CourseSubject(course_id=course.id, subject_id=subject.id, position=0))
    return database


@asynccontextmanager
async def zapier_of(database: Database, tmp_path: Path, **settings: Any) -> AsyncIterator[Zapier]:
    """A client of an application that delivers to this machine too, unless it is told not to."""
    outbox = tmp_path / "outbox"
    app = create_app(
        Settings(database_url=url_of(database), webhook_worker=False, mail_directory=outbox, **settings)
    )
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://lyceum.test") as http,
    ):
        yield Zapier(http, database)


@pytest.fixture
async def database(school: Database, databases: Databases) -> Database:
    """A copy of the rows."""
    return await databases.copy(school)


@pytest.fixture
async def zapier(database: Database, tmp_path: Path) -> AsyncIterator[Zapier]:
    """An application over a copy, which delivers nothing."""
    async with zapier_of(database, tmp_path) as it:
        yield it


@pytest.fixture(scope="session")
async def shared(
    school: Database, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Zapier]:
    """An application over rows that are only read."""
    database = await databases.copy(school)
    async with zapier_of(database, tmp_path_factory.mktemp("shared")) as it:
        yield it


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A server on this machine that webhooks can be sent to."""
    async with receiving() as it:
        yield it
