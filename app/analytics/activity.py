"""Weekly activity of course runs (Data Analytics contract 8.5)."""

import datetime as dt
from collections import Counter

from sqlalchemy import Integer, case, cast, func, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.analytics.batch import Batch
from app.analytics.tracking import PLAYERS, SERVER, TASK, TrackingEvent
from app.db.bulk import add_up, replace, rows_by_key
from app.db.models import ActivityWeek, LearnerWeek, now
from app.db.models.tables import table_of
from app.db.types import UtcDateTime
from app.vocabulary import Activity

_BITS = {activity: 1 << place for place, activity in enumerate(Activity)}
_ENROLLMENT = "edx.course.enrollment."
_KEY = ("run_id", "week", "learner")


def activities(event: TrackingEvent) -> int:
    """The activities of an event, as the sum of their bits; 0 is none."""
    if event.source == TASK or event.type.startswith(_ENROLLMENT):
        return 0
    done = _BITS[Activity.ANY]
    if event.source == SERVER:
        if event.type == "problem_check":
            done |= _BITS[Activity.ATTEMPTED_PROBLEM]
        elif _is_post(event.type):
            done |= _BITS[Activity.POSTED_FORUM]
    elif event.source in PLAYERS and event.type == "play_video":
        done |= _BITS[Activity.PLAYED_VIDEO]
    return done


def monday(day: dt.date) -> dt.date:
    """The first day of the ISO week."""
    return day - dt.timedelta(day.weekday())


async def record_activity(batch: Batch) -> None:
    """Keep what learners did in each week, and count those who had not done it before."""
    done: Counter[tuple[int, dt.date, str]] = Counter()
    for event in batch.events:
        if event.run_key and event.learner and (bits := activities(event)):
            key = batch.run_ids[event.run_key], monday(event.occurred_at.date()), event.learner
            done[key] |= bits
    known = {
        (row.run_id, row.week, row.learner): row.activities
        for row in await rows_by_key(batch.connection, LearnerWeek, _KEY, done)
    }
    changed = {key: bits | known.get(key, 0) for key, bits in done.items() if bits & ~known.get(key, 0)}
    await replace(
        batch.connection,
        LearnerWeek,
        [
            {"run_id": run, "week": week, "learner": learner, "activities": bits}
            for (run, week, learner), bits in changed.items()
        ],
    )
    added: dict[tuple[int, dt.date], Counter[str]] = {}
    for key, bits in changed.items():
        counts = added.setdefault(key[:2], Counter(dict.fromkeys(Activity, 0)))
        counts.update(activity for activity, bit in _BITS.items() if bits & ~known.get(key, 0) & bit)
    computed_at = now()
    await add_up(
        batch.connection,
        ActivityWeek,
        [
            {"run_id": run, "week": week, **counts, "computed_at": computed_at}
            for (run, week), counts in added.items()
        ],
        tuple(Activity),
    )


async def compute_activity(connection: AsyncConnection, run_id: int) -> None:
    """Compute the weeks of a run from what its learners did; weeks that nothing is known of stay."""
    week, learner = table_of(ActivityWeek), table_of(LearnerWeek)
    weeks = select(learner.c.week).where(learner.c.run_id == run_id).distinct()
    await connection.execute(week.delete().where(week.c.run_id == run_id, week.c.week.in_(weeks)))
    counts = {
        activity: cast(func.sum(case((learner.c.activities.op("&")(bit) != 0, 1), else_=0)), Integer)
        for activity, bit in _BITS.items()
    }
    computed_at = literal(now(), UtcDateTime)
    counted = (
        select(learner.c.run_id, learner.c.week, *counts.values(), computed_at)
        .where(learner.c.run_id == run_id)
        .group_by(learner.c.run_id, learner.c.week)
    )
    columns = ["run_id", "week", *counts, "computed_at"]
    await connection.execute(insert(week).from_select(columns, counted))


def _is_post(type_: str) -> bool:
    if type_.startswith("edx.forum."):
        return type_.endswith(".created")
    path = type_.rstrip("/")
    if path.endswith("threads/create"):
        return True
    return path.endswith("/reply") and ("discussion/threads/" in path or "discussion/comments/" in path)
