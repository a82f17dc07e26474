"""Opens of subsections (Data Analytics contract 8.7)."""

import re
from collections import Counter
from urllib.parse import unquote

from sqlalchemy import Select, func, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.analytics.batch import Batch
from app.analytics.places import block_key
from app.analytics.tracking import SERVER, TASK, TrackingEvent, usage_key
from app.db.bulk import add_missing, add_up, known_keys, rows_by_key
from app.db.models import SubsectionOpens, SubsectionVisit, now
from app.db.models.tables import table_of
from app.db.types import UtcDateTime
from app.vocabulary import ModuleCategory

_NAVIGATION = frozenset(("seq_goto", "seq_next", "seq_prev"))
_NAVIGATION_PREFIX = "edx.ui.lms.sequence."
_COURSEWARE = re.compile(r"/courses/(?:course-v1:[^/]+|[^/]+/[^/]+/[^/]+)/courseware/[^/]+/([^/?#]+)")
_KEY = ("module_id", "learner", "occurred_at", "digest")


def opened(event: TrackingEvent) -> str | None:
    """The usage key of the subsection that an event opens, if any."""
    if event.run_key is None or event.source == TASK:
        return None
    if event.type in _NAVIGATION or event.type.startswith(_NAVIGATION_PREFIX):
        return usage_key(event.payload.get("id"))
    if event.source == SERVER and event.type.startswith("/courses/"):
        path = _COURSEWARE.match(unquote(event.type))
        return path and usage_key(block_key(event.run_key, ModuleCategory.SUBSECTION, path.group(1)))
    return None


async def record_opens(batch: Batch) -> None:
    """Keep visits of subsections, and count those that were not known."""
    opening = [
        (event.run_key, key, event)
        for event in batch.events
        if event.run_key and event.learner and (key := opened(event))
    ]
    ids = await batch.module_ids(ModuleCategory.SUBSECTION, {(run, key) for run, key, _ in opening})
    visits = {(ids[run, key], event.learner, *event.order) for run, key, event in opening}
    known = {
        (row.module_id, row.learner, row.occurred_at, row.digest)
        for row in await rows_by_key(batch.connection, SubsectionVisit, _KEY, visits)
    }
    new = visits - known
    learners = {(module, learner) for module, learner, *_ in new}
    there = await known_keys(batch.connection, SubsectionVisit, _KEY[:2], learners)
    await add_missing(
        batch.connection, SubsectionVisit, [dict(zip(_KEY, visit, strict=True)) for visit in new]
    )
    views = Counter(module for module, *_ in new)
    arrived = Counter(module for module, _ in learners - there)
    computed_at = now()
    await add_up(
        batch.connection,
        SubsectionOpens,
        [
            {"module_id": module, "learners": arrived[module], "views": number, "computed_at": computed_at}
            for module, number in views.items()
        ],
        ("learners", "views"),
    )


async def compute_opens(connection: AsyncConnection, module_ids: Select[int]) -> None:
    """Compute the opens of modules from visits; those that nobody is known to have visited stay."""
    opens, visit = table_of(SubsectionOpens), table_of(SubsectionVisit)
    visited = select(visit.c.module_id).where(visit.c.module_id.in_(module_ids))
    await connection.execute(opens.delete().where(opens.c.module_id.in_(visited)))
    counted = (
        select(
            visit.c.module_id,
            func.count(visit.c.learner.distinct()),
            func.count(),
            literal(now(), UtcDateTime),
        )
        .where(visit.c.module_id.in_(module_ids))
        .group_by(visit.c.module_id)
    )
    columns = ["module_id", "learners", "views", "computed_at"]
    await connection.execute(insert(opens).from_select(columns, counted))
