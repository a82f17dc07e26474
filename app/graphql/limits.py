"""How large an operation is, found out before it is validated.

One walk over the syntax tree measures everything. A fragment is measured once
for each type that it is met on, however often it is spread, so the walk is as
long as the document and not as long as what the document stands for.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from graphql import (
    BooleanValueNode,
    DocumentNode,
    EnumValueNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    Node,
    OperationDefinitionNode,
    SelectionSetNode,
    StringValueNode,
    ValueNode,
    VariableNode,
    get_named_type,
    is_leaf_type,
)

from app.errors import CostExceeded
from app.settings import Settings
from resolvers.context import PageLimits

_STRUCTURE = ("Connection", "Edge")
"""Endings of types that hold objects and are none themselves."""

_INTROSPECTION = {
    "types": 100,
    "fields": 8,
    "args": 2,
    "inputFields": 4,
    "enumValues": 2,
    "possibleTypes": 2,
}
"""About how many items the lists of introspection hold."""

Variables = Mapping[str, Any]


@dataclass(frozen=True)
class Size:
    """What an operation, or a part of one, adds up to with all fragments spread out.

    `once` is the cost and the values of what there is once for a page, however many
    items it holds.
    """

    depth: int = 0
    aliases: int = 0
    directives: int = 0
    fields: int = 0
    root_fields: int = 0
    cost: int = 0
    values: int = 0
    once: tuple[int, int] = (0, 0)
    introspects: bool = False

    def beside(self, other: "Size") -> "Size":
        """The size of both, side by side."""
        return Size(
            max(self.depth, other.depth),
            self.aliases + other.aliases,
            self.directives + other.directives,
            self.fields + other.fields,
            self.root_fields + other.root_fields,
            self.cost + other.cost,
            self.values + other.values,
            (self.once[0] + other.once[0], self.once[1] + other.once[1]),
            self.introspects or other.introspects,
        )


class Measurer:
    """Measures the operations of a document. Cost is the number of objects that may be returned."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, limits: PageLimits) -> None:
        self._schema = schema
        self._document = document
        self._limits = limits
        self._fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._found: dict[str, tuple[tuple[str, ...], dict[tuple[object, ...], Size]]] = {}

    def size(self, operation: OperationDefinitionNode, variables: Variables) -> Size:
        """The size of an operation. Raises `CostExceeded` when it nests too deeply to be walked."""
        name = operation.name.value if operation.name else ""
        used, sizes = self._found.get(name, ((), {}))
        size = sizes.get(_key(used, variables))
        if size is None:
            walk = _Walk(self._schema, self._fragments, self._limits, operation, variables)
            try:
                size = walk.operation()
            except RecursionError as error:
                raise CostExceeded("The operation nests too deeply", limit="depth") from error
            # Validation also looks at what the operation does not use.
            size = replace(size, fields=max(size.fields, self._written))
            names = tuple(sorted(walk.used))
            if names != used or len(sizes) >= 100:
                sizes = {}
            sizes[_key(names, variables)] = size
            self._found[name] = (names, sizes)
        return size

    @cached_property
    def _written(self) -> int:
        return sum(_fields_in(node) for node in self._document.definitions)


def _fields_in(node: Node) -> int:
    """Fields as they stand in the document, without spreading fragments."""
    selections = getattr(getattr(node, "selection_set", None), "selections", ())
    return isinstance(node, FieldNode) + sum(map(_fields_in, selections))


def check(size: Size, settings: Settings) -> None:
    """Raise `CostExceeded` for the first limit that a size is over."""
    for name, value, maximum in (
        ("depth", size.depth, settings.max_depth),
        ("root fields", size.root_fields, settings.max_root_fields),
        ("aliases", size.aliases, settings.max_aliases),
        ("directives", size.directives, settings.max_directives),
        ("fields", size.fields, settings.max_fields),
        ("cost", size.cost, settings.max_cost),
        ("values", size.values, settings.max_values),
    ):
        if value > maximum:
            raise _exceeded(name, value, maximum)


def check_cost(size: Size, maximum: int) -> None:
    """Raise `CostExceeded` for a size whose cost is over a limit of its own."""
    if size.cost > maximum:
        raise _exceeded("cost", size.cost, maximum)


def _exceeded(name: str, value: int, maximum: int) -> CostExceeded:
    shown = str(value) if value < 10**12 else "far more"
    message = f"The operation has {name} of {shown}; at most {maximum} is allowed"
    return CostExceeded(message, limit=name, maximum=maximum)


def _key(names: tuple[str, ...], variables: Variables) -> tuple[object, ...]:
    """All that a size can depend on: of a list only its length, of an object nothing, of a text its start."""
    return tuple(_outline(variables.get(name)) for name in names)


def _outline(value: Any) -> object:
    if isinstance(value, list):
        return list, len(value)
    if isinstance(value, str):
        # The only texts that matter are short, and whoever sends a long one shall not have it remembered.
        return value[:32]
    return None if isinstance(value, dict) else (type(value), value)


class _Walk:
    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        limits: PageLimits,
        operation: OperationDefinitionNode,
        variables: Variables,
    ) -> None:
        self.used: set[str] = set()
        self._schema = schema
        self._fragments = fragments
        self._limits = limits
        self._operation = operation
        self._variables = variables
        self._defaults = {
            definition.variable.name.value: definition.default_value
            for definition in operation.variable_definitions or ()
        }
        self._measured: dict[tuple[str, str], Size] = {}

    def operation(self) -> Size:
        root = self._schema.get_root_type(self._operation.operation)
        size = self._selections(self._operation.selection_set, root)
        own = Size(directives=len(self._operation.directives or ()), cost=1 if size.cost == 0 else 0)
        return size.beside(own)

    def _selections(self, set_: SelectionSetNode | None, type_: GraphQLNamedType | None) -> Size:
        total = Size()
        for selection in set_.selections if set_ else ():
            if isinstance(selection, FieldNode):
                size = self._field(selection, type_)
            elif isinstance(selection, FragmentSpreadNode):
                size = self._spread(selection.name.value, type_)
            elif isinstance(selection, InlineFragmentNode):
                size = self._selections(selection.selection_set, self._condition(selection, type_))
            own = Size(directives=len(selection.directives or ()))
            total = total.beside(size).beside(own)
        return total

    def _spread(self, name: str, type_: GraphQLNamedType | None) -> Size:
        fragment = self._fragments.get(name)
        key = (name, type_.name if type_ else "")
        if key not in self._measured:
            # Inside its own spread a fragment counts nothing; validation refuses the cycle.
            self._measured[key] = Size()
            if fragment is not None:
                condition = self._condition(fragment, type_)
                self._measured[key] = self._selections(fragment.selection_set, condition)
        return self._measured[key]

    def _condition(
        self, node: InlineFragmentNode | FragmentDefinitionNode, type_: GraphQLNamedType | None
    ) -> GraphQLNamedType | None:
        condition = node.type_condition
        return self._schema.type_map.get(condition.name.value) if condition else type_

    def _field(self, node: FieldNode, type_: GraphQLNamedType | None) -> Size:
        name = node.name.value
        below, times, own = self._meaning(name, node, type_)
        inner = self._selections(node.selection_set, below)
        cost = own + times * inner.cost + inner.once[0]
        values = times * inner.values + inner.once[1] if node.selection_set else 1
        of_page = "of_page" in _metadata(getattr(type_, "fields", {}).get(name))
        return Size(
            depth=inner.depth + 1,
            aliases=inner.aliases + (node.alias is not None),
            directives=inner.directives,
            fields=inner.fields + 1,
            root_fields=1,
            cost=0 if of_page else cost,
            values=0 if of_page else values,
            once=(cost, values) if of_page else (0, 0),
            introspects=name in ("__schema", "__type"),
        )

    def _meaning(
        self, name: str, node: FieldNode, type_: GraphQLNamedType | None
    ) -> tuple[GraphQLNamedType | None, int, int]:
        """The type below a field, how many objects of it there may be, and what they cost."""
        if name in ("__schema", "__type"):
            return self._schema.type_map["__Schema" if name == "__schema" else "__Type"], 1, 1
        definition = getattr(type_, "fields", {}).get(name)
        if type_ is None or definition is None:
            return None, 1, 0
        below = get_named_type(definition.type)
        if is_leaf_type(below):
            return below, 1, 0
        if type_.name.startswith("__"):
            times = _INTROSPECTION.get(name, 1)
            return below, times, times
        if type_.name.endswith(_STRUCTURE):
            return below, 1, 0
        multiplier = _metadata(definition).get("multiplier")
        times = max(0, multiplier(_Arguments(node, self._value), self._limits)) if multiplier else 1
        return below, times, times

    def _value(self, node: ValueNode | None) -> Any:
        if isinstance(node, VariableNode):
            name = node.name.value
            self.used.add(name)
            return self._variables[name] if name in self._variables else self._value(self._defaults.get(name))
        if isinstance(node, IntValueNode):
            return int(node.value) if len(node.value) < 20 else 10**20
        if isinstance(node, StringValueNode | EnumValueNode | BooleanValueNode):
            return node.value
        if isinstance(node, ListValueNode):
            return node.values
        return None


def _metadata(definition: Any) -> Mapping[str, Any]:
    field = definition and definition.extensions.get("strawberry-definition")
    return field.metadata if field else {}


class _Arguments(Mapping[str, Any]):
    """The arguments of a field. Only those that are looked at count among what its size depends on."""

    def __init__(self, node: FieldNode, value: Callable[[ValueNode], Any]) -> None:
        self._nodes = {argument.name.value: argument.value for argument in node.arguments or ()}
        self._value = value

    def __getitem__(self, name: str) -> Any:
        return self._value(self._nodes[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._nodes)

    def __len__(self) -> int:
        return len(self._nodes)
