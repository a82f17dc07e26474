"""`lyceum schema`: the GraphQL schema as a file."""

from pathlib import Path
from typing import Annotated

import typer

from app.errors import BadUserInput

app = typer.Typer(help="Export the GraphQL schema.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `export` a command of its own although it is the only one."""


@app.command()
def export(
    path: Annotated[Path, typer.Argument(help="Where to write it; - is standard output.")] = Path("-"),
    check: Annotated[bool, typer.Option("--check", help="Only say whether the file is up to date.")] = False,
) -> None:
    """Write the schema in the schema definition language."""
    # Other commands need not wait for it.
    from schema.build import SCHEMA

    text = (SCHEMA.as_str() + "\n").encode()
    if check:
        if not path.is_file() or path.read_bytes() != text:
            raise BadUserInput(f"{path} is not what the code says: run `make schema`")
        typer.echo(f"{path} is up to date.")
    elif str(path) == "-":
        typer.echo(text, nl=False)
    else:
        path.write_bytes(text)
