"""Rows come out of dumps and tab-separated files as they went in."""

import gzip
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import BadUserInput
from app.imports import sql_tables
from app.imports.sql_tables import is_dump, read_dump, read_tabbed

COLUMNS = ("id", "text", "note")
Cells = tuple[str | None, ...]

cells = st.none() | st.text() | st.text("'\"\\`;,()-\n\t\r\0\x1aNUL#/*")
tables = st.lists(st.tuples(st.integers().map(str), cells, cells), max_size=6)


def quoted(cell: str | None, quote: str, doubled: bool) -> str:
    """A value as MySQL writes it, or as standard SQL does."""
    if cell is None:
        return "NULL"
    text = cell.replace("\\", "\\\\")
    if doubled:
        return quote + text.replace(quote, 2 * quote) + quote
    for character, escape in {
        "'": "'",
        '"': '"',
        "\n": "n",
        "\r": "r",
        "\t": "t",
        "\0": "0",
        "\x1a": "Z",
    }.items():
        text = text.replace(character, f"\\{escape}")
    return quote + text + quote


@given(tables, st.sampled_from("'\""), st.booleans(), st.booleans(), st.integers(1, 6), st.integers(1, 40))
@settings(max_examples=200, deadline=None)
def test_a_dump(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[Cells],
    quote: str,
    doubled: bool,
    listed: bool,
    at_once: int,
    chunk: int,
) -> None:
    """However texts are quoted, however many rows stand in a statement, wherever reading is broken off."""
    lines = [
        "-- MySQL dump; it's one",
        "/*!40101 SET NAMES utf8 */;",
        "DROP TABLE IF EXISTS `other`;",
        "CREATE TABLE `other` (`a` int DEFAULT '0;', KEY `a` (`a`));",
        "INSERT INTO `other` VALUES ('INSERT INTO `t` VALUES (1)');",
        "CREATE TABLE `t` (`text` longtext, `id` int(11) NOT NULL COMMENT 'a,b', `note` enum('x','y'),",
        "  PRIMARY KEY (`id`), UNIQUE KEY `n` (`note`)) ENGINE=InnoDB;",
        "LOCK TABLES `t` WRITE;",
    ]
    for start in range(0, len(rows), at_once):
        values = []
        for id_, text, note in rows[start : start + at_once]:
            shown = [quoted(text, quote, doubled), str(id_), quoted(note, quote, doubled)]
            values.append(f"({','.join([shown[1], shown[0], shown[2]] if listed else shown)})")
        names = " (`id`, text, `note`)" if listed else ""
        lines.append(f"insert into `db`.`t`{names} values {', '.join(values)}; # that's it")
    path = tmp_path_factory.getbasetemp() / "dump.sql"
    path.write_text("\n".join(lines), newline="")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sql_tables, "_CHUNK", chunk)
        found = list(read_dump(path, {"t": ()}))
    assert found[0] == ("other", None)
    assert [tuple(row[name] for name in COLUMNS) for _, row in found[1:] if row] == rows


@given(tables)
@settings(max_examples=200, deadline=None)
def test_a_tab_separated_file(tmp_path_factory: pytest.TempPathFactory, rows: list[Cells]) -> None:
    def escaped(cell: str | None) -> str:
        if cell is None:
            return "NULL"
        for character, escape in {"\\": "\\", "\t": "t", "\n": "n", "\r": "r"}.items():
            cell = cell.replace(character, f"\\{escape}")
        return cell

    path = tmp_path_factory.getbasetemp() / "table.sql.gz"
    lines = ["\t".join(COLUMNS), *("\t".join(map(escaped, row)) for row in rows)]
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    expected = [tuple(None if cell == "NULL" else cell for cell in row) for row in rows]
    assert [tuple(row[name] for name in COLUMNS) for row in read_tabbed(path)] == expected


def test_the_long_field(data_directory: Path) -> None:
    path = data_directory / "tracking-logs" / "auth_userprofile.sql"
    assert is_dump(path)
    rows = [row for _, row in read_dump(path, {"auth_userprofile": ()}) if row]
    assert [row["name"] for row in rows] == ["honor", "audit", "verified", "staff"]
    assert rows[0]["mailing_address"] == "Luna\n10 - 3\n28300\nARANJUEZ"
    assert [len(row["goals"] or "") for row in rows] == [20, 0, 0, 32788]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("INSERT INTO t VALUES (1,2);", "line 1: 2 values instead of 3"),
        ("INSERT INTO t VALUES (1,2,'x", "line 1: the file is cut off"),
        ("INSERT INTO t VALUES (1,\n2", "line 2: '' stands where , or ) should"),
        ("INSERT INTO t (id, text", "line 1: the file is cut off"),
        ("INSERT INTO t VALUES (1,(2),3);", "line 1: '(' is no value"),
        ("INSERT INTO t SELECT 5;", "line 1: 'SELECT' stands where VALUES or VALUE should"),
        ("CREATE TABLE t (id int", "line 1: the file is cut off"),
    ],
)
def test_dumps_that_are_refused(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "t.sql"
    path.write_text(content)
    with pytest.raises(BadUserInput) as refused:
        list(read_dump(path, {"t": COLUMNS}))
    assert refused.value.message == f"t.sql, {message}"


def one_row(tmp_path: Path, columns: Sequence[str], line: str) -> sql_tables.TableRow:
    path = tmp_path / "t.sql"
    path.write_text("\t".join(columns) + "\n" + line)
    return next(read_tabbed(path))


def test_cells_that_are_refused(tmp_path: Path) -> None:
    row = one_row(tmp_path, ("a", "b"), "x\tNULL")
    for read in (row.integer, row.flag, row.instant):
        for column in "ab":
            with pytest.raises(BadUserInput, match=rf"^t\.sql, line 2, column {column}: "):
                read(column)
    with pytest.raises(BadUserInput, match="column a: 'x' is not a number"):
        row.number("a")
    with pytest.raises(BadUserInput, match="column c: there is no such column"):
        row["c"]
    with pytest.raises(BadUserInput, match="line 2: 1 cells instead of 2"):
        one_row(tmp_path, ("a", "b"), "x")
    for time in ("1999-12-31 00:00:00", "2014-13-01 00:00:00", "9999-01-01 00:00:00"):
        with pytest.raises(BadUserInput, match="is not a time"):
            one_row(tmp_path, ("a",), time).instant("a")
