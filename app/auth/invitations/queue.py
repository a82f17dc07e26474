"""Invitations: asking for one in a transaction, sending it after that, and setting the password."""

import asyncio
import datetime as dt
import logging

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.auth.accounts import set_password_hash
from app.auth.audit import record
from app.auth.clock import Clock, now
from app.auth.invitations.mail import Mailer
from app.auth.secrets import hash_key, hash_password, new_secret
from app.db.engine import Database
from app.db.models import Invitation, User
from app.db.models.tables import table_of
from app.settings import Settings

LIFE = dt.timedelta(days=7)
"""How long a link works after it was sent."""

_LEASE = dt.timedelta(minutes=1)
_PATIENCE = dt.timedelta(days=3)
_SECONDS = 1.0

_invitation = table_of(Invitation)
_logger = logging.getLogger("lyceum.mail")


def invite(session: AsyncSession, user: User, page: str) -> None:
    """Have a mail sent once the transaction is done; its link leads to a page of these letters."""
    session.add(Invitation(user_id=user.id, page=page))


class Postman:
    """Sends the mails that are asked for in a database."""

    def __init__(
        self, database: Database, settings: Settings, clock: Clock = now, mailer: Mailer | None = None
    ) -> None:
        self._database = database
        self._clock = clock
        self._mailer = mailer or Mailer(settings)

    async def run(self, stopping: asyncio.Event) -> None:
        """Send until it is time to stop. What fails is told in the log and tried again, for three days."""
        while not stopping.is_set():
            try:
                await self.send_all()
            except Exception:
                _logger.exception("Sending mail failed; it is tried again")
            try:
                await asyncio.wait_for(stopping.wait(), _SECONDS)
            except TimeoutError:
                continue

    async def send_all(self) -> None:
        """Send what is due."""
        moment = self._clock()
        due = select(_invitation.c.id).where(
            _invitation.c.sent_at.is_(None),
            _invitation.c.created > moment - _PATIENCE,
            or_(_invitation.c.leased_until.is_(None), _invitation.c.leased_until <= moment),
        )
        async with self._database.reader.connect() as connection:
            ids = (await connection.scalars(due.order_by(_invitation.c.id))).all()
        for id_ in ids:
            try:
                await self._send(id_)
            except (OSError, ValueError) as error:
                # Words of the server may hold the address.
                _logger.warning("A mail could not be sent: %s", type(error).__name__)

    async def _send(self, id_: int) -> None:
        moment, token = self._clock(), new_secret()
        async with self._database.session() as session:
            claimed = (
                update(Invitation)
                .where(
                    col(Invitation.id) == id_,
                    col(Invitation.sent_at).is_(None),
                    or_(col(Invitation.leased_until).is_(None), col(Invitation.leased_until) <= moment),
                )
                .values(leased_until=moment + _LEASE, token_hash=hash_key(token), expires=moment + LIFE)
                .returning(col(Invitation.page), col(Invitation.user_id))
            )
            row = (await session.execute(claimed)).first()
            if row is None:
                return
            user = await session.get_one(User, row.user_id)
            address, username = user.email, user.username
        await self._mailer.send(address, "Your account", _text(username, f"{row.page}?token={token}"))
        async with self._database.session() as session:
            sent = update(Invitation).where(col(Invitation.id) == id_)
            await session.execute(sent.values(sent_at=self._clock()))


async def is_valid(database: Database, token: str, moment: dt.datetime) -> bool:
    """Whether a link's token still works."""
    async with database.reader.connect() as connection:
        return await connection.scalar(select(_invitation.c.id).where(*_valid(token, moment))) is not None


async def set_password(database: Database, token: str, password: str, moment: dt.datetime) -> bool:
    """Give the user of a link a password; the link works no longer then. False when it does not work now."""
    if not await is_valid(database, token, moment):
        return False
    password_hash = await hash_password(password)
    async with database.session() as session:
        used = delete(Invitation).where(*_valid(token, moment)).returning(col(Invitation.user_id))
        user_id = await session.scalar(used)
        if user_id is None:
            return False
        user = await session.get_one(User, user_id)
        await set_password_hash(session, user.username, password_hash)
        record(session, user.username, "user.set_password", user.username)
        return True


def _valid(token: str, moment: dt.datetime) -> tuple[ColumnElement[bool], ...]:
    return _invitation.c.token_hash == hash_key(token), _invitation.c.expires > moment


def _text(username: str, link: str) -> str:
    return (
        f"An account was made for you. Your username is {username}\n\n"
        f"Set a password, within {LIFE.days} days, here:\n\n{link}\n\n"
        "The link works once. If you did not expect this, ignore it.\n"
    )
