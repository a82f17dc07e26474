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
from collections import Counter
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PACKAGE = "graphql-core"
FILES = ["tests/execution", "tests/type/test_introspection.py", "tests/test_graphql.py"]
FILES += [f"tests/test_star_wars_{name}.py" for name in ("query", "introspection")]
FILES += ["tests/test_user_registry.py"]

_ALL_ARE_AWAITED = """The items of a list are awaited together. When one of them makes the list null, graphql-core cancels the
others, as a server may, but need not (GraphQL, 6.4.4)."""

_ONE_OF_SEVERAL = """Several errors are below one null. Which of them is told is the executor's choice (GraphQL, 6.4.4):
here the first in the order of the response, there the first in time."""

_OTHER_DOOR = (
    """Of `execute_sync`: for `@defer`, `execute`, which is the compiled one, raises another error."""
)

_DIFFERENT = {
    "test_nonnull.py::describe_execute_handles_non_nullable_types": {
        "describe_nulls_a_complex_tree_of_nullable_fields_each::throws": _ONE_OF_SEVERAL,
        **{
            f"describe_handles_multiple_errors_for_a_single_response_position::{name}": _ONE_OF_SEVERAL
            for name in (
                "nullable_and_non_nullable_root_fields_throw_nested_errors",
                "slower_nullable_after_non_nullable_root_field",
                "nullable_and_non_nullable_nested_fields_throw_nested_errors",
                "slower_nullable_after_non_nullable_nested_field",
            )
        },
    },
    "test_parallel.py::describe_parallel_execution::describe_cancel_on_exception": {
        "cancel_lists": _ALL_ARE_AWAITED,
        "cancel_async_iterators": _ALL_ARE_AWAITED,
    },
    "test_sync.py::describe_execute_synchronously_when_possible::describe_execute_sync": {
        "throws_if_encountering_async_iterable_execution_with_check_sync": _OTHER_DOOR,
        "throws_if_encountering_async_iterable_execution_without_check_sync": _OTHER_DOOR,
    },
}
"""Tests that fail, each with the reason why the answer is right all the same."""

_FALLBACKS = {
    "@defer": "Incremental delivery is not the compiled executor's.",
    "arguments of fragments": "An experiment of graphql-core's that our parser does not let in.",
    "depth": "graphql-core has an answer for what nests too deeply.",
    "directive of an operation": "Errors of documents that were not validated.",
    "introspection": "Nothing is slow about it.",
    "no operation": "Errors of documents that were not validated.",
    "no root type": "Errors of documents that were not validated.",
}
"""Why operations are left to graphql-core. Options of `execute` that Lyceum does not use are reasons too."""


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
    options = ["--quiet", "--override-ini", "addopts=", "--timeout", "10", "-p", "graphql_core_plugin"]
    options += ["-p", "no:cacheprovider", "-p", "no:xdist", "--ignore", "tests/execution/incremental"]
    paths = os.pathsep.join([str(Path(__file__).parent), str(ROOT)])
    variables = {"PYTHONPATH": paths, "LYCEUM_TEST_REPORT": str(report)}
    code, output = await _run("pytest", *options, *FILES, cwd=distribution, **variables)
    assert code in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED), output
    tests = json.loads(await asyncio.to_thread(report.read_text))
    return {name: Outcome(**test) for name, test in tests.items()}


def test_each_passes_but_those_listed(outcomes: dict[str, Outcome]) -> None:
    assert len(outcomes) > 500
    assert {test.outcome for test in outcomes.values()} == {"passed", "failed"}
    failed = {name: test.text for name, test in outcomes.items() if test.outcome == "failed"}
    listed = {f"tests/execution/{group}::{name}" for group, tests in _DIFFERENT.items() for name in tests}
    assert failed.keys() - listed == set(), "\n\n".join(failed[name] for name in failed.keys() - listed)
    assert listed - failed.keys() == set()


def test_most_is_compiled(outcomes: dict[str, Outcome]) -> None:
    reasons = Counter[str]()
    for test in outcomes.values():
        reasons.update(test.fallbacks)
    assert {reason for reason in reasons if not reason.startswith("option ")} == _FALLBACKS.keys()
    executed = sum(test.operations for test in outcomes.values())
    assert executed > 450
    assert reasons.total() < 0.3 * executed
