"""The program as it is typed, over a database of its own."""

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from sqlalchemy import select
from sqlmodel import SQLModel

from app.cli import main
from app.cli.common import with_database
from app.db.engine import Database
from tests.databases import DIALECTS, Databases


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code and what it printed."""

    code: int
    out: str
    err: str

    @property
    def refusal(self) -> str:
        """The one line that a refused command prints, without the name of the program."""
        assert (self.code, self.out) == (1, ""), self
        line, end, rest = self.err.partition("\n")
        assert line.startswith("lyceum: ") and (end, rest) == ("\n", ""), self
        return line.removeprefix("lyceum: ")


class Terminal(io.TextIOWrapper):
    """Input that somebody types."""

    def isatty(self) -> bool:
        return True


Lyceum = Callable[..., Ended]
"""Runs a command of the words given; its input is `stdin`, a terminal when None."""


@pytest.fixture
def lyceum(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Lyceum:
    """The program, in this process."""

    def run(*words: str, stdin: bytes | None = b"") -> Ended:
        source = Terminal(io.BytesIO()) if stdin is None else io.TextIOWrapper(io.BytesIO(stdin))
        monkeypatch.setattr(sys, "argv", ["lyceum", *words])
        monkeypatch.setattr(sys, "stdin", source)
        with pytest.raises(SystemExit) as ended:
            main()
        return Ended(int(ended.value.code or 0), *capsys.readouterr())

    return run


@pytest.fixture(params=DIALECTS)
async def bare_url(
    request: pytest.FixtureRequest, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> str:
    """The URL of a database without tables, which the program uses."""
    url = await databases.bare_url(request.param)
    monkeypatch.setenv("LYCEUM_DATABASE_URL", url)
    return url


@pytest.fixture(params=DIALECTS)
async def url(request: pytest.FixtureRequest, databases: Databases, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of a migrated database without rows, which the program uses."""
    url = await databases.empty_url(request.param)
    monkeypatch.setenv("LYCEUM_DATABASE_URL", url)
    return url


def contents() -> dict[str, list[tuple[object, ...]]]:
    """The rows of all tables of the program's database but the calendar, which is always the same."""

    async def read(database: Database) -> dict[str, list[tuple[object, ...]]]:
        async with database.reader.connect() as connection:
            return {
                name: [tuple(row) for row in await connection.execute(select(table))]
                for name, table in SQLModel.metadata.tables.items()
                if name != "calendar"
            }

    return with_database(read)
