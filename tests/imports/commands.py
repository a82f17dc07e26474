"""Imports as they are typed, over the database of a test."""

import sys
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from app.cli import main
from app.cli.common import with_database
from app.db.engine import Database
from tests.imports.small_oulad import picture

Lyceum = Callable[..., tuple[int, str, str]]
"""Runs a command; returns its exit code, the last line it printed, and what it printed on stderr."""


def run_lyceum(
    database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Lyceum:
    """The program, over a database."""
    monkeypatch.setenv("LYCEUM_DATABASE_URL", database.url.render_as_string(hide_password=False))

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["lyceum", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out.strip().rpartition("\n")[2], err

    return run


def rows(query: str) -> list[Any]:
    """What a query finds in the program's database."""

    async def find(database: Database) -> list[Any]:
        async with database.reader.connect() as connection:
            return [tuple(row) for row in await connection.execute(text(query))]

    return with_database(find)


def whole() -> dict[str, list[Any]]:
    """Every row of the program's database."""
    return with_database(picture)
