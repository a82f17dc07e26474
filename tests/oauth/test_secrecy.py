"""What nobody may learn: from answers, from the time they take, from the database and from the log."""

import base64
import logging
import statistics
import time
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import SQLModel

from app.auth.secrets import COST, hash_key, hash_password
from app.db.engine import Database
from tests.oauth.clients import (
    ADA,
    CONFIDENTIAL,
    INTROSPECT,
    PASSWORD,
    PUBLIC,
    REVOKE,
    SECRET,
    SERVICE,
    TOKEN,
    MovingClock,
    OAuth,
    basic,
    change_user,
)
from tests.oauth.test_refresh import refresh
from tests.oauth.test_token import ROWS

WRONG_USER, WRONG_PASSWORD = {"username": "nobody"}, {"password": "wrong"}


async def test_a_2_unknown_client_and_wrong_secret_are_answered_alike(oauth: OAuth) -> None:
    for path in (TOKEN, REVOKE, INTROSPECT):
        answers = set()
        for client in ({"client_id": "nobody"}, {"client_secret": "wrong"}, {"client_id": "switched-off"}):
            response = await oauth.post(path, CONFIDENTIAL | ADA | client)
            answers.add((response.status_code, response.content, *map(tuple, response.headers.items())))
        assert len(answers) == 1


async def test_a_2_unknown_user_and_wrong_password_are_answered_alike(oauth: OAuth) -> None:
    answers = set()
    for wrong in (WRONG_USER, WRONG_PASSWORD, {"username": "off"}, {"username": "keyless"}):
        response = await oauth.post(TOKEN, PUBLIC | ADA | wrong)
        answers.add((response.status_code, response.content, *map(tuple, response.headers.items())))
    assert len(answers) == 1


async def test_a_2_unknown_user_and_wrong_password_take_as_long(
    oauth: OAuth, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Not the cost of other tests.
    monkeypatch.setattr("app.auth.secrets.COST", COST)
    password_hash = await hash_password(PASSWORD)
    assert password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    await change_user(database, "ada", password_hash=password_hash)
    times: dict[str, list[float]] = {"user": [], "password": []}
    for _ in range(50):
        for name, wrong in (("user", WRONG_USER), ("password", WRONG_PASSWORD)):
            start = time.perf_counter()
            await oauth.post(TOKEN, PUBLIC | ADA | wrong)
            times[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(measured) for name, measured in times.items()}
    assert medians["user"] == pytest.approx(medians["password"], rel=0.25)


def spellings(secrets: Mapping[str, str]) -> dict[str, str]:
    """The secrets as text, hex and base64, by what they are called."""
    found = {}
    for name, secret in secrets.items():
        found[f"{name} as text"] = secret
        found[f"{name} as hex"] = secret.encode().hex()
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            found[f"{name} as {encode.__name__}"] = encode(secret.encode()).decode().rstrip("=")
    return found


async def use(oauth: OAuth) -> dict[str, str]:
    """Ask for everything there is, rightly and wrongly; the secrets that were in it."""
    secrets = {"password": PASSWORD, "secret": SECRET}
    pair = await oauth.token(CONFIDENTIAL, ADA)
    successor = await oauth.token(refresh(pair["refresh_token"]))
    for number, tokens in enumerate((pair, successor, await oauth.token(CONFIDENTIAL, SERVICE))):
        for kind in {"access_token", "refresh_token"} & tokens.keys():
            secrets[f"{kind} {number}"] = tokens[kind]
            await oauth.post(INTROSPECT, CONFIDENTIAL | {"token": tokens[kind]})
            for scheme in ("Bearer", "JWT", "Token"):
                await oauth.username(tokens[kind], scheme)
    for case in ROWS:
        options: Any = case.values[2]
        await oauth.http.post(TOKEN, **options)
    await oauth.post(TOKEN, ADA, headers=basic("confidential", SECRET))
    await oauth.post(REVOKE, CONFIDENTIAL | {"token": successor["access_token"]})
    return secrets


async def test_a_5_the_database_holds_no_secret(oauth: OAuth, database: Database) -> None:
    secrets = await use(oauth)
    dump = []
    async with database.reader.connect() as connection:
        for name, table in SQLModel.metadata.tables.items():
            if name != "calendar":
                dump += [repr(tuple(row)) for row in await connection.execute(select(table))]
    held = "".join(dump)
    assert [name for name, text in spellings(secrets).items() if text in held] == []
    # What is looked for would have been found.
    assert hash_key(secrets["access_token 0"]) in held


async def test_a_7_the_log_holds_no_secret(
    oauth: OAuth, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], clock: MovingClock
) -> None:
    caplog.set_level(logging.DEBUG)
    secrets = await use(oauth)
    log = caplog.text + "".join(capfd.readouterr())
    assert "POST http://lyceum.test/oauth2/access_token/" in log
    assert [name for name, text in spellings(secrets).items() if text in log] == []
