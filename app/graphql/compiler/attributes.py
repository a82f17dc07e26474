"""Fields that are nothing but an attribute of their object."""

from collections.abc import Mapping
from typing import Any

from graphql import GraphQLField


def attribute_of(field: GraphQLField) -> str | None:
    """The attribute that a field of Strawberry is; None for a field that has to be resolved.

    The resolver that Strawberry makes for such a field calls `getattr` with the
    source and the field's name in Python, and nothing else.
    """
    definition = field.extensions.get("strawberry-definition")
    if (
        definition is None
        or getattr(field.resolve, "__name__", None) != "_get_basic_result"
        or not definition.is_basic_field
        or definition.default_resolver is not getattr
        or type(definition).get_result.__module__ != "strawberry.types.field"
    ):
        return None
    name: str = definition.python_name
    return name


def get(source: Any, name: str) -> Any:
    """What graphql-core reads from a source where a field has no resolver."""
    return source.get(name) if isinstance(source, Mapping) else getattr(source, name, None)
