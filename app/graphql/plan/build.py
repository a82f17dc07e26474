"""From a selection to the statements that answer it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from graphql import (
    GraphQLError,
    GraphQLField,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    OperationDefinitionNode,
    get_argument_values,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_object_type,
)
from graphql.execution.collect_fields import FieldDetails, collect_fields, collect_subfields
from graphql.execution.values import VariableValues
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Date,
    FromClause,
    Select,
    bindparam,
    case,
    exists,
    literal,
    select,
)
from sqlalchemy.types import TypeEngine
from strawberry import Schema
from strawberry.types.arguments import convert_arguments

from app.auth.viewer import Viewer
from app.graphql.plan.texts import TEXTS, Columns, NotPlain, Part
from app.vocabulary import Bucket
from resolvers.access import check_columns, has_readable_analytics, may_read_analytics
from resolvers.catalog import COURSE_RUN
from resolvers.context import Context, PageLimits
from resolvers.days import Days, Range
from resolvers.entity import Entity, Relation, Rows
from resolvers.filters import checked
from resolvers.pages import PageRequest, PageStatement
from resolvers.reading import readable, related
from schema import plain
from schema.inputs import as_order, as_where

Values = Mapping[str, Any]
"""The variables of a request by name, coerced."""

Parameter = Callable[[Values, Context], Any]
"""Gives what is bound to a statement for a request."""


class Bound:
    """The value of a variable that is bound to the statement, whatever it is."""

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
    return ()


@dataclass(frozen=True)
class _Place:
    """Where a row stands in a statement: its columns by name, and what holds them."""

    columns: Columns
    holders: Sequence[FromClause]


_Fields = Mapping[str, list[FieldDetails]]


class Builder:
    """Builds the statements of an operation as they are for one kind of viewer.

    `viewer` and `values` hold what decides the shape of the statements and
    nothing else: what they are run with is bound to `parameters`.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        operation: OperationDefinitionNode,
        fragments: Mapping[str, Any],
        viewer: Viewer,
        values: Values,
        limits: PageLimits,
        dialect: str,
    ) -> None:
        self.parameters: dict[str, Parameter] = {
            "viewer_id": lambda values, context: context.viewer.user_id,
            "viewer_name": lambda values, context: context.viewer.username,
        }
        self._schema = schema
        self._operation = operation
        self._fragments: Any = fragments
        self._viewer = viewer
        self._values = VariableValues({}, dict(values))
        self._limits = limits
        self._dialect = dialect
        self._texts = TEXTS[dialect]

    def roots(self) -> dict[str, Select[Any] | str]:
        """By the name in the answer: a statement that gives the text, in one row or none; or the text."""
        type_ = cast(GraphQLObjectType, self._schema.query_type)
        fields = collect_fields(
            self._schema, self._fragments, self._values, type_, self._operation
        ).grouped_field_set
        return {name: self._root(type_, details) for name, details in fields.items()}

    def _root(self, type_: GraphQLObjectType, details: list[FieldDetails]) -> Select[Any] | str:
        name = details[0].node.name.value
        if name == "__typename":
            return f'"{type_.name}"'
        definition = self._definition(type_, name)
        below = get_named_type(definition.type)
        match plain.plain(definition):
            case plain.LookUp(entity=entity, by=by) if is_object_type(below):
                arguments = self._arguments(definition, details)
                rows = Rows(entity, alias=True)
                key = self._bind(arguments["key"], partial(_checked_key, by))
                return self._row(entity, rows, below, details).where(rows.column(by) == key)
            case plain.Page(source=source):
                return select(self._texts.joined(self._page(source, definition, details, None)))
        raise NotPlain(f"{type_.name}.{name}")

    def _row(
        self, entity: Entity, rows: Rows, type_: GraphQLObjectType, details: list[FieldDetails]
    ) -> Select[Any]:
        """The text of the rows of an entity that the viewer may see."""
        fields = self._subfields(type_, details)
        check_columns(self._viewer, entity.model, self._needs(type_, fields))
        place = _Place(rows.column, rows.holders)
        text = self._texts.joined(self._object(type_, fields, place))
        return select(text).select_from(rows.source).where(readable(self._viewer, rows))

    def _object(self, type_: GraphQLObjectType, fields: _Fields, place: _Place) -> list[Part]:
        parts: list[Part] = []
        for name, details in fields.items():
            parts += [f'{"," if parts else "{"}"{name}":', *self._field(type_, details, place)]
        return [*parts, "}"] if parts else ["{}"]

    def _field(self, type_: GraphQLObjectType, details: list[FieldDetails], place: _Place) -> list[Part]:
        name = details[0].node.name.value
        if name == "__typename":
            return [f'"{type_.name}"']
        definition = self._definition(type_, name)
        required = isinstance(definition.type, GraphQLNonNull)
        below: Any = get_named_type(definition.type)
        match plain.plain(definition):
            case plain.Column(name=column) if is_leaf_type(get_nullable_type(definition.type)):
                return self._texts.value(place.columns(column), definition.type)
            case plain.GlobalId():
                return self._texts.id(type_.name, place.columns("id"))
            case plain.Lent(entity=entity, name=lent):
                return [self._lent(entity, lent, definition.type, place)]
            case plain.ToOne(entity=entity, column=column):
                rows = Rows(entity, alias=True)
                found = self._row(entity, rows, below, details).where(
                    rows.table.c.id == place.columns(column)
                )
                return [self._texts.one(found.correlate(*place.holders), required)]
            case plain.ToMany(relation=relation, order=order):
                rows = Rows(relation.entity, relation, alias=True)
                fields = self._subfields(below, details)
                found = related(self._viewer, relation, rows, self._needs(below, fields), order)
                return self._list(
                    found.where(rows.parent == place.columns("id")), rows.holders, below, fields, place
                )
            case plain.Page(source=source):
                return self._page(source, definition, details, place)
            case plain.OwnAnalytics():
                return self._analytics(below, details, place)
            case plain.Series(numbers=numbers):
                fields = self._subfields(below, details)
                of = partial(ColumnElement.__eq__, place.columns("id"))
                bounds = self._days(self._arguments(definition, details))
                found = numbers.statement(of, bounds, self._needs(below, fields), self._dialect)
                return self._list(found, (), below, fields, place)
        raise NotPlain(f"{type_.name}.{name}")

    def _lent(
        self, entity: Entity, name: str, type_: GraphQLOutputType, place: _Place
    ) -> ColumnElement[str]:
        column, parent = entity.lent[name]
        rows = Rows(parent, alias=True)
        text = self._texts.joined(self._texts.value(rows.column(name), type_))
        found = select(text).where(rows.table.c.id == place.columns(column))
        return self._texts.one(found.correlate(*place.holders), isinstance(type_, GraphQLNonNull))

    def _list(
        self,
        statement: Select[Any],
        holders: Sequence[FromClause],
        type_: GraphQLObjectType,
        fields: _Fields,
        place: _Place | None,
    ) -> list[Part]:
        """A list of objects: of a statement's rows, in their order."""
        if place is not None:
            statement = statement.correlate(*place.holders)

        def write(columns: Columns, holders: Sequence[FromClause]) -> ColumnElement[str]:
            return self._texts.joined(self._object(type_, fields, _Place(columns, holders)))

        return ["[", self._texts.items(statement, holders, write), "]"]

    def _page(
        self,
        source: Entity | Relation,
        definition: GraphQLField,
        details: list[FieldDetails],
        place: _Place | None,
    ) -> list[Part]:
        arguments = self._arguments(definition, details)
        for name in ("after", "last", "before"):
            if arguments.get(name) is not None:
                raise NotPlain(f"argument {name}")
        request = PageRequest(
            first=arguments.get("first"),
            offset=arguments.get("offset"),
            where=self._where(as_where(arguments.get("where")), "where"),
            order=as_order(arguments.get("order_by")),
        )
        type_: Any = get_named_type(definition.type)
        parts: list[Part] = []
        for name, below in self._subfields(type_, details).items():
            parts += [
                f'{"," if parts else "{"}"{name}":',
                *self._of_page(type_, source, request, below, place),
            ]
        return [*parts, "}"]

    def _of_page(
        self,
        type_: GraphQLObjectType,
        source: Entity | Relation,
        request: PageRequest,
        details: list[FieldDetails],
        place: _Place | None,
    ) -> list[Part]:
        name = details[0].node.name.value
        if name == "__typename":
            return [f'"{type_.name}"']
        if name != "nodes":
            raise NotPlain(f"connection.{name}")
        below: Any = get_named_type(self._definition(type_, name).type)
        fields = self._subfields(below, details)
        page = PageStatement(self._viewer, self._limits, source, request, self._needs(below, fields))
        rows = page.rows(alias=True)
        belongs = [] if place is None else [rows.parent == place.columns("id")]
        statement = page.statement(rows, *belongs).limit(page.size)
        return self._list(statement, rows.holders, below, fields, place)

    def _analytics(
        self, type_: GraphQLObjectType, details: list[FieldDetails], place: _Place
    ) -> list[Part]:
        if not may_read_analytics(self._viewer):
            return ["null"]
        text = self._object(type_, self._subfields(type_, details), place)
        if not self._viewer.is_restricted:
            return text
        run = Rows(COURSE_RUN, alias=True).table
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
        return {
            name: self._where(demanded, argument)
            if isinstance(demanded, Mapping)
            else self._bind(demanded, partial(checked, argument=argument))
            if isinstance(demanded, Bound)
            else demanded
            for name, demanded in where.items()
        }

    def _bind(self, value: Any, check: Callable[[Any], Any]) -> ColumnElement[Any]:
        if isinstance(value, Bound):
            return self._parameter(lambda values, context: check(values[value.name]))
        return literal(check(value))

    def _parameter(self, parameter: Parameter, type_: TypeEngine[Any] | None = None) -> BindParameter[Any]:
        name = f"bound_{len(self.parameters)}"
        self.parameters[name] = parameter
        return bindparam(name, type_=type_)

    def _subfields(self, type_: Any, details: list[FieldDetails]) -> _Fields:
        return collect_subfields(
            self._schema, self._fragments, self._values, self._operation, type_, details
        ).grouped_field_set

    def _definition(self, type_: GraphQLObjectType, name: str) -> GraphQLField:
        definition = type_.fields.get(name)
        if definition is None:
            raise NotPlain("introspection")
        return definition

    def _needs(self, type_: GraphQLObjectType, fields: _Fields) -> set[str]:
        needed: set[str] = set()
        for details in fields.values():
            name = details[0].node.name.value
            if name != "__typename":
                field = self._definition(type_, name).extensions["strawberry-definition"]
                needed.update(field.metadata.get("needs", (field.python_name,)))
        return needed

    def _arguments(self, definition: GraphQLField, details: list[FieldDetails]) -> dict[str, Any]:
        schema: Schema = self._schema.extensions["strawberry-definition"]
        try:
            given = get_argument_values(definition, details[0].node, self._values)
        except GraphQLError as error:
            raise NotPlain("arguments") from error
        arguments = definition.extensions["strawberry-definition"].arguments
        return convert_arguments(given, arguments, schema.schema_converter.scalar_registry, schema.config)


def _checked_key(by: str, key: Any) -> Any:
    return checked(key, by)


def _value(given: Any, values: Values) -> Any:
    return values[given.name] if isinstance(given, Bound) else given
