"""From SQLAlchemy's statements to what drivers take, and from what drivers give to rows.

SQLAlchemy writes the statements and knows the types. To have it execute them too would
take several times as long as all of this.
"""

from collections import namedtuple
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, NamedTuple

from cachetools import LRUCache
from sqlalchemy import Dialect
from sqlalchemy.sql import Executable
from sqlalchemy.sql.compiler import SQLCompiler

_REMEMBERED = 1_000
"""Statements."""

_NUMERIC = 1700
"""PostgreSQL's number of its type `numeric`: what processors of numbers take for this take all numbers."""

Record = Any
"""A row as it was read: a tuple whose columns are attributes too."""


class ToCome(NamedTuple):
    """Stands for what a statement is given only when it runs, as the parameter of this name."""

    name: str


KEYS: Sequence[Any] = ToCome("keys")


class Prepared(NamedTuple):
    """A statement as a driver takes it, and what makes records of the driver's rows."""

    sql: str
    parameters: list[Any]
    records: Callable[[Sequence[Any]], list[Record]]


class Statements:
    """The statements of one dialect, each written once for all values that it is run with."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._written: LRUCache[Any, _Written] = LRUCache(_REMEMBERED)
        self._named: LRUCache[Hashable, tuple[Executable, Prepared | None]] = LRUCache(_REMEMBERED)

    def prepare(self, statement: Executable, values: Mapping[str, Any] | None = None) -> Prepared:
        """A statement with its own values, and these for its parameters that have none."""
        key: Any = statement._generate_cache_key()  # type: ignore[attr-defined]
        if key is None:
            return _Written(self._dialect, statement, None).prepared(values)
        written = self._written.get(key.key)
        if written is None:
            written = self._written[key.key] = _Written(self._dialect, statement, key)
        return written.prepared(values, extracted_parameters=key.bindparams, _collected_params=key.params)

    def prepare_named(
        self, name: Hashable, build: Callable[[], Executable], values: Mapping[str, Any]
    ) -> Prepared:
        """A statement that is built once for each name, which says all that it depends on beside values.

        The values are those of its parameters that have none.
        """
        found = self._named.get(name)
        if found is None:
            statement = build()
            to_come = {name: ToCome(name) for name in values}
            found = statement, None if _asks_anew(statement) else self.prepare(statement, to_come)
            self._named[name] = found
        statement, prepared = found
        if prepared is None:
            return self.prepare(statement, values)
        sql, parameters, records = prepared
        given = [value.convert(values[value.name]) if type(value) is _Hole else value for value in parameters]
        return Prepared(sql, given, records)


class _Hole(NamedTuple):
    """The place of a value that is to come among parameters, with what makes of it what the driver takes."""

    name: str
    convert: Any


class _Written:
    def __init__(self, dialect: Dialect, statement: Executable, key: Any) -> None:
        self._compiled: SQLCompiler = dialect.statement_compiler(dialect, statement, cache_key=key)  # type: ignore[arg-type]
        columns = self._compiled._result_columns
        self._record: Any = partial(tuple.__new__, _record(tuple(column.keyname for column in columns)))
        self._conversions = [column.type._cached_result_processor(dialect, _NUMERIC) for column in columns]
        if not any(self._conversions):
            self.records = self._as_they_are  # type: ignore[method-assign]

    def prepared(self, values: Mapping[str, Any] | None, **own: Any) -> Prepared:
        compiled = self._compiled
        parameters = compiled.construct_params(values, escape_names=False, **own)
        sql, names, conversions = compiled.string, compiled.positiontup, compiled._bind_processors
        if compiled.post_compile_params or compiled.literal_execute_params:
            # A list in parentheses has a place for each of its values.
            expanded = compiled._process_parameters_for_postcompile(parameters)
            sql, names = expanded.statement, list(expanded.positiontup or ())
            conversions = {**conversions, **expanded.processors}
        given = []
        for name in names or ():
            value, convert = parameters[name], conversions.get(name, _as_it_is)
            given.append(_Hole(value.name, convert) if type(value) is ToCome else convert(value))
        return Prepared(sql, given, self.records)

    def records(self, rows: Sequence[Any]) -> list[Record]:
        # Column by column, so that no loop is Python's.
        columns: Iterable[Any] = zip(*rows, strict=True)
        converted = (
            map(convert, column) if convert else column
            for convert, column in zip(self._conversions, columns, strict=False)
        )
        return list(map(self._record, zip(*converted, strict=True)))

    def _as_they_are(self, rows: Sequence[Any]) -> list[Record]:
        return list(map(self._record, rows))


def _asks_anew(statement: Executable) -> bool:
    """Whether a statement has a parameter whose value is asked for whenever it runs, such as the day."""
    key: Any = statement._generate_cache_key()  # type: ignore[attr-defined]
    return key is None or any(parameter.callable for parameter in key.bindparams)


def _as_it_is(value: Any) -> Any:
    return value


@lru_cache(_REMEMBERED)
def _record(names: tuple[str, ...]) -> type[tuple[Any, ...]]:
    # Of columns with the same name the first one has it.
    return namedtuple("Record", names, rename=True)
