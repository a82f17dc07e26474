"""From a selection to the statements that answer it."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    get_named_type,
    is_leaf_type,
)
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Date,
    FromClause,
    Select,
    bindparam,
    case,
    exists,
    func,
    literal,
    select,
)
from sqlalchemy.types import TypeEngine

from app.auth.viewer import Viewer
from app.graphql.plan.connections import PageTexts
from app.graphql.plan.selections import Details, Fields, Selections
from app.graphql.plan.texts import TEXTS, Columns, NotPlain, Part, Place
from app.vocabulary import Bucket
from resolvers.access import check_columns, has_readable_analytics, may_read_analytics
from resolvers.catalog import COURSE_RUN
from resolvers.context import Context, PageLimits
from resolvers.days import Days, Range
from resolvers.entity import Entity, Relation, Rows
from resolvers.filters import checked
from resolvers.pages import PageRequest, PageStatement, compared
from resolvers.reading import readable, related
from schema import plain
from schema.inputs import as_order, as_where

Values = Mapping[str, Any]
"""The variables of a request by name, coerced."""

Parameter = Callable[[Values, Context], Any]
"""Gives what is bound to a statement for a request."""


_ALIASES = 250
"""How many are remembered, each by its number in a statement."""


class Bound:
    """The value of a variable that is bound to the statement, whatever it is but null."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


def bound_arguments(definition: GraphQLField) -> Collection[str]:
    """The arguments of a field whose values are bound to the statement."""
    match plain.plain(definition):
        case plain.LookUp(by=by):
            return (by,)
        case plain.Series():
            return ("start", "end")
        case plain.Page():
            return ("after",)
    return ()


class Builder:
    """Builds the statements of an operation as they are for one kind of viewer.

    `viewer` and the variables of `selections` hold what decides the shape of the
    statements and nothing else: what they are run with is bound to `parameters`.
    """

    def __init__(self, selections: Selections, viewer: Viewer, limits: PageLimits, dialect: str) -> None:
        self.parameters: dict[str, Parameter] = {
            "viewer_id": lambda values, context: context.viewer.user_id,
            "viewer_name": lambda values, context: context.viewer.username,
        }
        self._selections = selections
        self._viewer = viewer
        self._limits = limits
        self._dialect = dialect
        self._texts = TEXTS[dialect]
        self._taken: Counter[FromClause] = Counter()

    def roots(self) -> dict[str, Select[Any] | str]:
        """By the name in the answer: a statement that gives the text, in one row or none; or the text.

        Raises `NotPlain`, and what resolvers raise for wrong arguments and missing scopes.
        """
        type_, fields = self._selections.roots()
        return {name: self._root(type_, details) for name, details in fields.items()}

    def _root(self, type_: GraphQLObjectType, details: Details) -> Select[Any] | str:
        definition = self._selections.definition(type_, details)
        if definition is None:
            return f'"{type_.name}"'
        match plain.plain(definition):
            case plain.LookUp(entity=entity, by=by):
                key = self._selections.arguments(definition, details)["key"]
                rows = self._rows(entity)
                found = self._row(entity, rows, definition, details)
                return found.where(rows.column(by) == self._bind(key, partial(checked, argument=by)))
            case plain.OwnAccount(entity=entity):
                if self._viewer.user_id is None:
                    return "null"
                rows = self._rows(entity)
                found = self._row(entity, rows, definition, details)
                return found.where(rows.table.c.id == self._viewer.user_id)
            case plain.Page(source=source):
                return select(self._texts.joined(self._page(source, definition, details, None)))
        raise NotPlain(f"{type_.name}.{details[0].node.name.value}")

    def _object(self, type_: GraphQLObjectType, fields: Fields, place: Place) -> list[Part]:
        return self._texts.object(
            (name, self._field(type_, details, place)) for name, details in fields.items()
        )

    def _field(self, type_: GraphQLObjectType, details: Details, place: Place) -> Sequence[Part]:
        definition = self._selections.definition(type_, details)
        if definition is None:
            return [f'"{type_.name}"']
        required = isinstance(definition.type, GraphQLNonNull)
        match plain.plain(definition):
            case plain.Column(name=name) if is_leaf_type(get_named_type(definition.type)):
                column = place.columns(name)
                return self._texts.value(column, definition.type, complete=place.complete)
            case plain.GlobalId():
                return self._texts.id(type_.name, place.columns("id"))
            case plain.Lent(entity=entity, name=name):
                return [self._lent(entity, name, definition.type, place)]
            case plain.ToOne(entity=entity, column=column):
                rows = self._rows(entity)
                found = self._row(entity, rows, definition, details)
                found = found.where(rows.table.c.id == place.columns(column))
                return [self._texts.one(found.correlate(*place.holders), required)]
            case plain.ToMany(relation=relation, order=order):
                rows = self._rows(relation)
                below, fields = self._selections.below(definition, details)
                needed = self._selections.needs(below, fields)
                found = related(self._viewer, relation, rows, needed, order)
                found = found.where(rows.parent == place.columns("id")).correlate(*place.holders)
                return self._list(found, rows.holders, below, fields)
            case plain.Page(source=source):
                return self._page(source, definition, details, place)
            case plain.OwnAnalytics():
                return self._analytics(definition, details, place)
            case plain.Series(numbers=numbers):
                below, fields = self._selections.below(definition, details)
                of = partial(ColumnElement.__eq__, place.columns("id"))
                bounds = self._days(self._selections.arguments(definition, details))
                needed = self._selections.needs(below, fields)
                found = numbers.statement(of, bounds, needed, self._dialect)
                return self._list(found.correlate(*place.holders), (), below, fields, complete=True)
        raise NotPlain(f"{type_.name}.{details[0].node.name.value}")

    def _rows(self, source: Entity | Relation) -> Rows:
        if isinstance(source, Relation):
            return Rows(source.entity, source, alias=self._alias)
        return Rows(source, alias=self._alias)

    def _alias(self, table: FromClause) -> FromClause:
        self._taken[table] += 1
        return _alias(table, self._taken[table])

    def _row(self, entity: Entity, rows: Rows, definition: GraphQLField, details: Details) -> Select[Any]:
        """The text of the rows of an entity that the viewer may see."""
        type_, fields = self._selections.below(definition, details)
        check_columns(self._viewer, entity.model, self._selections.needs(type_, fields))
        text = self._texts.joined(self._object(type_, fields, Place(rows.column, rows.holders)))
        return select(text).select_from(rows.source).where(readable(self._viewer, rows))

    def _lent(self, entity: Entity, name: str, type_: GraphQLOutputType, place: Place) -> ColumnElement[str]:
        column, parent = entity.lent[name]
        rows = self._rows(parent)
        text = self._texts.joined(self._texts.value(rows.column(name), type_))
        found = select(text).where(rows.table.c.id == place.columns(column))
        return self._texts.one(found.correlate(*place.holders), isinstance(type_, GraphQLNonNull))

    def _list(
        self,
        statement: Select[Any],
        holders: Sequence[FromClause],
        type_: GraphQLObjectType,
        fields: Fields,
        *,
        complete: bool = False,
    ) -> list[Part]:
        """A list of objects: of a statement's rows, in their order."""

        def write(columns: Columns, holders: Sequence[FromClause]) -> ColumnElement[str]:
            return self._texts.joined(self._object(type_, fields, Place(columns, holders, complete)))

        return ["[", self._texts.items(statement, holders, write), "]"]

    def _page(
        self, source: Entity | Relation, definition: GraphQLField, details: Details, place: Place | None
    ) -> list[Part]:
        arguments = self._selections.arguments(definition, details)
        for name in ("last", "before"):
            if arguments.get(name) is not None:
                raise NotPlain(f"argument {name}")
        request = PageRequest(
            first=arguments.get("first"),
            offset=arguments.get("offset"),
            where=self._where(as_where(arguments.get("where")), "where"),
            order=as_order(arguments.get("order_by")),
        )
        type_, fields = self._selections.below(definition, details)
        items = self._selections.items(type_, fields)
        needed = {name for item in items for name in self._selections.needs(*item)}
        page = PageStatement(self._viewer, self._limits, source, request, needed)
        rows = self._rows(source)
        belongs = [] if place is None else [rows.parent == place.columns("id")]
        after = arguments.get("after")
        later = [] if after is None else [self._after(page, rows, after)]
        statement = page.statement(rows, *belongs, *later)
        count = select(func.count()).select_from(rows.source).where(*belongs, page.filter(rows))
        if place is not None:
            statement, count = statement.correlate(*place.holders), count.correlate(*place.holders)
        texts = PageTexts(
            self._selections,
            self._texts,
            self._object,
            page,
            statement,
            count,
            rows.holders,
            is_later=after is not None,
        )
        return texts.parts(type_, fields)

    def _after(self, page: PageStatement, rows: Rows, given: Any) -> ColumnElement[bool]:
        """The condition on rows that come after a cursor, which is not looked into before it is there."""
        if page.may_order_by_null or page.request.offset is not None:
            # What cursors hold would decide the shape, or there cannot be both.
            raise NotPlain("argument after")

        def bound(number: int, values: Values, context: Context) -> Any:
            found = page.place_of(_value(given, values), "after")[number]
            if found is None:
                raise ValueError("after")
            return found

        columns = [rows.column(name) for name in page.place[1]]
        return page.after(
            rows,
            [
                self._parameter(partial(bound, number), compared(column))
                for number, column in enumerate(columns)
            ],
        )

    def _analytics(self, definition: GraphQLField, details: Details, place: Place) -> list[Part]:
        if not may_read_analytics(self._viewer):
            return ["null"]
        text = self._object(*self._selections.below(definition, details), place)
        if not self._viewer.is_restricted:
            return text
        run = self._rows(COURSE_RUN).table
        is_readable = exists().where(
            run.c.id == place.columns("id"), has_readable_analytics(self._viewer, run)
        )
        is_readable = is_readable.correlate(*place.holders)
        return [case((is_readable, self._texts.joined(text)), else_=self._texts.absent(required=False))]

    def _days(self, arguments: Mapping[str, Any]) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
        """The bounds of a series' days, which also depend on what day it is."""
        start, end = arguments.get("start"), arguments.get("end")
        if start is None and end is None:
            raise NotPlain("the newest day")
        if arguments.get("every", Bucket.DAY) is not Bucket.DAY:
            raise NotPlain("weeks and months")
        includes_today: bool = arguments.get("include_today", False)

        def days(values: Values, context: Context) -> Days:
            range_ = Range(_value(start, values), _value(end, values), includes_today)
            return range_.days(context.today, context.limits.max_series_days)

        return (
            self._parameter(lambda values, context: days(values, context).start, Date()),
            self._parameter(lambda values, context: days(values, context).end, Date()),
        )

    def _where(self, where: Mapping[str, Any], argument: str) -> Mapping[str, Any]:
        """Demands with parameters where they compare with variables."""
        return {name: self._demanded(demanded, argument) for name, demanded in where.items()}

    def _demanded(self, demanded: Any, argument: str) -> Any:
        if isinstance(demanded, Mapping):
            return self._where(demanded, argument)
        is_bound = isinstance(demanded, Bound)
        return self._bind(demanded, partial(checked, argument=argument)) if is_bound else demanded

    def _bind(self, value: Any, check: Callable[[Any], Any]) -> ColumnElement[Any]:
        if isinstance(value, Bound):
            return self._parameter(lambda values, context: check(values[value.name]))
        return literal(check(value))

    def _parameter(self, parameter: Parameter, type_: TypeEngine[Any] | None = None) -> BindParameter[Any]:
        name = f"bound_{len(self.parameters)}"
        self.parameters[name] = parameter
        return bindparam(name, type_=type_)


@lru_cache(_ALIASES)
def _alias(table: FromClause, number: int) -> FromClause:
    """An alias that other statements have too: to copy a table's columns takes long."""
    return table.alias()


def _value(given: Any, values: Values) -> Any:
    return values[given.name] if isinstance(given, Bound) else given
