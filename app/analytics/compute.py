"""Computing series from scratch, from what is kept of events."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.analytics.activity import compute_activity
from app.analytics.enrollment import compute_enrollment
from app.analytics.problems import compute_answers, compute_grades
from app.analytics.subsections import compute_opens
from app.analytics.videos import compute_videos
from app.db.bulk import lock_series
from app.db.models import CourseRun, Module
from app.progress import Progress, silent
from app.vocabulary import ModuleCategory, Series

_OF_MODULES = {
    Series.GRADES: compute_grades,
    Series.ANSWERS: compute_answers,
    Series.OPENS: compute_opens,
}


async def compute(
    connection: AsyncConnection,
    run_ids: Collection[int] | None = None,
    *,
    series: Collection[Series] | None = None,
    progress: Progress = silent,
) -> int:
    """Compute series of runs and replace them; returns the number of runs.

    All runs and all series, unless some are named. What no event tells of, such
    as imported results, stays. Runs inside the caller's transaction; memory is
    bounded by what is known of one run.
    """
    if run_ids is None:
        run_ids = (await connection.scalars(select(col(CourseRun.id)))).all()
    chosen = set(Series if series is None else series)
    runs = sorted(set(run_ids))
    await lock_series(connection)
    advance = progress("Computing series", len(runs))
    for run_id in runs:
        if Series.ENROLLMENT in chosen:
            await compute_enrollment(connection, run_id)
        if Series.ACTIVITY in chosen:
            await compute_activity(connection, run_id)
        modules = select(col(Module.id)).where(col(Module.run_id) == run_id)
        for one, compute_one in _OF_MODULES.items():
            if one in chosen:
                await compute_one(connection, modules)
        if Series.VIDEOS in chosen:
            videos = modules.where(col(Module.category) == ModuleCategory.VIDEO)
            for module_id in (await connection.scalars(videos)).all():
                await compute_videos(connection, module_id)
        advance(1)
    return len(runs)
