"""An enterprise customer with learners, and what they enrolled in and paid."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from app.db.engine import Database
from app.db.models import (
    Consent,
    Course,
    CourseRun,
    Enrollment,
    EnterpriseCustomer,
    EnterpriseEnrollment,
    EnterpriseLearner,
    Order,
    OrderLine,
    Progress,
    User,
)
from app.vocabulary import ConsentPolicy

CUSTOMER = UUID("58152f7f-6d0e-41cf-862d-0a27c6fad72c")


@dataclass
class Company:
    """A customer in a database; makes learners and what they do there."""

    database: Database
    id: int
    uuid: UUID
    numbers: int = 0

    async def add(self, *rows: Any) -> None:
        """Add rows; they have their ids afterwards."""
        async with self.database.session() as session:
            session.add_all(rows)

    async def learner(self, username: str, *, linked: bool = True, **values: Any) -> EnterpriseLearner:
        """A user who is linked to the customer, or was."""
        user = User(**{"username": username, "email": f"{username}@example.org", **values})
        await self.add(user)
        learner = EnterpriseLearner(customer_id=self.id, user_id=user.id, linked=linked)
        await self.add(learner)
        return learner

    async def run(self, key: str, **values: Any) -> CourseRun:
        """A run of a course of its own."""
        course = Course(key=f"X+{key}", title=f"Course {key}")
        await self.add(course)
        run = CourseRun(key=key, course_id=course.id, **values)
        await self.add(run)
        return run

    async def enroll(
        self,
        learner: EnterpriseLearner,
        run: CourseRun,
        *,
        granted: bool | None = True,
        progress: dict[str, Any] | None = None,
        **values: Any,
    ) -> EnterpriseEnrollment:
        """An enrollment through the link, with what the learner was asked for and how far he got."""
        ids: dict[str, Any] = {"run_id": run.id, "user_id": learner.user_id}
        enrollment = Enrollment(**{**ids, "mode": "verified", **values})
        await self.add(enrollment, Consent(**ids, customer_id=self.id, granted=granted))
        if progress is not None:
            await self.add(Progress(**ids, **progress))
        record = EnterpriseEnrollment(learner_id=learner.id, enrollment_id=enrollment.id)
        await self.add(record)
        return record

    async def order(
        self, learner: EnterpriseLearner, *lines: tuple[CourseRun, str], total: str, **values: Any
    ) -> list[OrderLine]:
        """An order with lines, each a run and its price."""
        self.numbers += 1
        order = Order(
            number=f"{self.uuid}-{self.numbers}", user_id=learner.user_id, total=Decimal(total), **values
        )
        await self.add(order)
        rows = [
            OrderLine(order_id=order.id, run_id=run.id, mode="verified", price=Decimal(price))
            for run, price in lines
        ]
        await self.add(*rows)
        return rows


async def add_company(database: Database, uuid: UUID = CUSTOMER, **values: Any) -> Company:
    """A customer that asks for consent and reports no audit data, unless said otherwise."""
    customer = EnterpriseCustomer(
        **{
            "uuid": uuid,
            "name": "Degreed",
            "slug": f"degreed-{uuid}",
            "consent_policy": ConsentPolicy.AT_ENROLLMENT,
            **values,
        }
    )
    async with database.session() as session:
        session.add(customer)
    return Company(database, customer.id, uuid)


def day(text: str) -> dt.datetime:
    """An instant in UTC."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)
