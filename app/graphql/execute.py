"""The one door to execution: a viewer and a document go in, an answer comes out."""

import asyncio
import datetime as dt
import inspect
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, TypeGuard, cast

import orjson
from graphql import (
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    create_source_event_stream,
    parse,
)
from graphql import execute as execute_document
from graphql.execution import Executor as CoreExecutor
from graphql.pyutils import AwaitableOrValue

from app.analytics.addresses import Countries
from app.auth.clock import Clock, now
from app.auth.credentials import Authenticator
from app.auth.viewer import Viewer
from app.db.engine import Database
from app.db.feed import Feeds
from app.errors import BadUserInput, CostExceeded, Forbidden, LyceumError, RateLimited, Unauthenticated
from app.graphql import limits
from app.graphql.budget import Purse
from app.graphql.documents import Document, Documents
from app.graphql.errors import formatted, refused
from app.graphql.payloads import Payloads, Rules
from app.graphql.plan.plans import Plans
from app.settings import Settings
from app.vocabulary import Scope
from app.webhooks.subscriptions import Subscriptions
from resolvers.context import Budget, Context, Live, PageLimits, Sites
from resolvers.live import Batch
from schema.relay import encode_id

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
    """What is answered; `encoded` writes it. Without `executed` the request was refused before any field ran.

    In a stream, `id` is what a client says that comes back to see what follows.
    """

    body: dict[str, Any]
    executed: bool
    refusal: LyceumError | None = None
    id: str | None = None


def encoded(body: Mapping[str, Any]) -> bytes:
    """An answer, or a message that holds one, as JSON."""
    return orjson.dumps(body, option=orjson.OPT_UTC_Z)


class Executor:
    """Runs documents over one schema and one database."""

    def __init__(
        self,
        schema: GraphQLSchema,
        database: Database,
        settings: Settings,
        authenticator: Authenticator,
        clock: Clock = now,
    ) -> None:
        self._database = database
        self._forget_credentials = authenticator.forget
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
        self._streams = Counter[str]()
        self.feeds = Feeds(database)
        self.payloads = Payloads(Rules(schema, settings), authenticator.viewer_of_user, self._tell)
        self.plans = Plans(schema)

    async def execute(self, viewer: Viewer, operation: Operation, payer: str) -> Answer:
        """Run an operation for a viewer; `payer` names whose budget it is taken from."""
        admitted = self._admit(viewer, operation, payer)
        if isinstance(admitted, Answer):
            return admitted
        document, context = admitted
        if document.operation(operation.name).operation is OperationType.SUBSCRIPTION:
            refusal = BadUserInput("Subscriptions need a WebSocket or Accept: text/event-stream")
            return Answer({"errors": [refused(refusal)]}, executed=False, refusal=refusal)
        return await self._run(document, operation, context, is_encoded=True)

    async def stream(
        self,
        renew: Callable[[], Awaitable[Viewer]],
        operation: Operation,
        payer: str,
        after: str | None = None,
    ) -> AsyncGenerator[Answer]:
        """Run any operation: one answer of a query or mutation, of a subscription one for each event.

        `renew` says who asks, again for every few events. Raises `Unauthenticated`
        once it does, and `Stopping` when the process ends.
        """
        viewer = await renew()
        admitted = self._admit(viewer, operation, payer)
        if isinstance(admitted, Answer):
            yield admitted
            return
        document, context = admitted
        if document.operation(operation.name).operation is not OperationType.SUBSCRIPTION:
            yield await self._run(document, operation, context, is_encoded=True)
            return
        context.live = Live(self.feeds, renew, after)
        if self._streams[payer] >= self._settings.max_streams:
            maximum = self._settings.max_streams
            full = RateLimited(f"At most {maximum} subscriptions at a time", maximum=maximum)
            yield Answer({"errors": [refused(full)]}, executed=False, refusal=full)
            return
        self._streams[payer] += 1
        try:
            async with aclosing(self._subscribe(document, operation, context, payer)) as answers:
                async for answer in answers:
                    yield answer
        except Unauthenticated:
            raise
        except LyceumError as error:
            yield Answer({"errors": [refused(error)]}, executed=False, refusal=error)
        finally:
            self._streams[payer] -= 1
            if not self._streams[payer]:
                del self._streams[payer]
            await context.reader.close()

    def _admit(self, viewer: Viewer, operation: Operation, payer: str) -> tuple[Document, Context] | Answer:
        moment = self._clock()
        try:
            # Looking at a document costs something too, whatever comes of it.
            self._purse.spend(payer, _LOOK, moment)
            document = self._documents.get(operation.query)
            node = document.operation(operation.name)
            if operation.read_only and node.operation is OperationType.MUTATION:
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
        return document, self._context(viewer, document, self._limits, budget, moment)

    async def _subscribe(
        self, document: Document, operation: Operation, context: Context, payer: str
    ) -> AsyncGenerator[Answer]:
        executor = CoreExecutor.build(
            self.schema,
            document.syntax,
            context_value=context,
            raw_variable_values=dict(operation.variables),
            operation_name=operation.name,
            is_awaitable=_is_awaitable,
            hide_suggestions=self._hides(context.viewer),
        )
        if isinstance(executor, list):
            yield Answer({"errors": [formatted(error) for error in executor]}, executed=False)
            return
        source = create_source_event_stream(executor)
        if inspect.isawaitable(source):
            source = await source
        if isinstance(source, ExecutionResult):
            yield Answer({"errors": [formatted(error) for error in source.errors or ()]}, executed=False)
            return
        async with aclosing(cast("AsyncGenerator[Batch]", source)) as batches:
            async for batch in batches:
                moment, cost = self._clock(), context.budget.cost * len(batch.rows)
                budget = self._purse.spend(payer, cost, moment)
                told = self._context(batch.viewer, document, self._limits, budget, moment)
                async with self.feeds.turns:
                    answers = await self._run_each(document, operation, told, batch.rows)
                for row, answer in zip(batch.rows, answers, strict=True):
                    yield replace(answer, id=encode_id(batch.type_name, row.id))

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
        return await self._run(document, Operation("", variables), context, is_encoded=False)

    async def _tell(
        self, viewer: Viewer, document: Document, events: Sequence[Any]
    ) -> Sequence[dict[str, Any]]:
        """What a subscription tells a viewer of some events. Nothing is taken from a budget."""
        context = self._context(viewer, document, self._limits, _FREE, self._clock())
        answers = await self._run_each(document, Operation(""), context, events)
        return [answer.body for answer in answers]

    def _context(
        self, viewer: Viewer, document: Document, limits: PageLimits, budget: Budget, moment: dt.datetime
    ) -> Context:
        forget = self._forget_credentials
        memo, countries = document.memo, self._countries
        sites, webhooks = self._sites, self._webhooks
        return Context(
            *(viewer, self._database, limits, sites, budget, moment, memo, forget, webhooks),
            *(self.payloads, countries),
        )

    async def _run(
        self, document: Document, operation: Operation, context: Context, *, is_encoded: bool
    ) -> Answer:
        """Run an operation. With `is_encoded` the answer is for `encoded` and nobody else."""
        (answer,) = await self._run_each(document, operation, context, (None,), is_encoded=is_encoded)
        return answer

    async def _run_each(
        self,
        document: Document,
        operation: Operation,
        context: Context,
        roots: Sequence[Any],
        *,
        is_encoded: bool = False,
    ) -> list[Answer]:
        """Run an operation on some roots: each event of a subscription is one."""
        extensions = {"cost": context.budget.cost // len(roots)}
        try:
            async with asyncio.timeout(self._settings.operation_timeout):
                node = document.operation(operation.name)
                if self._settings.json_text and node.operation is not OperationType.SUBSCRIPTION:
                    texts = await self.plans.texts(document, node, operation.variables, context)
                    if texts is not None:
                        # To read what the database wrote costs less than to make it here.
                        read: Callable[[str], Any] = orjson.Fragment if is_encoded else orjson.loads
                        data = {name: read(text) for name, text in texts.items()}
                        return [Answer({"data": data, "extensions": extensions}, executed=True)]
                running = [
                    self._begin(document, operation, context, root, is_encoded=is_encoded) for root in roots
                ]
                if len(running) == 1:
                    results = [await _result(running[0])]
                else:
                    # Side by side, so that loaders read for all at once.
                    results = await asyncio.gather(*map(_result, running))
        except TimeoutError:
            seconds = self._settings.operation_timeout
            message = f"The operation took longer than {seconds:g} seconds"
            if _scope(document.operation(operation.name)) is Scope.WRITE:
                # Each is a transaction of its own.
                message += "; fields of a mutation that came before may have taken effect"
            late = CostExceeded(message, limit="seconds", maximum=seconds)
            body = {"errors": [refused(late)], "data": None, "extensions": extensions}
            return [Answer(body, executed=True) for _ in roots]
        finally:
            await context.reader.close()
        return [_answer(result, extensions) for result in results]

    def _begin(
        self, document: Document, operation: Operation, context: Context, root: Any, *, is_encoded: bool
    ) -> AwaitableOrValue[ExecutionResult]:
        variables, hides = dict(operation.variables), self._hides(context.viewer)
        if self._settings.compiled_executor:
            compiled = document.compiled
            return compiled.execute(
                root,
                context,
                variables,
                operation.name,
                _is_awaitable,
                hide_suggestions=hides,
                is_encoded=is_encoded,
            )
        return execute_document(
            self.schema,
            document.syntax,
            root,
            context,
            variables,
            operation.name,
            hide_suggestions=hides,
            is_awaitable=_is_awaitable,
        )

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
    return Scope.WRITE if node.operation is OperationType.MUTATION else Scope.READ


async def _result(running: AwaitableOrValue[ExecutionResult]) -> ExecutionResult:
    return await running if inspect.isawaitable(running) else running


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
