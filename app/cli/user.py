"""`lyceum user`: accounts and their passwords."""

import sys
from typing import Annotated

import typer

from app.auth import accounts
from app.auth.audit import COMMAND_LINE, record
from app.auth.secrets import hash_password
from app.cli.common import with_database
from app.db.engine import Database
from app.errors import BadUserInput

app = typer.Typer(help="Make accounts and give them passwords.", no_args_is_help=True)

Username = Annotated[str, typer.Argument(help="Name of the user.")]


@app.command()
def create(
    username: Username,
    email: Annotated[str, typer.Argument(help="E-mail address.")],
    staff: Annotated[bool, typer.Option("--staff", help="May see everything.")] = False,
    superuser: Annotated[bool, typer.Option("--superuser", help="May administer everything.")] = False,
) -> None:
    """Create a user; the same again changes nothing."""

    async def work(database: Database) -> bool:
        async with database.session() as session:
            created = await accounts.create_user(session, username, email, staff=staff, superuser=superuser)
            if created is not None:
                record(session, COMMAND_LINE, "user.create", username, **accounts.described(created))
            return created is not None

    created = with_database(work)
    typer.echo(f"Created user {username}." if created else f"User {username} is there already.")


@app.command()
def password(username: Username) -> None:
    """Set a user's password: asked for twice on a terminal, else one line on standard input."""
    if sys.stdin.isatty():
        secret = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        secret = sys.stdin.buffer.readline().decode().rstrip("\r\n")
    if not secret:
        raise BadUserInput("the password is empty")

    async def work(database: Database) -> None:
        password_hash = await hash_password(secret)
        async with database.session() as session:
            await accounts.set_password_hash(session, username, password_hash)
            record(session, COMMAND_LINE, "user.set_password", username)

    with_database(work)
    typer.echo(f"Set the password of {username}.")


@app.command()
def deactivate(username: Username) -> None:
    """Switch an account off; its tokens are revoked, and its keys and password open nothing."""
    changed = _set_active(username, False)
    typer.echo(f"Switched off {username}." if changed else f"{username} was switched off already.")


@app.command()
def activate(username: Username) -> None:
    """Switch an account on again; revoked tokens stay revoked."""
    changed = _set_active(username, True)
    typer.echo(f"Switched on {username}." if changed else f"{username} was switched on already.")


def _set_active(username: str, active: bool) -> bool:
    async def work(database: Database) -> bool:
        async with database.session() as session:
            changed = await accounts.update_user(session, username, active=active)
            if changed:
                record(session, COMMAND_LINE, "user.update", username, **changed)
            return bool(changed)

    return with_database(work)
