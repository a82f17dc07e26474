"""`lyceum demo`: data to look around in."""

import typer

from app.cli.common import progress_bars, with_database
from app.demo import load_demo
from app.demo.credentials import ACCOUNTS, CLIENTS

app = typer.Typer(help="Data to look around in.", no_args_is_help=True)


@app.callback()
def demo() -> None:
    """Data to look around in."""


@app.command()
def load() -> None:
    """Load the demo data, unless it is there already; with it come credentials that everybody knows."""
    with progress_bars() as progress:
        loaded = with_database(lambda database: load_demo(database, progress=progress))
    if not loaded:
        typer.echo("The demo data was there already.")
        return
    typer.echo("The demo data is loaded.")
    for account in ACCOUNTS:
        typer.echo(f"User {account.username}: password {account.password}, API key {account.api_key}")
    for client in CLIENTS:
        typer.echo(f"OAuth client {client.client_id} ({client.type}): secret {client.secret}")
