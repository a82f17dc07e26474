"""From an `Authorization` header to a viewer."""

from contextlib import aclosing

from cachetools import TTLCache
from sqlalchemy import select

from app.auth.secrets import hash_key
from app.auth.viewer import STRANGER, Viewer
from app.db.engine import Database
from app.db.models import ApiKey, User
from app.db.models.tables import table_of
from app.errors import Unauthenticated

_SCHEMES = ("token", "bearer")
_REMEMBERED_SECONDS = 5
"""How long a key that was found is believed; a revoked key works no longer than this."""


class Authenticator:
    """Resolves credentials (Enrollment contract 3.2), remembering what it found for a few seconds."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._viewers: TTLCache[str, Viewer] = TTLCache(maxsize=10_000, ttl=_REMEMBERED_SECONDS)

    async def viewer(self, authorization: str | None) -> Viewer:
        """The viewer that a header names; a stranger without a header or with an unknown scheme.

        Raises `Unauthenticated` for a known scheme without a valid key: it never
        falls back to a stranger.
        """
        scheme, _, key = (authorization or "").strip().partition(" ")
        if scheme.lower() not in _SCHEMES:
            return STRANGER
        if not key or " " in key:
            raise Unauthenticated("Invalid Token.")
        hashed = hash_key(key)
        viewer = self._viewers.get(hashed)
        if viewer is None:
            viewer = self._viewers[hashed] = await self._find(hashed)
        return viewer

    async def _find(self, key_hash: str) -> Viewer:
        user, key = table_of(User), table_of(ApiKey)
        statement = (
            select(user.c.id, user.c.username, user.c.is_staff, user.c.is_superuser)
            .select_from(user.join(key, key.c.user_id == user.c.id))
            .where(key.c.key_hash == key_hash, user.c.is_active)
        )
        async with aclosing(await self._database.connect()) as connection:
            found = (await connection.execute(statement)).first()
        if found is None:
            raise Unauthenticated("Invalid Token.")
        return Viewer(found.id, found.username, found.is_staff or found.is_superuser)
