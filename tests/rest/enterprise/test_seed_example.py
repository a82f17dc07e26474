"""The example of the documentation, row by row and member by member (Enterprise contract 13.6)."""

import datetime as dt
from collections.abc import AsyncIterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.db.engine import Database
from app.db.models import (
    CatalogItem,
    Course,
    CourseOrganization,
    CourseRun,
    CourseRunStaff,
    EnterpriseCatalog,
    EnterpriseCustomer,
    Organization,
    Person,
    Program,
    ProgramCourse,
    ProgramType,
    Seat,
)
from app.vocabulary import EnterpriseRole, Pacing, ProgramStatus
from tests.databases import DIALECTS, Databases
from tests.rest.enterprise.clients import JSON, Enterprise, add_caller, elements, enterprise_of, told
from tests.rest.enterprise.seed import example
from tests.rest.enterprise.world import add

THEN = dt.datetime(2017, 10, 15, tzinfo=dt.UTC)
"""When enrollment was open and the run had not begun."""


@pytest.fixture(scope="module")
def document(data_directory: Path) -> Any:
    """The example."""
    return example(data_directory.parent / "seeds")


def instant(text: str | None) -> dt.datetime | None:
    """An instant in UTC."""
    return None if text is None else dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


async def add_example(database: Database, document: Mapping[str, Any]) -> None:
    """The rows that the example was made from."""
    item = document["results"][0]
    customer = EnterpriseCustomer(
        uuid=UUID(document["enterprise_customer"]), name="Degreed Company", slug="degreed"
    )
    course = Course(
        key=item["aggregation_key"].partition(":")[2],
        partner=item["partner"],
        level_type=item["level_type"],
        image_url=item["image_url"],
    )
    organization = Organization(
        uuid=UUID(item["authoring_organization_uuids"][0]),
        key=item["org"],
        name=item["org"],
        logo_image_url=item["logo_image_urls"][0],
    )
    staff = [Person(uuid=UUID(uuid), slug=uuid, given_name="Ada") for uuid in item["staff_uuids"]]
    kind = ProgramType(slug="professional-certificate", name=item["program_types"][0])
    await add(database, customer, course, organization, *staff, kind)
    catalog = EnterpriseCatalog(uuid=UUID(document["uuid"]), title=document["title"], customer_id=customer.id)
    program = Program(title="A program", type_id=kind.id, status=ProgramStatus.ACTIVE)
    names = (
        "title",
        "short_description",
        "full_description",
        "min_effort",
        "max_effort",
        "weeks_to_complete",
    )
    dates = ("start", "end", "enrollment_start", "enrollment_end")
    values: dict[str, Any] = {name: item[name] for name in names}
    values |= {name: instant(item[name]) for name in dates}
    run = CourseRun(
        key=item["key"],
        course_id=course.id,
        pacing=Pacing(item["pacing_type"]),
        content_language="en",
        mobile_available=item["mobile_available"],
        transcript_languages=[],
        marketing_slug=item["marketing_url"].removeprefix("course/").partition("?")[0],
        **values,
    )
    await add(database, catalog, program, run)
    await add(
        database,
        CourseOrganization(course_id=course.id, organization_id=organization.id),
        *(CourseRunStaff(run_id=run.id, person_id=row.id, position=place) for place, row in enumerate(staff)),
        *(Seat(run_id=run.id, mode=mode, price=Decimal(10)) for mode in item["seat_types"]),
        ProgramCourse(program_id=program.id, course_id=course.id),
        CatalogItem(catalog_id=catalog.id, run_id=run.id, key=run.key),
    )
    await add_caller(database, "admin", (EnterpriseRole.ADMIN, customer.id))


@pytest.fixture(scope="module", params=DIALECTS)
async def then(
    request: pytest.FixtureRequest, databases: Databases, document: Any
) -> AsyncIterator[Enterprise]:
    """An application at the time of the example."""
    database = await databases.empty(request.param)
    await add_example(database, document)
    async with enterprise_of(database, lambda: THEN) as api:
        yield api


async def test_13_06_the_example_run_is_emitted_field_for_field(then: Enterprise, document: Any) -> None:
    response = await then.ask(document["uuid"], "admin")
    shown = response.json()
    assert list(shown) == ["uuid", "title", "enterprise_customer", "count", "previous", "next", "results"]
    # There are not thirteen (C-19).
    assert shown == document | {"count": 1}
    item = shown["results"][0]
    assert len(item) == 34
    assert (item["start"], item["level_type"], item["pacing_type"]) == (
        "2017-11-01T05:00:00",
        "Beginner",
        "self_paced",
    )
    as_xml = await then.ask(document["uuid"], "admin", accept=None)
    assert elements(as_xml.text) == told(shown)


async def test_13_06_by_its_own_path_it_is_the_same(then: Enterprise, document: Any) -> None:
    item = document["results"][0]
    shown = await then.get(f"{document['uuid']}/course-runs/{item['key']}", "admin")
    assert {name: shown[name] for name in item} == item


async def test_dates_end_in_z_when_the_deployment_says_so(then: Enterprise, document: Any) -> None:
    async with enterprise_of(then.database, lambda: THEN, enterprise_dates_with_zone=True) as api:
        item = (await api.ask(document["uuid"], "admin", JSON)).json()["results"][0]
    expected = document["results"][0]
    for name in ("start", "end", "enrollment_start", "enrollment_end"):
        assert item[name] == (expected[name] and expected[name] + "Z")
