"""Strict reading of CSV files: whatever is wrong is refused with its file, line and column."""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from reprlib import repr as shortened
from typing import TypeVar

from app.errors import BadUserInput
from app.imports.text_files import UNREADABLE, open_text, unreadable

T = TypeVar("T")

_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,11}")
_MAX_TEXT = 255


class Row:
    """One row of a table. Its methods read a cell by the name of its column and raise `BadUserInput`."""

    __slots__ = ("_cells", "_columns", "_file", "_line")

    def __init__(self, file: str, line: int, columns: Mapping[str, int], cells: Sequence[str]) -> None:
        self._file = file
        self._line = line
        self._columns = columns
        self._cells = cells

    def __getitem__(self, column: str) -> str:
        """The cell as it stands, which may be empty."""
        return self._cells[self._columns[column]]

    def text(self, column: str, pattern: str = r".+") -> str:
        """A cell of printable characters that a regular expression matches in full."""
        cell = self[column]
        if len(cell) > _MAX_TEXT or not cell.isprintable() or not re.fullmatch(pattern, cell, re.ASCII):
            raise self.refused(column, f"{shortened(cell)} is not valid")
        return cell

    def integer(self, column: str, minimum: int, maximum: int) -> int:
        """A whole number from minimum to maximum."""
        cell = self[column]
        if not _INTEGER.fullmatch(cell):
            raise self.refused(column, f"{shortened(cell)} is not a whole number")
        number = int(cell)
        if not minimum <= number <= maximum:
            raise self.refused(column, f"{number} is not between {minimum} and {maximum}")
        return number

    def optional_integer(self, column: str, minimum: int, maximum: int) -> int | None:
        """A whole number, or None for an empty cell."""
        return self.integer(column, minimum, maximum) if self[column] else None

    def choice(self, column: str, choices: Mapping[str, T]) -> T:
        """What a cell stands for."""
        try:
            return choices[self[column]]
        except KeyError:
            expected = ", ".join(choices)
            raise self.refused(column, f"{shortened(self[column])} is none of: {expected}") from None

    def refused(self, column: str, message: str) -> BadUserInput:
        """The error that says what is wrong with a cell."""
        return BadUserInput(f"{self._file}, line {self._line}, column {column}: {message}")


def read_rows(
    path: Path, columns: Sequence[str], *, key: Sequence[str], ignored: Sequence[str] = ()
) -> Iterator[Row]:
    """The rows of a UTF-8 file, gzipped if its name ends in `.gz`.

    The header must be `columns`, and may go on with `ignored`. No two rows may
    have the same cells in the columns of `key`.

    Raises `BadUserInput` for a file that cannot be read or ends too early, for
    another header, for rows of another length and for repeated keys.
    """
    positions = {column: position for position, column in enumerate(columns)}
    key_positions = [positions[column] for column in key]
    seen: set[tuple[str, ...]] = set()
    line = 0
    try:
        with open_text(path) as file:
            reader = csv.reader(file, strict=True)
            width = _check_header(path, next(reader, []), columns, ignored)
            line = 1
            for cells in reader:
                line = reader.line_num
                row = Row(path.name, line, positions, cells)
                if len(cells) < width:
                    missing = [*columns, *ignored][len(cells)]
                    raise row.refused(missing, "the row ends before it")
                if len(cells) > width:
                    raise BadUserInput(f"{path.name}, line {line}: {len(cells)} cells instead of {width}")
                values = tuple([cells[position] for position in key_positions])
                if values in seen:
                    raise row.refused(key[-1], f"{shortened(' '.join(values))} is there already")
                seen.add(values)
                yield row
    except (csv.Error, *UNREADABLE) as error:
        raise unreadable(path, line, error) from error


def _check_header(path: Path, header: list[str], columns: Sequence[str], ignored: Sequence[str]) -> int:
    if header in ([*columns], [*columns, *ignored]):
        return len(header)
    for position, column in enumerate(columns):
        found = header[position] if position < len(header) else "nothing"
        if found != column:
            raise BadUserInput(
                f"{path.name}, line 1, column {column}: the header has {shortened(found)} instead"
            )
    raise BadUserInput(f"{path.name}, line 1: unknown column {shortened(header[len(columns)])}")
