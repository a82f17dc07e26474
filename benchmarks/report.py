"""What was measured, as one table."""

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from rich.table import Table

from benchmarks.data import Scale
from benchmarks.load import Load
from benchmarks.queries import Query

_PACKAGES = (
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


def table(measurements: Sequence[Measurement]) -> Table:
    """The table. Times are milliseconds; CPU times are for each request."""
    drawn = Table(box=None, header_style="bold", pad_edge=False, collapse_padding=True)
    drawn.add_column("query")
    drawn.add_column("server")
    for name in (
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
    ):
        drawn.add_column(name, justify="right", no_wrap=True)
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


def describe(databases: Mapping[str, str], queries: Sequence[Query], scale: Scale) -> str:
    """What the table is of: queries, data, machine and versions."""
    versions = {
        "Python": platform.python_version(),
        **databases,
        **{name: version(name) for name in _PACKAGES},
    }
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return "\n".join(
        (
            "",
            *(f"{query.name}: {query.content}" for query in queries),
            f"Data: {scale.learners:,} learners, {scale.courses:,} courses, {scale.runs:,} runs,"
            f" {scale.enrollments:,} enrollments, {scale.days:,} days of series.",
            "CPU is user and system time of a request. Server and load have a core each,"
            " PostgreSQL runs on any.",
            f"{os.cpu_count()} cores of {_processor()}, {memory:.0f} GiB,"
            f" load average {os.getloadavg()[0]:.1f}.",
            ", ".join(f"{name} {number}" for name, number in versions.items()),
        )
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()
