"""The published packages, unmodified, against a server that runs (Enterprise contract 12.5 and 13)."""

import asyncio
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from app.auth.secrets import hash_key
from app.db.models import OAuthClient
from app.vocabulary import ClientType, EnterpriseRole, GrantType
from tests.databases import DIALECTS, Databases
from tests.graphql.enterprise import Company
from tests.rest.clients import url_of
from tests.rest.enterprise.clients import add_caller
from tests.rest.enterprise.test_items import RUN_WITH_DETAILS
from tests.rest.enterprise.world import CATALOG, add, add_customers, add_large_catalog
from tests.servers import running_server

SCRIPT = Path(__file__).with_name("published_clients.py")
INTERPRETER = Path(__file__).parents[3] / ".venv/reporting/bin/python"
"""`make test` installs the package there."""

SIZES = {"sqlite": (2_500, 1000), "postgresql": (250, 100)}
"""Courses in the catalog, and on a page of the packages; 1000 is their own default."""

LEARNERS = 3


def keys(told: Any) -> list[str]:
    """The keys of all courses."""
    return [f"X+{number:04}" for number in range(told["courses"])]


@pytest.fixture(scope="module", params=DIALECTS)
async def told(request: pytest.FixtureRequest, databases: Databases) -> Any:
    """What the packages, in a process of their own, got from a server over a large catalog."""
    database = await databases.empty(request.param)
    customer = (await add_customers(database))["accents"]
    courses, page_size = SIZES[request.param]
    await add_large_catalog(database, customer, courses, 1)
    company = Company(database, customer.id, customer.uuid)
    for number in range(LEARNERS):
        run = await company.run(f"learned-{number}")
        await company.enroll(await company.learner(f"learner-{number}"), run)
    user = await add_caller(database, "reports", (EnterpriseRole.ADMIN, customer.id))
    await add(
        database,
        OAuthClient(
            client_id="reports",
            secret_hash=hash_key("secret"),
            type=ClientType.CONFIDENTIAL,
            user_id=user,
            grants=[GrantType.CLIENT_CREDENTIALS],
        ),
    )
    await database.dispose()
    with running_server({"LYCEUM_DATABASE_URL": url_of(database)}) as server:
        given = {
            "url": server.url,
            "customer": str(customer.uuid),
            "catalog": CATALOG,
            "client_id": "reports",
            "client_secret": "secret",
            "page_size": str(page_size),
        }
        return await asyncio.to_thread(answers, given) | {"courses": courses}


def answers(given: dict[str, str]) -> Any:
    """What the packages got."""
    command = [str(INTERPRETER), str(SCRIPT), json.dumps(given)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_reports_see_each_course_once(told: Any) -> None:
    reports = told["reports"]
    assert [catalog["uuid"] for catalog in reports["catalogs"]["results"]] == [CATALOG]
    # The package would pass over one that came twice.
    assert [item["key"] for item in reports["content"]] == keys(told)


def test_reports_find_what_they_read(told: Any) -> None:
    item = told["reports"]["content"][0]
    run = item["course_runs"][0]
    assert (item["content_type"], item["languages"], item["subjects"]) == ("course", ["English"], ["Science"])
    assert item["organizations"] == ["X: X"]
    assert (run["status"], run["enrollment_mode"], run["is_enrollable"]) == ("published", "verified", True)
    # What was renamed is there too.
    assert run.keys() - RUN_WITH_DETAILS.keys() == {"enrollment_mode"}


@pytest.mark.parametrize("version", ["enrollments", "enrollments v1"])
def test_reports_see_each_enrollment_once(told: Any, version: str) -> None:
    found = told["reports"][version]
    assert [row["user_username"] for row in found["results"]] == [f"learner-{n}" for n in range(LEARNERS)]
    assert found["count"] == LEARNERS


def test_the_rest_client_follows_links_and_sees_each_course_once(told: Any) -> None:
    assert told["rest"]["keys"] == keys(told)


def test_the_rest_client_gets_xml_unless_it_asks_for_json(told: Any) -> None:
    assert told["rest"]["type"] == "application/xml; charset=utf-8"
    assert told["rest"]["in XML"] == keys(told)[:2]
