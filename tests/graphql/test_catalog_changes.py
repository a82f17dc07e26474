"""Following a catalog: additions, changes of content, and removals, in the order of time."""

import datetime as dt
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from app.db.models import (
    CatalogItem,
    CatalogRemoval,
    Course,
    CourseRun,
    EnterpriseCatalog,
    EnterpriseCustomer,
    Program,
    RoleAssignment,
)
from app.vocabulary import ContentKind, EnterpriseRole, ProgramStatus, RunStatus
from tests.databases import DIALECTS, Databases
from tests.graphql.clients import LEARNER_KEY, STAFF_KEY, Client, Statements, add_user, client_of

CATALOG, OTHER = UUID(int=1), UUID(int=2)
PROGRAM = UUID(int=10)


def day(number: int) -> dt.datetime:
    return dt.datetime(2025, 1, number, tzinfo=dt.UTC)


CHANGES = [
    # day, key, kind, whether it is removed
    (2, "C+added", "COURSE", False),
    (3, "R+gone", "COURSE_RUN", True),
    (4, "C+changed", "COURSE", False),
    (4, "C+gone", "COURSE", True),
    (5, "C+with a changed run", "COURSE", False),
    (6, "R+changed", "COURSE_RUN", False),
    (7, str(PROGRAM), "PROGRAM", False),
]


@pytest.fixture(scope="module", params=DIALECTS)
async def client(request: pytest.FixtureRequest, databases: Databases) -> AsyncIterator[Client]:
    """A catalog in which something happened each day, and another one in which other things did."""
    database = await databases.empty(request.param)
    await add_user(database, "staff", STAFF_KEY, is_staff=True)
    reader = await add_user(database, "reader", LEARNER_KEY)
    async with database.session() as session:
        customer = EnterpriseCustomer(name="Customer", slug="customer")
        courses = [
            Course(key="C+added", modified=day(1)),
            Course(key="C+changed", modified=day(4)),
            Course(key="C+with a changed run", modified=day(2)),
            Course(key="C+elsewhere", modified=day(9)),
        ]
        program = Program(uuid=PROGRAM, title="P", status=ProgramStatus.UNPUBLISHED, modified=day(7))
        session.add_all([customer, *courses, program])
        await session.flush()
        runs = [
            CourseRun(key="of C+added", course_id=courses[0].id, modified=day(1)),
            CourseRun(key="old", course_id=courses[2].id, modified=day(1)),
            CourseRun(key="new", course_id=courses[2].id, modified=day(5)),
            CourseRun(
                key="R+changed", course_id=courses[3].id, status=RunStatus.UNPUBLISHED, modified=day(6)
            ),
        ]
        catalogs = [EnterpriseCatalog(uuid=uuid, customer_id=customer.id) for uuid in (CATALOG, OTHER)]
        session.add_all([*runs, *catalogs, RoleAssignment(user_id=reader, role=EnterpriseRole.LEARNER)])
        await session.flush()
        first, second = (catalog.id for catalog in catalogs)
        session.add_all(
            [
                CatalogItem(catalog_id=first, course_id=courses[0].id, key="C+added", added_at=day(2)),
                CatalogItem(catalog_id=first, course_id=courses[1].id, key="C+changed", added_at=day(1)),
                CatalogItem(
                    catalog_id=first, course_id=courses[2].id, key="C+with a changed run", added_at=day(1)
                ),
                CatalogItem(catalog_id=first, run_id=runs[3].id, key="R+changed", added_at=day(1)),
                CatalogItem(catalog_id=first, program_id=program.id, key=str(PROGRAM), added_at=day(1)),
                CatalogItem(catalog_id=second, course_id=courses[3].id, key="C+elsewhere", added_at=day(3)),
                CatalogRemoval(
                    catalog_id=first, kind=ContentKind.COURSE_RUN, key="R+gone", removed_at=day(3)
                ),
                CatalogRemoval(catalog_id=first, kind=ContentKind.COURSE, key="C+gone", removed_at=day(4)),
                CatalogRemoval(catalog_id=second, kind=ContentKind.COURSE, key="C+gone", removed_at=day(8)),
            ]
        )
    async with client_of(database) as made:
        yield made


PAGE = """query ($catalog: UUID!, $since: DateTime!, $first: Int, $after: String) {
  enterpriseCatalog(uuid: $catalog) { changes(since: $since, first: $first, after: $after) {
    totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { cursor node { key } }
    nodes { key kind changedAt isRemoved content {
      ... on Course { key } ... on CourseRun { key course { key } } ... on Program { uuid } } }
  } } }"""


async def page(client: Client, since: dt.datetime, key: str = STAFF_KEY, **more: Any) -> Any:
    variables = {"catalog": str(CATALOG), "since": since.isoformat(), **more}
    catalog = (await client.ask(PAGE, variables, key=key))["enterpriseCatalog"]
    found = catalog["changes"]
    assert [edge["node"]["key"] for edge in found["edges"]] == [node["key"] for node in found["nodes"]]
    return found


def told(nodes: list[Any]) -> list[tuple[int, str, str, bool]]:
    return [(int(node["changedAt"][8:10]), node["key"], node["kind"], node["isRemoved"]) for node in nodes]


@pytest.mark.parametrize("since", range(1, 10))
@pytest.mark.parametrize("key", [STAFF_KEY, LEARNER_KEY])
async def test_everything_since_an_instant_in_the_order_of_time(client: Client, since: int, key: str) -> None:
    expected = [change for change in CHANGES if change[0] >= since]
    found = await page(client, day(since), key)
    assert told(found["nodes"]) == expected
    assert found["totalCount"] == len(expected)
    for node in found["nodes"]:
        if node["isRemoved"]:
            assert node["content"] is None
        else:
            # Also what is a draft: it is in the catalog.
            assert (node["content"].get("key") or node["content"]["uuid"]) == node["key"]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
async def test_pages_hold_each_change_once(client: Client, size: int) -> None:
    seen: list[Any] = []
    after = None
    while True:
        found = await page(client, day(1), first=size, after=after)
        seen += told(found["nodes"])
        assert found["totalCount"] == len(CHANGES)
        assert found["pageInfo"]["hasPreviousPage"] is (after is not None)
        if not found["pageInfo"]["hasNextPage"]:
            break
        after = found["pageInfo"]["endCursor"]
    assert seen == CHANGES


async def test_catalogs_are_read_together(client: Client) -> None:
    query = """{ enterpriseCatalogs { nodes { changes(since: "2025-01-01", first: 3) {
      totalCount pageInfo { hasNextPage } nodes { key content { ... on Course { key } } } } } } }"""
    with Statements() as statements:
        data = await client.ask(query, key=STAFF_KEY)
    first, second = (catalog["changes"] for catalog in data["enterpriseCatalogs"]["nodes"])
    assert [node["key"] for node in first["nodes"]] == [key for _, key, _, _ in CHANGES[:3]]
    assert first["totalCount"] == len(CHANGES)
    assert first["pageInfo"]["hasNextPage"] is True
    assert [node["key"] for node in second["nodes"]] == ["C+gone", "C+elsewhere"]
    assert second["totalCount"] == 2
    # catalogs, changes, their number, courses
    assert len(statements.seen) == 4


@pytest.mark.parametrize(
    ("arguments", "field"),
    [('after: "x"', "after"), ("first: -1", "first"), ("first: 101", "first")],
)
async def test_bad_arguments_are_refused(client: Client, arguments: str, field: str) -> None:
    query = f'{{ enterpriseCatalog(uuid: "{CATALOG}") {{ changes(since: "2025-01-01", {arguments}) {{ totalCount }} }} }}'
    (error,) = await client.errors(query, key=STAFF_KEY)
    assert error["extensions"] == {
        "code": "BAD_USER_INPUT",
        "field": field,
        **({"maximum": 100} if field == "first" else {}),
    }


async def test_strangers_follow_nothing(client: Client) -> None:
    variables = {"catalog": str(CATALOG), "since": day(1).isoformat()}
    assert await client.ask(PAGE, variables) == {"enterpriseCatalog": None}
