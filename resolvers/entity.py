"""What GraphQL types read, and how their rows hang together."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Subquery, and_
from sqlmodel import SQLModel

from app.db.models.tables import table_of

Alias = Callable[[FromClause], FromClause]


@dataclass(frozen=True, eq=False)
class Entity:
    """The rows of a GraphQL type: a model, and what sets its rows apart in the model's table.

    `view` stands for the table where the rows hold more than it does; its first
    column is `id`. `parents` are the entities whose id a column holds, by name,
    and that column: a list can be narrowed by them. `lent` are columns of such
    entities, by name, that everybody sees who sees the row.
    """

    name: str
    model: type[SQLModel]
    only: Mapping[str, Any] = field(default_factory=dict)
    parents: Mapping[str, tuple[str, "Entity"]] = field(default_factory=dict)
    lent: Mapping[str, tuple[str, "Entity"]] = field(default_factory=dict)
    view: FromClause | None = None

    @property
    def table(self) -> FromClause:
        """What the rows are read from."""
        return table_of(self.model) if self.view is None else self.view


@dataclass(frozen=True, eq=False)
class Relation:
    """How rows of an entity hang on a parent.

    `parent` is the column that holds the parent's id: of the entity itself, or
    of `link`, whose column `target` then holds the entity's id: a table, or a
    statement that gives each pair once. `only` narrows the link's rows, `order`
    are the columns that come first in the default order.
    """

    entity: Entity
    parent: str
    link: type[SQLModel] | Subquery | None = None
    target: str = ""
    only: Mapping[str, Any] = field(default_factory=dict)
    order: tuple[str, ...] = ()


class Rows:
    """One appearance of an entity's rows in a statement, with the link that leads to them."""

    def __init__(
        self, entity: Entity, relation: Relation | None = None, *, alias: Alias | bool = False
    ) -> None:
        """`alias` makes the aliases of tables; True is for new ones."""
        made: Alias = alias if callable(alias) else FromClause.alias
        self.entity = entity
        self.table: FromClause = made(entity.table) if alias else entity.table
        self.source: FromClause = self.table
        self.unit: ColumnElement[Any] = next(iter(self.table.primary_key))
        self.linked = relation is not None and relation.link is not None
        self._holder = self.table
        self._conditions = [self.table.c[name] == value for name, value in entity.only.items()]
        if relation is not None and relation.link is not None:
            link: FromClause = (
                relation.link if isinstance(relation.link, Subquery) else table_of(relation.link)
            )
            self._holder = made(link) if alias else link
            self.unit = self._holder.c[relation.target]
            self.source = self._holder.join(self.table, self.unit == self.table.c.id)
        if relation is not None:
            self.parent = self._holder.c[relation.parent]
            self._conditions += [self._holder.c[name] == value for name, value in relation.only.items()]

    @property
    def holders(self) -> list[FromClause]:
        """What holds the columns."""
        return [self.table, self._holder]

    def column(self, name: str) -> ColumnElement[Any]:
        """A column by name: the entity's, else the link's."""
        return self.table.c[name] if name in self.table.c else self._holder.c[name]

    @property
    def condition(self) -> ColumnElement[bool]:
        """What sets the rows apart."""
        return and_(True, *self._conditions)
