"""Who sees what: one table of cases drives the list, `node(id:)` and a nested path."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from app.db.engine import Database
from app.db.models import (
    CatalogItem,
    Consent,
    Course,
    CourseRun,
    Enrollment,
    EnrollmentAttribute,
    EnrollmentEvent,
    EnterpriseCatalog,
    EnterpriseCustomer,
    EnterpriseEnrollment,
    EnterpriseLearner,
    Module,
    Program,
    ProgramCourse,
    Progress,
    RoleAssignment,
    Seat,
    now,
)
from app.vocabulary import EnrollmentEventType, EnterpriseRole, ProgramStatus, RunStatus
from schema.relay import encode_id
from tests.databases import DIALECTS, Databases
from tests.graphql.clients import LEARNER_KEY, STAFF_KEY, Client, add_user, client_of

OFF_KEY = "off-key-0123456789ab"
KEYS = {
    "stranger": None,
    "learner": LEARNER_KEY,
    "admin": "admin-key-0123456789",
    "catalog_admin": "catalog-admin-key-0123456789",
    "customers_learner": "customers-learner-key-0123456789",
    "unlinked": "unlinked-key-0123456789",
    "operator": "operator-key-0123456789",
    "staff": STAFF_KEY,
}


@dataclass(frozen=True)
class Case:
    """A row, where it is met, and who sees it there."""

    type: str
    name: str
    field: str
    root: str
    path: tuple[str, ...]
    seen_by: str


ROLES = {
    "admin": EnterpriseRole.ADMIN,
    "catalog_admin": EnterpriseRole.CATALOG_ADMIN,
    "customers_learner": EnterpriseRole.LEARNER,
    "operator": EnterpriseRole.OPERATOR,
}
ALL = " ".join(KEYS)
BY_ROLE = "admin catalog_admin customers_learner operator staff"
"""Who has a role for the customer that is administered."""
RUNS = ("course", "runs")
DRAFT = "course-v1:C+3+draft"
CATALOGS = ("listed course", "catalogs")
READS_LEARNERS = "admin operator staff"
OF_LINKED = ("linked", "enrollments")
CASES = [
    Case("Course", "C+1", "key", "courses", ("program", "courses"), ALL),
    Case("CourseRun", "published", "key", "courseRuns", RUNS, ALL),
    Case("CourseRun", "draft of the learner", "key", "courseRuns", RUNS, "learner staff"),
    Case("CourseRun", "draft of another", "key", "courseRuns", RUNS, "staff"),
    Case(
        "CourseRun",
        "draft of a listed course",
        "key",
        "courseRuns",
        ("listed course", "runs"),
        f"learner {BY_ROLE}",
    ),
    Case("CourseRun", DRAFT, "key", "courseRuns", ("administered catalog", "runs"), BY_ROLE),
    Case("Seat", DRAFT, "mode", "", (), BY_ROLE),
    Case("Program", "listed", "title", "programs", ("administered catalog", "programs"), BY_ROLE),
    Case("Seat", "published", "mode", "", (), ALL),
    Case("Seat", "draft of the learner", "mode", "", (), "learner staff"),
    Case("Seat", "draft of another", "mode", "", (), "staff"),
    Case("Program", "active", "title", "programs", ("course", "programs"), ALL),
    Case("Program", "retired", "title", "programs", ("course", "programs"), ALL),
    Case("Program", "unpublished", "title", "programs", ("course", "programs"), "staff"),
    Case("Program", "deleted", "title", "programs", ("course", "programs"), "staff"),
    Case("User", "learner", "username", "users", (), "learner staff"),
    Case("User", "other", "username", "users", (), "staff"),
    Case("EnterpriseLearner", "learner", "username", "", ("linked", "learners"), "learner operator staff"),
    Case("EnterpriseLearner", "other", "username", "", ("linked", "learners"), "operator staff"),
    Case("EnterpriseLearner", "employee", "username", "", ("administered", "learners"), READS_LEARNERS),
    Case("EnterpriseLearner", "unlinked", "username", "", (), "unlinked staff"),
    Case("EnterpriseEnrollment", "learner", "userUsername", "", OF_LINKED, "learner operator staff"),
    Case("EnterpriseEnrollment", "other", "userUsername", "", OF_LINKED, "operator staff"),
    Case("EnterpriseEnrollment", "other", "userUsername", "", ("link", "enrollments"), "operator staff"),
    Case(
        "EnterpriseEnrollment",
        "employee",
        "userUsername",
        "",
        ("administered", "enrollments"),
        READS_LEARNERS,
    ),
    Case("Enrollment", "of the learner", "mode", "enrollments", ("run", "enrollments"), "learner staff"),
    Case("Enrollment", "of another", "mode", "enrollments", ("run", "enrollments"), "staff"),
    Case(
        "EnterpriseCustomer",
        "linked",
        "name",
        "enterpriseCustomers",
        (),
        "learner operator staff",
    ),
    Case("EnterpriseCustomer", "administered", "name", "enterpriseCustomers", (), BY_ROLE),
    Case(
        "EnterpriseCatalog",
        "linked",
        "title",
        "enterpriseCatalogs",
        CATALOGS,
        "learner operator staff",
    ),
    Case(
        "EnterpriseCatalog",
        "administered",
        "title",
        "enterpriseCatalogs",
        CATALOGS,
        BY_ROLE,
    ),
    Case(
        "EnterpriseCatalog",
        "unlinked",
        "title",
        "enterpriseCatalogs",
        CATALOGS,
        "operator staff",
    ),
    Case("EnterpriseRoleAssignment", "CATALOG_ADMIN", "role", "", (), "catalog_admin staff"),
    Case("EnterpriseRoleAssignment", "OPERATOR", "role", "", (), "operator staff"),
    Case("Problem", "problem", "usageKey", "problems", ("run", "analytics", "problems"), "staff"),
    Case("Subsection", "subsection", "usageKey", "subsections", ("run", "analytics", "subsections"), "staff"),
    Case("Video", "video", "usageKey", "videos", ("run", "analytics", "videos"), "staff"),
]


@dataclass
class World:
    client: Client
    ids: dict[tuple[str, str], int]
    starts: dict[str, tuple[str, int]]
    uuids: dict[str, str]


@pytest.fixture(scope="module", params=DIALECTS)
async def world(request: pytest.FixtureRequest, databases: Databases) -> AsyncIterator[World]:
    database = await databases.empty(request.param)
    ids, starts, uuids = await fill(database)
    async with client_of(database) as client:
        yield World(client, ids, starts, uuids)


async def fill(
    database: Database,
) -> tuple[dict[tuple[str, str], int], dict[str, tuple[str, int]], dict[str, str]]:
    """The rows of the table's cases.

    Their keys by type and name, where nested paths start, and UUIDs of customers and of their catalogs.
    """
    learner = await add_user(database, "learner", LEARNER_KEY)
    other = await add_user(database, "other")
    employee = await add_user(database, "employee")
    with_roles = {role: await add_user(database, name, KEYS[name]) for name, role in ROLES.items()}
    unlinked = await add_user(database, "unlinked", KEYS["unlinked"])
    await add_user(database, "staff", STAFF_KEY, is_staff=True)
    await add_user(database, "off", OFF_KEY, is_active=False)
    async with database.session() as session:
        course, listed, other_course = (Course(key=key) for key in ("C+1", "C+2", "C+3"))
        programs = {status.value: Program(title=status.value, status=status) for status in ProgramStatus}
        programs["listed"] = Program(title="listed", status=ProgramStatus.UNPUBLISHED)
        customers = {
            name: EnterpriseCustomer(name=name, slug=name) for name in ("linked", "administered", "unlinked")
        }
        session.add_all([course, listed, other_course, *programs.values(), *customers.values()])
        await session.flush()
        runs = {
            name: CourseRun(key=name, course_id=of.id, status=status)
            for name, of, status in (
                ("published", course, RunStatus.PUBLISHED),
                ("draft of the learner", course, RunStatus.UNPUBLISHED),
                ("draft of another", course, RunStatus.REVIEWED),
                ("draft of a listed course", listed, RunStatus.UNPUBLISHED),
                (DRAFT, other_course, RunStatus.REVIEWED),
            )
        }
        catalogs = {
            name: EnterpriseCatalog(title=name, customer_id=customer.id)
            for name, customer in customers.items()
        }
        session.add_all([*runs.values(), *catalogs.values()])
        await session.flush()
        run = runs["published"].id
        roles = {
            role.name: RoleAssignment(
                user_id=user,
                role=role,
                customer_id=None if role is EnterpriseRole.OPERATOR else customers["administered"].id,
            )
            for role, user in with_roles.items()
        }
        modules = {
            name: Module(run_id=run, usage_key=name, category=category)
            for name, category in (("problem", "problem"), ("subsection", "sequential"), ("video", "video"))
        }
        seats = {name: Seat(run_id=row.id, mode=name) for name, row in runs.items()}
        enrollments = {
            "of the learner": Enrollment(run_id=run, user_id=learner, mode="of the learner"),
            "of another": Enrollment(run_id=run, user_id=other, mode="of another"),
        }
        links = {
            name: EnterpriseLearner(
                customer_id=customers[customer].id, user_id=user, linked=name != "unlinked"
            )
            for name, user, customer in (
                ("learner", learner, "linked"),
                ("other", other, "linked"),
                ("employee", employee, "administered"),
                ("unlinked", unlinked, "administered"),
            )
        }
        own = Enrollment(run_id=run, user_id=employee, mode="verified")
        session.add_all(
            [
                *modules.values(),
                *enrollments.values(),
                *seats.values(),
                Enrollment(run_id=runs["draft of the learner"].id, user_id=learner, mode="draft"),
                Enrollment(run_id=runs["draft of another"].id, user_id=other, mode="draft"),
                *(ProgramCourse(program_id=program.id, course_id=course.id) for program in programs.values()),
                *(
                    CatalogItem(catalog_id=catalog.id, course_id=listed.id, key=listed.key)
                    for catalog in catalogs.values()
                ),
                *(
                    CatalogItem(
                        catalog_id=catalogs["administered"].id, key=key, run_id=run_id, program_id=program_id
                    )
                    for key, run_id, program_id in (
                        (DRAFT, runs[DRAFT].id, None),
                        ("listed", None, programs["listed"].id),
                    )
                ),
                *links.values(),
                EnterpriseLearner(customer_id=customers["unlinked"].id, user_id=learner, linked=False),
                own,
                *(
                    Consent(customer_id=link.customer_id, user_id=link.user_id, run_id=run, granted=True)
                    for link in links.values()
                ),
                *roles.values(),
            ]
        )
        for user in (learner, other):
            session.add(Progress(run_id=run, user_id=user, letter_grade="A"))
            session.add(
                EnrollmentEvent(
                    run_id=run,
                    user_id=user,
                    occurred_at=now(),
                    type=EnrollmentEventType.ACTIVATED,
                    mode="audit",
                )
            )
        await session.flush()
        for enrollment in enrollments.values():
            session.add(
                EnrollmentAttribute(enrollment_id=enrollment.id, namespace="n", name="secret", value="v")
            )
        records = {
            name: EnterpriseEnrollment(learner_id=links[name].id, enrollment_id=enrollment.id)
            for name, enrollment in (
                ("learner", enrollments["of the learner"]),
                ("other", enrollments["of another"]),
                ("employee", own),
            )
        }
        session.add_all(records.values())
    by_type: dict[str, dict[str, Any]] = {
        "Course": {"C+1": course},
        "CourseRun": runs,
        "Program": programs,
        "Enrollment": enrollments,
        "Seat": seats,
        "EnterpriseCustomer": customers,
        "EnterpriseCatalog": catalogs,
        "EnterpriseEnrollment": records,
        "EnterpriseLearner": links,
        "EnterpriseRoleAssignment": roles,
        **{name: {name.lower(): modules[name.lower()]} for name in ("Problem", "Subsection", "Video")},
    }
    ids = {(type_, name): row.id for type_, rows in by_type.items() for name, row in rows.items()}
    ids |= {("User", "learner"): learner, ("User", "other"): other}
    starts = {
        "program": ("Program", programs["active"].id),
        "course": ("Course", course.id),
        "listed course": ("Course", listed.id),
        "administered catalog": ("EnterpriseCatalog", catalogs["administered"].id),
        "run": ("CourseRun", run),
        **{name: ("EnterpriseCustomer", customer.id) for name, customer in customers.items()},
        "link": ("EnterpriseLearner", links["other"].id),
    }
    uuids = {name: str(customer.uuid) for name, customer in customers.items()}
    uuids |= {f"catalog {name}": str(catalog.uuid) for name, catalog in catalogs.items()}
    return ids, starts, uuids


PARAMETERS = [
    pytest.param(case, viewer, id=f"{case.type} {case.name} - {viewer}") for case in CASES for viewer in KEYS
]


@pytest.mark.parametrize(("case", "viewer"), PARAMETERS)
async def test_a_row_is_seen_everywhere_or_nowhere(world: World, case: Case, viewer: str) -> None:
    seen = viewer in case.seen_by.split()
    key = KEYS[viewer]
    id_ = encode_id(case.type, world.ids[case.type, case.name])
    fields = f"id {case.field}"

    if case.root:
        query = f"{{ list: {case.root} {{ totalCount nodes {{ {fields} }} }} }}"
        listed = (await world.client.ask(query, key=key))["list"]
        assert ({"id": id_, case.field: case.name} in listed["nodes"]) is seen
        assert listed["totalCount"] == len(listed["nodes"])

    query = f"query ($id: ID!) {{ node(id: $id) {{ id ... on {case.type} {{ {case.field} }} }} }}"
    found = await world.client.ask(query, {"id": id_}, key=key)
    assert found["node"] == ({"id": id_, case.field: case.name} if seen else None)

    if case.path:
        start, *path = case.path
        type_, start_id = world.starts[start]
        nested = f"nodes {{ {fields} }} totalCount"
        for step in reversed(path):
            nested = f"{step} {{ {nested} }}"
        query = f"query ($id: ID!) {{ node(id: $id) {{ ... on {type_} {{ {nested} }} }} }}"
        below = (await world.client.ask(query, {"id": encode_id(type_, start_id)}, key=key))["node"]
        for step in path:
            below = below and below[step]
        assert (below is not None and {"id": id_, case.field: case.name} in below["nodes"]) is seen
        assert below is None or below["totalCount"] == len(below["nodes"])


@pytest.mark.parametrize(
    ("viewer", "expected"), [("stranger", []), ("learner", ["learner"]), ("staff", ["learner", "other"])]
)
async def test_what_belongs_to_an_enrollment_is_seen_with_it(
    world: World, viewer: str, expected: list[str]
) -> None:
    data = await world.client.ask(
        """{ enrollments(where: {mode: {startsWith: "of"}}) { nodes {
          user { username } run { key } attributes { name value } events { type mode } progress { letterGrade }
        } } }""",
        key=KEYS[viewer],
    )
    assert data["enrollments"]["nodes"] == [
        {
            "user": {"username": username},
            "run": {"key": "published"},
            "attributes": [{"name": "secret", "value": "v"}],
            "events": [{"type": "ACTIVATED", "mode": "audit"}],
            "progress": {"letterGrade": "A"},
        }
        for username in expected
    ]


async def test_a_row_that_is_not_to_be_seen_is_like_one_that_is_not_there(world: World) -> None:
    query = """query ($there: ID!, $not: ID!) {
      there: node(id: $there) { id } not: node(id: $not) { id }
      other: user(username: "other") { id } nobody: user(username: "nobody") { id }
      many: nodes(ids: [$there, $not]) { id }
    }"""
    ids = {"there": encode_id("User", world.ids["User", "other"]), "not": encode_id("User", 999_999)}
    data = await world.client.ask(query, ids, key=LEARNER_KEY)
    assert data == {"there": None, "not": None, "other": None, "nobody": None, "many": [None, None]}


@pytest.mark.parametrize("viewer", KEYS)
async def test_who_reads_a_catalog_reads_all_that_it_contains(world: World, viewer: str) -> None:
    reads = viewer in BY_ROLE.split()
    query = """query ($id: ID!) { node(id: $id) { ... on EnterpriseCatalog {
        items(active: false) { totalCount nodes { ... on Course { key } ... on CourseRun { key } ... on Program { title } } }
        contains(key: "course-v1:C+3+draft")
        listed: courseRun(key: "course-v1:C+3+draft") { key } ofCourse: courseRun(key: "draft of a listed course") { key }
        elsewhere: courseRun(key: "draft of another") { key }
    } } }"""
    id_ = encode_id("EnterpriseCatalog", world.ids["EnterpriseCatalog", "administered"])
    catalog = (await world.client.ask(query, {"id": id_}, key=KEYS[viewer]))["node"]
    assert catalog == (
        {
            "items": {"totalCount": 3, "nodes": [{"key": "C+2"}, {"key": DRAFT}, {"title": "listed"}]},
            "contains": True,
            "listed": {"key": DRAFT},
            "ofCourse": {"key": "draft of a listed course"},
            "elsewhere": None,
        }
        if reads
        else None
    )


async def test_reading_of_a_draft_in_a_catalog_is_not_being_let_in(world: World) -> None:
    data = await world.client.ask(
        """mutation { enroll(input: {runKey: "course-v1:C+3+draft"}) { __typename
          ... on Error { message } } }""",
        key=KEYS["customers_learner"],
    )
    assert data["enroll"] == {"__typename": "NotFound", "message": f"There is no course run {DRAFT}"}


CUSTOMERS_OF_ROLES = {
    "learner": [],
    "admin": ["administered"],
    "catalog_admin": ["administered"],
    "customers_learner": ["administered"],
    "unlinked": [],
    "operator": ["linked", "administered", "unlinked"],
    "staff": [],
}


@pytest.mark.parametrize("viewer", CUSTOMERS_OF_ROLES)
async def test_roles_open_catalogs(world: World, viewer: str) -> None:
    titles = CUSTOMERS_OF_ROLES[viewer]
    role = ROLES.get(viewer)
    uuids = world.uuids
    data = await world.client.ask(
        """query ($uuid: UUID) { viewer {
          enterpriseRoles { role customer { name } }
          enterpriseCatalogs { totalCount nodes { title } }
          second: enterpriseCatalogs(offset: 1, first: 1) { nodes { title } }
          ofCustomer: enterpriseCatalogs(where: {customer: {uuid: $uuid}}) { nodes { title } }
          ofAny: enterpriseCatalogs(where: {customer: {uuid: null}}) { totalCount }
        } }""",
        {"uuid": uuids["administered"]},
        key=KEYS[viewer],
    )
    name = {"name": "administered"} if viewer != "operator" else None
    nodes = [{"title": title} for title in titles]
    assert data["viewer"] == {
        "enterpriseRoles": [{"role": role.name, "customer": name}] if role else [],
        "enterpriseCatalogs": {"totalCount": len(titles), "nodes": nodes},
        "second": {"nodes": nodes[1:2]},
        "ofCustomer": {"nodes": [{"title": title} for title in titles if title == "administered"]},
        "ofAny": {"totalCount": len(titles)},
    }

    query = (
        """query ($uuid: UUID!) { enterpriseAccess(WHAT: $uuid) { exists readsCatalogs readsLearners } }"""
    )
    reads_learners = viewer in ("admin", "operator")
    for what in ("customer", "catalog"):
        for customer in ("linked", "administered", "unlinked", None):
            uuid = (
                uuids[f"{what} {customer}" if what == "catalog" else customer]
                if customer
                else str(UUID(int=5))
            )
            access = await world.client.ask(query.replace("WHAT", what), {"uuid": uuid}, key=KEYS[viewer])
            opened = customer in titles if customer else viewer == "operator"
            assert access["enterpriseAccess"] == {
                "exists": customer is not None,
                "readsCatalogs": opened,
                "readsLearners": opened and reads_learners,
            }


async def test_access_is_of_one_thing_and_for_known_users(world: World) -> None:
    one = f'catalog: "{UUID(int=1)}"'
    for arguments in ("(catalog: null)", f'({one}, customer: "{UUID(int=1)}")', ""):
        (error,) = await world.client.errors(
            f"{{ enterpriseAccess{arguments} {{ exists }} }}", key=KEYS["operator"]
        )
        assert error["message"] == "Either catalog or customer has to be given"
        assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "catalog"}
    assert await world.client.ask(f"{{ enterpriseAccess({one}) {{ exists }} }}") == {"enterpriseAccess": None}


async def test_a_learner_and_a_catalog_lead_to_the_customer(world: World) -> None:
    data = await world.client.ask(
        """{ viewer { enterpriseCustomers { nodes { name catalogs { nodes { customer { name } } } } } } }""",
        key=LEARNER_KEY,
    )
    catalogs = {"nodes": [{"customer": {"name": "linked"}}]}
    assert data["viewer"]["enterpriseCustomers"]["nodes"] == [{"name": "linked", "catalogs": catalogs}]


async def test_the_viewer_is_who_the_key_says(world: World) -> None:
    assert await world.client.ask("{ viewer { username } }") == {"viewer": None}
    for name in ("learner", "staff"):
        data = await world.client.ask("{ viewer { username } }", key=KEYS[name])
        assert data == {"viewer": {"username": name}}


@pytest.mark.parametrize("scheme", ["Token", "token", "Bearer", "BEARER"])
async def test_both_schemes_are_known_in_any_case(world: World, scheme: str) -> None:
    response = await world.client.http.post(
        "/graphql",
        json={"query": "{ viewer { username } }"},
        headers={"authorization": f"{scheme} {LEARNER_KEY}"},
    )
    assert response.json()["data"] == {"viewer": {"username": "learner"}}


@pytest.mark.parametrize(
    "header",
    ["Token", "Token ", "Token no-such-key-0123456789", f"Token {OFF_KEY}", "Bearer a b", "token \xff"],
)
async def test_a_bad_key_is_never_a_stranger(world: World, header: str) -> None:
    response = await world.client.http.post(
        "/graphql",
        json={"query": "{ __typename }"},
        headers=[(b"authorization", header.encode("latin-1"))],
    )
    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith("Bearer")
    assert response.json() == {
        "errors": [{"message": "Invalid Token.", "extensions": {"code": "UNAUTHENTICATED"}}]
    }


async def test_another_scheme_is_a_stranger(world: World) -> None:
    response = await world.client.http.post(
        "/graphql", json={"query": "{ viewer { id } }"}, headers={"authorization": "Digest x"}
    )
    assert response.json()["data"] == {"viewer": None}
