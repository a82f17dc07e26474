"""Enterprise customers, catalogs, learners and roles through GraphQL: who administers them, and how."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select

from app.auth import accounts
from app.db.engine import Database
from app.db.models import (
    AuditEntry,
    CatalogItem,
    CatalogQuery,
    CatalogRemoval,
    Course,
    CourseOrganization,
    CourseRun,
    CourseSubject,
    EnterpriseCatalog,
    EnterpriseCustomer,
    EnterpriseLearner,
    Event,
    Organization,
    Program,
    ProgramCourse,
    ProgramOrganization,
    RoleAssignment,
    Subject,
)
from app.db.models.tables import table_of
from app.vocabulary import EnterpriseRole, ProgramStatus, RunStatus
from schema.relay import encode_id
from tests.databases import DIALECTS, Databases
from tests.graphql.clients import Client, Statements, add_user, client_of
from tests.graphql.test_mutations_people import PEOPLE, key_of

PROGRAM, RETIRED, CATALOG = (str(uuid.UUID(int=number)) for number in (10, 11, 12))
ALGEBRA, ART, DRAFT = "C+1", "C+2", "C+3"
RUN_1, RUN_2 = "course-v1:C+1+R", "course-v1:C+2+R"

ERRORS = """... on Error { message } ... on ValidationError { field } ... on NotFound { field }
  ... on NotPermitted { field }"""
CUSTOMER = "customer { id uuid name slug siteId consentPolicy reportsAuditData }"
TITLE = "catalog { id uuid title publishesAuditUrls customer { slug } }"
ITEMS = "... on CatalogItemsSaved { catalog { title } added removed unchanged }"
LINK = "... on EnterpriseLearnerSaved { changed user { username } customer { slug } }"
ROLE = "... on EnterpriseRoleSaved { changed role user { username } customer { slug } }"
MUTATIONS = {
    "createEnterpriseCustomer": f"... on EnterpriseCustomerSaved {{ {CUSTOMER} }}",
    "updateEnterpriseCustomer": f"... on EnterpriseCustomerSaved {{ {CUSTOMER} }}",
    "createEnterpriseCatalog": f"... on EnterpriseCatalogSaved {{ {TITLE} }}",
    "updateEnterpriseCatalog": f"... on EnterpriseCatalogSaved {{ {TITLE} }}",
    "deleteEnterpriseCatalog": "... on EnterpriseCatalogDeleted { deletedId uuid customer { slug } }",
    "addCatalogItems": ITEMS,
    "removeCatalogItems": ITEMS,
    "refreshEnterpriseCatalog": ITEMS,
    "linkEnterpriseLearner": LINK,
    "unlinkEnterpriseLearner": LINK,
    "assignEnterpriseRole": ROLE,
    "revokeEnterpriseRole": ROLE,
}


@dataclass
class World:
    client: Client
    database: Database

    async def change(self, caller: str, mutation: str, **values: Any) -> Any:
        type_ = mutation[0].upper() + mutation[1:] + "Input"
        errors = (
            ERRORS.replace("... on NotFound { field }", "")
            if mutation == "createEnterpriseCustomer"
            else ERRORS
        )
        query = f"mutation ($input: {type_}!) {{ {mutation}(input: $input) {{ __typename {MUTATIONS[mutation]} {errors} }} }}"
        data = await self.client.ask(query, {"input": values}, key=key_of(caller))
        return data[mutation]

    async def rows(self, model: Any, *columns: str) -> list[Any]:
        table = table_of(model)
        statement = select(*(table.c[name] for name in columns)).order_by(table.c.id)
        async with self.database.reader.connect() as connection:
            return [
                row[0] if len(columns) == 1 else tuple(row) for row in await connection.execute(statement)
            ]

    async def items(self) -> list[str]:
        """Keys of what is in the catalogs, by place."""
        item = table_of(CatalogItem)
        statement = select(item.c.key).order_by(item.c.catalog_id, item.c.added_at, item.c.key)
        async with self.database.reader.connect() as connection:
            return list(await connection.scalars(statement))

    async def acts(self) -> list[Any]:
        return await self.rows(AuditEntry, "actor", "action", "subject", "detail")

    async def told(self) -> list[Any]:
        """The events, without those of users."""
        events = await self.rows(Event, "type", "payload")
        return [event for event in events if event[0].startswith("enterprise_")]


@pytest.fixture(scope="module", params=DIALECTS)
async def filled(request: pytest.FixtureRequest, databases: Databases) -> Database:
    """Users, content and a customer with an empty catalog; it is only copied."""
    database = await databases.empty(request.param)
    for name, columns in PEOPLE.items():
        await add_user(database, name, key_of(name), **columns)
    async with database.session() as session:
        organization, subject = Organization(key="Uni", name="Uni"), Subject(slug="maths", name="Maths")
        courses = [
            Course(key=ALGEBRA, level_type="Beginner"),
            Course(key=ART, level_type="Advanced"),
            Course(key=DRAFT, level_type="Advanced"),
        ]
        programs = [
            Program(uuid=uuid.UUID(PROGRAM), title="Numbers"),
            Program(uuid=uuid.UUID(RETIRED), title="Old", status=ProgramStatus.RETIRED),
        ]
        customer = EnterpriseCustomer(name="Acme", slug="acme")
        session.add_all([organization, subject, *courses, *programs, customer])
        await session.flush()
        session.add_all(
            [
                CourseRun(key=RUN_1, course_id=courses[0].id, content_language="en-us"),
                CourseRun(key=RUN_2, course_id=courses[1].id, content_language="FR"),
                CourseRun(key="course-v1:C+3+R", course_id=courses[2].id, status=RunStatus.REVIEWED),
                CourseOrganization(course_id=courses[0].id, organization_id=organization.id),
                CourseSubject(course_id=courses[0].id, subject_id=subject.id),
                CourseSubject(course_id=courses[2].id, subject_id=subject.id),
                *(ProgramCourse(program_id=each.id, course_id=courses[0].id) for each in programs),
                ProgramOrganization(program_id=programs[0].id, organization_id=organization.id),
                EnterpriseCatalog(uuid=uuid.UUID(CATALOG), customer_id=customer.id),
            ]
        )
    return database


@pytest.fixture
async def world(filled: Database, databases: Databases) -> AsyncIterator[World]:
    database = await databases.copy(filled)
    async with client_of(database, cost_per_minute=0) as client:
        yield World(client, database)


@pytest.fixture(scope="module")
async def kept(filled: Database, databases: Databases) -> AsyncIterator[World]:
    """A world that tests leave as it is."""
    database = await databases.copy(filled)
    async with client_of(database, cost_per_minute=0) as client:
        yield World(client, database)


ACME, THE_CATALOG = encode_id("EnterpriseCustomer", 1), encode_id("EnterpriseCatalog", 1)


def outline(answer: Any) -> str:
    if "message" not in answer:
        return "done"
    assert answer["message"]
    return f"{answer['__typename']} {answer['field']}"


async def test_a_customer_is_made_and_changed(world: World) -> None:
    made = await world.change(
        "staff", "createEnterpriseCustomer", name="Café Müller", slug="cafe-mueller", siteId=3
    )
    customer = made["customer"]
    assert customer | {"id": "", "uuid": ""} == {
        "id": "",
        "uuid": "",
        "name": "Café Müller",
        "slug": "cafe-mueller",
        "siteId": 3,
        "consentPolicy": "AT_ENROLLMENT",
        "reportsAuditData": False,
    }
    id_ = customer["id"]
    changes = {"name": "Müller", "consentPolicy": "EXTERNALLY_MANAGED", "siteId": None, "slug": None}
    for _ in range(2):
        saved = await world.change("root", "updateEnterpriseCustomer", id=id_, **changes)
        assert saved["customer"] == customer | {
            "name": "Müller",
            "consentPolicy": "EXTERNALLY_MANAGED",
            "siteId": None,
        }
    first = {"uuid": customer["uuid"], "name": "Café Müller", "slug": "cafe-mueller", "site_id": 3}
    assert await world.acts() == [
        (
            *("staff", "customer.create", "cafe-mueller"),
            first | {"consent_policy": "at_enrollment", "reports_audit_data": False},
        ),
        (
            *("root", "customer.update", "cafe-mueller"),
            {"name": "Müller", "consent_policy": "externally_managed", "site_id": None},
        ),
    ]
    payload = {"customer": customer["uuid"], "slug": "cafe-mueller"}
    assert await world.told() == [
        ("enterprise_customer.created", payload),
        ("enterprise_customer.updated", payload),
    ]


async def test_a_customer_keeps_the_native_id_it_has_elsewhere(world: World) -> None:
    given = str(uuid.UUID(int=77))
    made = await world.change("staff", "createEnterpriseCustomer", name="B", slug="b", uuid=given)
    assert made["customer"]["uuid"] == given
    again = await world.change("staff", "createEnterpriseCustomer", name="C", slug="c", uuid=given)
    assert outline(again) == "ValidationError uuid"
    assert await world.rows(EnterpriseCustomer, "slug") == ["acme", "b"]


async def test_a_catalog_is_made_changed_and_deleted(world: World) -> None:
    made = await world.change("staff", "createEnterpriseCatalog", customerId=ACME, title="Arts")
    catalog = made["catalog"]
    assert catalog | {"id": "", "uuid": ""} == {
        "id": "",
        "uuid": "",
        "title": "Arts",
        "publishesAuditUrls": False,
        "customer": {"slug": "acme"},
    }
    id_ = catalog["id"]
    await world.change("staff", "addCatalogItems", id=id_, keys=[ART])
    saved = await world.change(
        "staff", "updateEnterpriseCatalog", id=id_, title="Art", publishesAuditUrls=True
    )
    assert saved["catalog"] == catalog | {"title": "Art", "publishesAuditUrls": True}
    assert await world.items() == [ART]
    gone = await world.change("staff", "deleteEnterpriseCatalog", id=id_)
    assert gone == {
        "__typename": "EnterpriseCatalogDeleted",
        "deletedId": id_,
        "uuid": catalog["uuid"],
        "customer": {"slug": "acme"},
    }
    assert await world.rows(EnterpriseCatalog, "title") == ["All Content"]
    assert await world.items() == []
    assert await world.rows(Course, "key") == [ALGEBRA, ART, DRAFT]
    assert outline(await world.change("staff", "deleteEnterpriseCatalog", id=id_)) == "NotFound id"
    assert [act[1:3] for act in await world.acts()] == [
        (f"catalog.{verb}", catalog["uuid"]) for verb in ("create", "change_items", "update", "delete")
    ]
    ids = {"catalog": catalog["uuid"], "customer": str((await world.rows(EnterpriseCustomer, "uuid"))[0])}
    assert await world.told() == [
        ("enterprise_catalog.created", ids),
        ("enterprise_catalog.items_changed", ids | {"added": 1, "removed": 0}),
        ("enterprise_catalog.updated", ids),
        ("enterprise_catalog.deleted", ids),
    ]


async def test_items_come_in_order_and_leave_their_keys_when_they_go(world: World) -> None:
    keys = [PROGRAM.upper(), RUN_1, ART]
    added = await world.change("staff", "addCatalogItems", id=THE_CATALOG, keys=keys)
    assert (added["added"], added["removed"], added["unchanged"]) == ([PROGRAM, RUN_1, ART], [], [])
    again = await world.change("staff", "addCatalogItems", id=THE_CATALOG, keys=[ALGEBRA, ART, ALGEBRA])
    assert (again["added"], again["unchanged"]) == ([ALGEBRA], [ART])
    assert await world.items() == [PROGRAM, RUN_1, ART, ALGEBRA]
    (before,) = await world.rows(EnterpriseCatalog, "modified")

    gone = await world.change("staff", "removeCatalogItems", id=THE_CATALOG, keys=[ART, RUN_1, "C+9"])
    assert (gone["removed"], gone["unchanged"]) == ([ART, RUN_1], ["C+9"])
    assert await world.items() == [PROGRAM, ALGEBRA]
    removals = await world.rows(CatalogRemoval, "kind", "key", "removed_at")
    (modified,) = await world.rows(EnterpriseCatalog, "modified")
    assert removals == [("course", ART, modified), ("course_run", RUN_1, modified)]
    assert modified > before

    await world.change("staff", "addCatalogItems", id=THE_CATALOG, keys=[ART])
    assert await world.items() == [PROGRAM, ALGEBRA, ART]
    assert await world.rows(CatalogRemoval, "key") == [RUN_1]
    assert [act[3] for act in await world.acts()] == [
        {"added": [PROGRAM, RUN_1, ART]},
        {"added": [ALGEBRA]},
        {"removed": [ART, RUN_1]},
        {"added": [ART]},
    ]


async def test_what_is_so_already_changes_nothing(world: World) -> None:
    await world.change("staff", "addCatalogItems", id=THE_CATALOG, keys=[ART])
    before = await world.rows(EnterpriseCatalog, "modified"), await world.acts(), await world.told()
    await world.change("staff", "addCatalogItems", id=THE_CATALOG, keys=[ART])
    await world.change("staff", "addCatalogItems", id=THE_CATALOG, keys=[])
    await world.change("staff", "removeCatalogItems", id=THE_CATALOG, keys=[ALGEBRA])
    await world.change("staff", "updateEnterpriseCatalog", id=THE_CATALOG, title="All Content")
    assert (
        await world.rows(EnterpriseCatalog, "modified"),
        await world.acts(),
        await world.told(),
    ) == before


async def test_more_items_take_no_more_statements(world: World) -> None:
    numbers = []
    for keys in ([ART], [ART], [ALGEBRA, RUN_1, RUN_2]):
        with Statements() as statements:
            await world.change("staff", "addCatalogItems", id=THE_CATALOG, keys=[*keys, PROGRAM])
            await world.change("staff", "removeCatalogItems", id=THE_CATALOG, keys=[*keys, PROGRAM])
        numbers.append(len(statements.seen))
    # The first time the caller's key is looked up too.
    assert numbers[1] == numbers[2]


async def test_a_role_opens_catalogs_at_once_and_no_longer(world: World) -> None:
    async def seen() -> int:
        data = await world.client.ask("{ enterpriseCatalogs { totalCount } }", key=key_of("learner"))
        return int(data["enterpriseCatalogs"]["totalCount"])

    values = {"username": "learner", "role": "LEARNER", "customerId": ACME}
    assert await seen() == 0
    await world.change("staff", "assignEnterpriseRole", **values)
    assert await seen() == 1
    await world.change("staff", "revokeEnterpriseRole", **values)
    assert await seen() == 0


async def test_those_who_add_at_the_same_time_both_do(world: World) -> None:
    answers = await asyncio.gather(
        *(
            world.change("staff", "addCatalogItems", id=THE_CATALOG, keys=keys)
            for keys in ([ART, ALGEBRA], [ALGEBRA, ART, RUN_1])
        )
    )
    assert sorted(key for answer in answers for key in answer["added"]) == sorted([ART, ALGEBRA, RUN_1])
    assert sorted(await world.items()) == sorted([ART, ALGEBRA, RUN_1])


FILTERS: list[tuple[dict[str, Any], list[str]]] = [
    ({}, [ALGEBRA, ART, RUN_1, RUN_2, PROGRAM]),
    ({"contentTypes": None, "subjects": None}, [ALGEBRA, ART, RUN_1, RUN_2, PROGRAM]),
    ({"contentTypes": ["COURSE"]}, [ALGEBRA, ART]),
    ({"contentTypes": ["PROGRAM", "COURSE_RUN"]}, [RUN_1, RUN_2, PROGRAM]),
    ({"subjects": ["maths"]}, [ALGEBRA, RUN_1, PROGRAM]),
    ({"subjects": ["maths", "none"], "contentTypes": ["COURSE"]}, [ALGEBRA]),
    ({"subjects": ["none"]}, []),
    ({"organizations": ["Uni"]}, [ALGEBRA, RUN_1, PROGRAM]),
    ({"organizations": ["uni"]}, []),
    ({"levels": ["introductory"]}, [ALGEBRA, RUN_1, PROGRAM]),
    ({"levels": ["BEGINNER"]}, [ALGEBRA, RUN_1, PROGRAM]),
    ({"levels": ["advanced", "high_school"]}, [ART, RUN_2]),
    ({"languages": ["en"]}, [ALGEBRA, RUN_1, PROGRAM]),
    ({"languages": ["en-US"], "contentTypes": ["COURSE"]}, [ALGEBRA]),
    ({"languages": ["fr", "de"]}, [ART, RUN_2]),
    ({"languages": ["e"]}, []),
    ({"keys": [ART, RUN_1, PROGRAM.upper(), RETIRED, DRAFT, "C+9"]}, [ART, RUN_1, PROGRAM]),
    ({"keys": [ART, ALGEBRA], "subjects": ["maths"]}, [ALGEBRA]),
]


async def test_a_query_fills_a_catalog_and_fills_it_anew(world: World) -> None:
    made = await world.change(
        "staff",
        "createEnterpriseCatalog",
        customerId=ACME,
        title="By query",
        contentFilter={"contentTypes": ["COURSE"], "keys": [DRAFT]},
    )
    id_ = made["catalog"]["id"]
    assert await world.items() == []
    for content_filter, found in FILTERS:
        await world.change("staff", "updateEnterpriseCatalog", id=id_, contentFilter=content_filter)
        assert sorted(await world.items()) == sorted(found), content_filter
        refreshed = await world.change("staff", "refreshEnterpriseCatalog", id=id_)
        assert (refreshed["added"], refreshed["removed"]) == ([], [])
        assert sorted(refreshed["unchanged"]) == sorted(found)
    assert await world.rows(CatalogQuery, "title", "content_filter") == [
        ("By query", {"keys": [ART, ALGEBRA], "subjects": ["maths"]})
    ]


async def test_a_refresh_follows_what_is_published(world: World) -> None:
    subjects = {"contentTypes": ["COURSE"], "subjects": ["maths"]}
    made = await world.change("staff", "createEnterpriseCatalog", customerId=ACME, contentFilter=subjects)
    id_ = made["catalog"]["id"]
    run = table_of(CourseRun)
    async with world.database.begin() as connection:
        for key, status in (("course-v1:C+3+R", RunStatus.PUBLISHED), (RUN_1, RunStatus.UNPUBLISHED)):
            await connection.execute(run.update().where(run.c.key == key).values(status=status))
    assert await world.items() == [ALGEBRA]
    refreshed = await world.change("staff", "refreshEnterpriseCatalog", id=id_)
    assert (refreshed["added"], refreshed["removed"]) == ([DRAFT], [ALGEBRA])
    assert await world.items() == [DRAFT]
    assert await world.rows(CatalogRemoval, "kind", "key") == [("course", ALGEBRA)]
    assert (await world.acts())[-1][1:] == (
        *("catalog.refresh", made["catalog"]["uuid"]),
        {"added": [DRAFT], "removed": [ALGEBRA]},
    )


async def test_a_query_goes_and_what_it_found_stays(world: World) -> None:
    made = await world.change("staff", "createEnterpriseCatalog", customerId=ACME, contentFilter={})
    id_, found = made["catalog"]["id"], await world.items()
    for mutation in ("addCatalogItems", "removeCatalogItems"):
        refused = await world.change("staff", mutation, id=id_, keys=[ART])
        assert outline(refused) == "ValidationError id"
    await world.change("staff", "updateEnterpriseCatalog", id=id_, contentFilter=None)
    assert await world.rows(CatalogQuery, "title") == []
    assert await world.items() == found
    assert outline(await world.change("staff", "refreshEnterpriseCatalog", id=id_)) == "ValidationError id"
    await world.change("staff", "removeCatalogItems", id=id_, keys=[ART])
    assert await world.items() == [key for key in found if key != ART]


async def test_a_query_of_two_catalogs_changes_for_the_one_that_is_meant(world: World) -> None:
    async with world.database.session() as session:
        query = CatalogQuery(title="Both", content_filter={"keys": [ART]})
        session.add(query)
        await session.flush()
        session.add_all(
            EnterpriseCatalog(title=title, customer_id=1, query_id=query.id) for title in ("A", "B")
        )
    a, b = (encode_id("EnterpriseCatalog", key) for key in (2, 3))
    await world.change("staff", "updateEnterpriseCatalog", id=a, contentFilter={"keys": [ALGEBRA]})
    await world.change("staff", "refreshEnterpriseCatalog", id=b)
    assert await world.items() == [ALGEBRA, ART]
    assert await world.rows(CatalogQuery, "title", "content_filter") == [
        ("Both", {"keys": [ART]}),
        ("Both", {"keys": [ALGEBRA]}),
    ]
    await world.change("staff", "updateEnterpriseCatalog", id=a, queryTitle="Algebra")
    await world.change("staff", "deleteEnterpriseCatalog", id=b)
    assert await world.rows(CatalogQuery, "title") == ["Algebra"]
    assert await world.rows(EnterpriseCatalog, "title") == ["All Content", "A"]


async def test_a_learner_is_linked_and_unlinked_and_stays_on_record(world: World) -> None:
    for mutation, changed in (
        ("unlinkEnterpriseLearner", False),
        ("linkEnterpriseLearner", True),
        ("linkEnterpriseLearner", False),
        ("unlinkEnterpriseLearner", True),
        ("linkEnterpriseLearner", True),
    ):
        answer = await world.change("staff", mutation, customerId=ACME, username="learner")
        assert answer == {
            "__typename": "EnterpriseLearnerSaved",
            "changed": changed,
            "user": {"username": "learner"},
            "customer": {"slug": "acme"},
        }
    assert await world.rows(EnterpriseLearner, "id", "linked") == [(1, True)]
    seen = await world.client.ask("{ enterpriseCustomers { nodes { slug } } }", key=key_of("learner"))
    assert seen["enterpriseCustomers"]["nodes"] == [{"slug": "acme"}]
    acts = [
        ("staff", f"learner.{verb}", "learner", {"customer": "acme"}) for verb in ("link", "unlink", "link")
    ]
    assert await world.acts() == acts
    assert [event[0] for event in await world.told()] == [
        f"enterprise_learner.{what}" for what in ("linked", "unlinked", "linked")
    ]


WHO_GIVES_ROLES = [
    ("learner", "learner", ACME, "NotPermitted None"),
    ("staff", "learner", ACME, "done"),
    ("staff", "staff", ACME, "done"),
    ("staff", "colleague", ACME, "NotPermitted username"),
    ("staff", "root", ACME, "NotPermitted username"),
    ("staff", "nobody", ACME, "NotFound username"),
    ("staff", "learner", None, "NotPermitted customerId"),
    ("staff", "learner", encode_id("EnterpriseCustomer", 9), "NotFound customerId"),
    ("root", "colleague", ACME, "done"),
    ("root", "learner", None, "done"),
]


@pytest.mark.parametrize(("caller", "whom", "customer", "answer"), WHO_GIVES_ROLES)
async def test_nobody_gives_a_role_that_opens_more_than_he_may(
    world: World, caller: str, whom: str, customer: str | None, answer: str
) -> None:
    values = {"username": whom, "role": "ADMIN", "customerId": customer}
    for mutation, changed in (
        ("assignEnterpriseRole", True),
        ("assignEnterpriseRole", False),
        ("revokeEnterpriseRole", True),
        ("revokeEnterpriseRole", False),
    ):
        got = await world.change(caller, mutation, **values)
        assert outline(got) == answer
        if answer == "done":
            assert got == {
                "__typename": "EnterpriseRoleSaved",
                "changed": changed,
                "role": "ADMIN",
                "user": {"username": whom},
                "customer": customer and {"slug": "acme"},
            }
    assert await world.rows(RoleAssignment, "id") == []
    place = "acme" if customer else "*"
    detail = {"role": "enterprise_admin", "customer": place}
    acts = [(caller, f"role.{verb}", whom, detail) for verb in ("assign", "revoke")]
    assert await world.acts() == (acts if answer == "done" else [])
    types = [f"enterprise_role.{what}" for what in ("assigned", "revoked")]
    assert [event[0] for event in await world.told()] == (types if answer == "done" else [])


async def test_a_role_everywhere_is_another_than_one_at_a_customer(world: World) -> None:
    values = {"username": "learner", "role": "OPERATOR"}
    for mutation in ("assignEnterpriseRole", "revokeEnterpriseRole"):
        # It is not given to somebody who forgot to name a customer.
        assert outline(await world.change("root", mutation, **values)) == "ValidationError customerId"
    assert await world.acts() == []
    await world.change("root", "assignEnterpriseRole", customerId=None, **values)
    await world.change("root", "assignEnterpriseRole", customerId=ACME, **values)
    again = await world.change("root", "assignEnterpriseRole", customerId=None, **values)
    assert not again["changed"]
    operator = EnterpriseRole.OPERATOR
    assert await world.rows(RoleAssignment, "role", "customer_id") == [(operator, None), (operator, 1)]
    await world.change("root", "revokeEnterpriseRole", customerId=ACME, **values)
    assert await world.rows(RoleAssignment, "customer_id") == [None]


async def test_who_is_being_promoted_is_waited_for(world: World) -> None:
    values = {"username": "learner", "role": "ADMIN", "customerId": ACME}
    async with world.database.session() as session:
        await accounts.update_user(session, "learner", staff=True)
        await session.flush()
        task = asyncio.create_task(world.change("staff", "assignEnterpriseRole", **values))
        await asyncio.wait([task], timeout=0.5)
    assert outline(await task) == "NotPermitted username"


NONE, WRONG = encode_id("EnterpriseCatalog", 9), encode_id("User", 1)
LONG = "x" * 256
CANNOT: list[tuple[str, dict[str, Any], str]] = [
    ("createEnterpriseCustomer", {"name": "", "slug": "b"}, "ValidationError name"),
    ("createEnterpriseCustomer", {"name": LONG, "slug": "b"}, "ValidationError name"),
    ("createEnterpriseCustomer", {"name": "a\0", "slug": "b"}, "ValidationError name"),
    ("createEnterpriseCustomer", {"name": "B", "slug": "B c"}, "ValidationError slug"),
    ("createEnterpriseCustomer", {"name": "B", "slug": LONG}, "ValidationError slug"),
    ("createEnterpriseCustomer", {"name": "B", "slug": "acme"}, "ValidationError slug"),
    ("createEnterpriseCustomer", {"name": "B", "slug": "b", "siteId": 0}, "ValidationError siteId"),
    ("updateEnterpriseCustomer", {"id": ACME, "name": " "}, "ValidationError name"),
    ("updateEnterpriseCustomer", {"id": ACME, "siteId": -1}, "ValidationError siteId"),
    ("updateEnterpriseCustomer", {"id": encode_id("EnterpriseCustomer", 9)}, "NotFound id"),
    ("updateEnterpriseCustomer", {"id": WRONG}, "ValidationError id"),
    ("createEnterpriseCatalog", {"customerId": WRONG}, "ValidationError customerId"),
    ("createEnterpriseCatalog", {"customerId": encode_id("EnterpriseCustomer", 9)}, "NotFound customerId"),
    ("createEnterpriseCatalog", {"customerId": ACME, "title": ""}, "ValidationError title"),
    ("createEnterpriseCatalog", {"customerId": ACME, "uuid": CATALOG}, "ValidationError uuid"),
    (
        "createEnterpriseCatalog",
        {"customerId": ACME, "queryTitle": "Q"},
        "ValidationError contentFilter",
    ),
    (
        "createEnterpriseCatalog",
        {"customerId": ACME, "contentFilter": {"subjects": []}},
        "ValidationError contentFilter",
    ),
    (
        "createEnterpriseCatalog",
        {"customerId": ACME, "contentFilter": {"keys": [LONG]}},
        "ValidationError contentFilter",
    ),
    (
        "createEnterpriseCatalog",
        {"customerId": ACME, "contentFilter": {"keys": ["\0"]}},
        "ValidationError contentFilter.keys.0",
    ),
    ("updateEnterpriseCatalog", {"id": NONE, "title": "x"}, "NotFound id"),
    ("updateEnterpriseCatalog", {"id": THE_CATALOG, "title": LONG}, "ValidationError title"),
    ("updateEnterpriseCatalog", {"id": THE_CATALOG, "queryTitle": "x"}, "ValidationError contentFilter"),
    (
        "updateEnterpriseCatalog",
        {"id": THE_CATALOG, "queryTitle": LONG, "contentFilter": {}},
        "ValidationError queryTitle",
    ),
    ("deleteEnterpriseCatalog", {"id": WRONG}, "ValidationError id"),
    ("addCatalogItems", {"id": NONE, "keys": [ART]}, "NotFound id"),
    ("addCatalogItems", {"id": THE_CATALOG, "keys": [ART, "C+9"]}, "ValidationError keys.1"),
    ("addCatalogItems", {"id": THE_CATALOG, "keys": ["\0"]}, "ValidationError keys.0"),
    ("addCatalogItems", {"id": THE_CATALOG, "keys": [ART] * 1001}, "ValidationError keys"),
    ("addCatalogItems", {"id": THE_CATALOG, "keys": [str(uuid.UUID(int=1))]}, "ValidationError keys.0"),
    ("removeCatalogItems", {"id": THE_CATALOG, "keys": [ART] * 1001}, "ValidationError keys"),
    ("refreshEnterpriseCatalog", {"id": THE_CATALOG}, "ValidationError id"),
    ("linkEnterpriseLearner", {"customerId": ACME, "username": "nobody"}, "NotFound username"),
    ("linkEnterpriseLearner", {"customerId": ACME, "username": "\0"}, "ValidationError username"),
    ("unlinkEnterpriseLearner", {"customerId": WRONG, "username": "learner"}, "ValidationError customerId"),
    (
        "assignEnterpriseRole",
        {"username": "learner", "role": "ADMIN", "customerId": "x"},
        "ValidationError customerId",
    ),
]


@pytest.mark.parametrize(("mutation", "values", "answer"), CANNOT)
async def test_what_cannot_be_leaves_everything_as_it_is(
    kept: World, mutation: str, values: dict[str, Any], answer: str
) -> None:
    assert outline(await kept.change("staff", mutation, **values)) == answer
    assert await kept.acts() == await kept.told() == await kept.items() == []
    assert await kept.rows(CatalogQuery, "id") == await kept.rows(EnterpriseLearner, "id") == []
    assert await kept.rows(EnterpriseCatalog, "title") == ["All Content"]


async def test_as_many_keys_as_there_may_be(world: World) -> None:
    added = await world.change("staff", "addCatalogItems", id=THE_CATALOG, keys=[ART] * 1000)
    assert added["added"] == [ART]


@pytest.mark.parametrize("mutation", MUTATIONS)
async def test_who_is_not_staff_administers_nothing(kept: World, mutation: str) -> None:
    """Whether there is what is named or not."""
    for id_ in (1, 9):
        customer, catalog = encode_id("EnterpriseCustomer", id_), encode_id("EnterpriseCatalog", id_)
        inputs: dict[str, dict[str, Any]] = {
            "createEnterpriseCustomer": {"name": "", "slug": ""},
            "updateEnterpriseCustomer": {"id": customer, "name": ""},
            "createEnterpriseCatalog": {"customerId": customer},
            "addCatalogItems": {"id": catalog, "keys": [ART]},
            "removeCatalogItems": {"id": catalog, "keys": [ART]},
            "linkEnterpriseLearner": {"customerId": customer, "username": "learner"},
            "unlinkEnterpriseLearner": {"customerId": customer, "username": "learner"},
            "assignEnterpriseRole": {"customerId": customer, "username": "learner", "role": "ADMIN"},
            "revokeEnterpriseRole": {"customerId": customer, "username": "learner", "role": "ADMIN"},
        }
        values = inputs.get(mutation, {"id": catalog})
        assert outline(await kept.change("learner", mutation, **values)) == "NotPermitted None"
    assert await kept.acts() == []
