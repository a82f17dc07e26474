"""GraphQL documents that shape what webhooks send.

Such a document is a subscription to `events`, as one that is followed live: what is
sent is what it asks of the event. So whoever has a stream has a webhook by the same
words, and an event is the same object, with the same rights, on both ways. The
subscription of the webhook says which events, and nobody gives variables.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import orjson
from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
)

from app.auth.viewer import Viewer
from app.errors import LyceumError
from app.graphql import limits
from app.graphql.documents import Document, Documents
from app.settings import Settings
from app.webhooks.shaping import Unmade
from resolvers.context import PageLimits

FIELD = "events"

NOT_ANY_MORE = "The owner of the subscription may not be told of events any more."

ViewerOf = Callable[[int], Awaitable[Viewer | None]]
Run = Callable[[Viewer, Document, Sequence[Any]], Awaitable[Sequence[dict[str, Any]]]]
"""Runs the document of a subscription for some events; the body of each answer."""


class Rules:
    """What documents have to keep to, in a schema."""

    def __init__(self, schema: GraphQLSchema, settings: Settings) -> None:
        page_limits = PageLimits(
            settings.page_size, settings.max_page_size, settings.max_ids, settings.max_series_days
        )
        self._settings = settings
        self._documents = Documents(schema, page_limits, settings.max_tokens)

    def read(self, text: str) -> tuple[Document, str]:
        """A document, and the name that the event has in its answer.

        Raises `GraphQLError` and `LyceumError` for one that cannot be used.
        """
        document = self._documents.get(text)
        operation, event = _event(document)
        size = document.measurer.size(operation, {})
        limits.check(size, self._settings)
        limits.check_cost(size, self._settings.webhook_max_cost)
        for error in document.errors(hide_suggestions=False):
            raise error
        return document, event.alias.value if event.alias else event.name.value

    def problem(self, text: str) -> str | None:
        """Why a document cannot be used, and where that is; None when it can."""
        try:
            self.read(text)
        except (GraphQLError, LyceumError) as error:
            return _told(error)
        return None


class Payloads:
    """Shapes what webhooks send."""

    def __init__(self, rules: Rules, viewer_of: ViewerOf, run: Run) -> None:
        self._rules = rules
        self._viewer_of = viewer_of
        self._run = run
        self.problem = rules.problem

    async def shape(self, text: str, owner_id: int, events: Sequence[Any]) -> Sequence[str | Unmade]:
        """What a document makes of each of some events, with the rights that a user has now.

        It takes as many statements as one event does. What lacks a part, for whatever
        reason, is not made.
        """
        try:
            document, name = self._rules.read(text)
        except (GraphQLError, LyceumError) as error:
            return [Unmade(f"The document cannot be run: {_told(error)}")] * len(events)
        viewer = await self._viewer_of(owner_id)
        if viewer is None or not viewer.is_staff:
            return [Unmade(NOT_ANY_MORE)] * len(events)
        return [_shaped(body, name) for body in await self._run(viewer, document, events)]


def _event(document: Document) -> tuple[OperationDefinitionNode, FieldNode]:
    """The one operation of a document, and its one field. Raises `GraphQLError` at what is too much."""
    definitions = document.syntax.definitions
    operations = [node for node in definitions if isinstance(node, OperationDefinitionNode)]
    if len(operations) != 1:
        raise GraphQLError("There has to be one operation", operations[1:] or None)
    (operation,) = operations
    if operation.operation is not OperationType.SUBSCRIPTION:
        message = "Only a subscription can be run, such as `subscription { events { id } }`"
        raise GraphQLError(message, operation)
    for variable in operation.variable_definitions or ():
        raise GraphQLError("There can be no variables, as nobody gives any", variable)
    field, *more = operation.selection_set.selections
    if not isinstance(field, FieldNode) or field.name.value != FIELD or field.directives or more:
        message = f"The operation has to select `{FIELD}`, and nothing else"
        raise GraphQLError(message, more[0] if more else field)
    for argument in field.arguments or ():
        message = f"`{FIELD}` can have no arguments, as the webhook says which events it is told of"
        raise GraphQLError(message, argument)
    return operation, field


def _shaped(body: dict[str, Any], name: str) -> str | Unmade:
    for error in body.get("errors", ()):
        where = ".".join(map(str, error.get("path", ())))
        return Unmade(f"The document could not be run: {error['message']}" + (f" ({where})" if where else ""))
    return orjson.dumps(body["data"][name]).decode()


def _told(error: GraphQLError | LyceumError) -> str:
    places = (isinstance(error, GraphQLError) and error.locations) or ()
    return ", ".join([error.message, *(f"line {it.line}, column {it.column}" for it in places)])
