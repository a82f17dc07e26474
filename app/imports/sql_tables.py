"""Tables as databases write them to files, read row by row: tab-separated text, and dumps of MySQL.

Tab-separated files are those of the edX research data package: a line of
column names, then a line for each row, `NULL` for null, and tabs, line ends
and backslashes escaped with a backslash (EdX Research Guide, "User Info and
Learner Progress Data", conventions). Dumps hold `INSERT INTO` statements;
those without a list of columns follow the table's `CREATE TABLE`, else the
order that the reader gives.
"""

import datetime as dt
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from reprlib import repr as shortened
from typing import NamedTuple, TextIO

from app.errors import BadUserInput
from app.imports.text_files import UNREADABLE, open_text, unreadable

_CHUNK = 1 << 16
_INTEGER = re.compile(r"-?[0-9]{1,18}")
_NUMBER = re.compile(r"-?[0-9]{1,300}(\.[0-9]{0,300})?([eE][+-]?[0-9]{1,3})?")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?")
_FLAGS = {"0": False, "1": True}
_SPACE = re.compile(r"[\s\0]+")

_STATEMENT = re.compile(
    r"(?:--|/\*|\#|CREATE\s|DROP\s|INSERT\s|REPLACE\s|SET\s|LOCK\s|USE\s|START\s|BEGIN)", re.IGNORECASE
)
_TOKEN = re.compile(
    r"""
      (?P<blank>\s+ | (?:--|\#)[^\n]*(?:\n|\Z) | /\*.*?\*/)
    | (?P<text>'[^'\\]*(?:(?:\\.|'')[^'\\]*)*'(?!') | "[^"\\]*(?:(?:\\.|"")[^"\\]*)*"(?!"))
    | (?P<name>`[^`]*(?:``[^`]*)*`)
    | (?P<word>[\w.+-]+)
    | (?P<mark>[^'"`/\#\s\w] | /(?!\*))
    """,
    re.DOTALL | re.VERBOSE,
)
_WORDS = {"NULL": None, "TRUE": "1", "FALSE": "0"}
_ESCAPED = {"0": "\0", "b": "\b", "n": "\n", "r": "\r", "t": "\t", "Z": "\x1a"}
_ESCAPE = re.compile(r"\\([tnr\\])")
_TABBED = {"t": "\t", "n": "\n", "r": "\r", "\\": "\\"}
_NULLS = ("NULL", "\\N")
_NO_COLUMNS = {"PRIMARY", "UNIQUE", "KEY", "INDEX", "CONSTRAINT", "FULLTEXT", "SPATIAL", "FOREIGN", "CHECK"}


class TableRow:
    """One row of a table. Its methods read a cell by the name of its column and raise `BadUserInput`."""

    __slots__ = ("_cells", "_columns", "_place")

    def __init__(self, place: str, columns: Mapping[str, int], cells: Sequence[str | None]) -> None:
        self._place = place
        self._columns = columns
        self._cells = cells

    def __getitem__(self, column: str) -> str | None:
        """The cell as it stands, None for null."""
        try:
            return self._cells[self._columns[column]]
        except KeyError:
            raise self.refused(column, "there is no such column") from None

    def get(self, column: str) -> str | None:
        """The cell as it stands, None too for a column that only some tables have."""
        return self[column] if column in self._columns else None

    def integer(self, column: str) -> int:
        """A whole number."""
        cell = self[column]
        if cell is None or not _INTEGER.fullmatch(cell):
            raise self.refused(column, f"{shortened(cell)} is not a whole number")
        return int(cell)

    def number(self, column: str) -> float | None:
        """A finite number, None for null and for nothing."""
        cell = self[column]
        if not cell:
            return None
        if not _NUMBER.fullmatch(cell) or not math.isfinite(float(cell)):
            raise self.refused(column, f"{shortened(cell)} is not a number")
        return float(cell)

    def flag(self, column: str) -> bool:
        """A bit as a truth value."""
        cell = self[column]
        if cell not in _FLAGS:
            raise self.refused(column, f"{shortened(cell)} is neither 0 nor 1")
        return _FLAGS[cell]

    def instant(self, column: str) -> dt.datetime:
        """A time of this century, which is UTC."""
        cell = self[column]
        try:
            if cell is not None and _INSTANT.fullmatch(cell) and "2000" <= cell[:4] <= "2098":
                return dt.datetime.fromisoformat(cell).replace(tzinfo=dt.UTC)
        except ValueError:
            pass
        raise self.refused(column, f"{shortened(cell)} is not a time such as 2014-01-31 17:28:27")

    def key(self, column: str, pattern: str, longest: int = 255) -> str:
        """A text without blanks that a regular expression matches in full."""
        cell = self[column]
        if cell is None or len(cell) > longest or not cell.isprintable() or not re.fullmatch(pattern, cell):
            raise self.refused(column, f"{shortened(cell)} is not valid")
        return cell

    def words(self, column: str, longest: int = 255) -> str:
        """A text on one line, cut to a length; empty for null, and for a column that is not there."""
        return _SPACE.sub(" ", self.get(column) or "").strip()[:longest].strip()

    def refused(self, column: str, message: str) -> BadUserInput:
        """The error that says what is wrong with a cell."""
        return BadUserInput(f"{self._place}, column {column}: {message}")


def is_dump(path: Path) -> bool:
    """Whether a file holds SQL statements."""
    try:
        with open_text(path, "\n") as file:
            return bool(_STATEMENT.match(file.read(_CHUNK).lstrip()))
    except UNREADABLE as error:
        raise unreadable(path, 0, error) from error


def read_tabbed(path: Path) -> Iterator[TableRow]:
    """The rows of a tab-separated file, gunzipped if its name ends in `.gz`."""
    line = 0
    try:
        with open_text(path, "\n") as file:
            header = next(file, "").rstrip("\r\n").split("\t")
            columns = {column: position for position, column in enumerate(header)}
            for line, text in enumerate(file, 2):
                place = f"{path.name}, line {line}"
                cells = text.rstrip("\n").removesuffix("\r").split("\t")
                if len(cells) != len(header):
                    raise BadUserInput(f"{place}: {len(cells)} cells instead of {len(header)}")
                yield TableRow(place, columns, [_cell(cell) for cell in cells])
    except UNREADABLE as error:
        raise unreadable(path, line, error) from error


def read_dump(path: Path, tables: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, TableRow | None]]:
    """The rows of some tables in a dump, each with the name of its table; for other tables no row.

    `tables` has the columns of each in their usual order. No more is kept than
    one row.
    """
    tokens = None
    try:
        with open_text(path, "\n") as file:
            tokens = _Tokens(path.name, file)
            yield from _statements(tokens, dict(tables))
    except UNREADABLE as error:
        raise unreadable(path, tokens.line if tokens else 0, error) from error


class _Token(NamedTuple):
    kind: str
    text: str

    def says(self, *words: str) -> bool:
        return self.kind in ("word", "mark") and self.text.upper() in words


_END = _Token("end", "")


class _Tokens:
    """The words of a dump, of which no more is kept than the longest one."""

    def __init__(self, name: str, file: TextIO) -> None:
        self._name = name
        self._file = file
        self._rest = ""
        self._at = 0
        self._peeked: _Token | None = None
        self.line = 1

    @property
    def place(self) -> str:
        """The file and the line."""
        return f"{self._name}, line {self.line}"

    def next(self) -> _Token:
        """The next word, or the end."""
        token, self._peeked = self.peek(), None
        return token

    def peek(self) -> _Token:
        """The next word, which stays the next."""
        if self._peeked is None:
            self._peeked = self._read()
        return self._peeked

    def _read(self) -> _Token:
        size = _CHUNK
        while True:
            match = _TOKEN.match(self._rest, self._at)
            # What reaches the end of what was read may go on behind it.
            if match is None or match.end() == len(self._rest):
                if more := self._file.read(size):
                    self._rest, self._at, size = self._rest[self._at :] + more, 0, 2 * size
                    continue
                if self._at == len(self._rest):
                    return _END
            if match is None:
                raise self.refused("the file is cut off")
            self._at = match.end()
            self.line += match[0].count("\n")
            kind = str(match.lastgroup)
            if kind != "blank":
                return _Token(kind, match[0])

    def refused(self, message: str) -> BadUserInput:
        """The error that says what is wrong here."""
        return BadUserInput(f"{self.place}: {message}")

    def expect(self, *words: str) -> _Token:
        """The next word, which must be one of some."""
        token = self.next()
        if not token.says(*words):
            raise self.refused(f"{shortened(token.text)} stands where {' or '.join(words)} should")
        return token


def _statements(tokens: _Tokens, tables: dict[str, Sequence[str]]) -> Iterator[tuple[str, TableRow | None]]:
    while (token := tokens.next()) != _END:
        if token.says("CREATE") and (token := tokens.next()).says("TABLE"):
            name = _table(tokens)
            if name in tables:
                tables[name] = _columns(tokens)
        elif token.says("INSERT", "REPLACE"):
            name = _table(tokens)
            if name in tables:
                for row in _rows(tokens, tables[name]):
                    yield name, row
                continue
            yield name, None
        while not token.says(";") and token != _END:
            token = tokens.next()


def _table(tokens: _Tokens) -> str:
    """The name of the table that follows, behind other words and the name of a database."""
    token = tokens.next()
    while token.says("IF", "NOT", "EXISTS", "INTO", "IGNORE", "DELAYED", "LOW_PRIORITY", "HIGH_PRIORITY"):
        token = tokens.next()
    while tokens.peek().says("."):
        tokens.next()
        token = tokens.next()
    return _name(token).rpartition(".")[2]


def _name(token: _Token) -> str:
    return token.text[1:-1].replace("``", "`") if token.kind == "name" else token.text


def _columns(tokens: _Tokens) -> list[str]:
    """The columns of a table that is created."""
    tokens.expect("(")
    columns = []
    depth, begins = 1, True
    while depth:
        token = tokens.next()
        if token == _END:
            raise tokens.refused("the file is cut off")
        is_column = token.kind == "name" or (token.kind == "word" and token.text.upper() not in _NO_COLUMNS)
        if begins and is_column:
            columns.append(_name(token))
        depth += token.says("(") - token.says(")")
        begins = depth == 1 and token.says(",")
    return columns


def _rows(tokens: _Tokens, usual: Sequence[str]) -> Iterator[TableRow]:
    columns = list(usual)
    if tokens.peek().says("("):
        columns.clear()
        while not tokens.next().says(")"):
            columns.append(_name(tokens.next()))
            if tokens.peek() == _END:
                raise tokens.refused("the file is cut off")
    positions = {column: position for position, column in enumerate(columns)}
    tokens.expect("VALUES", "VALUE")
    token = _END
    while token == _END or token.says(","):
        tokens.expect("(")
        place = tokens.place
        cells = [_value(tokens)]
        while tokens.expect(",", ")").text == ",":
            cells.append(_value(tokens))
        if len(cells) != len(columns):
            raise BadUserInput(f"{place}: {len(cells)} values instead of {len(columns)}")
        yield TableRow(place, positions, cells)
        if not tokens.peek().says(","):
            return
        token = tokens.next()


def _value(tokens: _Tokens) -> str | None:
    token = tokens.next()
    if token.kind == "text":
        return _unquoted(token.text)
    if token.kind != "word":
        raise tokens.refused(f"{shortened(token.text)} is no value" if token.text else "the file is cut off")
    if token.text.startswith("_"):
        # The character set of the text that follows.
        return _value(tokens)
    return _WORDS.get(token.text.upper(), token.text)


def _unquoted(text: str) -> str:
    quote = text[0]
    text = text[1:-1]
    if "\\" not in text and quote not in text:
        return text
    return re.sub(rf"\\(.)|{quote}{quote}", lambda match: _unescaped(match, quote), text, flags=re.DOTALL)


def _unescaped(match: re.Match[str], quote: str) -> str:
    character = match[1]
    if character is None:
        return quote
    return match[0] if character in "%_" else _ESCAPED.get(character, character)


def _cell(cell: str) -> str | None:
    if cell in _NULLS:
        return None
    return _ESCAPE.sub(lambda match: _TABBED[match[1]], cell) if "\\" in cell else cell
