"""`lyceum worker`: delivering webhooks and mail apart from the server."""

import asyncio
import signal

import typer

from app.auth.invitations.queue import Postman
from app.cli.common import read_settings, with_database
from app.db.engine import Database
from app.webhooks.worker import Worker


def worker() -> None:
    """Deliver webhooks and mail until it is stopped; any number of workers may run."""
    settings = read_settings()

    async def work(database: Database) -> None:
        stopping = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stopping.set)
        typer.echo("Delivering webhooks.")
        await asyncio.gather(
            Worker(database, settings).run(stopping), Postman(database, settings).run(stopping)
        )

    with_database(work)
