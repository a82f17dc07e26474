"""Enrolling through the link to an enterprise customer, and consenting to be reported on to it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, select

from app.db.models import (
    AuditEntry,
    Consent,
    Enrollment,
    EnterpriseEnrollment,
    EnterpriseLearner,
    RoleAssignment,
    User,
)
from app.vocabulary import EnterpriseRole
from tests.databases import DIALECTS, Databases
from tests.graphql.clients import add_user
from tests.graphql.enrolling import KEYS, Platform, fill, platform_of, reset, run_key
from tests.graphql.enterprise import CUSTOMER, Company, add_company

FOREIGN, NOWHERE = UUID(int=1), UUID(int=2)
ADMIN_KEY = "admin-key-0123456789"

CONSENT = """mutation ($input: SetConsentInput!) { setConsent(input: $input) {
  __typename
  ... on ConsentSaved { granted customer { uuid } run { key } }
  ... on Error { message }
  ... on ValidationError { field }
  ... on NotFound { field }
} }"""


@dataclass
class World:
    """A platform of which `learner` is linked to a customer, `other` not any more."""

    platform: Platform
    company: Company

    async def consent(self, caller: str, run: str = "paid", **values: Any) -> Any:
        """What consenting answers."""
        given = {"enterpriseCustomer": str(CUSTOMER), "runKey": run_key(run), "granted": True, **values}
        key = {**KEYS, "admin": ADMIN_KEY}[caller]
        return (await self.platform.client.ask(CONSENT, {"input": given}, key=key))["setConsent"]

    async def rows(self, model: Any) -> list[Any]:
        """All rows of a model."""
        async with self.platform.database.session() as session:
            return list(await session.scalars(select(model).order_by(model.id)))


@pytest.fixture(scope="module", params=DIALECTS)
async def shared(request: pytest.FixtureRequest, databases: Databases) -> AsyncIterator[World]:
    database = await databases.empty(request.param)
    await fill(database)
    company = await add_company(database)
    await add_company(database, FOREIGN)
    admin = await add_user(database, "admin", ADMIN_KEY)
    async with database.session() as session:
        users = {user.username: user.id for user in await session.scalars(select(User))}
        session.add(RoleAssignment(user_id=admin, role=EnterpriseRole.ADMIN, customer_id=company.id))
        for name, linked in (("learner", True), ("other", False)):
            session.add(EnterpriseLearner(customer_id=company.id, user_id=users[name], linked=linked))
    async with platform_of(database) as platform:
        yield World(platform, company)


@pytest.fixture
async def world(shared: World) -> World:
    """Nobody is enrolled through a link, and nobody was asked for consent."""
    await reset(shared.platform.database)
    async with shared.platform.database.session() as session:
        await session.execute(delete(Consent))
    return shared


@pytest.mark.parametrize("caller", ["learner", "staff"])
async def test_enrolling_through_a_link(world: World, caller: str) -> None:
    given = {"username": "learner", "enterpriseCustomer": str(CUSTOMER)}
    checked = await world.platform.enroll(caller, "paid", **given, validateOnly=True)
    assert checked["__typename"] == "EnrollmentValid"
    assert await world.rows(EnterpriseEnrollment) == []

    for created in (True, False):
        answer = await world.platform.enroll(caller, "paid", **given)
        assert (answer["__typename"], answer["created"]) == ("EnrollmentSaved", created)
    (record,) = await world.rows(EnterpriseEnrollment)
    (link,) = [row for row in await world.rows(EnterpriseLearner) if row.linked]
    (enrollment,) = await world.platform.enrollments("learner", "paid")
    assert (record.learner_id, record.enrollment_id) == (link.id, enrollment.id)
    audit = [(row.actor, row.action, row.subject) for row in await world.rows(AuditEntry)]
    subject = f"learner in {run_key('paid')}"
    by_staff = [("staff", f"{kind}.create", subject) for kind in ("enrollment", "enterprise_enrollment")]
    assert audit == (by_staff if caller == "staff" else [])


async def test_an_enrollment_that_is_there_comes_through_the_link_afterwards(world: World) -> None:
    await world.platform.enroll("learner", "paid")
    answer = await world.platform.enroll("learner", "paid", enterpriseCustomer=str(CUSTOMER))
    assert (answer["__typename"], answer["created"]) == ("EnrollmentSaved", False)
    assert len(await world.rows(EnterpriseEnrollment)) == 1


@pytest.mark.parametrize(
    ("caller", "customer", "values", "answer"),
    [
        ("staff", NOWHERE, {"username": "learner"}, "NotFound"),
        ("staff", FOREIGN, {"username": "learner"}, "ValidationError"),
        ("staff", CUSTOMER, {"username": "other"}, "ValidationError"),
        ("staff", CUSTOMER, {}, "ValidationError"),
        ("learner", NOWHERE, {}, "NotFound"),
        # Whose customer it is not is not told that it is there.
        ("learner", FOREIGN, {}, "NotFound"),
        ("other", CUSTOMER, {}, "NotFound"),
    ],
)
async def test_without_a_link_nothing_is_changed(
    world: World, caller: str, customer: UUID, values: dict[str, Any], answer: str
) -> None:
    before = len(await world.rows(Enrollment))
    found = await world.platform.enroll(caller, "paid", enterpriseCustomer=str(customer), **values)
    assert (found["__typename"], found["field"]) == (answer, "enterpriseCustomer")
    consent = await world.consent(caller, enterpriseCustomer=str(customer), **values)
    assert (consent["__typename"], consent["field"]) == (answer, "enterpriseCustomer")
    assert len(await world.rows(Enrollment)) == before
    assert await world.rows(EnterpriseEnrollment) == await world.rows(Consent) == []


async def test_what_cannot_be_enrolled_in_is_not_recorded(world: World) -> None:
    answer = await world.platform.enroll("learner", "over", enterpriseCustomer=str(CUSTOMER))
    assert answer["__typename"] == "EnrollmentClosed"
    assert await world.rows(EnterpriseEnrollment) == []


async def test_consent_is_given_and_taken_back(world: World) -> None:
    for granted in (True, True, False):
        assert await world.consent("learner", granted=granted) == {
            "__typename": "ConsentSaved",
            "granted": granted,
            "customer": {"uuid": str(CUSTOMER)},
            "run": {"key": run_key("paid")},
        }
    (consent,) = await world.rows(Consent)
    assert consent.granted is False
    assert await world.rows(AuditEntry) == []
    assert (await world.consent("staff", username="learner"))["granted"] is True
    (again,) = await world.rows(Consent)
    assert (again.id, again.granted) == (consent.id, True)
    assert again.modified > consent.modified
    (entry,) = await world.rows(AuditEntry)
    assert (entry.actor, entry.action, entry.detail["granted"]) == ("staff", "consent.update", True)


@pytest.mark.parametrize(
    ("caller", "values", "answer"),
    [
        ("learner", {"runKey": "no key"}, "ValidationError runKey"),
        ("learner", {"runKey": run_key("nowhere")}, "NotFound runKey"),
        ("learner", {"runKey": run_key("draft")}, "NotFound runKey"),
        ("learner", {"username": "other"}, "NotFound username"),
        ("staff", {"username": "nobody"}, "NotFound username"),
        # Who administers the customer cannot consent for its learners.
        ("admin", {"username": "learner"}, "NotFound username"),
        ("admin", {}, "ValidationError enterpriseCustomer"),
    ],
)
async def test_consent_that_cannot_be_given(
    world: World, caller: str, values: dict[str, Any], answer: str
) -> None:
    found = await world.consent(caller, **values)
    assert f"{found['__typename']} {found['field']}" == answer
    assert await world.rows(Consent) == []


async def test_a_stranger_consents_to_nothing(world: World) -> None:
    given = {"enterpriseCustomer": str(CUSTOMER), "runKey": run_key("paid"), "granted": True}
    (error,) = await world.platform.client.errors(CONSENT, {"input": given})
    assert error["extensions"] == {"code": "UNAUTHENTICATED"}


async def test_enrolling_and_consenting_is_told_to_the_customer(world: World) -> None:
    query = """query ($id: UUID!) { enterpriseCustomer(uuid: $id) {
      enrollments { nodes { userUsername courseId } } withheldEnrollments { consent audit unlinked } } }"""

    async def told() -> Any:
        found = await world.platform.client.ask(query, {"id": str(CUSTOMER)}, key=ADMIN_KEY)
        return list(found["enterpriseCustomer"].values())

    none = {"consent": 0, "audit": 0, "unlinked": 0}
    given = {"username": "learner", "mode": "verified", "enterpriseCustomer": str(CUSTOMER)}
    await world.platform.enroll("staff", "paid", **given)
    assert await told() == [{"nodes": []}, none | {"consent": 1}]
    await world.consent("learner")
    assert await told() == [{"nodes": [{"userUsername": "learner", "courseId": run_key("paid")}]}, none]
    await world.consent("learner", granted=False)
    assert await told() == [{"nodes": []}, none | {"consent": 1}]
