"""Users: finding them by what one types, and what they teach."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, func, literal, or_, select

from app.db import models
from app.db.models.tables import table_of
from resolvers.context import Context
from resolvers.entity import Entity, Rows
from resolvers.keys import is_one_of
from resolvers.text import storable

USER = Entity("User", models.User)
SHORTEST_TERM = 3
"""How many characters of a user one has to know to find him."""


def begins(term: str) -> Callable[[Rows], ColumnElement[bool]]:
    """Whether a username, a full name or a word of it begins with a text; ASCII letters match in both cases.

    A text that is too short finds nobody. Raises `BadUserInput` for text that databases refuse.
    """
    # Bytes know upper and lower case of ASCII only, as both databases do here.
    wanted = storable(term, "term").encode().lower().decode()

    def narrow(rows: Rows) -> ColumnElement[bool]:
        if len(term) < SHORTEST_TERM:
            return literal(False)
        username, name = func.lower(rows.column("username")), func.lower(rows.column("name"))
        return or_(
            username.startswith(wanted, autoescape=True),
            name.startswith(wanted, autoescape=True),
            name.contains(f" {wanted}", autoescape=True),
        )

    return narrow


async def existing_username(context: Context, username: str) -> str | None:
    """How the name of an account is spelled; None when there is none, and for a stranger."""
    if context.viewer.user_id is None:
        return None
    user = table_of(models.User)
    wanted = storable(username, "username")
    named = select(user.c.username).where(func.lower(user.c.username) == wanted.encode().lower().decode())
    # Names may differ in nothing but the case of letters.
    found: str | None = await context.reader.scalar(named.order_by(user.c.username != wanted).limit(1))
    return found


def teaches(context: Context, user: int, run_key: str) -> Any:
    """Whether a user is staff of a course run, as an awaitable. Raises `BadUserInput`."""
    key = storable(run_key, "runKey")
    staff, run = table_of(models.CourseStaff), table_of(models.CourseRun)

    def statement(ids: Any) -> Any:
        return (
            select(staff.c.user_id, literal(True))
            .join(run, run.c.id == staff.c.run_id)
            .where(run.c.key == key, is_one_of(staff.c.user_id, ids, context.reader.dialect))
        )

    return context.loaders.value(("teaches", key), statement, False).load(user)
