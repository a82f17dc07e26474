"""What enterprise customers are told of their learners (Enterprise contract 12)."""

import datetime as dt
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete
from sqlmodel import col

from app.auth.secrets import hash_key
from app.db.engine import Database
from app.db.models import (
    AccessToken,
    CatalogItem,
    Consent,
    CourseRun,
    EnterpriseCatalog,
    EnterpriseEnrollment,
    OAuthClient,
    Offer,
    RoleAssignment,
    SamlIdentity,
    Voucher,
    now,
)
from app.settings import Settings
from app.vocabulary import ClientType, ConsentPolicy, EnterpriseRole, OfferKind, Pacing, RunStatus
from schema.relay import encode_id
from tests.databases import DIALECTS, Databases
from tests.graphql.clients import STAFF_KEY, Client, Statements, add_user, client_of
from tests.graphql.enterprise import CUSTOMER, Company, add_company, day

ALL_FIELDS = """databaseId consentGranted couponCode couponName catalog { uuid } courseDurationWeeks courseEnd
  courseStart courseId courseKey courseMaxEffort courseMinEffort coursePacingType coursePrice discountPrice
  courseTitle currentGrade enrollmentCreatedTimestamp enterpriseId enterpriseName enterpriseSiteId
  enterpriseSsoUid enterpriseUser lastActivityDate letterGrade lmsUserId offer { databaseId kind value }
  passedTimestamp progressStatus unenrollmentEndWithinDate unenrollmentTimestamp
  userAccountCreationTimestamp userCountryCode userCurrentEnrollmentMode userEmail userUsername"""


@pytest.fixture
async def company(database: Database) -> Company:
    return await add_company(database, site_id=7)


@pytest.fixture
async def client(database: Database, company: Company) -> AsyncIterator[Client]:
    await add_user(database, "staff", STAFF_KEY, is_staff=True)
    async with client_of(database) as client:
        yield client


async def summary(client: Client, fields: str = ALL_FIELDS, arguments: str = "", key: str = STAFF_KEY) -> Any:
    """The enrollments of the customer."""
    query = f"query ($id: UUID!) {{ enterpriseCustomer(uuid: $id) {{ enrollments{arguments} {{ nodes {{ {fields} }} }} }} }}"
    data = await client.ask(query, {"id": str(CUSTOMER)}, key=key)
    return data["enterpriseCustomer"]["enrollments"]["nodes"]


async def test_every_field_of_12_3_is_told(client: Client, company: Company) -> None:
    learner = await company.learner(
        "ann", lms_user_id=4711, country="DE", date_joined=day("2015-02-12T23:14:35")
    )
    run = await company.run(
        "R",
        start=day("2016-09-01"),
        end=day("2016-12-01T10:00"),
        pacing=Pacing.INSTRUCTOR_PACED,
        min_effort=2,
        max_effort=4,
    )
    voucher = Voucher(code="PIPNJSUK33P7PTZH", name="Entitlement")
    catalog = EnterpriseCatalog(customer_id=company.id)
    await company.add(
        voucher,
        catalog,
        SamlIdentity(user_id=learner.user_id, uid="saml:old:harry", created=day("2016-01-01")),
        SamlIdentity(user_id=learner.user_id, uid="saml:new:harry", created=day("2016-01-02")),
    )
    await company.add(CatalogItem(catalog_id=catalog.id, course_id=run.course_id, key="X+R"))
    record = await company.enroll(
        learner,
        run,
        created=day("2016-08-01"),
        is_active=False,
        unenrolled_at=day("2017-06-24T01:02:03.450000"),
        progress={
            "percent_grade": 0.8,
            "letter_grade": "Pass",
            "passed_at": day("2017-05-09T16:27:34.690065"),
            "last_activity": day("2017-06-23T22:00"),
        },
    )
    await company.order(learner, (run, "200.00"), total="120.00", voucher_id=voucher.id)
    assert await summary(client) == [
        {
            "databaseId": record.id,
            "consentGranted": True,
            "couponCode": "PIPNJSUK33P7PTZH",
            "couponName": "Entitlement",
            "catalog": {"uuid": str(catalog.uuid)},
            "courseDurationWeeks": 13,
            "courseEnd": "2016-12-01",
            "courseStart": "2016-09-01",
            "courseId": "R",
            "courseKey": "X+R",
            "courseMaxEffort": 4,
            "courseMinEffort": 2,
            "coursePacingType": "INSTRUCTOR_PACED",
            "coursePrice": "200.00",
            "discountPrice": "120.00",
            "courseTitle": "Course R",
            "currentGrade": 0.8,
            "enrollmentCreatedTimestamp": "2016-08-01T00:00:00Z",
            "enterpriseId": str(CUSTOMER),
            "enterpriseName": "Degreed",
            "enterpriseSiteId": 7,
            "enterpriseSsoUid": "harry",
            "enterpriseUser": learner.id,
            "lastActivityDate": "2017-06-23",
            "letterGrade": "Pass",
            "lmsUserId": 4711,
            "offer": None,
            "passedTimestamp": "2017-05-09T16:27:34.690065Z",
            "progressStatus": "PASSED",
            "unenrollmentEndWithinDate": False,
            "unenrollmentTimestamp": "2017-06-24T01:02:03.450000Z",
            "userAccountCreationTimestamp": "2015-02-12T23:14:35Z",
            "userCountryCode": "DE",
            "userCurrentEnrollmentMode": "verified",
            "userEmail": "ann@example.org",
            "userUsername": "ann",
        }
    ]


async def test_every_field_of_12_3_may_be_null_that_may(client: Client, company: Company) -> None:
    learner = await company.learner("ann")
    await company.enroll(learner, await company.run("R"))
    found = (await summary(client))[0]
    assert {name for name, value in found.items() if value is None} == {
        "catalog",
        "couponCode",
        "couponName",
        "courseDurationWeeks",
        "courseEnd",
        "courseMaxEffort",
        "courseMinEffort",
        "coursePacingType",
        "coursePrice",
        "courseStart",
        "currentGrade",
        "discountPrice",
        "enterpriseSsoUid",
        "lastActivityDate",
        "offer",
        "passedTimestamp",
        "unenrollmentEndWithinDate",
        "unenrollmentTimestamp",
        "userCountryCode",
    }
    assert (found["letterGrade"], found["lmsUserId"]) == ("", learner.user_id)


NOW = now()
DAY = dt.timedelta(days=1)
TODAY = NOW.replace(hour=0, minute=0, second=0, microsecond=0)
PASSED = {"passed_at": NOW, "letter_grade": "A"}
STATUSES: list[tuple[str, dt.datetime | None, dict[str, Any], str]] = [
    ("no end", None, {}, "IN_PROGRESS"),
    ("no end, passed", None, PASSED, "PASSED"),
    ("tomorrow", NOW + DAY, {}, "IN_PROGRESS"),
    ("tomorrow, passed", NOW + DAY, PASSED, "PASSED"),
    ("now", NOW, {}, "IN_PROGRESS"),
    ("first moment of today", TODAY, {}, "IN_PROGRESS"),
    ("last moment of yesterday", TODAY - dt.timedelta(microseconds=1), {}, "FAILED"),
    ("yesterday", NOW - DAY, {}, "FAILED"),
    ("yesterday, passed", NOW - DAY, PASSED, "PASSED"),
    ("yesterday, passed without a letter", NOW - DAY, {"passed_at": NOW, "letter_grade": ""}, "FAILED"),
    ("yesterday, a letter and not passed", NOW - DAY, {"letter_grade": "A"}, "FAILED"),
]
"""What it is, end of the run, progress; status. The first table of 12.4, and its edges."""

UNENROLLMENTS: list[tuple[str | None, str, str | None, bool | None]] = [
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
"""Start of the run, enrolled, unenrolled; whether that was in time. The second table of 12.4."""


@pytest.fixture(scope="module", params=DIALECTS)
async def vectors(request: pytest.FixtureRequest, databases: Databases) -> dict[str, Any]:
    """What is told of the vectors, by the username that each has."""
    database = await databases.empty(request.param)
    company = await add_company(database)
    await add_user(database, "staff", STAFF_KEY, is_staff=True)
    for name, end, progress, _ in STATUSES:
        learner = await company.learner(name)
        await company.enroll(learner, await company.run(name, end=end), progress=progress)
    for number, (start, enrolled, unenrolled, _) in enumerate(UNENROLLMENTS):
        learner = await company.learner(str(number))
        await company.enroll(
            learner,
            await company.run(str(number), start=start and day(start)),
            created=day(enrolled),
            is_active=unenrolled is None,
            unenrolled_at=unenrolled and day(unenrolled),
        )
    fields = "userUsername progressStatus letterGrade passedTimestamp unenrollmentEndWithinDate"
    async with client_of(database) as client:
        return {row["userUsername"]: row for row in await summary(client, fields, "(first: 100)")}


@pytest.mark.parametrize(("name", "expected"), [(name, status) for name, *_, status in STATUSES])
def test_vectors_of_12_4_progress_status(vectors: dict[str, Any], name: str, expected: str) -> None:
    row = vectors[name]
    assert row["progressStatus"] == expected
    is_passed = expected == "PASSED"
    assert row["letterGrade"] == ("A" if is_passed else "")
    assert (row["passedTimestamp"] is not None) is is_passed


async def test_a_day_that_passes_is_a_run_that_failed(
    client: Client, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    await company.enroll(await company.learner("ann"), await company.run("R", end=NOW))
    told = []
    for today in (NOW, NOW + DAY):
        monkeypatch.setattr("resolvers.learners.now", lambda today=today: today)
        told += await summary(client, "progressStatus")
        told += await summary(client, "progressStatus", "(where: {progressStatus: [FAILED]})")
    assert [row["progressStatus"] for row in told] == ["IN_PROGRESS", "FAILED", "FAILED"]


@pytest.mark.parametrize("number", range(len(UNENROLLMENTS)))
def test_vectors_of_12_4_unenrollment_end_within_date(vectors: dict[str, Any], number: int) -> None:
    assert vectors[str(number)]["unenrollmentEndWithinDate"] is UNENROLLMENTS[number][3]


@pytest.mark.parametrize(
    ("pacing", "weeks", "start", "end", "expected"),
    [
        (Pacing.SELF_PACED, 5, "2016-01-01", "2016-12-31", 5),
        (Pacing.SELF_PACED, None, "2016-01-01", "2016-12-31", None),
        (Pacing.INSTRUCTOR_PACED, 5, "2016-01-01", "2016-01-15", 2),
        (Pacing.INSTRUCTOR_PACED, 5, "2016-01-01", "2016-01-16T00:00", 3),
        (None, 5, "2016-01-01T23:00", "2016-01-08T01:00", 1),
        (Pacing.INSTRUCTOR_PACED, 5, None, "2016-01-15", None),
        (Pacing.INSTRUCTOR_PACED, 5, "2016-01-01", None, None),
    ],
)
async def test_weeks_of_a_run(
    client: Client,
    company: Company,
    pacing: Pacing | None,
    weeks: int | None,
    start: str | None,
    end: str | None,
    expected: int | None,
) -> None:
    run = await company.run(
        "R", pacing=pacing, weeks_to_complete=weeks, start=start and day(start), end=end and day(end)
    )
    await company.enroll(await company.learner("ann"), run)
    assert await summary(client, "courseDurationWeeks") == [{"courseDurationWeeks": expected}]


WITHHELD = """query ($id: UUID!, $ids: [ID!]!) {
  enterpriseCustomer(uuid: $id) {
    enrollments(first: 100) { totalCount nodes { id userUsername } }
    withheldEnrollments { consent audit unlinked }
  }
  nodes(ids: $ids) { ... on EnterpriseEnrollment { userUsername } }
}"""


async def told(
    client: Client, records: Sequence[EnterpriseEnrollment], key: str = STAFF_KEY
) -> tuple[set[str], dict[str, int]]:
    """Whose enrollments are told, the same along all paths, and how many are withheld."""
    ids = [encode_id("EnterpriseEnrollment", record.id) for record in records]
    data = await client.ask(WITHHELD, {"id": str(CUSTOMER), "ids": ids}, key=key)
    found = data["enterpriseCustomer"]
    names = {row["userUsername"] for row in found["enrollments"]["nodes"]}
    assert found["enrollments"]["totalCount"] == len(found["enrollments"]["nodes"]) == len(names)
    assert {row["userUsername"] for row in data["nodes"] if row} == names
    return names, found["withheldEnrollments"]


async def test_consent_filter(client: Client, company: Company) -> None:
    run = await company.run("R")
    records = [
        await company.enroll(await company.learner(str(granted)), run, granted=granted)
        for granted in (True, False, None)
    ]
    never_asked = await company.learner("never asked")
    records.append(await company.enroll(never_asked, run))
    async with company.database.session() as session:
        await session.execute(delete(Consent).where(col(Consent.user_id) == never_asked.user_id))
    assert await told(client, records) == ({"True"}, {"consent": 3, "audit": 0, "unlinked": 0})


async def test_externally_managed_consent(database: Database) -> None:
    company = await add_company(database, consent_policy=ConsentPolicy.EXTERNALLY_MANAGED)
    await add_user(database, "staff", STAFF_KEY, is_staff=True)
    run = await company.run("R")
    records = [
        await company.enroll(await company.learner(str(granted)), run, granted=granted)
        for granted in (True, False, None)
    ]
    async with client_of(database) as client:
        assert await told(client, records) == (
            {"True", "False", "None"},
            {"consent": 0, "audit": 0, "unlinked": 0},
        )
        rows = await summary(client, "userUsername consentGranted")
    assert {row["userUsername"]: row["consentGranted"] for row in rows} == {
        "True": True,
        "False": False,
        "None": None,
    }


@pytest.mark.parametrize("reports", [False, True])
async def test_audit_filter(database: Database, reports: bool) -> None:
    company = await add_company(database, reports_audit_data=reports)
    await add_user(database, "staff", STAFF_KEY, is_staff=True)
    run = await company.run("R")
    voucher, offer = Voucher(code="C", name="N"), Offer(kind=OfferKind.PERCENTAGE, value=Decimal(100))
    await company.add(voucher, offer)
    payments: dict[str, dict[str, Any]] = {
        "paid": {},
        "coupon": {"voucher_id": voucher.id},
        "offer": {"offer_id": offer.id},
        "refunded": {"voucher_id": voucher.id},
    }
    records = []
    for name in ("free", *payments):
        learner = await company.learner(name)
        records.append(await company.enroll(learner, run, mode="audit"))
        if name in payments:
            (line,) = await company.order(learner, (run, "10"), total="0", **payments[name])
            if name == "refunded":
                line.refunded_at = now()
                await company.add(line)
    records.append(await company.enroll(await company.learner("verified"), run))
    shown = {"coupon", "offer", "verified"}
    if reports:
        shown |= {"free", "paid", "refunded"}
    withheld = {"consent": 0, "audit": 6 - len(shown), "unlinked": 0}
    async with client_of(database) as client:
        assert await told(client, records) == (shown, withheld)


async def test_unlinked_user(client: Client, company: Company) -> None:
    run = await company.run("R")
    records = [
        await company.enroll(await company.learner("there"), run),
        await company.enroll(await company.learner("gone", linked=False), run),
    ]
    assert await told(client, records) == ({"there"}, {"consent": 0, "audit": 0, "unlinked": 1})


async def test_what_is_withheld_for_several_reasons_counts_once(client: Client, company: Company) -> None:
    run = await company.run("R")
    records = [
        await company.enroll(
            await company.learner(f"{linked} {granted} {mode}", linked=linked),
            run,
            granted=granted,
            mode=mode,
        )
        for linked in (True, False)
        for granted in (True, False)
        for mode in ("verified", "audit")
    ]
    shown, withheld = await told(client, records)
    assert shown == {"True True verified"}
    assert withheld == {"unlinked": 4, "consent": 2, "audit": 1}


async def test_who_sees_none_is_told_of_none(client: Client, company: Company) -> None:
    key = "cataloger-key-0123456789"
    user = await add_user(company.database, "cataloger", key)
    role = RoleAssignment(user_id=user, role=EnterpriseRole.CATALOG_ADMIN, customer_id=company.id)
    await company.add(role)
    record = await company.enroll(await company.learner("gone", linked=False), await company.run("R"))
    assert await told(client, [record], key) == (set(), {"consent": 0, "audit": 0, "unlinked": 0})


PAID = "coursePrice discountPrice couponCode couponName offer { databaseId kind value }"


async def paid(client: Client, course: str = "R") -> list[Any]:
    """What the summary says of the order of a run."""
    (row,) = await summary(client, PAID, f'(where: {{courseId: {{eq: "{course}"}}}})')
    return list(row.values())


async def test_two_orders(client: Client, company: Company) -> None:
    ann, ben = await company.learner("ann"), await company.learner("ben")
    run, other = await company.run("R"), await company.run("other")
    await company.enroll(ann, run)
    voucher, offer = Voucher(code="C", name="N"), Offer(kind=OfferKind.ABSOLUTE, value=Decimal("12.50"))
    await company.add(voucher, offer)
    await company.order(ann, (run, "50"), total="40", voucher_id=voucher.id)
    await company.order(ann, (other, "500"), total="400", voucher_id=voucher.id)
    await company.order(ben, (run, "600"), total="500", voucher_id=voucher.id)
    assert await paid(client) == ["50.00", "40.00", "C", "N", None]
    (highest,) = await company.order(ann, (run, "100"), total="87.50", offer_id=offer.id)
    told_offer = {"databaseId": offer.id, "kind": "ABSOLUTE", "value": "12.50"}
    assert await paid(client) == ["100.00", "87.50", None, None, told_offer]
    highest.refunded_at = now()
    await company.add(highest)
    assert await paid(client) == ["50.00", "40.00", "C", "N", None]


async def test_order_with_two_lines(client: Client, company: Company) -> None:
    ann = await company.learner("ann")
    runs = [await company.run(key) for key in ("R", "S")]
    for run in runs:
        await company.enroll(ann, run)
    await company.order(ann, (runs[0], "50"), (runs[1], "70"), total="100")
    assert await paid(client, "R") == ["50.00", None, None, None, None]
    assert await paid(client, "S") == ["70.00", None, None, None, None]


async def test_refund(client: Client, company: Company) -> None:
    ann, run = await company.learner("ann"), await company.run("R")
    await company.enroll(ann, run)
    (line,) = await company.order(ann, (run, "50"), total="40")
    assert (await paid(client))[:2] == ["50.00", "40.00"]
    line.refunded_at = now()
    await company.add(line)
    assert await paid(client) == [None] * 5


async def test_the_offer_is_null_for_vouchers(client: Client, company: Company) -> None:
    ann, run = await company.learner("ann"), await company.run("R")
    await company.enroll(ann, run)
    voucher, offer = Voucher(code="C", name="N"), Offer(kind=OfferKind.ABSOLUTE, value=Decimal("12.50"))
    await company.add(voucher, offer)
    await company.order(ann, (run, "50"), total="40", voucher_id=voucher.id, offer_id=offer.id)
    assert await paid(client) == ["50.00", "40.00", "C", "N", None]


async def test_the_catalog_is_the_oldest_of_the_customer_that_contains_the_course(
    client: Client, company: Company
) -> None:
    run = await company.run("R")
    sibling = CourseRun(key="sibling", course_id=run.course_id)
    foreign = await add_company(company.database, UUID(int=1))
    stranger = await company.run("stranger")
    await company.add(sibling)
    await company.enroll(await company.learner("ann"), run)

    async def catalog(age: int, customer: int = company.id, **item: Any) -> EnterpriseCatalog:
        found = EnterpriseCatalog(customer_id=customer, created=day(f"20{30 - age}-01-01"))
        await company.add(found)
        await company.add(CatalogItem(catalog_id=found.id, key="key", **item))
        return found

    async def named() -> Any:
        (row,) = await summary(client, "catalog { uuid }")
        return row["catalog"]

    await catalog(9, course_id=stranger.course_id)
    await catalog(8, foreign.id, course_id=run.course_id)
    assert await named() is None
    for age, item in (
        (1, {"course_id": run.course_id}),
        (2, {"run_id": sibling.id}),
        (3, {"run_id": run.id}),
    ):
        older = await catalog(age, **item)
        assert await named() == {"uuid": str(older.uuid)}


async def test_links_are_null_unless_to_be_seen(client: Client, company: Company) -> None:
    key = "admin-key-0123456789"
    user = await add_user(company.database, "admin", key)
    await company.add(RoleAssignment(user_id=user, role=EnterpriseRole.ADMIN, customer_id=company.id))
    learner = await company.learner("ann")
    await company.enroll(learner, await company.run("draft", status=RunStatus.UNPUBLISHED))
    fields = "user { username } enrollment { mode } run { key } customer { name } userEmail courseId"
    assert await summary(client, fields, key=key) == [
        {
            "user": None,
            "enrollment": None,
            "run": None,
            "customer": {"name": "Degreed"},
            "userEmail": "ann@example.org",
            "courseId": "draft",
        }
    ]
    (seen,) = await summary(client, fields)
    assert seen["user"] == {"username": "ann"}
    assert seen["enrollment"] == {"mode": "verified"}
    assert seen["run"] == {"key": "draft"}


async def small_world(company: Company) -> None:
    """Rows that differ in every column, absent values among them."""
    runs = [
        await company.run("A", start=day("2026-01-01"), end=day("2026-02-01"), max_effort=3),
        await company.run("B", title="Other title", pacing=Pacing.SELF_PACED, min_effort=1),
    ]
    for name in ("ben", "ann", "cid"):
        learner = await company.learner(name, country="DE" if name == "ann" else None)
        for run in runs:
            progress = {"percent_grade": 0.5, "last_activity": day("2026-01-02")} if name == "ben" else PASSED
            await company.enroll(learner, run, progress=None if name == "cid" else progress)
    voucher = Voucher(code="C", name="N")
    await company.add(voucher)
    await company.order(learner, (runs[0], "9.90"), total="0.10", voucher_id=voucher.id)


async def test_every_order_is_walked_once_by_cursors_and_by_number(client: Client, company: Company) -> None:
    await small_world(company)
    data = await client.ask('{ __type(name: "EnterpriseEnrollmentOrderField") { enumValues { name } } }')
    names = [value["name"] for value in data["__type"]["enumValues"]]
    assert len(names) > 25
    for name in names:
        for direction in ("ASC", "DESC"):
            order = f"orderBy: {{field: {name}, direction: {direction}}}"
            whole = [row["databaseId"] for row in await summary(client, "databaseId", f"({order})")]
            assert len(set(whole)) == len(whole) == 6
            walked, after = [], ""
            while True:
                page = await client.ask(
                    f'{{ enterpriseCustomer(uuid: "{CUSTOMER}") {{ enrollments(first: 4, {order}{after})'
                    " { nodes { databaseId } pageInfo { hasNextPage endCursor } } } }",
                    key=STAFF_KEY,
                )
                found = page["enterpriseCustomer"]["enrollments"]
                walked += [row["databaseId"] for row in found["nodes"]]
                if not found["pageInfo"]["hasNextPage"]:
                    break
                after = f', after: "{found["pageInfo"]["endCursor"]}"'
            assert walked == whole, (name, direction)
            numbered = await summary(client, "databaseId", f"(first: 4, offset: 4, {order})")
            assert [row["databaseId"] for row in numbered] == whole[4:], (name, direction)


async def test_the_order_is_by_e_mail_address_then_by_number(client: Client, company: Company) -> None:
    await small_world(company)
    rows = await summary(client, "userUsername databaseId")
    assert [row["userUsername"] for row in rows] == ["ann", "ann", "ben", "ben", "cid", "cid"]
    numbers = [row["databaseId"] for row in rows]
    assert all(first < second for first, second in zip(numbers[::2], numbers[1::2], strict=True))


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ('userEmail: {contains: "EN@"}', "ben A, ben B"),
        ('userUsername: {eq: "cid"}', "cid A, cid B"),
        ('courseTitle: {contains: "other"}', "ann B, ben B, cid B"),
        ('courseTitle: {contains: "course a"}', "ann A, ben A, cid A"),
        ('courseKey: {in: ["X+B", "X+Z"]}', "ann B, ben B, cid B"),
        ('courseId: {eq: "A"}', "ann A, ben A, cid A"),
        ('courseStart: {gte: "2026-01-01", lt: "2026-01-02"}', "ann A, ben A, cid A"),
        ('courseEnd: {gt: "2026-02-01"}', ""),
        ("progressStatus: [PASSED]", "ann A, ann B"),
        ("progressStatus: [IN_PROGRESS, FAILED]", "ben A, ben B, cid A, cid B"),
        ("passedTimestamp: {eq: null}", "ben A, ben B, cid A, cid B"),
        ('lastActivityDate: {lt: "2026-01-03"}', "ben A, ben B"),
        ('unenrollmentTimestamp: {eq: null}, userCurrentEnrollmentMode: {eq: "audit"}', ""),
        ('consentGranted: true, enrollmentCreatedTimestamp: {lt: "2020-01-01"}', ""),
    ],
)
async def test_filters(client: Client, company: Company, where: str, expected: str) -> None:
    await small_world(company)
    rows = await summary(client, "userUsername courseId", f"(where: {{{where}}})")
    assert ", ".join(f"{row['userUsername']} {row['courseId']}" for row in rows) == expected


async def test_the_e_mail_address_needs_its_scope(client: Client, company: Company) -> None:
    secret = "read-token-0123456789"
    user = await add_user(company.database, "owner", is_staff=True)
    oauth_client = OAuthClient(client_id="app", secret_hash="", type=ClientType.PUBLIC)
    await company.add(oauth_client)
    await company.add(
        AccessToken(
            token_hash=hash_key(secret),
            client_id=oauth_client.id,
            user_id=user,
            scope="read",
            expires=now() + DAY,
        )
    )
    await company.enroll(await company.learner("ann"), await company.run("R"))
    by_course = "(orderBy: {field: COURSE_ID})"

    async def ask(fields: str) -> Any:
        query = f'{{ enterpriseCustomer(uuid: "{CUSTOMER}") {{ {fields} }} }}'
        return (await client.post(query, key=secret)).json()

    fine = await ask(
        f"enrollments{by_course} {{ nodes {{ userUsername }} }} learners {{ nodes {{ username }} }}"
    )
    assert fine["data"]["enterpriseCustomer"] == {
        "enrollments": {"nodes": [{"userUsername": "ann"}]},
        "learners": {"nodes": [{"username": "ann"}]},
    }
    for fields in (
        f"enrollments{by_course} {{ nodes {{ userEmail }} }}",
        "enrollments { nodes { userUsername } }",
        "enrollments(orderBy: [{field: COURSE_ID}, {field: USER_EMAIL}]) { nodes { userUsername } }",
        'enrollments(where: {userEmail: {contains: "a"}}, orderBy: {field: COURSE_ID}) { totalCount }',
        "learners { nodes { email } }",
        "learners(orderBy: {field: EMAIL}) { nodes { username } }",
        'learners(where: {email: {startsWith: "a"}}) { totalCount }',
    ):
        (error,) = (await ask(fields))["errors"]
        assert error["extensions"]["code"] == "FORBIDDEN"
        assert error["extensions"]["scope"] == "email"


async def test_the_number_of_statements_does_not_grow_with_the_rows(client: Client, company: Company) -> None:
    runs = [await company.run(str(number)) for number in range(3)]
    catalog = EnterpriseCatalog(customer_id=company.id)
    await company.add(catalog)
    await company.add(*(CatalogItem(catalog_id=catalog.id, run_id=run.id, key=run.key) for run in runs))
    await summary(client, "courseId")
    counts = []
    for name in ("ann", "ben", "cid", "dan"):
        learner = await company.learner(name)
        for run in runs:
            await company.enroll(learner, run)
            await company.order(learner, (run, "10"), total="9")
        with Statements() as statements:
            rows = await summary(
                client, f"{ALL_FIELDS} user {{ username }} run {{ key }} enrollment {{ mode }}"
            )
        assert rows[-1]["coursePrice"] == "10.00"
        counts.append((len(rows), len(statements.seen)))
    # Customer, page, catalogs, users, runs, enrollments.
    assert counts == [(3, 6), (6, 6), (9, 6), (12, 6)]


async def test_only_selected_columns_are_read_and_only_their_tables(client: Client, company: Company) -> None:
    with Statements() as statements:
        await summary(client, "courseTitle", "(orderBy: {field: COURSE_ID})")
    (statement,) = (text for text in statements.seen if "enterprise_enrollment" in text)
    selected = statement.split("FROM")[0]
    assert "course_title" in selected
    assert "user_email" not in selected
    if company.database.dialect == "sqlite":
        # The database leaves out of the view what is not asked for.
        async with company.database.reader.connect() as connection:
            parameters = (None,) * statement.count("?")
            plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            steps = " ".join(str(row.detail) for row in plan)
        assert "course_run" in steps
        for table in ("saml_identity", "catalog_item", "progress", "voucher"):
            assert table not in steps


async def test_learners_are_told_with_what_administration_needs(client: Client, company: Company) -> None:
    key = "admin-key-0123456789"
    user = await add_user(company.database, "admin", key)
    await company.add(RoleAssignment(user_id=user, role=EnterpriseRole.ADMIN, customer_id=company.id))
    learner = await company.learner("ann", name="Ann", country="DE")
    await company.learner("gone", linked=False)
    await company.enroll(learner, await company.run("R"))
    query = """query ($id: UUID!) { enterpriseCustomer(uuid: $id) { learners(orderBy: {field: EMAIL}) {
      totalCount nodes { databaseId linked username email name country user { id }
        customer { name } enrollments { nodes { courseId } } } } } }"""
    await client.ask(query, {"id": str(CUSTOMER)}, key=key)
    with Statements() as statements:
        data = await client.ask(query, {"id": str(CUSTOMER)}, key=key)
    ann = {
        "databaseId": learner.id,
        "linked": True,
        "username": "ann",
        "email": "ann@example.org",
        "name": "Ann",
        "country": "DE",
        "user": None,
        "customer": {"name": "Degreed"},
        "enrollments": {"nodes": [{"courseId": "R"}]},
    }
    assert data["enterpriseCustomer"]["learners"] == {"totalCount": 1, "nodes": [ann]}
    assert len(statements.seen) == (1 if Settings().json_text else 6)
    query = "query ($id: UUID!) { enterpriseCustomer(uuid: $id) { learners(where: {linked: false}) { nodes { username } } } }"
    data = await client.ask(query, {"id": str(CUSTOMER)}, key=STAFF_KEY)
    assert data["enterpriseCustomer"]["learners"]["nodes"] == [{"username": "gone"}]
