"""Documents, parsed and validated once and remembered by their text."""

from typing import Any

from cachetools import LRUCache
from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    parse,
    validate,
)

from app.errors import BadUserInput, CostExceeded
from app.graphql.compiler import Operations
from app.graphql.limits import Measurer
from resolvers.context import PageLimits

_REMEMBERED_CHARACTERS = 524_288
"""How much text of documents is remembered; a syntax tree takes some hundred times its text."""


class Document:
    """A parsed document with what was found out about it."""

    def __init__(self, schema: GraphQLSchema, syntax: DocumentNode, limits: PageLimits, length: int) -> None:
        self.syntax = syntax
        self.length = length
        self.measurer = Measurer(schema, syntax, limits)
        self.compiled = Operations(schema, syntax)
        self.memo: dict[Any, Any] = {}
        self._schema = schema
        self._operations = [node for node in syntax.definitions if isinstance(node, OperationDefinitionNode)]
        self._errors: dict[bool, list[GraphQLError]] = {}

    def errors(self, *, hide_suggestions: bool) -> list[GraphQLError]:
        """What is wrong with the document; nothing when it is valid."""
        if hide_suggestions not in self._errors:
            found = validate(self._schema, self.syntax, max_errors=10, hide_suggestions=hide_suggestions)
            self._errors[hide_suggestions] = found
        return self._errors[hide_suggestions]

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """The operation to run. Raises `BadUserInput` when the name does not say which."""
        operations = self._operations
        if name is None:
            if len(operations) == 1:
                return operations[0]
            message = (
                "operationName: needed, the document has several operations"
                if operations
                else "query: the document has no operation"
            )
            raise BadUserInput(message, field="operationName" if operations else "query")
        for operation in operations:
            if operation.name and operation.name.value == name:
                return operation
        raise BadUserInput(
            f"operationName: the document has no operation {name!r:.60}", field="operationName"
        )


class Documents:
    """The documents of one schema that were asked for lately."""

    def __init__(self, schema: GraphQLSchema, limits: PageLimits, max_tokens: int) -> None:
        self._schema = schema
        self._limits = limits
        self._max_tokens = max_tokens
        self._documents: LRUCache[str, Document] = LRUCache(
            _REMEMBERED_CHARACTERS, getsizeof=lambda document: document.length
        )

    def get(self, text: str) -> Document:
        """The document of a text.

        Raises `GraphQLSyntaxError` for text that is none and `CostExceeded` for
        too many tokens or too deep nesting.
        """
        document = self._documents.get(text)
        if document is None:
            try:
                syntax = parse(text, max_lexical_tokens=self._max_tokens, max_comments=self._max_tokens)
            except RecursionError as error:
                raise CostExceeded("The document nests too deeply", limit="depth") from error
            document = Document(self._schema, syntax, self._limits, len(text))
            if document.length <= _REMEMBERED_CHARACTERS:
                self._documents[text] = document
        return document
