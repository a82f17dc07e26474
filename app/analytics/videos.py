"""Who watched which parts of videos (Data Analytics contract 8.8)."""

import datetime as dt
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.analytics.batch import Batch
from app.analytics.tracking import PLAYERS, TrackingEvent
from app.db.bulk import add_missing, delete_by_key, replace, rows_by_key
from app.db.models import VideoEvent, VideoSegment, VideoViews, Viewing, now
from app.db.models.tables import table_of
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

Watched = tuple[int, int, float | None]
"""First segment, last segment, duration of the video as far as the player knew it."""


class Use(NamedTuple):
    """What a learner did with a player, as `VideoEvent` words it."""

    occurred_at: dt.datetime
    digest: int
    action: VideoAction
    position: float
    new_position: float | None
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
                yield int(start) // SEGMENT, int(use.position) // SEGMENT, duration


async def record_videos(batch: Batch) -> None:
    """Keep what learners did with videos, and change the counts of what they watched."""
    done = defaultdict(set)
    for event in batch.events:
        if event.run_key and event.learner and (found := use_of(event)):
            name, use = found
            done[event.run_key, name, event.learner].add(use)
    ids = await batch.module_ids(ModuleCategory.VIDEO, {(run, name) for run, name, _ in done})
    new = {(ids[run, name], learner): uses for (run, name, learner), uses in done.items()}
    known = defaultdict(set)
    for row in await rows_by_key(batch.connection, VideoEvent, _LEARNER, new):
        known[row.module_id, row.learner].add(_use(row))
    new = {learner: uses - known[learner] for learner, uses in new.items() if not uses <= known[learner]}
    await add_missing(
        batch.connection,
        VideoEvent,
        [
            dict(zip(_LEARNER, learner, strict=True)) | use._asdict()
            for learner, uses in new.items()
            for use in uses
        ],
    )
    before = defaultdict(list)
    for row in await rows_by_key(batch.connection, Viewing, _LEARNER, new):
        before[row.module_id, row.learner].append((row.number, _watched(row)))
    views: dict[int, tuple[Counter[int], Counter[int]]] = {}
    stale, rows = [], list[dict[str, Any]]()
    for learner, uses in new.items():
        was = [watched for _, watched in sorted(before[learner])]
        watches = list(viewings(known[learner] | uses))
        if was == watches:
            continue
        if was:
            stale.append(learner)
        rows.extend(_viewing_rows(*learner, watches))
        segments = views.setdefault(learner[0], (Counter(), Counter()))
        _count(segments, watches)
        _count(segments, was, sign=-1)
    await delete_by_key(batch.connection, Viewing, _LEARNER, stale)
    await add_missing(batch.connection, Viewing, rows)
    await _change_segments(batch.connection, views)


async def compute_videos(connection: AsyncConnection, module_id: int) -> None:
    """Compute a video anew from what learners did with it; one that nothing is known of stays."""
    table = table_of(VideoEvent)
    events = await connection.execute(
        select(table).where(table.c.module_id == module_id).order_by(*table.primary_key.columns)
    )
    segments: tuple[Counter[int], Counter[int]] = Counter(), Counter()
    rows = list[dict[str, Any]]()
    found = False
    for learner, uses in groupby(events, lambda event: event.learner):
        found = True
        watches = list(viewings(map(_use, uses)))
        rows.extend(_viewing_rows(module_id, learner, watches))
        _count(segments, watches)
    if not found:
        return
    for model in (Viewing, VideoSegment, VideoViews):
        await delete_by_key(connection, model, ("module_id",), [(module_id,)])
    await add_missing(connection, Viewing, rows)
    await _change_segments(connection, {module_id: segments})


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


def _watched(row: Any) -> Watched:
    return row.first_segment, row.last_segment, row.duration


def _viewing_rows(module_id: int, learner: str, watches: Iterable[Watched]) -> Iterator[dict[str, Any]]:
    for number, (first, last, duration) in enumerate(watches):
        yield {
            "module_id": module_id,
            "learner": learner,
            "number": number,
            "first_segment": first,
            "last_segment": last,
            "duration": duration,
        }


def _count(segments: tuple[Counter[int], Counter[int]], watches: Iterable[Watched], *, sign: int = 1) -> None:
    """Add the viewings of one learner to the views and the users of segments, or take them away."""
    views = Counter(segment for first, last, _ in watches for segment in range(first, last + 1))
    for segment, number in views.items():
        segments[0][segment] += sign * number
        segments[1][segment] += sign


async def _change_segments(
    connection: AsyncConnection, changes: Mapping[int, tuple[Counter[int], Counter[int]]]
) -> None:
    if not changes:
        return
    modules = [(module,) for module in changes]
    counts: dict[int, dict[int, tuple[int, int]]] = {module: {} for module in changes}
    for row in await rows_by_key(connection, VideoSegment, ("module_id",), modules):
        counts[row.module_id][row.segment] = row.num_views, row.num_users
    durations = await _durations(connection, list(changes))
    computed_at = now()
    changed, gone, videos, unwatched = [], [], list[dict[str, Any]](), []
    for module, (views, users) in changes.items():
        of_module = counts[module]
        for segment in views:
            was = of_module.get(segment, (0, 0))
            is_now = was[0] + views[segment], was[1] + users[segment]
            if is_now == was:
                continue
            of_module[segment] = is_now
            if not is_now[0]:
                del of_module[segment]
                gone.append((module, segment))
                continue
            changed.append(
                {
                    "module_id": module,
                    "segment": segment,
                    "num_views": is_now[0],
                    "num_users": is_now[1],
                    "computed_at": computed_at,
                }
            )
        if of_module:
            watched = {segment: users for segment, (_, users) in of_module.items()}
            summary = _summary(watched, durations[module])
            videos.append({"module_id": module, **summary, "computed_at": computed_at})
        else:
            unwatched.append((module,))
    await replace(connection, VideoSegment, changed)
    await delete_by_key(connection, VideoSegment, ("module_id", "segment"), gone)
    await replace(connection, VideoViews, videos)
    await delete_by_key(connection, VideoViews, ("module_id",), unwatched)


async def _durations(connection: AsyncConnection, modules: list[int]) -> dict[int, float | None]:
    """The length of videos in seconds; None unless it is known of every viewing."""
    viewing = table_of(Viewing)
    rows = await connection.execute(
        select(
            viewing.c.module_id,
            func.max(viewing.c.duration).label("longest"),
            (func.count() == func.count(viewing.c.duration)).label("known"),
        )
        .where(viewing.c.module_id.in_(modules))
        .group_by(viewing.c.module_id)
    )
    durations = {row.module_id: row.longest if row.known else None for row in rows}
    return {module: durations.get(module) for module in modules}


def _summary(users: Mapping[int, int], known_duration: float | None) -> dict[str, Any]:
    if known_duration is None:
        final = _final_segment(users)
        duration: float = (final + 1) * SEGMENT - 1
    else:
        duration = known_duration
        final = int(duration) // SEGMENT
    near_the_end = math.floor(max(duration - 30, 0.95 * duration)) // SEGMENT
    return {
        "duration": int(duration),
        "segment_length": SEGMENT,
        "final_segment": final,
        "users_at_start": users.get(0, 0),
        "users_at_end": users.get(near_the_end, 0),
    }


def _final_segment(users: Mapping[int, int]) -> int:
    """The last segment before nearly everybody has left."""
    watched = sorted(users)
    for segment, following in zip(watched[-2::-1], watched[:0:-1], strict=True):
        if users[following] * _STAYED <= users[segment]:
            return segment
    return watched[-1]
