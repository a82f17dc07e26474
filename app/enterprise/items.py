"""What is in an enterprise catalog: adding content, removing it, and what is left of removed content.

Whoever changes the items of a catalog has its row locked, so one does so at a time.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.bulk import delete_by_key, replace, rows_by_key
from app.db.models import (
    CatalogItem,
    CatalogRemoval,
    Course,
    CourseRun,
    EnterpriseCatalog,
    EnterpriseCustomer,
    Event,
    Program,
    now,
)
from app.db.models.tables import table_of
from app.vocabulary import ContentKind
from app.webhooks.emit import emit

_COLUMNS = {
    ContentKind.COURSE: "course_id",
    ContentKind.COURSE_RUN: "run_id",
    ContentKind.PROGRAM: "program_id",
}
_NO_CONTENT = dict.fromkeys(_COLUMNS.values())
_TICK = dt.timedelta(microseconds=1)
_NAMED = 50


@dataclass(frozen=True)
class Content:
    """A course, a course run or a program, with its native key."""

    kind: ContentKind
    key: str
    id: int


@dataclass(frozen=True)
class ItemsChange:
    """Keys of what was added to a catalog and removed from it, and of what was to be and is so already."""

    added: Sequence[str] = ()
    removed: Sequence[str] = ()
    unchanged: Sequence[str] = ()

    @property
    def detail(self) -> dict[str, Any]:
        """What the audit log says of it: a few keys each, else their number."""
        named = {"added": self.added, "removed": self.removed}
        return {
            name: list(keys) if len(keys) <= _NAMED else len(keys) for name, keys in named.items() if keys
        }


def as_uuid(key: str) -> UUID | None:
    """The UUID that a key is; None for any other text."""
    try:
        return UUID(key)
    except ValueError:
        return None


def native_key(key: str) -> str:
    """A key as it is stored: a UUID in small letters with hyphens, other text as it is."""
    return str(as_uuid(key) or key)


async def find_content(connection: AsyncConnection, keys: Collection[str]) -> dict[str, Content]:
    """The content that has some native keys, by key: of courses, of course runs, UUIDs of programs."""
    found = {}
    for model, kind in ((Course, ContentKind.COURSE), (CourseRun, ContentKind.COURSE_RUN)):
        for row in await rows_by_key(connection, model, ("key",), [(key,) for key in set(keys)]):
            found[row.key] = Content(kind, row.key, row.id)
    program = table_of(Program)
    uuids = [uuid for key in keys if (uuid := as_uuid(key))]
    statement = select(program.c.uuid, program.c.id).where(program.c.uuid.in_(uuids))
    for row in await connection.execute(statement):
        found[str(row.uuid)] = Content(ContentKind.PROGRAM, str(row.uuid), row.id)
    return found


async def change_items(
    connection: AsyncConnection,
    catalog_id: int,
    *,
    add: Iterable[Content] = (),
    remove: Iterable[str] = (),
) -> ItemsChange:
    """Put content at the end of a catalog, in its order, and take content away by its key.

    What is there keeps its place. What is removed leaves its key and the instant.
    """
    wanted = {content.key: content for content in add}
    unwanted = list(dict.fromkeys(remove))
    keys = [(catalog_id, key) for key in (*wanted, *unwanted)]
    items = {row.key: row for row in await rows_by_key(connection, CatalogItem, ("catalog_id", "key"), keys)}
    added = [content for key, content in wanted.items() if key not in items]
    removed = [items[key] for key in unwanted if key in items]
    unchanged = [key for key in wanted if key in items] + [key for key in unwanted if key not in items]
    if added or removed:
        moment = now()
        await _remove(connection, catalog_id, removed, moment)
        await _add(connection, catalog_id, added, moment)
        await _tell(connection, catalog_id, len(added), len(removed), moment)
    return ItemsChange([content.key for content in added], [row.key for row in removed], unchanged)


async def replace_items(
    connection: AsyncConnection, catalog_id: int, contents: Iterable[Content]
) -> ItemsChange:
    """Make a catalog hold some content and nothing else, as `change_items` does."""
    wanted = {content.key: content for content in contents}
    item = table_of(CatalogItem)
    statement = (
        select(item.c.key).where(item.c.catalog_id == catalog_id).order_by(item.c.added_at, item.c.key)
    )
    there = list(await connection.scalars(statement))
    surplus = [key for key in there if key not in wanted]
    return await change_items(connection, catalog_id, add=wanted.values(), remove=surplus)


async def follow_keys(connection: AsyncConnection) -> None:
    """Give items the keys that their content has now; the old ones count as removed."""
    item = table_of(CatalogItem)
    for model, kind in ((Course, ContentKind.COURSE), (CourseRun, ContentKind.COURSE_RUN)):
        content = table_of(model)
        statement = (
            select(item.c.id, item.c.catalog_id, item.c.key.label("old"), content.c.key)
            .join(content, item.c[_COLUMNS[kind]] == content.c.id)
            .where(item.c.key != content.c.key)
        )
        for row in (await connection.execute(statement)).all():
            moment, place = now(), ("catalog_id", "key")
            await connection.execute(item.update().where(item.c.id == row.id).values(key=row.key))
            await delete_by_key(connection, CatalogRemoval, place, [(row.catalog_id, row.key)])
            gone = [_removal(row.catalog_id, kind, row.old, moment)]
            await replace(connection, CatalogRemoval, gone, key=place)
            await _tell(connection, row.catalog_id, 1, 1, moment)


async def _add(
    connection: AsyncConnection, catalog_id: int, contents: Sequence[Content], moment: dt.datetime
) -> None:
    if not contents:
        return
    keys = [(catalog_id, content.key) for content in contents]
    await delete_by_key(connection, CatalogRemoval, ("catalog_id", "key"), keys)
    item = table_of(CatalogItem)
    last = await connection.scalar(select(func.max(item.c.added_at)).where(item.c.catalog_id == catalog_id))
    # Their instants are their order.
    first = moment if last is None else max(moment, last + _TICK)
    rows = [
        _NO_CONTENT
        | {
            "catalog_id": catalog_id,
            _COLUMNS[content.kind]: content.id,
            "key": content.key,
            "added_at": first + place * _TICK,
        }
        for place, content in enumerate(contents)
    ]
    await connection.execute(insert(item), rows)


async def _remove(
    connection: AsyncConnection, catalog_id: int, rows: Sequence[Any], moment: dt.datetime
) -> None:
    await delete_by_key(connection, CatalogItem, ("id",), [(row.id,) for row in rows])
    gone = [_removal(catalog_id, _kind(row), row.key, moment) for row in rows]
    await replace(connection, CatalogRemoval, gone, key=("catalog_id", "key"))


def _removal(catalog_id: int, kind: ContentKind, key: str, moment: dt.datetime) -> Mapping[str, Any]:
    return {"catalog_id": catalog_id, "kind": kind, "key": key, "removed_at": moment}


def _kind(row: Any) -> ContentKind:
    return next(kind for kind, column in _COLUMNS.items() if getattr(row, column) is not None)


async def _tell(
    connection: AsyncConnection, catalog_id: int, added: int, removed: int, moment: dt.datetime
) -> None:
    """Say that a catalog changed; which items, its list of changes tells."""
    catalog, customer = table_of(EnterpriseCatalog), table_of(EnterpriseCustomer)
    await connection.execute(catalog.update().where(catalog.c.id == catalog_id).values(modified=moment))
    statement = (
        select(catalog.c.uuid, customer.c.uuid.label("customer"))
        .join(customer, catalog.c.customer_id == customer.c.id)
        .where(catalog.c.id == catalog_id)
    )
    row = (await connection.execute(statement)).one()
    payload = {
        "catalog": str(row.uuid),
        "customer": str(row.customer),
        "added": added,
        "removed": removed,
    }
    await emit(
        connection, Event(type="enterprise_catalog.items_changed", occurred_at=moment, payload=payload)
    )
