"""What enterprise catalogs hold: items of three kinds, which are active, and what a catalog contains."""

import datetime as dt
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from app.db.engine import Database
from app.db.models import (
    CatalogItem,
    CatalogQuery,
    Course,
    CourseRun,
    EnterpriseCatalog,
    EnterpriseCustomer,
    Program,
    now,
)
from app.vocabulary import ProgramStatus, RunStatus
from tests.databases import DIALECTS, Databases
from tests.graphql.clients import STAFF_KEY, Client, Statements, add_user, client_of

CATALOG, EMPTY, BY_QUERY = UUID(int=1), UUID(int=2), UUID(int=3)
ACTIVE_PROGRAM, RETIRED_PROGRAM = UUID(int=0xA), UUID(int=0xB)
YESTERDAY, NEXT_MONTH = now() - dt.timedelta(days=1), now() + dt.timedelta(days=30)
RUNS: dict[str, dict[str, Any]] = {
    "open": {},
    "ends later": {"end": NEXT_MONTH, "enrollment_end": NEXT_MONTH},
    "opens next month": {"enrollment_start": NEXT_MONTH},
    "ended yesterday": {"end": YESTERDAY},
    "enrollment closed": {"enrollment_end": YESTERDAY, "end": NEXT_MONTH},
    "unpublished": {"status": RunStatus.UNPUBLISHED},
}
ACTIVE_RUNS = ["open", "ends later", "opens next month"]
KEYS = [*(f"C+{name}" for name in RUNS), "C+none", *(f"run {name}" for name in RUNS)]
PROGRAM_KEYS = [str(ACTIVE_PROGRAM), str(RETIRED_PROGRAM)]
ACTIVE = [*(f"C+{name}" for name in ACTIVE_RUNS), *(f"run {name}" for name in ACTIVE_RUNS), PROGRAM_KEYS[0]]
CONTENT = """... on Course { key } ... on CourseRun { key } ... on Program { uuid }"""


@pytest.fixture(scope="module", params=DIALECTS)
async def client(request: pytest.FixtureRequest, databases: Databases) -> AsyncIterator[Client]:
    """A catalog with courses, runs of another course, and programs; each by what is right or wrong with it."""
    database = await databases.empty(request.param)
    await add_user(database, "staff", STAFF_KEY, is_staff=True)
    async with database.session() as session:
        customer = EnterpriseCustomer(name="Customer", slug="customer")
        query = CatalogQuery(uuid=UUID(int=9), title="All of X")
        courses = [Course(key=f"C+{name}", modified=YESTERDAY) for name in (*RUNS, "none")]
        other = Course(key="O+1", modified=NEXT_MONTH)
        programs = [
            Program(uuid=ACTIVE_PROGRAM, title="active", modified=YESTERDAY - dt.timedelta(days=1)),
            Program(uuid=RETIRED_PROGRAM, title="retired", status=ProgramStatus.RETIRED, modified=YESTERDAY),
        ]
        session.add_all([customer, query, *courses, other, *programs])
        await session.flush()
        of_courses = [
            CourseRun(key=f"{course.key}+R", course_id=course.id, **values)
            for course, values in zip(courses, RUNS.values(), strict=False)
        ]
        # What ended does not make what goes on end.
        of_courses.append(CourseRun(key="C+open+old", course_id=courses[0].id, end=YESTERDAY))
        runs = [
            CourseRun(key=f"run {name}", course_id=other.id, modified=YESTERDAY, **values)
            for name, values in RUNS.items()
        ]
        catalogs = [
            EnterpriseCatalog(uuid=CATALOG, title="Mixed", customer_id=customer.id),
            EnterpriseCatalog(uuid=EMPTY, title="Empty", customer_id=customer.id),
            EnterpriseCatalog(uuid=BY_QUERY, title="By query", customer_id=customer.id, query_id=query.id),
        ]
        session.add_all([*of_courses, *runs, *catalogs])
        await session.flush()
        contents: list[dict[str, Any]] = [
            *({"course_id": course.id, "key": course.key} for course in courses),
            *({"run_id": run.id, "key": run.key} for run in runs),
            *({"program_id": program.id, "key": str(program.uuid)} for program in programs),
        ]
        # All were added in two strokes, so that keys decide.
        for number, content in enumerate(contents):
            added = YESTERDAY + dt.timedelta(hours=number // 8)
            session.add(CatalogItem(catalog_id=catalogs[0].id, added_at=added, **content))
    async with client_of(database) as made:
        yield made


async def ask(client: Client, fields: str, catalog: UUID = CATALOG, **variables: Any) -> Any:
    query = f'{{ enterpriseCatalog(uuid: "{catalog}") {{ {fields} }} }}'
    return (await client.ask(query, variables, key=STAFF_KEY))["enterpriseCatalog"]


def keys_of(nodes: list[Any]) -> list[str]:
    """The native keys of content."""
    return [node.get("key") or node["uuid"] for node in nodes]


def in_order(keys: list[str]) -> list[str]:
    """Keys as the catalog lists them: by time of addition, then by key."""
    places = {key: number // 8 for number, key in enumerate([*KEYS, *PROGRAM_KEYS])}
    return sorted(keys, key=lambda key: (places[key], key))


async def test_items_are_active_unless_asked_for(client: Client) -> None:
    found = await ask(
        client,
        f"""active: items {{ totalCount nodes {{ __typename {CONTENT} }} }}
        all: items(active: false) {{ totalCount nodes {{ {CONTENT} }} edges {{ addedAt node {{ {CONTENT} }} }} }}""",
    )
    nodes = found["active"]["nodes"]
    assert keys_of(nodes) == in_order(ACTIVE)
    assert found["active"]["totalCount"] == len(ACTIVE)
    assert {node["__typename"] for node in nodes if node.get("key", "").startswith("C+")} == {"Course"}
    assert {node["__typename"] for node in nodes if node.get("key", "").startswith("run")} == {"CourseRun"}
    assert keys_of(found["all"]["nodes"]) == in_order([*KEYS, *PROGRAM_KEYS])
    assert found["all"]["totalCount"] == len(KEYS) + 2
    assert [edge["node"] for edge in found["all"]["edges"]] == found["all"]["nodes"]
    added = [edge["addedAt"] for edge in found["all"]["edges"]]
    assert added == sorted(added)
    assert len(set(added)) == 2


async def test_items_by_key(client: Client) -> None:
    found = await ask(
        client,
        f"""some: items(keys: ["C+unpublished", "C+open", "{ACTIVE_PROGRAM}", "nothing"], active: false) {{
          totalCount nodes {{ {CONTENT} }} }}
        active: items(keys: ["C+unpublished", "C+open"]) {{ nodes {{ {CONTENT} }} }}
        none: items(keys: []) {{ totalCount nodes {{ {CONTENT} }} }}""",
    )
    assert keys_of(found["some"]["nodes"]) == in_order(["C+open", "C+unpublished", PROGRAM_KEYS[0]])
    assert found["some"]["totalCount"] == 3
    assert found["active"]["nodes"] == [{"key": "C+open"}]
    assert found["none"] == {"totalCount": 0, "nodes": []}
    keys = ", ".join(f'"{n}"' for n in range(101))
    (error,) = await client.errors(
        f'{{ enterpriseCatalog(uuid: "{CATALOG}") {{ items(keys: [{keys}]) {{ totalCount }} }} }}',
        key=STAFF_KEY,
    )
    assert error["message"] == "keys: at most 100 values"
    assert error["extensions"]["field"] == "keys"


@pytest.mark.parametrize("size", [1, 2, 5, 7, 100])
async def test_every_way_of_paging_gives_the_same_items(client: Client, size: int) -> None:
    async def page(arguments: str) -> Any:
        found = await ask(
            client,
            f"items({arguments}) {{ nodes {{ {CONTENT} }}"
            " pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } ",
        )
        return keys_of(found["items"]["nodes"]), found["items"]["pageInfo"]

    forward: list[str] = []
    by_number: list[str] = []
    after = ""
    while True:
        keys, info = await page(f"first: {size} {after}")
        numbered, number_info = await page(f"first: {size}, offset: {len(by_number)}")
        assert number_info == info
        forward += keys
        by_number += numbered
        if not info["hasNextPage"]:
            break
        after = f'after: "{info["endCursor"]}"'
    backward: list[str] = []
    before = ""
    while True:
        keys, info = await page(f"last: {size} {before}")
        backward[:0] = keys
        if not info["hasPreviousPage"]:
            break
        before = f'before: "{info["startCursor"]}"'
    assert forward == backward == by_number == in_order(ACTIVE)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("offset: -1", "offset: must be between 0 and 1000000, not -1"),
        ("offset: 1000001", "offset: must be between 0 and 1000000, not 1000001"),
        ("offset: 1, last: 1", "offset and last cannot be given together"),
        ('offset: 0, after: "x"', "offset and after cannot be given together"),
        ('offset: 0, before: "x"', "offset and before cannot be given together"),
    ],
)
async def test_an_offset_out_of_bounds_is_refused(client: Client, arguments: str, message: str) -> None:
    query = f'{{ enterpriseCatalog(uuid: "{CATALOG}") {{ items({arguments}) {{ totalCount }} }} }}'
    (error,) = await client.errors(query, key=STAFF_KEY)
    assert (error["message"], error["extensions"]["field"]) == (message, "offset")
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


async def test_beyond_the_end_there_is_nothing(client: Client) -> None:
    found = await ask(
        client, "items(offset: 1000000) { totalCount nodes { __typename } pageInfo { hasNextPage } }"
    )
    assert found["items"] == {"totalCount": len(ACTIVE), "nodes": [], "pageInfo": {"hasNextPage": False}}


CONTAINED = {
    "C+open": True,
    "C+unpublished": True,
    "c+open": False,
    "C+open+R": True,
    "C+open+old": True,
    "run ended yesterday": True,
    "O+1": True,
    "O+2": False,
    str(RETIRED_PROGRAM): True,
    str(RETIRED_PROGRAM).upper(): True,
    str(UUID(int=0xC)): False,
    "": False,
}


@pytest.mark.parametrize("key", CONTAINED)
async def test_a_catalog_contains_what_it_lists_and_the_course_or_the_runs_of_that(
    client: Client, key: str
) -> None:
    document = f'contains(key: "{key}") course(key: "{key}") {{ key }} courseRun(key: "{key}") {{ key }}'
    found = await ask(client, document)
    assert found["contains"] is CONTAINED[key]
    by_key = [content["key"] for content in (found["course"], found["courseRun"]) if content]
    assert by_key == ([key] if CONTAINED[key] and "-" not in key else [])
    assert await ask(client, document, EMPTY) == {"contains": False, "course": None, "courseRun": None}


async def test_programs_by_uuid(client: Client) -> None:
    fields = f"""active: program(uuid: "{ACTIVE_PROGRAM}") {{ title }}
        retired: program(uuid: "{RETIRED_PROGRAM}") {{ title }}"""
    assert await ask(client, fields) == {"active": {"title": "active"}, "retired": {"title": "retired"}}
    assert await ask(client, fields, EMPTY) == {"active": None, "retired": None}


async def test_a_catalog_tells_its_query_and_when_its_content_changed(client: Client) -> None:
    fields = "queryUuid queryTitle contentLastModified"
    assert await ask(client, fields) == {
        "queryUuid": None,
        "queryTitle": None,
        "contentLastModified": YESTERDAY.isoformat().replace("+00:00", "Z"),
    }
    assert await ask(client, fields, BY_QUERY) == {
        "queryUuid": str(UUID(int=9)),
        "queryTitle": "All of X",
        "contentLastModified": None,
    }


PAGE = """
query ($first: Int!) { enterpriseCatalogs { nodes { queryUuid contentLastModified items(first: $first) {
  totalCount
  edges { addedAt node {
    ... on Course { key title owners { nodes { name } } runs { totalCount nodes { key seats { mode } } } }
    ... on CourseRun { key course { key } staff { nodes { slug } } }
    ... on Program { subtitle type { name } courses { nodes { key runs { nodes { key } } } } }
  } }
} } } }
"""


@pytest.fixture(params=DIALECTS)
async def many(request: pytest.FixtureRequest, databases: Databases) -> AsyncIterator[Client]:
    """A catalog with 100 courses of 5 runs each, a run and a program."""
    database: Database = await databases.empty(request.param)
    await add_user(database, "staff", STAFF_KEY, is_staff=True)
    async with database.session() as session:
        customer = EnterpriseCustomer(name="Customer", slug="customer")
        courses = [Course(key=f"C+{number:03}") for number in range(100)]
        program = Program(title="Program")
        session.add_all([customer, program, *courses])
        await session.flush()
        catalog = EnterpriseCatalog(title="Big", customer_id=customer.id)
        runs = [CourseRun(key=f"{c.key}+{n}", course_id=c.id) for c in courses for n in range(5)]
        session.add_all([catalog, *runs])
        await session.flush()
        session.add(CatalogItem(catalog_id=catalog.id, run_id=runs[0].id, key=runs[0].key))
        session.add(CatalogItem(catalog_id=catalog.id, program_id=program.id, key=str(program.uuid)))
        await session.flush()
        for course in courses:
            session.add(CatalogItem(catalog_id=catalog.id, course_id=course.id, key=course.key))
    async with client_of(
        database, max_page_size=200, max_cost=10**9, max_values=10**9, cost_per_minute=0
    ) as made:
        yield made


async def test_the_number_of_statements_does_not_grow_with_the_page(many: Client) -> None:
    await many.ask("{ viewer { id } }", key=STAFF_KEY)
    counts = {}
    for first in (20, 102):
        with Statements() as statements:
            data = await many.ask(PAGE, {"first": first}, key=STAFF_KEY)
        counts[first] = len(statements.seen)
        (catalog,) = data["enterpriseCatalogs"]["nodes"]
        edges = catalog["items"]["edges"]
        assert len(edges) == first
        assert catalog["items"]["totalCount"] == 102
        courses = [edge["node"] for edge in edges if "runs" in edge["node"]]
        assert {course["runs"]["totalCount"] for course in courses} == {5}
    assert counts == {20: 14, 102: 14}
