"""The contest: the servers that are measured, whether they say the same, and rounds over all of them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from app.errors import BadUserInput
from app.progress import Progress
from benchmarks.data import API_KEY, Scale
from benchmarks.databases import Filled
from benchmarks.load import Load, Target, hammer
from benchmarks.peers.queries import LYCEUM, POSTGRAPHILE, STRAWBERRY, common
from benchmarks.process import peak_memory
from benchmarks.queries import LOOKUPS, QUERIES
from benchmarks.server import Server, lyceum, running, uvicorn

CASES = tuple(LYCEUM)
CONNECTIONS = (1, 16)
POOL = 16
"""Connections of a peer to the database. All servers are up, so PostgreSQL has to bear the sum."""

WARM_UP = 20_000
"""Requests of Q1 that PostGraphile is warmed up with: its compiler is done only then."""
_LONG = 5
"""How many times as long it is asked everything else before."""

JSON_TEXT = "Lyceum"
COMPILED = "Lyceum, compiled executor only"
NEITHER = "Lyceum, neither"
SQLITE = "Lyceum, SQLite"
POSTGRAPHILE_5 = "PostGraphile 5.1"
AHEAD = "Strawberry, caches and look-ahead"
USUAL = "Strawberry, usual style"

SERVERS = {
    "lyceum": JSON_TEXT,
    "compiled": COMPILED,
    "neither": NEITHER,
    "sqlite": SQLITE,
    "postgraphile": POSTGRAPHILE_5,
    "ahead": AHEAD,
    "usual": USUAL,
}
"""What servers are called by whoever chooses some, and in the results."""

_SETTINGS = {
    JSON_TEXT: {},
    COMPILED: {"LYCEUM_JSON_TEXT": "false"},
    NEITHER: {"LYCEUM_JSON_TEXT": "false", "LYCEUM_COMPILED_EXECUTOR": "false"},
}
_STRAWBERRY = {AHEAD: "strawberry_ahead", USUAL: "strawberry_usual"}
POSTGRAPHILE_DIRECTORY = Path(__file__).parent / "postgraphile"

YEAR = LOOKUPS[0]
"""The one that there is a figure of the original API for."""


@dataclass(frozen=True)
class Contestant:
    """A server and its cases by name; `warm_up` is how many requests of Q1 it is warmed up with."""

    name: str
    server: Server
    targets: Mapping[str, Target]
    warm_up: int = 0


@dataclass
class Measured:
    """A load of each round."""

    contestant: str
    case: str
    connections: int
    rounds: list[Load] = field(default_factory=list)

    @property
    def cpu(self) -> float:
        """Milliseconds of CPU time of the server for a request, in the median round."""
        return median(1000 * load.server_cpu / len(load.latencies) for load in self.rounds)

    @property
    def database_cpu(self) -> float:
        """Milliseconds of CPU time of the database for a request; 0 where it runs inside the server."""
        return median(1000 * load.database_cpu / len(load.latencies) for load in self.rounds)

    @property
    def rate(self) -> float:
        """Requests a second."""
        return median(len(load.latencies) / load.seconds for load in self.rounds)

    def latency(self, share: float) -> float:
        """Milliseconds within which that share of the requests is answered."""
        return median(1000 * sorted(load.latencies)[int(len(load.latencies) * share)] for load in self.rounds)


@dataclass(frozen=True)
class Contest:
    """Contestants that are all up; the one that is measured has the core of servers to itself."""

    contestants: Sequence[Contestant]
    loader: Executor
    progress: Progress

    def compare(self) -> None:
        """Ask everybody everything. Raises `BadUserInput` when somebody says something else than others."""
        advance = self.progress("Compare answers", len(self.contestants))
        expected: dict[str, Any] = {}
        for contestant in self.contestants:
            for case, target in contestant.targets.items():
                found = common(_ask(target))
                if found != expected.setdefault(case, found):
                    raise BadUserInput(
                        f"{contestant.name} does not answer {case} as {self.contestants[0].name} does"
                    )
            advance(1)

    def warm(self, seconds: float) -> None:
        """Ask everybody everything for so long, or so often, that nothing is done for the first time."""
        advance = self.progress("Warm up", len(self.contestants))
        for contestant in self.contestants:
            for case, target in contestant.targets.items():
                least = contestant.warm_up if case == "Q1" else 0
                asked, left = 0, _LONG if contestant.warm_up else 1
                while asked < least or left > 0:
                    asked += len(self._hammer(target, CONNECTIONS[-1], seconds).latencies)
                    left -= 1
            advance(1)

    def measure(self, rounds: int, seconds: float, counts: Sequence[int] = CONNECTIONS) -> list[Measured]:
        """So many rounds over all cases and contestants, each of which begins with another one."""
        cases = dict.fromkeys(case for contestant in self.contestants for case in contestant.targets)
        order = [
            (contestant.targets[case], Measured(contestant.name, case, connections))
            for case in cases
            for contestant in self.contestants
            for connections in counts
            if case in contestant.targets
        ]
        advance = self.progress("Measure", rounds * len(order))
        for number in range(rounds):
            start = number * len(order) // rounds
            for target, measured in order[start:] + order[:start]:
                measured.rounds.append(self._hammer(target, measured.connections, seconds))
                advance(1)
        return [measured for _, measured in order]

    def _hammer(self, target: Target, connections: int, seconds: float) -> Load:
        return self.loader.submit(hammer, target, connections, 0, seconds).result()

    def memory(self) -> dict[str, int]:
        """The most memory that each contestant had resident, in bytes."""
        return {contestant.name: peak_memory(contestant.server.pid) for contestant in self.contestants}


@contextmanager
def contestants(
    names: Collection[str], databases: Mapping[str, Filled], scale: Scale, core: int
) -> Iterator[list[Contestant]]:
    """The servers of the names, all on PostgreSQL but for one."""
    with ExitStack() as stack:
        yield [_contestant(name, databases, scale, core, stack) for name in SERVERS.values() if name in names]


def _contestant(
    name: str, databases: Mapping[str, Filled], scale: Scale, core: int, stack: ExitStack
) -> Contestant:
    database = databases["sqlite" if name == SQLITE else "postgresql"]
    if name == POSTGRAPHILE_5:
        server, texts = _postgraphile(database.url, core), POSTGRAPHILE
    elif name in _STRAWBERRY:
        server, texts = _strawberry(_STRAWBERRY[name], database.url, core), STRAWBERRY
    else:
        server, texts = lyceum(database.url, core, _SETTINGS.get(name, {})), LYCEUM
    running = stack.enter_context(server)
    cases = targets(running, texts, database, scale)
    if name in (JSON_TEXT, SQLITE):
        year = Target(running.port, YEAR.address(scale), None, running.pid, database.pid)
        cases = {**cases, YEAR.name: year}
    return Contestant(name, running, cases, WARM_UP if name == POSTGRAPHILE_5 else 0)


def targets(server: Server, texts: Mapping[str, str], database: Filled, scale: Scale) -> Mapping[str, Target]:
    """The queries of the data on a server, in its texts."""
    return {
        query.name: Target(
            server.port,
            "/graphql",
            {"query": texts[query.name], "variables": query.variables(scale)},
            server.pid,
            database.pid,
        )
        for query in QUERIES
        if query.name in texts
    }


def _postgraphile(url: str, core: int) -> AbstractContextManager[Server]:
    node = next(POSTGRAPHILE_DIRECTORY.glob("node_modules/node-linux-*/bin/node"), None)
    if node is None:
        raise BadUserInput("PostGraphile is not installed: `make bench-peers` does it")
    environment = {
        "DATABASE_URL": url,
        "DATABASE_POOL": str(POOL),
        "NODE_ENV": "production",
        "GRAPHILE_ENV": "production",
    }
    return running((str(node), str(POSTGRAPHILE_DIRECTORY / "server.js")), environment, core)


def _strawberry(module: str, url: str, core: int) -> AbstractContextManager[Server]:
    environment = {"LYCEUM_DATABASE_URL": url, "LYCEUM_DATABASE_POOL_SIZE": str(POOL)}
    return uvicorn(f"benchmarks.peers.{module}:app", environment, core)


def _ask(target: Target) -> Any:
    headers = {"Authorization": f"Token {API_KEY}", "Accept": "application/json"}
    url = f"http://127.0.0.1:{target.port}{target.path}"
    if target.body is None:
        return httpx.get(url, headers=headers).raise_for_status().json()
    answer = httpx.post(url, json=target.body, headers=headers, timeout=60).json()
    if "errors" in answer:
        raise BadUserInput(f"the server answers with errors: {answer['errors']!s:.300}")
    return answer["data"]
