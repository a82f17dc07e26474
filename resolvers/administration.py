"""Administering enterprise customers, their catalogs, learners and roles: what whom is allowed."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.auth import accounts
from app.auth.audit import record
from app.auth.viewer import Viewer
from app.db.models import EnterpriseCatalog, EnterpriseCustomer, User
from app.enterprise import catalogs, customers, people
from app.enterprise.change import Change
from app.enterprise.items import ItemsChange
from app.enterprise.queries import KINDS
from app.errors import Forbidden, NotFound
from app.vocabulary import EnterpriseRole
from resolvers.accounts import may_act_as
from resolvers.context import Context

MOST_KEYS = catalogs.MOST_KEYS

Values = Mapping[str, Any]


async def create_customer(context: Context, name: str, slug: str, values: Values) -> int:
    """Make a customer; its id. Raises `BadUserInput` and `Forbidden`."""
    async with _changing(context) as session:
        change = await customers.create_customer(session, name, slug, **values)
        return _recorded(session, context.viewer, change)


async def update_customer(context: Context, id: int, values: Values) -> int:
    """Change what is given of a customer; its id. Raises `BadUserInput`, `NotFound` and `Forbidden`."""
    async with _changing(context) as session:
        customer = await _customer(session, id, "id")
        change = await customers.update_customer(session, customer, **values)
        return _recorded(session, context.viewer, change)


async def create_catalog(context: Context, customer_id: int, values: Values) -> int:
    """Make a catalog; its id. Raises `BadUserInput`, `NotFound` and `Forbidden`."""
    async with _changing(context) as session:
        customer = await _customer(session, customer_id, "customerId")
        change = await catalogs.create_catalog(session, customer, **_with_filter(values))
        return _recorded(session, context.viewer, change)


async def update_catalog(context: Context, id: int, values: Values) -> int:
    """Change what is given of a catalog; its id. Raises `BadUserInput`, `NotFound` and `Forbidden`."""
    async with _changing(context) as session:
        change = await catalogs.update_catalog(session, await _catalog(session, id), **_with_filter(values))
        return _recorded(session, context.viewer, change)


async def delete_catalog(context: Context, id: int) -> EnterpriseCatalog:
    """Delete a catalog; what it was. Raises `NotFound` and `Forbidden`."""
    async with _changing(context) as session:
        catalog = await _catalog(session, id)
        _recorded(session, context.viewer, await catalogs.delete_catalog(session, catalog))
        return catalog


async def add_items(context: Context, id: int, keys: Sequence[str]) -> ItemsChange:
    """Add content to a catalog. Raises `BadUserInput`, `NotFound` and `Forbidden`."""
    async with _changing(context) as session:
        change, items = await catalogs.add_items(session, await _catalog(session, id), keys)
        _recorded(session, context.viewer, change)
        return items


async def remove_items(context: Context, id: int, keys: Sequence[str]) -> ItemsChange:
    """Take content out of a catalog. Raises `BadUserInput`, `NotFound` and `Forbidden`."""
    async with _changing(context) as session:
        change, items = await catalogs.remove_items(session, await _catalog(session, id), keys)
        _recorded(session, context.viewer, change)
        return items


async def refresh_catalog(context: Context, id: int) -> ItemsChange:
    """Make a catalog what its query finds. Raises `BadUserInput`, `NotFound` and `Forbidden`."""
    async with _changing(context) as session:
        change, items = await catalogs.refresh_catalog(session, await _catalog(session, id))
        _recorded(session, context.viewer, change)
        return items


async def set_link(context: Context, customer_id: int, username: str, *, linked: bool) -> tuple[int, bool]:
    """Link a user to a customer, or unlink him; his id, and whether that changed it.

    Raises `NotFound` and `Forbidden`.
    """
    async with _changing(context) as session:
        customer = await _customer(session, customer_id, "customerId")
        user = await _user(session, username)
        work = people.link_learner if linked else people.unlink_learner
        change = await work(session, customer, user)
        _recorded(session, context.viewer, change)
    context.forget_credentials()
    return user.id, change.made


async def set_role(
    context: Context, username: str, role: EnterpriseRole, customer_id: int | None, *, assigned: bool
) -> tuple[int, bool]:
    """Give a user a role at a customer, or take it away; his id, and whether he had it otherwise.

    Without a customer the role is at all of them.

    Roles open learners' data: staff give them to themselves and to users who are not
    staff, superusers to everybody; those at all customers are for superusers only.
    Raises `NotFound` and `Forbidden`.
    """
    viewer = context.viewer
    async with _changing(context) as session:
        viewer.require_all_scopes()
        if customer_id is None and not viewer.is_superuser:
            raise Forbidden("Only superusers may assign roles at all customers", field="customerId")
        customer = None if customer_id is None else await _customer(session, customer_id, "customerId")
        user = await _user(session, username)
        if not may_act_as(viewer, user):
            raise Forbidden("Only superusers may change roles of other staff", field="username")
        work = people.assign_role if assigned else people.revoke_role
        change = await work(session, user, role, customer)
        _recorded(session, viewer, change)
    context.forget_credentials()
    return user.id, change.made


@asynccontextmanager
async def _changing(context: Context) -> AsyncIterator[AsyncSession]:
    if not context.viewer.is_staff:
        raise Forbidden("Only staff may administer enterprise customers")
    async with context.write() as session:
        yield session


def _recorded(session: AsyncSession, viewer: Viewer, change: Change) -> int:
    """Write a change into the audit log; the id of what it was done to."""
    if change.made:
        record(session, str(viewer.username), change.action, change.subject, **change.detail)
    return change.id


def _with_filter(values: Values) -> Values:
    """The values of a catalog, with its filter as it is stored."""
    given = values.get("content_filter")
    if given is None:
        return values
    names = {kind: name for name, kind in KINDS.items()}
    content_filter = {name: value for name, value in given.items() if value is not None}
    if "content_types" in content_filter:
        content_filter["content_type"] = [names[kind] for kind in content_filter.pop("content_types")]
    return {**values, "content_filter": content_filter}


async def _customer(session: AsyncSession, id: int, field: str) -> EnterpriseCustomer:
    customer = await customers.find_customer(session, id)
    if customer is None:
        raise NotFound("There is no such customer", field=field)
    return customer


async def _catalog(session: AsyncSession, id: int) -> EnterpriseCatalog:
    catalog = await catalogs.find_catalog(session, id)
    if catalog is None:
        raise NotFound("There is no such catalog", field="id")
    return catalog


async def _user(session: AsyncSession, username: str) -> User:
    # He gets no other rights meanwhile.
    user = await accounts.find_user(session, username, lock=True)
    if user is None:
        raise NotFound(f"There is no user {username}", field="username")
    return user
