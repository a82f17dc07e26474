"""The life of a token: expiry, revocation, introspection (Enrollment contract 2.8)."""

import pytest

from app.auth import accounts
from app.auth.secrets import hash_password, verify_password
from app.db.engine import Database
from tests.oauth.clients import (
    ADA,
    CONFIDENTIAL,
    INTROSPECT,
    PASSWORD,
    PUBLIC,
    REVOKE,
    SERVICE,
    MovingClock,
    OAuth,
    change_user,
    oauth_of,
)
from tests.oauth.test_refresh import refresh
from tests.oauth.test_token import check_error

MONTH = 30 * 86_400


@pytest.mark.parametrize("remembered", [False, True])
async def test_a_6_a_token_ends_when_it_expires(oauth: OAuth, clock: MovingClock, remembered: bool) -> None:
    token = (await oauth.token(PUBLIC, ADA))["access_token"]
    clock.move(MONTH - 1)
    if remembered:
        assert await oauth.username(token) == "ada"
    for expected in ("ada", None, None) if remembered else (None, None):
        if not remembered:
            clock.move(1)
        assert await oauth.username(token) == expected
        if remembered:
            clock.move(1)


async def test_revoking_either_token_revokes_the_pair(oauth: OAuth) -> None:
    for presented in ("access_token", "refresh_token"):
        token = await oauth.token(CONFIDENTIAL, ADA)
        other = await oauth.token(CONFIDENTIAL, ADA)
        assert await oauth.username(token["access_token"]) == "ada"
        response = await oauth.post(REVOKE, CONFIDENTIAL | {"token": token[presented]})
        assert (response.status_code, response.json()) == (200, {})
        assert response.headers["cache-control"] == "no-store"
        assert await oauth.username(token["access_token"]) is None
        assert await oauth.refused(refresh(token["refresh_token"])) == (400, "invalid_grant")
        assert await oauth.username(other["access_token"]) == "ada"


async def test_revoking_a_refresh_token_revokes_its_family(oauth: OAuth) -> None:
    old = await oauth.token(CONFIDENTIAL, ADA)
    new = await oauth.token(refresh(old["refresh_token"]))
    await oauth.post("/oauth2/revoke_token", CONFIDENTIAL | {"token": old["refresh_token"]})
    assert await oauth.username(new["access_token"]) is None
    assert await oauth.refused(refresh(new["refresh_token"])) == (400, "invalid_grant")


async def test_what_is_not_the_clients_is_not_revoked_and_the_answer_is_the_same(oauth: OAuth) -> None:
    token = await oauth.token(CONFIDENTIAL, ADA)
    answers = set()
    for client, presented in (
        (PUBLIC, token["access_token"]),
        (CONFIDENTIAL | {"client_id": "other"}, token["refresh_token"]),
        (CONFIDENTIAL, "nonsense"),
    ):
        response = await oauth.post(REVOKE, client | {"token": presented})
        answers.add((response.status_code, response.content))
    assert answers == {(200, b"{}")}
    assert await oauth.username(token["access_token"]) == "ada"


@pytest.mark.parametrize("path", [REVOKE, INTROSPECT])
async def test_errors_beside_the_token_endpoint(oauth: OAuth, path: str) -> None:
    check_error(await oauth.post(path, CONFIDENTIAL), 400, "invalid_request")
    check_error(await oauth.post(path, {"token": "x"}), 401, "invalid_client")
    wrong = await oauth.post(path, CONFIDENTIAL | {"token": "x", "client_secret": "wrong"})
    check_error(wrong, 401, "invalid_client")


async def test_a_change_of_password_and_switching_off_revoke_all_tokens(
    oauth: OAuth, database: Database
) -> None:
    password_hash = await hash_password(PASSWORD)
    for change in ("password", "off"):
        token = await oauth.token(CONFIDENTIAL, ADA)
        async with database.session() as session:
            if change == "password":
                await accounts.set_password_hash(session, "ada", password_hash)
            else:
                await accounts.update_user(session, "ada", active=False)
                await accounts.update_user(session, "ada", active=True)
        assert await oauth.username(token["access_token"]) is None
        assert await oauth.refused(refresh(token["refresh_token"])) == (400, "invalid_grant")


async def test_a_password_that_changes_while_it_is_checked(
    oauth: OAuth, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def verify(password: str, password_hash: str | None) -> bool:
        async with database.session() as session:
            await accounts.set_password_hash(session, "ada", "another")
        return await verify_password(password, password_hash)

    monkeypatch.setattr("app.auth.passwords.verify_password", verify)
    assert await oauth.refused(CONFIDENTIAL, ADA) == (400, "invalid_grant")


async def test_the_token_of_a_user_who_is_switched_off(database: Database, oauth: OAuth) -> None:
    token = (await oauth.token(PUBLIC, ADA))["access_token"]
    await change_user(database, "ada", is_active=False)
    assert await oauth.username(token) is None


async def test_introspection_tells_a_client_of_its_own_tokens(oauth: OAuth, clock: MovingClock) -> None:
    tokens = await oauth.token(CONFIDENTIAL, ADA, {"scope": "read"})

    async def told(token: str, client: dict[str, str] = CONFIDENTIAL) -> dict[str, object]:
        response = await oauth.post(INTROSPECT, client | {"token": token})
        assert response.status_code == 200
        body: dict[str, object] = response.json()
        return body

    issued = int(clock.moment.timestamp())
    access = await told(tokens["access_token"])
    assert access == {
        "active": True,
        "scope": "read",
        "client_id": "confidential",
        "username": "ada",
        "sub": access["sub"],
        "iss": "http://127.0.0.1:8000",
        "token_type": "Bearer",
        "iat": issued,
        "exp": int(clock.moment.timestamp() + MONTH),
    }
    assert (await told(tokens["refresh_token"]))["active"] is True
    other = CONFIDENTIAL | {"client_id": "other"}
    for answer in (await told("nonsense"), await told(tokens["access_token"], other)):
        assert answer == {"active": False}
    check_error(
        await oauth.post(INTROSPECT, PUBLIC | {"token": tokens["access_token"]}), 401, "invalid_client"
    )
    await oauth.token(refresh(tokens["refresh_token"]))
    for token in (tokens["access_token"], tokens["refresh_token"]):
        assert await told(token) == {"active": False}
    service = (await oauth.token(CONFIDENTIAL, SERVICE))["access_token"]
    assert (await told(service))["username"] == "service"
    clock.move(MONTH)
    assert await told(service) == {"active": False}


@pytest.mark.parametrize("slash", ["", "/"])
async def test_the_metadata(database: Database, slash: str) -> None:
    async with oauth_of(database, issuer="https://lyceum.example.org", password_grant=False) as oauth:
        response = await oauth.http.get(f"/.well-known/oauth-authorization-server{slash}")
    root = "https://lyceum.example.org/oauth2"
    secret = ["client_secret_post", "client_secret_basic"]
    assert (response.status_code, response.json()) == (
        200,
        {
            "issuer": "https://lyceum.example.org",
            "token_endpoint": f"{root}/access_token/",
            "revocation_endpoint": f"{root}/revoke_token/",
            "introspection_endpoint": f"{root}/introspect/",
            "grant_types_supported": ["client_credentials", "refresh_token"],
            "response_types_supported": [],
            "token_endpoint_auth_methods_supported": [*secret, "none"],
            "revocation_endpoint_auth_methods_supported": [*secret, "none"],
            "introspection_endpoint_auth_methods_supported": secret,
            "scopes_supported": ["read", "write", "profile", "email"],
        },
    )
