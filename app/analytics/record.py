"""Recording tracking events: what they say is kept, and every series follows at once."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from app.analytics.activity import record_activity
from app.analytics.addresses import Countries, record_addresses
from app.analytics.batch import Batch
from app.analytics.enrollment_events import enrolled, record_enrollments
from app.analytics.last_activity import record_last_activity
from app.analytics.places import Places
from app.analytics.problems import record_problems
from app.analytics.subsections import record_opens
from app.analytics.tracking import TASK, TrackingEvent
from app.analytics.videos import record_videos
from app.db.bulk import lock_series
from app.webhooks.news import News

_RECORDS = (
    record_enrollments,
    record_activity,
    record_last_activity,
    record_problems,
    record_opens,
    record_videos,
)


class Recorder:
    """Records events; each leaves the same, however often and in whatever order they come.

    Without `countries` addresses are not kept, and learners are where their
    profiles say. Others are told of new users and enrollments if `emits_events`.
    """

    def __init__(self, countries: Countries | None = None, *, emits_events: bool = False) -> None:
        self._places = Places()
        self._countries = countries
        self._emits_events = emits_events

    async def record(self, connection: AsyncConnection, events: Sequence[TrackingEvent]) -> None:
        """Record events in the caller's transaction.

        Those that tell nothing else may still tell where a learner is.
        """
        await lock_series(connection)
        if self._countries is not None:
            await record_addresses(connection, self._countries, events)
        told = [event for event in events if tells(event)]
        keys = {event.run_key for event in told if event.run_key}
        keys |= {found.run_key for event in told if (found := enrolled(event))}
        run_ids = await self._places.runs(connection, keys)
        news = News(wanted=self._emits_events)
        batch = Batch(connection, told, run_ids, self._places, news)
        for record in _RECORDS:
            await record(batch)
        await news.tell(connection)


def tells(event: TrackingEvent) -> bool:
    """Whether an event counts for any series: others name no run or nobody, or are of tasks."""
    if event.run_key and (event.learner or event.source == TASK):
        return True
    return enrolled(event) is not None
