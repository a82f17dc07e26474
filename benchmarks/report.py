"""What was measured, as a table of queries and one of batches."""

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from rich.table import Table

from benchmarks.data import Scale
from benchmarks.hooks import Deliveries, Hooks
from benchmarks.ingest import BATCH, MARKS, Import, Ingest, Posts
from benchmarks.load import Load
from benchmarks.log import Log
from benchmarks.queries import Batch, Lookup, Query
from benchmarks.stream import Streams

Case = Query | Lookup | Batch | Ingest | Hooks | Log

PACKAGES = (
    "graphql-core",
    "strawberry-graphql",
    "sqlalchemy",
    "aiosqlite",
    "asyncpg",
    "starlette",
    "uvicorn",
)


@dataclass(frozen=True)
class Measurement:
    """A row of the table: a query on a server; `peak` is the most memory of the server in bytes."""

    query: str
    server: str
    connections: int
    load: Load
    peak: int


@dataclass(frozen=True)
class BatchMeasurement:
    """A row of the other table: a batch on a server.

    `memory` is the most memory of the server above what it had before, in bytes,
    `idle` are the probe's latencies then.
    """

    batch: str
    server: str
    count: int
    streams: Streams
    memory: int
    idle: Sequence[float]


@dataclass(frozen=True)
class IngestMeasurement:
    """A row of the last table: an ingest into a database of a version."""

    ingest: Ingest
    server: str
    version: str
    imported: Import
    posts: Posts


@dataclass(frozen=True)
class HooksMeasurement:
    """A row of the table of webhooks: deliveries to so many endpoints, of which one may be slow."""

    hooks: Hooks
    server: str
    version: str
    endpoints: int
    slow: bool
    deliveries: Deliveries


@dataclass(frozen=True)
class LogMeasurement:
    """A row of the table of the log: a page, asked for over and over."""

    log: Log
    page: str
    server: str
    version: str
    load: Load


def table(measurements: Sequence[Measurement]) -> Table:
    """The table of queries. Times are milliseconds; CPU times are for each request."""
    drawn = _table(
        ("query", "server"),
        (
            "conns",
            "requests/s",
            "p50 ms",
            "p99 ms",
            "CPU ms",
            "DB CPU ms",
            "kB",
            "peak MB",
            "rows/s",
            "s",
        ),
    )
    for measurement in measurements:
        load, count = measurement.load, len(measurement.load.latencies)
        ordered = sorted(load.latencies)
        drawn.add_row(
            measurement.query,
            measurement.server,
            str(measurement.connections),
            f"{count / load.seconds:,.1f}",
            f"{1000 * ordered[count // 2]:,.2f}",
            f"{1000 * ordered[count * 99 // 100]:,.2f}",
            f"{1000 * load.server_cpu / count:,.3f}",
            f"{1000 * load.database_cpu / count:,.3f}" if load.database_cpu else "",
            f"{load.size / 1000:,.1f}",
            f"{measurement.peak / 1e6:,.0f}",
            f"{load.items / load.seconds:,.0f}" if load.items else "",
            f"{load.seconds:,.1f}" if load.items else "",
        )
    return drawn


def batch_table(measurements: Sequence[BatchMeasurement]) -> Table:
    """The table of batches, each of all rows; the acceptance limits are of Enrollment contract 5.3."""
    drawn = _table(
        ("batch", "server"),
        (
            "at once",
            "first s",
            "s",
            "rows/s",
            "MB",
            "CPU s",
            "DB CPU s",
            "MiB above idle",
            "p99.9 ms",
            "pause ms",
            "idle p99.9",
            "idle pause",
        ),
    )
    drawn.caption = (
        "Accepted: first byte within 1 s, no pause over 100 ms, at most 100 MiB above idle. A pause is the"
        " longest latency of a small request, asked over and over beside the batch or on an idle server;"
        " whatever else runs on the server's core makes it longer. Memory is what is resident."
    )
    drawn.caption_justify = "left"
    for measurement in measurements:
        load = measurement.streams.load
        drawn.add_row(
            measurement.batch,
            measurement.server,
            str(measurement.count),
            f"{measurement.streams.first:,.2f}",
            f"{load.seconds:,.1f}",
            f"{load.items / load.seconds:,.0f}",
            f"{load.size / 1e6:,.1f}",
            f"{load.server_cpu:,.1f}",
            f"{load.database_cpu:,.1f}" if load.database_cpu else "",
            f"{measurement.memory / 2**20:,.0f}",
            *_worst(load.latencies),
            *_worst(measurement.idle),
        )
    return drawn


def ingest_table(measurements: Sequence[IngestMeasurement]) -> Table:
    """The table of ingests."""
    marks = [f"MB at {mark:.0%}" for mark in (*MARKS, 1)]
    drawn = _table(
        ("case", "database"),
        ("events", "s", "events/s", *marks, "p50 ms", "p99 ms", "posted/s"),
    )
    drawn.caption = (
        "Seconds and peak memory are those of the process that imports the log, its start included. Latencies"
        " are from when an event is posted to the answer of a query that knows of it. Last are events a"
        f" second that are posted in batches of {BATCH}."
    )
    drawn.caption_justify = "left"
    for measurement in measurements:
        ingest, imported, posts = measurement.ingest, measurement.imported, measurement.posts
        ordered = sorted(posts.latencies)
        drawn.add_row(
            ingest.name,
            measurement.server,
            f"{ingest.events:,}",
            f"{imported.seconds:,.1f}",
            f"{ingest.events / imported.seconds:,.0f}",
            *(f"{peak / 1e6:,.0f}" for peak in imported.peaks),
            f"{1000 * ordered[len(ordered) // 2]:,.1f}",
            f"{1000 * ordered[len(ordered) * 99 // 100]:,.1f}",
            f"{ingest.batches * BATCH / posts.seconds:,.0f}",
        )
    return drawn


def hooks_table(measurements: Sequence[HooksMeasurement]) -> Table:
    """The table of webhooks."""
    drawn = _table(
        ("case", "database"),
        ("endpoints", "slow", "deliveries/s", "CPU ms", "DB CPU ms", "p50 ms", "p99 ms"),
    )
    drawn.caption = (
        "Deliveries and CPU time of each are of those that wait as the worker starts. Latencies are from the"
        " commit of an event to its arrival at each endpoint. The receiver commits the events, too."
    )
    drawn.caption_justify = "left"
    for measurement in measurements:
        deliveries, ordered = measurement.deliveries, sorted(measurement.deliveries.latencies)
        drawn.add_row(
            measurement.hooks.name,
            measurement.server,
            f"{measurement.endpoints:,}",
            "1" if measurement.slow else "",
            f"{deliveries.rate:,.0f}",
            f"{1000 * deliveries.cpu:,.2f}",
            f"{1000 * deliveries.database_cpu:,.2f}" if deliveries.database_cpu else "",
            f"{1000 * ordered[len(ordered) // 2]:,.1f}",
            f"{1000 * ordered[len(ordered) * 99 // 100]:,.1f}",
        )
    return drawn


def log_table(measurements: Sequence[LogMeasurement]) -> Table:
    """The table of the log of deliveries."""
    drawn = _table(("case", "database", "page"), ("p50 ms", "p99 ms", "CPU ms", "DB CPU ms", "kB"))
    for measurement in measurements:
        load, count = measurement.load, len(measurement.load.latencies)
        ordered = sorted(load.latencies)
        drawn.add_row(
            measurement.log.name,
            measurement.server,
            measurement.page,
            f"{1000 * ordered[count // 2]:,.2f}",
            f"{1000 * ordered[count * 99 // 100]:,.2f}",
            f"{1000 * load.server_cpu / count:,.3f}",
            f"{1000 * load.database_cpu / count:,.3f}" if load.database_cpu else "",
            f"{load.size / 1000:,.1f}",
        )
    return drawn


def describe(databases: Mapping[str, str], queries: Sequence[Case], scale: Scale) -> str:
    """What the tables are of: queries, data, machine and versions."""
    versions = {
        "Python": platform.python_version(),
        **databases,
        **{name: version(name) for name in PACKAGES},
    }
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return "\n".join(
        (
            "",
            *(f"{query.name}: {query.content}" for query in queries),
            f"Data of queries and batches: {scale.accounts:,} accounts, {scale.learners:,} learners,"
            f" {scale.courses:,} courses, {scale.runs:,} runs, {scale.enrollments:,} enrollments,"
            f" {scale.days:,} days of series.",
            "CPU is user and system time, of a request or of all batches at once. Server and load have a core"
            " each, PostgreSQL runs on any.",
            f"{os.cpu_count()} cores of {processor()}, {memory:.0f} GiB,"
            f" load average {os.getloadavg()[0]:.1f}.",
            ", ".join(f"{name} {number}" for name, number in versions.items()),
        )
    )


def _table(left: Sequence[str], right: Sequence[str]) -> Table:
    drawn = Table(box=None, header_style="bold", pad_edge=False, collapse_padding=True)
    for name in left:
        drawn.add_column(name)
    for name in right:
        drawn.add_column(name, justify="right", no_wrap=True)
    return drawn


def _worst(latencies: Sequence[float]) -> tuple[str, str]:
    """99.9th percentile and longest, in milliseconds."""
    ordered = sorted(latencies)
    return f"{1000 * ordered[len(ordered) * 999 // 1000]:,.1f}", f"{1000 * ordered[-1]:,.1f}"


def processor() -> str:
    """What the processor is called."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()
