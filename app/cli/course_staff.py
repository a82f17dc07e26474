"""`lyceum course-staff`: who is staff of which course run."""

import json
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth import course_staff
from app.auth.audit import COMMAND_LINE, record
from app.cli.common import with_session

app = typer.Typer(help="Say who is staff of which course run.", no_args_is_help=True)

Username = Annotated[str, typer.Argument(help="Name of the user.")]
RunKey = Annotated[str, typer.Argument(help="Key of the course run, as course-v1:edX+DemoX+Demo_Course.")]


@app.command()
def add(username: Username, run_key: RunKey) -> None:
    """Make a user staff of a run, who then sees all of its enrollments."""

    async def work(session: AsyncSession) -> bool:
        added = await course_staff.add_course_staff(session, username, run_key)
        if added:
            record(session, COMMAND_LINE, "course_staff.add", username, run=run_key)
        return added

    added = with_session(work)
    typer.echo(f"{username} {'is now' if added else 'was already'} staff of {run_key}.")


@app.command()
def remove(username: Username, run_key: RunKey) -> None:
    """Make a user no staff of a run any more."""

    async def work(session: AsyncSession) -> bool:
        removed = await course_staff.remove_course_staff(session, username, run_key)
        if removed:
            record(session, COMMAND_LINE, "course_staff.remove", username, run=run_key)
        return removed

    removed = with_session(work)
    typer.echo(f"{username} {'is no longer' if removed else 'was not'} staff of {run_key}.")


@app.command("list")
def list_course_staff() -> None:
    """List all course staff as JSON."""

    async def work(session: AsyncSession) -> list[dict[str, str]]:
        rows = await course_staff.list_course_staff(session)
        return [{"user": username, "run": run_key} for username, run_key in rows]

    typer.echo(json.dumps(with_session(work), indent=2))
