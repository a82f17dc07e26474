"""Asking for tokens: what is given, and every row of the table of errors (Enrollment contract 2.2 to 2.6)."""

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import update

from app.db.engine import Database
from app.db.models import OAuthClient
from tests.oauth.clients import (
    ADA,
    CONFIDENTIAL,
    LIMITLESS,
    PASSWORD,
    PUBLIC,
    SECRET,
    SERVICE,
    TOKEN,
    MovingClock,
    OAuth,
    basic,
    change_user,
    oauth_of,
)

MONTH = 30 * 86_400


async def test_what_the_seed_asks_for(database: Database) -> None:
    async with oauth_of(database) as oauth:
        response = await oauth.post(TOKEN, PUBLIC | ADA)
        body = response.json()
        assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
        assert (response.headers["cache-control"], response.headers["pragma"]) == ("no-store", "no-cache")
        assert len(body["access_token"]) == 43
        assert body == {
            "access_token": body["access_token"],
            "token_type": "Bearer",
            "expires_in": MONTH - 1,
            "scope": "",
        }
        assert await oauth.username(body["access_token"]) == "ada"


@pytest.mark.parametrize(
    "path",
    ["/oauth2/access_token", "/oauth2/access_token/", "/oauth2/v1/access_token", "/oauth2/v1/access_token/"],
)
async def test_every_path_answers_by_itself(oauth: OAuth, path: str) -> None:
    response = await oauth.post(path, CONFIDENTIAL | SERVICE | {"token_type": "jwt"})
    assert response.status_code == 200
    body = response.json()
    assert body["token_type"] == "JWT"
    assert await oauth.username(body["access_token"], "JWT") == "service"


async def test_refresh_tokens_are_for_confidential_clients_that_have_a_login(oauth: OAuth) -> None:
    assert "refresh_token" in await oauth.token(CONFIDENTIAL, ADA)
    assert "refresh_token" not in await oauth.token(CONFIDENTIAL, SERVICE)
    assert "refresh_token" not in await oauth.token(PUBLIC, ADA)


async def test_earlier_tokens_stay_valid(oauth: OAuth) -> None:
    first, second = [(await oauth.token(PUBLIC, ADA))["access_token"] for _ in range(2)]
    assert first != second
    assert [await oauth.username(token) for token in (first, second)] == ["ada", "ada"]


async def test_ways_of_client_authentication(oauth: OAuth) -> None:
    await oauth.token({"client_id": "public"}, ADA)
    for headers in (
        basic("confidential", SECRET),
        basic("%63onfidential", SECRET.replace("-", "%2D")),
        {"authorization": basic("confidential", SECRET)["authorization"].replace("Basic", "bASIC")},
    ):
        for form in (ADA, ADA | {"client_id": "confidential"}):
            assert (await oauth.post(TOKEN, form, headers=headers)).status_code == 200
    assert (await oauth.post(TOKEN, ADA, headers=basic("public", ""))).status_code == 200
    # Another scheme is no client authentication.
    assert (await oauth.post(TOKEN, PUBLIC | ADA, headers={"authorization": "Bearer x"})).status_code == 200


async def test_an_email_address_is_a_username_when_it_is_one_accounts_only(oauth: OAuth) -> None:
    token = await oauth.token(PUBLIC, ADA, {"username": "ada@example.com"})
    assert await oauth.username(token["access_token"]) == "ada"
    assert await oauth.refused(PUBLIC, ADA, {"username": "twins@example.com"}) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("client", "asked", "granted"),
    [
        ("confidential", None, ""),
        ("confidential", " ", ""),
        ("confidential", "read", "read"),
        ("confidential", "email read  email", "email read"),
        ("confidential", "read write profile email", "read write profile email"),
        ("reader", None, "read email"),
        ("reader", " ", "read email"),
        ("reader", "email", "email"),
    ],
)
async def test_scopes(oauth: OAuth, client: str, asked: str | None, granted: str) -> None:
    scope = {} if asked is None else {"scope": asked}
    token = await oauth.token(CONFIDENTIAL, {"client_id": client}, ADA, scope)
    assert token["scope"] == granted


async def test_what_counts_as_absent_and_what_is_ignored(oauth: OAuth) -> None:
    await oauth.token(PUBLIC, ADA, {"scope": "", "nonsense": "1", "refresh_token": ""})
    response = await oauth.post(TOKEN + "?client_id=none&grant_type=none", PUBLIC | ADA)
    assert response.status_code == 200


def form(*changes: Mapping[str, str | None], client: dict[str, str] = CONFIDENTIAL) -> dict[str, Any]:
    """Options of a request with the members of a good one, some changed or left out."""
    members: dict[str, str | None] = {**client, **ADA}
    for change in changes:
        members |= change
    return {"data": {name: value for name, value in members.items() if value is not None}}


def raw(content: bytes, content_type: str = "application/x-www-form-urlencoded") -> dict[str, Any]:
    """Options of a request with these bytes."""
    return {"content": content, "headers": {"content-type": content_type}}


GOOD = f"client_id=public&grant_type=password&username=ada&password={PASSWORD}".replace(" ", "+").encode()
REFRESH = {"grant_type": "refresh_token"}
NO_CLIENT: dict[str, str | None] = {"client_id": None, "client_secret": None}

INVALID_REQUEST = {
    "no grant_type": form({"grant_type": None}),
    "blank grant_type": form({"grant_type": ""}),
    "no username": form({"username": None}),
    "blank username": form({"username": ""}),
    "no password": form({"password": None}),
    "blank password": form({"password": ""}),
    "no refresh_token": form(REFRESH),
    "repeated parameter": raw(GOOD + b"&username=ada"),
    "repeated blank parameter": raw(GOOD + b"&nonsense=&nonsense="),
    "JSON": {"json": {**PUBLIC, **ADA}},
    "multipart": {"data": {**PUBLIC, **ADA}, "files": {"file": b""}},
    "no content type": {"content": GOOD},
    "other charset": raw(GOOD, "application/x-www-form-urlencoded; charset=latin-1"),
    "not UTF-8": raw(GOOD + b"&scope=\xff"),
    "not UTF-8, encoded": raw(GOOD + b"&scope=%ff"),
    "101 parameters": raw(b"&".join(b"%d=1" % number for number in range(101))),
    "two ways of client authentication": form() | {"headers": basic("confidential", SECRET)},
}
INVALID_CLIENT = {
    "no client": form(NO_CLIENT),
    "unknown client": form({"client_id": "nobody"}),
    "client id with NUL": form({"client_id": "conf\x00"}),
    "wrong secret": form({"client_secret": "wrong"}),
    "wrong secret of a public client": form({"client_secret": "wrong"}, client=PUBLIC),
    "missing secret": form({"client_secret": None}),
    "blank secret": form({"client_secret": ""}),
    "inactive client": form({"client_id": "switched-off"}),
    "wrong secret in Basic": form(NO_CLIENT) | {"headers": basic("confidential", "wrong")},
    "missing secret in Basic": form(NO_CLIENT) | {"headers": basic("confidential", "")},
    "another client in the form": form(NO_CLIENT, {"client_id": "public"})
    | {"headers": basic("confidential", SECRET)},
    "Basic without a value": form(NO_CLIENT) | {"headers": {"authorization": "Basic"}},
    "Basic that is not base64": form(NO_CLIENT) | {"headers": {"authorization": "Basic ***"}},
    "Basic without a colon": form(NO_CLIENT) | {"headers": {"authorization": "Basic Y29uZg=="}},
    "Basic that is not UTF-8": form(NO_CLIENT) | {"headers": {"authorization": "Basic /zr/"}},
    "Basic with an encoding that is not UTF-8": form(NO_CLIENT) | {"headers": basic("%ff", SECRET)},
    "Basic twice": form(NO_CLIENT) | {"headers": [("authorization", "Basic eDp5")] * 2},
    "a public client's client_credentials without a secret": form(
        {"client_id": "public", "client_secret": None}, SERVICE
    ),
}
UNAUTHORIZED_CLIENT = {
    "client without the grant": form({"client_id": "no-passwords"}),
    "client_credentials of a public client": form(SERVICE, client=PUBLIC),
    "refresh_token of a public client": form(REFRESH, {"refresh_token": "x"}, client=PUBLIC),
}
INVALID_GRANT = {
    "unknown user": form({"username": "nobody"}),
    "username with NUL": form({"username": "a\x00"}),
    "wrong password": form({"password": "wrong"}),
    "inactive user": form({"username": "off"}),
    "user without a password": form({"username": "keyless"}),
    "unknown refresh token": form(REFRESH, {"refresh_token": "nonsense"}),
    "no service user": form({"client_id": "serviceless"}, SERVICE),
}
INVALID_SCOPE = {
    "unknown scope": form({"scope": "read everything"}),
    "more than the client has": form({"client_id": "reader", "scope": "read write"}),
    # Before credentials are looked at.
    "unknown scope with a wrong password": form({"scope": "all", "password": "wrong"}),
}
ROWS = [
    pytest.param(status, error, options, id=f"{error}: {case}")
    for status, error, cases in (
        (400, "invalid_request", INVALID_REQUEST),
        (400, "unsupported_grant_type", {"unknown": form({"grant_type": 'Päss"word\\'})}),
        (
            400,
            "unsupported_grant_type",
            {"of an unknown client": form({"grant_type": "x", "client_id": "x"})},
        ),
        (401, "invalid_client", INVALID_CLIENT),
        (400, "unauthorized_client", UNAUTHORIZED_CLIENT),
        (400, "invalid_grant", INVALID_GRANT),
        (400, "invalid_scope", INVALID_SCOPE),
        (413, "invalid_request", {"too large": raw(GOOD + b"&scope=" + b"x" * 65_536)}),
    )
    for case, options in cases.items()
]


@pytest.mark.parametrize(("status", "error", "options"), ROWS)
async def test_a_1_every_row_of_the_table_of_errors(
    refusing: OAuth, status: int, error: str, options: dict[str, Any]
) -> None:
    check_error(await refusing.http.post(TOKEN, **options), status, error)


def check_error(response: Any, status: int, error: str) -> None:
    """Assert that a response is this error, in the form that every error has."""
    assert (response.status_code, response.json()["error"]) == (status, error)
    assert (response.headers["cache-control"], response.headers["pragma"]) == ("no-store", "no-cache")
    assert response.headers["content-type"] == "application/json"
    assert set(response.json()) <= {"error", "error_description"}
    description = response.json().get("error_description", "x")
    assert description
    assert all(" " <= character <= "~" and character not in '"\\' for character in description)
    challenge = 'Basic realm="api"' if status == 401 else None
    assert response.headers.get("www-authenticate") == challenge


@pytest.mark.parametrize("path", ["/oauth2/access_token/", "/oauth2/revoke_token", "/oauth2/introspect/"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
async def test_a_1_only_post_is_for_forms(refusing: OAuth, method: str, path: str) -> None:
    response = await refusing.http.request(method, path)
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    if method != "HEAD":
        check_error(response, 405, "invalid_request")


async def test_a_1_plain_http_where_https_is_required(database: Database) -> None:
    async with oauth_of(database, require_https=True) as oauth:
        check_error(await oauth.post(TOKEN, PUBLIC | ADA), 400, "invalid_request")
        response = await oauth.post(f"https://lyceum.test{TOKEN}", PUBLIC | ADA)
        assert response.status_code == 200
        claimed = await oauth.post(TOKEN, PUBLIC | ADA, headers={"x-forwarded-proto": "https"})
        check_error(claimed, 400, "invalid_request")


async def test_a_1_the_password_grant_can_be_switched_off(database: Database) -> None:
    async with oauth_of(database, password_grant=False) as oauth:
        check_error(await oauth.post(TOKEN, PUBLIC | ADA), 400, "unsupported_grant_type")
        await oauth.token(CONFIDENTIAL, SERVICE)


async def test_a_1_an_inactive_service_user(oauth: OAuth, database: Database) -> None:
    await change_user(database, "service", is_active=False)
    check_error(await oauth.post(TOKEN, CONFIDENTIAL | SERVICE), 400, "invalid_grant")


async def test_a_body_of_64_kib_is_read(oauth: OAuth) -> None:
    padding = b"x" * (65_536 - len(GOOD) - 3)
    response = await oauth.http.post(TOKEN, **raw(GOOD + b"&x=" + padding))
    assert response.status_code == 200


async def test_there_is_no_address_that_shows_a_token(oauth: OAuth) -> None:
    token = (await oauth.token(PUBLIC, ADA))["access_token"]
    assert (await oauth.http.get(f"/oauth2/access_token/{token}/")).status_code == 404


async def test_the_life_of_a_token_is_the_clients_and_set_when_it_is_issued(
    database: Database, clock: MovingClock
) -> None:
    async with oauth_of(database, clock, access_token_days=2, **LIMITLESS) as oauth:
        assert (await oauth.token(PUBLIC, ADA))["expires_in"] == 2 * 86_400
        async with database.session() as session:
            await session.execute(update(OAuthClient).values(token_life=60))
        token = await oauth.token(PUBLIC, ADA)
        assert token["expires_in"] == 60
        async with database.session() as session:
            await session.execute(update(OAuthClient).values(token_life=600))
        clock.move(60)
        assert await oauth.username(token["access_token"]) is None
