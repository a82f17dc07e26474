"""Customers, catalogs and content that show each rule."""

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

from sqlmodel import SQLModel

from app.db.engine import Database
from app.db.models import (
    CatalogItem,
    CatalogQuery,
    Course,
    CourseOrganization,
    CourseRun,
    CourseRunStaff,
    CourseSubject,
    EnterpriseCatalog,
    EnterpriseCustomer,
    EnterpriseLearner,
    Entitlement,
    Organization,
    Person,
    Program,
    ProgramCourse,
    ProgramExcludedRun,
    ProgramOrganization,
    ProgramType,
    Seat,
    Subject,
)
from app.vocabulary import EnterpriseRole, OrganizationRole, Pacing, ProgramStatus, RunStatus
from tests.rest.enterprise.clients import add_caller

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
DAY = dt.timedelta(days=1)
PAST, CHANGED = (
    dt.datetime(2014, 6, 27, 16, 2, 38, tzinfo=dt.UTC),
    dt.datetime(2017, 5, 9, 16, 27, 34, 690065, dt.UTC),
)


def uuid_of(name: str) -> UUID:
    """The UUID of what has this name."""
    return uuid5(UUID(int=7), name)


CUSTOMERS = {"accents": "Crème & Brûlée, Société", "symbols": "!!! ???", "plain": "Degreed-- Company_"}
"""Names of customers; what is left of them in addresses is another matter."""

SLUGS = {"accents": "creme-brulee-societe", "symbols": None, "plain": "degreed-company"}
CATALOG, EMPTY, AUDIT, OTHER, FULL_PROGRAM, BARE_PROGRAM, RETIRED_PROGRAM = (
    str(uuid_of(name))
    for name in ("catalog", "empty", "audit", "other", "full program", "bare program", "retired program")
)
FULL, BARE = "MyUni+Full1x", "Bare/Old1x"
FULL_RUN, NEXT_RUN = "course-v1:MyUni+Full1x+R1", "course-v1:MyUni+Full1x+R2"
BARE_RUN = "Bare/Old1x/R1"
SOLO_RUN = "course-v1:Solo+S1x+R1"
"""In the catalog by itself; its course is not."""

LISTED = [FULL, BARE, "Act+Next", SOLO_RUN, FULL_PROGRAM, BARE_PROGRAM]
"""The active items, in order."""

INACTIVE = ["Act+Ended", "Act+Closed", "Act+Hidden"]

CALLERS: dict[str, tuple[EnterpriseRole, str | None]] = {
    "operator": (EnterpriseRole.OPERATOR, None),
    "operator of one": (EnterpriseRole.OPERATOR, "accents"),
    "admin": (EnterpriseRole.ADMIN, "accents"),
    "catalog admin": (EnterpriseRole.CATALOG_ADMIN, "accents"),
    "learner": (EnterpriseRole.LEARNER, "accents"),
    "admin of another": (EnterpriseRole.ADMIN, "plain"),
}
"""Users with one role each. Beside them there are `nobody`, `staff` and `linked`, with none."""


async def add(database: Database, *rows: SQLModel) -> None:
    """Add rows; they have their ids afterwards."""
    async with database.session() as session:
        session.add_all(rows)


async def add_customers(database: Database) -> dict[str, EnterpriseCustomer]:
    """The customers, and who has a role for them."""
    customers = {
        slug: EnterpriseCustomer(uuid=uuid_of(slug), name=name, slug=slug, modified=PAST)
        for slug, name in CUSTOMERS.items()
    }
    await add(database, *customers.values())
    for username, (role, slug) in CALLERS.items():
        await add_caller(database, username, (role, customers[slug].id if slug else None))
    await add_caller(database, "nobody")
    await add_caller(database, "staff", is_staff=True)
    linked = await add_caller(database, "linked")
    await add(database, EnterpriseLearner(customer_id=customers["accents"].id, user_id=linked))
    return customers


async def add_course(
    database: Database, key: str, *runs: dict[str, Any], **values: Any
) -> tuple[Course, list[CourseRun]]:
    """A course and its runs."""
    times: dict[str, Any] = {"created": PAST, "modified": PAST}
    course = Course(**{"key": key, "uuid": uuid_of(key), **times, **values})
    await add(database, course)
    made = [
        CourseRun(**{"uuid": uuid_of(run["key"]), "course_id": course.id, **times, **run}) for run in runs
    ]
    await add(database, *made)
    return course, made


async def add_items(
    database: Database, catalog: EnterpriseCatalog, *content: Course | CourseRun | Program
) -> None:
    """Put content into a catalog, in order."""
    columns = {Course: "course_id", CourseRun: "run_id", Program: "program_id"}
    await add(
        database,
        *(
            CatalogItem(
                catalog_id=catalog.id,
                key=str(item.uuid) if isinstance(item, Program) else item.key,
                added_at=PAST + number * DAY,
                **{columns[type(item)]: item.id},
            )
            for number, item in enumerate(content)
        ),
    )


async def fill(database: Database) -> None:
    """All of it."""
    customers = await add_customers(database)
    query = CatalogQuery(uuid=uuid_of("query"), title="Everything", content_filter={})
    await add(database, query)
    declared: list[tuple[str, str, dict[str, Any]]] = [
        ("catalog", "accents", {"query_id": query.id}),
        ("empty", "accents", {"title": "Nothing"}),
        ("audit", "symbols", {"publishes_audit_urls": True}),
        ("other", "plain", {}),
    ]
    catalogs = {
        name: EnterpriseCatalog(
            uuid=uuid_of(name),
            customer_id=customers[slug].id,
            created=PAST + number * DAY,
            modified=PAST,
            **values,
        )
        for number, (name, slug, values) in enumerate(declared)
    }
    await add(database, *catalogs.values())
    full, runs, owners = await add_full_course(database)
    bare, _ = await add_course(database, BARE, {"key": BARE_RUN, "status": RunStatus.PUBLISHED})
    dates: dict[str, dict[str, Any]] = {
        "Next": {"enrollment_start": NOW + 30 * DAY},
        "Ended": {"end": NOW - DAY},
        "Closed": {"enrollment_end": NOW - DAY},
        "Hidden": {"status": RunStatus.UNPUBLISHED},
    }
    active = {
        name: (await add_course(database, f"Act+{name}", {"key": f"course-v1:Act+{name}+R1", **values}))[0]
        for name, values in dates.items()
    }
    _, solo = await add_course(database, "Solo+S1x", {"key": SOLO_RUN})
    programs = await add_programs(database, full, runs, owners)
    content: list[Any] = [full, bare, *active.values(), solo[0], *programs]
    await add_items(database, catalogs["catalog"], *content)
    await add_items(database, catalogs["audit"], full)
    await add_items(database, catalogs["other"], full)


async def add_full_course(database: Database) -> tuple[Course, list[CourseRun], list[Organization]]:
    """A course with two runs of which everything is known, and its owners."""
    course, runs = await add_course(
        database,
        FULL,
        {
            "key": FULL_RUN,
            "title": "A title of its own",
            "short_description": "<p>Short of its own</p>",
            "full_description": "<p>Full of its own</p>",
            "outcome": "<p>Outcome of its own</p>",
            "start": PAST,
            "end": dt.datetime(2098, 1, 2, 3, 4, 5, 999999, dt.UTC),
            "enrollment_start": PAST,
            "enrollment_end": dt.datetime(2097, 12, 31, tzinfo=dt.UTC),
            "announcement": PAST,
            "go_live_date": PAST,
            "pacing": Pacing.SELF_PACED,
            "content_language": "en-us",
            "transcript_languages": ["en-us", "de-de"],
            "min_effort": 5,
            "max_effort": 6,
            "weeks_to_complete": 3,
            "mobile_available": True,
            "marketing_slug": "full-slug?utm_source=old&a=b c",
            "license": "cc-by",
            "reporting_type": "mooc",
            "external_key": "EXT-1",
            "modified": CHANGED,
        },
        {
            "key": NEXT_RUN,
            "start": dt.datetime(2090, 1, 1, tzinfo=dt.UTC),
            "pacing": Pacing.INSTRUCTOR_PACED,
            "content_language": "de-de",
            "marketing_slug": "full-slug-2",
        },
        title="The Full Course",
        short_description="<p>Short</p>",
        full_description="<p>Full & whole</p>\n<p>\u2028</p>",
        outcome="<p>Outcome</p>",
        syllabus="<p>Syllabus</p>",
        prerequisites_text="<p>Before</p>",
        prerequisites=["Algebra", "Logic"],
        expected_learning_items=["One thing", "Another"],
        level_type="Introductory",
        image_url="https://img.example/full.jpg",
        image_description="A picture",
        image_width=378,
        image_height=225,
        original_image_url="https://img.example/original.jpg",
        video_url="https://video.example/full",
        video_description="A film",
        video_image_url="https://img.example/still.jpg",
        marketing_slug="full-slug",
        partner="edx",
        modified=CHANGED,
    )
    full = Organization(
        uuid=uuid_of("full organization"),
        key="MyUni",
        name="My University",
        description="<p>Old</p>",
        homepage_url="https://uni.example",
        marketing_url="https://www.edx.example/school/uni",
        logo_image_url="https://img.example/logo.png",
        certificate_logo_image_url="https://img.example/certificate.png",
        tags=["school"],
    )
    bare = Organization(uuid=uuid_of("bare organization"), key="Bare", name="Bare")
    subject = Subject(
        uuid=uuid_of("full subject"),
        slug="science",
        name="Science",
        subtitle="Know",
        description="All of it",
        banner_image_url="https://img.example/banner.jpg",
        card_image_url="https://img.example/card.jpg",
    )
    bare_subject = Subject(uuid=uuid_of("bare subject"), slug="art", name="Art")
    await add(database, full, bare, subject, bare_subject)
    person = Person(
        uuid=uuid_of("full person"),
        slug="ada",
        salutation="Dr.",
        given_name="Ada",
        family_name="Lovelace",
        bio="<p>Counts</p>",
        email="ada@uni.example",
        profile_image_url="https://img.example/ada.jpg",
        position_title="Professor",
        organization_id=full.id,
        facebook_url="https://facebook.example/ada",
        twitter_url="https://twitter.example/ada",
        blog_url="https://blog.example/ada",
        works=["Notes"],
    )
    bare_person = Person(uuid=uuid_of("bare person"), slug="bob", given_name="Bob")
    await add(database, person, bare_person)
    links: dict[str, Any] = {"course_id": course.id}
    of_run: dict[str, Any] = {"run_id": runs[0].id}
    await add(
        database,
        CourseOrganization(**links, organization_id=full.id, position=0),
        CourseOrganization(**links, organization_id=bare.id, position=1),
        CourseOrganization(**links, organization_id=bare.id, role=OrganizationRole.SPONSOR),
        CourseSubject(**links, subject_id=subject.id, position=0),
        CourseSubject(**links, subject_id=bare_subject.id, position=1),
        Entitlement(**links, mode="verified", price=Decimal("100.00"), sku="ENT1"),
        Entitlement(**links, mode="professional", price=Decimal("99.5")),
        CourseRunStaff(**of_run, person_id=bare_person.id, position=0),
        CourseRunStaff(**of_run, person_id=person.id, position=1),
        Seat(**of_run, mode="audit"),
        Seat(
            **of_run,
            mode="verified",
            price=Decimal("49.00"),
            upgrade_deadline=dt.datetime(2097, 6, 1, tzinfo=dt.UTC),
            sku="SKU1",
            bulk_sku="BULK1",
        ),
        Seat(**of_run, mode="credit", price=Decimal("200.00"), credit_provider="asu", credit_hours=4),
        Seat(run_id=runs[1].id, mode="no-id-professional", price=Decimal("10.00")),
    )
    return course, runs, [full, bare]


async def add_programs(
    database: Database, course: Course, runs: list[CourseRun], organizations: list[Organization]
) -> list[Program]:
    """Programs: with everything, with nothing, and retired."""
    kind = ProgramType(uuid=uuid_of("type"), slug="micromasters", name="MicroMasters")
    await add(database, kind)
    times: dict[str, Any] = {"created": PAST, "modified": CHANGED}
    full = Program(
        **times,
        uuid=uuid_of("full program"),
        title="All of It",
        subtitle="And more",
        type_id=kind.id,
        marketing_slug="all-of-it",
        card_image_url="https://img.example/program.jpg",
        min_hours_effort_per_week=2,
        max_hours_effort_per_week=8,
        weeks_to_complete_min=4,
        weeks_to_complete_max=12,
        one_click_purchase=True,
        partner="edx",
    )
    bare = Program(**times, uuid=uuid_of("bare program"), title="Nothing")
    retired = Program(
        **times,
        uuid=uuid_of("retired program"),
        title="Once",
        type_id=kind.id,
        status=ProgramStatus.RETIRED,
    )
    await add(database, full, bare, retired)
    await add(
        database,
        ProgramCourse(program_id=full.id, course_id=course.id),
        ProgramExcludedRun(program_id=full.id, run_id=runs[1].id),
        *(
            ProgramOrganization(program_id=full.id, organization_id=organization.id, position=place)
            for place, organization in enumerate(organizations)
        ),
    )
    return [full, bare, retired]


async def add_large_catalog(
    database: Database, customer: EnterpriseCustomer, courses: int, runs: int
) -> EnterpriseCatalog:
    """A catalog of courses with so many runs each, with all that hangs on them."""
    catalog = EnterpriseCatalog(uuid=uuid_of("catalog"), customer_id=customer.id)
    kind = ProgramType(slug="series", name="Series")
    owner, person = Organization(key="X", name="X"), Person(slug="ada", given_name="Ada")
    subject = Subject(slug="science", name="Science")
    await add(database, catalog, kind, owner, person, subject)
    program = Program(title="All", type_id=kind.id)
    rows = [Course(key=f"X+{number:04}", title=f"Course {number}") for number in range(courses)]
    await add(database, program, *rows)
    offered = [
        CourseRun(key=f"course-v1:{row.key}+R{number}", course_id=row.id, start=PAST, content_language="en")
        for row in rows
        for number in range(runs)
    ]
    await add(database, *offered)
    await add(
        database,
        *(Seat(run_id=run.id, mode="verified", price=Decimal(49)) for run in offered),
        *(CourseRunStaff(run_id=run.id, person_id=person.id) for run in offered),
        *(CourseOrganization(course_id=row.id, organization_id=owner.id) for row in rows),
        *(CourseSubject(course_id=row.id, subject_id=subject.id) for row in rows),
        *(Entitlement(course_id=row.id, mode="verified", price=Decimal(49)) for row in rows),
        *(ProgramCourse(program_id=program.id, course_id=row.id) for row in rows),
    )
    await add_items(database, catalog, *rows)
    return catalog
