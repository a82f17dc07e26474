"""`POST /events`: what is accepted and refused, and that every series follows at once."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.db.engine import Database
from tests.graphql.clients import LEARNER_KEY, STAFF_KEY, Client, add_user, client_of

RUN = "course-v1:edX+Live+2026"
DAILY = """query ($run: String!) { courseRun(key: $run) { analytics {
  enrollmentDaily(includeToday: true) { count cumulativeCount }
  activityWeekly(start: "2024-01-01", end: "2024-02-01") { week any playedVideo attemptedProblem postedForum }
  problems { nodes { grades { grade maxGrade count } } }
} } }"""


@pytest.fixture
async def client(database: Database) -> AsyncIterator[Client]:
    """An application with a member of staff and a learner."""
    await add_user(database, "staff", STAFF_KEY, is_staff=True)
    await add_user(database, "learner", LEARNER_KEY)
    async with client_of(database) as client:
        yield client


def event(type: str, payload: Any = "", **members: Any) -> dict[str, Any]:
    """An event of user 7 in the run."""
    return {
        "time": "2024-01-10T12:00:00.000001+00:00",
        "event_type": type,
        "event_source": "server",
        "username": "ann",
        "context": {"course_id": RUN, "user_id": 7},
        "event": payload,
    } | members


def enrolled(type: str = "activated", **members: Any) -> dict[str, Any]:
    """An enrollment event."""
    payload = {"course_id": RUN, "user_id": 7, "mode": "audit"}
    return event(f"edx.course.enrollment.{type}", payload, **members)


async def post(client: Client, body: Any, key: str | None = STAFF_KEY, **headers: str) -> tuple[int, Any]:
    """Status and body of an answer."""
    credentials = {"authorization": f"Token {key}"} if key else {}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = await client.http.post(
        "/events", content=content, headers={"content-type": "application/json", **credentials, **headers}
    )
    return response.status_code, response.json()


async def analytics(client: Client) -> Any:
    """The series of the run."""
    data = await client.ask(DAILY, {"run": RUN}, key=STAFF_KEY)
    return data["courseRun"]["analytics"]


async def test_one_event_is_in_the_answer_at_once(client: Client) -> None:
    accepted = (200, {"accepted": 1, "ignored": 0, "refused": []})
    assert await post(client, enrolled()) == accepted
    assert (await analytics(client))["enrollmentDaily"] == [{"count": 1, "cumulativeCount": 1}]
    # The same again changes nothing, in another order of its members neither.
    assert await post(client, dict(reversed(enrolled().items()))) == accepted
    assert (await analytics(client))["enrollmentDaily"] == [{"count": 1, "cumulativeCount": 1}]
    assert await post(client, enrolled("deactivated", time="2024-01-11T00:00:00Z")) == accepted
    assert (await analytics(client))["enrollmentDaily"] == [{"count": 0, "cumulativeCount": 1}]
    # One that comes late, of before.
    assert await post(client, enrolled("mode_changed", time="2024-01-09T00:00:00Z")) == accepted
    assert (await analytics(client))["enrollmentDaily"] == [{"count": 0, "cumulativeCount": 1}]
    # The learner has an account, and an enrollment that others read.
    enrollments = '{ enrollments(where: {username: {eq: "ann"}}) { nodes { mode isActive } } }'
    data = await client.ask(enrollments, key=STAFF_KEY)
    assert data["enrollments"]["nodes"] == [{"mode": "audit", "isActive": False}]


async def test_the_newest_activity_of_a_learner_is_known(client: Client) -> None:
    newest = "{ enrollments { nodes { progress { lastActivity } } } }"

    async def last() -> Any:
        (enrollment,) = (await client.ask(newest, key=STAFF_KEY))["enrollments"]["nodes"]
        return enrollment["progress"]

    accepted = (200, {"accepted": 1, "ignored": 0, "refused": []})
    assert await post(client, enrolled()) == accepted
    # Enrolling is no activity.
    assert await last() is None
    for day, known in (("11", "11"), ("10", "11"), ("12", "12")):
        await post(client, event("page_close", time=f"2024-01-{day}T12:00:00.5+00:00"))
        assert await last() == {"lastActivity": f"2024-01-{known}T12:00:00.500000Z"}


async def test_a_batch_says_what_became_of_each(client: Client) -> None:
    problem = "block-v1:edX+Live+2026+type@problem+block@p1"
    batch = [
        enrolled(),
        {"event_type": "x"},
        event("problem_check", {"problem_id": problem, "grade": 1, "max_grade": 2}),
        "no event",
        event("play_video", {"id": "v1", "currentTime": 0}, event_source="browser"),
        event("page_view", context={}),
        event("edx.forum.thread.created"),
        event("x", time="soon"),
    ]
    status, answer = await post(client, batch)
    assert (status, answer["accepted"], answer["ignored"]) == (200, 4, 1)
    assert [(refused["index"], refused["message"].partition(":")[0]) for refused in answer["refused"]] == [
        (1, "time"),
        (3, "is not a JSON object"),
        (7, "time"),
    ]
    found = await analytics(client)
    week = {"week": "2024-01-08", "any": 1, "playedVideo": 1, "attemptedProblem": 1, "postedForum": 1}
    assert found["activityWeekly"] == [week]
    assert found["problems"]["nodes"] == [{"grades": [{"grade": 1.0, "maxGrade": 2.0, "count": 1}]}]
    assert await post(client, []) == (200, {"accepted": 0, "ignored": 0, "refused": []})


async def test_changes_through_the_enrollment_api_are_in_the_series(client: Client) -> None:
    await post(client, enrolled())
    mutation = """mutation ($input: EnrollInput!) { enroll(input: $input) { __typename } }"""
    data = await client.ask(
        mutation, {"input": {"runKey": RUN, "username": "learner", "force": True}}, key=STAFF_KEY
    )
    assert data == {"enroll": {"__typename": "EnrollmentSaved"}}
    assert (await analytics(client))["enrollmentDaily"] == [{"count": 2, "cumulativeCount": 2}]


async def test_only_staff_may_send(client: Client) -> None:
    status, answer = await post(client, enrolled(), None)
    assert (status, list(answer)) == (401, ["detail"])
    status, answer = await post(client, enrolled(), LEARNER_KEY)
    assert (status, list(answer)) == (403, ["detail"])
    status, _ = await post(client, enrolled(), "wrong-key-0123456789")
    assert status == 401
    mutation = "mutation ($events: [JSON!]!) { recordEvents(input: {events: $events}) { __typename } }"
    data = await client.ask(mutation, {"events": [enrolled()]}, key=LEARNER_KEY)
    assert data == {"recordEvents": {"__typename": "NotPermitted"}}


async def test_bodies_that_cannot_be_used(client: Client) -> None:
    assert (await post(client, b"{"))[0] == 400
    assert (await post(client, enrolled(), **{"content-type": "text/plain"}))[0] == 415
    largest = 1_048_576
    padded = json.dumps(event("x", {"padding": ""})).encode()
    fits = padded.replace(b'"padding": ""', b'"padding": "' + b"x" * (largest - len(padded)) + b'"')
    assert len(fits) == largest
    assert (await post(client, fits))[0] == 200
    status, answer = await post(client, fits + b" ")
    assert (status, list(answer)) == (413, ["detail"])
    status, answer = await post(client, "no event")
    assert (status, answer["refused"]) == (200, [{"index": 0, "message": "is not a JSON object"}])
    # GraphQL takes null for no value at all.
    assert (await post(client, None))[0] == 400


async def test_the_answer_log_sent_in_pieces(client: Client, data_directory: Path) -> None:
    lines = (data_directory / "tracking-logs" / "enrollment_trends.log").read_bytes().splitlines()
    # The numbers are of the events from 2014-08-01 on.
    for line in reversed(lines[2:]):
        assert (await post(client, line))[1]["accepted"] == 1
    query = """{ courseRuns(where: {key: {eq: "edX/Open_DemoX/edx_demo_course"}}) { nodes { analytics {
      enrollmentDaily(start: "2014-08-06", end: "2014-08-07") { count cumulativeCount } } } } }"""
    data = await client.ask(query, key=STAFF_KEY)
    (run,) = data["courseRuns"]["nodes"]
    assert run["analytics"]["enrollmentDaily"] == [{"count": 0, "cumulativeCount": 5}]
