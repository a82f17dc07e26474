"""Fields that are addresses of content on other sites (Enterprise contract 9)."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any
from uuid import UUID

import strawberry

from resolvers import addresses
from schema.relay import ContextInfo

_OF_CATALOG = "UUID of the enterprise catalog that the learners come from."


def enrollment_url(kind: str, key: str) -> Any:
    """The field that says where learners enroll; `key` is the column of the native key."""

    async def resolve(
        root: Any,
        info: ContextInfo,
        catalog: Annotated[UUID, strawberry.argument(description=_OF_CATALOG)],
    ) -> str | None:
        source = await addresses.source(info.context, catalog)
        lms = info.context.sites.lms
        if source is None:
            return None
        return addresses.enrollment_url(lms, kind, str(getattr(root, key)), source)

    return strawberry.field(
        resolver=resolve,
        description="Where learners of a customer enroll; null where the viewer sees no such catalog.",
        metadata={"needs": (key,)},
    )


def marketing_url(path: Callable[[ContextInfo, Any], Any], needs: Sequence[str]) -> Any:
    """The field that says where to read about content; `path` gives an awaitable of its path, or None."""

    async def resolve(
        root: Any,
        info: ContextInfo,
        catalog: Annotated[UUID | None, strawberry.argument(description=_OF_CATALOG)] = None,
    ) -> str | None:
        source = None if catalog is None else await addresses.source(info.context, catalog)
        if catalog is not None and source is None:
            return None
        found = await path(info, root)
        return found and addresses.marketing_url(info.context.sites.marketing, found, source)

    return strawberry.field(
        resolver=resolve,
        description="Page of the marketing site, relative where the server knows no such site; with a catalog"
        " it says whose learners come. Null without a slug, or where the viewer sees no such catalog.",
        metadata={"needs": needs},
    )
