"""Who sees what: one table of cases drives the list, `node(id:)` and a nested path."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

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

ADMIN_KEY, OPERATOR_KEY, OFF_KEY = "admin-key-0123456789", "operator-key-0123456789", "off-key-0123456789ab"
CATALOGER_KEY = "cataloger-key-0123456789"
KEYS = {
    "stranger": None,
    "learner": LEARNER_KEY,
    "admin": ADMIN_KEY,
    "operator": OPERATOR_KEY,
    "cataloger": CATALOGER_KEY,
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


ALL = "stranger learner admin operator cataloger staff"
RUNS = ("course", "runs")
CASES = [
    Case("Course", "C+1", "key", "courses", ("program", "courses"), ALL),
    Case("CourseRun", "published", "key", "courseRuns", RUNS, ALL),
    Case("CourseRun", "draft of the learner", "key", "courseRuns", RUNS, "learner staff"),
    Case("CourseRun", "draft of another", "key", "courseRuns", RUNS, "staff"),
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
    Case(
        "EnterpriseLearner", "employee", "username", "", ("administered", "learners"), "admin operator staff"
    ),
    Case("EnterpriseLearner", "left", "username", "", ("unlinked", "learners"), "staff"),
    Case(
        "EnterpriseEnrollment",
        "of the learner",
        "userCurrentEnrollmentMode",
        "",
        ("linked", "enrollments"),
        "learner operator staff",
    ),
    Case(
        "EnterpriseEnrollment",
        "of another",
        "userCurrentEnrollmentMode",
        "",
        ("linked", "enrollments"),
        "operator staff",
    ),
    Case(
        "EnterpriseEnrollment",
        "of another",
        "userCurrentEnrollmentMode",
        "",
        ("link", "enrollments"),
        "operator staff",
    ),
    Case(
        "EnterpriseEnrollment",
        "employed",
        "userCurrentEnrollmentMode",
        "",
        ("administered", "enrollments"),
        "admin operator staff",
    ),
    Case("Enrollment", "of the learner", "mode", "enrollments", ("run", "enrollments"), "learner staff"),
    Case("Enrollment", "of another", "mode", "enrollments", ("run", "enrollments"), "staff"),
    Case(
        "EnterpriseCustomer",
        "linked",
        "name",
        "enterpriseCustomers",
        (),
        "learner operator cataloger staff",
    ),
    Case("EnterpriseCustomer", "administered", "name", "enterpriseCustomers", (), "admin operator staff"),
    Case(
        "EnterpriseCatalog",
        "linked",
        "title",
        "enterpriseCatalogs",
        ("course", "catalogs"),
        "learner operator cataloger staff",
    ),
    Case(
        "EnterpriseCatalog",
        "administered",
        "title",
        "enterpriseCatalogs",
        ("course", "catalogs"),
        "admin operator staff",
    ),
    Case(
        "EnterpriseCatalog",
        "unlinked",
        "title",
        "enterpriseCatalogs",
        ("course", "catalogs"),
        "operator staff",
    ),
    Case("Problem", "problem", "usageKey", "problems", ("run", "analytics", "problems"), "staff"),
    Case("Subsection", "subsection", "usageKey", "subsections", ("run", "analytics", "subsections"), "staff"),
    Case("Video", "video", "usageKey", "videos", ("run", "analytics", "videos"), "staff"),
]


@dataclass
class World:
    client: Client
    ids: dict[tuple[str, str], int]
    starts: dict[str, tuple[str, int]]


@pytest.fixture(scope="module", params=DIALECTS)
async def world(request: pytest.FixtureRequest, databases: Databases) -> AsyncIterator[World]:
    database = await databases.empty(request.param)
    ids, starts = await fill(database)
    async with client_of(database) as client:
        yield World(client, ids, starts)


async def fill(database: Database) -> tuple[dict[tuple[str, str], int], dict[str, tuple[str, int]]]:
    """The rows of the table's cases; their keys by type and name, and where nested paths start."""
    learner = await add_user(database, "learner", LEARNER_KEY)
    other = await add_user(database, "other")
    admin = await add_user(database, "admin", ADMIN_KEY)
    operator = await add_user(database, "operator", OPERATOR_KEY)
    cataloger = await add_user(database, "cataloger", CATALOGER_KEY)
    employee, left = await add_user(database, "employee"), await add_user(database, "left")
    await add_user(database, "staff", STAFF_KEY, is_staff=True)
    await add_user(database, "off", OFF_KEY, is_active=False)
    async with database.session() as session:
        course = Course(key="C+1")
        programs = {status.value: Program(title=status.value, status=status) for status in ProgramStatus}
        customers = {
            name: EnterpriseCustomer(name=name, slug=name) for name in ("linked", "administered", "unlinked")
        }
        session.add_all([course, *programs.values(), *customers.values()])
        await session.flush()
        runs = {
            name: CourseRun(key=name, course_id=course.id, status=status)
            for name, status in (
                ("published", RunStatus.PUBLISHED),
                ("draft of the learner", RunStatus.UNPUBLISHED),
                ("draft of another", RunStatus.REVIEWED),
            )
        }
        catalogs = {
            name: EnterpriseCatalog(title=name, customer_id=customer.id)
            for name, customer in customers.items()
        }
        session.add_all([*runs.values(), *catalogs.values()])
        await session.flush()
        run = runs["published"].id
        modules = {
            name: Module(run_id=run, usage_key=name, category=category)
            for name, category in (("problem", "problem"), ("subsection", "sequential"), ("video", "video"))
        }
        seats = {name: Seat(run_id=row.id, mode=name) for name, row in runs.items()}
        enrollments = {
            "of the learner": Enrollment(run_id=run, user_id=learner, mode="of the learner"),
            "of another": Enrollment(run_id=run, user_id=other, mode="of another"),
            "employed": Enrollment(run_id=run, user_id=employee, mode="employed"),
        }
        links = {
            name: EnterpriseLearner(customer_id=customers[customer].id, user_id=user, linked=name != "left")
            for name, user, customer in (
                ("learner", learner, "linked"),
                ("other", other, "linked"),
                ("employee", employee, "administered"),
                ("left", left, "unlinked"),
            )
        }
        session.add_all(
            [
                *modules.values(),
                *enrollments.values(),
                *seats.values(),
                Enrollment(run_id=runs["draft of the learner"].id, user_id=learner, mode="draft"),
                Enrollment(run_id=runs["draft of another"].id, user_id=other, mode="draft"),
                *(ProgramCourse(program_id=program.id, course_id=course.id) for program in programs.values()),
                *(
                    CatalogItem(catalog_id=catalog.id, course_id=course.id, key=course.key)
                    for catalog in catalogs.values()
                ),
                *links.values(),
                EnterpriseLearner(customer_id=customers["unlinked"].id, user_id=learner, linked=False),
                RoleAssignment(
                    user_id=admin, role=EnterpriseRole.ADMIN, customer_id=customers["administered"].id
                ),
                RoleAssignment(user_id=operator, role=EnterpriseRole.OPERATOR),
                *(
                    RoleAssignment(user_id=cataloger, role=role, customer_id=customers["linked"].id)
                    for role in (EnterpriseRole.CATALOG_ADMIN, EnterpriseRole.LEARNER)
                ),
                *(
                    Consent(customer_id=link.customer_id, user_id=link.user_id, run_id=run, granted=True)
                    for link in links.values()
                ),
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
            name: EnterpriseEnrollment(learner_id=links[who].id, enrollment_id=enrollment.id)
            for (name, enrollment), who in zip(
                enrollments.items(), ("learner", "other", "employee"), strict=True
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
        **{name: {name.lower(): modules[name.lower()]} for name in ("Problem", "Subsection", "Video")},
    }
    ids = {(type_, name): row.id for type_, rows in by_type.items() for name, row in rows.items()}
    ids |= {("User", "learner"): learner, ("User", "other"): other}
    starts = {
        "program": ("Program", programs["active"].id),
        "course": ("Course", course.id),
        "run": ("CourseRun", run),
        **{name: ("EnterpriseCustomer", customer.id) for name, customer in customers.items()},
        "link": ("EnterpriseLearner", links["other"].id),
    }
    return ids, starts


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
