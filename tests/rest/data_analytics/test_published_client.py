"""The published package, unmodified, against a server that runs (Data Analytics contract 9)."""

import asyncio
import csv
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from app.demo.credentials import LEARNER
from tests.databases import DIALECTS, Databases
from tests.servers import LiveServer, running_server

pytestmark = pytest.mark.alone

SCRIPT = Path(__file__).with_name("published_client.py")
CONNECTIONS = 8
ATTEMPTS = 5


@pytest.fixture(scope="module", params=DIALECTS)
async def told(request: pytest.FixtureRequest, databases: Databases, demo_urls: dict[str, str]) -> Any:
    """What the package, in a process of its own, got from a busy server over the demo data."""
    url = await databases.copy_url(demo_urls[request.param])
    with running_server({"LYCEUM_DATABASE_URL": url}) as server, busy(server):
        return await asyncio.to_thread(answers, {"url": server.url, "key": LEARNER.api_key})


@contextmanager
def busy(server: LiveServer) -> Iterator[None]:
    """Other connections, of another process, that ask the server for series of a year all the time."""
    given = {"port": urlsplit(server.url).port, "key": LEARNER.api_key, "connections": CONNECTIONS}
    command = [sys.executable, "-m", "tests.rest.data_analytics.busy", json.dumps(given)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "busy\n"
            yield
            # Not one of them was refused.
            assert process.poll() is None
        finally:
            process.kill()


def answers(given: dict[str, str]) -> Any:
    """What the package got; other tests that run beside it may take the server's core for a while."""
    command = [sys.executable, str(SCRIPT), json.dumps(given)]
    for _ in range(ATTEMPTS):
        ended = subprocess.run(command, capture_output=True, text=True, timeout=120)
        if "exceeded timeout" not in ended.stderr:
            break
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_the_timeout_is_the_package_s_own(told: Any) -> None:
    assert told["timeout"] == 0.25


def test_status(told: Any) -> None:
    assert told["status"] == [True, True, True]
    # A wrong key is refused even where none is needed.
    assert told["stranger"] == [False, False, True]


def test_every_method_has_rows_and_the_same_ones_as_csv(told: Any) -> None:
    for place, answers in told["json"].items():
        assert answers
        for method, rows in answers.items():
            text = told["csv"][place][method]
            shown = list(csv.DictReader(io.StringIO(text, newline="")))
            rows = rows if isinstance(rows, list) else [rows]
            assert rows and len(shown) == len(rows), (place, method)
            if place != "modules" and method != "videos":
                assert {row["course_id"] for row in [*rows, *shown]} == {place}


def test_types_of_activity(told: Any) -> None:
    for place in told["json"]:
        if place != "modules":
            for type_ in ("any", "attempted_problem", "played_video", "posted_forum"):
                assert told["json"][place][f"recent {type_}"]["activity_type"] == type_


def test_errors_are_the_package_s_own(told: Any) -> None:
    assert told["refused"] == {
        "unknown": "NotFoundError",
        "date": "InvalidRequestError",
        "key": "ClientError",
    }
