"""Executes operations by code that is generated for them, and agrees with graphql-core in every answer.

Works on any schema of graphql-core. What it does not know how to do it leaves to
graphql-core, and counts.
"""

import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeGuard

from cachetools import LRUCache
from graphql import DocumentNode, ExecutionResult, GraphQLSchema
from graphql import execute as execute_document
from graphql.execution.execute import assume_not_async_iterable, assume_not_awaitable
from graphql.pyutils import AwaitableOrValue
from graphql.pyutils.is_awaitable import is_awaitable as default_is_awaitable

from app.graphql.compiler.leaves import WRITTEN
from app.graphql.compiler.operation import Operation
from app.graphql.compiler.plan import MANY, Uncompilable

__all__ = ["MANY", "WRITTEN", "Operations", "execute", "fallbacks", "source"]

logger = logging.getLogger(__name__)

fallbacks: Counter[str] = Counter()
"""How often an operation was left to graphql-core, by reason."""


class Operations:
    """The operations of a document, each compiled when it is asked for first."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self.schema = schema
        self.document = document
        self._operations: dict[str | None, Operation | Uncompilable] = {}

    def execute(
        self,
        root: Any,
        context: Any,
        variables: Mapping[str, Any],
        name: str | None,
        is_awaitable: Callable[[Any], TypeGuard[Awaitable[Any]]] | None = None,
        *,
        hide_suggestions: bool = False,
        is_encoded: bool = False,
    ) -> AwaitableOrValue[ExecutionResult]:
        """Execute an operation. With `is_encoded` its data is for the encoder of answers; see `WRITTEN`."""
        try:
            operation = self._operation(name)
            told = is_awaitable or default_is_awaitable
            return operation.execute(root, context, variables, told, hide_suggestions, is_encoded=is_encoded)
        except Uncompilable as why:
            _count(why.reason)
        return execute_document(
            self.schema,
            self.document,
            root,
            context,
            dict(variables),
            name,
            is_awaitable=is_awaitable,
            hide_suggestions=hide_suggestions,
        )

    def sources(self) -> str:
        """The source text that was generated so far."""
        operations = [known for known in self._operations.values() if isinstance(known, Operation)]
        return "\n\n".join(text for operation in operations for text in operation.sources())

    def _operation(self, name: str | None) -> Operation:
        known = self._operations.get(name)
        if known is None:
            try:
                known = Operation(self.schema, self.document, name)
            except Uncompilable as why:
                known = why
            self._operations[name] = known
        if isinstance(known, Uncompilable):
            raise known
        return known


_known: LRUCache[tuple[int, int], Operations] = LRUCache(256)


def _operations(schema: GraphQLSchema, document: DocumentNode) -> Operations:
    # The operations keep both alive, so that no others have their ids.
    place = (id(schema), id(document))
    operations = _known.get(place)
    if operations is None:
        operations = _known[place] = Operations(schema, document)
    return operations


def execute(
    schema: GraphQLSchema,
    document: DocumentNode,
    root_value: Any = None,
    context_value: Any = None,
    variable_values: dict[str, Any] | None = None,
    operation_name: str | None = None,
    field_resolver: Any = None,
    type_resolver: Any = None,
    **options: Any,
) -> AwaitableOrValue[ExecutionResult]:
    """Execute an operation in the place of `graphql.execute`."""
    options |= {"field_resolver": field_resolver, "type_resolver": type_resolver}
    unknown = sorted(name for name, value in options.items() if not _is_known(name, value))
    if unknown:
        _count(f"option {', '.join(unknown)}")
        return execute_document(
            schema, document, root_value, context_value, variable_values, operation_name, **options
        )
    operations = _operations(schema, document)
    return operations.execute(
        root_value,
        context_value,
        variable_values or {},
        operation_name,
        options.get("is_awaitable"),
        hide_suggestions=options.get("hide_suggestions", False),
    )


def _is_known(name: str, value: Any) -> bool:
    """Whether an option says nothing that the generated code does not know."""
    # The functions are those of `graphql.execute_sync`.
    said_nothing = (None, False, assume_not_awaitable, assume_not_async_iterable)
    return name == "hide_suggestions" or any(value is nothing for nothing in said_nothing)


def source(schema: GraphQLSchema, document: DocumentNode) -> str:
    """The source text that was generated for a document so far: selection sets are compiled when needed."""
    return _operations(schema, document).sources()


def _count(reason: str) -> None:
    if not fallbacks[reason]:
        logger.debug("left to graphql-core: %s", reason)
    fallbacks[reason] += 1
