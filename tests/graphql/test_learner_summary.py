"""What enterprise customers are told of their learners (Enterprise contract 12)."""

import datetime as dt
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from app.db.engine import Database
from app.db.models import (
    CatalogItem,
    CourseRun,
    EnterpriseCatalog,
    Offer,
    OrderLine,
    SamlIdentity,
    Voucher,
    now,
)
from app.vocabulary import ConsentPolicy, OfferKind, Pacing
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
