"""Global ids, fields and connections: the one way every type is built from rows.

The source of an object is a row that has the selected columns as attributes,
not an instance of the Strawberry class; the class only says what there is.
"""

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping, Sequence
from operator import attrgetter
from typing import Annotated, Any, Generic, NamedTuple, Self, TypeVar

import strawberry
from graphql import GraphQLResolveInfo
from strawberry import ID, Info

from app.errors import BadUserInput
from loaders.factory import Loader
from resolvers import reading
from resolvers.context import Context, PageLimits
from resolvers.entity import Entity, Relation
from resolvers.pages import Listing, Page, PageRequest
from schema import plain
from schema.inputs import as_order, as_where
from schema.selection import columns

T = TypeVar("T")
ContextInfo = Info[Context, Any]
Multiplier = Callable[[Mapping[str, Any], PageLimits], int]
"""How many objects a field may return at most, from its arguments: what its cost is multiplied by."""


def encode_id(type_name: str, key: int) -> str:
    """The global id of an object."""
    # Of letters, digits and a colon Base64 makes no character that addresses cannot hold.
    return binascii.b2a_base64(b"%s:%d" % (type_name.encode(), key), newline=False).rstrip(b"=").decode()


def decode_id(id_: str, argument: str = "id") -> tuple[str, int]:
    """Type and key of a global id. Raises `BadUserInput` for text that is none."""
    try:
        text = base64.b64decode(id_ + "=" * (-len(id_) % 4), altchars=b"-_", validate=True).decode()
        type_name, _, key = text.partition(":")
        if not (key.isascii() and key.isdigit() and len(key) < 19):
            raise ValueError
        return type_name, int(key)
    except (ValueError, binascii.Error) as error:
        raise BadUserInput(f"{argument}: not an id of this API: {id_!r:.60}", field=argument) from error


def key_of(id_: str, entity: Entity, argument: str = "id") -> int:
    """The key in the global id of an entity's object. Raises `BadUserInput` for any other text."""
    type_name, key = decode_id(id_, argument)
    if type_name != entity.name:
        raise BadUserInput(f"{argument}: not the id of an object of type {entity.name}", field=argument)
    return key


def _ids(info: GraphQLResolveInfo[Any]) -> Callable[[Sequence[Any]], list[str]]:
    name = info.parent_type.name
    return lambda roots: [encode_id(name, root.id) for root in roots]


@strawberry.interface(description="An object with an id that no other object of any type has.")
class Node:
    @strawberry.field(
        description="Global id.",
        metadata={"needs": ("id",), "many": _ids, "plain": plain.GlobalId()},
    )
    def id(root: Any, info: ContextInfo) -> ID:  # noqa: N805
        return ID(encode_id(info._raw_info.parent_type.name, root.id))

    @classmethod
    def is_type_of(cls, obj: Any, info: Any) -> bool:
        # The type of any other row is that of the field.
        return type(obj) is not NodeRow or obj.type_name == cls.__strawberry_definition__.name  # type: ignore[attr-defined]

    @classmethod
    def resolve_type(cls, obj: Any, info: Any, type_: Any) -> str:
        name: str = obj.type_name
        return name


class NodeRow:
    """A row of which only an interface or a union is known to the field that returns it."""

    __slots__ = ("_row", "type_name")

    def __init__(self, type_name: str, row: Any) -> None:
        self.type_name = type_name
        self._row = row

    def __getattr__(self, name: str) -> Any:
        return getattr(self._row, name)


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(
        description="Whether items follow. Paging backward: whether a `before` cursor was given."
    )
    has_previous_page: bool = strawberry.field(
        description="Whether items come before. Paging forward: whether an `after` cursor, or an `offset`"
        " greater than 0, was given."
    )
    start_cursor: str | None = strawberry.field(description="Cursor of the first item.")
    end_cursor: str | None = strawberry.field(description="Cursor of the last item.")


@strawberry.type(description="An item of a list, with its cursor.")
class Edge(Generic[T]):
    cursor: str = strawberry.field(description="Where the item stands in this order of the list.")
    node: T = strawberry.field(description="The item.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    edges: list[Edge[T]] = strawberry.field(description="The items with their cursors.")
    nodes: list[T] = strawberry.field(description="The items.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")

    @strawberry.field(description="How many items the whole list holds; counted only when asked for.")
    async def total_count(root: Page) -> int:  # noqa: N805
        return await root.total_count()


def field(description: str, **options: Any) -> Any:
    """A field that is the column of its own name."""
    return strawberry.field(description=description, **options)


def database_id() -> Any:
    """A field that is the number which the platform's own APIs name a row by."""

    def resolve(root: Any) -> Any:
        return root.id

    return strawberry.field(
        resolver=resolve,
        description="Native number.",
        metadata={
            "needs": ("id",),
            "many": lambda info: lambda roots: [root.id for root in roots],
            "plain": plain.Column("id"),
        },
    )


def _place(info: GraphQLResolveInfo[Any]) -> tuple[Any, ...]:
    """Names a field as it stands in the document, whatever object it is resolved on."""
    return (info.parent_type, *map(id, info.field_nodes))


class Prepared(NamedTuple):
    """What gives a field's value for an object, and what gives the values for many at once, if anything."""

    one: Callable[[Any], Any]
    many: Callable[[Sequence[Any]], Awaitable[list[Any]]] | None = None

    @classmethod
    def by(cls, loader: Loader[Any], column: str) -> Self:
        """By what a loader gives for a column of the object."""
        key = attrgetter(column)

        def one(root: Any) -> Any:
            return None if (value := key(root)) is None else loader.load(value)

        return cls(one, lambda roots: loader.all(map(key, roots)))


def prepared(info: ContextInfo, root: Any, prepare: Callable[[], Prepared]) -> Any:
    """What a field gives for an object, by what is prepared once for all objects."""
    raw, shared = info._raw_info, info.context.shared
    place = _place(raw)
    found = shared.get(place)
    if found is None:
        found = shared[place] = prepare()
    return found.one(root)


def many(
    info: GraphQLResolveInfo[Any], **arguments: Any
) -> Callable[[Sequence[Any]], Awaitable[list[Any]]] | None:
    """What was prepared for many objects of a field: who has it need not call the resolver again."""
    found: Prepared | None = info.context.shared.get(_place(info))
    return found.many if found else None


def to_one(entity: Entity, column: str, description: str) -> Any:
    """A field that is the row whose id a column holds; null where the viewer may not see it."""

    def resolve(root: Any, info: ContextInfo) -> Any:
        def prepare() -> Prepared:
            return Prepared.by(reading.row_loader(info.context, entity, columns(info)), column)

        return prepared(info, root, prepare)

    metadata = {"needs": (column,), "plain": plain.ToOne(entity, column)}
    return strawberry.field(resolver=resolve, description=description, metadata=metadata)


def lent(entity: Entity, name: str, description: str) -> Any:
    """A field that is a column of another row, for everybody who sees this one."""
    column, _ = entity.lent[name]

    def resolve(root: Any, info: ContextInfo) -> Any:
        def prepare() -> Prepared:
            return Prepared.by(reading.lent_loader(info.context, entity, name), column)

        return prepared(info, root, prepare)

    metadata = {"needs": (column,), "plain": plain.Lent(entity, name)}
    return strawberry.field(resolver=resolve, description=description, metadata=metadata)


def to_many(relation: Relation, description: str, *, order: str = "id") -> Any:
    """A field that is the whole of a short list."""

    def resolve(root: Any, info: ContextInfo) -> Any:
        def prepare() -> Prepared:
            return Prepared.by(reading.related_loader(info.context, relation, columns(info), order), "id")

        return prepared(info, root, prepare)

    return strawberry.field(
        resolver=resolve,
        description=description,
        metadata={
            "needs": ("id",),
            "multiplier": lambda arguments, limits: 10,
            "plain": plain.ToMany(relation, order),
        },
    )


def look_up(entity: Entity, by: str, description: str, type_: type = str) -> Any:
    """A root field that is the object with a native key; null where there is none to see."""

    def resolve(
        info: ContextInfo,
        key: Annotated[type_, strawberry.argument(name=by, description="The native key.")],  # type: ignore[valid-type]
    ) -> Any:
        return reading.row(info.context, entity, key, columns(info), by)

    return strawberry.field(
        resolver=resolve, description=description, metadata={"plain": plain.LookUp(entity, by)}
    )


First = Annotated[int | None, strawberry.argument(description="How many items, from the start.")]
After = Annotated[str | None, strawberry.argument(description="Only items after this cursor.")]
Last = Annotated[int | None, strawberry.argument(description="How many items, from the end.")]
Before = Annotated[str | None, strawberry.argument(description="Only items before this cursor.")]
Offset = Annotated[
    int | None,
    strawberry.argument(
        description="How many items to leave out at the start, for who pages by number;"
        " not together with a cursor or `last`. Cursors are faster, and miss nothing when the list changes."
    ),
]


def connection(
    source: Entity | Relation, where: Any, order: Any, description: str, *, by_number: bool = False
) -> Any:
    """A field that is a page of a list: of an entity's rows, or of those that hang on the object.

    With `by_number` the list has the argument `offset`.
    """
    relation = source if isinstance(source, Relation) else None
    where = Annotated[where | None, strawberry.argument(description="Only items like this.")]
    order = Annotated[
        list[order] | None,
        strawberry.argument(description="By place or id unless given."),
    ]

    def resolve_by_number(
        root: Any,
        info: ContextInfo,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        offset: Offset = None,
        where: where = None,
        order_by: order = None,
    ) -> Any:
        def prepare() -> Prepared:
            request = PageRequest(first, after, last, before, offset, as_where(where), as_order(order_by))
            needed = columns(info, "nodes") | columns(info, "edges", "node")
            found = Listing(info.context, source, request, needed)
            return pages_of_each(found) if relation else Prepared(lambda root: found.page())

        return prepared(info, root, prepare)

    def resolve(
        root: Any,
        info: ContextInfo,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        where: where = None,
        order_by: order = None,
    ) -> Any:
        return resolve_by_number(root, info, first, after, last, before, None, where, order_by)

    return strawberry.field(
        resolver=resolve_by_number if by_number else resolve,
        description=description,
        metadata={
            "needs": ("id",) if relation else (),
            "multiplier": page_size,
            "plain": plain.Page(source),
        },
    )


def pages_of_each(listing: Listing) -> Prepared:
    """Pages of lists that hang on the objects."""
    return Prepared(
        lambda root: listing.page_of(root.id), lambda roots: listing.pages_of([root.id for root in roots])
    )


def page_size(arguments: Mapping[str, Any], limits: PageLimits) -> int:
    """The multiplier of a field that is a page of a list."""
    asked = [arguments[name] for name in ("first", "last") if isinstance(arguments.get(name), int)]
    return max(asked, default=limits.page_size)


async def nodes(info: ContextInfo, entities: Mapping[str, Entity], ids: Sequence[str], argument: str) -> Any:
    """The objects with these global ids, in their order; null for what the viewer cannot see."""
    if len(ids) > info.context.limits.max_ids:
        maximum = info.context.limits.max_ids
        raise BadUserInput(f"{argument}: at most {maximum} ids", field=argument, maximum=maximum)
    wanted = [decode_id(id_, argument) for id_ in ids]
    for id_, (name, _) in zip(ids, wanted, strict=True):
        if name not in entities:
            raise BadUserInput(f"{argument}: not an id of this API: {id_!r:.60}", field=argument)
    return await node_rows(info, [(entities[name], key) for name, key in wanted])


async def node_rows(
    info: ContextInfo, wanted: Sequence[tuple[Entity, int]], *path: str
) -> list[NodeRow | None]:
    """The rows of these entities, for a path below the field that ends at an interface or a union.

    They are in the order of their ids; what the viewer cannot see is None. Each
    entity takes one statement.
    """
    context, entities = info.context, {entity for entity, _ in wanted}
    loaders = {
        entity: reading.row_loader(context, entity, columns(info, *path, of=entity.name))
        for entity in entities
    }
    rows = await asyncio.gather(*(loaders[entity].load(key) for entity, key in wanted))
    return [
        None if row is None else NodeRow(entity.name, row)
        for (entity, _), row in zip(wanted, rows, strict=True)
    ]
