"""One execution: whole levels of the response at a time, a field of all objects before the next.

Every value is put into the response before anything below it runs, so that an
error only has to set null where it belongs. What is awaited is awaited for all
objects of a field together, and what hangs on it goes on from there.
"""

from asyncio import Future, get_running_loop
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from operator import attrgetter
from sys import maxsize
from typing import Any

from graphql import (
    ExecutionResult,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    default_type_resolver,
    located_error,
)
from graphql.execution import Executor
from graphql.execution.execute import assume_not_awaitable
from graphql.execution.executor import collect_iterator_awaitables, invalid_return_type_error
from graphql.execution.values import VariableValues
from graphql.pyutils import gather_with_cancel, is_iterable
from graphql.pyutils.is_awaitable import is_async_iterable
from graphql.type import GraphQLResolveInfoHelpers

from app.graphql.compiler.arguments import changeable, fresh
from app.graphql.compiler.attributes import get
from app.graphql.compiler.kinds import KINDS, SYNC_KINDS, Kind
from app.graphql.compiler.leaves import Leaf, Memo, Odd
from app.graphql.compiler.places import Column, Frame, Items, Order, Part, Place
from app.graphql.compiler.plan import Field, Lists, Objects, Plan, Selection, Shape
from app.graphql.compiler.waits import GoOn, Many, Wait, Work, come_to, in_background, items_of


class Run:
    """An operation while it is executed."""

    def __init__(
        self,
        plan: Plan,
        fragments: dict[str, FragmentDefinitionNode],
        root: Any,
        context: Any,
        variables: VariableValues,
        is_awaitable: Callable[[Any], Any],
        hide_suggestions: bool,
        *,
        is_encoded: bool,
    ) -> None:
        self.schema: GraphQLSchema = plan.schema
        self.odds: list[Odd] = []
        self._kinds = SYNC_KINDS if is_awaitable is assume_not_awaitable else KINDS
        self._plan = plan
        self._root = root
        self._variables = variables
        self._hide_suggestions = hide_suggestions
        self._is_encoded = is_encoded
        self._memos: dict[Leaf, Memo] = {}
        self._arguments: dict[Field, dict[str, Any] | None] = {}
        self._errors: list[tuple[int, Order, GraphQLError, tuple[str | int, ...]]] = []
        self._null: Order | None = None
        self._is_async = False
        self._moment = 0
        self._is_moment_over = True
        self._nulls: set[tuple[str | int, ...]] = set()
        self.waits: dict[Wait, None] = {}
        operation: OperationDefinitionNode = plan.operation
        helpers = GraphQLResolveInfoHelpers(gather=_gathered, track=self._track)
        self.told = (
            plan.schema, fragments, root, operation, variables, context, is_awaitable, None, helpers
        )  # fmt: skip

    def begin(self, *, serially: bool) -> ExecutionResult | Awaitable[ExecutionResult]:
        """The result, or an awaitable of it where something is waited for."""
        work = Work()
        frame = self._frame(self._plan.root, None, None, [self._root], work)
        if serially:
            return self._serial(frame, self._plan.root.rest)
        self._fields(frame, work)
        work.drain()
        return self._ended(work, frame) if work.waits or self._is_async else self._result(frame)

    async def _ended(self, work: Work, frame: Frame) -> ExecutionResult:
        await work.wait()
        return self._result(frame)

    def _serial(self, frame: Frame, fields: Sequence[Field]) -> ExecutionResult | Awaitable[ExecutionResult]:
        for number, field in enumerate(fields):
            if self._null is not None:
                break
            work = Work()
            self._field(frame, field, work)
            work.drain()
            if work.waits or self._is_async:
                return self._serial_later(frame, fields[number + 1 :], work)
        return self._result(frame)

    async def _serial_later(self, frame: Frame, fields: Sequence[Field], work: Work) -> ExecutionResult:
        await work.wait()
        self._is_async = False
        result = self._serial(frame, fields)
        return result if isinstance(result, ExecutionResult) else await result

    def _result(self, frame: Frame) -> ExecutionResult:
        data = frame.results[0] if self._null is None else None
        return ExecutionResult(data, self._collected() if self._errors else None)

    def _collected(self) -> list[GraphQLError]:
        """The errors that graphql-core would have come upon: none below what was null already."""
        errors, nulls = [], set()
        for _, _, error, place in sorted(self._errors, key=lambda found: found[:2]):
            if not any(place[:length] in nulls for length in range(len(place) + 1)):
                nulls.add(place)
                errors.append(error)
        return errors

    def memo(self, leaf: Leaf) -> Memo:
        """The completed values of a leaf."""
        memo = self._memos.get(leaf)
        if memo is None:
            memo = self._memos[leaf] = Memo(leaf, self._kinds, self.odds, is_encoded=self._is_encoded)
        return memo

    # Objects.

    def _frame(
        self,
        selection: Selection,
        place: Place | None,
        positions: Sequence[int] | None,
        sources: list[Any],
        work: Work,
    ) -> Frame:
        """Objects with their plain attributes. The other fields are None."""
        self.odds.clear()
        try:
            results = selection.build(sources, self.memo)
        except Exception:
            self.odds.clear()
            results = [self._built(selection, source) for source in sources]
        frame = Frame(selection, place, positions, sources, results)
        if self.odds:
            for field, _ in selection.plain:
                odd: dict[int, Odd] = {}
                for index, result in enumerate(results):
                    value = result[field.key]
                    if value.__class__ is Odd:
                        odd[index], result[field.key] = value, None
                if odd:
                    work.todo.append(partial(self._odd_fields, frame, field, odd, work))
        return frame

    def _built(self, selection: Selection, source: Any) -> dict[str, Any]:
        """The answer of an object where an attribute cannot be read, of it or of one beside it."""
        result: dict[str, Any] = dict(selection.blank)
        for field, _ in selection.plain:
            try:
                value = field.get(source)
            except Exception as error:
                odd = result[field.key] = Odd(None, error)
                self.odds.append(odd)
            else:
                result[field.key] = self.memo(field.leaf).convert(value)
        return result

    def _fields(self, frame: Frame, work: Work) -> None:
        for field in frame.selection.rest:
            work.todo.append(partial(self._field, frame, field, work))

    def _field(self, frame: Frame, field: Field, work: Work) -> None:
        """Resolve and complete a field of all objects of a frame."""
        # If all is null already, the error to tell may still be one that comes earlier in the response.
        if self._null is not None and (*frame.order(0), field.index) > self._null:
            return
        column = Column(self, frame, field)
        values = self._resolved(column, work)
        if values is None:
            return
        completed = self._complete(field.shape, column, values, work)
        key = field.key
        for result, value in zip(frame.results, completed, strict=True):
            result[key] = value

    def _odd_fields(self, frame: Frame, field: Field, odd: Mapping[int, Odd], work: Work) -> None:
        column = Column(self, frame, field)
        values = {}
        for index, found in odd.items():
            if found.error is not None:
                self._fail(column, index, found.error)
            elif field.is_default:
                values[index] = self._called(column, index, found.value, {})
            else:
                values[index] = found.value
        self._go_on(field.shape, column, values, work)

    # Resolving.

    def _resolved(self, column: Column, work: Work) -> list[Any] | None:
        """The values of a field, in which exceptions stand for themselves; None where all are waited for."""
        field, sources = column.field, column.frame.sources
        if field.attribute is not None and not field.definition.args:
            try:
                return list(map(attrgetter(field.attribute), sources))
            except Exception:
                return [_tried(field.get, source) for source in sources]
        arguments = self._given(field)
        values: list[Any] = []
        many = self._many(column, arguments)
        if many is None:
            values.append(self._asked(column, 0, sources[0], arguments))
            many = self._many(column, arguments) if len(sources) > 1 else None
        if many is not None:
            rest = _tried(many, sources[len(values) :])
            if isinstance(rest, list):
                return values + rest
            if not isinstance(rest, Exception):
                self._wait_for_many(column, values, rest, work)
                return None
        rest = range(len(values), len(sources))
        return values + [self._asked(column, index, sources[index], arguments) for index in rest]

    def _many(self, column: Column, arguments: dict[str, Any] | None) -> Callable[[list[Any]], Any] | None:
        many = column.field.many
        if many is None or arguments is None:
            return None
        try:
            found: Callable[[list[Any]], Any] | None = many(column.info(0), **arguments)
        except Exception:
            # The resolver says it, of each object.
            return None
        return found

    def _wait_for_many(
        self, column: Column, first: Sequence[Any], rest: Awaitable[list[Any]], work: Work
    ) -> None:
        """Wait for the rest of a field's values, and for the first one with it if that is awaited too."""
        later = {index: value for index, value in enumerate(first) if self._is_awaited(value)}
        self._go_on(column.field.shape, column, dict(enumerate(first)) if not later else {}, work)
        indexes = range(len(first), len(column.frame.sources))
        self._wait(column, later, partial(self._go_on, column.field.shape, column), work, Many(indexes, rest))

    def _asked(self, column: Column, index: int, source: Any, arguments: dict[str, Any] | None) -> Any:
        """What the resolver of a field gives for an object."""
        field = column.field
        try:
            if arguments is None:
                given = field.arguments.values(self._variables, self._hide_suggestions)
            elif changeable(arguments.values()):
                given = fresh(arguments)
            else:
                given = arguments
            if field.resolve is not None:
                return field.resolve(source, column.info(index), **given)
            value = get(source, field.name)
        except Exception as error:
            return error
        return self._called(column, index, value, given)

    def _called(self, column: Column, index: int, value: Any, arguments: dict[str, Any]) -> Any:
        """What graphql-core makes of a value that it has read: a function is called."""
        try:
            return value(column.info(index), **arguments) if callable(value) else value
        except Exception as error:
            return error

    def _given(self, field: Field) -> dict[str, Any] | None:
        """The arguments of a field; None where they are coerced for each object anew."""
        if not field.arguments.is_shared:
            return None
        if field.arguments.constant is not None:
            return field.arguments.constant
        if field not in self._arguments:
            try:
                given = field.arguments.values(self._variables, self._hide_suggestions)
            except GraphQLError:
                given = None
            self._arguments[field] = given
        return self._arguments[field]

    # Completing.

    def _complete(self, shape: Shape, place: Place, values: list[Any], work: Work) -> list[Any]:
        """The completed values; what is not completed is None, and done or waited for later.

        What is below the values, and their errors, comes once they are in the response.
        """
        if isinstance(shape, Leaf):
            return self._leaves(shape, place, values, work)
        if isinstance(shape, Lists):
            return self._lists(shape, place, values, work)
        return self._objects(shape, place, values, work)

    def _go_on(self, shape: Shape, place: Place, found: Mapping[int, Any], work: Work) -> None:
        """Complete some of the values of a place."""
        if found:
            part = Part(place, list(found))
            completed = self._complete(shape, part, list(found.values()), work)
            for index, value in zip(found, completed, strict=True):
                place.put(index, value)

    def _leaves(self, leaf: Leaf, place: Place, values: list[Any], work: Work) -> list[Any]:
        memo = self.memo(leaf)
        self.odds.clear()
        try:
            completed = leaf.column(values, memo, memo.convert)
        except Exception:
            # A value that cannot be hashed.
            self.odds.clear()
            completed = [memo.convert(value) for value in values]
        if self.odds:
            odd = {index: value for index, value in enumerate(completed) if value.__class__ is Odd}
            for index, value in odd.items():
                completed[index] = None
                if value.error is not None:
                    self._fail_later(place, index, value.error, work)
            rest = [index for index, value in odd.items() if value.error is None]
            self._sift(leaf, Part(place, rest), [odd[index].value for index in rest], work)
        return completed

    def _lists(self, lists: Lists, place: Place, values: list[Any], work: Work) -> list[Any]:
        given = values
        if not all(value.__class__ is list for value in values):
            kept, positions = self._sift(lists, place, values, work)
            given = [None] * len(values)
            for index, value in zip(
                range(len(values)) if positions is None else positions, kept, strict=True
            ):
                given[index] = self._listed(lists, place, index, value, work)
        items: list[Any] = []
        ends = [0]
        for value in given:
            if value is not None:
                items += value
            ends.append(len(items))
        below = Items(place, ends, lists.item.is_required)
        completed = self._complete(lists.item, below, items, work)
        return below.cut(completed, given)

    def _listed(self, lists: Lists, place: Place, index: int, value: Any, work: Work) -> list[Any] | None:
        """The items of a list; None where it is none, or comes later."""
        if value.__class__ is list or value.__class__ is tuple:
            given: list[Any] = value  # type: ignore[assignment]
            return given
        if self._kinds is KINDS and is_async_iterable(value):
            self._wait(place, {index: items_of(value)}, partial(self._iterated, lists, place), work)
            return None
        iterator = None
        items: list[Any] = []
        try:
            if not is_iterable(value):
                field = place.column.field
                raise GraphQLError(
                    f"Expected Iterable, but did not find one for field '{field.told[3]}.{field.name}'."
                )
            iterator = iter(value)
            items.extend(iterator)
            return items
        except Exception as error:
            self._fail_later(place, index, error, work)
            if iterator is not None:
                in_background(
                    item
                    for item in (*items, *collect_iterator_awaitables(iterator, self._is_awaited))
                    if self._is_awaited(item)
                )
            return None

    def _iterated(self, lists: Lists, place: Place, found: Mapping[int, Any], work: Work) -> None:
        for index, (items, error) in found.items():
            self._go_on(lists, place, {index: items}, work)
            if error is not None:
                # It comes after the errors of the items before it.
                work.todo.append(partial(self._fail, place, index, error, _LAST))

    def _objects(self, objects: Objects, place: Place, values: list[Any], work: Work) -> list[Any]:
        sources, positions = self._sift(objects, place, values, work)
        if not sources:
            return [None] * len(values)
        if objects.is_abstract:
            return self._abstract(objects, place, len(values), sources, positions, work)
        return self._typed(objects.type, objects, place, len(values), sources, positions, work)

    def _abstract(
        self,
        objects: Objects,
        place: Place,
        count: int,
        sources: list[Any],
        positions: Sequence[int] | None,
        work: Work,
    ) -> list[Any]:
        """Objects whose types are told by the objects."""
        abstract: Any = objects.type
        resolve: Callable[..., Any] = abstract.resolve_type or default_type_resolver
        at = range(count) if positions is None else positions
        later: dict[int, Awaitable[Any]] = {}
        found: dict[int, Any] = {}
        for index, source in zip(at, sources, strict=True):
            try:
                name = resolve(source, place.info(index), abstract)
            except Exception as error:
                self._fail_later(place, index, error, work)
                continue
            if name.__class__ is not str and self._kinds[name.__class__] in (Kind.AWAITABLE, Kind.FUTURE):
                later[index] = name
            else:
                found[index] = name
        of = dict(zip(at, sources, strict=True))
        if later:
            self._wait(place, later, partial(self._types_later, objects, place, of), work)
        return self._by_type(objects, place, count, found, of, work)

    def _types_later(
        self,
        objects: Objects,
        place: Place,
        sources: Mapping[int, Any],
        names: Mapping[int, Any],
        work: Work,
    ) -> None:
        found = self._without_errors(place, names, work)
        part = Part(place, list(found))
        of = {number: sources[index] for number, index in enumerate(found)}
        completed = self._by_type(objects, part, len(of), dict(enumerate(found.values())), of, work)
        for number, value in enumerate(completed):
            part.put(number, value)

    def _without_errors(self, place: Place, values: Mapping[int, Any], work: Work) -> dict[int, Any]:
        found = {}
        for index, value in values.items():
            if isinstance(value, Exception):
                self._fail_later(place, index, value, work)
            else:
                found[index] = value
        return found

    def _by_type(
        self,
        objects: Objects,
        place: Place,
        count: int,
        names: Mapping[int, Any],
        sources: Mapping[int, Any],
        work: Work,
    ) -> list[Any]:
        groups: dict[GraphQLObjectType, list[int]] = {}
        for index, name in names.items():
            type_ = objects.runtime_types.get(name) if name.__class__ is str else None
            if type_ is None:
                try:
                    type_ = self._runtime_type(objects, place, index, name, sources[index])
                except Exception as error:
                    self._fail_later(place, index, error, work)
                    continue
            groups.setdefault(type_, []).append(index)
        completed: list[Any] = [None] * count
        for type_, indexes in groups.items():
            given = [sources[index] for index in indexes]
            made = self._typed(type_, objects, Part(place, indexes), len(indexes), given, None, work)
            for index, value in zip(indexes, made, strict=True):
                completed[index] = value
        return completed

    def _runtime_type(
        self, objects: Objects, place: Place, index: int, name: Any, source: Any
    ) -> GraphQLObjectType:
        any_self: Any = self
        details = place.column.field.details
        info = place.info(index)
        abstract: Any = objects.type
        type_ = Executor.ensure_valid_runtime_type(any_self, name, abstract, details, info, source)
        objects.runtime_types[name] = type_
        return type_

    def _typed(
        self,
        type_: Any,
        objects: Objects,
        place: Place,
        count: int,
        sources: list[Any],
        positions: Sequence[int] | None,
        work: Work,
    ) -> list[Any]:
        """Objects of one type."""
        try:
            selection = objects.selections.of(type_)
        except RecursionError as error:
            for index in range(len(sources)) if positions is None else positions:
                self._fail_later(place, index, error, work)
            return [None] * count
        accepts = selection.accepts
        if type_.is_type_of is not None and not (accepts and all(map(accepts, set(map(type, sources))))):
            sources, positions = self._ours(type_, objects, place, sources, positions, work)
        if not sources:
            return [None] * count
        frame = self._frame(selection, place, positions, sources, work)
        self._fields(frame, work)
        if positions is None:
            return frame.results
        completed: list[Any] = [None] * count
        for index, result in zip(positions, frame.results, strict=True):
            completed[index] = result
        return completed

    def _ours(
        self,
        type_: GraphQLObjectType,
        objects: Objects,
        place: Place,
        sources: list[Any],
        positions: Sequence[int] | None,
        work: Work,
    ) -> tuple[list[Any], Sequence[int] | None]:
        """The objects that are of a type as it says itself. What it says later is waited for."""
        is_type_of: Any = type_.is_type_of
        at = range(len(sources)) if positions is None else positions
        kept, later = [], {}
        for number, index in enumerate(at):
            try:
                answer = is_type_of(sources[number], place.info(index))
            except Exception as error:
                self._fail_later(place, index, error, work)
                continue
            if answer is True:
                kept.append(number)
            elif self._kinds[answer.__class__] in (Kind.AWAITABLE, Kind.FUTURE):
                later[index] = (answer, sources[number])
            elif answer:
                kept.append(number)
            else:
                self._fail_later(place, index, self._wrong_type(type_, place, sources[number]), work)
        if later:
            answers = {index: answer for index, (answer, _) in later.items()}
            of = {index: source for index, (_, source) in later.items()}
            self._wait(place, answers, partial(self._ours_later, type_, objects, place, of), work)
        if len(kept) == len(sources):
            return sources, positions
        return [sources[number] for number in kept], [at[number] for number in kept]

    def _ours_later(
        self,
        type_: GraphQLObjectType,
        objects: Objects,
        place: Place,
        sources: Mapping[int, Any],
        answers: Mapping[int, Any],
        work: Work,
    ) -> None:
        kept = []
        for index, answer in self._without_errors(place, answers, work).items():
            if answer:
                kept.append(index)
            else:
                self._fail_later(place, index, self._wrong_type(type_, place, sources[index]), work)
        if kept:
            given = [sources[index] for index in kept]
            frame = self._frame(objects.selections.of(type_), place, kept, given, work)
            for index, result in zip(kept, frame.results, strict=True):
                place.put(index, result)
            self._fields(frame, work)

    def _wrong_type(self, type_: GraphQLObjectType, place: Place, source: Any) -> GraphQLError:
        return invalid_return_type_error(type_, source, place.column.field.details)

    def _sift(
        self, shape: Shape, place: Place, values: list[Any], work: Work
    ) -> tuple[list[Any], Sequence[int] | None]:
        """The values that can be completed now, and where they stand; None where it is all of them."""
        kinds = {self._kinds[class_] for class_ in set(map(type, values))}
        if kinds == _PLAIN:
            return values, None
        if Kind.FUTURE in kinds:
            # Those that are done already are not waited for.
            values = list(map(_now, values))
            self._is_async = True
        kept: list[Any] = []
        positions: list[int] = []
        later: dict[int, Awaitable[Any]] = {}
        for index, value in enumerate(values):
            kind = self._kinds[value.__class__]
            if kind is Kind.PLAIN:
                kept.append(value)
                positions.append(index)
            elif kind is Kind.NULL:
                if shape.is_required:
                    self._fail_later(place, index, _null(place), work)
            elif kind is Kind.ERROR:
                self._fail_later(place, index, value, work)
            else:
                later[index] = value
        if later:
            self._wait(place, later, partial(self._go_on, shape, place), work)
        return kept, None if len(kept) == len(values) else positions

    # Waiting.

    def _wait(
        self,
        place: Place,
        awaitables: Mapping[int, Awaitable[Any]],
        go_on: GoOn,
        work: Work,
        many: Many | None = None,
    ) -> None:
        wait = Wait(self, place, awaitables, go_on, many)
        work.waits.append(wait)
        if self._nulls:
            wait.check()

    def is_lost(self, place: Place, index: int) -> bool:
        """Whether a value is part of what became null."""
        if not self._nulls:
            return False
        path = tuple(place.path(index).as_list())
        return any(path[:length] in self._nulls for length in range(len(path) + 1))

    def _is_awaited(self, value: Any) -> bool:
        return self._kinds[value.__class__] in _AWAITED

    # Errors.

    def _fail_later(self, place: Place, index: int, error: Exception, work: Work) -> None:
        work.todo.append(partial(self._fail, place, index, error))

    def _fail(self, place: Place, index: int, error: Exception, after: Order = ()) -> None:
        """Remember an error of a value, and set null where its type allows it."""
        path = place.path(index).as_list()
        located = located_error(error, place.column.field.nodes, path)
        order = (*place.order(index), *after)
        at: Place | None = place
        while at is not None and at.is_required:
            above = at.above(index)
            at, index = above or (None, 0)
        if at is None:
            self._null = order if self._null is None else min(order, self._null)
            null: tuple[str | int, ...] = ()
        else:
            at.put(index, None)
            null = tuple(at.path(index).as_list())
        self._errors.append((self._moment, order, located, null))
        if len(null) < len(path):
            self._nulls.add(null)
            for wait in self.waits:
                wait.check()

    def resumed(self) -> None:
        """What is found in one turn of the event loop is found at once."""
        if self._is_moment_over:
            self._moment += 1
            self._is_moment_over = False
            get_running_loop().call_soon(self._end_moment)

    def _end_moment(self) -> None:
        self._is_moment_over = True

    def _track(self, values: Sequence[Any]) -> None:
        """Let what nobody waits for come to its end; see `GraphQLResolveInfoHelpers`."""
        waiting = list(filter(self._is_awaited, values))
        if waiting:
            in_background(waiting)


_PLAIN = {Kind.PLAIN}
_LAST = (maxsize,)
_AWAITED = (Kind.AWAITABLE, Kind.FUTURE)


def _gathered(values: Sequence[Awaitable[Any]]) -> Awaitable[list[Any]]:
    return gather_with_cancel(*values)


def _tried(function: Callable[[Any], Any], source: Any) -> Any:
    try:
        return function(source)
    except Exception as error:
        return error


def _now(value: Any) -> Any:
    """What a future has come to."""
    return come_to(value) if isinstance(value, Future) and value.done() and not value.cancelled() else value


def _null(place: Place) -> TypeError:
    field = place.column.field
    return TypeError(f"Cannot return null for non-nullable field {field.told[3]}.{field.name}.")
