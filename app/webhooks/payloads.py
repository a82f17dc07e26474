"""What targets are told of an event: the objects of Zapier contract 2.1 to 2.4, in the shapes of 9."""

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.models import Course, CourseRun, Event, User
from app.db.models.tables import table_of
from app.ntiid import ntiid_of
from app.vocabulary import WebhookEvent

Object = dict[str, Any]

PROGRESS = ("absolute_progress", "max_possible_progress", "completed", "success")
"""The columns of `Progress` that the payload of an event about it has."""

_MIME_TYPE = "application/vnd.nextthought.zapier."
OF_COURSE = ("key", "title", "short_description", "full_description")
"""The columns of `Course` that `course_details` takes, their names after `course_`."""

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_LONGEST_PROVIDER_ID = 32
EVENT_CLASSES = {
    WebhookEvent.USER_CREATED: "UserCreatedEvent",
    WebhookEvent.COURSE_CREATED: "CourseCreatedEvent",
    WebhookEvent.USER_ENROLLED: "UserEnrolledEvent",
    WebhookEvent.PROGRESS_UPDATED: "UserProgressUpdatedEvent",
}
_TITLES = re.compile(r"(?:dr|mr|mrs|ms|miss|mx|prof|professor|sir|rev)\.?", re.IGNORECASE)
_SUFFIXES = re.compile(r"(?:jr|sr|ii|iii|iv|phd|ph\.d|md|m\.d|esq)\.?", re.IGNORECASE)
SCOPES = ("Public", "Purchased", "ForCredit", "ForCreditDegree", "ForCreditNonDegree")
_SCOPE_OF_MODE = {
    "verified": "Purchased",
    "professional": "Purchased",
    "no-id-professional": "Purchased",
    "credit": "ForCredit",
    "masters": "ForCreditDegree",
}


async def bodies(connection: AsyncConnection, events: Sequence[Event]) -> list[str]:
    """The text that is sent for each event, as things are in the transaction of the connection."""
    users = await _rows(connection, select(table_of(User)), table_of(User), (it.user_id for it in events))
    run, course = table_of(CourseRun), table_of(Course)
    of_course = [course.c[name].label(f"course_{name}") for name in OF_COURSE]
    joined = select(run, *of_course).join(course, course.c.id == run.c.course_id)
    runs = await _rows(connection, joined, run, (it.run_id for it in events))
    return [
        orjson.dumps(
            event_body(it.type, users.get(it.user_id or 0), runs.get(it.run_id or 0), it.payload)
        ).decode()
        for it in events
    ]


async def _rows(
    connection: AsyncConnection, statement: Any, table: Any, ids: Iterable[int | None]
) -> dict[int, Any]:
    wanted = {id_ for id_ in ids if id_ is not None}
    if not wanted:
        return {}
    rows = await connection.execute(statement.where(table.c.id.in_(wanted)))
    return {row.id: row for row in rows}


def event_body(type: str, user: Any, run: Any, facts: Mapping[str, Any]) -> Object:
    """The body of an event of a type: about a user, in a course run, with what else its type tells."""
    type_ = WebhookEvent(type)
    if type_ is WebhookEvent.USER_CREATED:
        data = user_details(user)
    elif type_ is WebhookEvent.COURSE_CREATED:
        data = course_details(run)
    elif type_ is WebhookEvent.USER_ENROLLED:
        data = {
            **kind("CourseEnrollmentDetails"),
            "User": user_details(user),
            "Course": course_details(run),
            "Scope": facts.get("scope") or scope_of(facts["mode"]),
        }
    else:
        data = {
            **kind("ProgressSummary"),
            "User": user_details(user),
            "Course": course_details(run),
            "Progress": progress_details(facts),
        }
    return {**kind_of_event(type_), "Data": data}


def kind_of_event(type_: WebhookEvent) -> Object:
    """The members that say of what kind the body of an event is (9)."""
    name = EVENT_CLASSES[type_]
    mime_type = f"{_MIME_TYPE}event.{name.removesuffix('Event').lower()}"
    return {"Class": name, "MimeType": mime_type, "EventType": type_.value}


def kind(name: str) -> Object:
    """The members that say of what class an object is (1.7)."""
    return {"Class": name, "MimeType": _MIME_TYPE + name.lower()}


def user_details(user: Any) -> Object:
    """A user (2.1)."""
    names = {}
    if user.name and "@" not in user.name and (user.language or "en").lower().startswith("en"):
        names = _first_and_last(user.name)
    return {
        **kind("UserDetails"),
        "Username": user.username,
        "Email": user.email or None,
        "Realname": user.name or None,
        **names,
        "CreatedTime": instant(user.date_joined),
        "LastLogin": instant(user.last_login or _EPOCH),
        "LastSeen": instant(user.last_seen or _EPOCH),
    }


def course_details(run: Any) -> Object:
    """A course run with the key and the texts of its course (2.2)."""
    return {
        **kind("CourseDetails"),
        "Id": ntiid_of(run.key),
        "ProviderId": run.course_key.rpartition("+")[2][:_LONGEST_PROVIDER_ID],
        "Title": run.title or run.course_title or run.key,
        "Description": run.short_description or run.course_short_description or "",
        "RichDescription": run.full_description or run.course_full_description or "",
        "StartDate": run.start and instant(run.start),
        "EndDate": run.end and instant(run.end),
        "CreatedTime": instant(run.created),
        "Last Modified": instant(run.modified),
    }


def progress_details(progress: Mapping[str, Any]) -> Object:
    """Progress in a course run, from the columns of `Progress` (2.4)."""
    done, most = progress.get("absolute_progress"), progress.get("max_possible_progress")
    completed = bool(progress.get("completed"))
    return {
        **kind("CompletionContextProgressDetails"),
        "AbsoluteProgress": done,
        "MaxPossibleProgress": most,
        "PercentageProgress": min(1, max(0, (done or 0) / most)) if most else None,
        "Completed": completed,
        "Success": completed and bool(progress.get("success")),
    }


def scope_of(mode: str) -> str:
    """The scope that an enrollment in a mode has (2.3)."""
    return _SCOPE_OF_MODE.get(mode, "Public")


def instant(moment: dt.datetime) -> str:
    """An instant, its fractions of a second cut off (1.6)."""
    return f"{moment.astimezone(dt.UTC).replace(tzinfo=None, microsecond=0).isoformat()}Z"


def _first_and_last(name: str) -> Object:
    words = name.replace(",", " ").split()
    while len(words) > 1 and _TITLES.fullmatch(words[0]):
        del words[0]
    while len(words) > 1 and _SUFFIXES.fullmatch(words[-1]):
        del words[-1]
    return {"NonI18NFirstName": words[0], "NonI18NLastName": words[-1]} if words else {}
