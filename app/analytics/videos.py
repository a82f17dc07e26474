"""Who watched which parts of videos (Data Analytics contract 8.8)."""

import datetime as dt
import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, FromClause, and_, exists, func, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from app.analytics.batch import Batch
from app.analytics.tracking import PLAYERS, TrackingEvent
from app.db.bulk import add_missing, add_up, delete_by_key, keys_table, replace, rows_by_key
from app.db.models import VideoEvent, VideoSegment, VideoViews, Viewing, now
from app.db.models.tables import table_of
from app.db.types import EARLIEST, LATEST, UtcDateTime
from app.vocabulary import ModuleCategory, VideoAction

SEGMENT = 5
"""Seconds of video in a segment."""

_ACTIONS = {
    "play_video": VideoAction.PLAY,
    "pause_video": VideoAction.PAUSE,
    "stop_video": VideoAction.STOP,
    "seek_video": VideoAction.SEEK,
}
_LONGEST, _SHORTEST_VIEWING = 36_000, 0.25
_STAYED = 20
"""Of so many learners at least one watches the next segment, too, before the end."""

_LONGEST_ID = 200
_EVENT = ("module_id", "learner", "occurred_at", "digest")
_LEARNER = _EVENT[:2]
_SEGMENT = ("module_id", "segment")

Learner = tuple[int, str]
"""A video and one who watches it."""

Counts = tuple[Counter[int], Counter[int]]
"""Views and users of the segments of a video."""


class Use(NamedTuple):
    """What a learner did with a player, as `VideoEvent` words it."""

    occurred_at: dt.datetime
    digest: int
    action: VideoAction
    position: float
    new_position: float | None
    duration: float | None


class Watched(NamedTuple):
    """What was watched without a break until an event, as `Viewing` words it."""

    occurred_at: dt.datetime
    digest: int
    first_segment: int
    last_segment: int
    duration: float | None


def use_of(event: TrackingEvent) -> tuple[str, Use] | None:
    """The id of the video and what was done with it; None for what is no video event or tells no position."""
    action = _ACTIONS.get(event.type) if event.source in PLAYERS else None
    name = event.payload.get("id")
    if action is None or not isinstance(name, str) or not 0 < len(name.strip()) <= _LONGEST_ID:
        return None
    payload, new_position = event.payload, None
    if action is VideoAction.SEEK:
        position, new_position = _offset(payload.get("old_time")), _offset(payload.get("new_time"))
        if new_position is None:
            return None
    else:
        # A player that is paused at the very beginning does not say where.
        default = 0 if action is VideoAction.PAUSE else None
        position = _offset(payload.get("currentTime", default))
    if position is None:
        return None
    duration = _offset(payload.get("duration")) or None
    return name.strip(), Use(*event.order, action, position, new_position, duration)


def viewings(uses: Iterable[Use]) -> Iterator[Watched]:
    """What a learner watched of a video without a break."""
    playing: tuple[float, float | None] | None = None
    sought: float | None = None
    for use in sorted(uses):
        if use.action == VideoAction.PLAY:
            playing = use.position if sought is None else sought, use.duration
        elif playing is not None:
            (start, duration), playing = playing, None
            sought = use.new_position
            too_long = duration is not None and use.position > duration + 1
            if use.position - start >= _SHORTEST_VIEWING and not too_long:
                yield Watched(*use[:2], int(start) // SEGMENT, int(use.position) // SEGMENT, duration)


async def record_videos(batch: Batch) -> None:
    """Keep what learners did with videos, and change the counts of what they watched."""
    done = defaultdict(set)
    for event in batch.events:
        if event.run_key and event.learner and (found := use_of(event)):
            name, use = found
            done[event.run_key, name, event.learner].add(use)
    ids = await batch.module_ids(ModuleCategory.VIDEO, {(run, name) for run, name, _ in done})
    told = {(ids[run, name], learner): uses for (run, name, learner), uses in done.items()}
    keys = [(*learner, *use[:2]) for learner, uses in told.items() for use in uses]
    known = {_key(row) for row in await rows_by_key(batch.connection, VideoEvent, _EVENT, keys)}
    new = {
        learner: {use for use in uses if (*learner, *use[:2]) not in known} for learner, uses in told.items()
    }
    new = {learner: uses for learner, uses in new.items() if uses}
    around = await _around(batch.connection, new)
    await add_missing(batch.connection, VideoEvent, list(_rows(new)))
    gone, come = dict[Learner, set[Watched]](), dict[Learner, set[Watched]]()
    for learner, uses in new.items():
        known_uses = around.get(learner, set())
        before, after = set(viewings(known_uses)), set(viewings(known_uses | uses))
        gone[learner], come[learner] = before - after, after - before
    stale = [(*learner, *watched[:2]) for learner, watches in gone.items() for watched in watches]
    await delete_by_key(batch.connection, Viewing, _EVENT, stale)
    changed = {
        learner: _segments(gone[learner]).keys() ^ _segments(come[learner]).keys() for learner in around
    }
    otherwise = await _watched(batch.connection, changed)
    await add_missing(batch.connection, Viewing, list(_rows(come)))
    counts = defaultdict[int, Counts](lambda: (Counter(), Counter()))
    for learner in new:
        if gone[learner] or come[learner]:
            _count(counts[learner[0]], gone[learner], come[learner], otherwise.get(learner, ()))
    await _change_segments(batch.connection, counts)


async def compute_videos(connection: AsyncConnection, module_id: int) -> None:
    """Compute a video anew from what learners did with it; one that nothing is known of stays."""
    table = table_of(VideoEvent)
    events = await connection.execute(
        select(table).where(table.c.module_id == module_id).order_by(*table.primary_key.columns)
    )
    counts: Counts = Counter(), Counter()
    watches = dict[Learner, list[Watched]]()
    for learner, uses in groupby(events, lambda event: event.learner):
        of_learner = watches[module_id, learner] = list(viewings(map(_use, uses)))
        _count(counts, (), of_learner)
    if not watches:
        return
    for model in (Viewing, VideoSegment, VideoViews):
        await delete_by_key(connection, model, ("module_id",), [(module_id,)])
    await add_missing(connection, Viewing, list(_rows(watches)))
    await _change_segments(connection, {module_id: counts})


async def _around(
    connection: AsyncConnection, new: Mapping[Learner, Collection[Use]]
) -> dict[Learner, set[Use]]:
    """What learners are known to have done around new uses, so far that nothing beyond matters or changes.

    What `viewings` knows after a use that ends a play is what that use says, whatever was
    before. So it is read from a play that ended before the new uses to one that
    begins and ends after them.
    """
    if not new:
        return {}
    spans = [(*learner, min(uses).occurred_at, max(uses).occurred_at) for learner, uses in new.items()]
    given = keys_table(connection.dialect.name, (*_LEARNER, "first", "last"), spans)
    since = _nearest(given, _nearest(given, given.c.first, plays=False, later=False), plays=True, later=False)
    until = _nearest(given, _nearest(given, given.c.last, plays=True, later=True), plays=False, later=True)
    event = table_of(VideoEvent)
    near = and_(
        *(event.c[name] == given.c[name] for name in _LEARNER),
        event.c.occurred_at >= func.coalesce(since, literal(EARLIEST, UtcDateTime)),
        event.c.occurred_at <= func.coalesce(until, literal(LATEST, UtcDateTime)),
    )
    found = defaultdict[Learner, set[Use]](set)
    for row in await connection.execute(select(event).join_from(given, event, near)):
        found[row.module_id, row.learner].add(_use(row))
    return found


def _nearest(
    given: FromClause, instant: ColumnElement[Any], *, plays: bool, later: bool
) -> ColumnElement[Any]:
    """When a learner next, or last, played a video or did anything else with it."""
    event = table_of(VideoEvent).alias()
    at, is_play = event.c.occurred_at, event.c.action == VideoAction.PLAY
    return (
        select(at)
        .where(
            *(event.c[name] == given.c[name] for name in _LEARNER),
            is_play if plays else ~is_play,
            at > instant if later else at < instant,
        )
        .order_by(at if later else at.desc())
        .limit(1)
        .correlate(given)
        .scalar_subquery()
    )


async def _watched(
    connection: AsyncConnection, segments: Mapping[Learner, Iterable[int]]
) -> dict[Learner, set[int]]:
    """Which of some segments learners watched."""
    keys = [(*learner, segment) for learner, of_learner in segments.items() for segment in of_learner]
    if not keys:
        return {}
    given, viewing = keys_table(connection.dialect.name, (*_LEARNER, "segment"), keys), table_of(Viewing)
    watched = exists().where(
        *(viewing.c[name] == given.c[name] for name in _LEARNER),
        viewing.c.first_segment <= given.c.segment,
        viewing.c.last_segment >= given.c.segment,
    )
    found = defaultdict[Learner, set[int]](set)
    for module, learner, segment in await connection.execute(select(given).where(watched)):
        found[module, learner].add(segment)
    return found


def _offset(value: Any) -> float | None:
    """Seconds from the start of a video, if they can be."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        seconds = float(value)
    except ValueError:
        return None
    return seconds if 0 <= seconds <= _LONGEST else None


def _use(row: Any) -> Use:
    return Use(row.occurred_at, row.digest, row.action, row.position, row.new_position, row.duration)


def _key(row: Any) -> tuple[Any, ...]:
    return row.module_id, row.learner, row.occurred_at, row.digest


def _rows(found: Mapping[Learner, Iterable[Use | Watched]]) -> Iterator[dict[str, Any]]:
    for (module, learner), rows in found.items():
        for row in rows:
            yield {"module_id": module, "learner": learner, **row._asdict()}


def _segments(watches: Iterable[Watched]) -> Counter[int]:
    return Counter(
        segment for watched in watches for segment in range(watched.first_segment, watched.last_segment + 1)
    )


def _count(
    counts: Counts, gone: Iterable[Watched], come: Iterable[Watched], otherwise: Collection[int] = ()
) -> None:
    """Change counts by what a learner watched, and did not after all; other viewings have `otherwise`."""
    views, users = counts
    before, after = _segments(gone), _segments(come)
    views.update(after)
    views.subtract(before)
    users.update(after.keys() - otherwise)
    users.subtract(before.keys() - otherwise)


async def _change_segments(connection: AsyncConnection, changes: Mapping[int, Counts]) -> None:
    if not changes:
        return
    computed_at = now()
    rows: list[dict[str, Any]] = [
        {
            "module_id": module,
            "segment": segment,
            "num_views": views[segment],
            "num_users": users[segment],
            "computed_at": computed_at,
        }
        for module, (views, users) in changes.items()
        for segment in views
        if views[segment] or users[segment]
    ]
    await add_up(connection, VideoSegment, rows, ("num_views", "num_users"))
    fewer = [(row["module_id"], row["segment"]) for row in rows if row["num_views"] < 0]
    if fewer:
        table, keys = table_of(VideoSegment), keys_table(connection.dialect.name, _SEGMENT, fewer)
        chosen = tuple_(*(table.c[name] for name in _SEGMENT)).in_(select(keys))
        await connection.execute(table.delete().where(chosen, table.c.num_views == 0))
    await _summarize(connection, changes.keys(), computed_at)


async def _summarize(connection: AsyncConnection, modules: Collection[int], computed_at: dt.datetime) -> None:
    """Say of videos how long they are, and who began and finished them."""
    durations = await _durations(connection, modules)
    unknown = [(module,) for module in modules if module not in durations]
    ends = {
        (module, segment) for module, length in durations.items() for segment in (0, _near_the_end(length))
    }
    users: dict[int, dict[int, int]] = {module: {} for module in durations}
    for row in (
        *await rows_by_key(connection, VideoSegment, _SEGMENT, ends),
        *await rows_by_key(connection, VideoSegment, ("module_id",), unknown),
    ):
        users.setdefault(row.module_id, {})[row.segment] = row.num_users
    videos = [
        {"module_id": module, **_summary(of_module, durations.get(module)), "computed_at": computed_at}
        for module, of_module in users.items()
    ]
    await replace(connection, VideoViews, videos)
    unwatched = [(module,) for module in modules if module not in users]
    await delete_by_key(connection, VideoViews, ("module_id",), unwatched)


async def _durations(connection: AsyncConnection, modules: Collection[int]) -> dict[int, float]:
    """The length of videos in seconds, where it is known of every viewing."""
    viewing = table_of(Viewing)
    given = keys_table(connection.dialect.name, ("module_id",), [(module,) for module in modules])
    of_module = viewing.c.module_id == given.c.module_id
    longest = select(func.max(viewing.c.duration)).where(of_module).correlate(given).scalar_subquery()
    # SQLite takes the index only where it needs nothing else.
    known = ~exists(select(viewing.c.duration).where(of_module, viewing.c.duration.is_(None)))
    rows = await connection.execute(select(given.c.module_id, longest.label("longest")).where(known))
    return {row.module_id: row.longest for row in rows if row.longest is not None}


def _summary(users: Mapping[int, int], known_duration: float | None) -> dict[str, Any]:
    if known_duration is None:
        final = _final_segment(users)
        duration: float = (final + 1) * SEGMENT - 1
    else:
        duration = known_duration
        final = int(duration) // SEGMENT
    return {
        "duration": int(duration),
        "segment_length": SEGMENT,
        "final_segment": final,
        "users_at_start": users.get(0, 0),
        "users_at_end": users.get(_near_the_end(duration), 0),
    }


def _near_the_end(duration: float) -> int:
    return math.floor(max(duration - 30, 0.95 * duration)) // SEGMENT


def _final_segment(users: Mapping[int, int]) -> int:
    """The last segment before nearly everybody has left."""
    watched = sorted(users)
    for segment, following in zip(watched[-2::-1], watched[:0:-1], strict=True):
        if users[following] * _STAYED <= users[segment]:
            return segment
    return watched[-1]
