"""Recording how far learners get, and telling of it when one gets further (Zapier contract 9.4)."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from app.auth.audit import record
from app.db.models import CourseRun, Enrollment, Event, Progress, User, now
from app.db.models.tables import table_of
from app.errors import BadUserInput, Forbidden, NotFound
from app.vocabulary import WebhookEvent
from app.webhooks.emit import emit
from app.webhooks.payloads import PROGRESS
from resolvers.access import visible
from resolvers.context import Context
from resolvers.text import camel_case

_POINTS = ("absolute_progress", "max_possible_progress")


async def update(context: Context, id: int, values: Mapping[str, Any]) -> int:
    """Change what is given of the progress in an enrollment, whose id it is; only staff may.

    Raises `BadUserInput`, `NotFound` and `Forbidden`.
    """
    viewer = context.viewer
    for name in _POINTS:
        if values.get(name) is not None and values[name] < 0:
            raise BadUserInput("Less than none", field=camel_case(name))
    async with context.write() as session:
        enrollment: Enrollment | None = await session.scalar(
            select(Enrollment).where(
                col(Enrollment.id) == id, visible(viewer, Enrollment, table_of(Enrollment))
            )
        )
        if enrollment is None:
            raise NotFound("There is no such enrollment", field="id")
        if not viewer.is_staff:
            raise Forbidden("Only staff may record progress", field="id")
        # Of his progress one changes at a time.
        learner = await session.get_one(User, enrollment.user_id, with_for_update={"key_share": True})
        run = await session.get_one(CourseRun, enrollment.run_id)
        progress = await session.get(Progress, (run.id, learner.id))
        before = progress or Progress(run_id=run.id, user_id=learner.id)
        after = {name: values.get(name, getattr(before, name)) for name in PROGRESS}
        if after["success"] and not after["completed"]:
            raise BadUserInput("Nobody succeeds who has not completed", field="success")
        points, had = after["absolute_progress"] or 0, before.absolute_progress or 0
        got_further = points > had or (after["success"] and not before.success)
        moment = now()
        await session.merge(Progress(**(before.model_dump() | after | {"modified": moment})))
        if got_further:
            told = Event(
                type=WebhookEvent.PROGRESS_UPDATED,
                occurred_at=moment,
                user_id=learner.id,
                run_id=run.id,
                course_id=run.course_id,
                payload=after,
            )
            await emit(session, told)
        record(session, str(viewer.username), "progress.update", f"{learner.username} in {run.key}", **after)
    return id
