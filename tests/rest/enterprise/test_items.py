"""What items hold, which ones are listed, and where they lead (Enterprise contract 7 to 9 and 13)."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.databases import DIALECTS, Databases
from tests.graphql.clients import Statements
from tests.rest.enterprise.clients import LMS, ROOT, Enterprise, enterprise_of
from tests.rest.enterprise.world import (
    AUDIT,
    BARE,
    BARE_PROGRAM,
    BARE_RUN,
    CATALOG,
    CUSTOMERS,
    EMPTY,
    FULL,
    FULL_PROGRAM,
    FULL_RUN,
    INACTIVE,
    LISTED,
    NEXT_RUN,
    OTHER,
    RETIRED_PROGRAM,
    SLUGS,
    SOLO_RUN,
    add_customers,
    add_large_catalog,
    uuid_of,
)

GOLDEN = Path(__file__).with_name("golden")
ITEMS = {
    "course": f"courses/{FULL}",
    "bare_course": f"courses/{BARE}",
    "run": f"course-runs/{FULL_RUN}",
    "bare_run": f"course-runs/{BARE_RUN}",
    "program": f"programs/{FULL_PROGRAM}",
    "bare_program": f"programs/{BARE_PROGRAM}",
}
NAIVE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
TIME = re.compile(NAIVE.pattern + r"(\.\d{6})?Z")


def url(value: Any) -> bool:
    """Whether it is an address, or a path of the marketing site."""
    return isinstance(value, str) and bool(re.match(r"https?://|course/|micromasters/", value))


def one_of(*names: str) -> Any:
    return lambda value: value in names


def list_of(check: Any) -> Any:
    return lambda value: isinstance(value, list) and all(check(item) for item in value)


def text(value: Any) -> bool:
    return isinstance(value, str)


def whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def yes_or_no(value: Any) -> bool:
    return isinstance(value, bool)


def uuid(value: Any) -> bool:
    return bool(str(UUID(value)) == value)


def time(value: Any) -> bool:
    return bool(TIME.fullmatch(value))


def naive(value: Any) -> bool:
    return bool(NAIVE.fullmatch(value))


def price(value: Any) -> bool:
    return bool(re.fullmatch(r"\d+\.\d\d", value))


def shape(**members: Any) -> Any:
    """An object with exactly these members, in order; those in a tuple may be null."""

    def check(value: Any) -> bool:
        assert list(value) == list(members), (list(value), list(members))
        for name, kind in members.items():
            may_be_null, kind = isinstance(kind, tuple), kind[0] if isinstance(kind, tuple) else kind
            assert (may_be_null and value[name] is None) or kind(value[name]), (name, value[name])
        return True

    return check


IMAGE = shape(src=(url,), description=(text,), height=(whole,), width=(whole,))
ORGANIZATION = shape(
    uuid=uuid,
    key=text,
    name=text,
    certificate_logo_image_url=(url,),
    logo_image_url=(url,),
    description=(text,),
    homepage_url=(url,),
    marketing_url=(url,),
    tags=list_of(text),
)
SUBJECT = shape(
    name=text,
    slug=text,
    uuid=uuid,
    subtitle=(text,),
    description=(text,),
    banner_image_url=(url,),
    card_image_url=(url,),
)
PROGRAM_REF = shape(uuid=uuid, title=text, type=(text,), marketing_slug=(text,), marketing_url=(url,))
PERSON = shape(
    uuid=uuid,
    salutation=(text,),
    given_name=text,
    family_name=(text,),
    bio=(text,),
    slug=text,
    position=(
        shape(title=text, organization_name=(text,), organization_id=(whole,), organization_override=(text,)),
    ),
    profile_image=lambda value: value == {} or list(value) == ["medium"],
    profile_image_url=(url,),
    works=list_of(text),
    urls=shape(facebook=(url,), twitter=(url,), blog=(url,)),
    email=lambda value: value is None,
)
SEAT = shape(
    type=text,
    price=price,
    currency=text,
    upgrade_deadline=(time,),
    credit_provider=(text,),
    credit_hours=(whole,),
    sku=(text,),
    bulk_sku=(text,),
)
RUN = {
    "aggregation_key": text,
    "authoring_organization_uuids": list_of(uuid),
    "availability": one_of("Current", "Upcoming", "Archived"),
    "content_type": one_of("courserun"),
    "end": (naive,),
    "enrollment_end": (naive,),
    "enrollment_start": (naive,),
    "enrollment_url": url,
    "full_description": (text,),
    "has_enrollable_seats": yes_or_no,
    "image_url": (url,),
    "key": text,
    "language": (text,),
    "level_type": (text,),
    "logo_image_urls": list_of(url),
    "marketing_url": (url,),
    "max_effort": (whole,),
    "min_effort": (whole,),
    "mobile_available": yes_or_no,
    "number": text,
    "org": text,
    "pacing_type": (one_of("self_paced", "instructor_paced"),),
    "partner": (text,),
    "program_types": list_of(text),
    "published": yes_or_no,
    "seat_types": list_of(text),
    "short_description": (text,),
    "staff_uuids": list_of(uuid),
    "start": (naive,),
    "subject_uuids": list_of(uuid),
    "title": (text,),
    "transcript_languages": list_of(text),
    "type": (one_of("credit", "professional", "verified", "honor", "audit"),),
    "weeks_to_complete": (whole,),
}
VIDEO = shape(src=url, description=(text,), image=(IMAGE,))
RUN_WITH_DETAILS = {
    **RUN,
    "uuid": uuid,
    "course": text,
    "status": one_of("published", "unpublished", "reviewed"),
    "is_enrollable": yes_or_no,
    "is_marketable": yes_or_no,
    "seats": list_of(SEAT),
    "staff": list_of(PERSON),
    "image": (IMAGE,),
    "video": (VIDEO,),
    "content_language": (text,),
    "go_live_date": (time,),
    "modified": time,
    "estimated_hours": (lambda value: isinstance(value, int | float),),
    "first_enrollable_paid_seat_price": (whole,),
    "announcement": (time,),
    "license": (text,),
    "outcome": (text,),
    "hidden": yes_or_no,
    "reporting_type": (text,),
    "eligible_for_financial_aid": yes_or_no,
    "external_key": (text,),
    "programs": list_of(PROGRAM_REF),
}
COURSE = {
    "course_runs": list_of(shape(**RUN_WITH_DETAILS)),
    "enrollment_url": url,
    "entitlements": list_of(shape(mode=text, price=price, currency=text, sku=(text,), expires=(time,))),
    "expected_learning_items": list_of(text),
    "full_description": (text,),
    "image": (IMAGE,),
    "key": text,
    "level_type": (text,),
    "marketing_url": (url,),
    "modified": time,
    "original_image": (url,),
    "outcome": (text,),
    "owners": list_of(ORGANIZATION),
    "prerequisites": list_of(shape(name=text)),
    "prerequisites_raw": (text,),
    "programs": list_of(PROGRAM_REF),
    "short_description": (text,),
    "sponsors": list_of(ORGANIZATION),
    "subjects": list_of(SUBJECT),
    "syllabus_raw": (text,),
    "title": (text,),
    "uuid": uuid,
    "video": (VIDEO,),
}
COURSE_WITH_EXTRAS = {
    **COURSE,
    "content_type": one_of("course"),
    "aggregation_key": text,
    "image_url": (url,),
    "card_image_url": (url,),
    "seat_types": list_of(text),
    "languages": list_of(text),
    "organizations": list_of(text),
    "end_date": (time,),
    "active": yes_or_no,
    "content_last_modified": time,
    "xapi_activity_id": url,
    "course_run_keys": list_of(text),
    "advertised_course_run_uuid": (uuid,),
    "skill_names": list_of(text),
    "skills": list_of(text),
    "enrollment_count": (whole,),
}
PROGRAM = {
    "aggregation_key": text,
    "authoring_organization_uuids": list_of(uuid),
    "authoring_organizations": list_of(ORGANIZATION),
    "card_image_url": (url,),
    "content_type": one_of("program"),
    "enrollment_url": url,
    "language": (text,),
    "marketing_url": (url,),
    "max_hours_effort_per_week": (whole,),
    "min_hours_effort_per_week": (whole,),
    "partner": (text,),
    "published": yes_or_no,
    "staff_uuids": list_of(uuid),
    "subject_uuids": list_of(uuid),
    "subtitle": (text,),
    "title": text,
    "type": (text,),
    "uuid": uuid,
    "weeks_to_complete_max": (whole,),
    "weeks_to_complete_min": (whole,),
}
PROGRAM_WITH_EXTRAS = {
    **PROGRAM,
    "status": one_of("active", "retired", "unpublished", "deleted"),
    "marketing_slug": (text,),
    "hidden": yes_or_no,
    "is_program_eligible_for_one_click_purchase": yes_or_no,
}
PROGRAM_WITH_COURSES = {**PROGRAM_WITH_EXTRAS, "courses": list_of(shape(**COURSE_WITH_EXTRAS))}
assert (len(COURSE), len(RUN), len(PROGRAM)) == (23, 34, 20)
LISTED_SHAPES = {"course": COURSE_WITH_EXTRAS, "courserun": RUN, "program": PROGRAM_WITH_EXTRAS}
SHAPES = {"course": COURSE_WITH_EXTRAS, "run": RUN_WITH_DETAILS, "program": PROGRAM_WITH_COURSES}


def key_of(item: Any) -> str:
    """The native key of an item."""
    return str(item["uuid"] if item["content_type"] == "program" else item["key"])


async def test_13_07_items_of_a_catalog_have_every_member(api: Enterprise) -> None:
    page = await api.get(CATALOG)
    assert [key_of(item) for item in page["results"]] == LISTED
    for item in page["results"]:
        assert shape(**LISTED_SHAPES[item["content_type"]])(item)


@pytest.mark.parametrize("name", ITEMS)
async def test_13_07_items_by_key_have_every_member(api: Enterprise, name: str) -> None:
    item = await api.get(f"{CATALOG}/{ITEMS[name]}")
    kind = SHAPES[name.removeprefix("bare_")]
    assert shape(**kind)(item)
    # What may be null is null where nothing is known, and is not where all is.
    nulls = {member for member, value in item.items() if value is None}
    may = {member for member, check in kind.items() if isinstance(check, tuple)}
    if name.startswith("bare"):
        assert nulls == may
    else:
        assert nulls <= {"enrollment_count", "end_date"}


@pytest.mark.parametrize("name", ITEMS)
async def test_items_word_for_word(api: Enterprise, name: str) -> None:
    response = await api.ask(f"{CATALOG}/{ITEMS[name]}")
    # Numbers of organizations are those of the database.
    shown = re.sub(r'"organization_id": \d+', '"organization_id": 1', json.dumps(response.json(), indent=2))
    assert shown + "\n" == (GOLDEN / f"{name}.json").read_text()


async def test_what_is_listed_and_what_is_read_by_key_is_the_same(api: Enterprise) -> None:
    places = {"course": "courses", "courserun": "course-runs", "program": "programs"}
    for item in (await api.get(CATALOG))["results"]:
        single = await api.get(f"{CATALOG}/{places[item['content_type']]}/{key_of(item)}")
        assert {name: single[name] for name in item} == item


async def test_13_08_only_active_items_are_listed(api: Enterprise) -> None:
    keys = [key_of(item) for item in (await api.get(f"{CATALOG}?limit=100"))["results"]]
    assert keys == LISTED
    assert not {*INACTIVE, RETIRED_PROGRAM} & set(keys)


@pytest.mark.parametrize(
    ("name", "availability", "runs"),
    [("Ended", "Archived", 1), ("Closed", "Upcoming", 1), ("Hidden", None, 0)],
)
async def test_13_08_inactive_courses_are_read_by_key(
    api: Enterprise, name: str, availability: str | None, runs: int
) -> None:
    course = await api.get(f"{CATALOG}/courses/Act+{name}")
    assert [run["availability"] for run in course["course_runs"]] == [availability] * runs
    assert (await api.ask(f"{CATALOG}/programs/{RETIRED_PROGRAM}")).status_code == 200


async def test_13_08_what_opens_next_month_is_active(api: Enterprise) -> None:
    course = await api.get(f"{CATALOG}/courses/Act+Next")
    run = course["course_runs"][0]
    assert (run["is_enrollable"], run["has_enrollable_seats"]) == (False, False)


async def test_a_catalog_contains_the_runs_of_its_courses_and_the_courses_of_its_runs(
    api: Enterprise,
) -> None:
    assert (await api.get(f"{CATALOG}/course-runs/{NEXT_RUN}"))["course"] == FULL
    assert (await api.get(f"{CATALOG}/courses/Solo+S1x"))["course_run_keys"] == [SOLO_RUN]
    assert (await api.ask(f"{OTHER}/course-runs/{SOLO_RUN}")).status_code == 404


async def test_content_keys_restrict_the_items_to_active_ones_or_not(api: Enterprise) -> None:
    keys = [FULL, INACTIVE[0], RETIRED_PROGRAM, "no+key"]
    query = "&".join(f"content_keys={key}" for key in keys)
    page = await api.get(f"{CATALOG}?{query}")
    assert Counter(map(key_of, page["results"])) == Counter(keys[:3])
    assert page["count"] == 3
    too_many = "&".join(f"content_keys=k+{number}" for number in range(101))
    response = await api.ask(f"{CATALOG}?{too_many}")
    assert (response.status_code, list(response.json())) == (400, ["detail"])


async def test_the_list_of_catalogs(api: Enterprise) -> None:
    page = await api.get(f"{ROOT}?limit=2")
    assert list(page) == ["count", "next", "previous", "results"]
    assert page["results"] == [
        {
            "uuid": CATALOG,
            "title": "All Content",
            "enterprise_customer": str(uuid_of("accents")),
            "catalog_query_uuid": str(uuid_of("query")),
            "content_last_modified": "2017-05-09T16:27:34.690065Z",
            "catalog_modified": "2014-06-27T16:02:38Z",
            "query_title": "Everything",
        },
        {
            "uuid": EMPTY,
            "title": "Nothing",
            "enterprise_customer": str(uuid_of("accents")),
            "catalog_query_uuid": None,
            "content_last_modified": None,
            "catalog_modified": "2014-06-27T16:02:38Z",
            "query_title": None,
        },
    ]
    for customer, number in (("accents", 2), ("plain", 1), ("nobody", 0)):
        assert (await api.get(f"{ROOT}?enterprise_customer={uuid_of(customer)}"))["count"] == number
    assert (await api.get(f"{ROOT}?enterprise_customer=x"))["count"] == 0


@pytest.mark.parametrize("customer", CUSTOMERS)
async def test_13_09_addresses_say_where_visitors_come_from(api: Enterprise, customer: str) -> None:
    catalog = {"accents": CATALOG, "symbols": str(uuid_of("audit")), "plain": OTHER}[customer]
    course = await api.get(f"{catalog}/courses/{FULL}")
    slug = SLUGS[customer]
    utm = "utm_medium=enterprise" + (f"&utm_source={slug}" if slug else "")
    audit = "audit=true&" if customer == "symbols" else ""
    root = f"{LMS}/enterprise/{uuid_of(customer)}/course"
    assert course["enrollment_url"] == f"{root}/{FULL}/enroll/?{audit}catalog={catalog}&{utm}"
    assert course["marketing_url"] == f"course/full-slug?{utm}"
    runs = {run["key"]: run for run in course["course_runs"]}
    for key, run in runs.items():
        assert run["enrollment_url"] == f"{root}/{key}/enroll/?{audit}catalog={catalog}&{utm}"
        single = await api.get(f"{catalog}/course-runs/{key}")
        assert single["enrollment_url"] == run["enrollment_url"]
        assert single["marketing_url"] == run["marketing_url"]
    # A query that was there stays, but for what says where visitors come from.
    kept = "" if slug else "&utm_source=old"
    assert runs[FULL_RUN]["marketing_url"] == f"course/full-slug?a=b+c&{utm}{kept}"


async def test_13_09_a_marketing_site_is_named_where_there_is_one(api: Enterprise) -> None:
    async with enterprise_of(api.database, marketing_url="https://www.edx.example") as site:
        program = await site.get(f"{CATALOG}/programs/{FULL_PROGRAM}")
    utm = f"utm_medium=enterprise&utm_source={SLUGS['accents']}"
    assert program["marketing_url"] == f"https://www.edx.example/micromasters/all-of-it?{utm}"
    assert program["enrollment_url"] == (
        f"{LMS}/enterprise/{uuid_of('accents')}/program/{FULL_PROGRAM}/enroll/?catalog={CATALOG}&{utm}"
    )


async def test_lists_are_completed_as_graphql_core_completes_them(
    api: Enterprise,
) -> None:
    lists = [CATALOG, AUDIT, f"{CATALOG}/programs/{FULL_PROGRAM}"]
    ours = [await api.get(path) for path in lists]
    async with enterprise_of(api.database, compiled_executor=False) as site:
        assert [await site.get(path) for path in lists] == ours


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_13_11_the_number_of_statements_does_not_grow(dialect: str, databases: Databases) -> None:
    database = await databases.empty(dialect)
    customers = await add_customers(database)
    await add_large_catalog(database, customers["accents"], 100, 5)
    async with enterprise_of(database) as api:
        # The first request also finds out who asks.
        await api.get(f"{CATALOG}?limit=1")
        numbers = {}
        for limit in (1, 10, 100):
            with Statements() as statements:
                page = await api.get(f"{CATALOG}?limit={limit}")
            assert [len(item["course_runs"]) for item in page["results"]] == [5] * limit
            numbers[limit] = len(statements.seen)
    assert numbers == dict.fromkeys((1, 10, 100), 25)
