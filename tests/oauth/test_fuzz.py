"""No bytes make the server fail (A-1)."""

import base64
from collections.abc import AsyncIterator

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.db.engine import Database
from tests.databases import Databases
from tests.oauth.clients import INTROSPECT, LIMITLESS, REVOKE, TOKEN, OAuth, oauth_of

FORM = {"content-type": "application/x-www-form-urlencoded"}
PATHS = st.sampled_from([TOKEN, REVOKE, INTROSPECT])
TEXT = st.text(st.characters(codec="utf-8"), max_size=40)
NAMES = st.sampled_from(
    ["grant_type", "client_id", "client_secret", "username", "password", "refresh_token", "scope", "token"]
)
VALUES = TEXT | st.sampled_from(["password", "refresh_token", "client_credentials", "public", "confidential"])
HEADER_BYTES = st.binary(max_size=60).map(lambda value: value.replace(b"\r", b"").replace(b"\n", b""))
fuzz = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="session")
async def shared(accounts: Database, databases: Databases) -> AsyncIterator[OAuth]:
    """One server for all examples."""
    async with oauth_of(await databases.copy(accounts), **LIMITLESS) as oauth:
        yield oauth


async def expect_refusal(oauth: OAuth, path: str, **options: object) -> None:
    """Send a request that no bytes can make a good one."""
    response = await oauth.http.post(path, **options)  # type: ignore[arg-type]
    assert response.status_code in (400, 401, 413), response.text
    assert response.json()["error"]


@fuzz
@given(PATHS, st.binary(max_size=200))
async def test_a_1_any_bytes_as_body(shared: OAuth, path: str, body: bytes) -> None:
    await expect_refusal(shared, path, content=body, headers=FORM)


@fuzz
@given(PATHS, st.dictionaries(NAMES, VALUES))
async def test_a_1_any_text_as_members(shared: OAuth, path: str, form: dict[str, str]) -> None:
    response = await shared.http.post(path, data=form)
    # `public` needs no secret, and may revoke what it likes.
    assert response.status_code in (200, 400, 401), response.text
    assert response.status_code != 200 or (path, form["client_id"]) == (REVOKE, "public")


@fuzz
@given(PATHS, HEADER_BYTES, st.booleans())
async def test_a_1_any_bytes_as_basic(shared: OAuth, path: str, value: bytes, encoded: bool) -> None:
    header = b"Basic " + (base64.b64encode(value) if encoded else value)
    form = {"grant_type": "client_credentials", "token": "x"}
    await expect_refusal(shared, path, data=form, headers={b"authorization": header})


@fuzz
@given(st.sampled_from([b"Bearer ", b"JWT ", b"Token ", b"bearer", b""]), HEADER_BYTES)
async def test_a_1_any_bytes_as_bearer(shared: OAuth, scheme: bytes, value: bytes) -> None:
    request = shared.http.build_request("POST", "/graphql", json={"query": "{ viewer { username } }"})
    request.headers = httpx.Headers([*request.headers.raw, (b"authorization", scheme + value)])
    response = await shared.http.send(request)
    assert response.status_code in (200, 401), response.text
    if response.status_code == 200:
        assert response.json()["data"]["viewer"] is None
