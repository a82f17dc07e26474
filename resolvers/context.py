"""What every resolver is given."""

import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.analytics.addresses import Countries
from app.auth.viewer import Viewer
from app.db.engine import Database, is_duplicate
from app.db.feed import Feeds
from app.db.reader import Reader
from app.errors import BadUserInput
from app.webhooks.shaping import Shaper
from app.webhooks.subscriptions import Subscriptions
from loaders import Loaders


@dataclass(frozen=True)
class PageLimits:
    """How much one list may hold."""

    page_size: int
    max_page_size: int
    max_ids: int
    max_series_days: int


@dataclass(frozen=True)
class Sites:
    """Where other sites are, without a slash at the end: the learning platform, and the marketing site."""

    lms: str
    marketing: str | None


@dataclass(frozen=True)
class Budget:
    """What an operation costs its viewer, and what the viewer has left in this minute."""

    cost: int
    limit: int | None
    remaining: int | None
    reset_at: dt.datetime | None


@dataclass(frozen=True)
class Live:
    """What a stream lives on: how far tables can be read, who asks now, and what the client has seen already.

    `renew` raises `Unauthenticated` once the credentials are not valid any more.
    """

    feeds: Feeds
    renew: Callable[[], Awaitable[Viewer]]
    after: str | None = None


@dataclass
class Context:
    """One operation: who asks, what is read and written with, and when.

    `memo` lives as long as the parsed document and holds what depends on
    nothing else, `shared` until something is written; their keys are made of
    identities of syntax nodes. `forget_credentials` makes what is revoked stop
    working in this process at once, when it is called after the transaction.
    """

    viewer: Viewer
    database: Database
    limits: PageLimits
    sites: Sites
    budget: Budget
    now: dt.datetime
    memo: dict[Any, Any]
    forget_credentials: Callable[[], None]
    webhooks: Subscriptions
    payloads: Shaper
    countries: Countries | None = None
    live: Live | None = None
    shared: dict[Any, Any] = field(default_factory=dict)
    reader: Reader = field(init=False)
    loaders: Loaders = field(init=False)

    def __post_init__(self) -> None:
        self.reader = Reader(self.database)
        self.loaders = Loaders(self.reader)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """A session inside a transaction; after it, nothing that was read before is remembered.

        Raises `BadUserInput` when others made the same at the same time, and
        `Unavailable` when writing has to wait for too long.
        """
        try:
            async with self.database.session() as session:
                yield session
        except IntegrityError as error:
            if not is_duplicate(error):
                raise
            raise BadUserInput("Somebody else has just made the same") from error
        finally:
            self.shared.clear()
            self.loaders = Loaders(self.reader)

    @property
    def today(self) -> dt.date:
        """The running UTC day; series end the day before."""
        return self.now.date()
