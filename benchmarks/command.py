"""What the commands share."""

import sys

import typer

from app.errors import LyceumError


def run(app: typer.Typer) -> None:
    """Run a command; what it raises as `LyceumError` becomes a line and status 1."""
    try:
        app()
    except LyceumError as error:
        typer.secho(f"benchmarks: {error.message}", err=True, fg="red")
        sys.exit(1)
