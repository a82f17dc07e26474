"""The command line, `lyceum …`: one module for each group of commands."""

import sys

import typer
from sqlalchemy.exc import DBAPIError

from app.cli import (
    api_key,
    compute,
    course_staff,
    database,
    demo,
    enterprise,
    imports,
    oauth,
    revision,
    schema,
    serve,
    user,
    webhooks,
    worker,
)
from app.cli.common import reason
from app.errors import LyceumError

app = typer.Typer(
    name="lyceum",
    help="One GraphQL API over the data of learning platforms.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("serve")(serve.serve)
app.command("worker")(worker.worker)
app.command("revision", hidden=True)(revision.revision)
app.command("migrate")(database.migrate)
app.command("compute")(compute.compute)
app.command("set_api_key", hidden=True)(api_key.set_api_key)
app.add_typer(demo.app, name="demo")
app.add_typer(imports.app, name="import")
app.add_typer(user.app, name="user")
app.add_typer(api_key.app, name="api-key")
app.add_typer(course_staff.app, name="course-staff")
app.add_typer(enterprise.app, name="enterprise")
app.add_typer(enterprise.catalog_app, name="catalog")
app.add_typer(oauth.app, name="oauth")
app.add_typer(webhooks.app, name="webhooks")
app.add_typer(schema.app, name="schema")


def main() -> None:
    """Run a command. Exit codes: 0 done, 1 refused with one line on stderr, 2 wrong usage."""
    try:
        app()
    except LyceumError as error:
        _refuse(error.message)
    except (OSError, DBAPIError, UnicodeError) as error:
        _refuse(reason(error))


def _refuse(message: str) -> None:
    typer.secho(f"lyceum: {message}", err=True, fg="red")
    sys.exit(1)
