"""What the learner summary tells (Enterprise contract 12 and 13.10)."""

import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from app.db.models import (
    CatalogItem,
    CourseRun,
    EnterpriseCatalog,
    EnterpriseLearner,
    Offer,
    SamlIdentity,
    Voucher,
)
from app.vocabulary import ConsentPolicy, EnterpriseRole, OfferKind, Pacing
from tests.databases import DIALECTS, Databases
from tests.graphql.enterprise import Company, add_company, day
from tests.rest.enterprise.clients import Enterprise, add_caller, elements, enterprise_of, told
from tests.rest.enterprise.world import add, uuid_of

NOW = dt.datetime.now(dt.UTC)
DAY = dt.timedelta(days=1)
CATALOG = uuid_of("learners' catalog")
PASSED = {"letter_grade": "Pass", "passed_at": day("2017-05-09T16:27:34.690065"), "percent_grade": 0.8}


@dataclass
class Learners:
    """Customers and an application that tells of their learners."""

    api: Enterprise
    company: Company

    async def rows(self, query: str = "", company: Company | None = None) -> Any:
        """The rows of a customer."""
        uuid = (company or self.company).uuid
        path = f"/enterprise/v2/enterprise-customer/{uuid}/learner-summary?limit=1000&{query}"
        page = await self.api.get(path)
        assert page["count"] == len(page["results"])
        return page["results"]

    async def add_company(self, name: str, **values: Any) -> Company:
        """Another customer."""
        return await add_company(self.api.database, uuid_of(name), name=name, **values)

    async def statuses(self, name: str, cases: dict[str, dict[str, Any]], member: str) -> dict[str, Any]:
        """What a member is of each of several learners of a customer of their own."""
        company = await self.add_company(name)
        for case, values in cases.items():
            run = await company.run(f"{name}-{case}", **values.get("run", {}))
            learner = await company.learner(f"{name}-{case}")
            await company.enroll(learner, run, **values.get("enrollment", {}))
        return {
            row["user_username"].partition("-")[2]: row[member] for row in await self.rows(company=company)
        }


@pytest.fixture(scope="module", params=DIALECTS)
async def learners(request: pytest.FixtureRequest, databases: Databases) -> AsyncIterator[Learners]:
    """An application over a customer with two learners: of one all is known, of the other nothing."""
    database = await databases.empty(request.param)
    await add_caller(database, "operator", (EnterpriseRole.OPERATOR, None))
    company = await add_company(database, uuid_of("company"), name="Degreed", site_id=7)
    full, bare = await company.learner("ann", **ANN), await company.learner("bob", email="")
    run = await company.run(
        "course-v1:X+ann+R",
        start=day("2016-09-01"),
        end=day("2016-12-01T10:00"),
        pacing=Pacing.INSTRUCTOR_PACED,
        min_effort=2,
        max_effort=4,
    )
    voucher = Voucher(code="PIPNJSUK33P7PTZH", name="Entitlement")
    catalog = EnterpriseCatalog(uuid=CATALOG, customer_id=company.id)
    await add(database, voucher, catalog, SamlIdentity(user_id=full.user_id, uid="saml:ann:7"))
    await add(database, CatalogItem(catalog_id=catalog.id, course_id=run.course_id, key="X+ann"))
    left: dict[str, Any] = {"is_active": False, "unenrolled_at": day("2017-06-24T01:02:03.450000")}
    progress = {**PASSED, "last_activity": day("2017-06-23T22:00")}
    await company.enroll(full, run, created=day("2016-08-01"), progress=progress, **left)
    await company.order(full, (run, "200.00"), total="120.00", voucher_id=voucher.id)
    await company.enroll(bare, await company.run("course-v1:X+bob+R"))
    async with enterprise_of(database) as api:
        yield Learners(api, company)


ANN: dict[str, Any] = {"lms_user_id": 4711, "country": "DE", "date_joined": day("2015-02-12T23:14:35")}


async def test_13_10_every_member_is_there(learners: Learners) -> None:
    bare, full = await learners.rows()
    assert list(full) == list(bare)
    assert len(full) == 36
    course = "X+course-v1:X+ann+R"
    assert full == {
        **{name: full[name] for name in ("id", "enterprise_user")},
        "consent_granted": True,
        "coupon_code": "PIPNJSUK33P7PTZH",
        "coupon_name": "Entitlement",
        "course_api_url": f"http://lyceum.test/enterprise/v2/enterprise-catalogs/{CATALOG}/courses/{course}",
        "course_duration_weeks": 13,
        "course_end": "2016-12-01",
        "course_id": "course-v1:X+ann+R",
        "course_key": course,
        "course_max_effort": 4,
        "course_min_effort": 2,
        "course_pacing_type": "instructor_paced",
        "course_price": "200.00",
        "course_start": "2016-09-01",
        "course_title": "Course course-v1:X+ann+R",
        "current_grade": 0.8,
        "discount_price": "120.00",
        "enrollment_created_timestamp": "2016-08-01T00:00:00Z",
        "enterprise_id": str(learners.company.uuid),
        "enterprise_name": "Degreed",
        "enterprise_site_id": 7,
        "enterprise_sso_uid": "7",
        "last_activity_date": "2017-06-23",
        "letter_grade": "Pass",
        "lms_user_id": 4711,
        "offer": None,
        "passed_timestamp": "2017-05-09T16:27:34.690065Z",
        "progress_status": "Passed",
        "unenrollment_end_within_date": False,
        "unenrollment_timestamp": "2017-06-24T01:02:03.450000Z",
        "user_account_creation_timestamp": "2015-02-12T23:14:35Z",
        "user_country_code": "DE",
        "user_current_enrollment_mode": "verified",
        "user_email": "ann@example.org",
        "user_username": "ann",
    }
    assert {type(full["id"]), type(full["enterprise_user"])} == {int}


async def test_13_07_of_the_learner_summary_all_is_null_that_may_be(learners: Learners) -> None:
    bare = (await learners.rows())[0]
    assert {name for name, value in bare.items() if value is None} == {
        "coupon_code",
        "coupon_name",
        "course_api_url",
        "course_duration_weeks",
        "course_end",
        "course_max_effort",
        "course_min_effort",
        "course_pacing_type",
        "course_price",
        "course_start",
        "current_grade",
        "discount_price",
        "enterprise_sso_uid",
        "last_activity_date",
        "offer",
        "passed_timestamp",
        "unenrollment_end_within_date",
        "unenrollment_timestamp",
        "user_country_code",
        "user_email",
    }
    assert (bare["letter_grade"], bare["progress_status"]) == ("", "In Progress")


async def test_its_course_is_where_it_says(learners: Learners) -> None:
    full = (await learners.rows())[1]
    course = await learners.api.get(full["course_api_url"].removeprefix("http://lyceum.test"))
    assert course["key"] == full["course_key"]


async def test_13_03_xml_tells_the_same(learners: Learners) -> None:
    path = f"/enterprise/v2/enterprise-customer/{learners.company.uuid}/learner-summary"
    response = await learners.api.ask(path, accept=None)
    assert elements(response.text) == told(await learners.api.get(path))


STATUSES: dict[str, tuple[dt.datetime | None, bool, str]] = {
    "null": (None, False, "In Progress"),
    "null passed": (None, True, "Passed"),
    "tomorrow": (NOW + DAY, False, "In Progress"),
    "tomorrow passed": (NOW + DAY, True, "Passed"),
    "now": (NOW, False, "In Progress"),
    "yesterday": (NOW - DAY, False, "Failed"),
    "yesterday passed": (NOW - DAY, True, "Passed"),
}


async def test_13_10_vectors_of_the_progress_status(learners: Learners) -> None:
    cases = {
        name: {"run": {"end": end}, "enrollment": {"progress": PASSED if passed else None}}
        for name, (end, passed, _) in STATUSES.items()
    }
    found = await learners.statuses("statuses", cases, "progress_status")
    assert found == {name: status for name, (_, _, status) in STATUSES.items()}


LEFT: list[tuple[str | None, str, str | None, bool | None]] = [
    (None, "2016-12-01", "2016-12-01", True),
    (None, "2016-01-01", "2016-12-30", True),
    ("2016-12-14", "2016-12-01", "2016-12-01T01:00", True),
    ("2016-12-14", "2016-12-01", "2016-12-28T01:00", True),
    ("2016-12-14", "2016-12-01", "2016-12-28T23:59:59", True),
    ("2016-12-14", "2016-12-01", "2016-12-29T00:00", False),
    ("2016-12-14", "2016-12-15", "2016-12-29T00:00", True),
    ("2016-12-14", "2016-12-15", "2016-12-30T00:00", False),
    ("2016-12-14", "2016-12-15", "2016-12-14T00:00", True),
    ("2016-12-14", "2016-12-15", None, None),
]
"""Start, enrollment, unenrollment, and whether that was in time."""


async def test_13_10_vectors_of_the_unenrollment(learners: Learners) -> None:
    cases = {
        str(number): {
            "run": {"start": start and day(start)},
            "enrollment": {
                "created": day(enrolled),
                "unenrolled_at": left and day(left),
                "is_active": left is None,
            },
        }
        for number, (start, enrolled, left, _) in enumerate(LEFT)
    }
    found = await learners.statuses("left", cases, "unenrollment_end_within_date")
    assert found == {str(number): expected for number, (*_, expected) in enumerate(LEFT)}


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("asked", {}, {"granted", "audit with offer"}),
        ("reports audit", {"reports_audit_data": True}, {"granted", "audit with offer", "audit"}),
        (
            "managed",
            {"consent_policy": ConsentPolicy.EXTERNALLY_MANAGED},
            {"granted", "audit with offer", "denied", "not asked"},
        ),
    ],
)
async def test_13_10_what_is_withheld(
    learners: Learners, name: str, values: dict[str, Any], expected: set[str]
) -> None:
    company = await learners.add_company(name, **values)
    offer = Offer(kind=OfferKind.PERCENTAGE, value=Decimal(100))
    await company.add(offer)
    granted: dict[str, bool | None] = {"denied": False, "not asked": None}
    for case in ("granted", "denied", "not asked", "audit", "audit with offer", "unlinked"):
        learner: EnterpriseLearner = await company.learner(f"{name}-{case}", linked=case != "unlinked")
        run: CourseRun = await company.run(f"{name}-{case}")
        mode = "audit" if case.startswith("audit") else "verified"
        await company.enroll(learner, run, granted=granted.get(case, True), mode=mode)
        if case == "audit with offer":
            await company.order(learner, (run, "50.00"), total="0.00", offer_id=offer.id)
    rows = await learners.rows(company=company)
    assert {row["user_username"].partition("-")[2] for row in rows} == expected
    consents = {row["user_username"].partition("-")[2]: row["consent_granted"] for row in rows}
    assert consents == {case: granted.get(case, True) for case in expected}


async def test_13_10_of_two_orders_the_dearer_counts(learners: Learners) -> None:
    company = await learners.add_company("orders")
    percent, absolute = (
        Offer(kind=kind, value=value)
        for kind, value in ((OfferKind.PERCENTAGE, Decimal(100)), (OfferKind.ABSOLUTE, Decimal("12.50")))
    )
    await company.add(percent, absolute)
    runs = [await company.run(f"orders-{number}") for number in range(3)]
    many, lines, refunded = [await company.learner(name) for name in ("many", "lines", "refunded")]
    for learner, run in ((many, runs[0]), (lines, runs[1]), (refunded, runs[2])):
        await company.enroll(learner, run)
    await company.order(many, (runs[0], "50.00"), total="10.00", offer_id=percent.id)
    await company.order(many, (runs[0], "60.00"), total="20.00", offer_id=absolute.id)
    await company.order(lines, (runs[1], "30.00"), (runs[0], "1.00"), total="7.00", offer_id=percent.id)
    line = (await company.order(refunded, (runs[2], "9.00"), total="9.00"))[0]
    line.refunded_at = NOW
    await company.add(line)
    rows = {row["user_username"]: row for row in await learners.rows(company=company)}
    shown = {
        name: (row["course_price"], row["discount_price"], row["offer"], row["coupon_code"])
        for name, row in rows.items()
    }
    assert shown == {
        "many": ("60.00", "20.00", f"Absolute, 12.50 (#{absolute.id})", None),
        "lines": ("30.00", None, f"Percentage, 100 (#{percent.id})", None),
        "refunded": (None, None, None, None),
    }


async def test_rows_are_ordered_and_searched(learners: Learners) -> None:
    company = await learners.add_company("order")
    names = ["cy", "ada", "bea"]
    for number, name in enumerate(names):
        run = await company.run(f"order-{name}", start=day("2020-02-03") + number * DAY)
        progress = {"last_activity": NOW - (1 + number * 20) * DAY}
        await company.enroll(await company.learner(f"order.{name}"), run, progress=progress)

    async def found(query: str = "") -> list[str]:
        rows = await learners.rows(query, company)
        return [row["user_username"].partition(".")[2] for row in rows]

    assert await found() == ["ada", "bea", "cy"]
    assert await found("ordering=-user_email") == ["cy", "bea", "ada"]
    assert await found("ordering=course_start") == names
    assert await found("ordering=nonsense,-course_start") == names[::-1]
    assert await found("search=ORDER.B") == ["bea"]
    assert await found("search_course=order-c") == ["cy"]
    assert await found("search_start_date=2020-02-04") == ["ada"]
    assert await found("search_start_date=never") == ["ada", "bea", "cy"]
    assert await found("passed_date=last_week") == []
    assert await found("learner_activity=active_past_week") == ["cy"]
    assert await found("learner_activity=inactive_past_week") == ["ada", "bea"]
    assert await found("learner_activity=inactive_past_month") == ["bea"]


async def test_13_05_rows_are_paged(learners: Learners) -> None:
    company = await learners.add_company("pages")
    for number in range(5):
        learner = await company.learner(f"pages-{number}", email="same@example.org")
        await company.enroll(learner, await company.run(f"pages-{number}"))
    path = f"/enterprise/v2/enterprise-customer/{company.uuid}/learner-summary"
    seen, address = [], f"{path}?limit=2"
    while address:
        page = await learners.api.get(address)
        assert list(page) == ["count", "next", "previous", "results"]
        seen += [row["id"] for row in page["results"]]
        address = (page["next"] or "").removeprefix("http://lyceum.test")
    assert seen == sorted(seen) and len(set(seen)) == 5
    last = await learners.api.get(f"{path}?limit=2&page=last")
    assert [row["id"] for row in last["results"]] == seen[4:]
