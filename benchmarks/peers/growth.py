"""How answers of the same size take longer where there are more rows that they do not hold."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.data import Scale
from benchmarks.databases import filled
from benchmarks.peers.contest import CONNECTIONS, Contest, Contestant, targets
from benchmarks.peers.queries import LYCEUM
from benchmarks.plans import Request, plans
from benchmarks.server import lyceum

FACTORS = (1, 10, 100)
_SMALL_FACTORS = (1,)


@dataclass(frozen=True)
class Grown:
    """Milliseconds for a request over so many times the rows."""

    case: str
    database: str
    factor: int
    cpu: float
    database_cpu: float
    statements: float


def scales(*, small: bool) -> Mapping[int, Scale]:
    """So many times the rows, in as many courses and runs; each run has as many rows as before."""
    return {
        factor: Scale(
            f"growth_{factor}_{'small' if small else 'full'}",
            accounts=3000 * factor,
            learners=500 * factor,
            courses=20 * factor,
            runs=60 * factor,
            enrollments_per_run=20 if small else 50,
            days=5 if small else 60,
        )
        for factor in (_SMALL_FACTORS if small else FACTORS)
    }


def growth(measuring: Bench, dialect: str, directory: Path, *, keep: bool, small: bool) -> Iterator[Grown]:
    """Measure Lyceum over more and more rows."""
    for factor, scale in scales(small=small).items():
        with filled(dialect, scale, directory, measuring.progress, keep=keep) as database:
            with lyceum(database.url, measuring.core) as server:
                contestant = Contestant(dialect, server, targets(server, LYCEUM, database, scale))
                contest = Contest([contestant], measuring.loader, measuring.progress)
                contest.warm(measuring.seconds / 4)
                measured = contest.measure(1, measuring.seconds, CONNECTIONS[-1:])
            for one in measured:
                target = contestant.targets[one.case]
                found = asyncio.run(plans(database.url, Request(target.path, target.body)))
                statements = 1000 * sum(plan.seconds for plan in found)
                yield Grown(one.case, dialect, factor, one.cpu, one.database_cpu, statements)
