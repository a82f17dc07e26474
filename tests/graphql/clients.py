"""Asking the application questions, in process."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, event

from app.auth.secrets import hash_key
from app.db.engine import Database
from app.db.models import ApiKey, User
from app.db.reader import Reader
from app.main import create_app
from app.settings import Settings

STAFF_KEY = "staff-key-0123456789"
LEARNER_KEY = "learner-key-0123456789"


@dataclass
class Client:
    """Sends operations to an application over HTTP, in process."""

    http: httpx.AsyncClient

    async def post(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        *,
        key: str | None = None,
        **members: Any,
    ) -> httpx.Response:
        """The response to an operation."""
        headers = {"authorization": f"Token {key}"} if key else {}
        body = {"query": query, "variables": variables, **members}
        return await self.http.post("/graphql", json=body, headers=headers)

    async def ask(
        self, query: str, variables: Mapping[str, Any] | None = None, *, key: str | None = None
    ) -> Any:
        """The data of an operation that must succeed."""
        answer = (await self.post(query, variables, key=key)).json()
        assert "errors" not in answer, answer
        return answer["data"]

    async def errors(
        self, query: str, variables: Mapping[str, Any] | None = None, *, key: str | None = None
    ) -> Any:
        """The errors of an operation that must fail."""
        return (await self.post(query, variables, key=key)).json()["errors"]


@asynccontextmanager
async def client_of(database: Database | str, **settings: Any) -> AsyncIterator[Client]:
    """A client of an application over a database."""
    if isinstance(database, Database):
        database = database.url.render_as_string(hide_password=False)
    # A worker beside it would run statements of its own.
    app = create_app(Settings(database_url=database, **{"webhook_worker": False} | settings))
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://lyceum.test") as http,
    ):
        yield Client(http)


async def add_user(database: Database, username: str, key: str | None = None, **values: Any) -> int:
    """Add a user with an API key; the id."""
    async with database.session() as session:
        user = User(username=username, **values)
        session.add(user)
        await session.flush()
        if key:
            session.add(ApiKey(user_id=user.id, key_hash=hash_key(key)))
        return user.id


@contextmanager
def each_statement(note: Callable[[str], None]) -> Iterator[None]:
    """Before each SQL statement of an engine or a reader, do something with its text."""

    def before(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        note(statement)

    async def raw(reader: Reader, sql: str, parameters: Sequence[Any]) -> Sequence[Any]:
        note(sql)
        return await read(reader, sql, parameters)

    read = Reader.raw
    event.listen(Engine, "before_cursor_execute", before)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Reader, "raw", raw)
            yield
    finally:
        event.remove(Engine, "before_cursor_execute", before)


class Statements:
    """Counts the SQL statements of every engine and every reader, but for look-ups of API keys."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def __enter__(self) -> "Statements":
        self._noting = each_statement(self._note)
        self._noting.__enter__()
        return self

    def _note(self, statement: str) -> None:
        # Whose key it is, is looked up again every few seconds.
        if "key_hash" not in statement:
            self.seen.append(statement)

    def __exit__(self, *_: object) -> None:
        self._noting.__exit__(None, None, None)
