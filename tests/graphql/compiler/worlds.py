"""Schemas of every construct there is, and data for them that goes wrong at random.

All is worked out from seeds and places, so each executor meets the same world, in whatever order it looks.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any
from zlib import crc32

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLEnumValue,
    GraphQLError,
    GraphQLField,
    GraphQLFloat,
    GraphQLID,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
    GraphQLUnionType,
    is_leaf_type,
)

from app.graphql.compiler import MANY
from tests.graphql.compiler.documents import get_nullable

Info = GraphQLResolveInfo[Any]


class Trouble(Exception):
    """What goes wrong."""

    def __init__(self, message: str, extensions: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        if extensions:
            self.extensions = extensions


class Later:
    """A value that takes some turns of the event loop, and leaves nothing behind if nobody waits for it."""

    def __init__(self, turns: int, make: Callable[[], Any]) -> None:
        self._turns = turns
        self._make = make

    def __await__(self) -> Generator[None, None, Any]:
        for _ in range(self._turns):
            yield
        return self._make()


class Items(AsyncIterator[Any]):
    """Items that come one by one."""

    def __init__(self, items: list[Any]) -> None:
        self._items = iter(items)

    async def __anext__(self) -> Any:
        for item in self._items:
            await Later(1, lambda: None)
            if isinstance(item, BaseException):
                raise item
            return item
        raise StopAsyncIteration


@dataclass(frozen=True)
class World:
    """What the fields of one execution hold."""

    seed: int
    faults: float
    """How many of a hundred values are wrong."""

    log: list[str] = field(default_factory=list)
    """Which resolvers ran, as they began."""

    def root(self, type_: GraphQLObjectType) -> "Source":
        """What the fields at the root are fields of."""
        return (Attributes if self.seed % 2 else Members)(self, type_, "")

    def draw(self, key: str, purpose: str, among: int) -> int:
        """A number below another, the same whenever asked for."""
        return crc32(f"{self.seed} {key} {purpose}".encode()) % among

    def fails(self, key: str, purpose: str = "") -> bool:
        """Whether something goes wrong."""
        return self.draw(key, f"fault {purpose}", 10_000) < self.faults * 100

    def trouble(self, key: str) -> Exception:
        """What to raise."""
        kind = self.draw(key, "trouble", 4)
        if kind == 0:
            return GraphQLError(f"No {key}", extensions={"code": "NO"})
        if kind == 1:
            return Trouble(f"No {key}", {"key": key})
        return Trouble(f"No {key}")


class Source:
    """An object of a type, at a place."""

    def __init__(self, world: World, type_: GraphQLObjectType, key: str) -> None:
        self.world = world
        self.type_ = type_
        self.key = key

    def __repr__(self) -> str:
        return f"<{self.type_.name} {self.key}>"

    def value(self, name: str) -> Any:
        """What a field without a resolver holds."""
        definition = self.type_.fields.get(name)
        if definition is None:
            return None
        key = f"{self.key}.{name}"
        if self.world.draw(key, "callable", 4):
            return _found(self.world, definition.type, key, is_sync=True)

        def call(info: Info, **arguments: Any) -> Any:
            return _resolved(self.world, definition.type, key, info, arguments, is_sync=True)

        return call


class Attributes(Source):
    """One whose fields are attributes."""

    def __getattr__(self, name: str) -> Any:
        if name == "__typename":
            return self.type_.name
        if name.startswith("_"):
            raise AttributeError(name)
        return self.value(name)


class Members(Source, Mapping[str, Any]):
    """One whose fields are members of a mapping."""

    def __getitem__(self, name: str) -> Any:
        return self.type_.name if name == "__typename" else self.value(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.type_.fields)

    def __len__(self) -> int:
        return len(self.type_.fields)

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other


def _resolved(
    world: World, type_: Any, key: str, info: Info, arguments: dict[str, Any], *, is_sync: bool
) -> Any:
    """What a resolver gives, which looks at all that it is told."""
    key = f"{key}{arguments}" if arguments else key
    world.log.append(f"{len(info.path.as_list())} {info.path.as_list()} {key}")
    if world.fails(key, "raise"):
        raise world.trouble(key)
    if get_nullable(type_) is GraphQLString and world.draw(key, "told", 2):
        told: list[Any] = [info.field_name, info.path.as_list(), info.parent_type.name, str(info.return_type)]
        nodes = [node.loc.start for node in info.field_nodes if node.loc]
        told += [nodes, info.variable_values.coerced, sorted(info.fragments), str(info.root_value)]
        told += [info.operation.operation.value, info.context is world, info.schema.query_type.name]  # type: ignore[union-attr]
        return str(told)
    return _found(world, type_, key, is_sync=is_sync)


def _one(source: "Source", info: Info, **arguments: Any) -> Any:
    """What a resolver gives that might be asked for many objects at once."""
    world, key = info.context, f"{source.key}.{info.field_name}{arguments}"
    world.log.append(f"many {key}")
    if world.fails(key, "raise"):
        raise world.trouble(key)
    return _found(world, info.return_type, key, is_sync=True)


def _one_later(source: "Source", info: Info, **arguments: Any) -> Later:
    turns = info.context.draw(info.field_name, "turns", 4)
    return Later(turns, lambda: _one(source, info, **arguments))


def _many(info: Info, *, is_later: bool, **arguments: Any) -> Any:
    """What gives the same for many objects, unless it has to be asked for each."""
    world = info.context
    if world.fails(info.field_name, "many"):
        if world.draw(info.field_name, "how", 2):
            return None
        raise world.trouble(info.field_name)

    def tried(source: Source) -> Any:
        try:
            return _one(source, info, **arguments)
        except Exception as error:
            return error

    def values(sources: list[Source]) -> list[Any]:
        return [tried(source) for source in sources]

    if is_later:
        turns = world.draw(info.field_name, "turns", 4)
        return lambda sources: Later(turns, lambda: values(sources))
    return values


def _found(world: World, type_: Any, key: str, *, is_sync: bool) -> Any:
    """A value of a type, or what should not be one."""
    if isinstance(type_, GraphQLNonNull):
        type_ = type_.of_type
    elif world.draw(key, "null", 8) == 0:
        return None
    if world.fails(key):
        return _wrong(world, type_, key)
    if isinstance(type_, GraphQLList):
        return _listed(world, type_, key, is_sync=is_sync)
    if is_leaf_type(type_):
        return _leaf(world, type_, key)
    return _object(world, type_, key)


def _listed(world: World, type_: Any, key: str, *, is_sync: bool) -> Any:
    items = []
    for number in range(world.draw(key, "length", 4)):
        place = f"{key}[{number}]"
        if not is_sync and world.draw(place, "later", 3) == 0:
            items.append(_later(world, type_.of_type, place))
        else:
            items.append(_found(world, type_.of_type, place, is_sync=is_sync))
    form = world.draw(key, "form", 8 if is_sync else 10)
    if form == 0:
        return tuple(items)
    if form == 1:
        return iter(items)
    if form == 2:
        return {str(number): item for number, item in enumerate(items)}.values()
    return Items(items) if form > 7 else items


def _later(world: World, type_: Any, key: str) -> Later:
    def make() -> Any:
        if world.fails(key, "later"):
            raise world.trouble(key)
        return _found(world, type_, key, is_sync=False)

    return Later(world.draw(key, "turns", 4), make)


def _wrong(world: World, type_: Any, key: str) -> Any:
    kind = world.draw(key, "wrong", 5)
    if kind < 2:
        return None
    if kind == 2:
        return world.trouble(key)
    if isinstance(type_, GraphQLList):
        return 7
    if is_leaf_type(type_):
        return [{"not": "a leaf"}, float("inf"), 2**40, "x", [], object][world.draw(key, "leaf", 6)]
    return object() if kind == 3 else {}


def _leaf(world: World, type_: Any, key: str) -> Any:
    if isinstance(type_, GraphQLEnumType):
        values = [value.value for value in type_.values.values()]
        return values[world.draw(key, "enum", len(values))]
    choices: dict[str, list[Any]] = {
        "Int": [0, 1, -5, 2**31 - 1, True, 3.0],
        "Float": [0.5, 1, -2.25, 1e300, True],
        "Boolean": [True, False, 0, 1, 2.5],
        "ID": ["id", 7, "7", ""],
        "String": ["a", "", 5, 2.5, True, "\u00e9"],
        "Odd": ["odd", {"a": [1]}, 3, ["x"], ""],
    }
    values = choices[type_.name]
    return values[world.draw(key, "leaf", len(values))]


def _object(world: World, type_: Any, key: str) -> Source:
    possible = list(type_.extensions.get("possible", (type_,)))
    chosen = possible[world.draw(key, "type", len(possible))]
    form = Attributes if world.draw(key, "attributes", 2) else Members
    return form(world, chosen, key)


def _odd(value: Any) -> Any:
    if value == "":
        raise Trouble("An odd value must not be empty")
    return None if value == 3 else value


@dataclass
class Wanted:
    """What an input object is made into."""

    members: dict[str, Any]


class Maker:
    """Makes one schema."""

    def __init__(self, seed: int, *, is_sync: bool) -> None:
        self._random = Random(seed)
        self._is_sync = is_sync
        self._odd = GraphQLScalarType("Odd", coerce_output_value=_odd, coerce_input_value=_odd)
        internal = [1, "two", (3,), None, 5.5]
        self._enums = [
            GraphQLEnumType(
                f"Enum{number}",
                {f"E{value}": GraphQLEnumValue(internal[(value + number) % 5]) for value in range(3)},
            )
            for number in range(2)
        ]
        basic = [GraphQLInt, GraphQLFloat, GraphQLString, GraphQLBoolean, GraphQLID]
        self._leaves: list[Any] = [*basic, GraphQLString, GraphQLInt, self._odd, *self._enums]
        self._inputs: list[Any] = []
        for number in range(3):
            self._inputs.append(self._input(f"Input{number}", is_one_of=number == 2))

    def schema(self) -> GraphQLSchema:
        """The schema."""
        choose = self._random
        interfaces: list[GraphQLInterfaceType] = []
        objects: list[GraphQLObjectType] = []
        unions: list[GraphQLUnionType] = []
        outputs: list[Any] = []
        for number in range(2):
            # The second has all that the first has.
            above = interfaces[:number] if choose.random() < 0.6 else []
            interfaces.append(
                GraphQLInterfaceType(
                    f"Face{number}",
                    lambda number=number, above=above: self._fields(outputs, f"i{number}", above),  # type: ignore[misc]
                    interfaces=above,
                    resolve_type=self._type_resolver(f"Face{number}"),
                    extensions={"possible": []},
                )
            )
        for number in range(4):
            faces = [face for face in interfaces if choose.random() < 0.6]
            faces += [above for face in faces for above in face.interfaces if above not in faces]
            type_ = GraphQLObjectType(
                f"Object{number}",
                lambda number=number, faces=faces: self._fields(outputs, f"o{number}", faces),  # type: ignore[misc]
                interfaces=faces,
                is_type_of=self._type_check(f"Object{number}"),
            )
            objects.append(type_)
            for face in faces:
                face.extensions["possible"].append(type_)
        for number in range(2):
            members = choose.sample(objects, choose.randrange(1, 4))
            unions.append(
                GraphQLUnionType(
                    f"Union{number}",
                    members,
                    resolve_type=self._type_resolver(f"Union{number}"),
                    extensions={"possible": members},
                )
            )
        outputs += objects + unions + [face for face in interfaces if face.extensions["possible"]]
        query, mutation = (
            GraphQLObjectType(name, lambda name=name: self._fields(outputs, name[0].lower(), [], 6))  # type: ignore[misc]
            for name in ("Query", "Mutation")
        )
        return GraphQLSchema(query, mutation, types=[*objects, *interfaces])

    def _fields(
        self, outputs: list[Any], prefix: str, above: list[GraphQLInterfaceType], number: int = 3
    ) -> dict[str, GraphQLField]:
        fields = {}
        for face in above:
            for name, inherited in face.fields.items():
                # Each type that has it may resolve it in its own way.
                fields[name] = GraphQLField(inherited.type, inherited.args, **self._resolver())
        for index in range(number):
            is_leaf = index == 0 or self._random.random() < 0.4
            type_ = self._wrapped(self._random.choice(self._leaves if is_leaf else outputs))
            arguments = {
                f"arg{count}": self._argument(f"arg{count}") for count in range(self._random.randrange(3))
            }
            arguments = arguments if self._random.random() < 0.4 else {}
            fields[f"{prefix}{index}"] = GraphQLField(type_, arguments, **self._resolver())
        return fields

    def _wrapped(self, type_: Any) -> Any:
        for _ in range(self._random.choice([0, 0, 0, 1, 1, 2])):
            type_ = GraphQLList(GraphQLNonNull(type_) if self._random.random() < 0.5 else type_)
        return GraphQLNonNull(type_) if self._random.random() < 0.4 else type_

    def _argument(self, name: str) -> GraphQLArgument:
        leaf = self._random.choice([*self._leaves, *self._inputs, *self._inputs])
        type_ = self._wrapped(leaf)
        out_name = f"{name}_out" if self._random.random() < 0.3 else None
        default = self._default(type_)
        return GraphQLArgument(type_, **default, out_name=out_name)

    def _input(self, name: str, *, is_one_of: bool) -> GraphQLInputObjectType:
        def fields() -> dict[str, GraphQLInputField]:
            made = {}
            for number in range(3):
                leaf = self._random.choice(self._leaves)
                if number == 2:
                    made["f2"] = GraphQLInputField(self._random.choice([leaf, *self._inputs[:2]]))
                elif is_one_of:
                    made[f"f{number}"] = GraphQLInputField(get_nullable(self._wrapped(leaf)))
                else:
                    type_ = self._wrapped(leaf)
                    out_name = f"f{number}_out" if self._random.random() < 0.3 else None
                    made[f"f{number}"] = GraphQLInputField(type_, **self._default(type_), out_name=out_name)
            return made

        out_type = Wanted if self._random.random() < 0.3 else None
        return GraphQLInputObjectType(name, fields, out_type=out_type, is_one_of=is_one_of)

    def _default(self, type_: Any) -> dict[str, Any]:
        if self._random.random() < 0.6:
            return {}
        type_ = get_nullable(type_)
        if isinstance(type_, GraphQLList):
            return {"default_value": []}
        values = {"Int": 4, "Float": 0.25, "String": "said", "Boolean": True, "ID": "7", "Odd": "odd"}
        if type_.name in values:
            return {"default_value": values[type_.name]}
        return {}

    def _resolver(self) -> dict[str, Any]:
        """How a field is resolved: by default, by a function, later, or for many objects at once."""
        kind = self._random.randrange(6)
        is_sync = self._is_sync
        if kind < 2:
            return {}
        if kind == 5:
            is_later = not is_sync and self._random.random() < 0.6
            resolve_one = _one_later if is_later else _one
            return {"resolve": resolve_one, "extensions": {MANY: partial(_many, is_later=is_later)}}
        if kind < 4 or is_sync:

            def resolve(source: Source, info: Info, **arguments: Any) -> Any:
                key = f"{source.key}.{info.field_name}"
                return _resolved(info.context, info.return_type, key, info, arguments, is_sync=is_sync)

            return {"resolve": resolve}

        def resolve_later(source: Source, info: Info, **arguments: Any) -> Awaitable[Any]:
            key = f"{source.key}.{info.field_name}"
            turns = info.context.draw(f"{key}{arguments}", "turns", 4)
            return Later(
                turns,
                lambda: _resolved(info.context, info.return_type, key, info, arguments, is_sync=False),
            )

        return {"resolve": resolve_later}

    def _type_resolver(self, abstract: str) -> Callable[..., Any] | None:
        kind = self._random.randrange(3)
        if kind == 0:
            return None

        def name(value: Any) -> Any:
            if not isinstance(value, Source):
                return None
            if value.world.fails(value.key, f"type of {abstract}"):
                wrong = value.world.draw(value.key, "type", 4)
                if wrong == 3:
                    raise value.world.trouble(value.key)
                return [None, "Query", 5][wrong]
            return value.type_.name

        def resolve(value: Any, _info: Info, _type: Any) -> Any:
            return name(value)

        def resolve_later(value: Any, _info: Info, _type: Any) -> Any:
            return Later(1, lambda: name(value))

        return resolve if kind == 1 or self._is_sync else resolve_later

    def _type_check(self, type_: str) -> Callable[..., Any] | None:
        kind = self._random.randrange(3)
        if kind == 0:
            return None

        def check(value: Any) -> bool:
            if not isinstance(value, Source):
                return False
            if value.world.fails(value.key, f"is {type_}"):
                raise value.world.trouble(value.key)
            return value.type_.name == type_

        def is_type_of(value: Any, _info: Info) -> Any:
            return check(value)

        def is_type_of_later(value: Any, _info: Info) -> Any:
            return Later(2, lambda: check(value))

        return is_type_of if kind == 1 or self._is_sync else is_type_of_later


def scalars(random: Random, type_: str, _name: str) -> Any:
    """A value for a scalar in a document."""
    choices: dict[str, list[Any]] = {
        "Int": [0, 1, -7, 2**31 - 1],
        "Float": [0.5, 2, -1e10],
        "String": ["", "text", '\u00e9\n"'],
        "Boolean": [True, False],
        "ID": ["id", 7],
        "Odd": ["odd", "even", 3],
    }
    return random.choice(choices[type_])
