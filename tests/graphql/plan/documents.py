"""Generated documents that are plain."""

from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
)
from hypothesis import strategies as st

from schema import plain
from tests.graphql.plan.conftest import AWKWARD, GRAPH

_DAYS = ("2023-12-31", "2024-02-29", "2024-03-01", "2026-01-01", "2026-06-30")
_TEXTS = (AWKWARD, "", "a", "A", "learner", "audit", "honor", "%", "🏃", "awkward 1")
_INFOS = ("hasNextPage", "hasPreviousPage", "startCursor", "endCursor", "__typename")
_LEAVES = ("String", "ID", "Int", "BigInt", "Boolean", "DateTime", "Date", "UUID")


@dataclass
class Written:
    """A document that is being written, with the values of its variables."""

    draw: Any
    keys: dict[str, list[str]]
    declared: list[str] = field(default_factory=list)
    variables: dict[str, Any] = field(default_factory=dict)
    fragments: list[str] = field(default_factory=list)

    def one(self, *options: Any) -> Any:
        """One of several."""
        return self.draw(st.sampled_from(options))

    def value(self, type_: str, value: Any) -> str:
        """A value as a literal, or as a variable that holds it."""
        if self.one(True, False):
            name = f"v{len(self.declared)}"
            self.declared.append(f"${name}: {type_}")
            self.variables[name] = value
            return f"${name}"
        return _literal(value)

    def selection(self, type_: GraphQLObjectType, depth: int) -> str:
        """Some fields of a type, however they can be written down."""
        names = [name for name, each in type_.fields.items() if _is_plain(each, depth)]
        chosen = self.draw(
            st.lists(st.sampled_from([*names, "__typename"]), min_size=1, max_size=5, unique=True)
        )
        fields = [self.field(type_, name, depth) for name in chosen]
        match self.one("plain", "inline", "bare", "fragment", "twice"):
            case "inline":
                return f"{{ __typename ... on {type_.name} {{ {' '.join(fields)} }} }}"
            case "bare":
                return f"{{ ... @skip(if: false) {{ {fields[0]} }} {' '.join(fields)} }}"
            case "fragment":
                name = f"F{len(self.fragments)}"
                self.fragments.append(f"fragment {name} on {type_.name} {{ {' '.join(fields)} }}")
                return f"{{ ...{name} again: __typename }}"
            case "twice":
                return f"{{ {' '.join(fields)} {fields[0]} }}"
        return f"{{ {' '.join(fields)} }}"

    def field(self, type_: GraphQLObjectType, name: str, depth: int) -> str:
        """A field with all that it needs."""
        if name == "__typename":
            return name
        definition = type_.fields[name]
        below: Any = get_named_type(definition.type)
        alias = f"a{depth}{name}: " if self.one(True, False, False) else ""
        directive = (
            f" @include(if: {self.value('Boolean!', self.one(True, True, False))})"
            if self.one(*([False] * 9), True)
            else ""
        )
        text = f"{alias}{name}{self._arguments(name, definition)}{directive}"
        if is_leaf_type(below):
            return text
        if below.name.endswith("Connection"):
            item: Any = get_named_type(below.fields["nodes"].type)
            nodes = f"nodes {self.selection(item, depth - 1)}"
            edges = f"edges {{ cursor node {self.selection(item, depth - 1)} }}"
            info = f"pageInfo {{ {self.one(*_INFOS)} {self.one(*_INFOS)} }}"
            parts = self.one(
                (nodes,), (nodes,), (edges,), (nodes, info), ("__typename", edges, info, "totalCount")
            )
            return f"{text} {{ {' '.join(parts)} }}"
        return f"{text} {self.selection(below, depth - 1)}"

    def _arguments(self, name: str, definition: GraphQLField) -> str:
        match plain.plain(definition):
            case plain.LookUp(by=by):
                key = self.one(
                    *self.keys[name], "x" if by != "uuid" else "58152f7f-6d0e-41cf-862d-0a27c6fad72c"
                )
                return f"({by}: {self.value(str(definition.args[by].type), key)})"
            case plain.Series():
                start, end = sorted(self.one(*_DAYS) for _ in range(2))
                return f"(start: {self.value('Date', start)}, end: {self.value('Date!', end)})"
            case plain.Page():
                given = [f"first: {self.value('Int', self.draw(st.integers(0, 5)))}"]
                if self.one(True, False, False):
                    given.append(f"where: {{{self._demand(definition)}}}")
                if self.one(True, False, False):
                    order: Any = get_named_type(definition.args["orderBy"].type)
                    members: Any = get_named_type(order.fields["field"].type)
                    direction = self.one("ASC", "DESC")
                    given.append(f"orderBy: {{field: {self.one(*members.values)}, direction: {direction}}}")
                return f"({', '.join(given)})"
        return ""

    def _demand(self, definition: GraphQLField) -> str:
        where: Any = get_named_type(definition.args["where"].type)
        name = self.one(*where.fields)
        type_: Any = get_named_type(where.fields[name].type)
        if isinstance(type_, GraphQLEnumType):
            return f"{name}: [{self.one(*type_.values)}]"
        match type_.name:
            case "StringFilter":
                operator = self.one("eq", "in", "contains", "startsWith")
                value = self.one(*_TEXTS)
                if operator == "in":
                    return f"{name}: {{in: [{self.value('String!', value)}]}}"
                return f"{name}: {{{operator}: {self.value('String', value)}}}"
            case "IntFilter":
                return f"{name}: {{gte: {self.value('Int', 1980)}, lt: 2000}}"
            case "DateTimeFilter":
                return f"{name}: {{{self.one('gt', 'gte', 'lt', 'eq')}: {self.value('DateTime', '2024-02-29T12:00:00.5Z')}}}"
            case "Boolean":
                return f"{name}: {self.value('Boolean', self.one(True, False))}"
        return ""


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return (
        '"'
        + "".join(char if char.isalnum() and char.isascii() else f"\\u{{{ord(char):x}}}" for char in value)
        + '"'
    )


def _is_plain(definition: GraphQLField, depth: int) -> bool:
    made = plain.plain(definition)
    below: Any = get_named_type(definition.type)
    if made is None:
        return False
    if is_leaf_type(below):
        return below.name in _LEAVES or isinstance(below, GraphQLEnumType)
    return depth > 0


@st.composite
def documents(draw: Any, keys: dict[str, list[str]]) -> tuple[str, dict[str, Any]]:
    """A plain document with one or two root fields, and its variables."""
    written = Written(draw, keys)
    query: Any = GRAPH.query_type
    names = [
        name
        for name, each in query.fields.items()
        if _is_plain(each, 1) and (keys.get(name) or not isinstance(plain.plain(each), plain.LookUp))
    ]
    roots = draw(st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True))
    fields = [written.field(query, name, 3) for name in roots]
    declared = f"({', '.join(written.declared)})" if written.declared else ""
    return f"query{declared} {{ {' '.join(fields)} }} {' '.join(written.fragments)}", written.variables
