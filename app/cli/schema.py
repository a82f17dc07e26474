"""`lyceum schema`: the GraphQL schema as a file, and what it promises."""

from pathlib import Path
from typing import Annotated

import typer

from app.errors import BadUserInput
from app.settings import Settings

app = typer.Typer(help="Export the GraphQL schema, and check what it promises.", no_args_is_help=True)


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


@app.command("check-documents")
def check_documents(
    schema: Annotated[Path, typer.Argument(help="The schema, as `lyceum schema export` writes it.")],
    folder: Annotated[Path, typer.Argument(help="Folder of documents, `*.graphql`.")],
) -> None:
    """Say whether documents that shape what webhooks send can be run in a schema."""
    from graphql import GraphQLError, build_schema

    from app.graphql.payloads import Rules

    try:
        rules = Rules(build_schema(schema.read_text()), Settings())
    except GraphQLError as error:
        raise BadUserInput(f"{schema}: {error.message}") from error
    paths = sorted(folder.glob("*.graphql"))
    problems = [f"{path}: {problem}" for path in paths if (problem := rules.problem(path.read_text()))]
    if problems or not paths:
        raise BadUserInput("\n".join(problems) or f"{folder} has no documents")
    typer.echo(f"{len(paths)} documents can be run.")
