"""The administration pages over a database with a superuser, on each kind of database."""

from collections.abc import AsyncIterator

import pytest

from app.auth.secrets import hash_password
from app.db.engine import Database
from app.db.models import Course, CourseRun
from tests.admin.clients import Browser
from tests.databases import DIALECTS, Databases
from tests.graphql.clients import add_user
from tests.oauth.clients import LIMITLESS, PASSWORD, MovingClock, add_accounts, oauth_of

RUN = "course-v1:C+1+R"


@pytest.fixture(scope="session", params=DIALECTS)
async def accounts(request: pytest.FixtureRequest, databases: Databases) -> Database:
    """A database with accounts and clients, which is only copied."""
    database = await databases.empty(request.param)
    await add_accounts(database)
    password_hash = await hash_password(PASSWORD)
    await add_user(database, "root", password_hash=password_hash, is_superuser=True)
    await add_user(database, "sam", password_hash=password_hash, is_staff=True)
    async with database.session() as session:
        course = Course(key="C+1")
        session.add(course)
        await session.flush()
        session.add(CourseRun(key=RUN, course_id=course.id))
    return database


@pytest.fixture
async def database(accounts: Database, databases: Databases) -> Database:
    """A copy of the database with the accounts and clients."""
    return await databases.copy(accounts)


@pytest.fixture(scope="session")
async def kept(accounts: Database, databases: Databases) -> Database:
    """A copy of the database that tests leave as it is."""
    return await databases.copy(accounts)


@pytest.fixture(scope="session")
async def reader(kept: Database) -> AsyncIterator[Browser]:
    """A browser that the superuser is logged in with, for tests that change nothing."""
    async with oauth_of(kept, **LIMITLESS) as client:
        browser = Browser(client.http)
        assert (await browser.log_in("root")).status_code == 303
        yield browser


@pytest.fixture
def clock() -> MovingClock:
    """The clock of the server."""
    return MovingClock()


@pytest.fixture
async def stranger(database: Database, clock: MovingClock) -> AsyncIterator[Browser]:
    """A browser that nobody is logged in with."""
    async with oauth_of(database, clock, **LIMITLESS) as client:
        yield Browser(client.http)


@pytest.fixture
async def browser(stranger: Browser) -> Browser:
    """A browser that the superuser is logged in with."""
    assert (await stranger.log_in("root")).status_code == 303
    return stranger
