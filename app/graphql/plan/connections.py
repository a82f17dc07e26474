"""Pages of lists as text: items, cursors, where the page stands, and how many items there are."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from graphql import GraphQLField, GraphQLObjectType
from sqlalchemy import (
    CTE,
    ColumnElement,
    FromClause,
    Select,
    Text,
    case,
    cast,
    exists,
    literal,
    select,
)

from app.graphql.plan.selections import Details, Fields, Selections
from app.graphql.plan.texts import Columns, NotPlain, Part, Place, Texts, quoted
from resolvers.pages import PageStatement

WriteObject = Callable[[GraphQLObjectType, Fields, Place], list[Part]]


class PageTexts:
    """The texts of one connection: `statement` reads its page and one more row, `count` the whole list."""

    def __init__(
        self,
        selections: Selections,
        texts: Texts,
        write: WriteObject,
        page: PageStatement,
        statement: Select[Any],
        count: Select[Any],
        holders: Sequence[FromClause],
        *,
        is_later: bool,
    ) -> None:
        self._selections = selections
        self._texts = texts
        self._write = write
        self._page = page
        self._statement = statement
        self._count = count
        self._holders = holders
        self._is_later = is_later
        self._shared: CTE | None = None

    def parts(self, type_: GraphQLObjectType, fields: Fields) -> list[Part]:
        """The text of the connection."""
        names = [details[0].node.name.value for details in fields.values()]
        readers = [name for name in names if name not in ("__typename", "totalCount")]
        if readers in ([], ["nodes"], ["edges"]):
            return self._object(type_, fields, self._connection)
        # What several fields are made of is read once.
        self._shared = self._statement.cte(nesting=True)
        text = select(self._texts.joined(self._object(type_, fields, self._connection)))
        return [text.add_cte(self._shared, nest_here=True).scalar_subquery()]

    def _object(
        self,
        type_: GraphQLObjectType,
        fields: Fields,
        write: Callable[[str, GraphQLField, Details], list[Part]],
    ) -> list[Part]:
        members = []
        for name, details in fields.items():
            definition = self._selections.definition(type_, details)
            field = details[0].node.name.value
            members.append((name, write(field, definition, details) if definition else [f'"{type_.name}"']))
        return self._texts.object(members)

    def _connection(self, name: str, definition: GraphQLField, details: Details) -> list[Part]:
        match name:
            case "nodes":
                item, fields = self._selections.below(definition, details)
                return self._items(lambda place: self._write(item, fields, place))
            case "edges":
                edge, fields = self._selections.below(definition, details)
                return self._items(lambda place: self._edge(edge, fields, place))
            case "pageInfo" if self._shared is not None:
                info, fields = self._selections.below(definition, details)
                return self._object(info, fields, partial(self._info, self._shared))
            case "totalCount":
                return [cast(self._count.scalar_subquery(), Text)]
        raise NotPlain(f"connection.{name}")

    def _items(self, write: Callable[[Place], list[Part]]) -> list[Part]:
        def joined(columns: Columns, holders: Sequence[FromClause]) -> ColumnElement[str]:
            return self._texts.joined(write(Place(columns, holders)))

        if self._shared is None:
            statement = self._statement.limit(self._page.size)
            return ["[", self._texts.items(statement, self._holders, joined), "]"]
        return ["[", self._texts.items(self._of_page(self._shared), [self._shared], joined), "]"]

    def _of_page(self, rows: CTE) -> Select[Any]:
        return select(rows).order_by(*self._page.sorted(rows.c.__getitem__)).limit(self._page.size)

    def _edge(self, type_: GraphQLObjectType, fields: Fields, place: Place) -> list[Part]:
        def member(name: str, definition: GraphQLField, details: Details) -> list[Part]:
            if name == "cursor":
                return self._cursor(place.columns)
            return self._write(*self._selections.below(definition, details), place)

        return self._object(type_, fields, member)

    def _info(self, rows: CTE, name: str, *_: object) -> list[Part]:
        match name:
            case "hasNextPage":
                further = select(literal(True)).select_from(rows).limit(1).offset(self._page.size)
                return [case((exists(further), quoted("true")), else_=quoted("false"))]
            case "hasPreviousPage":
                return ["true" if self._is_later or self._page.request.offset else "false"]
            case "startCursor":
                return [self._end(self._of_page(rows), reverse=False)]
            case "endCursor":
                return [self._end(self._of_page(rows), reverse=True)]
        raise NotPlain(f"pageInfo.{name}")

    def _end(self, statement: Select[Any], *, reverse: bool) -> ColumnElement[str]:
        """The cursor of the first row; reversed, of the last one."""
        rows = statement.subquery()
        cursor = select(self._texts.joined(self._cursor(rows.c.__getitem__))).select_from(rows)
        order = self._page.sorted(rows.c.__getitem__, reverse=reverse)
        return self._texts.one(cursor.order_by(*order).limit(1), required=False)

    def _cursor(self, columns: Columns) -> list[Part]:
        seal, names = self._page.place
        return self._texts.cursor(seal, [columns(name) for name in names])
