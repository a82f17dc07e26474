"""How a database executes the statements of a request: which tables it reads whole, and how long it takes."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import httpx
from sqlalchemy import Engine, Pool, event

from app.db.engine import Database
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
    """Hear of every statement, whether SQLAlchemy executes it or the driver is asked itself."""

    def executes(connection: Any, cursor: Any, statement: str, parameters: Sequence[Any], *_: Any) -> None:
        if connection.dialect.name == "postgresql":
            heard(statement, parameters)

    def connects(connection: Any, _: object) -> None:
        driver = connection.driver_connection
        if hasattr(driver, "add_query_logger"):
            driver.add_query_logger(lambda logged: heard(logged.query, logged.args))
        else:
            # It writes the values into the text.
            connection.run_async(lambda driver: driver.set_trace_callback(lambda text: heard(text, ())))

    event.listen(Engine, "before_cursor_execute", executes)
    event.listen(Pool, "connect", connects)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", executes)
        event.remove(Pool, "connect", connects)


async def _explain_sqlite(database: Database, statement: str, _: Sequence[Any]) -> Plan:
    async with database.reader.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        steps = [row[3] for row in await driver.execute_fetchall(f"EXPLAIN QUERY PLAN {statement}")]
        seconds = []
        for _execution in range(_EXECUTIONS):
            begin = perf_counter()
            await driver.execute_fetchall(statement)
            seconds.append(perf_counter() - begin)
    text = "\n".join(steps)
    whole = set(re.findall(r"^SCAN (\w+)$", text, re.MULTILINE))
    whole -= set(re.findall(r"^(?:MATERIALIZE|CO-ROUTINE) (\w+)$", text, re.MULTILINE))
    if "LIMIT" in statement and "TEMP B-TREE" not in text:
        # It goes along the primary key, and ends with the page.
        whole.clear()
    return Plan(statement, text, frozenset(whole), min(seconds))


async def _explain_postgresql(database: Database, statement: str, values: Sequence[Any]) -> Plan:
    async with database.reader.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        executed = f"EXPLAIN (ANALYZE, TIMING OFF, SUMMARY ON, FORMAT JSON) {statement}"
        seconds = []
        for _ in range(_EXECUTIONS):
            (found,) = await driver.fetchval(executed, *values)
            seconds.append(found["Execution Time"] / 1000)
        text = "\n".join(row[0] for row in await driver.fetch(f"EXPLAIN (ANALYZE) {statement}", *values))
        await driver.execute("SET enable_seqscan = off")
        (forced,) = await driver.fetchval(f"EXPLAIN (FORMAT JSON) {statement}", *values)
        await driver.execute("RESET enable_seqscan")
    whole = {node["Relation Name"] for node in _nodes(forced["Plan"]) if node["Node Type"] == "Seq Scan"}
    return Plan(statement, text, frozenset(whole), min(seconds))


def _nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)
