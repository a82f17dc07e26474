"""Objects of which aliases cannot spell each member: how the others are made, and what their schemas are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.rest.render import Row
from app.rest.route import Call
from app.rest.schemas import Schema, exactly


@dataclass(frozen=True)
class Made:
    """A member that is made of the object that GraphQL returned; so may its schema be, of the object's."""

    schema: Schema | Callable[[Schema], Schema]
    value: Callable[[Row, Call], Any]


Members = Mapping[str, Made | None]
"""The members of an object, in order; those that are None are as GraphQL returned them."""


def made(members: Members, row: Row, call: Call) -> Row:
    """The object."""
    return {name: row[name] if how is None else how.value(row, call) for name, how in members.items()}


def described(members: Members, given: Schema) -> Schema:
    """The schema of the object, from that of what GraphQL returns."""
    return exactly(**{name: _member(name, how, given) for name, how in members.items()})


def listed(name: str, members: Members) -> Made:
    """A member that is a list of objects with such members, in place of those that GraphQL returned."""

    def schema(given: Schema) -> Schema:
        return {"type": "array", "items": described(members, given["properties"][name]["items"])}

    return Made(schema, lambda row, call: [made(members, item, call) for item in row[name]])


def _member(name: str, how: Made | None, given: Schema) -> Schema:
    if how is None:
        schema: Schema = given["properties"][name]
        return schema
    return how.schema(given) if callable(how.schema) else how.schema
