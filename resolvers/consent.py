"""Consent of learners to be reported on to their enterprise customers (Enterprise contract 12.2)."""

from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from app.auth.audit import record
from app.db.models import Consent, now
from resolvers.context import Context
from resolvers.enrolling import user_to_act_for, visible_run
from resolvers.links import link_to


async def set_consent(
    context: Context, customer: UUID, run_key: str, username: str | None, *, granted: bool
) -> Consent:
    """Let a customer see, or no longer see, what a user, the viewer unless named, does in a course run.

    Raises `BadUserInput` and `NotFound`.
    """
    viewer = context.viewer
    async with context.write() as session:
        run = await visible_run(session, viewer, run_key)
        learner = await user_to_act_for(session, viewer, username)
        link = await link_to(session, viewer, customer, learner)
        consent: Consent | None = await session.scalar(
            select(Consent).where(
                col(Consent.customer_id) == link.customer_id,
                col(Consent.user_id) == learner.id,
                col(Consent.run_id) == run.id,
            )
        )
        if consent is None:
            consent = Consent(customer_id=link.customer_id, user_id=learner.id, run_id=run.id)
            session.add(consent)
        if consent.granted is not granted:
            consent.granted, consent.modified = granted, now()
            if viewer.user_id != learner.id:
                subject = f"{learner.username} in {run.key}"
                record(
                    session,
                    str(viewer.username),
                    "consent.update",
                    subject,
                    enterprise_customer=str(customer),
                    granted=granted,
                )
        return consent
