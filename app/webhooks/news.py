"""What an import or a recording has made, told at the end of its transaction, when all is as it stays."""

from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.models import Event
from app.webhooks.emit import emit


class News:
    """Gathers events; nothing is told unless it is wanted."""

    def __init__(self, *, wanted: bool) -> None:
        self.wanted = wanted
        self._events: list[Event] = []

    def add(self, events: Iterable[Event]) -> None:
        """Gather events in the order in which they are to be told."""
        if self.wanted:
            self._events.extend(events)

    async def tell(self, connection: AsyncConnection) -> None:
        """Write what was gathered, and what follows from it."""
        await emit(connection, *self._events)
        self._events.clear()
