"""Refresh tokens: exchanged once, and a second use gives a thief away (Enrollment contract 2.4)."""

import asyncio

import pytest

from app.db.engine import Database
from tests.oauth.clients import ADA, CONFIDENTIAL, TOKEN, MovingClock, OAuth, change_user

DAY = 86_400


def refresh(token: str, **members: str) -> dict[str, str]:
    """The form that exchanges a refresh token."""
    return CONFIDENTIAL | {"grant_type": "refresh_token", "refresh_token": token} | members


async def test_the_old_access_token_stops_at_once_and_the_new_pair_works(oauth: OAuth) -> None:
    old = await oauth.token(CONFIDENTIAL, ADA)
    assert await oauth.username(old["access_token"]) == "ada"
    new = await oauth.token(refresh(old["refresh_token"]))
    assert await oauth.username(old["access_token"]) is None
    assert await oauth.username(new["access_token"]) == "ada"
    newest = await oauth.token(refresh(new["refresh_token"]))
    assert len({old["refresh_token"], new["refresh_token"], newest["refresh_token"]}) == 3


async def test_a_3_of_20_simultaneous_refreshes_one_succeeds(oauth: OAuth) -> None:
    form = refresh((await oauth.token(CONFIDENTIAL, ADA))["refresh_token"])
    responses = await asyncio.gather(*(oauth.post(TOKEN, form) for _ in range(20)))
    assert sorted(response.status_code for response in responses) == [200] + [400] * 19
    for response in responses:
        if response.status_code == 200:
            assert await oauth.username(response.json()["access_token"]) == "ada"
        else:
            assert response.json()["error"] == "invalid_grant"
            assert "access_token" not in response.json()


@pytest.mark.parametrize(("seconds", "lives"), [(0, True), (10, True), (10.001, False), (DAY, False)])
async def test_a_4_a_second_use_after_the_grace_period_kills_the_family(
    oauth: OAuth, clock: MovingClock, seconds: float, lives: bool
) -> None:
    first = await oauth.token(CONFIDENTIAL, ADA)
    elsewhere = await oauth.token(CONFIDENTIAL, ADA)
    second = await oauth.token(refresh(first["refresh_token"]))
    third = await oauth.token(refresh(second["refresh_token"]))
    clock.move(seconds)
    assert await oauth.refused(refresh(first["refresh_token"])) == (400, "invalid_grant")
    assert await oauth.username(third["access_token"]) == ("ada" if lives else None)
    assert await oauth.username(elsewhere["access_token"]) == "ada"
    response = await oauth.post(TOKEN, refresh(third["refresh_token"]))
    assert response.status_code == (200 if lives else 400)


async def test_a_4_a_thief_is_noticed_after_the_token_has_expired(oauth: OAuth, clock: MovingClock) -> None:
    first = await oauth.token(CONFIDENTIAL, ADA)
    clock.move(89 * DAY)
    second = await oauth.token(refresh(first["refresh_token"]))
    clock.move(2 * DAY)
    assert await oauth.refused(refresh(first["refresh_token"])) == (400, "invalid_grant")
    assert await oauth.username(second["access_token"]) is None


@pytest.mark.parametrize(("seconds", "status"), [(-1, 200), (0, 400), (1, 400)])
async def test_a_6_the_end_of_a_refresh_token(
    oauth: OAuth, clock: MovingClock, seconds: int, status: int
) -> None:
    token = await oauth.token(CONFIDENTIAL, ADA)
    clock.move(90 * DAY + seconds)
    assert (await oauth.post(TOKEN, refresh(token["refresh_token"]))).status_code == status


async def test_a_token_of_another_client_is_refused_and_stays_valid(oauth: OAuth, clock: MovingClock) -> None:
    token = (await oauth.token(CONFIDENTIAL, ADA))["refresh_token"]
    assert await oauth.refused(refresh(token, client_id="other")) == (400, "invalid_grant")
    await oauth.token(refresh(token))
    clock.move(60)
    # Nor does the other client's use of a used token say anything.
    new = await oauth.token(CONFIDENTIAL, ADA)
    assert await oauth.refused(refresh(token, client_id="other")) == (400, "invalid_grant")
    assert await oauth.username(new["access_token"]) == "ada"


async def test_the_token_of_a_user_who_is_switched_off(oauth: OAuth, database: Database) -> None:
    token = (await oauth.token(CONFIDENTIAL, ADA))["refresh_token"]
    await change_user(database, "ada", is_active=False)
    assert await oauth.refused(refresh(token)) == (400, "invalid_grant")


async def test_an_access_token_is_no_refresh_token_nor_the_other_way_round(oauth: OAuth) -> None:
    token = await oauth.token(CONFIDENTIAL, ADA)
    assert await oauth.refused(refresh(token["access_token"])) == (400, "invalid_grant")
    assert await oauth.username(token["refresh_token"]) is None


async def test_the_scope_may_be_narrower_for_once_and_never_wider(oauth: OAuth) -> None:
    token = await oauth.token(CONFIDENTIAL, ADA, {"scope": "read email"})
    for wider in ("read write", "write"):
        error = await oauth.refused(refresh(token["refresh_token"], scope=wider))
        assert error == (400, "invalid_scope")
    # A scope without names is no wish for all rights.
    for scope, granted in (("read", "read"), (" ", "read email"), ("", "read email")):
        token = await oauth.token(refresh(token["refresh_token"], scope=scope))
        assert token["scope"] == granted


async def test_a_token_without_scope_can_be_narrowed(oauth: OAuth) -> None:
    token = await oauth.token(CONFIDENTIAL, ADA)
    assert (await oauth.token(refresh(token["refresh_token"], scope="read")))["scope"] == "read"


async def test_a_token_of_a_client_with_scopes_stays_within_them(oauth: OAuth) -> None:
    token = await oauth.token(CONFIDENTIAL, {"client_id": "reader"}, ADA, {"scope": "read"})
    form = refresh(token["refresh_token"], client_id="reader")
    assert await oauth.refused(form, {"scope": "read email"}) == (400, "invalid_scope")
    assert (await oauth.token(form))["scope"] == "read"
