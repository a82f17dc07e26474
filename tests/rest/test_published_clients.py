"""The published packages, unmodified, against a server that runs (Enrollment contract 7)."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.demo.credentials import DEMO, LEARNER, SERVICE
from tests.databases import DIALECTS, Databases
from tests.rest.clients import check_details, check_enrollment
from tests.servers import running_server

SCRIPT = Path(__file__).with_name("published_clients.py")


@pytest.fixture(scope="module", params=DIALECTS)
async def told(request: pytest.FixtureRequest, databases: Databases, demo_urls: dict[str, str]) -> Any:
    """What the packages, in a process of their own, got from a server over the demo data."""
    url = await databases.copy_url(demo_urls[request.param])
    with running_server({"LYCEUM_DATABASE_URL": url}) as server:
        given = {
            "url": server.url,
            "staff": DEMO.api_key,
            "learner": LEARNER.api_key,
            "client_id": SERVICE.client_id,
            "client_secret": SERVICE.secret,
        }
        return await asyncio.to_thread(answers, given)


def answers(given: dict[str, str]) -> Any:
    """What the packages got: Django, which one of them needs, is settled for a whole process."""
    command = [sys.executable, str(SCRIPT), json.dumps(given)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_ones_own_enrollments(told: Any) -> None:
    rows = told["own"]
    assert rows
    for row in rows:
        check_enrollment(row)
        assert (row["user"], row["is_active"]) == (LEARNER.username, True)
    assert told["own ids"] == [row["course_details"]["course_id"] for row in rows]
    assert told["typed"] == {"times": True, "modes": True}


def test_all_enrollments_page_by_page(told: Any) -> None:
    listed = told["listed"]
    assert listed["number"] > 200
    assert listed["distinct"] == listed["number"]
    assert listed["first"].keys() == {"created", "mode", "is_active", "user", "course_id"}
    assert {row["course_id"] for row in told["of course"]} == {told["course"]}
    assert {row["user"] for row in told["of users"]} == {LEARNER.username}


def test_writing(told: Any) -> None:
    expected = {
        "audit": (DEMO.username, "audit", True),
        "again": (DEMO.username, "audit", True),
        "verified": (LEARNER.username, "verified", True),
        "attributes": (LEARNER.username, "verified", True),
        "left": (LEARNER.username, "verified", False),
        "back": (LEARNER.username, "audit", True),
        "forced": (LEARNER.username, "audit", True),
    }
    for step, values in expected.items():
        row = told["written"][step]
        check_enrollment(row)
        assert (row["user"], row["mode"], row["is_active"]) == values, step
    assert told["refused"] == {"paid": 403, "other": 404, "closed": 400, "unknown": 406}


def test_the_rest_client(told: Any) -> None:
    assert 2_591_900 < told["life"] < 2_592_000
    assert told["rest"]["own"] == []
    check_details(told["rest"]["details"])
    assert told["rest"]["batch"] and told["rest"]["batch"][0].keys() == {
        "username",
        "course_id",
        "user_id",
        "enrollment_id",
        "date_enrolled",
    }
