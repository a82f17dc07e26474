"""The command: fill the databases, measure every query and batch on them, print the tables."""

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from app.cli.common import progress_bars
from app.errors import BadUserInput
from benchmarks.bench import bench
from benchmarks.command import run
from benchmarks.data import FULL, SMALL
from benchmarks.databases import data_directory, filled
from benchmarks.hooks import HOOKS, SMALL_HOOKS, Hooks
from benchmarks.ingest import INGEST, SMALL_INGEST, Ingest
from benchmarks.log import LOG, SMALL_LOG, Log
from benchmarks.queries import BATCHES, LOOKUPS, QUERIES, Batch
from benchmarks.report import (
    BatchMeasurement,
    Case,
    HooksMeasurement,
    IngestMeasurement,
    LogMeasurement,
    Measurement,
    batch_table,
    describe,
    hooks_table,
    ingest_table,
    log_table,
    table,
)


class Choice(StrEnum):
    """Which databases to measure."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"
    BOTH = "both"


_OWN = (INGEST, HOOKS, LOG)
_ALL = ",".join(case.name for case in (*QUERIES, *LOOKUPS, *BATCHES, *_OWN))

app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)


@app.command()
def main(
    database: Annotated[Choice, typer.Option(help="Which database to measure.")] = Choice.BOTH,
    seconds: Annotated[float, typer.Option(min=0.1, help="How long to measure each case.")] = 4,
    queries: Annotated[str, typer.Option(help="Which cases, such as Q1,B2,INGEST.")] = _ALL,
    keep: Annotated[Path | None, typer.Option(help="Keep the data here, and use what is here.")] = None,
    small: Annotated[bool, typer.Option("--small", help="Little data, to try whether it works.")] = False,
) -> None:
    """Measure how fast Lyceum answers, beside a bare handler that answers as many bytes.

    Batches are streamed beside small requests, which show how long the event loop pauses. A tracking log is
    imported, and events are posted until they are in the answers. Events are delivered by webhooks, and the
    log of deliveries is asked for.
    """
    chosen = _chosen(queries, (SMALL_INGEST, SMALL_HOOKS, SMALL_LOG) if small else _OWN)
    dialects = ("sqlite", "postgresql") if database is Choice.BOTH else (database.value,)
    scale = SMALL if small else FULL
    measurements: list[Measurement] = []
    batches: list[BatchMeasurement] = []
    ingests: list[IngestMeasurement] = []
    hooks: list[HooksMeasurement] = []
    logs: list[LogMeasurement] = []
    with ExitStack() as stack:
        progress = stack.enter_context(progress_bars())
        directory = stack.enter_context(data_directory(keep))
        databases = {
            dialect: stack.enter_context(filled(dialect, scale, directory, progress, keep=keep is not None))
            for dialect in (
                () if all(isinstance(case, Ingest | Hooks | Log) for case in chosen) else dialects
            )
        }
        measuring = stack.enter_context(bench(seconds, scale, progress))
        for query in chosen:
            if isinstance(query, Ingest):
                ingests += measuring.ingest(query, dialects)
                continue
            if isinstance(query, Hooks):
                hooks += measuring.hooks(query, dialects)
                continue
            if isinstance(query, Log):
                logs += measuring.log(query, dialects)
                continue
            if isinstance(query, Batch):
                batches += [row for name, at in databases.items() for row in measuring.batch(query, name, at)]
                continue
            found = [row for name, at in databases.items() for row in measuring.lyceum(query, name, at)]
            measurements += [*found, *measuring.bare(query, found[0].load.size)]
    console = Console(width=None if sys.stdout.isatty() else 140)
    if measurements:
        console.print(table(measurements))
    if batches:
        console.print(batch_table(batches))
    if ingests:
        console.print(ingest_table(ingests))
    if hooks:
        console.print(hooks_table(hooks))
    if logs:
        console.print(log_table(logs))
    versions = {name: at.version for name, at in databases.items()}
    own: list[IngestMeasurement | HooksMeasurement | LogMeasurement] = [*ingests, *hooks, *logs]
    versions |= {measured.server: measured.version for measured in own}
    console.print(describe(versions, chosen, scale))


def _chosen(names: str, own: Sequence[Ingest | Hooks | Log]) -> Sequence[Case]:
    named: dict[str, Case] = {case.name: case for case in (*QUERIES, *LOOKUPS, *BATCHES, *own)}
    wanted = [name.strip().upper() for name in names.split(",")]
    for name in wanted:
        if name not in named:
            raise BadUserInput(f"--queries: there is no query {name!r}, only {', '.join(named)}")
    return [named[name] for name in wanted]


if __name__ == "__main__":
    run(app)
