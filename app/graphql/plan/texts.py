"""SQL that writes JSON, on each database as its drivers' values would be written."""

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from graphql import GraphQLEnumType, GraphQLList, GraphQLNonNull, GraphQLOutputType, GraphQLScalarType
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    ColumnElement,
    Date,
    FromClause,
    Integer,
    Numeric,
    Select,
    String,
    Text,
    Uuid,
    and_,
    case,
    cast,
    exists,
    func,
    literal_column,
    select,
    type_coerce,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import Float, TypeEngine

from app.db.types import UtcDateTime

SURPRISE = "\x01"
"""What a text holds where the value is none of its GraphQL type. JSON has no such character."""

_INT = 2**31
_MOST_ARGUMENTS = 100

_NAMES: dict[type, str] = {
    int: "BigInt",
    bool: "Boolean",
    str: "String",
    Decimal: "Decimal",
    float: "Float",
    UUID: "UUID",
    dt.date: "Date",
    dt.datetime: "DateTime",
}
"""The GraphQL types of what cursors hold."""

Part = str | ColumnElement[str]
"""Of a text: what it always holds, or what gives it."""

Columns = Callable[[str], ColumnElement[Any]]
"""The columns of a row by name."""

Write = Callable[[Columns, Sequence[FromClause]], ColumnElement[str]]
"""Makes the text of a row from its columns and from what holds them."""


@dataclass(frozen=True)
class Place:
    """Where a row stands in a statement: its columns by name, and what holds them.

    A row that is `complete` has no null where there has to be a value.
    """

    columns: Columns
    holders: Sequence[FromClause]
    complete: bool = False


class NotPlain(Exception):
    """An operation that has to be run; the message says why, without anything from a request."""


class Texts(ABC):
    """How a database writes JSON."""

    surprise: ColumnElement[str]

    def value(
        self, column: ColumnElement[Any], type_: GraphQLOutputType, *, complete: bool = False
    ) -> list[Part]:
        """A column as a value of a leaf type. Raises `NotPlain` for types that SQL writes otherwise."""
        required = isinstance(type_, GraphQLNonNull)
        inner: Any = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
        if isinstance(inner, GraphQLList):
            if str(inner.of_type) != "String!" or not isinstance(column.type, JSON):
                raise NotPlain("list of values")
            written: list[Part] = [self._strings(column)]
        elif isinstance(inner, GraphQLEnumType) and isinstance(column.type, String):
            written = [self._member(column, inner)]
        else:
            written = self._leaf(column, column.type, getattr(inner, "name", ""))
        if (complete and required) or not getattr(column, "nullable", True):
            return written
        text = written[0] if len(written) == 1 else self.joined(written)
        return [case((column.is_(None), self.absent(required)), else_=text)]

    def absent(self, required: bool) -> ColumnElement[str]:
        """Null, or a surprise where there has to be a value."""
        return self.surprise if required else quoted("null")

    def object(self, members: Iterable[tuple[str, Sequence[Part]]]) -> list[Part]:
        """An object of members by name."""
        parts: list[Part] = ["{"]
        for name, value in members:
            parts += [f'{"," if len(parts) > 1 else ""}"{name}":', *value]
        return [*parts, "}"]

    def one(self, statement: Select[Any], required: bool) -> ColumnElement[str]:
        """The text that a statement gives in one row, if any."""
        return func.coalesce(statement.scalar_subquery(), self.absent(required), type_=Text())

    def cursor(self, seal: int, columns: Sequence[ColumnElement[Any]]) -> list[Part]:
        """A cursor as `resolvers.cursor` writes it: the seal of an order, and its columns' values."""
        parts: list[Part] = [f"[{seal}"]
        for column in columns:
            name = _NAMES[column.type.python_type]
            written = self._leaf(column, column.type, name, zone="+00:00")
            if getattr(column, "nullable", True):
                written = [case((column.is_(None), quoted("null")), else_=self.joined(written))]
            parts += [",", *written]
        return ['"', self._base64url(self.joined([*parts, "]"])), '"']

    @abstractmethod
    def joined(self, parts: Sequence[Part]) -> ColumnElement[str]:
        """The text of all parts, one after another. None may be null."""

    @abstractmethod
    def items(
        self, statement: Select[Any], holders: Sequence[FromClause], write: Write
    ) -> ColumnElement[str]:
        """The texts of a statement's rows, which `holders` hold, in their order, with commas between."""

    @abstractmethod
    def id(self, type_name: str, key: ColumnElement[int]) -> list[Part]:
        """A global id."""

    @abstractmethod
    def _base64url(self, text: ColumnElement[str]) -> ColumnElement[str]: ...

    @abstractmethod
    def _leaf(
        self, column: ColumnElement[Any], type_: TypeEngine[Any], name: str, zone: str = "Z"
    ) -> list[Part]: ...

    @abstractmethod
    def _strings(self, column: ColumnElement[Any]) -> ColumnElement[str]:
        """A JSON document, if it is a list of strings."""

    def _member(self, column: ColumnElement[str], type_: GraphQLEnumType) -> ColumnElement[str]:
        names = {
            value.value.value if isinstance(value.value, Enum) else value.value: name
            for name, value in type_.values.items()
        }
        members = ((column == quoted(str(raw)), quoted(f'"{name}"')) for raw, name in names.items())
        return case(*members, else_=self.surprise)

    def _int(self, column: ColumnElement[int]) -> ColumnElement[Any]:
        """A whole number, if it is one of GraphQL's `Int`."""
        return case((column.between(literal_column(str(-_INT)), literal_column(str(_INT - 1))), column))


class _Concatenated(FunctionElement[str]):
    """Texts one after another: many operators would each be made and compiled for two of them."""

    type = Text()
    inherit_cache = True


@compiles(_Concatenated)
def _concatenation(element: _Concatenated, compiler: SQLCompiler, **options: Any) -> str:
    texts = [compiler.process(text, **options) for text in element.clauses]
    return f"({' || '.join(texts)})"


class _PostgreSQL(Texts):
    surprise = literal_column(f"chr({ord(SURPRISE)})", Text())

    def joined(self, parts: Sequence[Part]) -> ColumnElement[str]:
        elements = [_element(part) for part in _merged(parts)]
        return elements[0] if len(elements) == 1 else _Concatenated(*elements)

    def items(
        self, statement: Select[Any], holders: Sequence[FromClause], write: Write
    ) -> ColumnElement[str]:
        columns = statement.selected_columns
        # Texts that read below the rows alone do not name what holds these.
        texts = statement.with_only_columns(write(columns.__getitem__, holders), maintain_column_froms=True)
        array = func.array(texts.scalar_subquery())
        return func.array_to_string(array, literal_column("','"), self.surprise, type_=Text())

    def id(self, type_name: str, key: ColumnElement[int]) -> list[Part]:
        bytes_ = func.convert_to(quoted(f"{type_name}:").concat(cast(key, Text)), quoted("UTF8"))
        # Names and numbers give neither + nor /.
        return ['"', func.rtrim(func.encode(bytes_, quoted("base64")), quoted("="), type_=Text()), '"']

    def _base64url(self, text: ColumnElement[str]) -> ColumnElement[str]:
        encoded = func.encode(func.convert_to(text, quoted("UTF8")), quoted("base64"))
        return func.translate(encoded, quoted("+/=\n"), quoted("-_"), type_=Text())

    def _strings(self, column: ColumnElement[Any]) -> ColumnElement[str]:
        path = quoted('strict $[*] ? (@.type() <> "string")')
        # Null for what is no list.
        others = func.jsonb_path_exists(column, path, quoted("{}"), literal_column("true"), type_=Boolean())
        return case((~others, cast(column, Text)), else_=self.surprise)

    def _leaf(
        self, column: ColumnElement[Any], type_: TypeEngine[Any], name: str, zone: str = "Z"
    ) -> list[Part]:
        match name, type_:
            case ("String" | "ID", String()):
                return [cast(func.to_json(column), Text)]
            case ("Int", Integer()) if not isinstance(type_, BigInteger):
                return [cast(column, Text)]
            case ("BigInt", Integer()) | ("Boolean", Boolean()):
                return [cast(column, Text)]
            case ("UUID", Uuid()) | ("Decimal", Numeric()) if not isinstance(type_, Float):
                return ['"', cast(column, Text), '"']
            case ("Date", Date()):
                # What is infinite is the last day there is to Python.
                return [case((func.isfinite(column), cast(func.to_json(column), Text)), else_=self.surprise)]
            case ("DateTime", UtcDateTime()):
                utc = func.timezone(quoted("UTC"), column)
                text = func.to_char(utc, quoted('YYYY-MM-DD"T"HH24:MI:SS.US'))
                shortened = func.replace(text, quoted(".000000"), quoted(""))
                return ['"', func.coalesce(shortened, self.surprise, type_=Text()), f'{zone}"']
        raise NotPlain(f"{name} of {type(type_).__name__}")


class _SQLite(Texts):
    surprise = literal_column(f"char({ord(SURPRISE)})", Text())

    def value(
        self, column: ColumnElement[Any], type_: GraphQLOutputType, *, complete: bool = False
    ) -> list[Part]:
        # What quotes a text also writes null.
        if isinstance(type_, GraphQLScalarType) and isinstance(column.type, String):
            return self._leaf(column, column.type, type_.name)
        return super().value(column, type_, complete=complete)

    def joined(self, parts: Sequence[Part]) -> ColumnElement[str]:
        merged = _merged(parts)
        texts = []
        for start in range(0, len(merged), _MOST_ARGUMENTS):
            some = merged[start : start + _MOST_ARGUMENTS]
            form = "".join(part.replace("%", "%%") if isinstance(part, str) else "%s" for part in some)
            texts.append(
                func.printf(quoted(form), *(part for part in some if not isinstance(part, str)), type_=Text())
            )
        return texts[0] if len(texts) == 1 else _Concatenated(*texts)

    def items(
        self, statement: Select[Any], holders: Sequence[FromClause], write: Write
    ) -> ColumnElement[str]:
        if not statement.selected_columns:
            statement = statement.add_columns(literal_column("1"))
        # Only what is on the page is written, and `group_concat` keeps the order of what it is given.
        rows = statement.subquery()
        texts = func.group_concat(write(rows.c.__getitem__, [rows]), literal_column("','"), type_=Text())
        return select(func.coalesce(texts, quoted(""), type_=Text())).select_from(rows).scalar_subquery()

    def id(self, type_name: str, key: ColumnElement[int]) -> list[Part]:
        return ['"', self._base64url(quoted(f"{type_name}:").concat(key)), '"']

    def _base64url(self, text: ColumnElement[str]) -> ColumnElement[str]:
        return func.base64url(text, type_=Text())

    def _strings(self, column: ColumnElement[Any]) -> ColumnElement[str]:
        item = func.json_each(column).table_valued("type")
        others = exists(select(item.c.type).where(item.c.type != quoted("text")))
        # Half a pair is no text, which only Python would tell.
        is_list = and_(
            func.json_type(column) == quoted("array"),
            func.instr(column, quoted("\\ud")) == literal_column("0"),
        )
        return case((and_(is_list, ~others), type_coerce(column, Text)), else_=self.surprise)

    def _leaf(
        self, column: ColumnElement[Any], type_: TypeEngine[Any], name: str, zone: str = "Z"
    ) -> list[Part]:
        match name, type_:
            case ("String" | "ID", String()):
                return [func.json_quote(column, type_=Text())]
            case ("Int", Integer()):
                return [func.coalesce(self._int(column), self.surprise)]
            case ("BigInt", Integer()):
                return [column]
            case ("Boolean", Boolean()):
                return [case((column, quoted("true")), else_=quoted("false"))]
            case ("UUID", Uuid()):
                places = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
                return ['"', *_between("-", [_piece(column, *place) for place in places]), '"']
            case ("Date", Date()):
                return ['"', column, '"']
            case ("DateTime", UtcDateTime()):
                shortened = func.replace(column, quoted(".000000"), quoted(""), type_=Text())
                return ['"', func.replace(shortened, quoted(" "), quoted("T"), type_=Text()), f'{zone}"']
        raise NotPlain(f"{name} of {type(type_).__name__}")


TEXTS: dict[str, Texts] = {"postgresql": _PostgreSQL(), "sqlite": _SQLite()}


def quoted(text: str) -> ColumnElement[str]:
    """A text of our own as it is written in SQL."""
    return literal_column("'" + text.replace("'", "''") + "'", Text())


def _element(part: Part) -> ColumnElement[str]:
    return quoted(part) if isinstance(part, str) else part


def _merged(parts: Sequence[Part]) -> list[Part]:
    merged: list[Part] = []
    for part in parts:
        if merged and isinstance(part, str) and isinstance(merged[-1], str):
            merged[-1] += part
        else:
            merged.append(part)
    return merged


def _between(separator: str, parts: Sequence[Part]) -> list[Part]:
    return [each for part in parts for each in (separator, part)][1:]


def _piece(column: ColumnElement[Any], start: int, length: int) -> ColumnElement[str]:
    return func.substr(column, literal_column(str(start)), literal_column(str(length)), type_=Text())
