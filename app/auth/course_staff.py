"""Who is staff of which course run (Enrollment contract 3.4)."""

from collections.abc import Sequence

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.auth.accounts import get_user
from app.db.models import CourseRun, CourseStaff, User
from app.errors import BadUserInput


async def add_course_staff(session: AsyncSession, username: str, run_key: str) -> bool:
    """Make a user staff of a run; False when he is. Raises `BadUserInput` for an unknown user or run."""
    user_id, run_id = (await get_user(session, username)).id, await _run_id(session, run_key)
    if await session.get(CourseStaff, (user_id, run_id)) is not None:
        return False
    session.add(CourseStaff(user_id=user_id, run_id=run_id))
    return True


async def remove_course_staff(session: AsyncSession, username: str, run_key: str) -> bool:
    """Undo `add_course_staff`; False when he was not staff. Raises `BadUserInput` as it does."""
    user_id, run_id = (await get_user(session, username)).id, await _run_id(session, run_key)
    found = await session.get(CourseStaff, (user_id, run_id))
    if found is not None:
        await session.delete(found)
    return found is not None


async def list_course_staff(session: AsyncSession) -> Sequence[Row[str, str]]:
    """Usernames and keys of the runs that they are staff of."""
    statement = (
        select(col(User.username), col(CourseRun.key))
        .select_from(CourseStaff)
        .join(User, col(CourseStaff.user_id) == col(User.id))
        .join(CourseRun, col(CourseStaff.run_id) == col(CourseRun.id))
        .order_by(col(User.username), col(CourseRun.key))
    )
    return (await session.execute(statement)).all()


async def _run_id(session: AsyncSession, run_key: str) -> int:
    statement = select(col(CourseRun.id)).where(col(CourseRun.key) == run_key)
    run_id: int | None = await session.scalar(statement)
    if run_id is None:
        raise BadUserInput(f"there is no course run {run_key}", field="run_key")
    return run_id
