"""Search: what words find, what filters leave, what facets count, and who sees it."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, text
from sqlmodel import col

from app.db.engine import Database
from app.db.models import (
    CatalogItem,
    Course,
    CourseOrganization,
    CourseRun,
    CourseSubject,
    Enrollment,
    EnterpriseCatalog,
    EnterpriseCustomer,
    EnterpriseLearner,
    Organization,
    Program,
    ProgramCourse,
    ProgramExcludedRun,
    ProgramOrganization,
    ProgramType,
    Seat,
    Subject,
    now,
)
from app.vocabulary import OrganizationRole, Pacing, ProgramStatus, RunStatus
from tests.databases import DIALECTS, Databases
from tests.graphql.clients import LEARNER_KEY, STAFF_KEY, Client, Statements, add_user, client_of

NODE = "node { __typename ... on Course { key } ... on CourseRun { key } ... on Program { name: title } }"
ARGUMENTS = "$query: String, $catalog: UUID, $where: ContentSearchWhere, $activeOnly: Boolean! = false"
GIVEN = "query: $query, catalog: $catalog, where: $where, activeOnly: $activeOnly"
SEARCH = f"""
query ({ARGUMENTS}, $orderBy: [ContentSearchOrder!], $first: Int, $after: String, $last: Int, $before: String) {{
  searchContent({GIVEN}, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {{
    totalCount edges {{ cursor score {NODE} }}
    pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}
  }}
}}"""
FACETS = ("kinds", "levels", "subjects", "organizations", "languages", "pacings")
VALUES = " ".join(f"{facet} {{ value label count }}" for facet in FACETS)
COUNTS = f"query ({ARGUMENTS}) {{ searchContent({GIVEN}, first: 0) {{ totalCount facets {{ {VALUES} }} }} }}"
TOTAL = f"query ({ARGUMENTS}) {{ searchContent({GIVEN}, first: 0) {{ totalCount }} }}"
CATALOG = UUID(int=9)
LONG_AGO, YESTERDAY, TOMORROW = (now() + dt.timedelta(days) for days in (-900, -1, 1))


@dataclass(frozen=True)
class World:
    client: Client
    database: Database

    async def page(self, key: str | None = STAFF_KEY, **variables: Any) -> Any:
        """A page of results, staff's unless said otherwise."""
        return (await self.client.ask(SEARCH, variables, key=key))["searchContent"]

    async def found(
        self, query: str | None = None, key: str | None = STAFF_KEY, **variables: Any
    ) -> set[str]:
        """What a search finds, all of it."""
        page = await self.page(key, query=query, first=100, **variables)
        names = named(page)
        assert page["totalCount"] == len(names) == len(set(names))
        return set(names)


def named(page: Any) -> list[str]:
    return [edge["node"].get("key") or edge["node"]["name"] for edge in page["edges"]]


@pytest.fixture(scope="module", params=DIALECTS)
async def world(request: pytest.FixtureRequest, databases: Databases) -> AsyncIterator[World]:
    database = await databases.empty(request.param)
    await fill(database)
    async with client_of(database) as client:
        yield World(client, database)


async def fill(database: Database) -> None:
    """Four courses, their runs and two programs; `hidden` is what ordinary users do not see."""
    await add_user(database, "staff", STAFF_KEY, is_staff=True)
    learner = await add_user(database, "learner", LEARNER_KEY)
    async with database.session() as session:
        session.add_all(
            [
                Organization(id=1, key="edX", name="Open Learning"),
                Organization(id=2, key="NordX", name="Nordic School"),
                Subject(id=1, slug="computing", name="Computing"),
                Subject(id=2, slug="biology", name="Life Sciences"),
                ProgramType(id=1, slug="micromasters", name="MicroMasters"),
                Course(
                    id=1,
                    key="edX+PY1",
                    title="Programming in Python",
                    short_description="<p class='lead'>Write a <b>compiler</b>&nbsp;yourself &amp; run it</p>",
                    level_type="Introductory",
                ),
                Course(
                    id=2,
                    key="edX+PY2",
                    title="Data Structures",
                    full_description="Trees, heaps and graphs: the AND, OR, NOT and NEAR of self-paced Python.",
                    level_type="Advanced",
                ),
                Course(id=3, key="NordX+BIO", title="Biología de los Ecosistemas", level_type="Introductory"),
                Course(id=4, key="NordX+OLD", title=None, short_description="if 5 < 6 and 8 > 7 then so"),
            ]
        )
        await session.flush()
        session.add_all(
            [
                CourseOrganization(course_id=1, organization_id=1),
                CourseOrganization(course_id=2, organization_id=1),
                CourseOrganization(course_id=3, organization_id=2),
                CourseOrganization(course_id=3, organization_id=1, role=OrganizationRole.SPONSOR),
                CourseSubject(course_id=1, subject_id=1),
                CourseSubject(course_id=2, subject_id=1),
                CourseSubject(course_id=3, subject_id=2),
                Program(id=1, title="Coding", subtitle="From zero to graphs", type_id=1),
                Program(id=2, title="hidden", subtitle="Coding in secret", status=ProgramStatus.UNPUBLISHED),
                ProgramOrganization(program_id=1, organization_id=1),
                ProgramCourse(program_id=1, course_id=1),
                ProgramCourse(program_id=1, course_id=2),
                ProgramCourse(program_id=2, course_id=3),
                EnterpriseCustomer(id=1, name="Linked", slug="linked"),
                EnterpriseCatalog(id=1, uuid=CATALOG, customer_id=1),
            ]
        )
        await session.flush()
        session.add_all(
            [
                run(1, "edX/PY1/old", 1, end=YESTERDAY, start=LONG_AGO, pacing=Pacing.INSTRUCTOR_PACED),
                run(
                    2, "course-v1:edX+PY1+now", 1, start=YESTERDAY, pacing=Pacing.SELF_PACED, language="en-us"
                ),
                run(
                    3, "course-v1:edX+PY2+soon", 2, start=TOMORROW, pacing=Pacing.SELF_PACED, language="en-us"
                ),
                run(
                    4,
                    "course-v1:NordX+BIO+es",
                    3,
                    pacing=Pacing.INSTRUCTOR_PACED,
                    language="es",
                    title="Vida",
                ),
                run(5, "hidden/of/learner", 3, status=RunStatus.UNPUBLISHED, language="fr"),
                run(6, "hidden/of/nobody", 3, status=RunStatus.REVIEWED, language="de", title="Geheim"),
                EnterpriseLearner(customer_id=1, user_id=learner),
            ]
        )
        await session.flush()
        session.add_all(
            [
                Seat(run_id=1, mode="audit", price=Decimal(0), upgrade_deadline=YESTERDAY),
                Seat(run_id=2, mode="verified", price=Decimal("49.50")),
                Seat(run_id=2, mode="professional", price=Decimal(300)),
                Seat(run_id=3, mode="audit", price=Decimal(0)),
                Seat(run_id=4, mode="verified", price=Decimal(20), currency="EUR"),
                ProgramExcludedRun(program_id=1, run_id=3),
                Enrollment(run_id=5, user_id=learner, mode="audit"),
                CatalogItem(catalog_id=1, course_id=1, key="edX+PY1"),
                CatalogItem(catalog_id=1, run_id=4, key="course-v1:NordX+BIO+es"),
                CatalogItem(catalog_id=1, program_id=1, key=str(UUID(int=1))),
            ]
        )


def run(id_: int, key: str, course: int, language: str | None = None, **values: Any) -> CourseRun:
    return CourseRun(id=id_, key=key, course_id=course, content_language=language, **values)


PY1 = {"edX+PY1", "edX/PY1/old", "course-v1:edX+PY1+now"}
PY2 = {"edX+PY2", "course-v1:edX+PY2+soon"}
BIO = {"NordX+BIO", "course-v1:NordX+BIO+es", "hidden/of/learner", "hidden/of/nobody"}
OLD = {"NordX+OLD"}
EVERYTHING = PY1 | PY2 | BIO | OLD | {"Coding", "hidden"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("python", PY1 | PY2),
        ("PYTHON programming", PY1),
        ("python  structures", PY2),
        ("structures pyth", PY2),
        ("pyth structures", set()),
        ('"pyth"', set()),
        ('"programming in python"', PY1),
        ('"python programming"', set()),
        ("python -structures", PY1),
        ("python -struct", PY1 | PY2),
        ('python -"programming in"', PY2),
        ("-python", EVERYTHING - PY1 - PY2),
        ("graphs -", PY2 | {"Coding"}),
        ("self-paced", PY2),
        ("paced-self", set()),
        ("biologia", BIO - {"course-v1:NordX+BIO+es", "hidden/of/nobody"}),
        ("BIOLOGÍA ECOSIST", BIO - {"course-v1:NordX+BIO+es", "hidden/of/nobody"}),
        ("vida", {"course-v1:NordX+BIO+es"}),
        ("NordX+BIO", {"NordX+BIO", "course-v1:NordX+BIO+es"}),
        ("edX/PY1/old", {"edX/PY1/old"}),
        ("course-v1:edX+PY1+now", {"course-v1:edX+PY1+now"}),
        ("course-v1:", EVERYTHING),
        ("v1", set()),
        ("life sciences", BIO),
        ("nordic", BIO),
        ("open learning", PY1 | PY2 | BIO | {"Coding"}),
        ("micromasters", {"Coding"}),
        ("compiler yourself", PY1),
        ("lead", set()),
        ("nbsp", set()),
        ('"compiler yourself run"', PY1),
        ('"5 6 and 8 7 then"', OLD),
        ("OLD", OLD | {"edX/PY1/old"}),
        ("title:python", set()),
        ("heaps AND trees", PY2),
        ("heaps NEAR trees", PY2),
        ("heaps OR missing", set()),
        ("NEAR(heaps trees, 2)", set()),
        ("^data*", PY2),
        ('"unclosed heaps', set()),
        ('trees" "heaps', PY2),
        ("'; DROP TABLE course; --", set()),
        ("", EVERYTHING),
        (None, EVERYTHING),
        (" +++ !? ", EVERYTHING),
        ("\x00", EVERYTHING),
    ],
)
async def test_words(world: World, query: str | None, expected: set[str]) -> None:
    assert await world.found(query) == expected


async def test_titles_count_for_more_than_names_and_they_for_more_than_descriptions(
    database: Database,
) -> None:
    await add_user(database, "staff", STAFF_KEY, is_staff=True)
    other = "some words that mean nothing"
    async with database.session() as session:
        session.add_all(
            [
                Course(key="full", title=other, short_description=other, full_description="zebra"),
                Course(key="short", title=other, short_description="zebra", full_description=other),
                Course(key="zebra", title=other, short_description=other, full_description=other),
                Course(key="title", title="zebra", short_description=other, full_description=other),
            ]
        )
    async with client_of(database) as client:
        page = await World(client, database).page(query="zebra")
    assert named(page) == ["title", "zebra", "short", "full"]
    scores = [edge["score"] for edge in page["edges"]]
    assert scores == sorted(set(scores), reverse=True)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (
            {"kinds": ["COURSE", "PROGRAM"]},
            {"edX+PY1", "edX+PY2", "NordX+BIO", "NordX+OLD", "Coding", "hidden"},
        ),
        ({"kinds": []}, set()),
        ({"levels": ["Advanced"]}, PY2 | {"Coding"}),
        ({"levels": ["Advanced", "Introductory"]}, EVERYTHING - OLD),
        ({"subjects": ["biology"]}, BIO | {"hidden"}),
        ({"organizations": ["edX"]}, PY1 | PY2 | {"Coding"}),
        ({"organizations": ["NordX"]}, BIO),
        ({"languages": ["en-us"]}, (PY1 | PY2 | {"Coding"}) - {"edX/PY1/old"}),
        ({"languages": ["en"]}, set()),
        (
            {"pacings": ["INSTRUCTOR_PACED"]},
            {"edX+PY1", "edX/PY1/old", "NordX+BIO", "course-v1:NordX+BIO+es"} | {"Coding", "hidden"},
        ),
        ({"pacings": ["INSTRUCTOR_PACED"], "languages": ["en-us"]}, set()),
        ({"availability": ["ARCHIVED"]}, {"edX+PY1", "edX/PY1/old", "Coding"}),
        ({"availability": ["CURRENT"]}, {"edX+PY1", "course-v1:edX+PY1+now", "Coding"}),
        ({"availability": ["UPCOMING"]}, PY2 | BIO | {"hidden"}),
        ({"start": {"gte": YESTERDAY.isoformat()}}, (PY1 | PY2 | {"Coding"}) - {"edX/PY1/old"}),
        ({"end": {"lt": now().isoformat()}}, {"edX+PY1", "edX/PY1/old", "Coding"}),
        ({"price": {"max": "0"}}, PY2),
        ({"price": {"min": "49.50", "max": "49.50"}}, {"edX+PY1", "course-v1:edX+PY1+now", "Coding"}),
        ({"price": {"min": "50"}}, set()),
        ({"price": {"currency": "eur"}}, {"NordX+BIO", "course-v1:NordX+BIO+es", "hidden"}),
        ({"price": {}, "subjects": ["computing"], "kinds": ["COURSE"]}, {"edX+PY1", "edX+PY2"}),
    ],
)
async def test_filters(world: World, where: Any, expected: set[str]) -> None:
    assert await world.found(where=where) == expected


async def test_active_only(world: World) -> None:
    hidden = {"hidden", "hidden/of/learner", "hidden/of/nobody"}
    assert await world.found(activeOnly=True) == EVERYTHING - hidden - OLD - {"edX/PY1/old"}
    # The run that is active has to be the one that the filter means.
    where = {"pacings": ["INSTRUCTOR_PACED"], "subjects": ["computing"], "kinds": ["COURSE"]}
    assert (await world.found(where=where), await world.found(where=where, activeOnly=True)) == (
        {"edX+PY1"},
        set(),
    )


async def test_what_a_catalog_contains(world: World) -> None:
    contained = PY1 | {"Coding", "NordX+BIO", "course-v1:NordX+BIO+es"}
    for key in (STAFF_KEY, LEARNER_KEY):
        assert await world.found(key=key, catalog=str(CATALOG)) == contained
        assert await world.found("python", key, catalog=str(CATALOG)) == PY1
    assert await world.page(None, catalog=str(CATALOG)) is None
    assert await world.page(catalog=str(UUID(int=1))) is None


@pytest.mark.parametrize(
    ("key", "hidden"),
    [
        (None, set()),
        (LEARNER_KEY, {"hidden/of/learner"}),
        (STAFF_KEY, {"hidden", "hidden/of/learner", "hidden/of/nobody"}),
    ],
)
async def test_who_sees_what(world: World, key: str | None, hidden: set[str]) -> None:
    seen = EVERYTHING - {"hidden", "hidden/of/learner", "hidden/of/nobody"} | hidden
    assert await world.found(key=key) == seen
    assert await world.found("geheim", key) == hidden & {"hidden/of/nobody"}
    assert await world.found("secret", key) == hidden & {"hidden"}
    languages = {"fr": "hidden/of/learner", "de": "hidden/of/nobody"}
    for language, name in languages.items():
        expected = {"NordX+BIO", name} | (hidden & {"hidden"}) if name in hidden else set()
        assert await world.found(key=key, where={"languages": [language]}) == expected
    counts = (await world.client.ask(COUNTS, key=key))["searchContent"]
    assert counts["totalCount"] == len(seen)
    assert {value["value"] for value in counts["facets"]["languages"]} == {"en-us", "es"} | {
        language for language, name in languages.items() if name in hidden
    }


@pytest.mark.parametrize("key", [None, STAFF_KEY])
@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"activeOnly": True},
        {"where": {"kinds": []}},
        {"query": "python -compiler"},
        {"query": "edx", "where": {"levels": ["Advanced"], "kinds": ["COURSE", "PROGRAM"]}},
        {"where": {"pacings": ["SELF_PACED"], "languages": ["en-us"], "price": {"max": "100"}}},
        {"where": {"subjects": ["biology"], "organizations": ["edX"]}},
        {"catalog": str(CATALOG), "where": {"availability": ["CURRENT", "ARCHIVED"]}},
    ],
)
async def test_facets_count_what_their_filter_would_find(
    world: World, key: str | None, variables: dict[str, Any]
) -> None:
    if key is None:
        variables = {name: value for name, value in variables.items() if name != "catalog"}
    facets = (await world.client.ask(COUNTS, variables, key=key))["searchContent"]["facets"]
    possible = {
        "kinds": ["COURSE", "COURSE_RUN", "PROGRAM"],
        "levels": ["Advanced", "Introductory"],
        "subjects": ["biology", "computing"],
        "organizations": ["NordX", "edX"],
        "languages": ["de", "en-us", "es", "fr"],
        "pacings": ["INSTRUCTOR_PACED", "SELF_PACED"],
    }
    for facet, values in possible.items():
        found = {}
        for value in values:
            where = {**variables.get("where", {}), facet: [value]}
            counts = await world.client.ask(TOTAL, {**variables, "where": where}, key=key)
            found[value] = counts["searchContent"]["totalCount"]
        counted = [(value["value"], value["count"]) for value in facets[facet]]
        assert counted == sorted(
            ((value, count) for value, count in found.items() if count), key=lambda pair: (-pair[1], pair[0])
        )


async def test_labels_of_facets(world: World) -> None:
    facets = (await world.client.ask(COUNTS, key=STAFF_KEY))["searchContent"]["facets"]
    labels = {value["value"]: value["label"] for facet in FACETS for value in facets[facet]}
    assert labels == {
        "COURSE": "Course",
        "COURSE_RUN": "Course run",
        "PROGRAM": "Program",
        "Advanced": "Advanced",
        "Introductory": "Introductory",
        "computing": "Computing",
        "biology": "Life Sciences",
        "edX": "Open Learning",
        "NordX": "Nordic School",
        "SELF_PACED": "Self paced",
        "INSTRUCTOR_PACED": "Instructor paced",
        "en-us": "English",
        "es": "Spanish",
        "fr": "French",
        "de": "German",
    }
    first = "{ searchContent(first: 0) { facets { languages(first: 2) { value count } } } }"
    (kept, cut) = (await world.client.ask(first, key=STAFF_KEY))["searchContent"]["facets"]["languages"]
    assert (kept, cut) == ({"value": "en-us", "count": 5}, {"value": "de", "count": 3})


@pytest.mark.parametrize("query", ["edx", None, "python -heaps", "o"])
@pytest.mark.parametrize("order", [None, [{"field": "TITLE", "direction": "DESC"}], [{"field": "SCORE"}]])
@pytest.mark.parametrize("size", [1, 3])
async def test_pages_hold_everything_once(world: World, query: str | None, order: Any, size: int) -> None:
    whole = await world.page(query=query, orderBy=order, first=100)
    names = named(whole)
    assert len(set(names)) == len(names) == whole["totalCount"]
    forward: list[str] = []
    after = None
    while after is not None or not forward:
        page = await world.page(query=query, orderBy=order, first=size, after=after)
        forward += named(page)
        after = page["pageInfo"]["endCursor"] if page["pageInfo"]["hasNextPage"] else None
    assert forward == names
    backward: list[str] = []
    before = None
    while before is not None or not backward:
        page = await world.page(query=query, orderBy=order, last=size, before=before)
        backward = named(page) + backward
        before = page["pageInfo"]["startCursor"] if page["pageInfo"]["hasPreviousPage"] else None
    assert backward == names
    scores = [edge["score"] for edge in whole["edges"]]
    if query is None:
        assert set(scores) == {None}
    elif order is None:
        assert scores == sorted(scores, reverse=True)
        assert len(set(scores)) < len(scores) or query != "edx"


async def test_results_are_in_order_of_title_without_words(world: World) -> None:
    titles = """{ searchContent(where: {kinds: [COURSE, PROGRAM]}) {
      nodes { ... on Course { key title } ... on Program { name: title } } } }"""
    nodes = (await world.client.ask(titles))["searchContent"]["nodes"]
    called = [node.get("name") or node["title"] or node["key"] for node in nodes]
    assert called == sorted(called)
    assert len(called) == 5


@pytest.mark.parametrize(
    ("arguments", "field", "message"),
    [
        (f'query: "{"x" * 501}"', "query", "query: at most 500 characters, not 501"),
        ("first: 101", "first", "first: must be between 0 and 100, not 101"),
        ('after: "x"', "after", "after: not a cursor of this list"),
        ('where: {levels: ["\\u0000"]}', "where.levels", "where.levels: a NUL character is not allowed"),
        (
            "where: {languages: [" + '"x" ' * 101 + "]}",
            "where.languages",
            "where.languages: at most 100 values",
        ),
        (
            'where: {price: {currency: "\\u0000"}}',
            "where.price.currency",
            "where.price.currency: a NUL character is not allowed",
        ),
    ],
)
async def test_what_is_refused(world: World, arguments: str, field: str, message: str) -> None:
    (error,) = await world.client.errors(f"{{ searchContent({arguments}) {{ totalCount }} }}")
    assert (error["message"], error["extensions"]["field"]) == (message, field)
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


async def test_a_cursor_of_another_order_and_too_many_values_of_a_facet_are_refused(world: World) -> None:
    cursor = (await world.page(query="edx", first=1))["pageInfo"]["endCursor"]
    (error,) = await world.client.errors(SEARCH, {"after": cursor})
    assert error["message"] == "after: the cursor belongs to a list in another order"
    (error,) = await world.client.errors("{ searchContent { facets { kinds(first: 101) { value } } } }")
    assert error["message"] == "first: must be between 0 and 100, not 101"
    assert await world.found("x" * 500) == set()


async def test_the_number_of_statements_does_not_grow(world: World) -> None:
    document = f"""query ({ARGUMENTS}, $first: Int) {{ searchContent({GIVEN}, first: $first) {{
      totalCount facets {{ {VALUES} }} edges {{ score {NODE} }} nodes {{ __typename }} }} }}"""
    numbers = []
    for size in (3, 100):
        with Statements() as statements:
            variables = {"query": "o", "catalog": str(CATALOG), "first": size}
            await world.client.ask(document, variables, key=LEARNER_KEY)
        numbers.append(len([seen for seen in statements.seen if "search_document" in seen]))
        assert len(statements.seen) <= 2 + 1 + 1 + 6 + 3 + 3
    # The page, the count, and each facet; what else is read is who asks, the catalog, and rows of three kinds.
    assert numbers == [8, 8]


async def test_the_database_itself_keeps_the_index(database: Database) -> None:
    await add_user(database, "staff", STAFF_KEY, is_staff=True)
    await fill_without_words(database)
    everything = {"C+1", "R/1", "P"}
    steps = [
        ("UPDATE course SET title = 'alpha' WHERE id = 1", "alpha", {"C+1", "R/1"}),
        ("UPDATE course_run SET title = 'beta' WHERE id = 1", "alpha", {"C+1"}),
        ("UPDATE course_run SET title = NULL, full_description = 'beta' WHERE id = 1", "alpha beta", {"R/1"}),
        ("UPDATE course_run SET full_description = NULL WHERE id = 1", "beta", set()),
        ("UPDATE course SET key = 'C+2' WHERE id = 1", '"C 2"', {"C+2"}),
        (
            "UPDATE course SET short_description = 'gamma', full_description = 'delta'",
            "gamma delta",
            {"C+2", "R/1"},
        ),
        (
            "INSERT INTO course_organization (course_id, role, organization_id, position) VALUES (1, 'owner', 1, 0)",
            "omega",
            {"C+2", "R/1"},
        ),
        (
            "INSERT INTO course_subject (course_id, subject_id, position) VALUES (1, 1, 0)",
            "sigma omega",
            {"C+2", "R/1"},
        ),
        (
            "INSERT INTO program_organization (program_id, organization_id, position) VALUES (1, 1, 0)",
            "omega",
            {"C+2", "R/1", "P"},
        ),
        ("UPDATE organization SET name = 'psi'", "omega", set()),
        ("SELECT 1", "psi", {"C+2", "R/1", "P"}),
        ("UPDATE subject SET name = 'chi' WHERE id = 1", "chi", {"C+2", "R/1"}),
        ("UPDATE program SET type_id = 1", "kappa", {"P"}),
        ("UPDATE program_type SET name = 'lambda'", "lambda", {"P"}),
        ("UPDATE program SET subtitle = 'tau'", "tau", {"P"}),
        ("UPDATE course_subject SET subject_id = 2", "chi", set()),
        ("SELECT 1", "other", {"C+2", "R/1"}),
        ("DELETE FROM course_subject", "other", set()),
        ("DELETE FROM organization", "psi", set()),
        (
            "INSERT INTO course_organization (course_id, role, organization_id, position) SELECT 1, 'owner', id, 0 FROM organization",
            "gamma",
            {"C+2", "R/1"},
        ),
        ("DELETE FROM program_type", "tau", set()),
        ("DELETE FROM course_run", "gamma", {"C+2"}),
        ("DELETE FROM course", "", set()),
    ]
    async with client_of(database) as client:
        world = World(client, database)
        assert await world.found() == everything
        for statement, query, expected in steps:
            if database.dialect == "sqlite":
                # What is said of conflicts holds in triggers too.
                statement = statement.replace("INSERT INTO", "INSERT OR IGNORE INTO")
            async with database.begin() as connection:
                await connection.execute(text(statement))
            assert await world.found(query) == expected, statement
    async with database.reader.connect() as connection:
        for table in ("search_document", "search_index"):
            assert await connection.scalar(text(f"SELECT count(*) FROM {table}")) == 0


async def fill_without_words(database: Database) -> None:
    async with database.session() as session:
        session.add_all(
            [
                Organization(id=1, key="O", name="omega"),
                Subject(id=1, slug="s", name="sigma"),
                Subject(id=2, slug="t", name="other"),
                ProgramType(id=1, slug="k", name="kappa"),
                Course(id=1, key="C+1"),
                Program(id=1, title="P"),
            ]
        )
        await session.flush()
        session.add(CourseRun(id=1, key="R/1", course_id=1))


async def test_changes_at_the_same_time_are_both_found(databases: Databases) -> None:
    """On SQLite writers wait for each other anyway."""
    database = await databases.empty("postgresql")
    await add_user(database, "staff", STAFF_KEY, is_staff=True)
    await fill_without_words(database)
    link = "INSERT INTO course_{0} (course_id, {0}_id, position{1}) VALUES (1, 1, 0{2})"
    statements = (link.format("subject", "", ""), link.format("organization", ", role", ", 'owner'"))

    async def link_organization() -> None:
        async with database.begin() as connection:
            await connection.execute(text(statements[1]))

    async with database.begin() as connection, asyncio.TaskGroup() as tasks, asyncio.timeout(10):
        await connection.execute(text(statements[0]))
        tasks.create_task(link_organization())
        while not await database_waits(database):
            pass
        await connection.commit()
    async with client_of(database) as client:
        assert await World(client, database).found("sigma omega") == {"C+1", "R/1"}


async def database_waits(database: Database) -> bool:
    """Whether a transaction waits for another one."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    async with database.reader.connect() as connection:
        return bool(await connection.scalar(text(waiting)))


WORDS = ("ab", "abc", "b", "bc", "x1", "near", "not", "zz")


@pytest.fixture(scope="module")
async def both(databases: Databases) -> AsyncIterator[list[World]]:
    """Sixty courses of a few short words, the same on both databases."""
    worlds = []
    async with AsyncExitStack() as stack:
        for dialect in DIALECTS:
            database = await databases.empty(dialect)
            random = Random(4)
            async with database.session() as session:
                for number in range(60):
                    texts = [" ".join(random.choices(WORDS, k=random.randint(1, 4))) for _ in range(3)]
                    session.add(
                        Course(
                            key=f"k{number}",
                            title=texts[0].title(),
                            short_description=f"<p>{texts[1]}</p>",
                            full_description=texts[2].replace(" ", "-&amp;"),
                        )
                    )
            worlds.append(World(await stack.enter_async_context(client_of(database)), database))
        yield worlds


ANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@ANY
@given(text=st.one_of(st.text(max_size=60), st.text("ab\"-*^:()+{}~&|<> NEARORT\\'\x00", max_size=60)))
@example(text='"')
@example(text='-"" -* "*" ^')
@example(text="NEAR(a b) AND OR NOT")
@example(text="İ ǅ ﬁ ½ \u2044 \u0345 नमस्ते \U0001f600")
@example(text="a " * 250)
async def test_any_text_has_an_answer(both: list[World], text: str) -> None:
    for world in both:
        await world.found(text, None)


_WORD = st.sampled_from([*WORDS, "a", "n", "x", "q"]) | st.text("abcnotrx", min_size=1, max_size=3)
_TERM = st.one_of(
    _WORD,
    _WORD.map(str.upper),
    _WORD.map("-{}".format),
    st.lists(_WORD, min_size=1, max_size=3).map(lambda words: f'"{" ".join(words)}"'),
    st.lists(_WORD, min_size=1, max_size=2).map(lambda words: f'-"{" ".join(words)}"'),
    st.lists(_WORD, min_size=2, max_size=3).map("-".join),
)


@ANY
@given(terms=st.lists(_TERM, min_size=1, max_size=4))
async def test_both_databases_find_the_same(both: list[World], terms: list[str]) -> None:
    first, second = [await world.found(" ".join(terms), None) for world in both]
    assert first == second


@pytest.mark.parametrize(
    ("written", "query"),
    [
        ("ÉCOLE d'été", "ecole ete"),
        ("naïve", "NAIVE"),
        ("E\u0301cole", "école"),
        ("ПРИВЕТ мир", "привет МИР"),
        ("Ελλάδα", "ΕΛΛΆΔΑ"),
        ("日本語 入門", "日本語"),
        ("C3PO—R2D2…", "r2d2 c3po"),
        ("emoji😀word", "emoji word"),
        ("snake_case", "snake case"),
        ("١٢٣ रंग", "١٢٣"),
        ("straße ØRE", "straße øre"),
        ("1e5x 12.5 3,000", "1e5x 12.5 3,000"),
        ("https://x.org/a?b=c", "x.org/a?b=c"),
    ],
)
async def test_words_of_other_languages(both: list[World], written: str, query: str) -> None:
    for world in both:
        async with world.database.session() as session:
            session.add(Course(key="other", title=written))
        try:
            assert await world.found(query, None) == {"other"}
        finally:
            async with world.database.begin() as connection:
                await connection.execute(delete(Course).where(col(Course.key) == "other"))
