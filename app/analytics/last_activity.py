"""When learners last did something in a course run (Enterprise contract 12.3, `last_activity_date`)."""

import datetime as dt

from app.analytics.activity import activities
from app.analytics.batch import Batch
from app.db.bulk import replace, rows_by_key
from app.db.models import Progress, User, now

_KEY = ("run_id", "user_id")


async def record_last_activity(batch: Batch) -> None:
    """Keep the newest activity of each learner who has an account; what counts as one is as for weeks."""
    newest: dict[tuple[int, int | str], dt.datetime] = {}
    for event in batch.events:
        if event.run_key and event.learner and activities(event):
            # Who has no id at the platform is known by name.
            key = batch.run_ids[event.run_key], event.username if event.user_id is None else event.user_id
            newest[key] = max(event.occurred_at, newest.get(key, event.occurred_at))
    accounts: dict[int | str, int] = {}
    for column, type_ in (("lms_user_id", int), ("username", str)):
        names = {(name,) for _, name in newest if isinstance(name, type_)}
        for row in await rows_by_key(batch.connection, User, (column,), names):
            accounts[getattr(row, column)] = row.id
    active: dict[tuple[int, int], dt.datetime] = {}
    for (run, name), at in newest.items():
        if name in accounts:
            pair = run, accounts[name]
            active[pair] = max(at, active.get(pair, at))
    known = {
        (row.run_id, row.user_id): row.last_activity
        for row in await rows_by_key(batch.connection, Progress, _KEY, active)
    }
    modified = now()
    await replace(
        batch.connection,
        Progress,
        [
            {"run_id": run, "user_id": user, "last_activity": at, "modified": modified}
            for (run, user), at in active.items()
            if (last := known.get((run, user))) is None or last < at
        ],
    )
