"""The load of a batch: it is streamed, while a probe on another connection waits for the event loop.

The probe is a cheap request, asked over and over: what holds up the event loop
holds up its answer. Nothing is parsed until all has come.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from time import perf_counter
from typing import Any

import httpx
import orjson
import uvloop

from app.errors import BadUserInput
from benchmarks.data import API_KEY
from benchmarks.load import Client, Load, Target, connected, measured

_PROBE = "/.well-known/oauth-authorization-server"
_BETWEEN_PROBES = 0.005
"""Seconds: short beside the pauses that are looked for, long enough to leave the server to the batch."""


@dataclass(frozen=True)
class Streams:
    """What was measured: seconds to the first byte of the last body, and a load of the probe's latencies."""

    first: float
    load: Load


def idle(target: Target, warm_up: str, seconds: float) -> Sequence[float]:
    """The latencies of the probe on a server that answered a request with the query `warm_up`, and rests."""
    return uvloop.run(_idle(target, warm_up, seconds))


def stream(target: Target, count: int, key: str, rows: int) -> Streams:
    """Get so many streams at the same time; each must have all rows, `key` ascending."""
    return uvloop.run(_stream(target, count, key, rows))


async def _idle(target: Target, warm_up: str, seconds: float) -> Sequence[float]:
    async with _getting(target) as http, connected(target.port, 1) as (prober,):
        await _get(http, f"{target.path}?{warm_up}")
        return await _probe(prober, target, asyncio.create_task(asyncio.sleep(seconds)))


async def _stream(target: Target, count: int, key: str, rows: int) -> Streams:
    async with _getting(target) as http, connected(target.port, 1) as (prober,):
        streams = asyncio.gather(*(_get(http, target.path) for _ in range(count)))
        load = await measured(target, _probe(prober, target, streams))
        answers = await streams
    for _, chunks in answers:
        load.size = _check(b"".join(chunks), key, rows)
    load.items = count * rows
    return Streams(max(first for first, _ in answers), load)


def _getting(target: Target) -> httpx.AsyncClient:
    headers = {"Authorization": f"Token {API_KEY}"}
    return httpx.AsyncClient(base_url=f"http://127.0.0.1:{target.port}", headers=headers, timeout=None)


async def _get(http: httpx.AsyncClient, path: str) -> tuple[float, list[bytes]]:
    """Seconds to the first byte of the body, and the body as it came."""
    chunks = []
    first = 0.0
    begin = perf_counter()
    try:
        async with http.stream("GET", path) as response:
            async for chunk in response.aiter_raw():
                first = first or perf_counter() - begin
                chunks.append(chunk)
    except httpx.TransportError as error:
        raise BadUserInput(f"{path}: {error}") from error
    if response.status_code != 200:
        raise BadUserInput(f"{path}: status {response.status_code}: {b''.join(chunks)!r:.300}")
    return first, chunks


async def _probe(prober: Client, target: Target, during: asyncio.Future[Any]) -> list[float]:
    request = Target(target.port, _PROBE, None, target.server).request()
    latencies = []
    while not during.done():
        before = perf_counter()
        await prober.ask(request)
        latencies.append(perf_counter() - before)
        await asyncio.wait([during], timeout=_BETWEEN_PROBES)
    return latencies


def _check(body: bytes, key: str, rows: int) -> int:
    """The length of a body. Raises `BadUserInput` for one that is not whole."""
    ids = [row[key] for row in orjson.loads(body)]
    if len(ids) != rows:
        raise BadUserInput(f"a batch has {len(ids)} rows, there are {rows}")
    if not all(one < next_ for one, next_ in pairwise(ids)):
        raise BadUserInput(f"a batch's {key} does not ascend")
    return len(body)
