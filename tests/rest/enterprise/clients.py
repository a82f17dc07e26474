"""Asking the Enterprise API, in process."""

import datetime as dt
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

import httpx
from sqlalchemy import select

from app.auth.clock import Clock
from app.auth.clock import now as real
from app.auth.secrets import hash_key
from app.db.engine import Database
from app.db.models import AccessToken, OAuthClient, RoleAssignment, User
from app.main import create_app
from app.settings import Settings
from app.vocabulary import ClientType, EnterpriseRole

JSON, XML = "application/json", "application/xml"
LMS = "https://courses.edx.org"
ROOT = "/enterprise/v2/enterprise-catalogs"


def token_of(username: str) -> str:
    """The access token of a user, as long as those that the server makes."""
    return f"token-of-{username}".replace(" ", "-").ljust(43, "_")


@dataclass
class Enterprise:
    """Sends requests to an application; as one who may everything and wants JSON, unless told."""

    http: httpx.AsyncClient
    database: Database

    async def ask(
        self,
        path: str,
        who: str | None = "operator",
        accept: str | None = JSON,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """The response to a request, whose path is below that of the catalogs unless it begins with a slash."""
        address = path if path.startswith("/") else f"{ROOT}/{path}"
        request = self.http.build_request(method, address)
        del request.headers["accept"]
        if accept is not None:
            request.headers["accept"] = accept
        if who is not None:
            request.headers["authorization"] = f"JWT {token_of(who)}"
        request.headers.update(headers or {})
        return await self.http.send(request)

    async def get(self, path: str, who: str = "operator") -> Any:
        """The JSON of a GET that must succeed."""
        response = await self.ask(path, who)
        assert response.status_code == 200, response.text
        return response.json()


@asynccontextmanager
async def enterprise_of(
    database: Database, clock: Clock = real, **settings: Any
) -> AsyncIterator[Enterprise]:
    """A client of an application over a database."""
    url = database.url.render_as_string(hide_password=False)
    given: dict[str, Any] = {"lms_url": LMS, "webhook_worker": False, **settings}
    app = create_app(Settings(database_url=url, **given), clock)
    # A fault of the server's is a 500 for these tests too.
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://lyceum.test") as http,
    ):
        yield Enterprise(http, database)


async def add_caller(
    database: Database, username: str, *roles: tuple[EnterpriseRole, int | None], **values: Any
) -> int:
    """A user with roles, each for a customer or for all, and an access token; the id."""
    async with database.session() as session:
        client = await session.scalar(select(OAuthClient))
        client = client or OAuthClient(client_id="c", secret_hash=hash_key("s"), type=ClientType.PUBLIC)
        user = User(username=username, **values)
        session.add_all([client, user])
        await session.flush()
        session.add_all(
            [
                AccessToken(
                    token_hash=hash_key(token_of(username)),
                    user_id=user.id,
                    client_id=client.id,
                    scope="",
                    expires=real() + dt.timedelta(days=1),
                ),
                *(
                    RoleAssignment(user_id=user.id, role=role, customer_id=customer)
                    for role, customer in roles
                ),
            ]
        )
        return user.id


def told(value: Any) -> Any:
    """What XML can tell of a JSON value: the names and the order of elements, and texts."""
    if isinstance(value, dict):
        return [(name, told(member)) for name, member in value.items()] or ""
    if isinstance(value, list):
        return [("list-item", told(item)) for item in value] or ""
    return "" if value is None else str(value)


def elements(text: str) -> Any:
    """The same of an XML document."""

    def read(element: ElementTree.Element) -> Any:
        return [(child.tag, read(child)) for child in element] or element.text or ""

    return read(ElementTree.fromstring(text))
