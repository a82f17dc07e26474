"""Ingesting: a tracking log is imported by a child process, then events are posted to a server.

The child is as far as it has read the log. An event has arrived when a query answers otherwise.
"""

import asyncio
import datetime as dt
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile
from time import perf_counter
from typing import Any

import httpx
import orjson
import uvloop

from app.errors import BadUserInput
from benchmarks.data import API_KEY, Scale, run_key
from benchmarks.process import peak_memory, position
from benchmarks.tracking import LAST_DAY, lines, new_enrollment

MARKS = (0.1, 0.25, 0.5, 0.75)
"""How much of a log is read, as a share of it, when its import is looked at; its end is looked at, too."""
_BETWEEN_LOOKS = 0.02
_BETWEEN_QUERIES = 0.002
_PATIENCE = 10
"""Seconds that an event may take to arrive."""

_QUERY = """query ($run: String!, $start: Date!, $end: Date!) {
  courseRun(key: $run) { analytics { enrollmentDaily(start: $start, end: $end) { cumulativeCount } } }
}"""


@dataclass(frozen=True)
class Ingest:
    """A log of so many events is imported into a database that has none, then so many are posted."""

    name: str
    content: str
    events: int
    data: Scale
    singles: int
    batches: int

    @property
    def runs(self) -> Sequence[str]:
        """The runs that events are of."""
        return [run_key(number, self.data) for number in range(self.data.runs)]


BATCH = 500
"""Events in a batch, which is under a MiB."""


def _ingest(events: int, learners: int, runs: int, singles: int, batches: int) -> Ingest:
    # Those who enroll one by one are not in the log; the last of the accounts is staff.
    accounts = learners + singles + 1
    data = Scale(f"log_{events}", accounts, learners, runs, runs, enrollments_per_run=0, days=0)
    content = (
        f"a log of {events:,} events of {learners:,} learners in {runs} runs, imported;"
        f" then {singles} enrollments posted one by one, and {batches} batches"
    )
    return Ingest("INGEST", content, events, data, singles, batches)


INGEST = _ingest(1_000_000, learners=20_000, runs=20, singles=50, batches=40)
SMALL_INGEST = _ingest(2_000, learners=100, runs=3, singles=5, batches=1)


@dataclass(frozen=True)
class Import:
    """Seconds that an import took, and its peak memory in bytes at each of `MARKS` and at its end."""

    seconds: float
    peaks: Sequence[int]


@dataclass(frozen=True)
class Posts:
    """Seconds until each single event was in the answer, and all that the batches took to be accepted."""

    latencies: Sequence[float]
    seconds: float


def import_log(log: Path, database_url: str) -> Import:
    """Import a log by the command line."""
    begin = perf_counter()
    with TemporaryFile() as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "import", "tracking-log", str(log)],
            env={**os.environ, "LYCEUM_DATABASE_URL": database_url},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        peaks = list(_peaks(process, log))
        seconds = perf_counter() - begin
        if process.returncode:
            output.seek(0)
            told = " ".join(output.read().decode(errors="replace").split())
            raise BadUserInput(f"the import fails with {process.returncode}: {told:.300}")
    return Import(seconds, peaks)


def _peaks(process: subprocess.Popen[bytes], log: Path) -> Iterator[int]:
    """The peak memory of a process whenever it has read as much of the log as a mark says, and at its end."""
    size, marks, peak = log.stat().st_size, list(MARKS), 0
    while process.poll() is None:
        with suppress(LookupError, OSError):
            # It may be gone since it was asked.
            peak = peak_memory(process.pid)
        while marks and position(process.pid, log) >= marks[0] * size:
            del marks[0]
            yield peak
        with suppress(subprocess.TimeoutExpired):
            process.wait(_BETWEEN_LOOKS)
    yield from [peak] * (len(marks) + 1)


def post(ingest: Ingest, port: int) -> Posts:
    """Post single events and wait for each, then batches, to a server of this machine."""
    return uvloop.run(_post(ingest, port))


async def _post(ingest: Ingest, port: int) -> Posts:
    headers = {"Authorization": f"Token {API_KEY}"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60) as http:
        first = ingest.data.learners + 1
        latencies = [
            await _arrival(http, user_id, ingest.runs[user_id % len(ingest.runs)])
            for user_id in range(first, first + ingest.singles)
        ]
        batches = list(_batches(ingest))
        begin = perf_counter()
        for batch in batches:
            await _send(http, "/events", batch)
        return Posts(latencies, perf_counter() - begin)


async def _arrival(http: httpx.AsyncClient, user_id: int, run: str) -> float:
    """Seconds from an event's being sent to the answer that knows of it."""
    known = await _known(http, run)
    event = orjson.dumps(new_enrollment(user_id, run))
    begin = perf_counter()
    await _send(http, "/events", event)
    while await _known(http, run) != known + 1:
        if perf_counter() - begin > _PATIENCE:
            raise BadUserInput(f"an event is not in the answer {_PATIENCE} seconds after it was posted")
        await asyncio.sleep(_BETWEEN_QUERIES)
    return perf_counter() - begin


async def _known(http: httpx.AsyncClient, run: str) -> int:
    """How many learners are known in a run on the last day of the log."""
    variables = {"run": run, "start": f"{LAST_DAY}", "end": f"{LAST_DAY + dt.timedelta(1)}"}
    answer = await _send(http, "/graphql", orjson.dumps({"query": _QUERY, "variables": variables}))
    try:
        days: Sequence[Mapping[str, int]] = answer["data"]["courseRun"]["analytics"]["enrollmentDaily"]
        return days[0]["cumulativeCount"] if days else 0
    except (KeyError, TypeError) as error:
        raise BadUserInput(f"the server answers with errors: {answer!r:.300}") from error


async def _send(http: httpx.AsyncClient, path: str, body: bytes) -> Any:
    try:
        response = await http.post(path, content=body, headers={"Content-Type": "application/json"})
    except httpx.TransportError as error:
        raise BadUserInput(f"{path}: {error}") from error
    if not response.is_success:
        raise BadUserInput(f"{path}: status {response.status_code}: {response.text:.300}")
    return orjson.loads(response.content or b"null")


def _batches(ingest: Ingest) -> Iterator[bytes]:
    """Bodies of events that are not in the log."""
    events = lines(ingest.batches * BATCH, ingest.runs, ingest.data.learners, seed=1)
    while batch := list(islice(events, BATCH)):
        yield f"[{','.join(batch)}]".encode()
