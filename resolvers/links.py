"""Links of learners to enterprise customers, and enrolling through them (Enterprise contract 12.1)."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.auth.viewer import Viewer
from app.db.models import EnterpriseCustomer, EnterpriseEnrollment, EnterpriseLearner, User
from app.db.models.tables import table_of
from app.errors import BadUserInput, NotFound
from resolvers.access import visible

_FIELD = "enterpriseCustomer"


async def link_to(session: AsyncSession, viewer: Viewer, customer: UUID, learner: User) -> EnterpriseLearner:
    """The link of a learner to a customer.

    Raises `NotFound` for a customer that the viewer may not see, and `BadUserInput`
    when the learner is not linked to it.
    """
    customer_id = await session.scalar(
        select(col(EnterpriseCustomer.id)).where(
            col(EnterpriseCustomer.uuid) == customer,
            visible(viewer, EnterpriseCustomer, table_of(EnterpriseCustomer)),
        )
    )
    if customer_id is None:
        raise NotFound(f"There is no enterprise customer {customer}", field=_FIELD)
    link: EnterpriseLearner | None = await session.scalar(
        select(EnterpriseLearner).where(
            col(EnterpriseLearner.customer_id) == customer_id,
            col(EnterpriseLearner.user_id) == learner.id,
            col(EnterpriseLearner.linked),
        )
    )
    if link is None:
        raise BadUserInput(f"{learner.username} is not linked to this enterprise customer", field=_FIELD)
    return link


async def enroll_through(session: AsyncSession, link: EnterpriseLearner, enrollment: int) -> bool:
    """Write down that an enrollment was made through a link; whether that is new."""
    record = EnterpriseEnrollment
    known = await session.scalar(
        select(col(record.id)).where(
            col(record.learner_id) == link.id, col(record.enrollment_id) == enrollment
        )
    )
    if known is None:
        session.add(record(learner_id=link.id, enrollment_id=enrollment))
    return known is None
