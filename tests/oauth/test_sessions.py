"""Sessions and passwords as credentials (Enrollment contract 3.1 and 3.2)."""

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from app.auth.credentials import Authenticator
from app.auth.passwords import Passwords
from app.auth.secrets import hash_password
from app.auth.sessions import csrf_token
from app.db.engine import Database
from app.errors import LyceumError
from app.settings import Settings
from tests.graphql.clients import Statements
from tests.oauth.clients import ADA, PASSWORD, PUBLIC, MovingClock, OAuth, basic, change_user, oauth_of

QUERY = {"query": "{ viewer { username } }"}


@dataclass
class Browser:
    """A browser that Ada is logged in with, at the GraphQL API."""

    oauth: OAuth

    async def ask(self, csrf: str | None = None, **headers: str) -> tuple[int, Any]:
        """Status, and whom the API sees or the code of the error."""
        if csrf is not None:
            headers["x-csrftoken"] = csrf
        response = await self.oauth.http.post("/graphql", json=QUERY, headers=headers)
        body = response.json()
        if "errors" in body:
            return response.status_code, body["errors"][0]["extensions"]["code"]
        return response.status_code, (body["data"]["viewer"] or {}).get("username")

    @property
    def token(self) -> str:
        """The CSRF token."""
        return self.oauth.http.cookies["csrftoken"]


@pytest.fixture
async def browser(oauth: OAuth) -> Browser:
    """A browser that Ada is logged in with."""
    form = {"username": "ada", "password": PASSWORD}
    response = await oauth.post("/admin/login", form, headers={"origin": "http://lyceum.test"})
    assert response.status_code == 303
    return Browser(oauth)


async def test_a_session_opens_the_api_with_its_csrf_token_only(browser: Browser) -> None:
    assert await browser.ask(browser.token) == (200, "ada")
    for wrong in (None, "", "wrong", browser.token + "0", browser.token.upper(), csrf_token("other")):
        assert await browser.ask(wrong) == (403, "FORBIDDEN")
    headers = {"x-require-preflight": "1"}
    response = await browser.oauth.http.get("/graphql", params=QUERY, headers=headers)
    assert response.json()["data"] == {"viewer": {"username": "ada"}}


async def test_a_session_counts_only_without_an_authorization_header(browser: Browser) -> None:
    token = (await browser.oauth.token(PUBLIC, ADA | {"username": "twin"}))["access_token"]
    assert await browser.ask(authorization=f"Bearer {token}") == (200, "twin")
    assert await browser.ask(browser.token, authorization="Bearer wrong") == (401, "UNAUTHENTICATED")
    for stranger in ("Digest x", "", basic("ada", PASSWORD)["authorization"]):
        assert await browser.ask(browser.token, authorization=stranger) == (200, None)


async def test_a_session_that_is_over_or_unknown_is_a_stranger(
    browser: Browser, database: Database, clock: MovingClock
) -> None:
    clock.move(12 * 3600)
    assert await browser.ask() == (200, None)
    clock.move(-1)
    assert await browser.ask(browser.token) == (200, "ada")
    await change_user(database, "ada", is_active=False)
    assert await browser.ask() == (200, None)
    for cookie in ("unknown", "", "\u00ff"):
        headers = {b"cookie": f"sessionid={cookie}".encode("latin-1")}
        browser.oauth.http.cookies.clear()
        response = await browser.oauth.http.post("/graphql", json=QUERY, headers=headers)
        assert response.json()["data"] == {"viewer": None}


async def test_without_a_cookie_no_session_is_looked_for(oauth: OAuth) -> None:
    with Statements() as statements:
        await oauth.http.post("/graphql", json=QUERY)
    assert [text for text in statements.seen if "browser_session" in text] == []


async def test_graphiql_has_the_token_of_the_session(browser: Browser) -> None:
    page = await browser.oauth.http.get("/graphql", headers={"accept": "text/html"})
    assert browser.token in page.text
    assert browser.oauth.http.cookies["sessionid"] not in page.text


@dataclass
class Door:
    """A path that takes passwords."""

    http: httpx.AsyncClient

    async def username(self, *authorization: str) -> tuple[int, str]:
        """Status, and whom the path sees or the code of the error."""
        headers = [("authorization", value) for value in authorization]
        response = await self.http.get("/", headers=headers)
        return response.status_code, response.text


@pytest.fixture
async def door(database: Database, clock: MovingClock) -> AsyncIterator[Door]:
    """A path that takes passwords, with the limits that are set."""
    settings = Settings(password_failures=3)
    authenticator = Authenticator(database, Passwords(database, settings, clock), clock)

    async def answer(request: Request) -> Response:
        try:
            viewer = await authenticator.viewer_of(request, basic=True)
        except LyceumError as error:
            return PlainTextResponse(f"{error.code} {error.message}", 400)
        return PlainTextResponse(f"{viewer.username} {viewer.is_staff}")

    transport = httpx.ASGITransport(Starlette(routes=[Route("/", answer)]))
    async with httpx.AsyncClient(transport=transport, base_url="http://lyceum.test") as http:
        yield Door(http)


WRONG = (400, "UNAUTHENTICATED Invalid Token.")


async def test_a_password_opens_where_it_may(door: Door, database: Database) -> None:
    await change_user(database, "twin", is_superuser=True)
    for username, seen in (("ada", "ada False"), ("ada@example.com", "ada False"), ("twin", "twin True")):
        assert await door.username(basic(username, PASSWORD)["authorization"]) == (200, seen)
    header = basic("ada", PASSWORD)["authorization"]
    assert await door.username(header.replace("Basic", "bASIC")) == (200, "ada False")
    assert await door.username() == (200, "None False")


async def test_a_password_may_have_any_characters(door: Door, database: Database) -> None:
    await change_user(database, "ada", password_hash=await hash_password("süß: :\U0001f511"))
    assert await door.username(basic("ada", "süß: :\U0001f511")["authorization"]) == (200, "ada False")


@pytest.mark.parametrize(
    "credentials",
    [
        "",
        " ",
        "!",
        "YWRh",
        base64.b64encode(f"ada:{PASSWORD}".encode()).decode() + " x",
        base64.b64encode(f"ada:{PASSWORD}".encode()).decode().rstrip("=") + "!",
        base64.b64encode(b"ada:\xff").decode(),
        base64.b64encode(b"a\x00da:x").decode(),
        base64.b64encode(f"off:{PASSWORD}".encode()).decode(),
        base64.b64encode(b"keyless:").decode(),
        base64.b64encode(f"twins@example.com:{PASSWORD}".encode()).decode(),
        "\u00ff",
    ],
)
async def test_what_is_no_password_is_refused(door: Door, credentials: str) -> None:
    response = await door.http.get("/", headers={b"authorization": f"Basic {credentials}".encode("latin-1")})
    assert (response.status_code, response.text) == WRONG


async def test_several_passwords_are_refused(door: Door) -> None:
    header = basic("ada", PASSWORD)["authorization"]
    assert await door.username(header, header) == WRONG


async def test_wrong_passwords_are_limited(door: Door, clock: MovingClock) -> None:
    right, wrong = (basic("ada", password)["authorization"] for password in (PASSWORD, "wrong"))
    for _ in range(3):
        assert await door.username(wrong) == WRONG
    assert await door.username(right) == (400, "RATE_LIMITED Too many attempts; try again in 300 seconds")
    clock.move(300)
    assert await door.username(right) == (200, "ada False")


async def test_elsewhere_a_password_is_a_stranger(database: Database) -> None:
    async with oauth_of(database) as oauth:
        response = await oauth.http.post("/graphql", json=QUERY, headers=basic("ada", PASSWORD))
        assert response.json()["data"] == {"viewer": None}
