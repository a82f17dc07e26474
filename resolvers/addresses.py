"""Addresses that lead from content to where learners enroll or read about it (Enterprise contract 9)."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit
from uuid import UUID

from sqlalchemy import Select, select

from app.db import models
from app.db.models.tables import table_of
from app.db.reader import Record
from loaders.factory import Loader
from resolvers.access import visible
from resolvers.context import Context
from resolvers.keys import is_one_of

_LITERAL = "/:+"
"""What a path shows as it is, beside letters, digits and `_.-~`."""


@dataclass(frozen=True)
class Source:
    """A catalog, as the addresses of its content name it."""

    customer: UUID
    catalog: UUID
    slug: str
    audit: bool

    @property
    def utm(self) -> dict[str, str]:
        """What tells the site that is led to where its visitors come from."""
        return {"utm_medium": "enterprise"} | ({"utm_source": self.slug} if self.slug else {})


def source_loader(context: Context) -> Loader[Source | None]:
    """A loader of catalogs by their UUIDs; None where the viewer sees none."""

    def batch(uuids: Sequence[UUID]) -> Select[Any]:
        catalogs, customer = table_of(models.EnterpriseCatalog), table_of(models.EnterpriseCustomer)
        return (
            select(
                catalogs.c.uuid,
                catalogs.c.publishes_audit_urls,
                customer.c.uuid.label("customer_uuid"),
                customer.c.name,
            )
            .join_from(catalogs, customer)
            .where(
                is_one_of(catalogs.c.uuid, uuids, context.reader.dialect),
                visible(context.viewer, models.EnterpriseCatalog, catalogs),
            )
        )

    async def load(uuids: list[UUID]) -> list[Source | None]:
        found = await context.loaders.row("catalogs of addresses", batch).all(uuids)
        return [row and _source(row) for row in found]

    return context.loaders.worked_out(source_loader, load)


def enrollment_url(lms: str, kind: str, key: str, source: Source) -> str:
    """Where learners of a customer enroll in content: `kind` is `course`, also of runs, or `program`."""
    query = {"catalog": str(source.catalog), **source.utm, **({"audit": "true"} if source.audit else {})}
    path = f"/enterprise/{source.customer}/{kind}/{quote(key, safe=_LITERAL)}/enroll/"
    return f"{lms}{path}?{_encoded(query.items())}"


def marketing_url(base: str | None, path: str, source: Source | None) -> str:
    """The page about content, by its path on the marketing site, which may have a query of its own.

    Without the address of the site it is the path alone.
    """
    parts = urlsplit(f"{base}/{path}" if base else path)
    utm = source.utm if source else {}
    kept = [(name, value) for name, value in parse_qsl(parts.query, True) if name not in utm]
    path = quote(parts.path, safe=_LITERAL + "%")
    return parts._replace(path=path, query=_encoded([*kept, *utm.items()])).geturl()


def slug(name: str) -> str:
    """The name of a customer in addresses; empty where it has nothing that an address can show."""
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    kept = re.sub(r"[^\w\s-]", "", ascii_only.lower())
    return re.sub(r"[-\s]+", "-", kept).strip("-_")


def _source(row: Record) -> Source:
    return Source(row.customer_uuid, row.uuid, slug(row.name), row.publishes_audit_urls)


def _encoded(query: Iterable[tuple[str, str]]) -> str:
    # Those of one name stay in their order.
    return urlencode(sorted(query, key=itemgetter(0)))
