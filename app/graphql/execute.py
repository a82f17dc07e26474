"""The one door to execution: a viewer and a document go in, an answer comes out."""

import asyncio
import datetime as dt
import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeGuard

from graphql import (
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    parse,
)
from graphql import execute as execute_document

from app.analytics.addresses import Countries
from app.auth.clock import Clock, now
from app.auth.viewer import Viewer
from app.db.engine import Database
from app.errors import CostExceeded, Forbidden, LyceumError
from app.graphql import limits
from app.graphql.budget import Purse
from app.graphql.documents import Document, Documents
from app.graphql.errors import formatted, refused
from app.graphql.rows import RowsExecutor
from app.settings import Settings
from app.vocabulary import Scope
from app.webhooks.subscriptions import Subscriptions
from resolvers.context import Budget, Context, PageLimits, Sites

_LOOK = 1
"""What is spent on a document that is refused."""

_PAYLOAD = 2
"""How deep the plain fields of a mutation's answer are; what is deeper are objects, which are read."""


STORED_LIMITS = PageLimits(page_size=100, max_page_size=10_000, max_ids=100, max_series_days=100_000)
"""How much one list of a stored document may hold."""

_FREE = Budget(cost=0, limit=None, remaining=None, reset_at=None)


@dataclass(frozen=True)
class Operation:
    """What is asked for."""

    query: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    name: str | None = None
    read_only: bool = False


@dataclass(frozen=True)
class Answer:
    """What is answered. Without `executed` the request was refused before any field ran."""

    body: dict[str, Any]
    executed: bool
    refusal: LyceumError | None = None


class Executor:
    """Runs documents over one schema and one database."""

    def __init__(
        self,
        schema: GraphQLSchema,
        database: Database,
        settings: Settings,
        forget_credentials: Callable[[], None],
        clock: Clock = now,
    ) -> None:
        self._database = database
        self._forget_credentials = forget_credentials
        self._clock = clock
        self._settings = settings
        self.schema = schema
        self._limits = PageLimits(
            settings.page_size, settings.max_page_size, settings.max_ids, settings.max_series_days
        )
        self._sites = Sites(settings.lms_url, settings.marketing_url)
        self._documents = Documents(schema, self._limits, settings.max_tokens)
        self._purse = Purse(settings.cost_per_minute)
        path = settings.country_database
        self._countries = Countries(path) if path else None
        self._webhooks = Subscriptions(settings)

    async def execute(self, viewer: Viewer, operation: Operation, payer: str) -> Answer:
        """Run an operation for a viewer; `payer` names whose budget it is taken from."""
        moment = self._clock()
        try:
            # Looking at a document costs something too, whatever comes of it.
            self._purse.spend(payer, _LOOK, moment)
            document = self._documents.get(operation.query)
            node = document.operation(operation.name)
            if operation.read_only and node.operation is not OperationType.QUERY:
                raise Forbidden("Only queries can be sent by GET")
            viewer.require(_scope(node))
            cost = self._measured(document, node, operation, viewer)
            errors = document.errors(hide_suggestions=self._hides(viewer))
            if errors:
                return Answer({"errors": [formatted(error) for error in errors]}, executed=False)
            budget = self._purse.spend(payer, cost, moment, paid=_LOOK)
        except GraphQLError as error:
            return Answer({"errors": [formatted(error)]}, executed=False)
        except LyceumError as error:
            return Answer({"errors": [refused(error)]}, executed=False, refusal=error)
        return await self._run(
            document, operation, self._context(viewer, document, self._limits, budget, moment)
        )

    def store(self, text: str) -> Document:
        """A document that ships with the server. Raises `ValueError` when it is not valid."""
        return _stored(self.schema, text)

    async def run(self, viewer: Viewer, document: Document, variables: Mapping[str, Any]) -> Answer:
        """Run a stored document, which is as large as it was written: nothing is taken from a budget."""
        node = document.operation(None)
        try:
            viewer.require(_scope(node))
        except LyceumError as error:
            return Answer({"errors": [refused(error)]}, executed=False, refusal=error)
        context = self._context(viewer, document, STORED_LIMITS, _FREE, self._clock())
        return await self._run(document, Operation("", variables), context)

    def _context(
        self, viewer: Viewer, document: Document, limits: PageLimits, budget: Budget, moment: dt.datetime
    ) -> Context:
        forget = self._forget_credentials
        memo, countries = document.memo, self._countries
        sites, webhooks = self._sites, self._webhooks
        return Context(
            viewer, self._database, limits, sites, budget, moment, memo, forget, webhooks, countries
        )

    async def _run(self, document: Document, operation: Operation, context: Context) -> Answer:
        extensions = {"cost": context.budget.cost}
        try:
            async with asyncio.timeout(self._settings.operation_timeout):
                running = execute_document(
                    self.schema,
                    document.syntax,
                    context_value=context,
                    variable_values=dict(operation.variables),
                    operation_name=operation.name,
                    hide_suggestions=self._hides(context.viewer),
                    is_awaitable=_is_awaitable,
                    executor_class=RowsExecutor,
                )
                result = await running if inspect.isawaitable(running) else running
        except TimeoutError:
            seconds = self._settings.operation_timeout
            message = f"The operation took longer than {seconds:g} seconds"
            if _scope(document.operation(operation.name)) is Scope.WRITE:
                # Each is a transaction of its own.
                message += "; fields of a mutation that came before may have taken effect"
            late = CostExceeded(message, limit="seconds", maximum=seconds)
            return Answer({"errors": [refused(late)], "data": None, "extensions": extensions}, executed=True)
        finally:
            await context.reader.close()
        return _answer(result, extensions)

    def _measured(
        self, document: Document, node: OperationDefinitionNode, operation: Operation, viewer: Viewer
    ) -> int:
        size = document.measurer.size(node, operation.variables)
        limits.check(size, self._settings)
        if node.operation is OperationType.MUTATION and size.depth > _PAYLOAD:
            viewer.require(Scope.READ)
        if size.introspects and self._hides(viewer):
            raise Forbidden("Introspection is for known users only")
        return size.cost

    def _hides(self, viewer: Viewer) -> bool:
        return self._settings.in_production and viewer.user_id is None


@cache
def _stored(schema: GraphQLSchema, text: str) -> Document:
    """A document, looked at once however many applications a process has."""
    document = Document(schema, parse(text), STORED_LIMITS, len(text))
    errors = document.errors(hide_suggestions=False)
    if errors:
        raise ValueError("\n\n".join(str(error) for error in errors))
    return document


def _scope(node: OperationDefinitionNode) -> Scope:
    return Scope.READ if node.operation is OperationType.QUERY else Scope.WRITE


_awaitable: dict[type, bool] = {}


def _is_awaitable(value: Any) -> TypeGuard[Awaitable[Any]]:
    # Asked of rows themselves, every time, this costs a fifth of a long series.
    type_ = type(value)
    known = _awaitable.get(type_)
    if known is None:
        known = _awaitable[type_] = hasattr(type_, "__await__")
    return known


def _answer(result: ExecutionResult, extensions: dict[str, Any]) -> Answer:
    errors = [formatted(error) for error in result.errors or ()]
    if result.data is None and all(error.path is None for error in result.errors or ()):
        # Variables that do not fit: nothing was executed, so there is no `data`.
        return Answer({"errors": errors}, executed=False)
    body: dict[str, Any] = {"data": result.data, "extensions": extensions}
    return Answer({"errors": errors, **body} if errors else body, executed=True)
