"""Asking the REST API, in process, about accounts, runs and enrollments that show each rule."""

import datetime as dt
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.auth.secrets import hash_key
from app.db.engine import Database
from app.db.models import (
    AccessToken,
    AuditEntry,
    Course,
    CourseRun,
    CourseStaff,
    Enrollment,
    EnrollmentAttribute,
    EnrollmentEvent,
    Event,
    OAuthClient,
    Seat,
    User,
    now,
)
from app.main import create_app
from app.settings import Settings
from app.vocabulary import ClientType
from tests.graphql.clients import add_user

ENROLLMENT = "/api/enrollment/v1/enrollment"
ENROLLMENTS = "/api/enrollment/v1/enrollments"
COURSE = "/api/enrollment/v1/course"
ACCOUNTS_BATCH = "/api/jitterbit/v1/accounts/batch"
ENROLLMENT_BATCH = "/api/jitterbit/v1/enrollment/batch"

OPEN, OLD, BARE = "course-v1:Org+Open+R1", "Org/Old/2012", "course-v1:Org+Bare+R1"
EXPIRED, CREDIT, PAID = "course-v1:Org+Expired+R1", "course-v1:Org+Credit+R1", "course-v1:Org+Paid+R1"
CLOSED, EARLY = "course-v1:Org+Closed+R1", "course-v1:Org+Early+R1"
FULL, INVITED = "course-v1:Org+Full+R1", "course-v1:Org+Invited+R1"
UNKNOWN = "course-v1:Org+Unknown+R1"
MALFORMED = ("nonsense", "course-v1:Org+Open", "Org/Old")

INVALID, MISSING = "Invalid Token.", "Authentication credentials were not provided."
INVALID_TOKEN, NO_CREDENTIALS = 'Bearer realm="api", error="invalid_token"', 'Bearer realm="api"'

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")
MODE_MEMBERS = {
    "slug": str,
    "name": str,
    "min_price": int,
    "suggested_prices": str,
    "currency": str,
    "expiration_datetime": (str, type(None)),
    "description": (str, type(None)),
    "sku": (str, type(None)),
    "bulk_sku": (str, type(None)),
}
DETAILS_MEMBERS = {
    "course_id": str,
    "course_name": str,
    "enrollment_start": (str, type(None)),
    "enrollment_end": (str, type(None)),
    "course_start": (str, type(None)),
    "course_end": (str, type(None)),
    "invite_only": bool,
    "course_modes": list,
}
ENROLLMENT_MEMBERS = {"created": str, "mode": str, "is_active": bool, "course_details": dict, "user": str}

PAST, FUTURE = dt.datetime(2019, 12, 31, 23, 59, 59, 999999, dt.UTC), dt.datetime(2999, 1, 1, tzinfo=dt.UTC)
USERS: dict[str, dict[str, bool]] = {
    "learner": {},
    "second": {},
    "tutor": {},
    "staff": {"is_staff": True},
    "root": {"is_superuser": True},
    "off": {"is_active": False},
}
"""`tutor` is course staff of `OPEN`."""

WHO = ("learner", "second", "tutor", "staff", "root")
RUNS: dict[str, dict[str, Any]] = {
    OPEN: {
        "title": "Open run",
        "enrollment_start": dt.datetime(2019, 1, 1, tzinfo=dt.UTC),
        "start": dt.datetime(2019, 2, 1, 12, 30, 0, 123456, dt.UTC),
        "end": FUTURE,
    },
    OLD: {},
    BARE: {},
    EXPIRED: {},
    CREDIT: {},
    PAID: {},
    CLOSED: {"enrollment_end": PAST},
    EARLY: {"enrollment_start": FUTURE},
    FULL: {"enrollment_limit": 1},
    INVITED: {"invite_only": True},
}
AUDIT = {"mode": "audit", "name": "Audit"}
VERIFIED = {"mode": "verified", "name": "Verified", "price": 49, "suggested_prices": "50,100", "sku": "ABC"}
SEATS: dict[str, list[dict[str, Any]]] = {
    OPEN: [AUDIT, {**VERIFIED, "upgrade_deadline": FUTURE}],
    OLD: [{"mode": "honor", "name": "Honor"}],
    EXPIRED: [AUDIT, {**VERIFIED, "upgrade_deadline": PAST}],
    CREDIT: [AUDIT, {"mode": "credit", "name": "Credit", "credit_provider": "asu"}],
    PAID: [VERIFIED],
    **{key: [AUDIT, VERIFIED] for key in (CLOSED, EARLY, FULL, INVITED)},
}
ENROLLED: tuple[tuple[str, str, str, bool, dt.datetime], ...] = (
    ("learner", OLD, "honor", True, dt.datetime(2019, 5, 1, tzinfo=dt.UTC)),
    ("learner", OPEN, "audit", True, dt.datetime(2019, 4, 4, 19, 44, 31, 802434, dt.UTC)),
    ("learner", BARE, "audit", False, dt.datetime(2019, 3, 3, 3, 3, 3, 3999, dt.UTC)),
    ("second", OPEN, "verified", True, dt.datetime(2019, 4, 5, tzinfo=dt.UTC)),
    ("second", OLD, "honor", True, dt.datetime(2019, 4, 6, tzinfo=dt.UTC)),
    ("second", FULL, "audit", True, dt.datetime(2019, 4, 7, tzinfo=dt.UTC)),
    ("second", EXPIRED, "verified", True, dt.datetime(2019, 4, 8, tzinfo=dt.UTC)),
    ("second", PAID, "verified", False, dt.datetime(2019, 4, 9, tzinfo=dt.UTC)),
    ("tutor", BARE, "audit", True, dt.datetime(2019, 6, 1, tzinfo=dt.UTC)),
)


def key_of(username: str) -> str:
    """The API key of a user."""
    return f"key-of-{username}-0123456789"


@dataclass
class Rest:
    """Sends requests to an application; `who` is the user that asks, a stranger when None."""

    http: httpx.AsyncClient
    database: Database

    async def ask(self, method: str, path: str, who: str | None = None, **options: Any) -> httpx.Response:
        """The response to a request."""
        headers = {"authorization": f"Token {key_of(who)}"} if who else {}
        return await self.http.request(method, path, headers=headers | options.pop("headers", {}), **options)

    async def get(self, path: str, who: str | None = None, **parameters: Any) -> httpx.Response:
        """The response to a GET with these parameters."""
        return await self.ask("GET", path, who, params=parameters or None)

    async def rows(self, path: str, who: str | None = None, **parameters: Any) -> Any:
        """The JSON of a GET that must succeed."""
        response = await self.get(path, who, **parameters)
        assert response.status_code == 200, response.text
        return response.json()

    async def enroll(self, who: str | None, course: Any, **members: Any) -> httpx.Response:
        """The response to an enrollment."""
        body = {"course_details": {"course_id": course}, **members}
        return await self.ask("POST", ENROLLMENT, who, json=body)


@asynccontextmanager
async def rest_of(database: Database, **settings: Any) -> AsyncIterator[Rest]:
    """A client of an application over a database."""
    app = create_app(Settings(database_url=url_of(database), **{"webhook_worker": False} | settings))
    # A fault of the server's is a 500 for these tests too.
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://lyceum.test") as http,
    ):
        yield Rest(http, database)


def url_of(database: Database) -> str:
    """The URL of a database with its password."""
    return database.url.render_as_string(hide_password=False)


async def fill(database: Database) -> None:
    """Add the accounts, runs and enrollments of these tests."""
    users = {
        name: await add_user(
            database,
            name,
            key_of(name),
            email=f"{name}@example.com",
            date_joined=dt.datetime(2018, 1, number, 1, 2, 3, 765432, dt.UTC),
            **rights,
        )
        for number, (name, rights) in enumerate(USERS.items(), start=1)
    }
    async with database.session() as session:
        course = Course(key="Org+C", title="The course")
        session.add(course)
        await session.flush()
        runs = {key: CourseRun(key=key, course_id=course.id, **values) for key, values in RUNS.items()}
        session.add_all(runs.values())
        await session.flush()
        for key, seats in SEATS.items():
            session.add_all(Seat(run_id=runs[key].id, **seat) for seat in seats)
        session.add(CourseStaff(user_id=users["tutor"], run_id=runs[OPEN].id))
        await _enroll(session, users, {key: run.id for key, run in runs.items()})


async def reset(database: Database) -> None:
    """Take away what a test added, and make the enrollments anew."""
    async with database.session() as session:
        for model in (EnrollmentAttribute, EnrollmentEvent, Enrollment, AccessToken, AuditEntry, Event):
            await session.execute(delete(model))
        await session.execute(delete(User).where(col(User.username).not_in(USERS)))
        await session.execute(delete(CourseRun).where(col(CourseRun.key).not_in(RUNS)))
        users = (await session.execute(select(col(User.username), col(User.id)))).all()
        runs = (await session.execute(select(col(CourseRun.key), col(CourseRun.id)))).all()
        await _enroll(session, {row[0]: row[1] for row in users}, {row[0]: row[1] for row in runs})


async def _enroll(session: AsyncSession, users: Mapping[str, int], runs: Mapping[str, int]) -> None:
    for name, key, mode, active, created in ENROLLED:
        user, run = users[name], runs[key]
        session.add(Enrollment(user_id=user, run_id=run, mode=mode, is_active=active, created=created))
        await session.flush()


async def add_token(database: Database, username: str, scope: str = "") -> str:
    """Add an access token of a user; the token."""
    token = f"token-of-{username}-for-{scope.replace(' ', '-')}"
    async with database.session() as session:
        client = await session.scalar(select(OAuthClient))
        if client is None:
            client = OAuthClient(client_id="c", secret_hash=hash_key("secret"), type=ClientType.PUBLIC)
            session.add(client)
            await session.flush()
        user_id = await session.scalar(select(col(User.id)).where(col(User.username) == username))
        assert user_id is not None
        expires = now() + dt.timedelta(days=1)
        session.add(
            AccessToken(
                token_hash=hash_key(token), user_id=user_id, client_id=client.id, scope=scope, expires=expires
            )
        )
    return token


async def state(database: Database) -> dict[tuple[str, str], tuple[str, bool]]:
    """Mode and activity of every enrollment, by user name and course id."""
    statement = (
        select(col(User.username), col(CourseRun.key), col(Enrollment.mode), col(Enrollment.is_active))
        .join_from(Enrollment, User)
        .join(CourseRun)
    )
    async with database.reader.connect() as connection:
        rows = (await connection.execute(statement)).all()
    found = {(name, key): (mode, active) for name, key, mode, active in rows}
    assert len(found) == len(rows)
    return found


def shown(instant: dt.datetime) -> str:
    """An instant as the enrollment API gives it."""
    return instant.isoformat().replace("+00:00", "Z")


def check_members(value: Any, members: Mapping[str, Any]) -> None:
    """Assert that an object has exactly these members, of these types."""
    assert value.keys() == members.keys()
    for name, kind in members.items():
        assert isinstance(value[name], kind), (name, value[name])
        # In Python, but not in JSON, a boolean is an integer.
        assert kind is not int or not isinstance(value[name], bool)


def check_details(details: Any) -> None:
    """Assert that these are course details."""
    check_members(details, DETAILS_MEMBERS)
    for mode in details["course_modes"]:
        check_members(mode, MODE_MEMBERS)
        assert mode["currency"] == "usd"
    for name in ("enrollment_start", "enrollment_end", "course_start", "course_end"):
        assert details[name] is None or TIME.fullmatch(details[name])


def check_enrollment(enrollment: Any) -> None:
    """Assert that this is an enrollment."""
    check_members(enrollment, ENROLLMENT_MEMBERS)
    check_details(enrollment["course_details"])
    assert TIME.fullmatch(enrollment["created"])


def check_empty(response: httpx.Response, status: int) -> None:
    """Assert that a response has this status, an empty body and no content type."""
    assert (response.status_code, response.content) == (status, b"")
    assert "content-type" not in response.headers


def check_text(response: httpx.Response, status: int, member: str = "detail", **others: Any) -> None:
    """Assert that a response says in one member what is wrong; other members are exact."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    assert isinstance(body.pop(member), str) and response.json()[member]
    assert body == others
