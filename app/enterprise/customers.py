"""Making and changing enterprise customers (Enterprise contract 14). None is ever deleted."""

from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from app.db.models import EnterpriseCustomer, Event, now
from app.enterprise.change import Change, changed_values, check_slug, check_text
from app.errors import BadUserInput
from app.vocabulary import ConsentPolicy
from app.webhooks.emit import emit

_GREATEST = 2**31 - 1


async def create_customer(
    session: AsyncSession,
    name: str,
    slug: str,
    *,
    uuid: UUID | None = None,
    site_id: int | None = None,
    consent_policy: ConsentPolicy = ConsentPolicy.AT_ENROLLMENT,
    reports_audit_data: bool = False,
) -> Change:
    """Create a customer; the UUID is made up unless given.

    Raises `BadUserInput` for a name, slug or site that cannot be, and for a slug or
    UUID that another customer has.
    """
    customer = EnterpriseCustomer(
        uuid=uuid or uuid4(),
        name=name,
        slug=slug,
        site_id=site_id,
        consent_policy=consent_policy,
        reports_audit_data=reports_audit_data,
    )
    values = {
        "name": name,
        "slug": slug,
        "site_id": site_id,
        "consent_policy": consent_policy,
        "reports_audit_data": reports_audit_data,
    }
    await _check(session, customer, values)
    if uuid is not None:
        taken = await session.scalar(select(EnterpriseCustomer.id).where(EnterpriseCustomer.uuid == uuid))
        if taken is not None:
            raise BadUserInput("another customer has this UUID", field="uuid")
    session.add(customer)
    await session.flush()
    await _tell(session, customer, "created")
    return Change(customer.id, "customer.create", slug, {"uuid": str(customer.uuid), **values})


async def update_customer(session: AsyncSession, customer: EnterpriseCustomer, **values: Any) -> Change:
    """Change what is given of a customer, which the caller has locked. Raises as `create_customer` does."""
    subject, changes = customer.slug, changed_values(customer, values)
    await _check(session, customer, changes)
    for name, value in changes.items():
        setattr(customer, name, value)
    if changes:
        customer.modified = now()
        await _tell(session, customer, "updated")
    return Change(customer.id, "customer.update", subject, changes, made=bool(changes))


async def find_customer(session: AsyncSession, id: int) -> EnterpriseCustomer | None:
    """A customer, locked until the transaction ends."""
    return await session.get(
        EnterpriseCustomer, id, with_for_update={"key_share": True}, populate_existing=True
    )


async def customer_by_slug(session: AsyncSession, slug: str) -> EnterpriseCustomer:
    """The customer with a slug. Raises `BadUserInput` when there is none."""
    statement = select(EnterpriseCustomer).where(col(EnterpriseCustomer.slug) == slug)
    customer: EnterpriseCustomer | None = await session.scalar(statement)
    if customer is None:
        raise BadUserInput(f"there is no customer {slug}", field="slug")
    return customer


async def _check(session: AsyncSession, customer: EnterpriseCustomer, values: dict[str, Any]) -> None:
    if "name" in values:
        check_text(values["name"], "name")
    if "slug" in values:
        check_slug(values["slug"])
        statement = select(EnterpriseCustomer.id).where(
            EnterpriseCustomer.slug == values["slug"], EnterpriseCustomer.uuid != customer.uuid
        )
        if await session.scalar(statement) is not None:
            raise BadUserInput("another customer has this slug", field="slug")
    site = values.get("site_id")
    if site is not None and not 1 <= site <= _GREATEST:
        raise BadUserInput("a site has a number from 1", field="site_id")


async def _tell(session: AsyncSession, customer: EnterpriseCustomer, what: str) -> None:
    payload = {"customer": str(customer.uuid), "slug": customer.slug}
    await emit(session, Event(type=f"enterprise_customer.{what}", payload=payload))
