"""Servers that are measured, each a process of its own on one core."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType

from app.errors import BadUserInput

_PYTHON = (sys.executable, "-m")


@dataclass(frozen=True)
class Server:
    """A running server on this machine."""

    port: int
    pid: int


@contextmanager
def lyceum(
    database_url: str, core: int, settings: Mapping[str, str] = MappingProxyType({})
) -> Iterator[Server]:
    """`lyceum serve` with one worker, no budget and more settings, by the names of their variables."""
    environment = {"LYCEUM_DATABASE_URL": database_url, "LYCEUM_COST_PER_MINUTE": "0", **settings}
    with running(
        (*_PYTHON, "app.cli", "serve", "--host", "127.0.0.1", "--port", "0"), environment, core
    ) as server:
        yield server


@contextmanager
def bare(core: int) -> Iterator[Server]:
    """The bare Starlette handler, served the same way."""
    with uvicorn("benchmarks.bare:app", {}, core) as server:
        yield server


@contextmanager
def uvicorn(application: str, environment: Mapping[str, str], core: int) -> Iterator[Server]:
    """An ASGI application, served the way that Lyceum is."""
    with running(
        (*_PYTHON, "uvicorn", application, "--port", "0", "--no-access-log"), environment, core
    ) as server:
        yield server


@contextmanager
def running(command: Sequence[str], environment: Mapping[str, str], core: int) -> Iterator[Server]:
    """A server that chooses its port and prints where it is running.

    Raises `BadUserInput` with what it printed when it does not start.
    """
    process = subprocess.Popen(
        # Threads that a process has started already would not follow it to another core.
        ["taskset", "--cpu-list", str(core), *command],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield Server(_port(process), process.pid)
    finally:
        process.terminate()
        process.communicate()


def _port(process: subprocess.Popen[str]) -> int:
    output = []
    assert process.stdout is not None
    for line in process.stdout:
        output.append(line)
        if found := re.search(r"running on http://127\.0\.0\.1:(\d+)", line):
            return int(found[1])
    raise BadUserInput("the server does not start: " + " ".join("".join(output).split()))
