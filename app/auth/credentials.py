"""From an `Authorization` header, or a session, to a viewer."""

import datetime as dt
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, bindparam, exists, literal, null, or_, select
from starlette.requests import HTTPConnection, Request

from app.auth.clock import Clock, now
from app.auth.passwords import Passwords
from app.auth.secrets import hash_key
from app.auth.sessions import CSRF_HEADER, SAFE_METHODS, SESSION_COOKIE, is_csrf_token
from app.auth.viewer import STRANGER, Viewer
from app.db.engine import Database
from app.db.models import (
    AccessToken,
    ApiKey,
    ApiKeyCourse,
    ApiKeyOrganization,
    BrowserSession,
    CourseStaff,
    EnterpriseLearner,
    RoleAssignment,
    User,
)
from app.db.models.tables import table_of
from app.db.reader import Reader, Record
from app.errors import Forbidden, TokenExpired, Unauthenticated, UserInactive

_REMEMBERED = dt.timedelta(seconds=5)
"""How long what was found is believed; what another process revoked works no longer than this."""

_CREDENTIALS = 10_000
"""How many are remembered."""

_user, _token, _key = table_of(User), table_of(AccessToken), table_of(ApiKey)
_session = table_of(BrowserSession)
_is_course_staff = exists().where(table_of(CourseStaff).c.user_id == _user.c.id).label("is_course_staff")
# Whatever the user shows: a password would else buy a token that reads more than the key.
_is_restricted = or_(
    *(exists().where(table_of(model).c.user_id == _user.c.id) for model in (ApiKeyCourse, ApiKeyOrganization))
).label("is_restricted")
_role, _link = table_of(RoleAssignment), table_of(EnterpriseLearner)
_reads_catalogs = or_(
    exists().where(_role.c.user_id == _user.c.id),
    exists().where(_link.c.user_id == _user.c.id, _link.c.linked),
).label("reads_catalogs")
_columns = (
    _user.c.id,
    _user.c.username,
    _user.c.is_staff,
    _user.c.is_superuser,
    _is_course_staff,
    _is_restricted,
    _reads_catalogs,
)
_known_columns = (*_columns, _user.c.is_active)
_ACCESS_TOKEN = (
    select(*_known_columns, _token.c.scope, _token.c.expires)
    .join_from(_user, _token)
    .where(_token.c.token_hash == bindparam("hash"), _token.c.revoked_at.is_(None))
)
_API_KEY = (
    select(*_known_columns, literal("").label("scope"), null().label("expires"))
    .join_from(_user, _key)
    .where(_key.c.key_hash == bindparam("hash"))
)
_SESSION = (
    select(*_columns, literal("").label("scope"), _session.c.expires)
    .join_from(_user, _session)
    .where(_session.c.token_hash == bindparam("hash"), _user.c.is_active)
)
_USER = select(*_columns, literal("").label("scope")).where(_user.c.id == bindparam("id"), _user.c.is_active)
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
    until: dt.datetime


class Authenticator:
    """Resolves credentials (Enrollment contract 3.2), remembering what it found for a few seconds."""

    def __init__(self, database: Database, passwords: Passwords, clock: Clock = now) -> None:
        self._database = database
        self._passwords = passwords
        self._clock = clock
        self.forget()

    async def viewer_of(self, request: Request, *, basic: bool = False) -> Viewer:
        """The viewer that a request acts for; `basic` says whether it may show a name and a password.

        Paths under `/dataserver2/` will pass it (Enrollment contract 3.1); no other may.
        Without an `Authorization` header it is who is logged in. Raises
        `Unauthenticated` as `viewer` does, `Forbidden` for a session that is to
        change something without its CSRF token, and `RateLimited` after too many
        wrong passwords.
        """
        given = request.headers.getlist("authorization")
        if not given:
            return await self._viewer_of_session(request)
        # Several headers are like one with several values, which is refused.
        authorization = ", ".join(given)
        if basic:
            scheme, _, credentials = authorization.strip().partition(" ")
            if scheme.lower() == "basic":
                address = request.client.host if request.client else ""
                return await self._viewer_of_password(credentials, address)
        return await self.viewer(authorization)

    async def viewer(self, authorization: str | None) -> Viewer:
        """The viewer that a header names; a stranger without a header or with an unknown scheme.

        Raises `Unauthenticated` for a known scheme without a valid key or token, as
        `UserInactive` when its user is switched off, as `TokenExpired` after its time: it
        never falls back to a stranger.
        """
        scheme, _, key = (authorization or "").strip().partition(" ")
        statements = _SCHEMES.get(scheme.lower())
        if statements is None:
            return STRANGER
        if not key or " " in key:
            raise Unauthenticated("Invalid Token.")
        name, moment = (scheme.lower(), hash_key(key)), self._clock()
        found = self._found.get(name)
        if found is None or moment >= found.until:
            remembered = self._found
            found = await self._find(statements, name[1])
            remembered.pop(name, None)
            if len(remembered) >= _CREDENTIALS:
                del remembered[next(iter(remembered))]
            remembered[name] = found
        if found.expires is not None and moment >= found.expires:
            raise TokenExpired("Invalid Token.")
        return found.viewer

    async def user_of_session(self, request: HTTPConnection) -> Record | None:
        """The user who is logged in with a browser, with his rights as they are now."""
        cookie = request.cookies.get(SESSION_COOKIE)
        row = await self._row(_SESSION, hash=hash_key(cookie)) if cookie else None
        return row if row is not None and self._clock() < row.expires else None

    def forget(self) -> None:
        """Believe nothing that was found before: what is revoked works no longer in this process."""
        # A new memory, so that who is looking now does not remember what he finds.
        self._found: dict[tuple[str, str], _Found] = {}

    async def viewer_of_session(self, connection: HTTPConnection) -> Viewer:
        """Who is logged in with a browser, whose page is known to be of this server.

        Raises `Unauthenticated` when nobody is, any more.
        """
        user = await self.user_of_session(connection)
        if user is None:
            raise Unauthenticated("The session is over.")
        return _viewer(user)

    async def viewer_of_user(self, user_id: int) -> Viewer | None:
        """A user with the rights he has now; None for one who is switched off, or no more."""
        user = await self._row(_USER, id=user_id)
        return None if user is None else _viewer(user)

    async def _viewer_of_session(self, request: Request) -> Viewer:
        user = await self.user_of_session(request)
        if user is None:
            return STRANGER
        token = request.headers.get(CSRF_HEADER, "")
        if request.method not in SAFE_METHODS and not is_csrf_token(request.cookies[SESSION_COOKIE], token):
            raise Forbidden(f"{CSRF_HEADER}: missing, or not the token of this session")
        return _viewer(user)

    async def _viewer_of_password(self, credentials: str, address: str) -> Viewer:
        try:
            username, _, password = b64decode(credentials, validate=True).decode().partition(":")
        except ValueError as error:
            raise Unauthenticated("Invalid Token.") from error
        known = await self._passwords.check(username, password, address)
        viewer = await self.viewer_of_user(known.id) if known is not None else None
        if viewer is None:
            raise Unauthenticated("Invalid Token.")
        return viewer

    async def _find(self, statements: Sequence[Select[Any]], hashed: str) -> _Found:
        for statement in statements:
            row = await self._row(statement, hash=hashed)
            if row is not None and not row.is_active:
                raise UserInactive("Invalid Token.")
            if row is not None:
                return _Found(_viewer(row), row.expires, self._clock() + _REMEMBERED)
        raise Unauthenticated("Invalid Token.")

    async def _row(self, statement: Select[Any], **values: Any) -> Record | None:
        async with Reader(self._database) as reader:
            rows = await reader.rows(statement, **values)
            return rows[0] if rows else None


def _viewer(row: Record) -> Viewer:
    is_staff = row.is_staff or row.is_superuser
    return Viewer(
        row.id,
        row.username,
        is_staff,
        row.is_course_staff,
        frozenset(row.scope.split()),
        row.is_superuser,
        is_restricted=row.is_restricted,
        reads_catalogs=row.reads_catalogs,
    )
