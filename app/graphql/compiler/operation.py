"""Compiled operations: what a document's operation is made into, for any variables."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    ExecutionResult,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    assert_valid_schema,
)
from graphql.execution.collect_fields import FragmentDetails

from app.graphql.compiler.plan import Plan, Uncompilable
from app.graphql.compiler.run import Run
from app.graphql.compiler.variables import Variables

_MAX_PLANS = 16
"""How many combinations of `@skip` and `@include` of an operation are compiled."""

_MAX_DEPTH = 100
"""How deep the selection sets that are compiled nest."""

_INTROSPECTION = frozenset(("__schema", "__type"))


class Operation:
    """An operation of a document. Raises `Uncompilable` where it is left to graphql-core."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, name: str | None) -> None:
        assert_valid_schema(schema)
        if schema.get_directive("defer") or schema.get_directive("stream"):
            raise Uncompilable("@defer")
        self._schema = schema
        self._operation = _operation(document, name)
        self._fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        if any(fragment.variable_definitions for fragment in self._fragments.values()):
            raise Uncompilable("arguments of fragments")
        root_type = schema.get_root_type(self._operation.operation)
        if root_type is None:
            raise Uncompilable("no root type")
        self._root_type = root_type
        if self._operation.directives:
            raise Uncompilable("directive of an operation")
        self._conditions = sorted(self._found_conditions())
        self._variables = Variables(schema, self._operation)
        self._plans: dict[tuple[bool, ...], Plan] = {}

    def execute(
        self,
        root: Any,
        context: Any,
        variables: Mapping[str, Any],
        is_awaitable: Callable[[Any], Any],
        hide_suggestions: bool,
        *,
        is_encoded: bool,
    ) -> ExecutionResult | Awaitable[ExecutionResult]:
        """Execute the operation. Raises `Uncompilable` before anything has run."""
        values = self._variables.coerce(variables, hide_suggestions)
        if isinstance(values, list):
            return ExecutionResult(None, values)
        plan = self._plan(values.coerced)
        told = (root, context, values, is_awaitable, hide_suggestions)
        run = Run(plan, self._fragments, *told, is_encoded=is_encoded)
        return run.begin(serially=self._operation.operation is OperationType.MUTATION)

    def sources(self) -> Iterator[str]:
        """The source text that was generated so far."""
        for plan in self._plans.values():
            yield from plan.sources()

    def _plan(self, values: Mapping[str, Any]) -> Plan:
        decided: tuple[Any, ...] = tuple(values.get(name) for name in self._conditions)
        plan = self._plans.get(decided)
        if plan is None:
            if any(value.__class__ is not bool for value in decided):
                raise Uncompilable("condition")
            if len(self._plans) == _MAX_PLANS:
                raise Uncompilable("combinations of conditions")
            fragments = {name: FragmentDetails(node) for name, node in self._fragments.items()}
            conditions = dict(zip(self._conditions, decided, strict=True))
            plan = Plan(self._schema, fragments, self._operation, self._root_type, conditions)
            self._plans[decided] = plan
        return plan

    def _found_conditions(self) -> set[str]:
        """The variables that `@skip` and `@include` depend on."""
        found: set[str] = set()
        depths: dict[str, int] = {}

        def depth_of(set_: SelectionSetNode) -> int:
            deepest = 0
            for node in set_.selections:
                for directive in node.directives or ():
                    found.update(_condition(directive))
                depth = 0
                if isinstance(node, FragmentSpreadNode):
                    name = node.name.value
                    if name not in depths and name in self._fragments:
                        # Fragments that spread themselves end where they begin.
                        depths[name] = 0
                        depths[name] = depth_of(self._fragments[name].selection_set)
                    depth = depths.get(name, 0)
                elif isinstance(node, FieldNode) and node.name.value in _INTROSPECTION:
                    raise Uncompilable("introspection")
                elif isinstance(node, (FieldNode, InlineFragmentNode)) and node.selection_set:
                    depth = depth_of(node.selection_set)
                deepest = max(deepest, depth)
            return deepest + 1

        try:
            if depth_of(self._operation.selection_set) > _MAX_DEPTH:
                raise Uncompilable("depth")
        except RecursionError:
            raise Uncompilable("depth") from None
        return found


def _condition(directive: DirectiveNode) -> set[str]:
    name = directive.name.value
    if name in ("defer", "stream"):
        raise Uncompilable("@defer")
    if name not in ("skip", "include"):
        return set()
    values = [argument.value for argument in directive.arguments or () if argument.name.value == "if"]
    if len(values) == 1 and isinstance(values[0], VariableNode):
        return {values[0].name.value}
    if len(values) == 1 and isinstance(values[0], BooleanValueNode):
        return set()
    raise Uncompilable("condition")


def _operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    nodes = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if name is not None:
        # Of several with one name graphql-core takes the last.
        nodes = [node for node in nodes if node.name and node.name.value == name][-1:]
    if len(nodes) != 1:
        raise Uncompilable("no operation")
    return nodes[0]
