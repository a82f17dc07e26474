"""What is worked out of content: what it offers now, in which languages, and where its addresses lead."""

import datetime as dt
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.db.models import (
    Course,
    CourseRun,
    CourseRunStaff,
    CourseSubject,
    EnterpriseCatalog,
    EnterpriseCustomer,
    Person,
    Program,
    ProgramCourse,
    ProgramExcludedRun,
    ProgramType,
    Seat,
    Subject,
    now,
)
from app.vocabulary import ProgramStatus, RunStatus
from resolvers.addresses import Source, marketing_url, slug
from resolvers.languages import language_name
from tests.databases import DIALECTS, Databases
from tests.graphql.clients import STAFF_KEY, Client, add_user, client_of

BEFORE, LATER = now() - dt.timedelta(days=30), now() + dt.timedelta(days=30)
LAST_YEAR = BEFORE - dt.timedelta(days=365)
OPEN: dict[str, Any] = {"start": BEFORE, "end": LATER}
RUNS: dict[str, dict[str, Any]] = {
    "current": {"values": OPEN, "seats": [("audit", 0, None), ("verified", 49, LATER)], "is": "CURRENT TT"},
    "ended": {
        "values": {"start": LAST_YEAR, "end": BEFORE},
        "seats": [("audit", 0, None)],
        "is": "ARCHIVED TF",
    },
    "upcoming": {"values": {"start": LATER}, "seats": [("honor", 0, None)], "is": "UPCOMING TT"},
    "without dates": {"values": {}, "seats": [("audit", 0, None)], "is": "UPCOMING TT"},
    "opens later": {
        "values": {**OPEN, "enrollment_start": LATER},
        "seats": [("audit", 0, None)],
        "is": "CURRENT FF",
    },
    "closed": {
        "values": {**OPEN, "enrollment_end": BEFORE},
        "seats": [("audit", 0, None)],
        "is": "CURRENT FF",
    },
    "too late to upgrade": {"values": OPEN, "seats": [("verified", 49, BEFORE)], "is": "CURRENT TF"},
    "without seats": {"values": OPEN, "seats": [], "is": "CURRENT TF"},
}
SEATS: dict[str, tuple[list[tuple[str, int, dt.datetime | None]], list[str], str | None, str | None]] = {
    "credit": (
        [("audit", 0, None), ("credit", 300, None), ("verified", 49, None)],
        ["audit", "credit", "verified"],
        "credit",
        "49.00",
    ),
    "no-id": ([("no-id-professional", 90, LATER)], ["no-id-professional"], "professional", "90.00"),
    "deadlines": (
        [("verified", 50, None), ("professional", 80, LATER), ("honor", 10, BEFORE)],
        ["verified", "professional", "honor"],
        "professional",
        "10.00",
    ),
    "free": ([("honor", 0, None), ("audit", 0, None)], ["honor", "audit"], "honor", None),
    "only credit": ([("credit", 300, None)], ["credit"], "credit", None),
    "other": ([("masters", 900, None)], ["masters"], None, "900.00"),
    "none": ([], [], None, None),
}
CATALOG, AUDITED, SYMBOLS = UUID(int=1), UUID(int=2), UUID(int=3)
CUSTOMER = UUID(int=0xCAFE)


@pytest.fixture(scope="module", params=DIALECTS)
async def client(request: pytest.FixtureRequest, databases: Databases) -> AsyncIterator[Client]:
    """Runs by what they show, in a course and a program, and catalogs of customers with hard names."""
    database = await databases.empty(request.param)
    await add_user(database, "staff", STAFF_KEY, is_staff=True)
    async with database.session() as session:
        customers = [
            EnterpriseCustomer(uuid=CUSTOMER, name="  Café_Ünï -- (Zürich) & Co. ", slug="cafe"),
            EnterpriseCustomer(uuid=UUID(int=0xC2), name="★ 中文 ★", slug="symbols"),
        ]
        course = Course(key="C+1", marketing_slug="c-1")
        seated = Course(key="C+seats")
        history = Course(key="C+history")
        kinds = [
            ProgramType(slug="micromasters", name="MicroMasters"),
            ProgramType(slug="xseries", name="XSeries"),
        ]
        people = [Person(uuid=UUID(int=n), slug=f"p{n}", given_name=f"P{n}") for n in (3, 1, 2, 4)]
        subjects = [Subject(uuid=UUID(int=n), slug=f"s{n}", name=f"S{n}") for n in (2, 1)]
        session.add_all([*customers, course, seated, history, *kinds, *people, *subjects])
        await session.flush()
        runs = {
            name: CourseRun(key=name, course_id=course.id, marketing_slug=f"slug {name}", **run["values"])
            for name, run in RUNS.items()
        }
        runs["unpublished"] = CourseRun(
            key="unpublished",
            course_id=course.id,
            status=RunStatus.REVIEWED,
            marketing_slug="x",
            content_language="de",
        )
        runs["without slug"] = CourseRun(
            key="without slug",
            course_id=course.id,
            content_language="zh-Hans",
            transcript_languages=["en-us", "zh-Hant", "en-gb", "de"],
            min_effort=2,
            max_effort=3,
            weeks_to_complete=5,
        )
        for name in ("current", "ended"):
            runs[name].content_language = "en-us"
        of_seats = {
            name: CourseRun(key=f"seats {name}", course_id=seated.id, marketing_slug=name) for name in SEATS
        }
        past = [
            CourseRun(key=f"past {n}", course_id=history.id, marketing_slug="p", start=start, end=BEFORE)
            for n, start in enumerate((LAST_YEAR, BEFORE - dt.timedelta(days=60)))
        ]
        programs = {
            "micro": Program(
                title="micro", uuid=UUID(int=10), type_id=kinds[0].id, marketing_slug="micro?a=b"
            ),
            "retired": Program(title="retired", type_id=kinds[1].id, status=ProgramStatus.RETIRED),
            "draft": Program(
                title="draft", type_id=kinds[1].id, status=ProgramStatus.UNPUBLISHED, marketing_slug="draft"
            ),
            "untyped": Program(title="untyped", marketing_slug="untyped"),
        }
        catalogs = [
            EnterpriseCatalog(uuid=CATALOG, customer_id=customers[0].id),
            EnterpriseCatalog(uuid=AUDITED, customer_id=customers[0].id, publishes_audit_urls=True),
            EnterpriseCatalog(uuid=SYMBOLS, customer_id=customers[1].id),
        ]
        session.add_all([*runs.values(), *of_seats.values(), *past, *programs.values(), *catalogs])
        await session.flush()
        offered = [
            *((runs[name], run["seats"]) for name, run in RUNS.items()),
            *((of_seats[name], seats) for name, (seats, *_) in SEATS.items()),
            *((run, [("audit", 0, None)]) for run in (*past, runs["unpublished"], runs["without slug"])),
        ]
        session.add_all(
            Seat(run_id=run.id, mode=mode, price=price, upgrade_deadline=deadline)
            for run, seats in offered
            for mode, price, deadline in seats
        )
        session.add_all(
            [
                *(
                    ProgramCourse(program_id=program.id, course_id=of.id, position=position)
                    for program in programs.values()
                    for position, of in enumerate((seated, course))
                ),
                ProgramExcludedRun(program_id=programs["retired"].id, run_id=runs["current"].id),
                *(CourseRunStaff(run_id=runs["current"].id, person_id=person.id) for person in people[:2]),
                *(CourseRunStaff(run_id=runs["ended"].id, person_id=person.id) for person in people[1:3]),
                CourseRunStaff(run_id=runs["unpublished"].id, person_id=people[3].id),
                CourseSubject(course_id=course.id, subject_id=subjects[0].id),
                CourseSubject(course_id=seated.id, subject_id=subjects[0].id),
                CourseSubject(course_id=seated.id, subject_id=subjects[1].id, position=1),
            ]
        )
    async with client_of(
        database, lms_url="https://courses.edx.org/", marketing_url="https://www.edx.org/learn/"
    ) as made:
        yield made


async def run(client: Client, key: str, fields: str) -> Any:
    query = f"query ($key: String!) {{ courseRun(key: $key) {{ {fields} }} }}"
    return (await client.ask(query, {"key": key}, key=STAFF_KEY))["courseRun"]


@pytest.mark.parametrize("name", RUNS)
async def test_what_a_run_offers_now(client: Client, name: str) -> None:
    found = await run(client, name, "availability isEnrollable hasEnrollableSeats isMarketable")
    availability, flags = RUNS[name]["is"].split()
    assert found == {
        "availability": availability,
        "isEnrollable": flags[0] == "T",
        "hasEnrollableSeats": flags[1] == "T",
        "isMarketable": name != "without seats",
    }


@pytest.mark.parametrize("name", ["unpublished", "without slug"])
async def test_a_draft_and_a_run_without_a_page_are_not_marketable(client: Client, name: str) -> None:
    assert await run(client, name, "isMarketable seatTypes") == {
        "isMarketable": False,
        "seatTypes": ["audit"],
    }


@pytest.mark.parametrize("name", SEATS)
async def test_what_seats_make_of_a_run(client: Client, name: str) -> None:
    _, types, type_, price = SEATS[name]
    assert await run(client, f"seats {name}", "seatTypes seatType firstEnrollablePaidSeatPrice") == {
        "seatTypes": types,
        "seatType": type_,
        "firstEnrollablePaidSeatPrice": price,
    }


async def test_languages_and_hours_of_a_run(client: Client) -> None:
    fields = "language transcriptLanguageNames estimatedHours"
    assert await run(client, "without slug", fields) == {
        "language": "Chinese - Simplified",
        "transcriptLanguageNames": ["English", "Chinese - Traditional", "German"],
        "estimatedHours": 12.5,
    }
    nothing: dict[str, Any] = {"language": None, "transcriptLanguageNames": [], "estimatedHours": None}
    assert await run(client, "closed", fields) == nothing


@pytest.mark.parametrize(
    ("code", "name"),
    {
        "en": "English",
        "en-us": "English",
        "pt_BR": "Portuguese",
        "zh": "Chinese",
        "zh-cmn": "Chinese - Mandarin",
        "zh-cn": "Chinese - China",
        "ZH-HK": "Chinese - Hong Kong SAR",
        "zh-hans": "Chinese - Simplified",
        "zh-yue": "Chinese - Cantonese",
        "zh-what": "Chinese - what",
        "tlh-x": "Klingon",
        "unknown": "unknown",
        "": "",
    }.items(),
)
def test_names_of_languages(code: str, name: str) -> None:
    assert language_name(code) == name


async def test_programs_and_their_runs_tell_of_each_other(client: Client) -> None:
    fields = "programTypes programs { totalCount nodes { title } }"
    public = ["micro", "retired", "draft", "untyped"]
    assert await run(client, "ended", fields) == {
        "programTypes": ["MicroMasters", "XSeries"],
        "programs": {"totalCount": 4, "nodes": [{"title": title} for title in public]},
    }
    # The retired program leaves it out, and the other one of its kind is a draft.
    public.remove("retired")
    assert await run(client, "current", fields) == {
        "programTypes": ["MicroMasters"],
        "programs": {"totalCount": 3, "nodes": [{"title": title} for title in public]},
    }
    data = await client.ask(
        """{ programs(where: {status: [ACTIVE, RETIRED]}) { nodes {
          title languages staff { slug } subjects { slug } courses { totalCount } } } }""",
        key=STAFF_KEY,
    )
    whole = {
        "languages": ["English", "Chinese - Simplified"],
        "staff": [{"slug": "p1"}, {"slug": "p2"}, {"slug": "p3"}],
        "subjects": [{"slug": "s1"}, {"slug": "s2"}],
        "courses": {"totalCount": 2},
    }
    assert data["programs"]["nodes"] == [
        {"title": "micro", **whole},
        {"title": "retired", **whole, "staff": [{"slug": "p1"}, {"slug": "p2"}]},
        {"title": "untyped", **whole},
    ]


async def test_what_a_course_offers(client: Client) -> None:
    data = await client.ask(
        """{ courses(orderBy: {field: KEY}) { nodes {
          key isActive languages seatTypes advertisedRun { key end course { key } } } } }""",
        key=STAFF_KEY,
    )
    assert data["courses"]["nodes"] == [
        {
            "key": "C+1",
            "isActive": True,
            "languages": ["English", "Chinese - Simplified"],
            "seatTypes": ["audit", "verified", "honor"],
            "advertisedRun": {
                "key": "current",
                "end": LATER.isoformat().replace("+00:00", "Z"),
                "course": {"key": "C+1"},
            },
        },
        {
            "key": "C+history",
            "isActive": True,
            "languages": [],
            "seatTypes": ["audit"],
            "advertisedRun": {
                "key": "past 1",
                "end": BEFORE.isoformat().replace("+00:00", "Z"),
                "course": {"key": "C+history"},
            },
        },
        {
            "key": "C+seats",
            "isActive": True,
            "languages": [],
            "seatTypes": [
                "audit",
                "credit",
                "verified",
                "no-id-professional",
                "professional",
                "honor",
                "masters",
            ],
            "advertisedRun": {"key": "seats other", "end": None, "course": {"key": "C+seats"}},
        },
    ]


URLS = """query ($catalog: UUID!) {
  course(key: "C+1") { enrollmentUrl(catalog: $catalog) marketingUrl plain: marketingUrl from: marketingUrl(catalog: $catalog) }
  courseRun(key: "without dates") { enrollmentUrl(catalog: $catalog) from: marketingUrl(catalog: $catalog) }
  program(uuid: "00000000-0000-0000-0000-00000000000a") {
    enrollmentUrl(catalog: $catalog) plain: marketingUrl from: marketingUrl(catalog: $catalog)
  }
  without: courseRun(key: "without slug") { marketingUrl }
  programs(where: {title: {in: ["retired", "untyped"]}}) { nodes { marketingUrl } }
}"""


async def test_addresses_of_content(client: Client) -> None:
    data = await client.ask(URLS, {"catalog": str(CATALOG)}, key=STAFF_KEY)
    utm = "utm_medium=enterprise&utm_source=cafe_uni-zurich-co"
    enrollment = f"https://courses.edx.org/enterprise/{CUSTOMER}"
    query = f"enroll/?catalog={CATALOG}&{utm}"
    assert data == {
        "course": {
            "enrollmentUrl": f"{enrollment}/course/C+1/{query}",
            "marketingUrl": "https://www.edx.org/learn/course/c-1",
            "plain": "https://www.edx.org/learn/course/c-1",
            "from": f"https://www.edx.org/learn/course/c-1?{utm}",
        },
        "courseRun": {
            "enrollmentUrl": f"{enrollment}/course/without%20dates/{query}",
            "from": f"https://www.edx.org/learn/course/slug%20without%20dates?{utm}",
        },
        "program": {
            "enrollmentUrl": f"{enrollment}/program/{UUID(int=10)}/{query}",
            "plain": "https://www.edx.org/learn/micromasters/micro?a=b",
            "from": f"https://www.edx.org/learn/micromasters/micro?a=b&{utm}",
        },
        "without": {"marketingUrl": None},
        "programs": {"nodes": [{"marketingUrl": None}, {"marketingUrl": None}]},
    }


async def test_a_catalog_may_ask_for_audit_mode_and_a_name_may_have_no_slug(client: Client) -> None:
    audited = await client.ask(URLS, {"catalog": str(AUDITED)}, key=STAFF_KEY)
    assert audited["course"]["enrollmentUrl"].endswith(
        f"?audit=true&catalog={AUDITED}&utm_medium=enterprise&utm_source=cafe_uni-zurich-co"
    )
    symbols = await client.ask(URLS, {"catalog": str(SYMBOLS)}, key=STAFF_KEY)
    assert symbols["course"]["enrollmentUrl"].endswith(f"?catalog={SYMBOLS}&utm_medium=enterprise")
    assert symbols["course"]["from"] == "https://www.edx.org/learn/course/c-1?utm_medium=enterprise"


async def test_addresses_name_no_catalog_that_the_viewer_cannot_see(client: Client) -> None:
    for catalog, key in ((CATALOG, None), (UUID(int=99), STAFF_KEY)):
        data = await client.ask(URLS, {"catalog": str(catalog)}, key=key)
        assert data["course"]["enrollmentUrl"] is data["course"]["from"] is data["program"]["from"] is None
        assert data["course"]["plain"] == "https://www.edx.org/learn/course/c-1"


@pytest.mark.parametrize(
    ("base", "path", "expected"),
    [
        # The seed's own example.
        (None, "course/edxdemoslug", "course/edxdemoslug?utm_medium=enterprise&utm_source=degreed-company"),
        (
            "https://www.edx.org",
            "course/a?utm_source=other&z=1&b=2&z=&utm_medium=mail&utm_campaign=c d",
            "https://www.edx.org/course/a?b=2&utm_campaign=c+d&utm_medium=enterprise&utm_source=degreed-company&z=1&z=",
        ),
    ],
)
def test_what_a_page_is_asked_for_already_is_kept(base: str | None, path: str, expected: str) -> None:
    source = Source(CUSTOMER, CATALOG, "degreed-company", audit=False)
    assert marketing_url(base, path, source) == expected
    assert marketing_url(None, expected, source) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    {
        "Degreed Company": "degreed-company",
        " A  B\t-- C ": "a-b-c",
        "_Under_score_-": "under_score",
        "Œuvre & Søn": "uvre-sn",
        "①②½": "1212",
        "---": "",
        "": "",
    }.items(),
)
def test_slugs(name: str, expected: str) -> None:
    assert slug(name) == expected


@given(st.text())
def test_a_slug_is_what_an_address_can_show_and_its_own_slug(name: str) -> None:
    made = slug(name)
    assert made.isascii()
    assert not set(made) - set("abcdefghijklmnopqrstuvwxyz0123456789_-")
    assert slug(made) == made
