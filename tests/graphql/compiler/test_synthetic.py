"""The compiled executor does what graphql-core does, over schemas and data of every kind.

`LYCEUM_TEST_EXAMPLES` is how many documents each schema is asked; given at all, they are others in every run.
"""

import os
from collections import Counter
from functools import partial
from random import Random, SystemRandom
from typing import Any

import graphql
import pytest

from app.graphql import compiler
from tests.graphql.compiler import worlds
from tests.graphql.compiler.comparing import compare, outcome
from tests.graphql.compiler.documents import Composites, Request, Writer
from tests.graphql.compiler.worlds import Maker, World

EXAMPLES = os.environ.get("LYCEUM_TEST_EXAMPLES")


def _requests(schema: graphql.GraphQLSchema, seed: int, number: int) -> list[tuple[Request, Any, Any, int]]:
    composites = Composites(schema)
    found = []
    for count in range(number):
        random = Random(f"{seed} {count}")
        kind = "mutation" if random.randrange(8) == 0 else "query"
        root: Any = schema.mutation_type if kind == "mutation" else schema.query_type
        writer = Writer(composites, random, worlds.scalars, fields_at_most=random.choice([3, 8, 20]))
        request = writer.request(root, kind)
        document = graphql.parse(request.text)
        errors = graphql.validate(schema, document)
        assert not errors, f"{errors[0]}\n{request}"
        found.append((request, document, root, random.choice([0, 0, 1, 5, 15])))
    return found


@pytest.mark.parametrize("is_sync", [True, False])
@pytest.mark.parametrize("number", range(8))
async def test_same_outcome(number: int, is_sync: bool) -> None:
    seed = SystemRandom().randrange(2**32) if EXAMPLES else number
    schema = Maker(seed, is_sync=is_sync).schema()
    assert not graphql.validate_schema(schema)
    for request, document, root, faults in _requests(schema, seed, int(EXAMPLES or 60)):
        made = [World(seed, faults), World(seed, faults)]
        expected, found = [
            await outcome(
                partial(
                    execute,
                    schema,
                    document,
                    world.root(root),
                    world,
                    request.variables,
                    request.operation_name,
                )
            )
            for execute, world in zip((graphql.execute, compiler.execute), made, strict=True)
        ]
        try:
            compare(expected, found)
            if expected.is_sync:
                assert made[1].log == made[0].log
            elif not expected.errors:
                assert Counter(made[1].log) == Counter(made[0].log)
        except AssertionError as error:
            error.add_note(f"seed {seed}, {faults} faults in 100, on\n{graphql.print_schema(schema)}\n{request}")
            raise
