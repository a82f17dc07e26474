"""Enrollment events of tracking logs, with the users and the enrollments that they make (contract 8.2)."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import uuid4

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.analytics.batch import Batch
from app.analytics.enrollment import SWITCHES, Pair, adding_enrollment_events
from app.analytics.tracking import SERVER, TrackingEvent, is_run_key, platform_id
from app.db.bulk import add_missing, keys_table, replace, rows_by_key
from app.db.models import Enrollment, EnrollmentEvent, Event, User
from app.db.models.tables import table_of
from app.vocabulary import EnrollmentEventType, WebhookEvent
from app.webhooks.news import News

_TYPES = {f"edx.course.enrollment.{type_}": type_ for type_ in EnrollmentEventType}
_LONGEST_MODE = 100
_PAIR = ("run_id", "user_id")
_EVENT = (*_PAIR, "occurred_at", "type", "mode")


class Enrolled(NamedTuple):
    """What an enrollment event says; the username is known only of events of the learner's own."""

    run_key: str
    lms_user_id: int
    username: str
    type: EnrollmentEventType
    mode: str


def enrolled(event: TrackingEvent) -> Enrolled | None:
    """What an event says of an enrollment; None for other events, and for those that lack a part of it."""
    type_ = _TYPES.get(event.type)
    if type_ is None or event.source != SERVER:
        return None
    run_key, mode = event.payload.get("course_id"), event.payload.get("mode")
    user_id = platform_id(event.payload.get("user_id"))
    if user_id is None or not is_run_key(run_key):
        return None
    if not isinstance(mode, str) or not 0 < len(mode) <= _LONGEST_MODE:
        return None
    return Enrolled(str(run_key), user_id, event.username if event.user_id == user_id else "", type_, mode)


async def record_enrollments(batch: Batch) -> None:
    """Keep enrollment events; make the users and the enrollments that they are of, and change the series."""
    found = [(enrolled_, event) for event in batch.events if (enrolled_ := enrolled(event))]
    if not found:
        return
    names = dict[int, str]()
    for enrolled_, _ in sorted(found, key=lambda pair: pair[1].order):
        names[enrolled_.lms_user_id] = enrolled_.username or names.get(enrolled_.lms_user_id, "")
    user_ids = await make_users(batch.connection, names, batch.news)
    rows = {
        (
            batch.run_ids[enrolled_.run_key],
            user_ids[enrolled_.lms_user_id],
            event.occurred_at,
            enrolled_.type,
            enrolled_.mode,
        )
        for enrolled_, event in found
    }
    instants = defaultdict[Pair, list[dt.datetime]](list)
    for run, user, occurred_at, *_ in rows:
        instants[run, user].append(occurred_at)
    between = {pair: (min(found), max(found)) for pair, found in instants.items()}
    async with adding_enrollment_events(batch.connection, between):
        await add_missing(
            batch.connection, EnrollmentEvent, [dict(zip(_EVENT, row, strict=True)) for row in rows]
        )
    await enroll_by_events(batch.connection, instants, batch.news)


async def make_users(connection: AsyncConnection, names: dict[int, str], news: News) -> dict[int, int]:
    """The ids of users by their ids at the platform; `names` are their usernames there, empty if not known.

    Who is missing is made, without a password. An account of the same username
    that is not known at the platform yet becomes the user's.
    """
    ids = await _user_ids(connection, names)
    missing = {lms_user_id: name for lms_user_id, name in names.items() if lms_user_id not in ids}
    if not missing:
        return ids
    keys = [(name,) for name in {*missing.values(), *map(_placeholder, missing)} if name]
    taken = {
        row.username: row.lms_user_id for row in await rows_by_key(connection, User, ("username",), keys)
    }
    rows = list[dict[str, Any]]()
    for lms_user_id, name in missing.items():
        if name and name in taken and taken[name] is None:
            statement = update(User).where(col(User.username) == name).values(lms_user_id=lms_user_id)
            await connection.execute(statement)
            taken[name] = lms_user_id
            continue
        username = _placeholder(lms_user_id) if not name or name in taken else name
        if username in taken:
            username += f"-{uuid4().hex}"
        taken[username] = lms_user_id
        rows.append({"lms_user_id": lms_user_id, "username": username})
    await add_missing(connection, User, rows)
    ids |= await _user_ids(connection, missing)
    news.add(Event(type=WebhookEvent.USER_CREATED, user_id=ids[row["lms_user_id"]]) for row in rows)
    return ids


async def enroll_by_events(connection: AsyncConnection, pairs: Collection[Pair], news: News) -> None:
    """Make the enrollments of pairs of run and user what their events add up to."""
    if not pairs:
        return
    known = await _enrollments(connection, pairs) if news.wanted else {}
    event = table_of(EnrollmentEvent)
    given = keys_table(connection.dialect.name, _PAIR, list(pairs))
    order = [event.c[name] for name in _EVENT[len(_PAIR) :]]

    def of_pair(*conditions: ColumnElement[bool], last: bool = True) -> Any:
        its = (*conditions, *(event.c[name] == given.c[name] for name in _PAIR))
        found = select(event.c.id).where(*its).order_by(*(name.desc() if last else name for name in order))
        return found.limit(1).correlate(given).scalar_subquery()

    telling = select(of_pair(last=False), of_pair(), of_pair(event.c.type.in_(SWITCHES))).select_from(given)
    ids = {(id_,) for row in await connection.execute(telling) for id_ in row if id_ is not None}
    ordered = sorted(await rows_by_key(connection, EnrollmentEvent, ("id",), ids), key=attrgetter(*_EVENT))
    enrollments = [
        {"run_id": run, "user_id": user, **_state(list(events))}
        for (run, user), events in groupby(ordered, attrgetter(*_PAIR))
    ]
    await replace(connection, Enrollment, enrollments, key=_PAIR)
    if news.wanted:
        made = await _enrollments(connection, pairs)
        news.add(
            Event(
                type=WebhookEvent.USER_ENROLLED,
                occurred_at=row.created,
                user_id=row.user_id,
                run_id=row.run_id,
                payload={"enrollment_id": row.id, "mode": row.mode},
            )
            for pair, row in sorted(made.items())
            if pair not in known
        )


async def _enrollments(connection: AsyncConnection, pairs: Collection[Pair]) -> dict[Pair, Any]:
    rows = await rows_by_key(connection, Enrollment, _PAIR, pairs)
    return {(row.run_id, row.user_id): row for row in rows}


def _state(events: Sequence[Any]) -> dict[str, Any]:
    switches = [event for event in events if event.type in SWITCHES]
    left = switches[-1] if switches and not SWITCHES[switches[-1].type] else None
    return {
        "mode": events[-1].mode,
        "is_active": bool(switches) and left is None,
        "created": events[0].occurred_at,
        "unenrolled_at": left and left.occurred_at,
    }


def _placeholder(lms_user_id: int) -> str:
    return f"lms-{lms_user_id}"


async def _user_ids(connection: AsyncConnection, lms_user_ids: Iterable[int]) -> dict[int, int]:
    rows = await rows_by_key(connection, User, ("lms_user_id",), [(id_,) for id_ in lms_user_ids])
    return {row.lms_user_id: row.id for row in rows}
