"""`lyceum oauth`: clients and tokens; with `lyceum user`, the five tasks of Enrollment contract 3.5."""

import asyncio
import datetime as dt
import json
from typing import Any

import pytest

from app.db.engine import Database
from tests.cli.conftest import Ended, Lyceum, contents
from tests.oauth.clients import CONFIDENTIAL, TOKEN, OAuth, oauth_of

PASSWORD = "correct horse battery staple"


@pytest.fixture
def ada(lyceum: Lyceum, url: str) -> None:
    """A user, and a client of each type."""
    lyceum("user", "create", "ada", "ada@example.com")
    lyceum("user", "password", "ada", stdin=PASSWORD.encode())
    for name in ("public", "confidential"):
        lyceum("oauth", "client", "create", "--type", name, "--user", "ada", "--client-id", name)


def made(ended: Ended) -> dict[str, Any]:
    """What a command that makes a secret printed."""
    assert (ended.code, ended.err) == (0, "Keep it: it cannot be shown again.\n"), ended
    body: dict[str, Any] = json.loads(ended.out)
    return body


def listed(ended: Ended) -> list[dict[str, Any]]:
    """What a command that lists printed."""
    assert (ended.code, ended.err) == (0, "")
    body: list[dict[str, Any]] = json.loads(ended.out)
    return body


async def test_a_14_the_five_tasks_by_command_then_a_token_with_their_output(
    lyceum: Lyceum, url: str
) -> None:
    def run(*words: str, **options: Any) -> Any:
        return asyncio.to_thread(lyceum, *words, **options)

    for said in ("Created user ada.\n", "User ada is there already.\n"):
        ended = await run("user", "create", "ada", "ada@example.com", "--staff", "--superuser")
        assert (ended.code, ended.out) == (0, said)
    assert (await run("user", "password", "ada", stdin=PASSWORD.encode())).code == 0
    client = made(await run("oauth", "client", "create", "--type", "public", "--name", "Reports"))
    chosen = made(
        await run(
            *("oauth", "token", "create", "--user", "ada", "--client", client["client_id"], "--ttl", "90d")
        )
    )
    database = Database(url)
    async with oauth_of(database) as oauth:
        assert await oauth.username(chosen["access_token"]) == "ada"
        credentials = {"client_id": client["client_id"], "client_secret": client["client_secret"]}
        token = await oauth.token(
            credentials, {"grant_type": "password", "username": "ada", "password": PASSWORD}
        )
        assert await oauth.username(token["access_token"]) == "ada"
        rotated = made(await run("oauth", "client", "rotate", client["client_id"]))
        assert await secret_works(oauth, rotated)
        assert not await secret_works(oauth, client)
    tokens = listed(await run("oauth", "token", "list"))
    assert [row["client_id"] for row in tokens] == [client["client_id"]] * 3
    assert (
        await run("oauth", "token", "revoke", str(chosen["id"]))
    ).out == f"Revoked token {chosen['id']}.\n"
    async with oauth_of(database) as oauth:
        assert await oauth.username(chosen["access_token"]) is None
        assert await oauth.username(token["access_token"]) == "ada"
        assert (await run("user", "deactivate", "ada")).code == 0
        assert (await run("user", "activate", "ada")).code == 0
    async with oauth_of(database) as oauth:
        assert await oauth.username(token["access_token"]) is None
    await database.dispose()


async def secret_works(oauth: OAuth, client: dict[str, Any]) -> bool:
    """Whether a token is given for a client's id and secret and Ada's password."""
    form = {name: client[name] for name in ("client_id", "client_secret")}
    ada = {"grant_type": "password", "username": "ada", "password": PASSWORD}
    return (await oauth.post(TOKEN, form | ada)).status_code == 200


def test_a_new_client_is_as_asked_for(lyceum: Lyceum, ada: None) -> None:
    client = made(
        lyceum(
            *("oauth", "client", "create", "--type", "confidential", "--user", "ada"),
            *("--name", "Repörts", "--url", "https://example.org", "--redirect-uri", "https://example.org/x"),
            *("--logout-uri", "https://example.org/bye"),
        )
    )
    assert len(client["client_id"]) == len(client["client_secret"]) == 43
    secret = client.pop("client_secret")
    assert client == {
        "client_id": client["client_id"],
        "type": "confidential",
        "user": "ada",
        "name": "Repörts",
        "url": "https://example.org",
        "redirect_uri": "https://example.org/x",
        "logout_uri": "https://example.org/bye",
        "grants": ["password", "client_credentials", "refresh_token"],
        "scopes": [],
        "is_active": True,
        "created": client["created"],
    }
    clients = listed(lyceum("oauth", "client", "list"))
    assert [row["client_id"] for row in clients] == ["public", "confidential", client["client_id"]]
    assert clients[2] == client
    assert secret not in repr(contents())


def test_a_chosen_client_id_needs_no_encoding_and_is_new(lyceum: Lyceum, ada: None) -> None:
    create = ("oauth", "client", "create", "--type", "public")
    before = contents()
    for client_id in ("", "a b", "a+b", "ü", "x" * 101, "a\n"):
        refusal = lyceum(*create, "--client-id", client_id).refusal
        assert refusal.startswith("a client id has 1 to 100")
    assert lyceum(*create, "--client-id", "public").refusal == "there is a client public already"
    assert lyceum(*create, "--user", "bob").refusal == "there is no user bob"
    assert lyceum(*create, "--name", "x" * 256).refusal.startswith("a name has at most 255")
    assert lyceum(*create, "--url", "a\nb").refusal.startswith("a url has at most 2000")
    assert lyceum("oauth", "client", "create").code == 2
    assert contents() == before
    assert lyceum(*create, "--client-id", "x" * 98 + ".~").code == 0


TOKEN_WORDS = ("oauth", "token", "create", "--user", "ada", "--client", "public")


def test_the_end_of_a_token_is_chosen(lyceum: Lyceum, ada: None) -> None:
    for option, value, end in (
        ("--expires", "2099-01-31T12:00:00Z", "2099-01-31T12:00:00Z"),
        ("--expires", "2099-01-31", "2099-01-31T00:00:00Z"),
        ("--expires", "2099-01-31 12:00", "2099-01-31T12:00:00Z"),
        ("--expires", "2099-01-31T12:00:00.5+02:00", "2099-01-31T10:00:00.500000Z"),
        ("--ttl", "45s", dt.timedelta(seconds=45)),
        ("--ttl", "30m", dt.timedelta(minutes=30)),
        ("--ttl", "12h", dt.timedelta(hours=12)),
        ("--ttl", "90d", dt.timedelta(days=90)),
    ):
        token = made(lyceum(*TOKEN_WORDS, option, value, "--scope", "email read"))
        if isinstance(end, str):
            assert token["expires"] == end, value
        else:
            created, expires = (dt.datetime.fromisoformat(token[name]) for name in ("created", "expires"))
            assert abs(expires - created - end) < dt.timedelta(seconds=5), value
        assert (token["user"], token["client_id"], token["scope"]) == ("ada", "public", "email read"), value
        shown = {name: token[name] for name in ("id", "user", "client_id", "scope", "created", "expires")}
        assert listed(lyceum("oauth", "token", "list"))[-1] == shown, value
        assert token["access_token"] not in repr(contents()), value


def test_a_token_that_cannot_be(lyceum: Lyceum, ada: None) -> None:
    before = contents()
    for words, says in (
        ([], "give either --expires or --ttl"),
        (["--ttl", "1d", "--expires", "2099-01-01"], "give either --expires or --ttl"),
        (["--expires", "2020-01-01"], "the end is in the past"),
        (["--ttl", "0d"], "the end is in the past"),
        (["--ttl", "90"], "--ttl: not a time"),
        (["--ttl", "-1d"], "--ttl: not a time"),
        (["--ttl", "999999999d"], "--ttl: too long"),
        (["--expires", "tomorrow"], "--expires: not a time"),
        (["--expires", "9999-12-31T23:59:59-23:00"], "--expires: not a time"),
        (["--ttl", "1d", "--scope", "read all"], "the scopes are read, write, profile, email"),
        (["--ttl", "1d", "--user", "bob"], "there is no user bob"),
        (["--ttl", "1d", "--client", "none"], "there is no client none"),
    ):
        assert lyceum(*TOKEN_WORDS, *words).refusal.startswith(says), words
        assert contents() == before, words


def test_no_token_for_a_user_who_is_switched_off(lyceum: Lyceum, ada: None) -> None:
    lyceum("user", "deactivate", "ada")
    assert lyceum(*TOKEN_WORDS, "--ttl", "1d").refusal == "the user ada is switched off"


def test_what_is_not_there_is_not_revoked_nor_rotated(lyceum: Lyceum, ada: None) -> None:
    assert lyceum("oauth", "token", "revoke", "7").refusal == "there is no token 7"
    assert lyceum("oauth", "client", "rotate", "none").refusal == "there is no client none"
    for command in ("activate", "deactivate"):
        assert lyceum("user", command, "bob").refusal == "there is no user bob"


def test_a_change_of_password_revokes_tokens(lyceum: Lyceum, ada: None) -> None:
    made(lyceum(*TOKEN_WORDS, "--ttl", "1d"))
    lyceum("user", "password", "ada", stdin=b"another")
    assert listed(lyceum("oauth", "token", "list")) == []


def test_a_chosen_secret_or_token_is_not_accepted(lyceum: Lyceum, ada: None) -> None:
    assert lyceum(*TOKEN_WORDS, "--ttl", "1d", "--token", "x" * 43).code == 2
    create = ("oauth", "client", "create", "--type", "public")
    assert lyceum(*create, "--client-secret", CONFIDENTIAL["client_secret"]).code == 2
