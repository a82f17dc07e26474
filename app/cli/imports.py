"""`lyceum import …`: data of others."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from app.cli.common import progress_bars, with_database
from app.imports.oulad import import_oulad

app = typer.Typer(help="Import data sets.", no_args_is_help=True)


@app.command()
def oulad(
    directory: Annotated[Path, typer.Argument(help="Where the .csv or .csv.gz files are.", metavar="DIR")],
) -> None:
    """Import the Open University Learning Analytics data set. A second import changes nothing."""
    with progress_bars() as progress:
        summary = with_database(lambda database: import_oulad(database, directory, progress=progress))
    added = [f"{rows} {number:,}" for rows, number in asdict(summary).items() if number]
    typer.echo(
        f"Imported: {', '.join(added)}." if added else "Nothing to import: everything is there already."
    )
