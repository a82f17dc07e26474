"""`lyceum serve`: the server."""

import ipaddress
from typing import Annotated

import typer
import uvicorn
from uvicorn.config import LOGGING_CONFIG

from app.cli.common import read_settings, with_database
from app.demo import demo_loaded
from app.demo.credentials import DEMO
from app.errors import Forbidden

_LOGGER = {"handlers": ["default"], "level": "INFO", "propagate": False}


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; else LYCEUM_HOST.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port to listen on; else LYCEUM_PORT.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Number of processes.")] = 1,
    allow_demo: Annotated[
        bool, typer.Option("--allow-demo", help="Listen beyond this machine with demo credentials in use.")
    ] = False,
) -> None:
    """Serve GraphQL at /graphql, the REST paths, their explorer at /docs/ and the pages at /admin."""
    settings = read_settings()
    host, port = host or settings.host, settings.port if port is None else port
    demo = with_database(demo_loaded)
    if demo and not allow_demo and not _is_loopback(host):
        raise Forbidden(
            f"everybody knows the demo credentials: not listening on {host} "
            "without --allow-demo while the demo data is loaded"
        )
    shown = f"[{host}]" if ":" in host else host
    origin = f"http://{shown}:{port}"
    typer.echo(f"GraphQL: {origin}/graphql")
    if settings.serves_graphiql:
        typer.echo(f"GraphiQL: {origin}/graphql in a browser")
    typer.echo(f"REST explorer: {origin}/docs/\nAdministration: {origin}/admin")
    if demo:
        typer.echo(f"Demo user: {DEMO.username}, password {DEMO.password}, API key {DEMO.api_key}")
    uvicorn.run(
        "app.main:create_app",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        access_log=False,
        ws_max_size=settings.max_body_bytes,
        # A few bytes would have it unpack many.
        ws_per_message_deflate=False,
        # It would believe every client on this machine; the settings say whom to believe.
        proxy_headers=False,
        log_config={**LOGGING_CONFIG, "loggers": {**LOGGING_CONFIG["loggers"], "lyceum": _LOGGER}},
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
