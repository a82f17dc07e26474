"""`lyceum import …`: data of others."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from app.cli.common import progress_bars, with_database
from app.imports.catalog import import_catalog
from app.imports.oulad import import_oulad

app = typer.Typer(help="Import data sets.", no_args_is_help=True)


@app.command()
def oulad(
    directory: Annotated[Path, typer.Argument(help="Where the .csv or .csv.gz files are.", metavar="DIR")],
) -> None:
    """Import the Open University Learning Analytics data set. A second import changes nothing."""
    with progress_bars() as progress:
        summary = with_database(lambda database: import_oulad(database, directory, progress=progress))
    _say(asdict(summary))


@app.command()
def catalog(
    files: Annotated[
        list[Path], typer.Argument(help="JSON files, plain or .json.gz; of one run the last record counts.")
    ],
) -> None:
    """Import courses and course runs as course-discovery's API shows them.

    A file holds objects one after another, a list of them, or pages of the API.
    Rows that are there already are made to say what the files say; what they do
    not tell stays. A second import of the same files changes nothing.
    """
    with progress_bars() as progress:
        written = with_database(lambda database: import_catalog(database, files, progress=progress))
    _say(written)


def _say(numbers: Mapping[str, int]) -> None:
    """One line about how many rows were written, by what they are."""
    written = [f"{rows} {number:,}" for rows, number in numbers.items() if number]
    typer.echo(
        f"Imported: {', '.join(written)}." if written else "Nothing to import: everything is there already."
    )
