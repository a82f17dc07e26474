"""`lyceum worker`: delivering webhooks and mail apart from the server."""

import asyncio
import signal

import typer

from app.auth.clock import now
from app.auth.credentials import Authenticator
from app.auth.invitations.queue import Postman
from app.auth.passwords import Passwords
from app.cli.common import read_settings, with_database
from app.db.engine import Database
from app.graphql.execute import Executor
from app.webhooks.worker import Worker


def worker() -> None:
    """Deliver webhooks and mail until it is stopped; any number of workers may run."""
    settings = read_settings()

    # Other commands need not wait for it.
    from schema.build import SCHEMA

    async def work(database: Database) -> None:
        authenticator = Authenticator(database, Passwords(database, settings, now))
        payloads = Executor(SCHEMA._schema, database, settings, authenticator).payloads
        stopping = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stopping.set)
        typer.echo("Delivering webhooks.")
        await asyncio.gather(
            Worker(database, settings, payloads).run(stopping), Postman(database, settings).run(stopping)
        )

    with_database(work)
