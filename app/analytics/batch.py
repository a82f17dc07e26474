"""Some events on their way into the database."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from app.analytics.places import Places
from app.analytics.tracking import TrackingEvent
from app.vocabulary import ModuleCategory
from app.webhooks.news import News


@dataclass(frozen=True)
class Batch:
    """Events that are recorded in one transaction, in any order.

    `run_ids` has the ids of the course runs that they name.
    """

    connection: AsyncConnection
    events: Sequence[TrackingEvent]
    run_ids: dict[str, int]
    places: Places
    news: News

    async def module_ids(
        self, category: ModuleCategory, keys: Collection[tuple[str, str]]
    ) -> dict[tuple[str, str], int]:
        """The ids of modules, by the key of their run and their own."""
        wanted = {(self.run_ids[run], category, key): (run, key) for run, key in keys}
        run_keys = {self.run_ids[run]: run for run, _ in keys}
        found = await self.places.modules(self.connection, run_keys, wanted.keys())
        return {wanted[key]: id_ for key, id_ in found.items()}
