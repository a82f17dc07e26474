"""Batches are streamed: what happens when something breaks, and how much they take (Enrollment contract 5.3)."""

import asyncio
import json
import re
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from sqlalchemy import String, cast, insert, literal, select
from sqlalchemy.exc import OperationalError

from app.db.engine import Database
from app.db.models import Course, CourseRun, Enrollment, User
from app.db.models.tables import table_of
from app.main import create_app
from app.settings import Settings
from tests.databases import DIALECTS, Databases
from tests.graphql.clients import add_user, each_statement
from tests.rest.clients import ACCOUNTS_BATCH, ENROLLMENT_BATCH, key_of, rest_of, url_of
from tests.servers import running_server

STAFF = {"authorization": f"Token {key_of('staff')}"}
PAGES = {
    ACCOUNTS_BATCH: re.compile(r"date_joined.*LIMIT", re.DOTALL),
    ENROLLMENT_BATCH: re.compile(r"FROM.*enrollment.*LIMIT", re.DOTALL),
}
"""What the statements look like that read pages."""


async def add_rows(database: Database, number: int) -> None:
    """Add a member of staff, and so many users in one run."""
    await add_user(database, "staff", key_of("staff"), is_staff=True)
    async with database.session() as session:
        course = Course(key="C")
        session.add(course)
        await session.flush()
        run = CourseRun(key="course-v1:Org+Many+R1", course_id=course.id)
        session.add(run)
        await session.flush()
        numbers = select(literal(1).label("i")).cte(recursive=True)
        numbers = numbers.union_all(select(numbers.c.i + 1).where(numbers.c.i < number))
        name = literal("user-").concat(cast(numbers.c.i, String))
        users, enrollments = table_of(User), table_of(Enrollment)
        await session.execute(
            insert(users).from_select(
                ["username", "email"], select(name, name.concat("@example.com")).order_by(numbers.c.i)
            )
        )
        enrolled = select(literal(run.id), users.c.id, literal("audit")).where(users.c.username != "staff")
        await session.execute(
            insert(enrollments).from_select(["run_id", "user_id", "mode"], enrolled.order_by(users.c.id))
        )


@pytest.fixture(scope="module", params=DIALECTS)
async def many(request: pytest.FixtureRequest, databases: Databases) -> Database:
    """A database with rows for 32 pages."""
    database = await databases.empty(request.param)
    await add_rows(database, 3_999)
    return database


@contextmanager
def at_each_page(path: str, act: Callable[[int], None]) -> Iterator[None]:
    """Before each statement that reads a page, do something with its number, from 1."""
    number = 0

    def before(statement: str) -> None:
        nonlocal number
        if PAGES[path].search(statement):
            number += 1
            act(number)

    with each_statement(before):
        yield


def break_at(page: int) -> Callable[[int], None]:
    """A fault of the database at a page."""

    def act(number: int) -> None:
        if number >= page:
            raise OperationalError("SELECT", {}, Exception("the database is gone"))

    return act


@asynccontextmanager
async def served(database: Database) -> AsyncIterator[tuple[str, asyncio.Event]]:
    """The URL of a server in this process, and what tells that it has done with a request."""
    app, done = create_app(Settings(database_url=url_of(database), webhook_worker=False)), asyncio.Event()

    async def watched(scope: Any, receive: Any, send: Any) -> None:
        try:
            await app(scope, receive, send)
        finally:
            if scope["type"] == "http":
                done.set()

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        server = uvicorn.Server(uvicorn.Config(watched, log_config=None, ws="none"))
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", done
        finally:
            server.should_exit = True
            await task


@pytest.mark.parametrize("path", PAGES)
async def test_a_batch_is_read_in_pages_by_key(many: Database, path: str) -> None:
    pages: list[int] = []
    async with rest_of(many) as rest:
        with at_each_page(path, pages.append):
            rows = await rest.rows(path, "staff")
        key = "id" if path == ACCOUNTS_BATCH else "enrollment_id"
        ids = [row[key] for row in rows]
        assert len(ids) == (4_000 if path == ACCOUNTS_BATCH else 3_999)
        assert ids == sorted(set(ids))
        assert 10 <= len(pages) <= 100


@pytest.mark.parametrize("path", PAGES)
async def test_rows_neither_repeat_nor_get_lost(databases: Databases, many: Database, path: str) -> None:
    changed = await databases.copy(many)
    async with served(changed) as (url, _), httpx.AsyncClient() as http:
        before = (await http.get(url + path, headers=STAFF)).json()
        async with http.stream("GET", url + path, headers=STAFF, timeout=30) as response:
            chunks = aiter(response.aiter_bytes())
            body = await anext(chunks)
            await add_user(changed, "arrived")
            async with changed.session() as session:
                gone = await session.get(Enrollment, 1)
                await session.delete(gone)
            body += b"".join([chunk async for chunk in chunks])
        after = [row for row in json.loads(body) if row["username"] != "arrived"]
        key = "id" if path == ACCOUNTS_BATCH else "enrollment_id"
        assert [row for row in after if row[key] != 1] == [row for row in before if row[key] != 1]


@pytest.mark.parametrize("path", PAGES)
async def test_a_11_a_fault_on_page_2_breaks_the_connection(many: Database, path: str) -> None:
    async with served(many) as (url, _), httpx.AsyncClient() as http:
        with at_each_page(path, break_at(2)):
            body = b""
            async with http.stream("GET", url + path, headers=STAFF, timeout=30) as response:
                assert response.status_code == 200
                assert response.headers["transfer-encoding"] == "chunked"
                with pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked read"):
                    async for chunk in response.aiter_bytes():
                        body += chunk
        assert body.startswith(b"[{")
        with pytest.raises(json.JSONDecodeError):
            json.loads(body)
        # The server is well.
        assert len((await http.get(url + path, headers=STAFF, timeout=30)).json()) >= 3_999


@pytest.mark.parametrize("path", PAGES)
async def test_a_11_a_client_that_goes_away_stops_the_reading(many: Database, path: str) -> None:
    pages = 0
    async with served(many) as (url, done):
        _, port = url.rsplit(":", 1)
        client = socket.create_connection(("127.0.0.1", int(port)))

        def act(number: int) -> None:
            nonlocal pages
            pages = number
            if number == 2:
                client.close()

        with at_each_page(path, act):
            lines = (f"GET {path} HTTP/1.1", "Host: x", f"Authorization: {STAFF['authorization']}", "", "")
            client.sendall("\r\n".join(lines).encode())
            await asyncio.wait_for(done.wait(), 30)
        assert 2 <= pages < 8
        # What it held is free again: there are more requests than connections.
        async with httpx.AsyncClient() as http:
            for _ in range(12):
                response = await http.get(url + path, params={"username": "staff"}, headers=STAFF)
                assert response.status_code == 200


@pytest.mark.parametrize("path", PAGES)
async def test_a_database_that_is_broken_from_the_start(many: Database, path: str) -> None:
    async with rest_of(many) as rest:
        with at_each_page(path, break_at(1)):
            response = await rest.get(path, "staff")
        assert response.status_code in (500, 503)
        assert not response.content.startswith(b"[")
        assert b"the database is gone" not in response.content


async def test_a_head_has_no_body_and_reads_no_further(many: Database) -> None:
    async with served(many) as (url, _), httpx.AsyncClient() as http:
        for path in PAGES:
            pages: list[int] = []
            with at_each_page(path, pages.append):
                response = await http.head(url + path, headers=STAFF)
            assert (response.status_code, response.content) == (200, b"")
            assert response.headers["content-type"] == "application/json"
            assert len(pages) <= 1


async def test_300_000_rows_take_little_memory_and_leave_others_their_turn(databases: Databases) -> None:
    database = await databases.empty("sqlite")
    await add_rows(database, 300_000)
    with running_server({"LYCEUM_DATABASE_URL": url_of(database)}) as server:
        async with httpx.AsyncClient(base_url=server.url, headers=STAFF, timeout=60) as http:
            await http.get(ACCOUNTS_BATCH, params={"updated_min": "2999-01-01"})
            idle, started, rows, pauses = memory(server.pid, "VmRSS"), time.perf_counter(), 0, []
            async with http.stream("GET", ACCOUNTS_BATCH) as response:
                async for chunk in response.aiter_raw(262_144):
                    now = time.perf_counter()
                    if not rows:
                        assert now - started < 1
                    rows += chunk.count(b"{")
                    assert (await http.get("/.well-known/oauth-authorization-server")).status_code == 200
                    pauses.append(time.perf_counter() - now)
        assert rows == 300_001
        assert memory(server.pid, "VmHWM") - idle < 100 * 1024
        # On a machine that does other things too, a few of them are not the server's.
        assert sorted(pauses)[int(len(pauses) * 0.95)] < 0.1


def memory(pid: int, name: str) -> int:
    """What a process takes, or took at most, in KiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1])
