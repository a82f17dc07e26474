"""The command: fill the databases, measure every query on them, print the table."""

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from app.cli.common import progress_bars
from app.errors import BadUserInput, LyceumError
from benchmarks.bench import bench
from benchmarks.data import FULL, SMALL
from benchmarks.databases import data_directory, filled
from benchmarks.queries import QUERIES, Query
from benchmarks.report import describe, table


class Choice(StrEnum):
    """Which databases to measure."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"
    BOTH = "both"


app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)


@app.command()
def main(
    database: Annotated[Choice, typer.Option(help="Which database to measure.")] = Choice.BOTH,
    seconds: Annotated[float, typer.Option(min=0.1, help="How long to measure each case.")] = 4,
    queries: Annotated[str, typer.Option(help="Which queries, such as Q1,Q3.")] = "Q1,Q2,Q3,Q4",
    keep: Annotated[Path | None, typer.Option(help="Keep the data here, and use what is here.")] = None,
    small: Annotated[bool, typer.Option("--small", help="Little data, to try whether it works.")] = False,
) -> None:
    """Measure how fast Lyceum answers, beside a bare handler that answers as many bytes."""
    chosen = _chosen(queries)
    dialects = ("sqlite", "postgresql") if database is Choice.BOTH else (database.value,)
    scale = SMALL if small else FULL
    measurements = []
    with ExitStack() as stack:
        progress = stack.enter_context(progress_bars())
        directory = stack.enter_context(data_directory(keep))
        databases = {
            dialect: stack.enter_context(filled(dialect, scale, directory, progress, keep=keep is not None))
            for dialect in dialects
        }
        measuring = stack.enter_context(bench(seconds, scale, progress))
        for query in chosen:
            found = [row for name, at in databases.items() for row in measuring.lyceum(query, name, at)]
            measurements += [*found, *measuring.bare(query, found[0].load.size)]
    console = Console(width=None if sys.stdout.isatty() else 140)
    console.print(table(measurements))
    console.print(describe({name: at.version for name, at in databases.items()}, chosen, scale))


def _chosen(names: str) -> Sequence[Query]:
    known = {query.name: query for query in QUERIES}
    wanted = [name.strip().upper() for name in names.split(",")]
    for name in wanted:
        if name not in known:
            raise BadUserInput(f"--queries: there is no query {name!r}, only {', '.join(known)}")
    return [known[name] for name in wanted]


if __name__ == "__main__":
    try:
        app()
    except LyceumError as error:
        typer.secho(f"benchmarks: {error.message}", err=True, fg="red")
        sys.exit(1)
