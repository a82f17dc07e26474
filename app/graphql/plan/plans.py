"""Plans of plain operations, remembered beside their documents, and what they answer."""

import dataclasses
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

from cachetools import LRUCache
from graphql import GraphQLSchema, OperationDefinitionNode, OperationType
from sqlalchemy import BigInteger, BindParameter, Dialect, Select, String, bindparam

from app.auth.viewer import Viewer
from app.db.engine import is_refused
from app.errors import LyceumError
from app.graphql.documents import Document
from app.graphql.plan.build import Builder, Parameter, Values
from app.graphql.plan.operation import PlainOperation
from app.graphql.plan.selections import Selections
from app.graphql.plan.texts import SURPRISE, NotPlain
from resolvers.context import Context

_VARIANTS = 16
"""Plans of one operation that are remembered: for kinds of viewers, and for variables that decide a shape."""

_REFUSED = "refused"
_FAILED = "failed"
_WARNING = "A plan failed, so its operation is run"

_logger = logging.getLogger("lyceum.plans")


class Plans:
    """The plans of one schema. `reasons` counts why operations were not answered by one."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.reasons: Counter[str] = Counter()
        self._schema = schema

    async def texts(
        self, document: Document, node: OperationDefinitionNode, given: Mapping[str, Any], context: Context
    ) -> dict[str, str] | None:
        """The data of an operation, each root field as JSON; None where it has to be run.

        Nothing is wrong then: only running it tells what is.
        """
        try:
            return await self._texts(document, node, given, context)
        except NotPlain as reason:
            self.reasons[str(reason)] += 1
        except (LyceumError, ValueError):
            self.reasons[_REFUSED] += 1
        except Exception:
            self.reasons[_FAILED] += 1
            _logger.warning(_WARNING, exc_info=True)
        return None

    async def _texts(
        self, document: Document, node: OperationDefinitionNode, given: Mapping[str, Any], context: Context
    ) -> dict[str, str]:
        if node.operation is not OperationType.QUERY:
            raise NotPlain("no query")
        variants = document.memo.get(("plans", id(node)))
        if variants is None:
            operation = PlainOperation(self._schema, document.syntax, node)
            variants = document.memo["plans", id(node)] = _Variants(self._schema, operation)
        plan, values = variants.plan(given, context)
        return await plan.texts(values, context)


class _Variants:
    """The plans of one operation by all that they depend on."""

    def __init__(self, schema: GraphQLSchema, operation: PlainOperation) -> None:
        self._schema = schema
        self._operation = operation
        self._plans: LRUCache[Any, _Plan | str] = LRUCache(_VARIANTS)
        self._made = 0
        self._found = 0

    def plan(self, given: Mapping[str, Any], context: Context) -> tuple["_Plan", Values]:
        """The plan for a request, and its variables. Raises `NotPlain`."""
        values = self._operation.coerced(given)
        viewer, dialect = context.viewer, context.reader.dialect
        key = (dialect, _KIND(viewer), viewer.user_id is None, self._operation.outline(values))
        plan = self._plans.get(key)
        if plan is not None:
            self._found += 1
        elif self._made >= max(_VARIANTS, self._found):
            # Such as one by every list of values that a filter is given: to plan it does not pay.
            raise NotPlain("seldom the same")
        else:
            self._made += 1
            try:
                plan = self._make(values, context)
            except NotPlain as reason:
                plan = str(reason)
            except (LyceumError, ValueError):
                plan = _REFUSED
            except Exception:
                # It would fail again: nothing that is not known here decides it.
                plan = _FAILED
                _logger.warning(_WARNING, exc_info=True)
            self._plans[key] = plan
        if isinstance(plan, str):
            raise NotPlain(plan)
        return plan, values

    def _make(self, values: Values, context: Context) -> "_Plan":
        if context.viewer.scopes and self._operation.has_directives:
            # Columns that are left out need their scopes too.
            raise NotPlain("directives under scopes")
        operation = self._operation
        selections = Selections(self._schema, operation.node, operation.fragments, operation.shape(values))
        builder = Builder(selections, _kind(context.viewer), context.limits, context.reader.dialect)
        roots = builder.roots()
        dialect = context.database.reader.dialect
        return _Plan(
            {
                name: root if isinstance(root, str) else _Statement(root, builder.parameters, dialect)
                for name, root in roots.items()
            }
        )


class _Plan:
    """What gives the text of each root field: its statement, or the text. Of no use once one is refused."""

    def __init__(self, roots: Mapping[str, "_Statement | str"]) -> None:
        self._roots = roots
        self._is_refused = False
        self._has_failed = False

    async def texts(self, values: Values, context: Context) -> dict[str, str]:
        """The data of an operation. Raises `NotPlain` where it has to be run."""
        if self._is_refused:
            raise NotPlain(_FAILED)
        try:
            return {
                name: root if isinstance(root, str) else await root.text(values, context)
                for name, root in self._roots.items()
            }
        except (NotPlain, LyceumError, ValueError):
            raise
        except Exception as error:
            if not self._has_failed:
                _logger.warning(_WARNING, exc_info=True)
            self._has_failed = True
            # A lost connection, say, is no fault of the statement's.
            self._is_refused = is_refused(error)
            raise NotPlain(_FAILED) from error


class _Statement:
    """A statement as the driver takes it, with what gives its parameters."""

    def __init__(self, statement: Select[Any], parameters: Mapping[str, Parameter], dialect: Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect)
        expanded = compiled.construct_expanded_state(
            {name: None for name in parameters if name in compiled.binds}
        )
        conversions = {**compiled._bind_processors, **expanded.processors}
        self._sql: str = expanded.statement
        self._parameters = [
            _converted(
                parameters.get(name) or _own(compiled.binds.get(name), expanded.parameters[name]),
                conversions.get(name),
            )
            for name in expanded.positiontup
        ]

    async def text(self, values: Values, context: Context) -> str:
        """The answer. Raises `NotPlain` where it is not what the types of the fields say."""
        given = [parameter(values, context) for parameter in self._parameters]
        rows: Sequence[Any] = await context.reader.raw(self._sql, given)
        text: str = rows[0][0] if rows else "null"
        if SURPRISE in text:
            raise NotPlain("a value out of the ordinary")
        return text


def _own(bind: BindParameter[Any] | None, value: Any) -> Parameter:
    """What a statement binds itself: a value, or what a function gives whenever it is run."""
    if bind is not None and bind.callable is not None:
        return lambda values, context: bind.effective_value
    return lambda values, context: value


def _converted(parameter: Parameter, convert: Any) -> Parameter:
    if convert is None:
        return parameter
    return lambda values, context: convert(parameter(values, context))


_DECIDING = [field.name for field in dataclasses.fields(Viewer) if field.name not in ("user_id", "username")]
_KIND = attrgetter(*_DECIDING)
"""All of a viewer that decides the shape of statements, but for whether it is a stranger."""


def _kind(viewer: Viewer) -> Viewer:
    """A viewer of whom statements can know the kind only: who it is is bound to them."""
    known: dict[str, Any] = {name: getattr(viewer, name) for name in _DECIDING}
    if viewer.user_id is None:
        return Viewer(None, None, **known)
    id_: Any = bindparam("viewer_id", type_=BigInteger())
    name: Any = bindparam("viewer_name", type_=String())
    return Viewer(id_, name, **known)
