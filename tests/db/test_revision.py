"""`lyceum revision` writes the next migration."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Column, Table
from sqlmodel import SQLModel
from typer.testing import CliRunner

from app.cli import app
from app.db import migrate
from app.db.types import BigInt


@pytest.fixture
def scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the migrations, in use."""
    copy = tmp_path / "alembic"
    shutil.copytree(migrate._SCRIPTS, copy)
    monkeypatch.setattr(migrate, "_SCRIPTS", copy)
    return copy


@pytest.fixture
def new_table() -> Iterator[str]:
    """A table that no migration makes."""
    table = Table("novelty", SQLModel.metadata, Column("id", BigInt, primary_key=True))
    yield table.name
    SQLModel.metadata.remove(table)


def test_a_migration_is_written_with_the_next_number(scripts: Path, new_table: str) -> None:
    before = set((scripts / "versions").glob("*.py"))
    result = CliRunner().invoke(app, ["revision", "Add a novelty"])
    assert result.exit_code == 0, result.output
    (written,) = set((scripts / "versions").glob("*.py")) - before
    text = written.read_text()
    assert written.name == f"{len(before) + 1:04}_add_a_novelty.py"
    assert f"op.create_table('{new_table}'" in text
    assert "sa.Column('id', BigInt" in text
    assert f"op.drop_table('{new_table}')" in text
