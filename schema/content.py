"""What enterprise catalogs hold: content of three kinds in one list."""

import asyncio
import datetime as dt
from dataclasses import dataclass
from typing import Annotated, Any

import strawberry

from resolvers import items, reading
from resolvers.changes import Changes
from resolvers.entity import Entity
from resolvers.pages import Listing, Page, PageRequest
from schema.catalog import Course, CourseRun, Program
from schema.enums import ContentKind
from schema.relay import (
    After,
    Before,
    ContextInfo,
    First,
    Last,
    NodeRow,
    Offset,
    PageInfo,
    Prepared,
    node_rows,
    page_size,
    pages_of_each,
    prepared,
)
from schema.selection import columns

CatalogContent = Annotated[
    Course | CourseRun | Program,
    strawberry.union("CatalogContent", description="What an enterprise catalog can hold."),
]

Active = Annotated[
    bool,
    strawberry.argument(
        description="Only what learners can enroll in now or later: published runs whose end and whose close"
        " of enrollment have not passed, courses with such a run, active programs."
    ),
]


@dataclass(frozen=True, slots=True)
class _Edge:
    cursor: str
    node: NodeRow
    added_at: dt.datetime


@strawberry.type(description="Something in an enterprise catalog, with its cursor.")
class CatalogContentEdge:
    cursor: str = strawberry.field(description="Where it stands in the catalog.")
    node: CatalogContent = strawberry.field(description="What is in the catalog.")
    added_at: dt.datetime = strawberry.field(description="When it was added.")


@strawberry.type(description="A page of what is in an enterprise catalog.")
class CatalogContentConnection:
    page_info: PageInfo = strawberry.field(description="Where the page stands.")

    @strawberry.field(description="The items with their cursors.")
    async def edges(root: Page, info: ContextInfo) -> list[CatalogContentEdge]:  # noqa: N805
        found: Any = [
            _Edge(edge.cursor, node, edge.node.added_at)
            for edge, node in zip(root.edges, await content_rows(root, info, "node"), strict=True)
            if node is not None
        ]
        return found  # type: ignore[no-any-return]

    @strawberry.field(description="The items.")
    async def nodes(root: Page, info: ContextInfo) -> list[CatalogContent]:  # noqa: N805
        found: Any = [node for node in await content_rows(root, info) if node is not None]
        return found  # type: ignore[no-any-return]

    @strawberry.field(description="How many items the whole list holds; counted only when asked for.")
    async def total_count(root: Page) -> int:  # noqa: N805
        return await root.total_count()


async def content_rows(page: Page, info: ContextInfo, *path: str) -> list[NodeRow | None]:
    """What rows of a page stand for, for a path below the field; None where it is not seen."""
    return await node_rows(info, [items.content_of(item) for item in page.nodes], *path)


@strawberry.type(description="Something that was added to an enterprise catalog, changed in it, or left it.")
class CatalogChange:
    key: str = strawberry.field(description="Native key of the content; of a program, its UUID.")
    kind: ContentKind = strawberry.field(description="What the content is.")
    changed_at: dt.datetime = strawberry.field(
        description="When it was added, changed or removed, whichever was last; a course also with its runs."
    )
    is_removed: bool = strawberry.field(description="Whether it is no longer in the catalog.")

    @strawberry.field(description="The content as it is now; null when it was removed.")
    async def content(root: Any, info: ContextInfo) -> CatalogContent | None:  # noqa: N805
        if root.is_removed:
            return None
        (found,) = await node_rows(info, [items.content_of(root)])
        return found  # type: ignore[return-value]


def changes_of_catalog() -> Any:
    """The field that lists what changed in a catalog."""

    def resolve(
        root: Any,
        info: ContextInfo,
        since: Annotated[dt.datetime, strawberry.argument(description="Only what changed at or after this.")],
        first: First = None,
        after: After = None,
    ) -> Any:
        def prepare() -> Prepared:
            found = Changes(info.context, since, PageRequest(first, after))
            return Prepared(lambda root: found.page_of(root.id))

        return prepared(info, root, prepare)

    return strawberry.field(
        resolver=resolve,
        description="What changed in it since an instant, by time, then by key. To follow a catalog, read all"
        " pages, put what has a key in the place of what had it (or delete it when it was removed), and later"
        " come again with the last `changedAt` for `since`, less the longest time that changes take to get"
        " here: minutes, or a day where content is imported nightly. What is told twice says the same.",
        metadata={"needs": ("id",), "multiplier": page_size},
    )


def items_of_catalog() -> Any:
    """The field that lists what is in a catalog."""

    def resolve(
        root: Any,
        info: ContextInfo,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        offset: Offset = None,
        active: Active = True,
        keys: Annotated[
            list[str] | None,
            strawberry.argument(
                description="Only items with these native keys (of programs, UUIDs); at most 100."
            ),
        ] = None,
    ) -> Any:
        def prepare() -> Prepared:
            found = Listing(
                info.context,
                items.ITEMS_OF_CATALOG,
                PageRequest(first, after, last, before, offset),
                items.CONTENT,
                items.narrowed(info.context, active=active, keys=keys),
            )
            return pages_of_each(found)

        return prepared(info, root, prepare)

    return strawberry.field(
        resolver=resolve,
        description="What is in it, by time of addition, then by key.",
        metadata={"needs": ("id",), "multiplier": page_size},
    )


def content_by_key(entity: Entity, by: str, description: str, type_: type = str) -> Any:
    """A field that is content of a catalog by native key; null where the catalog does not contain it."""

    async def resolve(
        root: Any,
        info: ContextInfo,
        key: Annotated[type_, strawberry.argument(name=by, description="The native key.")],  # type: ignore[valid-type]
    ) -> Any:
        context = info.context
        contained, row = await asyncio.gather(
            items.contains_content(context, root.id, entity, key),
            reading.row(context, entity, key, columns(info), by),
        )
        return row if contained else None

    return strawberry.field(resolver=resolve, description=description, metadata={"needs": ("id",)})
