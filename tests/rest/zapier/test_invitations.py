"""Mails that let a new user set a password: by SMTP, once, and no longer than they should work."""

import asyncio
import datetime as dt
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError
from sqlalchemy import func, select

from app.auth.accounts import create_user, set_password_hash, update_user
from app.auth.invitations.queue import LIFE, Postman, invite, is_valid
from app.db.engine import Database
from app.db.models import Invitation
from app.settings import Settings
from tests.webhooks.conftest import SetClock

PAGE = "http://lyceum.test/login/recover/reset"


class MailServer:
    """As much of an SMTP server as takes mails."""

    def __init__(self) -> None:
        self.mails: list[str] = []
        self.refuses = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 ready\r\n")
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                writer.write(b"354 go on\r\n")
                text = await reader.readuntil(b"\r\n.\r\n")
                self.mails.append(text.decode())
            if verb == b"QUIT":
                writer.write(b"221 bye\r\n")
                break
            writer.write(b"550 no\r\n" if self.refuses and verb == b"MAIL" else b"250 fine\r\n")
        writer.close()


@asynccontextmanager
async def mail_server() -> AsyncIterator[tuple[MailServer, str]]:
    """A server on a free port, and its address."""
    made = MailServer()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    try:
        yield made, f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await server.wait_closed()


async def invited(database: Database, username: str = "zap.student") -> None:
    """A new user who is to get a mail."""
    async with database.session() as session:
        user = await create_user(session, username, f"{username}@example.org")
        assert user is not None
        invite(session, user, PAGE)


async def test_a_mail_is_sent_once_and_again_when_that_failed(database: Database) -> None:
    await invited(database)
    clock = SetClock()
    async with mail_server() as (server, url):
        settings = Settings(smtp_url=SecretStr(url), mail_from="school@example.org")
        first, second = (Postman(database, settings, clock) for _ in range(2))
        server.refuses = True
        await first.send_all()
        server.refuses = False
        await second.send_all()
        assert server.mails == []
        clock.moment += dt.timedelta(minutes=2)
        await asyncio.gather(first.send_all(), second.send_all())
        clock.moment += dt.timedelta(minutes=2)
        await first.send_all()
    (mail,) = server.mails
    assert "From: school@example.org" in mail and "To: zap.student@example.org" in mail


async def test_links_work_for_a_week_and_end_with_what_gives_rights(
    database: Database, tmp_path: Path
) -> None:
    clock = SetClock()

    async def link() -> str:
        outbox = tmp_path / str(clock.moment.timestamp())
        await Postman(database, Settings(mail_directory=outbox), clock).send_all()
        (file,) = await asyncio.to_thread(lambda: list(outbox.glob("*.eml")))
        assert file.stat().st_mode & 0o077 == 0
        found = re.search(r"token=(\S+)", file.read_text())
        assert found
        return found[1]

    await invited(database)
    token = await link()
    assert await is_valid(database, token, clock.moment + LIFE - dt.timedelta(seconds=1))
    assert not await is_valid(database, token, clock.moment + LIFE)
    assert not await is_valid(database, "", clock.moment)
    async with database.session() as session:
        await update_user(session, "zap.student", staff=True)
    assert not await is_valid(database, token, clock.moment)

    clock.moment += dt.timedelta(seconds=1)
    await invited(database, "other.student")
    token = await link()
    async with database.session() as session:
        await set_password_hash(session, "other.student", "hash")
    assert not await is_valid(database, token, clock.moment)
    async with database.reader.connect() as connection:
        assert await connection.scalar(select(func.count()).select_from(Invitation)) == 0


@pytest.mark.parametrize("url", ["mail.example.org", "http://mail.example.org", "smtp://", "smtp://a b"])
def test_addresses_of_mail_servers(url: str) -> None:
    with pytest.raises(ValidationError, match="smtp_url"):
        Settings(smtp_url=SecretStr(url))
