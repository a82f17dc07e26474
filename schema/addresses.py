"""Fields that are addresses of content on other sites (Enterprise contract 9)."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any
from uuid import UUID

import strawberry

from resolvers import addresses
from resolvers.context import Context
from schema.offering import Beside, Work
from schema.relay import ContextInfo

_OF_CATALOG = "UUID of the enterprise catalog that the learners come from."


def enrollment_url(kind: str, key: str) -> Any:
    """The field that says where learners enroll; `key` is the column of the native key."""

    def make(context: Context, row: Any, source: addresses.Source | None, catalog: UUID) -> str | None:
        native = str(getattr(row, key))
        return addresses.enrollment_url(context.sites.lms, kind, native, source) if source else None

    work = Work(make, (_source,))

    def resolve(
        root: Any,
        info: ContextInfo,
        catalog: Annotated[UUID, strawberry.argument(description=_OF_CATALOG)],
    ) -> Any:
        return work.one(info.context, root, catalog=catalog)

    return work.field(
        resolve, "Where learners of a customer enroll; null where the viewer sees no such catalog.", (key,)
    )


def marketing_url(path: Callable[..., str | None], needs: Sequence[str], *beside: Beside) -> Any:
    """The field that says where to read about content, at the path of a row and what is read beside it."""

    def make(
        context: Context,
        row: Any,
        source: addresses.Source | None,
        *found: Any,
        catalog: UUID | None = None,
    ) -> str | None:
        page = path(row, *found)
        if not page or (catalog and not source):
            return None
        return addresses.marketing_url(context.sites.marketing, page, source)

    work = Work(make, (_source, *beside))

    def resolve(
        root: Any,
        info: ContextInfo,
        catalog: Annotated[UUID | None, strawberry.argument(description=_OF_CATALOG)] = None,
    ) -> Any:
        return work.one(info.context, root, catalog=catalog)

    return work.field(
        resolve,
        "Page of the marketing site, relative where the server knows no such site; with a catalog"
        " it says whose learners come. Null without a slug, or where the viewer sees no such catalog.",
        needs,
    )


def _source(context: Context, rows: Sequence[Any], catalog: UUID | None = None) -> Awaitable[Sequence[Any]]:
    return addresses.source_loader(context).all([catalog] * len(rows))
