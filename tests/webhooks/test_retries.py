"""When it is tried again, and that it is (Zapier contract 10.6)."""

import datetime as dt
from collections.abc import Mapping
from email.utils import format_datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.db.engine import Database
from app.db.models import now
from app.vocabulary import AttemptStatus
from app.webhooks.exchange import UNREACHABLE, Client, Exchange
from app.webhooks.retries import STEPS, next_try
from tests.webhooks.conftest import SETTINGS, SetClock, attempts, delivery_of, hook, make_all, make_users

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
TRIES = st.integers(1, len(STEPS))
JITTER = st.floats(0, 1)


class Unreachable(Client):
    """A client that reaches nobody."""

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Exchange:
        return Exchange(UNREACHABLE)


def test_the_steps_are_those_of_the_contract() -> None:
    assert [step.total_seconds() for step in STEPS] == [
        *(5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600)
    ]
    assert sum(STEPS, dt.timedelta()) == dt.timedelta(hours=75, minutes=35, seconds=5)


@given(TRIES, JITTER, st.none() | st.text(max_size=30) | st.integers(-(10**9), 10**30).map(str))
def test_it_is_never_early_and_never_later_than_twice_the_step(
    try_number: int, jitter: float, retry_after: str | None
) -> None:
    due_at = next_try(try_number, NOW, jitter, retry_after)
    assert due_at is not None
    assert STEPS[try_number - 1] <= due_at - NOW <= 2 * STEPS[try_number - 1]


@given(TRIES, JITTER, st.integers(0, 10**6), st.booleans())
def test_what_the_target_asks_for_is_honoured(
    try_number: int, jitter: float, seconds: int, as_date: bool
) -> None:
    moment, step = NOW + dt.timedelta(seconds=seconds), STEPS[try_number - 1]
    asked = format_datetime(moment, usegmt=True) if as_date else str(seconds)
    due_at = next_try(try_number, NOW, jitter, asked)
    assert due_at is not None
    assert due_at >= min(moment, NOW + 2 * step)
    if seconds <= step.total_seconds():
        assert due_at == next_try(try_number, NOW, jitter)


@given(st.integers(len(STEPS) + 1, 100))
def test_the_tenth_try_is_the_last(try_number: int) -> None:
    assert next_try(try_number, NOW, 0, "1") is None


@pytest.mark.parametrize("retries", [True, False])
async def test_an_outage_of_three_days(database: Database, retries: bool) -> None:
    clock = SetClock()
    settings = SETTINGS.model_copy(update={"webhook_retries": retries})
    delivery = delivery_of(database, settings, clock, Unreachable())
    id_ = await hook(database, "https://hooks.example.org/")
    await make_users(database, "ann")
    clock.moment = start = now()
    tried = []
    while True:
        tried.append(clock.moment - start)
        again = await make_all(delivery, id_)
        if again is None:
            break
        clock.moment += again
    made = await attempts(database)
    assert [attempt.try_number for attempt in made] == list(range(1, 11 if retries else 2))
    assert {attempt.status for attempt in made} == {AttemptStatus.FAILED}
    assert len({attempt.webhook_id for attempt in made}) == 1
    assert len({attempt.body for attempt in made}) == 1
    gaps = [later - earlier for earlier, later in pairwise(tried)]
    for step, gap in zip(STEPS, gaps, strict=False):
        assert step <= gap <= 1.1 * step + dt.timedelta(seconds=0.2)
    assert len(gaps) == (len(STEPS) if retries else 0)
