"""How often secrets may be tried (Enrollment contract 2.7)."""

import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from app.db.engine import Database
from app.db.models import User
from app.settings import Settings
from tests.oauth.clients import (
    ADA,
    CONFIDENTIAL,
    INTROSPECT,
    LIMITLESS,
    PUBLIC,
    TOKEN,
    MovingClock,
    OAuth,
    oauth_of,
)

WRONG = {"password": "wrong"}


def retry_after(response: httpx.Response) -> int:
    """The seconds that a 429 says to wait."""
    assert response.status_code == 429
    assert response.json()["error"] == "temporarily_unavailable"
    assert (response.headers["cache-control"], response.headers["pragma"]) == ("no-store", "no-cache")
    return int(response.headers["retry-after"])


async def failures(oauth: OAuth, number: int, **members: str) -> None:
    """Send wrong passwords."""
    for _ in range(number):
        assert await oauth.refused(PUBLIC, ADA, WRONG, members) == (400, "invalid_grant")


async def test_a_13_the_11th_failure_then_the_right_password_then_after_the_window(
    database: Database, clock: MovingClock
) -> None:
    async with oauth_of(database, clock) as oauth:
        await failures(oauth, 10)
        clock.move(100)
        assert retry_after(await oauth.post(TOKEN, PUBLIC | ADA | WRONG)) == 200
        assert retry_after(await oauth.post(TOKEN, PUBLIC | ADA)) == 200
        await failures(oauth, 1, username="twin")
        clock.move(199.5)
        assert retry_after(await oauth.post(TOKEN, PUBLIC | ADA)) == 1
        clock.move(0.5)
        await oauth.token(PUBLIC, ADA)
        await failures(oauth, 10)


async def test_a_13_of_simultaneous_attempts_only_so_many_are_looked_at(database: Database) -> None:
    async with oauth_of(database) as oauth:
        forms = [PUBLIC | ADA | WRONG] * 30
        responses = await asyncio.gather(*(oauth.post(TOKEN, form) for form in forms))
        assert sorted(response.status_code for response in responses) == [400] * 10 + [429] * 20


async def test_a_13_no_password_is_hashed_beyond_the_limit(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed = []

    async def verify(password: str, password_hash: str | None) -> bool:
        hashed.append(password)
        return False

    monkeypatch.setattr("app.auth.passwords.verify_password", verify)
    async with oauth_of(database) as oauth:
        for username in ("ada", "nobody"):
            hashed.clear()
            await failures(oauth, 10, username=username)
            assert retry_after(await oauth.post(TOKEN, PUBLIC | ADA | {"username": username})) == 300
            assert len(hashed) == 10


async def test_a_success_resets_the_counts_of_the_username(database: Database) -> None:
    async with oauth_of(database, password_failures_per_hour=15) as oauth:
        for _ in range(3):
            await failures(oauth, 9)
            await oauth.token(PUBLIC, ADA)


async def test_a_username_is_limited_from_anywhere_and_no_other_is(
    database: Database, clock: MovingClock
) -> None:
    proxy: dict[str, Any] = {
        "trusted_proxies": "192.0.2.0/24",
        "password_failures": 3,
        "password_failures_per_hour": 7,
    }
    async with oauth_of(database, clock, **proxy) as oauth:

        async def attempt(address: str, **members: str) -> httpx.Response:
            form = PUBLIC | ADA | members
            return await oauth.post(TOKEN, form, headers={"x-forwarded-for": f"10.9.8.7, {address}"})

        for number in range(7):
            response = await attempt(f"203.0.113.{number // 3}", **WRONG)
            assert response.status_code == 400
        assert retry_after(await attempt("203.0.113.9")) == 3600
        assert (await attempt("203.0.113.9", username="twin")).status_code == 200
        clock.move(3600)
        assert (await attempt("203.0.113.9")).status_code == 200


async def test_failures_of_a_client_count_by_address(database: Database, clock: MovingClock) -> None:
    async with oauth_of(database, clock) as oauth, oauth_of(database, clock, "198.51.100.1") as elsewhere:
        for path in [TOKEN, INTROSPECT] * 5:
            response = await oauth.post(path, CONFIDENTIAL | ADA | {"client_secret": "wrong"})
            assert response.status_code == 401
        assert retry_after(await oauth.post(TOKEN, CONFIDENTIAL | ADA)) == 300
        await oauth.token(PUBLIC, ADA)
        await elsewhere.token(CONFIDENTIAL, ADA)
        clock.move(300)
        await oauth.token(CONFIDENTIAL, ADA)


async def test_an_address_may_ask_60_times_a_minute_whatever_it_asks(
    database: Database, clock: MovingClock
) -> None:
    async with oauth_of(database, clock) as oauth:
        for _ in range(60):
            assert (await oauth.post(TOKEN, {})).status_code == 400
        assert retry_after(await oauth.post(TOKEN, PUBLIC | ADA)) == 60
        assert (await oauth.post(INTROSPECT, CONFIDENTIAL | {"token": "x"})).status_code == 200
        clock.move(60)
        await oauth.token(PUBLIC, ADA)


async def test_other_errors_do_not_count(database: Database) -> None:
    async with oauth_of(database, token_requests_per_minute=0) as oauth:
        for _ in range(15):
            assert await oauth.refused(PUBLIC, ADA, {"scope": "all"}) == (400, "invalid_scope")
        await failures(oauth, 10)


async def test_zero_is_no_limit(database: Database) -> None:
    async with oauth_of(database, **LIMITLESS) as oauth:
        await failures(oauth, 12)
        for _ in range(70):
            assert await oauth.refused(CONFIDENTIAL, {"client_secret": "wrong"}, ADA) == (
                401,
                "invalid_client",
            )
        await oauth.token(CONFIDENTIAL, ADA)


async def test_nobody_names_an_address_of_its_own(database: Database) -> None:
    for trusted in (None, "198.51.100.1"):
        async with oauth_of(database, token_requests_per_minute=3, trusted_proxies=trusted) as oauth:
            for number in range(3):
                headers = {"x-forwarded-for": f"203.0.113.{number}"}
                assert (await oauth.post(TOKEN, PUBLIC | ADA, headers=headers)).status_code == 200
            headers = {"x-forwarded-for": "203.0.113.99"}
            assert retry_after(await oauth.post(TOKEN, PUBLIC | ADA, headers=headers))


async def test_a_trusted_proxy_says_that_a_request_came_by_https(database: Database) -> None:
    async with oauth_of(database, require_https=True, trusted_proxies="192.0.2.0/24") as oauth:
        headers = {"x-forwarded-proto": "https"}
        assert (await oauth.post(TOKEN, PUBLIC | ADA, headers=headers)).status_code == 200


@pytest.mark.parametrize("networks", ["*", "proxy.example.org", "192.0.2.1,,", "192.0.2.1/24"])
def test_what_is_no_network_is_not_trusted(networks: str) -> None:
    with pytest.raises(ValueError, match="trusted_proxies"):
        Settings(trusted_proxies=networks)


async def test_a_busy_database_is_said_so(database: Database) -> None:
    async with oauth_of(database, database_pool_size=1, operation_timeout=0.05) as oauth:
        async with database.session() as session:
            # On SQLite the write lock is held by now; PostgreSQL waits for the user's row.
            await session.execute(update(User).values(name="x"))
            if database.dialect == "sqlite":
                refused = await oauth.refused(PUBLIC, ADA)
            else:
                waiting = [asyncio.ensure_future(oauth.refused(PUBLIC, ADA)) for _ in range(2)]
                done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                refused = done.pop().result()
        assert refused == (503, "temporarily_unavailable")
