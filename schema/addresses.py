"""Fields that are addresses of content on other sites (Enterprise contract 9)."""

from collections.abc import Awaitable, Callable, Sequence
from inspect import isawaitable
from typing import Annotated, Any
from uuid import UUID

import strawberry

from resolvers import addresses
from schema.relay import ContextInfo, when_read

_OF_CATALOG = "UUID of the enterprise catalog that the learners come from."


def enrollment_url(kind: str, key: str) -> Any:
    """The field that says where learners enroll; `key` is the column of the native key."""

    def resolve(
        root: Any,
        info: ContextInfo,
        catalog: Annotated[UUID, strawberry.argument(description=_OF_CATALOG)],
    ) -> Any:
        def make(source: addresses.Source | None) -> str | None:
            lms, native = info.context.sites.lms, str(getattr(root, key))
            return None if source is None else addresses.enrollment_url(lms, kind, native, source)

        return when_read(addresses.source(info.context, catalog), make)

    return strawberry.field(
        resolver=resolve,
        description="Where learners of a customer enroll; null where the viewer sees no such catalog.",
        metadata={"needs": (key,)},
    )


def marketing_url(path: Callable[[ContextInfo, Any], Any], needs: Sequence[str]) -> Any:
    """The field that says where to read about content; `path` gives its path, or an awaitable of it."""

    def resolve(
        root: Any,
        info: ContextInfo,
        catalog: Annotated[UUID | None, strawberry.argument(description=_OF_CATALOG)] = None,
    ) -> Any:
        found = path(info, root)
        return _later(info, found, catalog) if isawaitable(found) else _page(info, found, catalog)

    return strawberry.field(
        resolver=resolve,
        description="Page of the marketing site, relative where the server knows no such site; with a catalog"
        " it says whose learners come. Null without a slug, or where the viewer sees no such catalog.",
        metadata={"needs": needs},
    )


async def _later(info: ContextInfo, path: Awaitable[str | None], catalog: UUID | None) -> str | None:
    page = _page(info, await path, catalog)
    found: str | None = await page if isawaitable(page) else page
    return found


def _page(info: ContextInfo, path: str | None, catalog: UUID | None) -> Any:
    """The address of a page, or an awaitable of it."""
    site = info.context.sites.marketing
    if not path:
        return None
    if catalog is None:
        return addresses.marketing_url(site, path, None)
    source = addresses.source(info.context, catalog)
    return when_read(source, lambda seen: seen and addresses.marketing_url(site, path, seen))
