"""The result store of the edX Data Analytics API, version 0: its tables, read as they stand.

Tables and columns are those of `analytics_data_api/v0/models.py`, with what
they had before and after (Data Analytics contract 8.10).
"""

import datetime as dt
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Self
from urllib.parse import quote

from sqlalchemy import (
    URL,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Date,
    DateTime,
    Float,
    LargeBinary,
    MetaData,
    Row,
    Table,
    Text,
    cast,
    inspect,
    make_url,
    select,
    text,
)
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from app.errors import BadUserInput

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
    "mysql": "mysql+aiomysql",
    "mariadb": "mysql+aiomysql",
}
_CHUNK = 2000
_DAILY = {"course_id": Text, "date": Date, "count": BigInteger, "created": DateTime}
_VIDEO = {"pipeline_video_id": Text, "created": DateTime}

TABLES: dict[str, dict[str, Any]] = {
    "course_activity": {
        "course_id": Text,
        "interval_start": DateTime,
        "interval_end": DateTime,
        "label": Text,
        "count": BigInteger,
        "created": DateTime,
    },
    "course_enrollment_daily": _DAILY | {"cumulative_count": BigInteger},
    "course_enrollment_mode_daily": _DAILY | {"mode": Text, "cumulative_count": BigInteger},
    "course_enrollment_birth_year_daily": _DAILY | {"birth_year": BigInteger},
    "course_enrollment_education_level_daily": _DAILY | {"education_level": Text},
    "course_enrollment_gender_daily": _DAILY | {"gender": Text},
    "course_enrollment_location_current": _DAILY | {"country_code": Text},
    "video": _VIDEO
    | {
        "course_id": Text,
        "encoded_module_id": Text,
        "duration": BigInteger,
        "segment_length": BigInteger,
        "users_at_start": BigInteger,
        "users_at_end": BigInteger,
    },
    "video_timeline": _VIDEO | {"segment": BigInteger, "num_users": BigInteger, "num_views": BigInteger},
    "answer_distribution": {
        "course_id": Text,
        "module_id": Text,
        "part_id": Text,
        "correct": Boolean,
        "count": BigInteger,
        "first_response_count": BigInteger,
        "last_response_count": BigInteger,
        "value_id": Text,
        "answer_value_text": Text,
        "answer_value_numeric": Float,
        "variant": BigInteger,
        "problem_display_name": Text,
        "question_text": Text,
        "created": DateTime,
    },
    "grade_distribution": {
        "course_id": Text,
        "module_id": Text,
        "grade": Float,
        "max_grade": Float,
        "count": BigInteger,
        "created": DateTime,
    },
    "sequential_open_distribution": {
        "course_id": Text,
        "module_id": Text,
        "count": BigInteger,
        "created": DateTime,
    },
}
"""The tables that are imported, with the columns that are read."""

_OPTIONAL = {
    "course_enrollment_daily": {"cumulative_count"},
    "answer_distribution": {
        *("count", "first_response_count", "last_response_count", "answer_value_numeric"),
        *("problem_display_name", "question_text"),
    },
}
"""Columns that only some stores have."""


class StoredRow:
    """A row of a table. Its methods read a column and raise `BadUserInput`."""

    __slots__ = ("_row", "_table")

    def __init__(self, table: str, row: Row[*tuple[Any, ...]]) -> None:
        self._table = table
        self._row = row._mapping

    def __getitem__(self, column: str) -> Any:
        """A value as it stands; None too for a column that the table does not have."""
        return self._row.get(column)

    def integer(self, column: str) -> int:
        """A whole number that is not negative."""
        value = self[column]
        if type(value) is not int or value < 0:
            raise self.refused(column, f"{value!r:.60} is not a whole number")
        return value

    def number(self, column: str) -> float:
        """A number."""
        value = self[column]
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.refused(column, f"{value!r:.60} is not a number")
        return float(value)

    def text(self, column: str, longest: int = 255) -> str:
        """A text that must be there."""
        value = self[column]
        if not isinstance(value, str) or not 0 < len(value) <= longest or "\0" in value:
            raise self.refused(column, f"{value!r:.60} is not valid")
        return value

    def words(self, column: str, longest: int | None = None) -> str | None:
        """A text that may be absent."""
        value = self[column]
        if value is not None and (
            not isinstance(value, str) or "\0" in value or len(value) > (longest or len(value))
        ):
            raise self.refused(column, f"{value!r:.60} is not a text of at most {longest} characters")
        return value

    def instant(self, column: str) -> dt.datetime:
        """A time, in UTC unless it says otherwise."""
        value = self[column]
        if not isinstance(value, dt.datetime):
            raise self.refused(column, f"{value!r:.60} is not a time")
        return value.astimezone(dt.UTC) if value.tzinfo else value.replace(tzinfo=dt.UTC)

    def day(self, column: str) -> dt.date:
        """A day of this century: what the calendar holds."""
        value = self[column]
        if not isinstance(value, dt.date) or not 2000 <= value.year < 2099:
            raise self.refused(column, f"{value!r:.60} is not a day")
        return value

    def refused(self, column: str, message: str) -> BadUserInput:
        """The error that says what is wrong with a value."""
        return BadUserInput(f"{self._table}, id {self['id']}, column {column}: {message}")


class LegacyStore:
    """An open store; `columns` has the tables that are there with the columns of each that are read."""

    def __init__(self, connection: AsyncConnection, columns: Mapping[str, Sequence[str]]) -> None:
        self._connection = connection
        self.columns = columns

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str) -> AsyncIterator[Self]:
        """The store at a URL, read in one transaction. Raises `BadUserInput` for what is no store."""
        try:
            engine = create_async_engine(_url(url))
        except ImportError as error:
            raise BadUserInput(
                f"MySQL needs the package {error.name}: pip install 'lyceum[mysql]'"
            ) from error
        try:
            async with engine.connect() as connection:
                if connection.dialect.name == "mysql":
                    # Its timestamps come in the time zone of the session.
                    await connection.execute(text("SET time_zone = '+00:00'"))
                columns = await connection.run_sync(_columns)
                if not columns:
                    raise BadUserInput(f"URL: none of the tables is there: {', '.join(TABLES)}")
                yield cls(connection, columns)
        finally:
            await engine.dispose()

    @property
    def missing(self) -> list[str]:
        """The tables that are not there."""
        return [name for name in TABLES if name not in self.columns]

    async def rows(self, name: str, *order: str) -> AsyncIterator[list[StoredRow]]:
        """The rows of a table by the bytes of some columns, some at a time; none if it is not there."""
        if name not in self.columns:
            return
        columns = [Column("id", BigInteger)] + [
            Column(each, TABLES[name][each]) for each in self.columns[name]
        ]
        table = Table(name, MetaData(), *columns)
        dialect = self._connection.dialect.name
        statement = select(table).order_by(*(by_bytes(table.c[each], dialect) for each in order))
        try:
            async with self._connection.stream(statement) as result:
                async for chunk in result.partitions(_CHUNK):
                    yield [StoredRow(name, row) for row in chunk]
        except (TypeError, ValueError) as error:
            raise BadUserInput(f"{name}: {error}") from error


def by_bytes(column: Column[Any], dialect: str) -> ColumnElement[Any]:
    """A column to order by, so that only the same texts stand together."""
    # Under MySQL's usual collations texts are equal that are not the same.
    return cast(column, LargeBinary) if dialect == "mysql" and isinstance(column.type, Text) else column


def _url(url: str) -> URL:
    try:
        parsed = make_url(url)
        name = parsed.get_backend_name()
    except (ArgumentError, ValueError) as error:
        raise BadUserInput("URL: this is not a database URL") from error
    if name not in _DRIVERS:
        raise BadUserInput(f"URL: {name} is not supported, only sqlite, postgresql and mysql are")
    if name == "sqlite":
        if not parsed.database:
            raise BadUserInput("URL: SQLite needs a file, as in sqlite:///analytics.db")
        return parsed.set(
            drivername=_DRIVERS[name],
            database=f"file:{quote(parsed.database)}",
            query={"mode": "ro", "uri": "true"},
        )
    return parsed.set(drivername=_DRIVERS[name])


def _columns(connection: Any) -> dict[str, list[str]]:
    """The columns to read of each table that is there. Raises `BadUserInput` for a table without one."""
    inspector = inspect(connection)
    there = set(inspector.get_table_names()) | set(inspector.get_view_names())
    found = {}
    for name, columns in TABLES.items():
        if name not in there:
            continue
        has = {column["name"] for column in inspector.get_columns(name)}
        for column in ("id", *columns):
            if column not in has and column not in _OPTIONAL.get(name, ()):
                raise BadUserInput(f"{name}: there is no column {column}")
        found[name] = [column for column in columns if column in has]
    return found
