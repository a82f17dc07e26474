"""How a database executes the statements of a request: which tables it reads whole, and how long it takes."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any
from unittest.mock import patch

import httpx

from app.db.engine import Database
from app.db.reader import Reader
from app.main import create_app
from app.settings import Settings
from benchmarks.data import API_KEY
from benchmarks.databases import opened

_EXECUTIONS = 3
_ASKED = 2
"""The first time, a request reads who asks as well."""


@dataclass(frozen=True)
class Request:
    """A GET without a body, else a POST."""

    path: str
    body: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Plan:
    """A statement, how it is executed, the tables it reads whole, and seconds at the best of some times."""

    statement: str
    text: str
    whole: frozenset[str]
    seconds: float


async def plans(url: str, request: Request) -> list[Plan]:
    """The plans of all reading statements of a request by staff.

    On PostgreSQL tables are read whole only where no index serves: its choice would be another one for each
    number of rows.
    """
    statements: list[tuple[str, Sequence[Any]]] = []
    with _listening(lambda text, parameters: statements.append((text, parameters))):
        app = create_app(Settings(database_url=url, webhook_worker=False, cost_per_minute=0))
        transport = httpx.ASGITransport(app)
        headers = {"Authorization": f"Token {API_KEY}"}
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://lyceum.test", headers=headers) as http,
        ):
            for _ in range(_ASKED):
                statements.clear()
                method = "GET" if request.body is None else "POST"
                answer = await http.request(method, request.path, json=request.body)
                answer.raise_for_status()
    reading = [(text, values) for text, values in statements if re.match(r"\s*(SELECT|WITH)\b", text)]
    async with opened(url) as database:
        explain = _explain_sqlite if database.dialect == "sqlite" else _explain_postgresql
        return [await explain(database, text, values) for text, values in reading]


@contextmanager
def _listening(heard: Callable[[str, Sequence[Any]], None]) -> Iterator[None]:
    """Hear of every statement that requests read by."""
    read = Reader.raw

    async def raw(reader: Reader, sql: str, parameters: Sequence[Any]) -> Sequence[Any]:
        heard(sql, parameters)
        return await read(reader, sql, parameters)

    with patch.object(Reader, "raw", raw):
        yield


async def _explain_sqlite(database: Database, statement: str, values: Sequence[Any]) -> Plan:
    driver = await database.pool.take()
    steps = await driver.fetch(f"EXPLAIN QUERY PLAN {statement}", *values)
    seconds = []
    for _ in range(_EXECUTIONS):
        begin = perf_counter()
        await driver.fetch(statement, *values)
        seconds.append(perf_counter() - begin)
    database.pool.give_back(driver)
    return Plan(
        statement, "\n".join(row[3] for row in steps), _whole_in_sqlite(statement, steps), min(seconds)
    )


def _whole_in_sqlite(statement: str, steps: Sequence[Sequence[Any]]) -> frozenset[str]:
    """The tables that steps, each with its parent and a text, read whole."""
    made = {
        name for _, _, _, text in steps for name in re.findall(r"^(?:MATERIALIZE|CO-ROUTINE) (\w+)$", text)
    }
    sorted_ = {parent for _, parent, _, text in steps if text.startswith("USE TEMP B-TREE")}
    scans = [(parent, name) for _, parent, _, text in steps for name in re.findall(r"^SCAN (\w+)$", text)]
    # Where it is not sorted a page goes along the primary key, and ends with its last row.
    return frozenset(
        name for parent, name in scans if name not in made and (parent in sorted_ or "LIMIT" not in statement)
    )


async def _explain_postgresql(database: Database, statement: str, values: Sequence[Any]) -> Plan:
    driver: Any = await database.pool.take()
    executed = f"EXPLAIN (ANALYZE, TIMING OFF, SUMMARY ON, FORMAT JSON) {statement}"
    seconds = []
    for _ in range(_EXECUTIONS):
        (found,) = await driver.fetchval(executed, *values)
        seconds.append(found["Execution Time"] / 1000)
    text = "\n".join(row[0] for row in await driver.fetch(f"EXPLAIN (ANALYZE) {statement}", *values))
    await driver.execute("SET enable_seqscan = off")
    (forced,) = await driver.fetchval(f"EXPLAIN (FORMAT JSON) {statement}", *values)
    await driver.execute("RESET enable_seqscan")
    database.pool.give_back(driver)
    whole = {node["Relation Name"] for node in _nodes(forced["Plan"]) if node["Node Type"] == "Seq Scan"}
    return Plan(statement, text, frozenset(whole), min(seconds))


def _nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)
