"""Who gets a connection, and when."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from app.db.pool import Driver, Pool
from app.errors import Unavailable


class Opened:
    """A connection of no database."""

    def __init__(self) -> None:
        self.closed = False

    async def fetch(self, sql: str, /, *parameters: Any) -> Sequence[Any]:
        raise NotImplementedError

    def is_closed(self) -> bool:
        return self.closed

    async def close(self) -> None:
        self.closed = True


async def opened() -> Driver:
    return Opened()


async def turns() -> None:
    """Let everybody get as far as they can."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_connections_are_handed_on_in_the_order_of_asking() -> None:
    pool = Pool(opened, 1, None)
    connection = await pool.take()
    waiting = [asyncio.ensure_future(pool.take()) for _ in range(3)]
    await turns()
    waiting[0].cancel()
    await turns()
    pool.give_back(connection)
    late = asyncio.ensure_future(pool.take())
    await turns()
    assert [task.done() for task in (*waiting, late)] == [True, True, False, False]
    assert waiting[1].result() is connection
    pool.give_back(connection)
    assert await waiting[2] is connection
    pool.give_back(connection)
    assert await late is connection
    pool.give_back(connection)
    assert (pool.lent, pool.idle) == (0, 1)


async def test_who_is_cancelled_as_a_connection_comes_hands_it_on() -> None:
    pool = Pool(opened, 1, None)
    connection = await pool.take()
    first, second = (asyncio.ensure_future(pool.take()) for _ in range(2))
    await turns()
    pool.give_back(connection)
    first.cancel()
    assert await second is connection
    assert first.cancelled()
    pool.give_back(connection)
    assert (pool.lent, pool.idle) == (0, 1)


async def test_a_connection_that_cannot_be_opened_leaves_its_place_to_others() -> None:
    answers: list[Driver | Exception] = [OSError("refused"), Opened()]

    async def open_() -> Driver:
        await asyncio.sleep(0)
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    pool = Pool(open_, 1, None)
    first, second = (asyncio.ensure_future(pool.take()) for _ in range(2))
    with pytest.raises(OSError, match="refused"):
        await first
    pool.give_back(await second)
    assert (pool.lent, pool.idle) == (0, 1)


async def test_open_connections_are_taken_first_and_closed_ones_replaced() -> None:
    pool = Pool(opened, 2, None)
    connection = await pool.take()
    pool.give_back(connection)
    assert await pool.take() is connection
    await connection.close()
    pool.give_back(connection)
    another = await pool.take()
    assert another is not connection
    pool.give_back(another)
    await pool.close()
    assert another.is_closed()
    assert pool.idle == 0
    one, two = await pool.take(), await pool.take()
    assert not one.is_closed() and not two.is_closed()


async def test_nobody_waits_for_ever() -> None:
    pool = Pool(opened, 1, 0.001)
    connection = await pool.take()
    with pytest.raises(Unavailable):
        await pool.take()
    pool.give_back(connection)
    assert await pool.take() is connection
