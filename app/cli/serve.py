"""`lyceum serve`: the server."""

import ipaddress
import os
from typing import Annotated

import typer
import uvicorn

from app.cli.common import with_database
from app.db.engine import Database
from app.db.migrate import is_current
from app.demo import demo_loaded
from app.demo.credentials import DEMO
from app.errors import BadUserInput, Forbidden
from app.settings import Settings


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; else LYCEUM_HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; else LYCEUM_PORT.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Number of processes.")] = 1,
    allow_demo: Annotated[
        bool, typer.Option("--allow-demo", help="Listen beyond this machine with demo credentials in use.")
    ] = False,
) -> None:
    """Serve GraphQL over HTTP."""
    settings = Settings()
    host, port = host or settings.host, settings.port if port is None else port

    async def work(database: Database) -> bool:
        if not await is_current(database):
            raise BadUserInput("the database is not up to date: run `lyceum migrate`")
        return await demo_loaded(database)

    demo = with_database(work)
    if demo and not allow_demo and not _is_loopback(host):
        raise Forbidden(
            f"everybody knows the demo credentials: not listening on {host} "
            "without --allow-demo while the demo data is loaded"
        )
    shown = f"[{host}]" if ":" in host else host
    typer.echo(f"GraphQL: http://{shown}:{port}/graphql")
    if settings.serves_graphiql:
        typer.echo(f"GraphiQL: http://{shown}:{port}/graphql in a browser")
    if demo:
        typer.echo(f"Demo user: {DEMO.username}, password {DEMO.password}, API key {DEMO.api_key}")
    os.environ.update(LYCEUM_HOST=host, LYCEUM_PORT=str(port))
    uvicorn.run("app.main:create_app", factory=True, host=host, port=port, workers=workers, access_log=False)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
