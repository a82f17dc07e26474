"""Keeps a server busy: connections that ask for series, some of a year, one answer after another.

Its argument is a JSON object with the server's `port`, a `key` and the number of
`connections`. It says so when all of them had an answer, and goes on until it is
ended.
"""

import asyncio
import json
import os
import sys
from itertools import cycle, islice

from benchmarks.load import Client, connected

YEAR = "?start_date=2025-07-01&end_date=2026-07-01"
SERIES = (f"activity/{YEAR}", f"enrollment/{YEAR}", "enrollment/mode/", "enrollment/location/")


def request(port: int, key: str, series: str) -> bytes:
    """The bytes of a request."""
    path = f"/api/v0/courses/edX/DemoX/Demo_Course/{series}"
    head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Token {key}\r\n\r\n"
    return head.encode()


async def main(port: int, key: str, connections: int) -> None:
    """Ask without end."""
    requests = [request(port, key, series) for series in SERIES]

    async def ask(client: Client, first: int) -> None:
        for number, next_ in enumerate(islice(cycle(requests), first, None)):
            await client.ask(next_)
            if number == 0:
                answered.release()

    answered = asyncio.Semaphore(0)
    async with connected(port, connections) as clients, asyncio.TaskGroup() as group:
        for number, client in enumerate(clients):
            group.create_task(ask(client, number % len(requests)))
        for _ in clients:
            await answered.acquire()
        sys.stdout.write("busy\n")
        sys.stdout.flush()


if __name__ == "__main__":
    # It shall keep the server busy, not the machine.
    os.nice(10)
    asyncio.run(main(**json.loads(sys.argv[1])))
