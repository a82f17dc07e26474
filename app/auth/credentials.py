"""From an `Authorization` header to a viewer."""

import datetime as dt
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from cachetools import TTLCache
from sqlalchemy import Select, bindparam, exists, literal, null, select
from starlette.requests import HTTPConnection

from app.auth.clock import Clock, now
from app.auth.secrets import hash_key
from app.auth.viewer import STRANGER, Viewer
from app.db.engine import Database
from app.db.models import AccessToken, ApiKey, CourseStaff, User
from app.db.models.tables import table_of
from app.errors import Unauthenticated

_REMEMBERED_SECONDS = 5
"""How long what was found is believed; what another process revoked works no longer than this."""

_user, _token, _key = table_of(User), table_of(AccessToken), table_of(ApiKey)
_is_course_staff = exists().where(table_of(CourseStaff).c.user_id == _user.c.id).label("is_course_staff")
_columns = (_user.c.id, _user.c.username, _user.c.is_staff, _user.c.is_superuser, _is_course_staff)
_ACCESS_TOKEN = (
    select(*_columns, _token.c.scope, _token.c.expires)
    .join_from(_user, _token)
    .where(_token.c.token_hash == bindparam("hash"), _token.c.revoked_at.is_(None), _user.c.is_active)
)
_API_KEY = (
    select(*_columns, literal("").label("scope"), null().label("expires"))
    .join_from(_user, _key)
    .where(_key.c.key_hash == bindparam("hash"), _user.c.is_active)
)
_SCHEMES: dict[str, Sequence[Select[Any]]] = {
    "bearer": (_ACCESS_TOKEN, _API_KEY),
    "jwt": (_ACCESS_TOKEN,),
    "token": (_API_KEY, _ACCESS_TOKEN),
}
"""What is looked for under each scheme (Enrollment contract 3.1); API keys also open as `Bearer`."""


@dataclass(frozen=True, slots=True)
class _Found:
    viewer: Viewer
    expires: dt.datetime | None


class Authenticator:
    """Resolves credentials (Enrollment contract 3.2), remembering what it found for a few seconds."""

    def __init__(self, database: Database, clock: Clock = now) -> None:
        self._database = database
        self._clock = clock
        self.forget()

    async def viewer_of(self, request: HTTPConnection) -> Viewer:
        """The viewer that a request acts for. Raises `Unauthenticated` as `viewer` does."""
        # Several headers are like one with several values, which is refused.
        return await self.viewer(", ".join(request.headers.getlist("authorization")))

    async def viewer(self, authorization: str | None) -> Viewer:
        """The viewer that a header names; a stranger without a header or with an unknown scheme.

        Raises `Unauthenticated` for a known scheme without a valid key or token: it
        never falls back to a stranger.
        """
        scheme, _, key = (authorization or "").strip().partition(" ")
        statements = _SCHEMES.get(scheme.lower())
        if statements is None:
            return STRANGER
        if not key or " " in key:
            raise Unauthenticated("Invalid Token.")
        name = (scheme.lower(), hash_key(key))
        found = self._found.get(name)
        if found is None:
            remembered = self._found
            found = await self._find(statements, name[1])
            remembered[name] = found
        if found.expires is not None and self._clock() >= found.expires:
            raise Unauthenticated("Invalid Token.")
        return found.viewer

    def forget(self) -> None:
        """Believe nothing that was found before: what is revoked works no longer in this process."""
        # A new memory, so that who is looking now does not remember what he finds.
        self._found: TTLCache[tuple[str, str], _Found] = TTLCache(
            10_000, _REMEMBERED_SECONDS, timer=self._time
        )

    def _time(self) -> float:
        return self._clock().timestamp()

    async def _find(self, statements: Sequence[Select[Any]], hashed: str) -> _Found:
        async with aclosing(await self._database.connect()) as connection:
            for statement in statements:
                row = (await connection.execute(statement, {"hash": hashed})).first()
                if row is not None:
                    is_staff = row.is_staff or row.is_superuser
                    viewer = Viewer(
                        row.id,
                        row.username,
                        is_staff,
                        row.is_course_staff,
                        frozenset(row.scope.split()),
                        row.is_superuser,
                    )
                    return _Found(viewer, row.expires)
        raise Unauthenticated("Invalid Token.")
