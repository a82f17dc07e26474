"""A browser without a screen: keeps cookies, fills in forms, and reads pages."""

import html
import re
from dataclasses import dataclass
from typing import Any

import httpx
from sqlalchemy import select

from app.db.engine import Database
from app.db.models import AuditEntry
from app.db.models.tables import table_of
from tests.oauth.clients import PASSWORD

ORIGIN = {"origin": "http://lyceum.test"}

Entry = tuple[str, str, str, dict[str, Any]]


@dataclass
class Browser:
    """Opens the pages of a server."""

    http: httpx.AsyncClient

    async def log_in(self, username: str, password: str = PASSWORD, next: str = "") -> httpx.Response:
        """The response to the form for logging in."""
        form = {"username": username, "password": password, "csrf_token": self.csrf_token}
        path = f"/admin/login?next={next}" if next else "/admin/login"
        return await self.http.post(path, data=form, headers=ORIGIN)

    async def open(self, path: str) -> str:
        """The text of a page that must be there."""
        response = await self.http.get(path)
        assert response.status_code == 200, (response.status_code, response.text)
        return response.text

    async def send(self, path: str, **form: Any) -> httpx.Response:
        """The response to a form, sent with its CSRF token."""
        return await self.http.post(path, data={**form, "csrf_token": self.csrf_token}, headers=ORIGIN)

    async def done(self, path: str, **form: Any) -> str:
        """The secret that a form which must be accepted makes; empty when it makes none."""
        response = await self.send(path, **form)
        if response.status_code == 303:
            return ""
        assert response.status_code == 200, response.text
        secret = re.search(r'value="([\w-]{43})" readonly id="modal-secret-value"', response.text)
        assert secret is not None, response.text
        assert "cannot be shown again" in response.text
        return secret[1]

    async def refusals(self, path: str, **form: Any) -> dict[str, str]:
        """What is said at the fields of a form that must be refused, by name; "" is of the whole form."""
        response = await self.send(path, **form)
        assert response.status_code == 400, (response.status_code, response.text)
        said = {}
        for part in response.text.split('<div class="row mb-3">')[1:]:
            name, error = (
                re.search(r'name="(\w+)"', part),
                re.search(r'invalid-feedback d-block">(.*?)<', part),
            )
            if name and error:
                said[name[1]] = html.unescape(error[1])
        problem = re.search(r'role="alert">(.*?)<', response.text)
        return said | ({"": html.unescape(problem[1])} if problem else {})

    @property
    def csrf_token(self) -> str:
        """What the readable cookie says."""
        return self.http.cookies.get("csrftoken") or ""


async def audit_log(database: Database) -> list[Entry]:
    """Actor, action, subject and detail of all entries, the oldest first."""
    entry = table_of(AuditEntry)
    columns = (entry.c.actor, entry.c.action, entry.c.subject, entry.c.detail)
    async with database.reader.connect() as connection:
        return [tuple(row) for row in await connection.execute(select(*columns).order_by(entry.c.id))]


async def rows(database: Database, model: Any) -> list[Any]:
    """All rows of a table, in order of their keys."""
    table = table_of(model)
    async with database.reader.connect() as connection:
        return list(await connection.execute(select(table).order_by(*table.primary_key)))
