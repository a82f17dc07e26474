"""Browsers that users are logged in with (Enrollment contract 3.1): sessions, cookies, CSRF tokens."""

import datetime as dt
import hmac
import logging

from sqlalchemy import delete, or_, select
from sqlmodel import col
from starlette.requests import HTTPConnection
from starlette.responses import Response

from app.auth.audit import record
from app.auth.clock import Clock
from app.auth.oauth.tokens import lock_user
from app.auth.passwords import Passwords
from app.auth.secrets import hash_key, new_secret
from app.db.engine import Database
from app.db.models import BrowserSession, User
from app.settings import Settings

SESSION_COOKIE, CSRF_COOKIE, CSRF_HEADER = "sessionid", "csrftoken", "X-CSRFToken"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})

_log = logging.getLogger("lyceum.audit")


class Sessions:
    """Logs browsers in and out; of a session's cookie only the hash is stored."""

    def __init__(self, database: Database, passwords: Passwords, settings: Settings, clock: Clock) -> None:
        self._database = database
        self._passwords = passwords
        self._life = dt.timedelta(hours=settings.session_hours)
        self._clock = clock

    async def log_in(self, username: str, password: str, address: str, old: str = "") -> str | None:
        """The cookie of a new session, which takes the place of an old cookie's; None for a wrong password.

        Raises `RateLimited` as `Passwords.check` does.
        """
        known = await self._passwords.check(username, password, address)
        if known is not None:
            cookie, moment = new_secret(), self._clock()
            async with self._database.session() as session:
                user = await session.run_sync(lock_user, known.id)
                # The password may have been changed since it was checked.
                if user is not None and user.password_hash == known.password_hash:
                    ended = or_(
                        col(BrowserSession.expires) <= moment,
                        col(BrowserSession.token_hash) == hash_key(old),
                    )
                    await session.execute(delete(BrowserSession).where(ended))
                    session.add(
                        BrowserSession(
                            token_hash=hash_key(cookie),
                            user_id=user.id,
                            created=moment,
                            expires=moment + self._life,
                        )
                    )
                    user.last_login = moment
                    record(session, user.username, "user.log_in", user.username)
                    return cookie
        # Some type their password where the name belongs.
        found = await self._passwords.find(username)
        _log.info("failed log-in as %s from %s", found.username if found else "an unknown user", address)
        return None

    async def log_out(self, cookie: str) -> None:
        """End the session that a cookie stands for, if there is one."""
        statement = (
            select(BrowserSession, col(User.username))
            .join(User)
            .where(col(BrowserSession.token_hash) == hash_key(cookie))
        )
        async with self._database.session() as session:
            found = (await session.execute(statement)).first()
            if found is not None:
                await session.delete(found[0])
                record(session, found.username, "user.log_out", found.username)

    def set_cookies(self, request: HTTPConnection, response: Response, cookie: str) -> None:
        """Give a browser the cookie of its session, and the CSRF token in one that scripts can read."""
        for name, value in ((SESSION_COOKIE, cookie), (CSRF_COOKIE, csrf_token(cookie))):
            response.set_cookie(
                name,
                value,
                max_age=int(self._life.total_seconds()),
                secure=request.url.scheme == "https",
                httponly=name == SESSION_COOKIE,
                samesite="lax",
            )


def delete_cookies(response: Response) -> None:
    """Take a browser's cookies away."""
    for name in (SESSION_COOKIE, CSRF_COOKIE):
        response.delete_cookie(name)


def csrf_token(cookie: str) -> str:
    """What a page that changes something sends beside a session's cookie; another site cannot know it."""
    return hmac.digest(cookie.encode(), b"csrf", "sha256").hex()


def is_csrf_token(cookie: str, token: str) -> bool:
    """Whether a token belongs to a session's cookie."""
    return hmac.compare_digest(csrf_token(cookie).encode(), token.encode())
