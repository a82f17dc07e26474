"""Servers that are measured, each a process of its own on one core."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from app.errors import BadUserInput
from benchmarks.process import pin


@dataclass(frozen=True)
class Server:
    """A running server on this machine."""

    port: int
    pid: int


@contextmanager
def lyceum(database_url: str, core: int) -> Iterator[Server]:
    """`lyceum serve` with one worker and no budget."""
    environment = {"LYCEUM_DATABASE_URL": database_url, "LYCEUM_COST_PER_MINUTE": "0"}
    with _running(("app.cli", "serve", "--host", "127.0.0.1", "--port", "0"), environment, core) as server:
        yield server


@contextmanager
def bare(core: int) -> Iterator[Server]:
    """The bare Starlette handler, served the same way."""
    with _running(("uvicorn", "benchmarks.bare:app", "--port", "0", "--no-access-log"), {}, core) as server:
        yield server


@contextmanager
def _running(module: tuple[str, ...], environment: Mapping[str, str], core: int) -> Iterator[Server]:
    process = subprocess.Popen(
        [sys.executable, "-m", *module],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        pin(core, process.pid)
        yield Server(_port(process), process.pid)
    finally:
        process.terminate()
        process.communicate()


def _port(process: subprocess.Popen[str]) -> int:
    output = []
    assert process.stdout is not None
    for line in process.stdout:
        output.append(line)
        if found := re.search(r"Uvicorn running on http://127\.0\.0\.1:(\d+)", line):
            return int(found[1])
    raise BadUserInput("the server does not start: " + " ".join("".join(output).split()))
