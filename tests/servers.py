"""Servers for tests that need a real one: `lyceum serve` on a free port of this machine."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread


@dataclass(frozen=True)
class LiveServer:
    """A running server: `url` is its root without a slash at the end, `log` the lines that it writes."""

    url: str
    pid: int
    log: list[str]


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def running_server(environment: Mapping[str, str], *options: str) -> Iterator[LiveServer]:
    """Start a server and wait until it listens; stop it at the end."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "serve", "--port", str(port), *options],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    rest: Thread | None = None
    try:
        assert process.stdout is not None
        output, log = "", list[str]()
        for line in process.stdout:
            output += line
            # With several processes the second comes after the first.
            if "Uvicorn running" in output and "Application startup complete" in output:
                break
        else:
            raise AssertionError("the server did not start:\n" + output)
        # A server whose output nobody reads stands still once the pipe is full.
        rest = Thread(target=log.extend, args=(process.stdout,))
        rest.start()
        yield LiveServer(f"http://127.0.0.1:{port}", process.pid, log)
    finally:
        process.terminate()
        process.wait(timeout=30)
        if rest is not None:
            rest.join()
        if process.stdout is not None:
            process.stdout.close()
