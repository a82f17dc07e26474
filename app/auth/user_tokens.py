"""Tokens for passwords that stay the same until they are changed (Data Analytics contract A14)."""

import datetime as dt
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session
from sqlmodel import col

from app.auth.attempts import Attempts
from app.auth.clock import Clock
from app.auth.oauth.tokens import lock_user
from app.auth.passwords import Passwords
from app.auth.secrets import derive_token, hash_key, new_secret
from app.db.engine import Database
from app.db.models import AccessToken, OAuthClient
from app.db.reader import Record
from app.errors import Forbidden
from app.settings import Settings
from app.vocabulary import ClientType

CLIENT_ID = "api-token-auth"
"""The client that these tokens are issued to; it can ask for none itself."""


class UserTokens:
    """Hands out access tokens that are derived from passwords; of each only the hash is stored.

    `requests` counts, by address, requests for tokens of any kind.
    """

    def __init__(
        self, database: Database, passwords: Passwords, requests: Attempts, settings: Settings, clock: Clock
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._requests = requests
        self._given = settings.password_grant
        self._life = dt.timedelta(days=settings.access_token_days)
        self._clock = clock

    def count(self, address: str) -> None:
        """Count a request. Raises `RateLimited` after too many."""
        self._requests.check(address)
        self._requests.count(address)

    async def token_of(self, username: str, password: str, address: str) -> str | None:
        """The token of a user; None when the password is wrong.

        Raises `RateLimited` as `Passwords.check` does, and `Forbidden` where no
        tokens are given for passwords.
        """
        if not self._given:
            raise Forbidden("This server gives no tokens for passwords.")
        known = await self._passwords.check(username, password, address)
        if known is None:
            return None
        family = await self._family(known.id)
        while True:
            token = await derive_token(password, family.bytes)
            kept = await self._keep(known, family, hash_key(token))
            if kept == family:
                return token
            if kept is None:
                return None
            family = kept

    async def _family(self, user_id: int) -> UUID:
        async with AsyncSession(self._database.reader) as session:
            statement = select(col(AccessToken.family)).join(OAuthClient).where(*self._valid(user_id))
            return await session.scalar(statement) or uuid4()

    async def _keep(self, known: Record, family: UUID, token_hash: str) -> UUID | None:
        """Prolong the token, or store it; the family of the valid one, None when the password has changed."""
        try:
            async with self._database.session() as session:
                return await session.run_sync(self._kept, known, family, token_hash)
        except IntegrityError:
            # Somebody else has just made the client.
            return await self._family(known.id)

    def _kept(self, session: Session, known: Record, family: UUID, token_hash: str) -> UUID | None:
        user = lock_user(session, known.id)
        if user is None or user.password_hash != known.password_hash:
            return None
        moment = self._clock()
        found = session.scalar(select(AccessToken).join(OAuthClient).where(*self._valid(user.id)))
        if found is None:
            client = session.scalar(select(OAuthClient).where(col(OAuthClient.client_id) == CLIENT_ID))
            client = client or self._client(session)
            found = AccessToken(
                token_hash=token_hash, family=family, user_id=user.id, client_id=client.id, expires=moment
            )
            session.add(found)
        if found.family == family:
            found.expires = moment + self._life
            user.last_login = moment
        return found.family

    def _client(self, session: Session) -> OAuthClient:
        client = OAuthClient(
            client_id=CLIENT_ID,
            secret_hash=hash_key(new_secret()),
            type=ClientType.CONFIDENTIAL,
            name="POST /api-token-auth/",
            is_active=False,
        )
        session.add(client)
        session.flush()
        return client

    def _valid(self, user_id: int) -> tuple[ColumnElement[bool], ...]:
        return (
            col(AccessToken.user_id) == user_id,
            col(AccessToken.revoked_at).is_(None),
            col(AccessToken.expires) > self._clock(),
            col(OAuthClient.client_id) == CLIENT_ID,
        )
