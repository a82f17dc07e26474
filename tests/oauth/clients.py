"""A server of tokens over a database, in process, with accounts and clients to ask it for some."""

import base64
import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from sqlalchemy import update
from sqlmodel import col

from app.auth.clock import Clock
from app.auth.secrets import hash_key, hash_password
from app.db.engine import Database
from app.db.models import OAuthClient, User, now
from app.main import create_app
from app.settings import Settings
from app.vocabulary import ClientType, GrantType
from tests.graphql.clients import add_user

TOKEN, REVOKE, INTROSPECT = "/oauth2/access_token/", "/oauth2/revoke_token/", "/oauth2/introspect/"
PASSWORD = "correct horse battery staple"
SECRET = "secret-of-every-client-in-these-tests"
ADDRESS = "192.0.2.7"

PUBLIC = {"client_id": "public", "client_secret": SECRET}
CONFIDENTIAL = {"client_id": "confidential", "client_secret": SECRET}
ADA = {"grant_type": "password", "username": "ada", "password": PASSWORD}
SERVICE = {"grant_type": "client_credentials"}

LIMITLESS: dict[str, Any] = {
    "token_requests_per_minute": 0,
    "password_failures": 0,
    "password_failures_per_hour": 0,
    "client_failures": 0,
}


@dataclass
class MovingClock:
    """A clock that stands still until it is moved."""

    moment: dt.datetime = field(default_factory=now)

    def __call__(self) -> dt.datetime:
        return self.moment

    def move(self, seconds: float) -> None:
        """Go on by some seconds."""
        self.moment += dt.timedelta(seconds=seconds)


@dataclass
class OAuth:
    """Sends requests to the server."""

    http: httpx.AsyncClient

    async def post(self, path: str, form: dict[str, str], **options: Any) -> httpx.Response:
        """The response to a form."""
        return await self.http.post(path, data=form, **options)

    async def token(self, *forms: dict[str, str]) -> dict[str, Any]:
        """The tokens that are given for the members of these forms."""
        form = {name: value for members in forms for name, value in members.items()}
        response = await self.post(TOKEN, form)
        assert response.status_code == 200, response.text
        body: dict[str, Any] = response.json()
        return body

    async def refused(self, *forms: dict[str, str], **options: Any) -> tuple[int, str]:
        """Status and error of a refused request for a token."""
        form = {name: value for members in forms for name, value in members.items()}
        response = await self.post(TOKEN, form, **options)
        return response.status_code, response.json()["error"]

    async def username(self, token: str, scheme: str = "Bearer") -> str | None:
        """Whom a token stands for at the GraphQL API; None when it is refused."""
        response = await self.http.post(
            "/graphql",
            json={"query": "{ viewer { username } }"},
            headers={"authorization": f"{scheme} {token}"},
        )
        if response.status_code == 401:
            return None
        name: str = response.json()["data"]["viewer"]["username"]
        return name


@asynccontextmanager
async def oauth_of(
    database: Database, clock: Clock = now, address: str = ADDRESS, **settings: Any
) -> AsyncIterator[OAuth]:
    """A client of an application over a database."""
    url = database.url.render_as_string(hide_password=False)
    app = create_app(Settings(database_url=url, **{"webhook_worker": False} | settings), clock)
    # A fault of the server's is a 500 for these tests too.
    transport = httpx.ASGITransport(app, client=(address, 1234), raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://lyceum.test") as http,
    ):
        yield OAuth(http)


async def add_client(
    database: Database, client_id: str, type: ClientType, user_id: int | None = None, **values: Any
) -> None:
    """Add a client that has the secret of these tests."""
    grants = (
        [GrantType.PASSWORD]
        if type is ClientType.PUBLIC
        else [GrantType.PASSWORD, GrantType.CLIENT_CREDENTIALS, GrantType.REFRESH_TOKEN]
    )
    values = {"grants": grants, **values}
    async with database.session() as session:
        session.add(
            OAuthClient(
                client_id=client_id, type=type, user_id=user_id, secret_hash=hash_key(SECRET), **values
            )
        )


async def add_accounts(database: Database) -> None:
    """Add the accounts and clients of these tests."""
    password_hash = await hash_password(PASSWORD)
    users: dict[str, dict[str, Any]] = {
        "ada": {"email": "ada@example.com", "password_hash": password_hash},
        "off": {"password_hash": password_hash, "is_active": False},
        "keyless": {},
        "twin": {"email": "twins@example.com", "password_hash": password_hash},
        "other twin": {"email": "twins@example.com", "password_hash": password_hash},
    }
    for username, values in users.items():
        await add_user(database, username, **values)
    service = await add_user(database, "service", is_staff=True)
    public, confidential = ClientType.PUBLIC, ClientType.CONFIDENTIAL
    await add_client(database, "public", public)
    await add_client(database, "confidential", confidential, service)
    await add_client(database, "other", confidential, service)
    await add_client(database, "serviceless", confidential)
    await add_client(database, "switched-off", confidential, service, is_active=False)
    await add_client(database, "no-passwords", confidential, service, grants=["client_credentials"])
    await add_client(database, "reader", confidential, service, scopes=["read", "email"])


def basic(client_id: str, secret: str) -> dict[str, str]:
    """The header of HTTP Basic."""
    return {"authorization": "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()}


async def change_user(database: Database, username: str, **values: Any) -> None:
    """Change columns of a user."""
    async with database.session() as session:
        await session.execute(update(User).where(col(User.username) == username).values(**values))
