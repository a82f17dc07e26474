"""`lyceum migrate`, and what other commands say before it has run."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import make_url

from app.db import migrate
from app.db.engine import Database
from tests.cli.conftest import Lyceum, contents


def execute(url: str, statement: str) -> None:
    """Run a statement on a database."""

    async def run() -> None:
        database = Database(url)
        async with database.begin() as connection:
            await connection.exec_driver_sql(statement)
        await database.dispose()

    asyncio.run(run())


def test_from_nothing_and_again(lyceum: Lyceum, bare_url: str) -> None:
    ended = lyceum("migrate")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.endswith("is up to date.\n")
    assert lyceum("user", "create", "ada", "ada@example.com").code == 0
    before = contents()
    assert lyceum("migrate") == ended
    assert contents() == before


def test_directories_of_a_file_are_made(
    lyceum: Lyceum, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LYCEUM_DATABASE_URL", "sqlite:///new/directory/lyceum.db")
    assert lyceum("migrate").code == 0
    assert (tmp_path / "new" / "directory" / "lyceum.db").is_file()


def test_the_password_of_the_database_is_not_shown(
    lyceum: Lyceum, bare_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = make_url(bare_url)
    if url.get_backend_name() == "postgresql":
        url = url.set(username=url.username or "postgres", password=url.password or "top-secret")
    monkeypatch.setenv("LYCEUM_DATABASE_URL", url.render_as_string(hide_password=False))
    out = lyceum("migrate").out
    assert str(url.database) in out
    assert url.password is None or str(url.password) not in out


@pytest.mark.usefixtures("bare_url")
def test_other_commands_ask_for_it(lyceum: Lyceum) -> None:
    for words in (
        ["user", "create", "ada", "ada@example.com"],
        ["user", "password", "ada"],
        ["api-key", "set", "ada", "0123456789abcdefghij"],
        ["demo", "load"],
        ["compute"],
        ["import", "oulad", "."],
        ["serve"],
    ):
        refusal = lyceum(*words, stdin=b"secret\n").refusal
        assert refusal == "the database is not up to date: run `lyceum migrate`"


def test_a_database_of_another_version_is_left_alone(lyceum: Lyceum, url: str) -> None:
    lyceum("user", "create", "ada", "ada@example.com")
    before = contents()
    head = len(list((migrate._SCRIPTS / "versions").glob("*.py")))
    execute(url, "UPDATE alembic_version SET version_num = 'future'")
    assert "another version" in lyceum("migrate").refusal
    execute(url, f"UPDATE alembic_version SET version_num = '{head:04}'")
    assert contents() == before


def test_tables_of_others_are_left_alone(lyceum: Lyceum, bare_url: str) -> None:
    execute(bare_url, "CREATE TABLE course (theirs INTEGER)")
    assert "already exists" in lyceum("migrate").refusal
    execute(bare_url, "INSERT INTO course (theirs) VALUES (1)")
    execute(bare_url, "CREATE TABLE organization (nothing_was_left INTEGER)")
