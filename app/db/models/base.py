"""What all models share: names of constraints, columns that many tables have."""

import datetime as dt
import uuid
from typing import Any

from sqlmodel import Field, Relationship, SQLModel

from app.db.types import BigInt, Json, UtcDateTime, text

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def now() -> dt.datetime:
    """The current instant, in UTC."""
    return dt.datetime.now(dt.UTC)


def primary_key() -> Any:
    """A 64-bit primary key given by the database."""
    return Field(default=None, primary_key=True, sa_type=BigInt)


def link(target: str, *, primary_key: bool = False, index: bool = False, nullable: bool = False) -> Any:
    """A foreign key to `target` ("table.column"); the row goes when its target goes."""
    options: dict[str, Any] = {"primary_key": True} if primary_key else {"nullable": nullable}
    if nullable:
        options["default"] = None
    return Field(foreign_key=target, ondelete="CASCADE", sa_type=BigInt, index=index, **options)


def string(length: int | None = 255, *, unique: bool = False, index: bool = False, **options: Any) -> Any:
    """A string of at most `length` characters, sorted by code point."""
    return Field(sa_type=text(length), unique=unique, index=index, **options)


def optional(length: int | None = None) -> Any:
    """A string that may be absent; without a length, of any length."""
    return Field(default=None, sa_type=text(length))


def instant(**options: Any) -> Any:
    """An instant in UTC; required unless a default is given."""
    return Field(sa_type=UtcDateTime, **options)


def json_list() -> Any:
    """A JSON list of strings, empty by default."""
    return Field(default_factory=list, sa_type=Json)


def unique_uuid() -> Any:
    """A UUID, made up unless given."""
    return Field(default_factory=uuid.uuid4, unique=True)


def related(**options: Any) -> Any:
    """A relationship that never loads by accident: reading it unloaded raises."""
    return Relationship(sa_relationship_kwargs={"lazy": "raise", **options})
