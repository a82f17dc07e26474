"""The benchmarks work: their data is whole, and what they measure are right answers. No times here."""

import asyncio
import datetime as dt
import gzip
import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from app.db.engine import Database
from app.errors import BadUserInput
from benchmarks import command
from benchmarks.__main__ import app
from benchmarks.data import FULL, SMALL, fill, is_filled
from benchmarks.load import Target, hammer, walk
from benchmarks.peers.contest import AHEAD, CASES, SQLITE, USUAL
from benchmarks.peers.queries import common
from benchmarks.process import cores, position
from benchmarks.queries import BATCHES, QUERIES
from benchmarks.server import lyceum
from benchmarks.stream import idle, stream
from benchmarks.tracking import LAST_DAY, new_enrollment, write_log
from tests.analytics.reference import VIDEO_EVENTS, canonical, compute
from tests.databases import DIALECTS, Databases


@pytest.fixture
async def postgres(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server of other tests: to start one takes long."""
    monkeypatch.setenv("LYCEUM_TEST_POSTGRES_URL", await databases.server_url())


def run(*options: str, module: str = "benchmarks") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "140"}
    return subprocess.run(
        [sys.executable, "-m", module, *options], capture_output=True, text=True, env=environment
    )


def test_small_run_prints_a_row_for_each_query() -> None:
    done = run("--small", "--database", "sqlite", "--seconds", "0.1", "--queries", "q4,l4,b2")
    assert done.returncode == 0, done.stderr
    rows = re.findall(r"^([BLQ]\d)\s+(.+?)\s{2,}(\d+) +([\d,.]+) ", done.stdout, re.MULTILINE)
    cases = [(query, server, connections) for query, server, connections, _ in rows]
    assert cases == [
        ("Q4", "sqlite", "1"),
        ("Q4", "bare Starlette", "1"),
        *(("L4", server, count) for server in ("sqlite", "bare Starlette") for count in ("1", "8")),
        *(("B2", "sqlite", count) for count in ("1", "4")),
    ]
    assert all(float(figure.replace(",", "")) > 0 for *_, figure in rows)
    assert "600 enrollments" in done.stdout


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.usefixtures("postgres")
def test_small_run_prints_rows_of_what_has_data_of_its_own(dialect: str) -> None:
    """An ingest, webhooks, and the log of their deliveries."""
    done = run("--small", "--database", dialect, "--seconds", "0.1", "--queries", "ingest,hooks,log")
    assert done.returncode == 0, done.stderr

    def rows(pattern: str) -> list[Any]:
        return re.findall(pattern.replace("DIALECT", dialect), done.stdout, re.MULTILINE)

    ((ingest),) = rows(r"^INGEST +DIALECT +([\d,. ]+)$")
    events, *figures = (float(figure.replace(",", "")) for figure in ingest.split())
    assert events == 2000
    assert len(figures) == 10
    assert min(figures) > 0
    assert sorted(figures[2:7]) == figures[2:7]
    assert "a log of 2,000 events" in done.stdout
    hooks = rows(r"^HOOKS +DIALECT +(\d+) {2,}(1?) +([\d,. ]+)$")
    assert [(endpoints, slow) for endpoints, slow, _ in hooks] == [("2", ""), ("2", "1")]
    assert [len(figures.split()) for *_, figures in hooks] == [4 if dialect == "sqlite" else 5] * 2
    pages = rows(r"^LOG +DIALECT +([a-z ]+?) {2,}([\d,. ]+)$")
    assert [name for name, _ in pages] == ["of one", "of the first", "pending of the first", "of all"]
    assert "of 1,600 attempts" in done.stdout


@pytest.mark.usefixtures("postgres")
def test_small_run_beside_peers_writes_results(tmp_path: Path) -> None:
    options = ("--small", "--servers", "sqlite,ahead,usual", "--rounds", "1", "--seconds", "0.05")
    done = run(*options, "--output", str(tmp_path), module="benchmarks.peers")
    assert done.returncode == 0, done.stderr
    results = (tmp_path / "RESULTS.md").read_text()
    figures = r"^\| ([QL]\d) \| (.+?) \| (\d+) \| [\d.]+ \| [\d.]* \| ([\d,.]+) \|"
    rows = re.findall(figures, results, re.MULTILINE)
    expected = [(case, server) for case in CASES for server in (SQLITE, AHEAD, USUAL)]
    assert [(case, server, count) for case, server, count, _ in rows] == [
        (case, server, count) for case, server in [*expected, ("L1", SQLITE)] for count in ("1", "16")
    ]
    assert all(float(rate.replace(",", "")) > 0 for *_, rate in rows)
    assert re.findall(r"^\| (Q\d) \| sqlite \| 1 times ", results, re.MULTILINE) == list(CASES)
    goals = re.findall(r"^\| (B\d), sqlite, .* \| (?:yes|\*\*no\*\*) \|$", results, re.MULTILINE)
    assert goals == ["B1"] * 3 + ["B2"] * 3
    assert "of 6 goals are reached" in done.stdout
    assert "{" not in results
    plot = (tmp_path / "results.svg").read_text()
    assert USUAL in plot
    assert "<script" not in plot


def test_unknown_server_is_refused() -> None:
    done = run("--servers", "lyceum,hasura", module="benchmarks.peers")
    assert done.returncode == 1
    names = "lyceum, compiled, neither, sqlite, postgraphile, ahead, usual"
    assert done.stderr == f"benchmarks: --servers: there is no server 'hasura', only {names}\n"


def test_unknown_query_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["benchmarks", "--queries", "Q1,Q9"])
    with pytest.raises(SystemExit) as ended:
        command.run(app)
    assert ended.value.code == 1
    names = "Q1, Q2, Q3, Q4, Q5, L1, L2, L3, L4, B1, B2, INGEST, HOOKS, LOG"
    assert capsys.readouterr().err == f"benchmarks: --queries: there is no query 'Q9', only {names}\n"


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({"nodes": [{"id": "RW5yb2xsbWVudDozMQ"}]}, [{"id": "31"}]),
        ({"created": "2023-01-01T00:30:00Z"}, {"created": "2023-01-01T00:30:00.000000+00:00"}),
        ({"run": {"analytics": {"daily": [{"count": 1}]}}}, {"run": {"daily": [{"count": 1}]}}),
        ({"pacing": "SELF_PACED", "end": None}, {"end": None, "pacing": "self_paced"}),
    ],
)
def test_answers_that_say_the_same_are_alike(ours: Any, theirs: Any) -> None:
    assert common(ours) == common(theirs)


def test_answers_that_differ_are_not_measured() -> None:
    assert common({"id": "RW5yb2xsbWVudDozMQ"}) != common({"id": "32"})
    assert common([{"key": "SELF"}]) != common([{"key": "self"}])


def test_tracking_log_is_real_enough(tmp_path: Path) -> None:
    runs = ["course-v1:BenchX+B000+2021", "course-v1:BenchX+B001+2021"]
    path, again = tmp_path / "tracking.log", tmp_path / "tracking.log.gz"
    write_log(path, 5000, runs, 50)
    write_log(again, 5000, runs, 50)
    log = path.read_bytes()
    assert gzip.decompress(again.read_bytes()) == log
    assert 900 < len(log) / 5000 < 1300
    events = [orjson.loads(line) for line in log.splitlines()]
    assert len({canonical(event) for event in events}) == len(events) == 5000
    share = Counter("page" if event["event_type"][0] == "/" else event["event_type"] for event in events)
    assert 0.45 < share["page"] / 5000 < 0.53
    assert 0.13 < share["problem_check"] / 5000 < 0.17
    assert 0.22 < sum(share[kind] for kind in (*VIDEO_EVENTS, "load_video")) / 5000 < 0.28
    found = compute([*events, new_enrollment(51, runs[0])], LAST_DAY)
    assert {key[0] for key in found.weeks} == set(runs)
    assert len(found.weeks) == 2 * 53
    assert all(min(Counter(run for run, _ in part).values()) == 40 for part in (found.grades, found.answers))
    assert len(found.opens) == 80
    assert len(found.videos) > 70
    before = found.enrollment[runs[0], "total", "", LAST_DAY - dt.timedelta(1)]
    assert found.enrollment[runs[0], "total", "", LAST_DAY][1] == before[1] + 1


def test_how_far_a_file_is_read(tmp_path: Path) -> None:
    log = tmp_path / "tracking.log"
    log.write_bytes(b"x" * 1000)
    with log.open("rb", buffering=0) as file:
        assert position(os.getpid(), log) == 0
        file.read(600)
        assert position(os.getpid(), log) == 600
    assert position(os.getpid(), log) == 0


async def test_data_is_whole(database: Database) -> None:
    async def rows(statement: str) -> list[tuple[Any, ...]]:
        async with database.reader.connect() as connection:
            return [tuple(row) for row in await connection.execute(text(statement))]

    assert not await is_filled(database, SMALL)
    await fill(database, SMALL)
    assert await is_filled(database, SMALL)
    with pytest.raises(BadUserInput, match="of another scale"):
        await is_filled(database, FULL)
    assert await rows('SELECT count(*), max(id) FROM "user"') == [(SMALL.accounts, SMALL.accounts)]
    assert await rows("SELECT count(*), count(DISTINCT run_id) FROM enrollment") == [(600, 30)]
    assert await rows("SELECT DISTINCT count(DISTINCT user_id) FROM enrollment GROUP BY run_id") == [
        (SMALL.enrollments_per_run,)
    ]
    daily = await rows(
        "SELECT run_id, since, min(until),"
        " sum(CASE WHEN dimension = 'total' THEN count ELSE 0 END),"
        " sum(CASE WHEN dimension = 'mode' THEN count ELSE 0 END),"
        " sum(CASE WHEN dimension = 'mode' THEN 1 ELSE 0 END)"
        " FROM enrollment_span WHERE dimension <> 'country' GROUP BY run_id, since ORDER BY run_id, since"
    )
    assert len(daily) == SMALL.runs * SMALL.days
    assert all(total == by_mode and modes == 3 for *_, total, by_mode, modes in daily)
    countries = await rows(
        "SELECT count(DISTINCT run_id), count(DISTINCT value) FROM enrollment_span WHERE dimension = 'country'"
    )
    assert countries == [(1, 50)]
    assert await rows("SELECT DISTINCT count(*) FROM activity_week GROUP BY run_id") == [(SMALL.days // 7,)]
    neighbours = [(one, next_) for one, next_ in pairwise(daily) if one[0] == next_[0]]
    assert all(one[2] == next_[1] and one[3] != next_[3] for one, next_ in neighbours)


async def test_only_right_answers_are_measured(databases: Databases) -> None:
    database = await databases.empty("sqlite")
    await fill(database, SMALL)
    url = database.url.render_as_string(hide_password=False)
    with lyceum(url, cores()[0]) as server:

        def target(query: str, path: str = "/graphql", **variables: Any) -> Target:
            return Target(server.port, path, {"query": query, "variables": variables}, server.pid)

        for wrong, message in (
            (target("{ nonsense }"), "the server answers with errors: .*nonsense"),
            (target("{ viewer { username } }", "/nowhere"), "status 404"),
        ):
            with pytest.raises(BadUserInput, match=message):
                await asyncio.to_thread(hammer, wrong, 1, 0, 0.01)
        load = await asyncio.to_thread(hammer, target("{ viewer { username } }"), 3, 0, 0.01)
        assert len(load.latencies) >= 3
        assert 0 < min(load.latencies) <= load.seconds
        listing = target(QUERIES[3].text, **QUERIES[3].variables(SMALL))
        first, after = await asyncio.to_thread(walk, listing, None, 4)
        rest, end = await asyncio.to_thread(walk, listing, after, 4)
        accounts = Target(server.port, BATCHES[0].path, None, server.pid)
        for wrong, key, count, message in (
            (accounts, "id", 699, "a batch has 700 rows, there are 699"),
            (accounts, "username", 700, "a batch's username does not ascend"),
            (replace(accounts, path="/v1/nowhere"), "id", 700, "/v1/nowhere: status 404"),
        ):
            with pytest.raises(BadUserInput, match=message):
                await asyncio.to_thread(stream, wrong, 1, key, count)
        both = await asyncio.to_thread(stream, accounts, 2, "id", 700)
        rest_latencies = await asyncio.to_thread(idle, accounts, "username=benchmark", 0.01)
    assert (first.items, rest.items, end) == (400, 200, None)
    assert both.load.items == 1400
    assert 0 < both.first <= both.load.seconds
    assert 0 < max(both.load.latencies) <= both.load.seconds
    assert min(rest_latencies) > 0
