"""`lyceum import oulad` and `lyceum compute`, as typed."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select

from app.cli import main
from app.cli.common import with_database
from app.db.engine import Database
from app.db.models import EnrollmentSpan
from app.vocabulary import Dimension
from tests.imports.small_oulad import copy_of_one_module, set_cell

Lyceum = Callable[..., tuple[int, str, str]]
"""Runs a command; returns its exit code, the last line it printed, and what it printed on stderr."""


@pytest.fixture
def lyceum(database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Lyceum:
    """The program, over the test's database."""
    monkeypatch.setenv("LYCEUM_DATABASE_URL", database.url.render_as_string(hide_password=False))

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["lyceum", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out.strip().rpartition("\n")[2], err

    return run


@pytest.fixture
def small(data_directory: Path, tmp_path: Path) -> Path:
    """One module of the data set."""
    copy_of_one_module(data_directory / "oulad", tmp_path)
    return tmp_path


def _spans() -> dict[str, int]:
    async def count(database: Database) -> dict[str, int]:
        query = select(EnrollmentSpan.dimension, func.count()).group_by(EnrollmentSpan.dimension)  # type: ignore[call-overload]
        async with database.reader.connect() as connection:
            return {row[0]: row[1] for row in await connection.execute(query)}

    return with_database(count)


def _forget_spans() -> None:
    async def forget(database: Database) -> None:
        async with database.begin() as connection:
            await connection.execute(delete(EnrollmentSpan))

    with_database(forget)


def test_import_says_what_it_added(lyceum: Lyceum, small: Path) -> None:
    code, said, shown = lyceum("import", "oulad", str(small))
    assert (code, said) == (
        0,
        "Imported: courses 1, runs 2, users 712, modules 425, enrollments 748, events 874,"
        " attributes 6,709, progress 748.",
    )
    for step in ("Reading files", "Importing registrations", "Computing series"):
        assert step in shown
    code, said, _ = lyceum("import", "oulad", str(small))
    assert (code, said) == (0, "Nothing to import: everything is there already.")


def test_import_of_a_broken_file(lyceum: Lyceum, small: Path) -> None:
    set_cell(small / "courses.csv", 2, "module_presentation_length", "long")
    code, said, shown = lyceum("import", "oulad", str(small))
    assert (code, said) == (1, "")
    assert shown.endswith(
        "lyceum: courses.csv, line 2, column module_presentation_length: 'long' is not a whole number\n"
    )
    assert _spans() == {}


def test_compute(lyceum: Lyceum, small: Path) -> None:
    lyceum("import", "oulad", str(small))
    whole = _spans()
    _forget_spans()
    code, said, shown = lyceum("compute")
    assert (code, said) == (0, "Computed the series of 2 course runs.")
    assert "Computing series" in shown
    assert _spans() == whole


def test_compute_what_is_named(lyceum: Lyceum, small: Path) -> None:
    lyceum("import", "oulad", str(small))
    _forget_spans()
    code, said, _ = lyceum(
        *("compute", "--course", "course-v1:OU+AAA+2013J", "--series", "enrollment", "--series", "grades")
    )
    assert (code, said) == (0, "Computed the series of 1 course run.")
    assert set(_spans()) == set(Dimension)
    _forget_spans()
    assert lyceum("compute", "--series", "activity")[0] == 0
    assert not _spans()


def test_compute_refuses_unknown_names(lyceum: Lyceum) -> None:
    code, said, shown = lyceum("compute", "--course", "course-v1:OU+AAA+1999B")
    assert (code, said) == (1, "")
    assert shown.endswith("lyceum: --course: there is no course run 'course-v1:OU+AAA+1999B'\n")
    code, _, shown = lyceum("compute", "--series", "height")
    assert code == 2
    assert "height" in shown
