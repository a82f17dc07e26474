"""Answers by a plan are what running the operation answers."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.data import SMALL
from benchmarks.queries import QUERIES
from tests.graphql.clients import Statements
from tests.graphql.plan.conftest import Executors
from tests.graphql.plan.documents import documents

EXCUSES = {None, "directives under scopes", "refused", "a value out of the ordinary"}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
@given(st.data())
def test_generated_operations(executors: Executors, data: Any) -> None:
    query, variables = data.draw(documents(executors.keys))
    # One after another, so that whatever a plan forgot to depend on shows.
    for name in data.draw(st.lists(st.sampled_from(list(executors.viewers)), min_size=2, max_size=5)):
        asked = executors.ask(executors.viewers[name], query, variables)
        planned, run = asked.texts
        assert planned == run, (name, query, variables)
        assert asked.reason in EXCUSES, (asked.reason, query)
