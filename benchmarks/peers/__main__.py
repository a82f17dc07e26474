"""The command: fill one database, measure Lyceum and its peers on it, write the results."""

import asyncio
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from app.cli.common import progress_bars
from app.errors import BadUserInput
from benchmarks.bench import STREAMS, bench
from benchmarks.command import run
from benchmarks.data import FULL, SMALL
from benchmarks.databases import data_directory, filled
from benchmarks.peers.contest import CASES, JSON_TEXT, SERVERS, SQLITE, Contest, contestants
from benchmarks.peers.daily import write_daily
from benchmarks.peers.growth import growth
from benchmarks.peers.plot import plot
from benchmarks.peers.results import Run, document, goals
from benchmarks.queries import BATCHES

app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)

_ALL = ",".join(SERVERS)


@app.command()
def main(
    output: Annotated[Path, typer.Option(help="Directory of RESULTS.md and results.svg.")] = Path(
        "benchmarks"
    ),
    rounds: Annotated[int, typer.Option(min=1, help="Rounds over all servers and queries.")] = 3,
    seconds: Annotated[float, typer.Option(min=0.05, help="How long to measure each in a round.")] = 2,
    servers: Annotated[str, typer.Option(help="Which servers, such as lyceum,postgraphile.")] = _ALL,
    keep: Annotated[Path | None, typer.Option(help="Keep the data here, and use what is here.")] = None,
    small: Annotated[bool, typer.Option("--small", help="Little data, to try whether it works.")] = False,
) -> None:
    """Measure Lyceum beside its peers, all on the same rows, and write what was found."""
    names = _chosen(servers)
    # What only Lyceum does is measured where it is measured at all.
    dialects = [dialect for dialect, name in (("postgresql", JSON_TEXT), ("sqlite", SQLITE)) if name in names]
    scale = SMALL if small else FULL
    with ExitStack() as stack:
        progress = stack.enter_context(progress_bars())
        directory = stack.enter_context(data_directory(keep))
        measuring = stack.enter_context(bench(seconds, scale, progress))
        with ExitStack() as filling:
            databases = {
                dialect: filling.enter_context(
                    filled(dialect, scale, directory, progress, keep=keep is not None)
                )
                for dialect in ("postgresql", "sqlite")
            }
            asyncio.run(write_daily(databases["postgresql"].url))
            with contestants(names, databases, scale, measuring.core) as found:
                contest = Contest(found, measuring.loader, progress)
                contest.compare()
                contest.warm(seconds)
                measured = contest.measure(rounds, seconds)
                memory = contest.memory()
            batches = [
                row
                for batch in BATCHES
                for dialect in dialects
                for row in measuring.batch(batch, dialect, databases[dialect], STREAMS[:1])
            ]
        grown = [
            row
            for dialect in dialects
            for row in growth(measuring, dialect, directory, keep=keep is not None, small=small)
        ]
    versions = {"PostgreSQL": databases["postgresql"].version, "SQLite": databases["sqlite"].version}
    results = Run(scale, rounds, seconds, versions, measured, memory, batches, grown)
    output.mkdir(parents=True, exist_ok=True)
    (output / "RESULTS.md").write_text(document(results))
    (output / "results.svg").write_text(plot(measured, CASES))
    judged = goals(results)
    reached = sum(goal.reached for goal in judged)
    print(f"{reached} of {len(judged)} goals are reached: {output / 'RESULTS.md'}")


def _chosen(servers: str) -> list[str]:
    chosen = [name.strip() for name in servers.split(",")]
    for name in chosen:
        if name not in SERVERS:
            raise BadUserInput(f"--servers: there is no server {name!r}, only {', '.join(SERVERS)}")
    return [SERVERS[name] for name in chosen]


if __name__ == "__main__":
    run(app)
