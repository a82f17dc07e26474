"""Documents over any schema, with everything that a document can hold, and variables for them."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from random import Random
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    Undefined,
    get_named_type,
    is_composite_type,
    is_required_argument,
    is_required_input_field,
)

Scalars = Callable[[Random, str, str], Any]
"""Makes a value, as of JSON, for a scalar of a name in an argument or input field of a name."""

Composite = GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType

_NULL_OR = 0.1
_VARIABLE = 0.25
_WRONG = 0.01


@dataclass
class Request:
    """A document and what comes with it."""

    text: str
    variables: dict[str, Any]
    operation_name: str | None

    def __str__(self) -> str:
        return f"{self.text}\n# variables: {self.variables}\n# operation: {self.operation_name}"


def literal(value: Any) -> str:
    """A value of JSON in GraphQL."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {literal(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    return json.dumps(value)


class Composites:
    """What can be where in the documents of a schema."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = schema
        self._overlapping: dict[str, list[Composite]] = {}

    @cached_property
    def _possible(self) -> dict[str, set[str]]:
        return {
            name: {name}
            if isinstance(type_, GraphQLObjectType)
            else {possible.name for possible in self.schema.get_possible_types(type_)}
            for name, type_ in self.schema.type_map.items()
            if is_composite_type(type_) and not name.startswith("__")
        }

    def overlapping(self, type_: Composite) -> list[Composite]:
        """The types that fragments in a type can be on."""
        if type_.name not in self._overlapping:
            own = self._possible.get(type_.name, set())
            names = [name for name, possible in self._possible.items() if possible & own]
            found = [self.schema.type_map[name] for name in names]
            self._overlapping[type_.name] = found or [type_]  # type: ignore[assignment]
        return self._overlapping[type_.name]


@dataclass
class Writer:
    """Writes one document."""

    composites: Composites
    random: Random
    scalars: Scalars
    fields_at_most: int = 30
    depth_at_most: int = 6
    rare: frozenset[str] = frozenset()
    """Names of arguments that leave little to see when they are given."""

    _fields: int = 0
    _variables: dict[str, tuple[str, str]] = field(default_factory=dict)
    _values: dict[str, Any] = field(default_factory=dict)
    _fragments: list[tuple[str, Composite, str]] = field(default_factory=list)
    _begun: int = 0
    _keys: dict[str, list[tuple[Composite, str, str, str]]] = field(default_factory=dict)

    def request(self, root: GraphQLObjectType, kind: str = "query", only: Sequence[str] = ()) -> Request:
        """A request on a root type; `only` of some of its fields."""
        selections = self._selections(root, 0, only)
        name = self.random.choice(["", "Asked"])
        declared = ", ".join(
            f"${name}: {type_}{default}" for name, (type_, default) in self._variables.items()
        )
        start = f"{kind} {name}" + (f"({declared})" if declared else "")
        definitions = [f"{start} {selections}"]
        definitions += [f"fragment {name} on {on.name} {text}" for name, on, text in self._fragments]
        if name and self._one_in(6):
            definitions.append("query Other { __typename }")
        else:
            name = self.random.choice([name, ""])
        self.random.shuffle(definitions)
        if self._one_in(100):
            name = "Unknown"
        return Request("\n".join(definitions), self._values, name or None)

    def _one_in(self, number: int) -> bool:
        return self.random.randrange(number) == 0

    # Selections.

    def _selections(self, parent: Composite, depth: int, only: Sequence[str] = ()) -> str:
        written: list[str] = []
        again: list[tuple[str, Composite]] = []
        for _ in range(self.random.choice([1, 1, 2, 3, 4, 6])):
            kind = self.random.randrange(12)
            if (kind == 0 and depth > 0) or (isinstance(parent, GraphQLUnionType) and kind > 8):
                key = self._key(parent, "__typename", "", "String!")
                written.append(f"{key}{self._directives()}")
            elif kind in (1, 2) and depth < self.depth_at_most:
                written.append(self._inline(parent, depth, only))
            elif kind == 3 and depth < self.depth_at_most:
                written.append(self._spread(parent, depth, only))
            elif kind == 4 and again:
                head, type_ = self.random.choice(again)
                written.append(f"{head}{self._directives()} {self._selections(type_, depth + 1)}")
            else:
                written.append(self._field(parent, depth, only, again))
        return "{ " + " ".join(written) + " }"

    def _inline(self, parent: Composite, depth: int, only: Sequence[str]) -> str:
        on = self.random.choice([None, *self.composites.overlapping(parent)])
        condition = f" on {on.name}" if on else ""
        return f"...{condition}{self._directives()} {self._selections(on or parent, depth + 1, only)}"

    def _spread(self, parent: Composite, depth: int, only: Sequence[str]) -> str:
        types = self.composites.overlapping(parent)
        known = [name for name, on, _ in self._fragments if on in types]
        if known and self._one_in(2):
            return f"...{self.random.choice(known)}{self._directives()}"
        on = self.random.choice(types)
        self._begun += 1
        name = f"F{self._begun}"
        directives = self._directives()
        # Known only when it is complete, so that no fragment spreads itself.
        self._fragments.append((name, on, self._selections(on, depth + 1, only)))
        return f"...{name}{directives}"

    def _field(
        self, parent: Composite, depth: int, only: Sequence[str], again: list[tuple[str, Composite]]
    ) -> str:
        fields = {} if isinstance(parent, GraphQLUnionType) else parent.fields
        is_full = depth >= self.depth_at_most or self._fields >= self.fields_at_most
        names = [
            name
            for name, definition in fields.items()
            if (not only or name in only)
            and not (is_full and is_composite_type(get_named_type(definition.type)) and depth > 0)
        ]
        if not names:
            return f"{self._key(parent, '__typename', '', 'String!')}{self._directives()}"
        above = [name for name in names if is_composite_type(get_named_type(fields[name].type))]
        name = self.random.choice(above if above and self._one_in(2) else names)
        definition = fields[name]
        self._fields += 1
        arguments = self._arguments(definition)
        head = self._key(parent, name, arguments, str(definition.type))
        type_ = get_named_type(definition.type)
        if not is_composite_type(type_):
            return f"{head}{self._directives()}"
        again.append((head, type_))
        return f"{head}{self._directives()} {self._selections(type_, depth + 1)}"

    def _key(self, parent: Composite, name: str, arguments: str, type_: str) -> str:
        """A field, under an alias if another is called like it."""
        aliases = [f"a{self.random.randrange(4)}" for _ in range(3)] + [f"b{len(self._keys)}"]
        first = [name] if self.random.randrange(4) else []
        for key in [*first, *aliases]:
            others = self._keys.setdefault(key, [])
            if all(self._can_be_with(parent, name, arguments, type_, other) for other in others):
                others.append((parent, name, arguments, type_))
                return f"{'' if key == name else f'{key}: '}{name}{arguments}"
        raise AssertionError("the last alias is new")

    @staticmethod
    def _can_be_with(
        parent: Composite, name: str, arguments: str, type_: str, other: tuple[Composite, str, str, str]
    ) -> bool:
        are_apart = (
            isinstance(parent, GraphQLObjectType)
            and isinstance(other[0], GraphQLObjectType)
            and parent is not other[0]
        )
        return type_ == other[3] and (are_apart or (name, arguments) == other[1:3])

    def _directives(self) -> str:
        chosen = [name for name in ("skip", "include") if self._one_in(12)]
        self.random.shuffle(chosen)
        return "".join(f" @{name}(if: {self._boolean()})" for name in chosen)

    def _boolean(self) -> str:
        if self._one_in(2):
            return self._variable(GraphQLNonNull(GraphQLBoolean))
        return literal(self._one_in(2))

    # Values.

    def _arguments(self, definition: GraphQLField) -> str:
        written = [
            f"{name}: {self._value(argument.type, name, argument)}"
            for name, argument in definition.args.items()
            if is_required_argument(argument) or self._one_in(10 if name in self.rare else 2)
        ]
        self.random.shuffle(written)
        return f"({', '.join(written)})" if written else ""

    def _value(
        self,
        type_: Any,
        name: str,
        place: GraphQLArgument | GraphQLInputField | None = None,
        depth: int = 0,
        *,
        is_only: bool = False,
    ) -> str:
        if self.random.random() < _VARIABLE:
            has_default = place is not None and _has_default(place)
            return self._variable(type_, name, has_default=has_default, is_only=is_only)
        if isinstance(type_, GraphQLNonNull):
            return self._literal(type_.of_type, name, depth)
        return "null" if self.random.random() < _NULL_OR else self._literal(type_, name, depth)

    def _literal(self, type_: Any, name: str, depth: int) -> str:
        if isinstance(type_, GraphQLList):
            inner = get_nullable(type_.of_type)
            if not isinstance(inner, GraphQLList) and self._one_in(6):
                # One item stands for a list of it, but a variable with one does not.
                return _constant(inner, self._json(GraphQLNonNull(inner), name, depth))
            items = (self._value(type_.of_type, name, None, depth) for _ in range(self.random.randrange(4)))
            return f"[{', '.join(items)}]"
        if isinstance(type_, GraphQLInputObjectType):
            items = (
                f"{name}: {self._value(member, name, place, depth + 1, is_only=type_.is_one_of)}"
                for name, member, place in self._members(type_, depth)
            )
            return "{" + ", ".join(items) + "}"
        if isinstance(type_, GraphQLEnumType):
            chosen: str = self.random.choice(list(type_.values))
            return chosen
        return literal(self.scalars(self.random, type_.name, name))

    def _json(self, type_: Any, name: str, depth: int = 0) -> Any:
        if not isinstance(type_, GraphQLNonNull) and self.random.random() < _NULL_OR:
            return None
        type_ = get_nullable(type_)
        if isinstance(type_, GraphQLList):
            inner = get_nullable(type_.of_type)
            if not isinstance(inner, GraphQLList) and self._one_in(6):
                return self._json(GraphQLNonNull(inner), name, depth)
            return [self._json(type_.of_type, name, depth) for _ in range(self.random.randrange(4))]
        if isinstance(type_, GraphQLInputObjectType):
            members = self._members(type_, depth)
            return {name: self._json(type_, name, depth + 1) for name, type_, _ in members}
        if isinstance(type_, GraphQLEnumType):
            return self.random.choice(list(type_.values))
        return self.scalars(self.random, type_.name, name)

    def _members(
        self, type_: GraphQLInputObjectType, depth: int
    ) -> list[tuple[str, Any, GraphQLInputField | None]]:
        """The members of an input object that are given, with their types."""
        fields = list(type_.fields.items())
        if type_.is_one_of:
            name, only = self.random.choice(fields)
            return [(name, GraphQLNonNull(get_nullable(only.type)), None)]
        return [
            (name, place.type, place)
            for name, place in fields
            if is_required_input_field(place) or (depth < 3 and self._one_in(3))
        ]

    def _variable(
        self, type_: Any, name: str = "", *, has_default: bool = False, is_only: bool = False
    ) -> str:
        """A variable that can be at a place of a type, which may have a default there.

        The only member of an input object that takes one cannot be null, not even with a default.
        """
        inner = get_nullable(type_)
        default = ""
        if isinstance(type_, GraphQLNonNull) and not has_default:
            declared = type_ if is_only else self.random.choice([type_, type_, inner])
            if declared is inner or self._one_in(4):
                default = self._default(type_, name)
        else:
            declared = self.random.choice([inner, inner, GraphQLNonNull(inner)])
            if self._one_in(3):
                default = self._default(declared, name)
        text = (str(declared), f" = {default}" if default else "")
        same = [known for known, definition in self._variables.items() if definition == text]
        if same and self._one_in(2):
            return f"${self.random.choice(same)}"
        variable = f"v{len(self._variables) + 1}"
        self._variables[variable] = text
        is_required = isinstance(declared, GraphQLNonNull) and not default
        if is_required or self.random.randrange(3):
            value = self._json(declared, name)
            if self.random.random() < _WRONG:
                value = self.random.choice([None, {"no": 1}, [[]], "🏃", 1e300])
            self._values[variable] = value
        return f"${variable}"

    def _default(self, type_: Any, name: str) -> str:
        # Variables are not allowed in it; enums have no quotes.
        return _constant(type_, self._json(type_, name))


def _constant(type_: Any, value: Any) -> str:
    type_ = get_nullable(type_)
    if value is None:
        return "null"
    if isinstance(type_, GraphQLList):
        if not isinstance(value, list):
            return _constant(type_.of_type, value)
        return f"[{', '.join(_constant(type_.of_type, item) for item in value)}]"
    if isinstance(type_, GraphQLInputObjectType):
        items = (f"{name}: {_constant(type_.fields[name].type, item)}" for name, item in value.items())
        return "{" + ", ".join(items) + "}"
    return str(value) if isinstance(type_, GraphQLEnumType) else literal(value)


def get_nullable(type_: Any) -> Any:
    """A type without its exclamation mark."""
    return type_.of_type if isinstance(type_, GraphQLNonNull) else type_


def _has_default(place: GraphQLArgument | GraphQLInputField) -> bool:
    return getattr(place, "default_value", Undefined) is not Undefined or (
        getattr(place, "default", None) is not None
    )
