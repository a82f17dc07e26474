"""Making, changing and deleting enterprise catalogs, and filling them (Enterprise contract 7 and 14).

A catalog is a fixed list, or what its stored query finds; nobody adds to the latter by hand.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload
from sqlmodel import col, select

from app.db.models import CatalogQuery, EnterpriseCatalog, EnterpriseCustomer, Event, now
from app.enterprise.change import Change, changed_values, check_text
from app.enterprise.items import Content, ItemsChange, change_items, find_content, native_key, replace_items
from app.enterprise.queries import Filter, check_filter, found_by
from app.errors import BadUserInput
from app.webhooks.emit import emit

DEFAULT_TITLE = "All Content"

MOST_KEYS = 1000
"""How many keys can be added or removed at a time."""

_QUERY = ("query_title", "content_filter")


async def create_catalog(
    session: AsyncSession,
    customer: EnterpriseCustomer,
    *,
    title: str = DEFAULT_TITLE,
    uuid: UUID | None = None,
    publishes_audit_urls: bool = False,
    query_title: str | None = None,
    content_filter: Filter | None = None,
) -> Change:
    """Create a catalog, filled at once if it has a filter; the UUID is made up unless given.

    Raises `BadUserInput` for a title or filter that cannot be, and for a UUID that
    another catalog has.
    """
    check_text(title, "title")
    if uuid is not None and await find_catalog_by_uuid(session, uuid) is not None:
        raise BadUserInput("another catalog has this UUID", field="uuid")
    catalog = EnterpriseCatalog(
        uuid=uuid or uuid4(),
        title=title,
        customer_id=customer.id,
        customer=customer,
        publishes_audit_urls=publishes_audit_urls,
        query=None,
    )
    session.add(catalog)
    await session.flush()
    await _tell(session, catalog, "created")
    detail = {"title": title, "customer": customer.slug, "publishes_audit_urls": publishes_audit_urls}
    asked = {"query_title": query_title, "content_filter": content_filter}
    detail |= await _set_query(session, catalog, asked)
    return Change(catalog.id, "catalog.create", str(catalog.uuid), detail)


async def update_catalog(session: AsyncSession, catalog: EnterpriseCatalog, **values: Any) -> Change:
    """Change what is given of a catalog, which the caller has locked.

    Another `content_filter` fills it anew; None makes a fixed list of what it holds.
    Raises as `create_catalog` does.
    """
    asked = {name: values.pop(name) for name in _QUERY if name in values}
    changes = changed_values(catalog, values)
    if "title" in changes:
        check_text(changes["title"], "title")
    for name, value in changes.items():
        setattr(catalog, name, value)
    if asked:
        changes |= await _set_query(session, catalog, asked)
    if changes:
        catalog.modified = now()
        await _tell(session, catalog, "updated")
    return Change(catalog.id, "catalog.update", str(catalog.uuid), changes, made=bool(changes))


async def delete_catalog(session: AsyncSession, catalog: EnterpriseCatalog) -> Change:
    """Delete a catalog, which the caller has locked; what is in it stays where it is otherwise."""
    query = catalog.query
    detail = {"title": catalog.title, "customer": catalog.customer.slug}
    await _tell(session, catalog, "deleted")
    await session.delete(catalog)
    await session.flush()
    await _drop_unused(session, query)
    return Change(catalog.id, "catalog.delete", str(catalog.uuid), detail)


async def add_items(
    session: AsyncSession, catalog: EnterpriseCatalog, keys: Sequence[str]
) -> tuple[Change, ItemsChange]:
    """Add content by native key to a catalog, which the caller has locked.

    Raises `BadUserInput` for a catalog with a query, for too many keys, and for one
    that nothing has; nothing is added then.
    """
    _check_keys(catalog, keys)
    connection = await session.connection()
    found = await find_content(connection, [native_key(key) for key in keys])
    for place, key in enumerate(keys):
        if native_key(key) not in found:
            raise BadUserInput(f"there is no content {key:.255}", field=f"keys.{place}")
    items = await change_items(connection, catalog.id, add=[found[native_key(key)] for key in keys])
    return _items_change(catalog, items), items


async def remove_items(
    session: AsyncSession, catalog: EnterpriseCatalog, keys: Sequence[str]
) -> tuple[Change, ItemsChange]:
    """Take content by native key out of a catalog, which the caller has locked.

    Raises `BadUserInput` for a catalog with a query, and for too many keys.
    """
    _check_keys(catalog, keys)
    items = await change_items(
        await session.connection(), catalog.id, remove=[native_key(key) for key in keys]
    )
    return _items_change(catalog, items), items


async def fill_catalog(
    session: AsyncSession, catalog: EnterpriseCatalog, contents: Sequence[Content], *, replace: bool
) -> tuple[Change, ItemsChange]:
    """Add content to a catalog, which the caller has locked; to `replace` removes all other.

    Raises `BadUserInput` for a catalog with a query.
    """
    _check_is_list(catalog)
    connection = await session.connection()
    if replace:
        items = await replace_items(connection, catalog.id, contents)
    else:
        items = await change_items(connection, catalog.id, add=contents)
    return _items_change(catalog, items), items


async def refresh_catalog(session: AsyncSession, catalog: EnterpriseCatalog) -> tuple[Change, ItemsChange]:
    """Make a catalog, which the caller has locked, hold what its query finds, and nothing else.

    Raises `BadUserInput` for a catalog without a query.
    """
    if catalog.query is None:
        raise BadUserInput("this catalog is a fixed list: it has no query", field="id")
    items = await _fill(session, catalog, catalog.query.content_filter)
    return _items_change(catalog, items, "catalog.refresh"), items


async def find_catalog(session: AsyncSession, id: int) -> EnterpriseCatalog | None:
    """A catalog with its customer and query, locked until the transaction ends."""
    return await _find(session, col(EnterpriseCatalog.id) == id)


async def find_catalog_by_uuid(session: AsyncSession, uuid: UUID) -> EnterpriseCatalog | None:
    """A catalog as `find_catalog` gives it, by its UUID."""
    return await _find(session, col(EnterpriseCatalog.uuid) == uuid)


async def find_catalog_by_title(
    session: AsyncSession, customer: EnterpriseCustomer, title: str
) -> EnterpriseCatalog | None:
    """A customer's catalog as `find_catalog` gives it. Raises `BadUserInput` for a title of several."""
    of_title = select(col(EnterpriseCatalog.id)).where(
        EnterpriseCatalog.customer_id == customer.id, EnterpriseCatalog.title == title
    )
    ids = (await session.scalars(of_title)).all()
    if len(ids) > 1:
        raise BadUserInput(f"{customer.slug} has {len(ids)} catalogs {title!r:.60}", field="title")
    return await find_catalog(session, ids[0]) if ids else None


async def catalogs_with_query(session: AsyncSession) -> Sequence[UUID]:
    """The UUIDs of the catalogs that a query fills, the oldest first."""
    statement = select(col(EnterpriseCatalog.uuid)).where(col(EnterpriseCatalog.query_id).is_not(None))
    return (await session.scalars(statement.order_by(col(EnterpriseCatalog.id)))).all()


async def _find(session: AsyncSession, condition: Any) -> EnterpriseCatalog | None:
    loading = (selectinload(EnterpriseCatalog.customer), selectinload(EnterpriseCatalog.query))  # type: ignore[arg-type]
    catalog: EnterpriseCatalog | None = await session.scalar(
        select(EnterpriseCatalog)
        .where(condition)
        .options(*loading)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return catalog


def _check_is_list(catalog: EnterpriseCatalog) -> None:
    if catalog.query_id is not None:
        raise BadUserInput("a query says what is in this catalog", field="id")


def _check_keys(catalog: EnterpriseCatalog, keys: Sequence[str]) -> None:
    _check_is_list(catalog)
    if len(keys) > MOST_KEYS:
        raise BadUserInput(f"at most {MOST_KEYS} keys", field="keys")
    for place, key in enumerate(keys):
        if not key.isprintable():
            raise BadUserInput("a key has printable characters only", field=f"keys.{place}")


def _items_change(
    catalog: EnterpriseCatalog, items: ItemsChange, action: str = "catalog.change_items"
) -> Change:
    detail = items.detail
    return Change(catalog.id, action, str(catalog.uuid), detail, made=bool(detail))


async def _set_query(
    session: AsyncSession, catalog: EnterpriseCatalog, asked: Mapping[str, Any]
) -> dict[str, Any]:
    """Give a catalog the query that is asked for, and its items; what is another now.

    A query may have made several catalogs: who changes it for one makes another.
    """
    old = catalog.query
    content_filter = asked.get("content_filter", old and old.content_filter)
    if content_filter is None:
        if asked.get("query_title") is not None:
            raise BadUserInput("a query has a filter", field="content_filter")
        catalog.query = None
        await session.flush()
        await _drop_unused(session, old)
        return {"content_filter": None} if old else {}
    check_filter(content_filter)
    title = asked.get("query_title") or (old.title if old else catalog.title)
    check_text(title, "query_title")
    values: dict[str, Any] = {"title": title, "content_filter": dict(content_filter)}
    changes = changed_values(old, values) if old else dict(values)
    if not changes:
        return {}
    if old is None or await _has_users(session, old, but=catalog.id):
        catalog.query = CatalogQuery(**values)
    else:
        for name, value in changes.items():
            setattr(old, name, value)
    await session.flush()
    items = await _fill(session, catalog, content_filter)
    if "title" in changes:
        changes["query_title"] = changes.pop("title")
    return changes | items.detail


async def _fill(session: AsyncSession, catalog: EnterpriseCatalog, content_filter: Filter) -> ItemsChange:
    connection = await session.connection()
    return await replace_items(connection, catalog.id, await found_by(connection, content_filter))


async def _has_users(session: AsyncSession, query: CatalogQuery, but: int | None = None) -> bool:
    """Whether there are catalogs of a query, one left out."""
    users = select(EnterpriseCatalog.id).where(
        EnterpriseCatalog.query_id == query.id, col(EnterpriseCatalog.id).is_distinct_from(but)
    )
    return await session.scalar(users.limit(1)) is not None


async def _drop_unused(session: AsyncSession, query: CatalogQuery | None) -> None:
    # The catalogs of a query go with it.
    if query is not None and not await _has_users(session, query):
        await session.delete(query)


async def _tell(session: AsyncSession, catalog: EnterpriseCatalog, what: str) -> None:
    payload = {"catalog": str(catalog.uuid), "customer": str(catalog.customer.uuid)}
    await emit(session, Event(type=f"enterprise_catalog.{what}", payload=payload))
