"""Events that did not happen: to try a target or a document with, and to show what is sent."""

import datetime as dt
from types import SimpleNamespace
from typing import Any

from sqlalchemy import select

from app.db.models import CourseRun, Event
from app.db.models.tables import table_of
from app.vocabulary import WebhookEvent

_MOMENT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
_run = table_of(CourseRun)

USER = SimpleNamespace(
    username="sample",
    email="sample@example.org",
    name="Sam Ple",
    language=None,
    date_joined=_MOMENT,
    last_login=None,
    last_seen=None,
)
RUN = SimpleNamespace(
    key="course-v1:Example+Sample+Run",
    course_key="Example+Sample",
    title="A sample course",
    short_description="It does not exist.",
    full_description="",
    start=None,
    end=None,
    created=_MOMENT,
    modified=_MOMENT,
    course_title=None,
    course_short_description=None,
    course_full_description=None,
)
FACTS: dict[str, Any] = {"mode": "audit", "absolute_progress": 2, "max_possible_progress": 3}

NEWEST_RUN = select(_run.c.id, _run.c.course_id).order_by(_run.c.id.desc()).limit(1)
"""The course run that documents are tried with."""


def sample_event(type_: WebhookEvent, owner_id: int, run: Any, moment: dt.datetime) -> Event:
    """An event about the owner of a subscription and a row of `NEWEST_RUN`, if there is one."""
    of_user, of_run = type_ != WebhookEvent.COURSE_CREATED, type_ != WebhookEvent.USER_CREATED
    return Event(
        id=0,
        type=type_,
        occurred_at=moment,
        user_id=owner_id if of_user else None,
        run_id=run.id if run and of_run else None,
        course_id=run.course_id if run and of_run else None,
        payload=FACTS if of_user and of_run else {},
    )
