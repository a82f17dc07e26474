"""Sending mail: by SMTP, or into a folder where there is no server to send it."""

import asyncio
import smtplib
import ssl
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from app.settings import Settings

_SECONDS = 30
_POLICY = SMTP.clone(max_line_length=998)
"""As long as lines of mails may be, so that links stand in one piece."""

_PORTS = {"smtp": 587, "smtps": 465}


class Mailer:
    """Sends mail as the settings say."""

    def __init__(self, settings: Settings) -> None:
        self._server = settings.smtp_url.get_secret_value() if settings.smtp_url else None
        self._folder = settings.mail_directory
        self._sender = settings.mail_from

    async def send(self, address: str, subject: str, text: str) -> None:
        """Send a mail. Raises `OSError`, and `smtplib.SMTPException`, which is one, where that fails."""
        message = EmailMessage(_POLICY)
        message["From"], message["To"], message["Subject"] = self._sender, address, subject
        message.set_content(text)
        await asyncio.to_thread(self._send, message)

    def _send(self, message: EmailMessage) -> None:
        if self._server is None:
            _keep(self._folder, message)
            return
        server = urlsplit(self._server)
        secure = server.scheme == "smtps"
        context = ssl.create_default_context()
        host, port = server.hostname or "", server.port or _PORTS[server.scheme]
        made = (
            smtplib.SMTP_SSL(host, port, timeout=_SECONDS, context=context)
            if secure
            else smtplib.SMTP(host, port, timeout=_SECONDS)
        )
        with made as connection:
            connection.ehlo()
            if not secure and connection.has_extn("starttls"):
                connection.starttls(context=context)
            if server.username:
                connection.login(unquote(server.username), unquote(server.password or ""))
            connection.send_message(message)


def _keep(folder: Path, message: EmailMessage) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = folder / f".{uuid4().hex}"
    draft.touch(mode=0o600)
    draft.write_bytes(message.as_bytes())
    # Whoever looks into the folder finds whole mails only.
    draft.rename(folder / f"{draft.name[1:]}.eml")
