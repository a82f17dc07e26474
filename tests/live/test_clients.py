"""What others have for these protocols, unmodified, and a server that ends."""

import asyncio
import os
import signal

import httpx
import orjson
import pytest

from app.db.engine import Database
from schema.relay import encode_id
from tests.databases import Databases
from tests.graphql.clients import STAFF_KEY
from tests.live.conftest import EVENTS, Server, happen
from tests.node import node
from tests.servers import running_server


@pytest.mark.parametrize("protocol", ["ws", "sse"])
async def test_clients_from_npm_follow_and_come_back(
    protocol: str, server: Server, database: Database
) -> None:
    made = await happen(database, 10)
    given = {
        "url": f"http://{server.host}/graphql",
        "key": STAFF_KEY,
        "protocol": protocol,
        "after": encode_id("DomainEvent", 0),
        "number": 30,
    }
    following = asyncio.create_task(asyncio.to_thread(node, "follow.js", orjson.dumps(given).decode()))
    for _ in range(20):
        made += await happen(database)
    assert (await following).split() == made


async def test_a_server_that_is_told_to_end_lets_its_clients_go(databases: Databases) -> None:
    """Without `complete`, so that they come back to the next one."""
    headers = {"accept": "text/event-stream"}
    with running_server({"LYCEUM_DATABASE_URL": await databases.empty_url("sqlite")}) as server:
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
