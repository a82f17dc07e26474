"""Keys for the numbers of some courses only (Data Analytics contract 2.2)."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import col, select

from app.auth.accounts import set_api_key, set_password_hash, update_user
from app.auth.restrictions import restrict
from app.auth.secrets import hash_password
from app.db.engine import Database
from app.db.models import Course, CourseOrganization, CourseRun, Module, Organization
from app.demo.credentials import DEMO, LEARNER
from app.vocabulary import OrganizationRole, RunStatus
from tests.databases import DIALECTS, Databases
from tests.graphql.clients import Client
from tests.rest.data_analytics.clients import COURSE, PATHS, PROBLEM, VIDEO, Analytics, analytics_of, check

OTHER = "UniversityX/UX.3.01x/1T2015"
FORBIDDEN = {"detail": "You do not have permission to perform this action."}
PASSWORD = "a-password-of-ada"
BY_COURSE, BY_ORGANIZATION, BY_SPONSOR, STAFF = (f"key-restricted-{number:05}" for number in range(4))
NUMBERS = f"""{{
  inside: courseRun(key: "{COURSE}") {{ analytics {{ enrollmentDaily {{ count }} problems {{ totalCount }} }} }}
  outside: courseRun(key: "{OTHER}") {{ key analytics {{ enrollmentDaily {{ count }} }} }}
  courseRuns(first: 50) {{ nodes {{ key course {{ key }} analytics {{ enrollmentDaily {{ count }} }} }} }}
  videos(first: 100) {{ nodes {{ id run {{ key }} }} }}
  problems(first: 100) {{ nodes {{ run {{ course {{ key }} }} }} }}
}}"""


@dataclass
class Restricted:
    """Requests of keys that are restricted to one course, in one way or another."""

    analytics: Analytics
    client: Client

    async def get(self, path: str, key: str = BY_COURSE) -> Any:
        return await self.analytics.ask("GET", path, f"Token {key}")


@pytest.fixture(scope="module", params=DIALECTS)
async def restricted(
    request: pytest.FixtureRequest, databases: Databases, demo_urls: dict[str, str]
) -> AsyncIterator[Restricted]:
    """An application over demo data with keys of which three are for the demonstration course."""
    url = await databases.copy_url(demo_urls[request.param])
    database = Database(url)
    async with database.session() as session:
        for number, key in enumerate((BY_COURSE, BY_ORGANIZATION, BY_SPONSOR, STAFF)):
            await set_api_key(session, f"user-{number}", key)
        course = await session.scalar(select(Course).where(Course.key == "edX+DemoX"))
        other = await session.scalar(select(Course).where(Course.key == "UniversityX+UX.3.01x"))
        assert course is not None and other is not None
        sponsor = Organization(key="Sponsor", name="Sponsor")
        session.add(sponsor)
        await session.flush()
        session.add(
            CourseOrganization(course_id=other.id, organization_id=sponsor.id, role=OrganizationRole.SPONSOR)
        )
        await restrict(session, "user-0", [COURSE], [])
        owner = await session.scalar(
            select(col(Organization.key))
            .join(CourseOrganization, col(CourseOrganization.organization_id) == col(Organization.id))
            .where(
                col(CourseOrganization.course_id) == course.id,
                col(CourseOrganization.role) == OrganizationRole.OWNER,
            )
        )
        await restrict(session, "user-1", [], [str(owner)])
        await restrict(session, "user-2", ["edX+DemoX"], ["Sponsor"])
        await update_user(session, "user-3", staff=True)
        await restrict(session, "user-3", ["edX+DemoX"], [])
        await set_password_hash(session, "user-0", await hash_password(PASSWORD))
        # The same problem in a run of another course.
        run = await session.scalar(select(CourseRun).where(CourseRun.key == OTHER))
        module = await session.scalar(select(Module).where(Module.usage_key == PROBLEM))
        assert run is not None and module is not None
        session.add(Module(run_id=run.id, usage_key="outside", category=module.category))
        hidden = update(CourseRun).where(col(CourseRun.key) == COURSE).values(status=RunStatus.UNPUBLISHED)
        await session.execute(hidden)
    await database.dispose()
    async with analytics_of(url) as analytics:
        yield Restricted(analytics, Client(analytics.http))


@pytest.mark.parametrize("key", [BY_COURSE, BY_ORGANIZATION, BY_SPONSOR, STAFF])
@pytest.mark.parametrize("name", PATHS)
async def test_inside_everything_is_as_without_a_restriction(
    restricted: Restricted, name: str, key: str
) -> None:
    path = PATHS[name] if name != "timeline" else await inner_timeline(restricted)
    free = await restricted.analytics.ask("GET", path)
    answer = await restricted.get(path, key)
    assert (answer.status_code, answer.content) == (200, free.content)


async def inner_timeline(restricted: Restricted) -> str:
    """The path of a video of the course."""
    videos = await restricted.analytics.rows(f"courses/{COURSE}/videos/")
    return f"videos/{videos[0]['pipeline_video_id']}/timeline/"


OUTSIDE = [
    *(path.replace(COURSE, OTHER) for path in PATHS.values() if COURSE in path and "courses" in path),
    f"courses/{OTHER}/enrollment/?end_date=2001-01-01",
    f"videos/{VIDEO}/timeline/",
    "problems/outside/grade_distribution",
    "problems/outside/answer_distribution",
]


@pytest.mark.parametrize("path", OUTSIDE)
async def test_outside_there_is_403(restricted: Restricted, path: str) -> None:
    for key in (BY_COURSE, BY_ORGANIZATION, BY_SPONSOR, STAFF):
        answer = await restricted.get(path, key)
        check(answer, 403)
        assert answer.json() == FORBIDDEN
    as_csv = await restricted.get(path + ("&" if "?" in path else "?") + "format=csv")
    assert (as_csv.status_code, as_csv.text) == (403, f"detail\r\n{FORBIDDEN['detail']}\r\n")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("courses/edX/DemoX/Unknown/enrollment/", 404),
        ("courses/edX/DemoX/Unknown/recent_activity/", 404),
        ("videos/edX/DemoX/Unknown|x/timeline/", 404),
        (f"videos/{COURSE}|unknown/timeline/", 404),
        (f"courses/{COURSE}/enrollment/?end_date=2001-01-01", 404),
        (f"courses/{OTHER}/enrollment/?end_date=x", 400),
    ],
)
async def test_what_is_unknown_or_wrong_is_what_it_always_was(
    restricted: Restricted, path: str, status: int
) -> None:
    check(await restricted.get(path), status)


async def test_a_token_for_the_password_is_as_restricted(restricted: Restricted) -> None:
    right = {"username": "user-0", "password": PASSWORD}
    token = (await restricted.analytics.http.post("/api-token-auth/", data=right)).json()["token"]
    assert (await restricted.get(PATHS["enrollment"], token)).status_code == 200
    check(await restricted.get(PATHS["enrollment"].replace(COURSE, OTHER), token), 403)


async def test_staff_read_the_same_numbers_along_every_path(restricted: Restricted) -> None:
    data = await restricted.client.ask(NUMBERS, key=STAFF)
    assert data["inside"]["analytics"]["problems"]["totalCount"] > 0
    assert data["outside"] == {"key": OTHER, "analytics": None}
    for run in data["courseRuns"]["nodes"]:
        assert (run["analytics"] is not None) is (run["course"]["key"] == "edX+DemoX")
    assert {node["run"]["course"]["key"] for node in data["problems"]["nodes"]} == {"edX+DemoX"}
    free = await restricted.client.ask(NUMBERS, key=DEMO.api_key)
    ids = [node["id"] for node in free["videos"]["nodes"]]
    inside = [
        node["id"]
        for node in free["videos"]["nodes"]
        if node["run"]["key"] in (COURSE, "course-v1:edX+DemoX+Demo_Course")
    ]
    assert 0 < len(inside) < len(ids)
    assert [node["id"] for node in data["videos"]["nodes"]] == inside
    document = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    found = (await restricted.client.ask(document, {"ids": ids}, key=STAFF))["nodes"]
    assert [node["id"] for node in found if node] == inside


ALL_ELSE = """{
  viewer { username isStaff }
  users { totalCount } enrollments { totalCount } courses { totalCount } courseRuns { totalCount }
  enterpriseCustomers { totalCount } oauthClients { totalCount } accessTokens { totalCount }
}"""


async def test_nothing_else_is_narrower_or_wider(restricted: Restricted) -> None:
    free = await restricted.client.ask(ALL_ELSE, key=DEMO.api_key)
    staff = await restricted.client.ask(ALL_ELSE, key=STAFF)
    assert staff | {"viewer": None} == free | {"viewer": None}
    data = await restricted.client.ask(NUMBERS, key=BY_COURSE)
    assert data["inside"] is None
    assert (data["videos"], data["problems"]) == ({"nodes": []}, {"nodes": []})
    assert all(run["analytics"] is None for run in data["courseRuns"]["nodes"])
    learner = await restricted.client.ask(ALL_ELSE, key=LEARNER.api_key)
    ordinary = await restricted.client.ask(ALL_ELSE, key=BY_COURSE)
    assert learner["courses"] == ordinary["courses"]
    assert ordinary["users"] == {"totalCount": 1}
