"""What every resolver is given."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from app.auth.viewer import Viewer
from app.db.reader import Reader
from loaders import Loaders


@dataclass(frozen=True)
class PageLimits:
    """How much one list may hold."""

    page_size: int
    max_page_size: int
    max_ids: int
    max_series_days: int


@dataclass(frozen=True)
class Budget:
    """What an operation costs its viewer, and what the viewer has left in this minute."""

    cost: int
    limit: int | None
    remaining: int | None
    reset_at: dt.datetime | None


@dataclass
class Context:
    """One operation: who asks, what is read with, and when.

    `memo` lives as long as the parsed document and holds what depends on
    nothing else, `shared` as long as the operation; their keys are made of
    identities of syntax nodes.
    """

    viewer: Viewer
    reader: Reader
    limits: PageLimits
    budget: Budget
    now: dt.datetime
    memo: dict[Any, Any]
    shared: dict[Any, Any] = field(default_factory=dict)
    loaders: Loaders = field(init=False)

    def __post_init__(self) -> None:
        self.loaders = Loaders(self.reader)

    @property
    def today(self) -> dt.date:
        """The running UTC day; series end the day before."""
        return self.now.date()
