"""What is known about a selection before anything runs: its fields, their types, and generated source."""

from collections.abc import Callable, Iterator
from keyword import iskeyword
from typing import TYPE_CHECKING, Any

from graphql import (
    FieldNode,
    GraphQLAbstractType,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    OperationDefinitionNode,
    OperationType,
    is_leaf_type,
    is_object_type,
)
from graphql.execution.collect_fields import (
    CollectedFields,
    FieldDetails,
    FragmentDetails,
    collect_fields,
    collect_subfields,
)
from graphql.execution.values import VariableValues

from app.graphql.compiler.arguments import Arguments
from app.graphql.compiler.attributes import attribute_of, get
from app.graphql.compiler.leaves import NAMES, Leaf, Memo

if TYPE_CHECKING:
    from graphql import GraphQLSchema

MANY = "many"
"""An extension of fields: `many(info, **arguments)` may give a function that gives the field's values for
many objects of the operation, as its resolver would: a list, in which exceptions stand for themselves, or an
awaitable of one. It is asked before the resolver is called, and after the resolver was called once; until it
gives one, the resolver is called."""

ACCEPTS = "accepts"
"""An extension of object types: `accepts(class_)` says whether every object of a Python class is one of the
type, so that `is_type_of` need not be asked."""

Build = Callable[[list[Any], Callable[[Leaf], Memo]], list[dict[str, Any]]]
"""Makes the answers of objects. Fields that are not plain attributes are None in them."""


class Uncompilable(Exception):
    """There is something that is left to graphql-core; the reason says what."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Lists:
    """The shape of a list."""

    def __init__(self, item: "Shape", is_required: bool) -> None:
        self.item = item
        self.is_required = is_required


class Objects:
    """The shape of objects, whose type may depend on the object."""

    def __init__(
        self, type_: GraphQLObjectType | GraphQLAbstractType, selections: "Selections", is_required: bool
    ) -> None:
        self.type = type_
        self.is_abstract = not is_object_type(type_)
        self.selections = selections
        self.is_required = is_required
        self.runtime_types: dict[str, GraphQLObjectType] = {}


Shape = Leaf | Lists | Objects


class Field:
    """A field as it stands in a selection set."""

    def __init__(
        self,
        plan: "Plan",
        parent: GraphQLObjectType,
        definition: GraphQLField,
        key: str,
        index: int,
        details: list[FieldDetails],
    ) -> None:
        self.key = key
        self.index = index
        self.details = details
        self.nodes: list[FieldNode] = [detail.node for detail in details]
        self.name = self.nodes[0].name.value
        self.definition = definition
        self.told = (self.name, self.nodes, definition.type, parent)
        self.resolve = definition.resolve
        self.many = definition.extensions.get(MANY)
        self.attribute = attribute_of(definition)
        self.is_default = definition.resolve is None
        self.shape = plan.shape(definition.type, details, self.is_default)
        self.arguments = Arguments(definition, self.nodes[0])

    @property
    def leaf(self) -> Leaf:
        """The shape of a field that is a leaf."""
        assert isinstance(self.shape, Leaf)  # noqa: S101
        return self.shape

    def get(self, source: Any) -> Any:
        """The plain attribute of an object."""
        if self.attribute is not None:
            return getattr(source, self.attribute)
        return get(source, self.name)

    @property
    def read(self) -> str | None:
        """Source text that reads a plain attribute; None for other fields, and for those that are objects."""
        if not isinstance(self.shape, Leaf) or self.definition.args:
            return None
        if self.is_default:
            return f"get(s, {self.name!r})"
        if self.attribute is None:
            return None
        if self.attribute.isidentifier() and not iskeyword(self.attribute):
            return f"s.{self.attribute}"
        return f"getattr(s, {self.attribute!r})"


class Selection:
    """The fields that are executed on objects of one type."""

    def __init__(
        self,
        plan: "Plan",
        type_: GraphQLObjectType,
        collected: CollectedFields,
        where: str,
        *,
        one_by_one: bool = False,
    ) -> None:
        if collected.new_defer_usages:
            raise Uncompilable("@defer")
        self.type = type_
        self.accepts: Callable[[type], bool] | None = type_.extensions.get(ACCEPTS)
        self.plain: list[tuple[Field, str]] = []
        self.rest: list[Field] = []
        self.blank: dict[str, str | None] = {}
        members = []
        for index, (key, details) in enumerate(collected.grouped_field_set.items()):
            name = details[0].node.name.value
            if name == "__typename":
                self.blank[key] = type_.name
                members.append((key, repr(type_.name)))
                continue
            definition = plan.schema.get_field(type_, name)
            if definition is None:
                continue
            field = Field(plan, type_, definition, key, index, details)
            self.blank[key] = None
            read = None if one_by_one else field.read
            if read is None:
                self.rest.append(field)
                members.append((key, "None"))
            else:
                self.plain.append((field, read))
                members.append((key, ""))
        self._where = where
        self.source = self._source(members)
        self.build = self._compiled()

    def _source(self, members: list[tuple[str, str]]) -> str:
        leaves: dict[Leaf, int] = {}
        fields = {field.key: (field, read) for field, read in self.plain}
        setup, entries = [], []
        for key, text in members:
            if key in fields:
                field, read = fields[key]
                if field.leaf not in leaves:
                    number = leaves[field.leaf] = len(leaves)
                    setup += [f"    m{number} = memo(leaf{number})", f"    c{number} = m{number}.convert"]
                number = leaves[field.leaf]
                text = field.leaf.expression(read, f"m{number}", f"c{number}")
            entries.append(f"        {key!r}: {text},")
        self._leaves = {f"leaf{number}": leaf for leaf, number in leaves.items()}
        return "\n".join(
            [
                f"# {self._where}",
                f"def make_{self.type.name}(sources, memo):",
                *setup,
                "    return [{",
                *entries,
                "    } for s in sources]",
                "",
            ]
        )

    def _compiled(self) -> Build:
        file = f"graphql-operation/{self._where}/{self.type.name}.py"
        names: dict[str, Any] = {"__name__": file, "__loader__": _Loader(self.source), **NAMES, "get": get}
        names |= self._leaves
        exec(compile(self.source, file, "exec"), names)  # noqa: S102
        build: Build = names[f"make_{self.type.name}"]
        return build


class _Loader:
    """Shows the generated source in tracebacks: `linecache` asks the loader of a module."""

    def __init__(self, source: str) -> None:
        self._source = source

    def get_source(self, name: str) -> str:
        return self._source


class Selections:
    """The selection sets of a field, for the types that its objects turn out to have."""

    def __init__(self, plan: "Plan", details: list[FieldDetails]) -> None:
        self._plan = plan
        self._details = details
        self._selections: dict[GraphQLObjectType, Selection] = {}

    def of(self, type_: GraphQLObjectType) -> Selection:
        """The selection for objects of a type. It is made when it is needed first."""
        selection = self._selections.get(type_)
        if selection is None:
            plan = self._plan
            collected = collect_subfields(
                plan.schema, plan.fragments, plan.conditions, plan.operation, type_, self._details
            )
            where = self._details[0].node.alias or self._details[0].node.name
            selection = self._selections[type_] = Selection(plan, type_, collected, where.value)
            plan.made.append(selection)
        return selection


class Plan:
    """An operation with all `@skip` and `@include` decided."""

    def __init__(
        self,
        schema: "GraphQLSchema",
        fragments: dict[str, FragmentDetails],
        operation: OperationDefinitionNode,
        root_type: GraphQLObjectType,
        conditions: dict[str, bool],
    ) -> None:
        self.schema = schema
        self.fragments = fragments
        self.operation = operation
        self.conditions = VariableValues({}, dict(conditions))
        self.made: list[Selection] = []
        self._leaves: dict[Any, Leaf] = {}
        collected = collect_fields(schema, fragments, self.conditions, root_type, operation)
        is_mutation = operation.operation is OperationType.MUTATION
        self.root = Selection(self, root_type, collected, operation.operation.value, one_by_one=is_mutation)
        self.made.insert(0, self.root)

    def sources(self) -> Iterator[str]:
        """The source text that was generated so far."""
        return (selection.source for selection in self.made)

    def shape(
        self, type_: GraphQLOutputType, details: list[FieldDetails], calls: bool, is_required: bool = False
    ) -> Shape:
        """The shape of values of a type."""
        if isinstance(type_, GraphQLNonNull):
            return self.shape(type_.of_type, details, calls, is_required=True)
        if isinstance(type_, GraphQLList):
            return Lists(self.shape(type_.of_type, details, calls=False), is_required)
        if is_leaf_type(type_):
            place = (type_, is_required, calls)
            leaf = self._leaves.get(place)
            if leaf is None:
                leaf = self._leaves[place] = Leaf(type_, is_required, calls)
            return leaf
        any_type: Any = type_
        return Objects(any_type, Selections(self, details), is_required)
