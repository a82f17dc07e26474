"""A plugin of pytest that lets graphql-core's own tests run against the compiled executor.

Writes to the file that `LYCEUM_TEST_REPORT` names, as JSON: of each test what came of it, how many operations
it executed, and which of them went to graphql-core after all, by reason.
"""

import gc
import importlib
import inspect
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from app.graphql.compiler import execute, fallbacks

_graphql_core = importlib.import_module("graphql.execution.execute")
_interpret = _graphql_core.experimental_execute_incrementally
_signature = inspect.signature(_interpret)
_executed = Counter[str]()
_is_compiling = False


def _compile(*arguments: Any, **options: Any) -> Any:
    """What graphql-core's `execute` and `execute_sync` do in the end, done by the compiled executor."""
    global _is_compiling
    given = _signature.bind(*arguments, **options).arguments
    schema = given["schema"]
    # `execute` takes no schema with these.
    is_incremental = schema.get_directive("defer") or schema.get_directive("stream")
    if _is_compiling or is_incremental:
        return _interpret(*arguments, **options)
    others = given.pop("custom_context_args", {})
    defaults = {name: parameter.default for name, parameter in _signature.parameters.items()}
    # What was not asked for is no reason to fall back.
    said = {name: value for name, value in given.items() if value is not defaults[name]}
    _executed["operations"] += 1
    _is_compiling = True
    try:
        return execute(**said, **others)
    finally:
        _is_compiling = False


_graphql_core.experimental_execute_incrementally = _compile  # type: ignore[attr-defined]


class Report:
    """What came of each test."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._tests: dict[str, dict[str, Any]] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Any:
        """Count what a test executes."""
        _executed.clear()
        fallbacks.clear()
        answer = yield
        self._tests[item.nodeid] |= {"operations": _executed["operations"], "fallbacks": dict(fallbacks)}
        return answer

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note how a test ended; a part that failed counts for all."""
        test = self._tests.setdefault(report.nodeid, {"outcome": "passed"})
        if not report.passed:
            test |= {"outcome": report.outcome, "text": report.longreprtext}

    def pytest_sessionfinish(self) -> None:
        """Write it down."""
        self._file.write_text(json.dumps(self._tests))


def pytest_configure(config: pytest.Config) -> None:
    """Report on this run."""
    # Some tests collect garbage, of which there is none in what is imported.
    gc.collect()
    gc.freeze()
    config.pluginmanager.register(Report(Path(os.environ["LYCEUM_TEST_REPORT"])))
