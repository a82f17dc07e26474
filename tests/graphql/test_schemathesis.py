"""Generated operations never break the server, and both databases answer them alike.

`LYCEUM_TEST_EXAMPLES` is how many are made of each root field; given at all,
they are others in every run.
"""

import asyncio
import dataclasses
import datetime as dt
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from typing import Any

import httpx
import pytest
import schemathesis
from graphql import (
    FieldNode,
    IntValueNode,
    NameNode,
    ObjectFieldNode,
    ObjectValueNode,
    StringValueNode,
    Visitor,
    visit,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.graphql import nodes
from schemathesis.specs.openapi.checks import positive_data_acceptance

from app.demo.credentials import DEMO, LEARNER
from app.demo.learners import END
from schema.build import SCHEMA
from tests.databases import DIALECTS, Databases
from tests.graphql.clients import Client, client_of

EXAMPLES = os.environ.get("LYCEUM_TEST_EXAMPLES")
FIELDS = SCHEMA._schema.type_map["Query"].fields  # type: ignore[attr-defined]
KEYS = [DEMO.api_key, LEARNER.api_key, None]

SAMPLES = """{
  organizations(first: 3) { edges { cursor node { id key uuid name } } }
  courses(first: 3) { edges { cursor node { id key title entitlements { id } } } }
  courseRuns(first: 3) { edges { cursor node { id key start seats { id } } } }
  programs(first: 3) { edges { cursor node { id uuid title type { id } } } }
  subjects(first: 3) { edges { cursor node { id slug name } } }
  people(first: 3) { edges { cursor node { id uuid familyName } } }
  users(first: 3) { edges { cursor node { id username email } } }
  enrollments(first: 3) { edges { cursor node { id mode created } } }
  enterpriseCustomers(first: 3) { edges { cursor node { id uuid slug } } }
  enterpriseCatalogs(first: 3) { edges { cursor node { id uuid title } } }
  problems(first: 3) { edges { cursor node { id usageKey } } }
  subsections(first: 3) { edges { cursor node { id usageKey } } }
  videos(first: 3) { edges { cursor node { id usageKey } } }
  oauthClients(first: 3) { edges { cursor node { id clientId } } }
}"""

AWKWARD = ("", "\0", "%", "_", "\\", "'", "İß", "ÅÉ", "🏃", "\ufffe", "1e999")
"""Texts that databases like to treat differently."""


@dataclasses.dataclass
class Servers:
    """An application over the demo data for each dialect, and generated queries for them."""

    runner: asyncio.Runner
    clients: list[Client]
    schemas: dict[GenerationMode, Any]

    def ask(self, query: str, key: str | None) -> list[httpx.Response]:
        """The answer of each application."""

        async def ask() -> list[httpx.Response]:
            return [await client.post(query, key=key) for client in self.clients]

        return self.runner.run(ask())


@pytest.fixture(scope="module")
async def urls(demo_urls: dict[str, str], databases: Databases) -> dict[str, str]:
    """Copies of the demo data: while it is connected nobody could copy the original."""
    return {dialect: await databases.copy_url(url) for dialect, url in demo_urls.items()}


@pytest.fixture(scope="module")
def servers(urls: dict[str, str]) -> Iterator[Servers]:
    with serving(urls) as servers:
        yield servers


@contextmanager
def serving(urls: dict[str, str]) -> Iterator[Servers]:
    """Applications over the databases at the URLs."""

    async def start() -> list[Client]:
        return [
            await stack.enter_async_context(client_of(urls[dialect], cost_per_minute=0))
            for dialect in DIALECTS
        ]

    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        clients = runner.run(start())
        samples = list(leaves(runner.run(clients[0].ask(SAMPLES, key=DEMO.api_key))))
        cursors = [value for name, value in samples if name == "cursor"]
        give_values(samples)
        text, config = SCHEMA.as_str(), SchemathesisConfig()
        schemas = {mode: schemathesis.graphql.from_file(text, config=config) for mode in GenerationMode}

        @schemas[GenerationMode.POSITIVE].hook("flatmap_body")
        def as_generated_or_paging(context: object, body: Any) -> st.SearchStrategy[Any]:
            paged = (visit(body, Paging(way, cursors)) for way in ({"first", "after"}, {"last", "before"}))
            return st.sampled_from([body, *paged])

        yield Servers(runner, clients, schemas)
        runner.run(stack.aclose())


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Texts in an answer, each with the name of its field."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item, name)
    elif isinstance(value, str):
        yield name, value


def give_values(samples: Iterable[tuple[str, str]]) -> None:
    """Let arguments be what the data has, besides what could be anything."""
    ids: list[str] = []
    uuids: list[str] = []
    texts: list[str] = []
    for name, value in samples:
        {"id": ids, "uuid": uuids}.get(name, texts).append(value)
    span = (dt.datetime(END.year - 2, 1, 1), dt.datetime(END.year + 1, 1, 1))
    instants = st.datetimes(*span) | st.datetimes() | st.datetimes(timezones=st.timezones())
    bounds = st.sampled_from((dt.date.min, dt.date.max))
    days = st.dates(span[0].date(), span[1].date()) | st.dates() | bounds
    parts = st.sampled_from(texts).map(lambda text: text[1:2].swapcase())
    for scalar, values in {
        "ID": st.sampled_from(ids) | st.text(),
        "UUID": st.sampled_from(uuids) | st.uuids().map(str),
        "String": st.sampled_from(texts) | parts | st.sampled_from(AWKWARD) | st.text(),
        "DateTime": instants.map(dt.datetime.isoformat),
        "Date": days.map(str),
    }.items():
        schemathesis.graphql.scalar(scalar, values.map(nodes.String))
    small = st.integers(0, 10)
    numbers = small | st.integers(1950, 2010) | st.integers(-(2**31), 2**31 - 1)
    schemathesis.graphql.scalar("Int", numbers.map(nodes.Int))
    members = {
        "time": instants.map(dt.datetime.isoformat),
        "event_type": st.sampled_from(texts),
        "event": st.text(),
    }
    schemathesis.graphql.scalar(
        "JSON",
        st.text().map(nodes.String) | numbers.map(nodes.Int) | st.fixed_dictionaries(members).map(_object),
    )


def _object(members: dict[str, str]) -> ObjectValueNode:
    fields = [
        ObjectFieldNode(name=NameNode(value=name), value=nodes.String(value))
        for name, value in members.items()
    ]
    return nodes.Object(fields)


class Paging(Visitor):
    """Leaves lists one way of paging and only values that can be, so that they are read."""

    def __init__(self, way: set[str], cursors: list[str]) -> None:
        super().__init__()
        self._unwanted = {"first", "after", "last", "before"} - way
        self._cursors = set(cursors)

    def enter_field(self, node: FieldNode, *_: Any) -> FieldNode:
        given = node.arguments or ()
        kept = (argument for argument in given if self._fits(argument.name.value, argument.value))
        return dataclasses.replace(node, arguments=tuple(kept))

    def _fits(self, name: str, value: Any) -> bool:
        if name in self._unwanted:
            return False
        if name in ("first", "last") and isinstance(value, IntValueNode):
            return 0 <= int(value.value) <= 10
        if name in ("after", "before") and isinstance(value, StringValueNode):
            return value.value in self._cursors
        return True


def alike(value: Any) -> Any:
    """An answer without what may differ: when the demo's series were computed."""
    if isinstance(value, dict):
        return {name: alike(item) for name, item in value.items() if name != "computedAt"}
    return [alike(item) for item in value] if isinstance(value, list) else value


def check(case: Case[Any], response: httpx.Response) -> Any:
    """The answer to a query; fails unless it is a sound one."""
    # Queries that fit the schema may ask for too much or name a cursor that is none.
    case.validate_response(response, excluded_checks=[positive_data_acceptance])
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    answer = response.json()
    assert answer.keys() in ({"data", "extensions"}, {"errors"}, {"errors", "data", "extensions"})
    codes = {error["extensions"]["code"] for error in answer.get("errors", ())}
    assert codes <= {"BAD_USER_INPUT", "COST_EXCEEDED"}
    return answer


def check_field(
    servers: Servers,
    field: str,
    mode: GenerationMode,
    number: int,
    *,
    root: str = "Query",
    keys: Sequence[str | None] = KEYS,
    same: Callable[[Any], Any] = alike,
) -> None:
    """Ask generated operations with a root field."""
    examples = settings(
        max_examples=int(EXAMPLES or number),
        derandomize=not EXAMPLES,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )

    @examples
    @given(servers.schemas[mode][root][field].as_strategy(generation_mode=mode), st.sampled_from(keys))
    def ask(case: Case[Any], key: str | None) -> None:
        answers = [check(case, response) for response in servers.ask(str(case.body), key)]
        assert same(answers[0]) == same(answers[1])

    ask()


@pytest.mark.parametrize("field", FIELDS)
def test_queries_that_fit_the_schema(servers: Servers, field: str) -> None:
    check_field(servers, field, GenerationMode.POSITIVE, 12)


@pytest.mark.parametrize("field", [name for name, field in FIELDS.items() if field.args])
def test_queries_that_do_not_fit_the_schema(servers: Servers, field: str) -> None:
    check_field(servers, field, GenerationMode.NEGATIVE, 5)


def test_starts_with_keeps_upper_and_lower_case_apart_on_both_databases(servers: Servers) -> None:
    query = '{ subjects(where: {name: {startsWith: "%s"}}) { nodes { name } } }'
    for start, names in {
        "Comp": ["Computer Science"],
        "comp": [],
        "C_mp": [],
        "Computer Science!": [],
    }.items():
        for response in servers.ask(query % start, DEMO.api_key):
            assert [node["name"] for node in response.json()["data"]["subjects"]["nodes"]] == names
