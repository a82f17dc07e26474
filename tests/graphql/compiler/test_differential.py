"""What Lyceum ships and graphql-core answer alike: any document, over any rows, whatever goes wrong.

`LYCEUM_TEST_EXAMPLES` is how many documents are asked of each database in each way; given at all, they are
others in every run.
"""

import asyncio
import datetime as dt
import gc
import os
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import Any
from zlib import crc32

import orjson
import pytest
import strawberry
from graphql import GraphQLError, GraphQLObjectType, GraphQLResolveInfo, GraphQLSchema
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Table, text
from sqlmodel import SQLModel

from app.auth.clock import now
from app.auth.credentials import Authenticator
from app.auth.passwords import Passwords
from app.auth.viewer import STRANGER, Viewer
from app.db.engine import Database
from app.demo.credentials import DEMO, LEARNER
from app.demo.learners import END
from app.errors import BadUserInput
from app.graphql.compiler import fallbacks
from app.graphql.execute import Answer, Executor, Operation, encoded
from app.settings import Settings
from schema.build import SCHEMA
from tests.databases import DIALECTS, Databases
from tests.graphql.clients import add_user
from tests.graphql.compiler.comparing import Failure, Outcome, compare
from tests.graphql.compiler.documents import Composites, Request, Writer
from tests.graphql.compiler.worlds import Later
from tests.graphql.test_schemathesis import AWKWARD, SAMPLES, leaves

EXAMPLES = os.environ.get("LYCEUM_TEST_EXAMPLES")
NOW = dt.datetime(END.year, END.month, END.day, 12, tzinfo=dt.UTC)
OFF: dict[str, Any] = {
    name: False for name in ("compiled_executor", "json_text") if name in Settings.model_fields
}
"""Settings that leave everything to graphql-core."""

ON = dict.fromkeys(OFF, True)
"""Settings that leave to it only what has to be."""

ROOT_KEY = "root-key-0123456789"

_ADDRESS = re.compile(r"0x[0-9a-f]+")


pytestmark = [
    # Both executors cancel what they need no more, and what is cancelled before it begins is told of.
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <coroutine object:pytest.PytestUnraisableExceptionWarning"
    ),
]


@pytest.fixture(scope="module", autouse=True)
def unmasked() -> Iterator[None]:
    """Tell what went wrong, so that it can be compared."""

    def told(error: BaseException) -> dict[str, Any]:
        message = _ADDRESS.sub("", f"{type(error).__name__}: {error}")
        return {"message": message, "extensions": {"code": "INTERNAL"}}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.graphql.errors.masked", told)
        yield


def make(database: Database, schema: GraphQLSchema = SCHEMA._schema, **options: Any) -> Executor:
    """An executor as Lyceum ships it, with short pages, so that large documents are not too large."""
    options = (
        {"page_size": 3, "max_aliases": 1000, "max_root_fields": 1000, "cost_per_minute": 0} | ON | options
    )
    settings = Settings(webhook_worker=False, **options)
    authenticator = Authenticator(database, Passwords(database, settings, now))
    return Executor(schema, database, settings, authenticator, lambda: NOW)


async def ask(executor: Executor, viewer: Viewer, request: Request) -> Outcome:
    """The answer to a request."""
    operation = Operation(request.text, request.variables, request.operation_name)
    answer = await executor.execute(viewer, operation, "tests")
    # What nobody needs any more comes to its end.
    if others := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(others)
    gc.collect(1)
    return _outcome(answer)


def _outcome(answer: Answer) -> Outcome:
    written = encoded(answer.body)
    body = orjson.loads(written)
    errors = body.pop("errors", ())
    failures = [Failure(error.get("path", ()), (str(error),)) for error in errors]
    data = body.get("data")
    # Errors have their own order.
    return Outcome(data, orjson.dumps(body), failures)


class Values:
    """Values for arguments: what the data has, and anything else."""

    def __init__(self, data: Any) -> None:
        self._by_name: dict[str, list[str]] = {}
        for name, value in leaves(data):
            self._by_name.setdefault(name, []).append(value)
        self._all = [value for values in self._by_name.values() for value in values]

    def __call__(self, random: Random, type_: str, name: str) -> Any:
        """A value for a scalar."""
        kind = random.randrange(8)
        day = END.date() - dt.timedelta(days=random.randrange(-2, 90))
        if type_ == "Int":
            return random.choice([0, 1, *[2, 3] * 9, 20, -1]) if name in ("first", "last") else kind
        if type_ in ("Date", "DateTime"):
            return str(day) if type_ == "Date" else f"{day}T0{kind}:30:00Z"
        if type_ == "Boolean":
            return kind < 4
        if type_ in ("Float", "Decimal"):
            return kind * 12.5 if type_ == "Float" else f"{kind}.50"
        if type_ == "JSON":
            return {"event_type": "any", "number": [kind, None]}
        name = {"after": "cursor", "before": "cursor", "ids": "id"}.get(name, name)
        known = self._by_name.get({"ID": "id", "UUID": "uuid"}.get(type_, name), self._all)
        value = random.choice(known)
        if type_ == "UUID" or kind < 6:
            return value
        return random.choice(AWKWARD) if kind == 6 else value[1:3].swapcase()


@dataclass
class Pair:
    """What is shipped, what only graphql-core executes, and who can ask them."""

    shipped: Executor
    plain: Executor
    viewers: list[Viewer]

    async def compare(self, request: Request, viewer: Viewer) -> None:
        """Fail unless both answer alike."""
        try:
            expected = await ask(self.plain, viewer, request)
        except asyncio.CancelledError:
            # With a field beside one that failed, graphql-core cancels what a loader reads for others too.
            await ask(self.shipped, viewer, request)
        else:
            compare(expected, await ask(self.shipped, viewer, request))


async def viewers_of(database: Database, *keys: str) -> list[Viewer]:
    """The users with API keys."""
    authenticator = Authenticator(database, Passwords(database, Settings(), now), now)
    return [await authenticator.viewer(f"Token {key}") for key in keys]


# What goes wrong: in resolvers, and in rows.

_FAULTS = 60
"""Of a thousand fields that may go wrong, how many do."""

_DAMAGED = (
    "course",
    "course_run",
    "enrollment",
    "enterprise_catalog",
    "enterprise_customer",
    "enterprise_enrollment",
    "entitlement",
    "module",
    "organization",
    "person",
    "program",
    "program_type",
    "progress",
    "seat",
    "subject",
    "user",
)


def faulty() -> GraphQLSchema:
    """The schema with resolvers of which some go wrong here and there."""
    schema = strawberry.Schema(
        query=SCHEMA.query,
        mutation=SCHEMA.mutation,
        subscription=SCHEMA.subscription,
        types=[type_.extensions["strawberry-definition"].origin for type_ in _objects(SCHEMA._schema)],
        config=SCHEMA.config,
    )._schema
    for original in _objects(SCHEMA._schema):
        type_: Any = schema.type_map[original.name]
        type_.extensions = original.extensions
        for name, field in type_.fields.items():
            field.extensions = dict(original.fields[name].extensions)
            if crc32(f"{original.name}.{name}".encode()) % 2:
                # Whoever calls the resolver calls it for each object.
                field.extensions.pop("many", None)
                field.resolve = _going_wrong(field.resolve)
    return schema


def _objects(schema: GraphQLSchema) -> list[GraphQLObjectType]:
    return [
        type_
        for name, type_ in schema.type_map.items()
        if isinstance(type_, GraphQLObjectType) and not name.startswith("__")
    ]


def _going_wrong(resolve: Callable[..., Any]) -> Callable[..., Any]:
    def faulty_resolve(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        place = ".".join(map(str, info.path.as_list()))
        drawn = crc32(f"{place} {info.operation.loc and info.operation.loc.source.body}".encode()) % 1000
        if drawn < _FAULTS:
            return [_none, _raise_expected, _raise_unexpected, _raise_later][drawn % 4](place)
        return resolve(source, info, **arguments)

    return faulty_resolve


def _none(_place: str) -> None:
    return None


def _raise_expected(place: str) -> None:
    raise BadUserInput(f"No {place}", field=place)


def _raise_unexpected(place: str) -> None:
    raise GraphQLError(f"No {place}", extensions={"place": place}) if len(place) % 2 else KeyError(place)


def _raise_later(place: str) -> Later:
    def fail() -> None:
        raise RuntimeError(place)

    return Later(1, fail)


async def damage(database: Database) -> None:
    """Put nulls and unknown words into rows, also where the database would not let them in."""
    tables = [table for table in SQLModel.metadata.sorted_tables if table.name in _DAMAGED]
    assert len(tables) == len(_DAMAGED)
    async with database.writer.begin() as connection:
        for statement in _let_nulls_in(database.dialect, tables):
            await connection.execute(text(statement))
    # SQLite reads what tables are when it connects.
    await database.dispose()
    async with database.writer.begin() as connection:
        for table in tables:
            key = next(iter(table.primary_key))
            for number, column in enumerate(_values_of(table)):
                null = table.update().where(key % 9 == number % 9).values({column: None})
                await connection.execute(null)
                if column.type.python_type is str:
                    word = table.update().where(key % 10 == (number + 3) % 10).values({column: "?"})
                    await connection.execute(word)


def _let_nulls_in(dialect: str, tables: list[Table]) -> Iterator[str]:
    if dialect == "sqlite":
        yield "PRAGMA writable_schema = ON"
    for table in tables:
        if dialect == "sqlite":
            yield f"UPDATE sqlite_master SET sql = replace(sql, ' NOT NULL', '') WHERE name = '{table.name}'"
        else:
            for column in _values_of(table):
                yield f'ALTER TABLE "{table.name}" ALTER "{column.name}" DROP NOT NULL'


def _values_of(table: Table) -> list[Column[Any]]:
    """Columns that rows are not found by."""
    keys = {column.name for index in table.indexes for column in index.columns}
    keys |= {column.name for constraint in table.constraints for column in getattr(constraint, "columns", ())}
    return [column for column in table.columns if column.name not in keys]


# Queries.


@asynccontextmanager
async def pairs(urls: dict[str, str]) -> AsyncIterator[dict[tuple[str, str], Pair]]:
    """By dialect and by what goes wrong."""
    made, opened = {}, []
    for dialect in DIALECTS:
        sound, damaged = (Database(urls[f"{dialect} {rows}"]) for rows in ("sound", "damaged"))
        opened += [sound, damaged]
        viewers = [*await viewers_of(sound, DEMO.api_key, LEARNER.api_key), STRANGER]
        made[dialect, "nothing"] = Pair(make(sound), make(sound, **OFF), viewers)
        await damage(damaged)
        made[dialect, "rows"] = Pair(make(damaged), make(damaged, **OFF), viewers)
        schema = faulty()
        # What the database writes knows nothing of resolvers.
        asked = {name: value for name, value in OFF.items() if name != "compiled_executor"}
        made[dialect, "resolvers"] = Pair(make(sound, schema, **asked), make(sound, schema, **OFF), viewers)
    yield made
    for database in opened:
        await database.dispose()


@pytest.fixture(scope="module")
async def copies(demo_urls: dict[str, str], databases: Databases) -> dict[str, str]:
    """Copies of the demo data: while it is connected nobody could copy the original."""
    return {
        f"{dialect} {rows}": await databases.copy_url(url)
        for dialect, url in demo_urls.items()
        for rows in ("sound", "damaged")
    }


@pytest.fixture(scope="module")
def asked(copies: dict[str, str]) -> Iterator[tuple[asyncio.Runner, dict[tuple[str, str], Pair], Values]]:
    """An event loop, whom to ask in it, and values to ask with."""
    with asyncio.Runner() as runner:
        context = pairs(copies)
        made = runner.run(context.__aenter__())
        pair = made["sqlite", "nothing"]
        samples = runner.run(ask(pair.plain, pair.viewers[0], Request(SAMPLES, {}, None)))
        assert not samples.failures
        yield runner, made, Values(samples.data)
        runner.run(context.__aexit__(None, None, None))


@pytest.fixture(scope="module")
async def twins(demo_urls: dict[str, str], databases: Databases) -> dict[str, list[str]]:
    """Of each dialect two copies of the demo data, with a user who may change everything."""
    made = {}
    for dialect, url in demo_urls.items():
        made[dialect] = [await databases.copy_url(url) for _ in range(2)]
        for copy in made[dialect]:
            database = Database(copy)
            await add_user(database, "root", ROOT_KEY, is_superuser=True)
            await database.dispose()
    return made


@pytest.fixture(scope="module")
def mutable(twins: dict[str, list[str]]) -> Iterator[tuple[asyncio.Runner, list[Pair], Values]]:
    """An event loop, whom to ask in it for changes, and values to ask with."""
    with asyncio.Runner() as runner:
        opened = [[Database(url) for url in urls] for urls in twins.values()]
        made = []
        for first, second in opened:
            viewers = runner.run(viewers_of(first, ROOT_KEY, LEARNER.api_key))
            made.append(Pair(make(first), make(second, **OFF), [*viewers, STRANGER]))
        samples = runner.run(ask(made[0].plain, made[0].viewers[0], Request(SAMPLES, {}, None)))
        yield runner, made, Values(samples.data)
        for databases in opened:
            for database in databases:
                runner.run(database.dispose())


def examples(number: int) -> settings:
    """How many documents are asked."""
    return settings(
        max_examples=int(EXAMPLES or number),
        derandomize=not EXAMPLES,
        deadline=None,
        phases=set(Phase) - {Phase.explain},
        suppress_health_check=list(HealthCheck),
    )


COMPOSITES = Composites(SCHEMA._schema)
RARE = frozenset(("after", "before", "last", "offset", "where"))


@pytest.mark.parametrize("wrong", ["nothing", "rows", "resolvers"])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_queries(
    asked: tuple[asyncio.Runner, dict[tuple[str, str], Pair], Values], dialect: str, wrong: str
) -> None:
    runner, made, values = asked
    pair = made[dialect, wrong]
    root: Any = SCHEMA._schema.query_type
    asked_for = 0

    @examples(60)
    @given(st.randoms(use_true_random=False), st.sampled_from(pair.viewers))
    def compare_both(random: Random, viewer: Viewer) -> None:
        nonlocal asked_for
        asked_for += 1
        writer = Writer(COMPOSITES, random, values, fields_at_most=random.choice([5, 15, 30]), rare=RARE)
        request = writer.request(root)
        note(str(request))
        runner.run(pair.compare(request, viewer))

    fallbacks.clear()
    compare_both()
    assert fallbacks.keys() <= {"condition", "combinations of conditions"}
    assert fallbacks.total() < 0.3 * asked_for


def test_mutations(mutable: tuple[asyncio.Runner, list[Pair], Values]) -> None:
    runner, pairs, values = mutable
    root: Any = SCHEMA._schema.mutation_type

    @examples(100)
    @given(st.randoms(use_true_random=False), st.sampled_from(range(3)), st.sampled_from(pairs))
    def compare_both(random: Random, viewer: int, pair: Pair) -> None:
        request = Writer(COMPOSITES, random, values, fields_at_most=12, rare=RARE).request(root, "mutation")
        note(str(request))
        plain, shipped = (
            runner.run(ask(executor, pair.viewers[viewer], request))
            for executor in (pair.plain, pair.shipped)
        )
        compare(*map(_without_secrets, (plain, shipped)))

    compare_both()


def _without_secrets(outcome: Outcome) -> Outcome:
    """An outcome without texts: secrets are made anew, and uuids."""

    def outline(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: outline(item) for name, item in value.items()}
        if isinstance(value, list):
            return [outline(item) for item in value]
        return "text" if isinstance(value, str) else value

    return Outcome(outcome.data, orjson.dumps(outline(outcome.data)), outcome.failures)
