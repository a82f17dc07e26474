"""Every command explains itself."""

from collections.abc import Iterator
from typing import Any

import pytest
import typer

from app.cli import app
from tests.cli.conftest import Lyceum


def commands(command: Any, *path: str) -> Iterator[tuple[str, ...]]:
    """The words that call a command and those below it."""
    yield path
    for name, child in getattr(command, "commands", {}).items():
        yield from commands(child, *path, name)


COMMANDS = list(commands(typer.main.get_command(app)))


def test_all_commands_are_found() -> None:
    assert {("serve",), ("user", "password"), ("import", "oulad"), ("set_api_key",)} <= set(COMMANDS)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help(lyceum: Lyceum, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LYCEUM_DATABASE_URL", "not needed")
    ended = lyceum(*words, "--help")
    assert (ended.code, ended.err) == (0, "")
    assert " ".join(["Usage: lyceum", *words]) in ended.out


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_and_option_is_described(words: tuple[str, ...]) -> None:
    command: Any = typer.main.get_command(app)
    for word in words:
        command = command.commands[word]
    assert command.help
    assert [parameter.name for parameter in command.params if not parameter.help] == []


def test_a_word_that_is_no_command(lyceum: Lyceum) -> None:
    for words in (["nonsense"], ["user", "nonsense"], ["serve", "--nonsense"]):
        assert lyceum(*words).code == 2
