"""Strict reading of JSON objects: whatever is wrong is refused with its file, line and field."""

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from reprlib import repr as shortened
from typing import Any, NoReturn, TextIO
from uuid import UUID

from app.errors import BadUserInput
from app.imports.text_files import UNREADABLE, open_text, unreadable

_CHUNK = 1 << 16
_BLANK = re.compile(r"[ \t\r\n]*")
_LONGEST_WORD = 20
_AMOUNT = re.compile(r"[0-9]{1,8}(\.[0-9]{1,2}0*)?")
_GREATEST = 2**31 - 1


class JsonObject:
    """A JSON object of a file. Its methods read a member by its name and raise `BadUserInput`.

    Each gives None for null and for a member that is not there.
    """

    __slots__ = ("_members", "_path", "_place")

    def __init__(self, place: str, members: Mapping[str, Any], path: str = "") -> None:
        self._place = place
        self._members = members
        self._path = path

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def any(self, name: str) -> Any:
        """A member as it stands."""
        return self._members.get(name)

    def text(self, name: str) -> str | None:
        """A text, however long; a blank one is none."""
        value = self.any(name)
        if value is None:
            return None
        if not isinstance(value, str) or "\0" in value or not _encodes(value):
            raise self.refused(name, "is not text")
        return value.strip() or None

    def key(self, name: str, pattern: str = r"\S{1,255}") -> str:
        """A text that must be there and that a regular expression matches in full."""
        value = self.text(name)
        if value is None or not value.isprintable() or not re.fullmatch(pattern, value):
            raise self.refused(name, f"{shortened(value)} is not valid")
        return value

    def count(self, name: str) -> int | None:
        """A whole number that is not negative."""
        value = self.any(name)
        if value is not None and (type(value) is not int or not 0 <= value <= _GREATEST):
            raise self.refused(name, f"{shortened(value)} is not a whole number")
        return value

    def flag(self, name: str) -> bool | None:
        """True or false."""
        value = self.any(name)
        if value is not None and type(value) is not bool:
            raise self.refused(name, f"{shortened(value)} is neither true nor false")
        return value

    def amount(self, name: str) -> Decimal | None:
        """An amount of money, as a text or a number."""
        value = self.any(name)
        if value is None:
            return None
        if isinstance(value, bool) or not _AMOUNT.fullmatch(str(value)):
            raise self.refused(name, f"{shortened(value)} is not an amount")
        return Decimal(str(value))

    def instant(self, name: str) -> dt.datetime | None:
        """A time in ISO 8601, in UTC unless it says otherwise."""
        value = self.any(name)
        if value is None:
            return None
        try:
            instant = dt.datetime.fromisoformat(value)
            return (instant if instant.tzinfo else instant.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)
        except (TypeError, ValueError, OverflowError):
            raise self.refused(name, f"{shortened(value)} is not a time") from None

    def uuid(self, name: str) -> UUID | None:
        """A UUID."""
        value = self.any(name)
        if value is None:
            return None
        try:
            return UUID(value)
        except (AttributeError, TypeError, ValueError):
            raise self.refused(name, f"{shortened(value)} is not a UUID") from None

    def member(self, name: str) -> "JsonObject | None":
        """An object inside this one."""
        value = self.any(name)
        if value is None:
            return None
        return self._inside(name, value)

    def members(self, name: str) -> "list[JsonObject]":
        """The objects of a list."""
        return [self._inside(f"{name}[{at}]", value) for at, value in enumerate(self.items(name))]

    def items(self, name: str) -> list[Any]:
        """A list; an empty one for null."""
        value = self.any(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.refused(name, "is not a list")
        return value

    def texts(self, name: str) -> list[str]:
        """The texts of a list."""
        values = {f"{name}[{at}]": value for at, value in enumerate(self.items(name))}
        each = JsonObject(self._place, values, self._path)
        return [text for member in each if (text := each.text(member))]

    def with_member(self, name: str, value: Any) -> "JsonObject":
        """The same object, with another value for a member."""
        return JsonObject(self._place, {**self._members, name: value}, self._path)

    def refused(self, name: str, message: str) -> BadUserInput:
        """The error that says what is wrong with a member."""
        return BadUserInput(f"{self._place}, field {self._path}{name}: {message}")

    def _inside(self, name: str, value: Any) -> "JsonObject":
        if not isinstance(value, dict):
            raise self.refused(name, "is not an object")
        return JsonObject(self._place, value, f"{self._path}{name}.")


def read_objects(path: Path) -> Iterator[JsonObject]:
    """The objects of a UTF-8 file, gzipped if its name ends in `.gz`.

    They stand one after another, or in a list, or in the list `results` of the
    pages of an API. Memory is bounded by the greatest value, and for a list by
    its greatest item.
    """
    for line, value in _values(path):
        place = f"{path.name}, line {line}"
        if not isinstance(value, dict):
            raise BadUserInput(f"{place}: {shortened(value)} is not an object")
        record = JsonObject(place, value)
        if "results" in record and "key" not in record:
            yield from record.members("results")
        else:
            yield record


def _values(path: Path) -> Iterator[tuple[int, Any]]:
    """The values of a file, or of the list that it is, each with the line it begins in."""
    line = 0
    try:
        with open_text(path) as file:
            text = _Text(path.name, file)
            if text.next() == "[":
                text.take()
                more = text.next() != "]"
                while more:
                    text.next()
                    line = text.line
                    yield line, text.value()
                    more = text.next() == ","
                    if more:
                        text.take()
                if text.next() != "]":
                    raise text.refused("expected ',' or ']'")
                text.take()
                if text.next():
                    raise text.refused("something follows the list")
            while text.next():
                line = text.line
                yield line, text.value()
    except UNREADABLE as error:
        raise unreadable(path, line, error) from error


class _Text:
    """The text of a file, of which no more is kept than one value needs."""

    def __init__(self, name: str, file: TextIO) -> None:
        self._name = name
        self._file = file
        self._rest = ""
        self._at = 0
        self.line = 1

    def next(self) -> str:
        """The next character that is not blank, or nothing at the end."""
        while True:
            blank = _BLANK.match(self._rest, self._at)
            self._go_to(blank.end() if blank else self._at)
            if self._at < len(self._rest) or not self._read(_CHUNK):
                return self._rest[self._at : self._at + 1]

    def take(self) -> None:
        """Go past a character."""
        self._go_to(self._at + 1)

    def value(self) -> Any:
        """The value that begins here."""
        size = _CHUNK
        while True:
            fault = ""
            try:
                value, end = _DECODER.raw_decode(self._rest, self._at)
            except json.JSONDecodeError as error:
                fault, end = error.msg, error.pos
            except (RecursionError, ValueError) as error:
                raise self.refused(str(error)) from None
            # The end of what was read may cut a word, a number or a string.
            is_cut = end > len(self._rest) - _LONGEST_WORD or fault.startswith("Unterminated")
            if is_cut and self._read(size):
                size *= 2
                continue
            self._go_to(end)
            if fault:
                raise self.refused(fault)
            return value

    def refused(self, message: str) -> BadUserInput:
        """The error that says what is wrong here."""
        return BadUserInput(f"{self._name}, line {self.line}: not JSON: {message}")

    def _go_to(self, end: int) -> None:
        self.line += self._rest.count("\n", self._at, end)
        self._at = end

    def _read(self, size: int) -> bool:
        more = self._file.read(size)
        if more:
            self._rest, self._at = self._rest[self._at :] + more, 0
        return bool(more)


def _not_json(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number")


_DECODER = json.JSONDecoder(parse_constant=_not_json)


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
