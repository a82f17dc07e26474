"""Measuring queries and batches: each on a server of its own, by a load that comes from another process."""

import asyncio
import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from app.errors import BadUserInput
from app.progress import Progress
from benchmarks.data import Scale
from benchmarks.databases import Filled, data_directory, filled
from benchmarks.hooks import Hooks, deliver
from benchmarks.ingest import Ingest, import_log, post
from benchmarks.load import Load, Target, hammer, walk
from benchmarks.log import Log, fill_log
from benchmarks.process import cores, peak_memory, pin, start_peak
from benchmarks.queries import Batch, Lookup, Query
from benchmarks.report import (
    BatchMeasurement,
    HooksMeasurement,
    IngestMeasurement,
    LogMeasurement,
    Measurement,
)
from benchmarks.server import Server, bare, lyceum
from benchmarks.stream import idle, stream
from benchmarks.tracking import write_log

STREAMS = (1, 4)
_WARM_UP = "username=learner-00001"
_PAGES_AT_ONCE = 100


@dataclass(frozen=True)
class Bench:
    """Measures for some seconds at each number of connections, after a quarter of that to warm up."""

    loader: Executor
    bare_server: Server
    core: int
    seconds: float
    scale: Scale
    progress: Progress

    def lyceum(self, query: Query | Lookup, name: str, database: Filled) -> Iterator[Measurement]:
        """Measure a query on Lyceum over a database."""
        with lyceum(database.url, self.core) as running:
            path = query.address(self.scale) if isinstance(query, Lookup) else "/graphql"
            target = self._target(query, running, path, database.pid)
            if isinstance(query, Query) and query.paged:
                load = self._walk(target, f"{query.name}, {name}")
                yield Measurement(query.name, name, 1, load, peak_memory(running.pid))
            else:
                yield from self._hammer(target, query, name, query.connections)

    def bare(self, query: Query | Lookup, size: int) -> Iterator[Measurement]:
        """Measure a query on the bare handler, which answers with so many bytes."""
        target = self._target(query, self.bare_server, f"/{size}")
        is_paged = isinstance(query, Query) and query.paged
        connections = query.connections[:1] if is_paged else query.connections
        yield from self._hammer(target, query, "bare Starlette", connections)

    def batch(
        self, batch: Batch, name: str, database: Filled, counts: Sequence[int] = STREAMS
    ) -> Iterator[BatchMeasurement]:
        """Measure a batch over a database, each number of streams on a server that streamed nothing yet."""
        advance = self.progress(f"{batch.name}, {name}", sum(counts))
        for count in counts:
            with lyceum(database.url, self.core) as running:
                target = Target(running.port, batch.path, None, running.pid, database.pid)
                rest = self.loader.submit(idle, target, _WARM_UP, self.seconds).result()
                resident = start_peak(running.pid)
                rows = batch.rows(self.scale)
                streams = self.loader.submit(stream, target, count, batch.key, rows).result()
                memory = peak_memory(running.pid) - resident
                yield BatchMeasurement(batch.name, name, count, streams, memory, rest)
            advance(count)

    def ingest(self, ingest: Ingest, dialects: Sequence[str]) -> Iterator[IngestMeasurement]:
        """Measure an ingest into databases of its own."""
        with data_directory(None) as directory:
            log = directory / "tracking.log"
            write_log(log, ingest.events, ingest.runs, ingest.data.learners)
            for dialect in dialects:
                advance = self.progress(f"{ingest.name}, {dialect}", 2)
                with filled(dialect, ingest.data, directory, self.progress, keep=False) as database:
                    imported = import_log(log, database.url)
                    advance(1)
                    with lyceum(database.url, self.core) as running:
                        posts = self.loader.submit(post, ingest, running.port).result()
                    advance(1)
                    yield IngestMeasurement(ingest, dialect, database.version, imported, posts)

    def hooks(self, hooks: Hooks, dialects: Sequence[str]) -> Iterator[HooksMeasurement]:
        """Measure deliveries of databases of their own."""
        for dialect in dialects:
            with self._own(dialect, hooks.data) as database:
                advance = self.progress(f"{hooks.name}, {dialect}", len(hooks.cases))
                for endpoints, slow in hooks.cases:
                    deliveries = self.loader.submit(
                        deliver, hooks, endpoints, slow, database, self.core
                    ).result()
                    yield HooksMeasurement(hooks, dialect, database.version, endpoints, slow, deliveries)
                    advance(1)

    def log(self, log: Log, dialects: Sequence[str]) -> Iterator[LogMeasurement]:
        """Measure pages of the log in databases of their own."""
        for dialect in dialects:
            with self._own(dialect, log.data) as database:
                asyncio.run(fill_log(log, database.url, self.progress))
                advance = self.progress(f"{log.name}, {dialect}", len(log.pages))
                with lyceum(database.url, self.core) as running:
                    for page in log.pages:
                        body = {"query": page.text, "variables": page.variables}
                        target = Target(running.port, "/graphql", body, running.pid, database.pid)
                        load = self.loader.submit(hammer, target, 1, self.seconds / 4, self.seconds).result()
                        yield LogMeasurement(log, page.name, dialect, database.version, load)
                        advance(1)

    @contextmanager
    def _own(self, dialect: str, scale: Scale) -> Iterator[Filled]:
        with (
            data_directory(None) as directory,
            filled(dialect, scale, directory, self.progress, keep=False) as database,
        ):
            yield database

    def _target(
        self, query: Query | Lookup, running: Server, path: str, database: int | None = None
    ) -> Target:
        body = None
        if isinstance(query, Query):
            body = {"query": query.text, "variables": query.variables(self.scale)}
        return Target(running.port, path, body, running.pid, database)

    def _hammer(
        self, target: Target, query: Query | Lookup, name: str, connections: Sequence[int]
    ) -> Iterator[Measurement]:
        advance = self.progress(f"{query.name}, {name}", len(connections))
        for count in connections:
            load = self.loader.submit(hammer, target, count, self.seconds / 4, self.seconds).result()
            yield Measurement(query.name, name, count, load, peak_memory(target.server))
            advance(1)

    def _walk(self, target: Target, step: str) -> Load:
        advance = self.progress(step, self.scale.enrollments)
        total, after = self.loader.submit(walk, target, None, _PAGES_AT_ONCE).result()
        advance(total.items)
        while after is not None:
            load, after = self.loader.submit(walk, target, after, _PAGES_AT_ONCE).result()
            total += load
            advance(load.items)
        if total.items != self.scale.enrollments:
            raise BadUserInput(f"{total.items} enrollments were found, there are {self.scale.enrollments}")
        return total


@contextmanager
def bench(seconds: float, scale: Scale, progress: Progress) -> Iterator[Bench]:
    """A bench whose servers run on one core and whose load comes from another, where there is one."""
    server_core, load_core = cores()
    context = multiprocessing.get_context("spawn")
    with (
        ProcessPoolExecutor(1, mp_context=context, initializer=pin, initargs=(load_core,)) as loader,
        bare(server_core) as bare_server,
    ):
        yield Bench(loader, bare_server, server_core, seconds, scale, progress)
