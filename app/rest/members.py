"""Objects of which aliases cannot spell each member: how the others are made, and what their schemas are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.rest.render import Row
from app.rest.route import Call
from app.rest.schemas import Schema, exactly


@dataclass(frozen=True)
class Made:
    """A member that is made of what GraphQL returned."""

    schema: Schema
    value: Callable[[Row, Call], Any]


Members = Mapping[str, Made | None]
"""The members of an object, in order; those that are None are as GraphQL returned them."""


def made(members: Members, row: Row, call: Call) -> Row:
    """The object."""
    return {name: row[name] if how is None else how.value(row, call) for name, how in members.items()}


def schema_of(members: Members, given: Schema) -> Schema:
    """The schema of the object, from that of what GraphQL returns."""
    return exactly(
        **{name: given["properties"][name] if how is None else how.schema for name, how in members.items()}
    )
