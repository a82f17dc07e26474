"""What others have for these protocols, unmodified, against `lyceum serve`."""

import asyncio
import os
import signal

import httpx
import orjson
import pytest

from app.db.engine import Database
from schema.relay import encode_id
from tests.graphql.clients import STAFF_KEY, add_user
from tests.live.conftest import EVENTS, happen
from tests.node import node
from tests.servers import running_server


@pytest.mark.parametrize("protocol", ["ws", "sse"])
async def test_clients_follow_and_come_back(protocol: str, database: Database) -> None:
    await add_user(database, "staff", STAFF_KEY, is_staff=True)
    made = await happen(database, 10)
    url = database.url.render_as_string(hide_password=False)
    with running_server({"LYCEUM_DATABASE_URL": url, "LYCEUM_WEBHOOK_WORKER": "false"}) as server:
        given = {
            "url": f"{server.url}/graphql",
            "key": STAFF_KEY,
            "protocol": protocol,
            "after": encode_id("DomainEvent", 0),
            "number": 30,
        }
        following = asyncio.create_task(asyncio.to_thread(node, "follow.js", orjson.dumps(given).decode()))
        for _ in range(20):
            made += await happen(database)
            await asyncio.sleep(0.01)
        assert (await following).split() == made


async def test_a_server_that_is_told_to_end_lets_its_clients_go(database: Database) -> None:
    """Without `complete`, so that they come back to the next one."""
    url = database.url.render_as_string(hide_password=False)
    headers = {"accept": "text/event-stream"}
    with running_server({"LYCEUM_DATABASE_URL": url}) as server:
        async with (
            httpx.AsyncClient(timeout=20) as client,
            client.stream(
                "POST", f"{server.url}/graphql", json={"query": EVENTS}, headers=headers
            ) as response,
        ):
            lines = response.aiter_lines()
            assert await anext(lines) == ":"
            os.kill(server.pid, signal.SIGTERM)
            assert [line async for line in lines] == [""]
