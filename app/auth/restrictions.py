"""The courses whose numbers a user's API key is for (Data Analytics contract 2.2)."""

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel, col

from app.auth.accounts import find_user
from app.db.models import ApiKey, ApiKeyCourse, ApiKeyOrganization, Course, CourseRun, Organization, User
from app.errors import BadUserInput


async def restrict(
    session: AsyncSession, username: str, courses: Collection[str], organizations: Collection[str]
) -> None:
    """Restrict a user's key to courses, by their keys or those of their runs, and to those of organizations.

    It replaces the restriction that there was. Raises `BadUserInput` for a user
    without a key, and for a key of nothing.
    """
    user_id = await _holder(session, username)
    course_ids = {await _course(session, key) for key in courses}
    organization_ids = {await _organization(session, key) for key in organizations}
    await _clear(session, user_id)
    session.add_all(ApiKeyCourse(user_id=user_id, course_id=id_) for id_ in course_ids)
    session.add_all(ApiKeyOrganization(user_id=user_id, organization_id=id_) for id_ in organization_ids)


async def unrestrict(session: AsyncSession, username: str) -> bool:
    """Undo `restrict`; False when there was none. Raises `BadUserInput` for a user without a key."""
    return await _clear(session, await _holder(session, username))


async def list_api_keys(session: AsyncSession) -> list[dict[str, Any]]:
    """Who has a key since when, and what it is restricted to."""
    courses = await _named(session, ApiKeyCourse, "course_id", Course)
    organizations = await _named(session, ApiKeyOrganization, "organization_id", Organization)
    keys = await session.execute(
        select(col(User.id), col(User.username), col(ApiKey.created))
        .join(ApiKey, col(ApiKey.user_id) == col(User.id))
        .order_by(col(User.username))
    )
    return [
        {
            "user": username,
            "created": created.isoformat(),
            "courses": courses[id_],
            "organizations": organizations[id_],
        }
        for id_, username, created in keys
    ]


async def _named(
    session: AsyncSession, link: type[SQLModel], column: str, target: type[Course | Organization]
) -> defaultdict[int, list[str]]:
    links = link.__table__.c  # type: ignore[attr-defined]
    found: defaultdict[int, list[str]] = defaultdict(list)
    statement = (
        select(links.user_id, col(target.key))
        .join(target, col(target.id) == links[column])
        .order_by(col(target.key))
    )
    for user_id, key in await session.execute(statement):
        found[user_id].append(key)
    return found


async def _clear(session: AsyncSession, user_id: int) -> bool:
    removed: list[int] = []
    for model in (ApiKeyCourse, ApiKeyOrganization):
        holder = col(model.user_id)
        removed += await session.scalars(delete(model).where(holder == user_id).returning(holder))
    return removed != []


async def _holder(session: AsyncSession, username: str) -> int:
    user = await find_user(session, username)
    if user is None or await session.get(ApiKey, user.id) is None:
        raise BadUserInput(f"{username} has no API key", field="username")
    return user.id


async def _course(session: AsyncSession, key: str) -> int:
    of_run = select(col(CourseRun.course_id)).where(col(CourseRun.key) == key)
    id_: int | None = await session.scalar(select(col(Course.id)).where(col(Course.key) == key).union(of_run))
    if id_ is None:
        raise BadUserInput(f"there is no course or course run {key}", field="course")
    return id_


async def _organization(session: AsyncSession, key: str) -> int:
    id_: int | None = await session.scalar(select(col(Organization.id)).where(col(Organization.key) == key))
    if id_ is None:
        raise BadUserInput(f"there is no organization {key}", field="organization")
    return id_
