"""Settings that cannot be used get one line that names the variable."""

from pathlib import Path

import pytest
from sqlalchemy import make_url

from tests.cli.conftest import Lyceum
from tests.databases import Databases
from tests.servers import free_port

COMMANDS = (["migrate"], ["serve"], ["compute"], ["user", "create", "ada", "ada@example.com"])


def assert_refused(lyceum: Lyceum, says: str) -> None:
    """Assert that every command says the same of the database's URL."""
    for words in COMMANDS:
        refusal = lyceum(*words).refusal
        assert refusal.startswith("LYCEUM_DATABASE_URL"), words
        assert says in refusal, words


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "is not a database URL"),
        ("not a url", "is not a database URL"),
        ("postgresql://user@host:port/name", "is not a database URL"),
        ("mysql://user:password@host/name", "mysql is not supported"),
        ("oracle+nonsense://host/name", "oracle is not supported"),
        ("sqlite://", "SQLite needs a file"),
        ("sqlite:///:memory:", "SQLite needs a file"),
        ("sqlite:///lyceum.db?mode=ro", "there is no option mode"),
        ("postgresql://host/name?sslmode=require", "there is no option sslmode"),
        ("postgresql://127.0.0.1:1/name?ssl=nonsense", "must be one of"),
        ("postgresql://127.0.0.1:65536/name", "port must be 0-65535"),
    ],
)
def test_url_of_no_database(lyceum: Lyceum, monkeypatch: pytest.MonkeyPatch, url: str, says: str) -> None:
    monkeypatch.setenv("LYCEUM_DATABASE_URL", url)
    assert_refused(lyceum, says)


def test_file_that_is_no_database(lyceum: Lyceum, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("These are only notes. " * 100)
    monkeypatch.setenv("LYCEUM_DATABASE_URL", f"sqlite:///{path}")
    assert_refused(lyceum, "file is not a database")
    assert path.read_text() == "These are only notes. " * 100


def test_directory_in_place_of_a_file(
    lyceum: Lyceum, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LYCEUM_DATABASE_URL", f"sqlite:///{tmp_path}")
    assert_refused(lyceum, "unable to open database file")


def test_directory_that_cannot_be_made(
    lyceum: Lyceum, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("LYCEUM_DATABASE_URL", f"sqlite:///{tmp_path}/file/lyceum.db")
    assert_refused(lyceum, f"{tmp_path}/file")


def test_server_that_does_not_answer(lyceum: Lyceum, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LYCEUM_DATABASE_URL", f"postgresql://user:top-secret@127.0.0.1:{free_port()}/name")
    assert_refused(lyceum, "Connect call failed")
    assert "top-secret" not in lyceum("migrate").refusal


@pytest.fixture
async def postgres_url(databases: Databases) -> str:
    """The URL of a database of a server that answers."""
    return await databases.bare_url("postgresql")


def test_server_without_the_database_or_the_user(
    lyceum: Lyceum, monkeypatch: pytest.MonkeyPatch, postgres_url: str
) -> None:
    url = make_url(postgres_url)
    for wrong in (url.set(database="nobody"), url.set(username="nobody")):
        monkeypatch.setenv("LYCEUM_DATABASE_URL", wrong.render_as_string(hide_password=False))
        assert_refused(lyceum, '"nobody"')


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("LYCEUM_PORT", "abc"),
        ("LYCEUM_PORT", "65536"),
        ("LYCEUM_ENVIRONMENT", "prod"),
        ("LYCEUM_GRAPHIQL", "maybe"),
        ("LYCEUM_OPERATION_TIMEOUT", "0"),
        ("LYCEUM_MAX_DEPTH", "1.5"),
    ],
)
def test_another_setting(
    lyceum: Lyceum, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str, value: str
) -> None:
    monkeypatch.setenv("LYCEUM_DATABASE_URL", f"sqlite:///{tmp_path}/lyceum.db")
    monkeypatch.setenv(variable, value)
    for words in COMMANDS:
        assert lyceum(*words).refusal.startswith(f"{variable}: Input should be ")
    assert list(tmp_path.iterdir()) == []
