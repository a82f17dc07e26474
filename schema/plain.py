"""What fields that need no resolver are made of, for whoever joins them into one statement.

A field that says so in its metadata under `plain` has the value that its
resolver would give. Columns say nothing: any field without a resolver is the
column of its own name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from resolvers.entity import Entity, Relation
from resolvers.series import Numbers


@dataclass(frozen=True)
class Column:
    """A column of the row, by another name."""

    name: str


@dataclass(frozen=True)
class GlobalId:
    """The global id of the row: of its GraphQL type and the column `id`."""


@dataclass(frozen=True)
class ToOne:
    """The row of an entity whose id a column holds; null where the viewer may not see it."""

    entity: Entity
    column: str


@dataclass(frozen=True)
class Lent:
    """A column that an entity lends to the row."""

    entity: Entity
    name: str


@dataclass(frozen=True)
class ToMany:
    """All rows that hang on the row, in an order."""

    relation: Relation
    order: str


@dataclass(frozen=True)
class Page:
    """A page of an entity's rows, or of those that hang on the row."""

    source: Entity | Relation


@dataclass(frozen=True)
class LookUp:
    """The row of an entity whose column `by` holds the argument of that name."""

    entity: Entity
    by: str


@dataclass(frozen=True)
class OwnAccount:
    """The row of the user who asks, of an entity whose ids are those of users; null for strangers."""

    entity: Entity


@dataclass(frozen=True)
class OwnAnalytics:
    """The row itself, a course run, for who may see its numbers; else null."""


@dataclass(frozen=True)
class Series:
    """Numbers of the row, a course run, by day."""

    numbers: Numbers


def plain(definition: Any) -> Any:
    """What a field of the schema says that it is made of; None where it needs its resolver."""
    field = definition.extensions.get("strawberry-definition")
    if field is None:
        return None
    metadata: Mapping[str, Any] = field.metadata
    if "plain" in metadata or field.base_resolver:
        return metadata.get("plain")
    return Column(field.python_name)
