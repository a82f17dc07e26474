"""Who belongs to an enterprise customer, and who may do what there (Enterprise contract 2)."""

from collections.abc import Sequence

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from app.db.models import EnterpriseCustomer, EnterpriseLearner, Event, RoleAssignment, User
from app.enterprise.change import Change
from app.vocabulary import EnterpriseRole
from app.webhooks.emit import emit

EVERYWHERE = "*"
"""What stands for all customers (Enterprise contract 2.5)."""


async def link_learner(session: AsyncSession, customer: EnterpriseCustomer, user: User) -> Change:
    """Make a user a learner of a customer, again if he was one."""
    return await _set_link(session, customer, user, linked=True)


async def unlink_learner(session: AsyncSession, customer: EnterpriseCustomer, user: User) -> Change:
    """Undo `link_learner`; the link stays on record, and so do enrollments."""
    return await _set_link(session, customer, user, linked=False)


async def assign_role(
    session: AsyncSession, user: User, role: EnterpriseRole, customer: EnterpriseCustomer | None
) -> Change:
    """Give a user a role at a customer; None is all of them."""
    found = await _assignment(session, user, role, customer)
    if found is None:
        session.add(RoleAssignment(user_id=user.id, role=role, customer_id=customer.id if customer else None))
    return await _role_change(session, "assign", user, role, customer, made=found is None)


async def revoke_role(
    session: AsyncSession, user: User, role: EnterpriseRole, customer: EnterpriseCustomer | None
) -> Change:
    """Undo `assign_role`; a role at all customers is not taken away for one of them."""
    found = await _assignment(session, user, role, customer)
    if found is not None:
        await session.delete(found)
    return await _role_change(session, "revoke", user, role, customer, made=found is not None)


async def list_roles(session: AsyncSession) -> Sequence[Row[str, str, str | None]]:
    """Usernames, roles, and slugs of customers; None for all of them."""
    statement = (
        select(col(User.username), col(RoleAssignment.role), col(EnterpriseCustomer.slug))
        .select_from(RoleAssignment)
        .join(User, col(RoleAssignment.user_id) == col(User.id))
        .outerjoin(EnterpriseCustomer, col(RoleAssignment.customer_id) == col(EnterpriseCustomer.id))
        .order_by(col(User.username), col(RoleAssignment.id))
    )
    return (await session.execute(statement)).all()


async def _set_link(
    session: AsyncSession, customer: EnterpriseCustomer, user: User, *, linked: bool
) -> Change:
    link: EnterpriseLearner | None = await session.scalar(
        select(EnterpriseLearner)
        .where(EnterpriseLearner.customer_id == customer.id, EnterpriseLearner.user_id == user.id)
        .with_for_update(key_share=True)
    )
    made = linked if link is None else link.linked != linked
    if link is not None:
        link.linked = linked
    elif made:
        session.add(EnterpriseLearner(customer_id=customer.id, user_id=user.id))
    if made:
        what = "linked" if linked else "unlinked"
        payload = {"customer": str(customer.uuid)}
        await emit(session, Event(type=f"enterprise_learner.{what}", user_id=user.id, payload=payload))
    action = "learner.link" if linked else "learner.unlink"
    return Change(user.id, action, user.username, {"customer": customer.slug}, made)


async def _assignment(
    session: AsyncSession, user: User, role: EnterpriseRole, customer: EnterpriseCustomer | None
) -> RoleAssignment | None:
    found: RoleAssignment | None = await session.scalar(
        select(RoleAssignment).where(
            RoleAssignment.user_id == user.id,
            RoleAssignment.role == role,
            RoleAssignment.customer_id == (customer and customer.id),
        )
    )
    return found


async def _role_change(
    session: AsyncSession,
    verb: str,
    user: User,
    role: EnterpriseRole,
    customer: EnterpriseCustomer | None,
    *,
    made: bool,
) -> Change:
    if made:
        payload = {"role": role, "customer": str(customer.uuid) if customer else EVERYWHERE}
        what = {"assign": "assigned", "revoke": "revoked"}[verb]
        await emit(session, Event(type=f"enterprise_role.{what}", user_id=user.id, payload=payload))
    detail = {"role": role, "customer": customer.slug if customer else EVERYWHERE}
    return Change(user.id, f"role.{verb}", user.username, detail, made)
