"""The compiled executor does what graphql-core does, over schemas and data of every kind.

`LYCEUM_TEST_EXAMPLES` is how many documents each schema is asked; given at all, they are others in every run.
"""

import asyncio
import os
from collections import Counter
from functools import cache, partial
from random import Random
from typing import Any

import graphql
import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from app.graphql import compiler
from tests.graphql.compiler import worlds
from tests.graphql.compiler.comparing import compare, outcome
from tests.graphql.compiler.documents import Composites, Writer
from tests.graphql.compiler.worlds import Maker, World

EXAMPLES = os.environ.get("LYCEUM_TEST_EXAMPLES")


@cache
def _composites(seed: int, *, is_sync: bool) -> Composites:
    schema = Maker(seed, is_sync=is_sync).schema()
    assert not graphql.validate_schema(schema)
    return Composites(schema)


async def _both(world: World, *asked: Any) -> None:
    schema, document, root, *others = asked
    again = World(world.seed, world.faults)
    expected = await outcome(partial(graphql.execute, schema, document, world.root(root), world, *others))
    found = await outcome(partial(compiler.execute, schema, document, again.root(root), again, *others))
    compare(expected, found)
    if not expected.failures:
        # Each resolver once, in any order but that of mutations.
        assert Counter(again.log) == Counter(world.log)
    if root is schema.mutation_type:
        at_root = [[entry for entry in log if entry.startswith("1 ")] for log in (world.log, again.log)]
        assert at_root[0] == at_root[1]


@pytest.mark.parametrize("is_sync", [True, False])
def test_same_outcome(is_sync: bool) -> None:
    @settings(
        max_examples=int(EXAMPLES or 200),
        derandomize=not EXAMPLES,
        deadline=None,
        phases=set(Phase) - {Phase.explain},
        suppress_health_check=list(HealthCheck),
    )
    @given(
        st.integers(0, 19),
        st.integers(0, 2**16),
        st.sampled_from([0, 1, 5, 15]),
        st.sampled_from(["query", "query", "query", "mutation"]),
        st.randoms(use_true_random=False),
    )
    def ask(schema_seed: int, seed: int, faults: int, kind: str, random: Random) -> None:
        composites = _composites(schema_seed, is_sync=is_sync)
        schema = composites.schema
        root: Any = schema.mutation_type if kind == "mutation" else schema.query_type
        writer = Writer(composites, random, worlds.scalars, fields_at_most=random.choice([3, 8, 20]))
        request = writer.request(root, kind)
        note(str(request))
        document = graphql.parse(request.text)
        assert not graphql.validate(schema, document)
        world = World(seed, faults)
        runner.run(_both(world, schema, document, root, request.variables, request.operation_name))

    with asyncio.Runner() as runner:
        ask()
