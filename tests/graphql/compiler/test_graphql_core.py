"""graphql-core's own tests of execution, run against the compiled executor.

They come from its source distribution, which is fetched once, checked against the hashes in
`requirements/dev.txt`, and kept in pytest's cache.
"""

import asyncio
import json
import os
import re
import sys
import tarfile
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PACKAGE = "graphql-core"
FILES = ["tests/execution", "tests/type/test_introspection.py", "tests/test_graphql.py"]
FILES += [f"tests/test_star_wars_{name}.py" for name in ("query", "introspection")]
FILES += ["tests/test_user_registry.py"]

DIFFERENT: dict[str, str] = {}
"""Tests that cannot pass, each with the reason."""


@dataclass
class Outcome:
    """What came of one of graphql-core's tests."""

    outcome: str
    operations: int
    fallbacks: dict[str, int]
    text: str = field(default="", repr=False)


async def _run(*arguments: str, cwd: Path, **variables: str) -> tuple[int | None, str]:
    """Run a module of Python; its exit status and what it says."""
    # What builds graphql-core is a program beside Python.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        *arguments,
        cwd=cwd,
        env={**os.environ, "PATH": path, **variables},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode()


def _requirement(package: str) -> str:
    """What is pinned of a package, with the hashes of its files."""
    pins = (ROOT / "requirements" / "dev.txt").read_text()
    found = re.search(rf"^{package}==.*\\\n(?: +--hash=\S+(?: \\)?\n)+", pins, re.MULTILINE)
    assert found
    return found.group()


@pytest.fixture(scope="session")
async def distribution(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution of the graphql-core that is installed, unpacked."""
    name = f"graphql_core-{version(PACKAGE)}"
    cache = request.config.cache
    assert cache is not None
    archive = cache.mkdir("graphql-core") / f"{name}.tar.gz"
    directory = tmp_path_factory.mktemp("graphql-core")
    if not archive.exists():
        (directory / "requirements.txt").write_text(_requirement(PACKAGE))
        options = ["--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps"]
        options += ["--no-binary", PACKAGE, "--no-build-isolation", "--requirement", "requirements.txt"]
        code, output = await _run("pip", "download", *options, cwd=directory)
        assert code == 0, output
        (directory / archive.name).rename(archive)
    with tarfile.open(archive) as files:
        files.extractall(directory, filter="data")
    return directory / name


@pytest.fixture(scope="session")
async def outcomes(distribution: Path) -> dict[str, Outcome]:
    """What came of each test."""
    report = distribution / "report.json"
    options = ["--quiet", "--override-ini", "addopts=", "-p", "graphql_core_plugin"]
    options += ["-p", "no:cacheprovider", "-p", "no:xdist"]
    paths = os.pathsep.join([str(Path(__file__).parent), str(ROOT)])
    variables = {"PYTHONPATH": paths, "LYCEUM_TEST_REPORT": str(report)}
    code, output = await _run("pytest", *options, *FILES, cwd=distribution, **variables)
    assert code in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED), output
    tests = json.loads(await asyncio.to_thread(report.read_text))
    return {name: Outcome(**test) for name, test in tests.items()}


def test_each_passes_but_those_listed(outcomes: dict[str, Outcome]) -> None:
    assert len(outcomes) > 600
    failed = {name: test.text for name, test in outcomes.items() if test.outcome == "failed"}
    assert failed.keys() == DIFFERENT.keys(), "\n\n".join(failed.values())
