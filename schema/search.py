"""Search over courses, course runs and programs, with filters and facets."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import strawberry

from resolvers import enterprise, reading
from resolvers.demands import Demands, Price
from resolvers.fulltext import MAX_QUERY, SCORE_UNIT
from resolvers.languages import language_name
from resolvers.pages import Page, PageRequest
from resolvers.search import Search
from schema.content import Active, CatalogContent, content_rows
from schema.enums import Availability, ContentKind, Pacing
from schema.inputs import DateTimeFilter, as_order, as_where, ordering
from schema.relay import After, Before, ContextInfo, First, Last, NodeRow, PageInfo, field, page_size

_Order: Any = ordering("ContentSearch", "score", "title")


@strawberry.input(
    description="Bounds of the least price of a run's seats that are still offered. Runs without such a seat"
    " have no price."
)
class PriceRange:
    min: Decimal | None = field("The least price, itself included.", default=None)
    max: Decimal | None = field("The greatest price, itself included.", default=None)
    currency: str = field("ISO 4217 code; seats in other currencies do not count.", default="USD")


@strawberry.input(
    description="Which content a search finds; a list holds alternatives. What is said of a run has to be"
    " true of one and the same run that the viewer sees: the content itself, a run of the course, or a run of"
    " the program's courses that the program does not exclude."
)
class ContentSearchWhere:
    kinds: list[ContentKind] | None = field("The content is one of these.", default=None)
    levels: list[str] | None = field(
        "The level, as displayed, of the course, the run's course, or a course of the program.", default=None
    )
    subjects: list[str] | None = field(
        "The slug of a subject of the course, the run's course, or a course of the program.", default=None
    )
    organizations: list[str] | None = field(
        "The key of an organization that owns the course or the run's course, or authors the program.",
        default=None,
    )
    languages: list[str] | None = field("A run has this code of its language, exactly.", default=None)
    pacings: list[Pacing] | None = field("A run has this pacing.", default=None)
    availability: list[Availability] | None = field("A run stands so in time.", default=None)
    start: DateTimeFilter | None = field("Demands on the start of a run.", default=None)
    end: DateTimeFilter | None = field("Demands on the end of a run.", default=None)
    price: PriceRange | None = field("Bounds of the price of a run.", default=None)


@dataclass(frozen=True, slots=True)
class _Edge:
    cursor: str
    node: NodeRow
    score: float | None


@strawberry.type(description="Something that was found, with its cursor.")
class ContentSearchEdge:
    cursor: str = strawberry.field(description="Where it stands in the list.")
    node: CatalogContent = strawberry.field(description="What was found.")
    score: float | None = strawberry.field(
        description="How well it matches the query; comparable within one answer only, null where no word is"
        " required."
    )


@strawberry.type(description="A value that results have.")
class FacetValue:
    value: str = field("The value, as the filter of the facet's name takes it.")
    label: str = field("What to call it.")
    count: int = field("How many results have it.")


def _facet(name: str, description: str, shown: Callable[[Any], FacetValue] | None = None) -> Any:
    async def resolve(root: Any, info: ContextInfo, first: First = None) -> list[FacetValue]:
        rows = await root.facet(name, PageRequest(first).size(info.context.limits))
        found: list[FacetValue] = [shown(row) for row in rows] if shown else rows
        return found

    return strawberry.field(resolver=resolve, description=description, metadata={"multiplier": page_size})


def _member(kind: type[StrEnum]) -> Callable[[Any], FacetValue]:
    def shown(row: Any) -> FacetValue:
        name = kind(row.value).name
        return FacetValue(value=name, label=name.replace("_", " ").capitalize(), count=row.count)

    return shown


def _language(row: Any) -> FacetValue:
    return FacetValue(value=row.value, label=language_name(row.value), count=row.count)


@strawberry.type(
    description="Values of all results, the commonest first. The values of a facet are counted under all"
    " filters but the one of its name: each count is what that filter would find with that value alone."
)
class ContentFacets:
    kinds: list[FacetValue] = _facet("kinds", "What results are.", _member(ContentKind))
    levels: list[FacetValue] = _facet("levels", "Levels.")
    subjects: list[FacetValue] = _facet("subjects", "Subjects.")
    organizations: list[FacetValue] = _facet("organizations", "Organizations that own or author results.")
    languages: list[FacetValue] = _facet("languages", "Codes and names of languages of runs.", _language)
    pacings: list[FacetValue] = _facet("pacings", "Pacings of runs.", _member(Pacing))


@strawberry.type(description="A page of what a search finds.")
class ContentSearchConnection:
    page_info: PageInfo = strawberry.field(description="Where the page stands.")

    @strawberry.field(description="What was found, with cursors and scores.")
    async def edges(root: Page, info: ContextInfo) -> list[ContentSearchEdge]:  # noqa: N805
        found: Any = [
            _Edge(edge.cursor, node, None if edge.node.score is None else edge.node.score / SCORE_UNIT)
            for edge, node in zip(root.edges, await content_rows(root, info, "node"), strict=True)
            if node is not None
        ]
        return found  # type: ignore[no-any-return]

    @strawberry.field(description="What was found.")
    async def nodes(root: Page, info: ContextInfo) -> list[CatalogContent]:  # noqa: N805
        found: Any = [node for node in await content_rows(root, info) if node is not None]
        return found  # type: ignore[no-any-return]

    @strawberry.field(description="How many results there are; counted only when asked for.")
    async def total_count(root: Page) -> int:  # noqa: N805
        return await root.total_count()

    @strawberry.field(
        description="Values of all results; counted only when asked for.", metadata={"of_page": True}
    )
    def facets(root: Any) -> ContentFacets:  # noqa: N805
        found: ContentFacets = root.listing
        return found


def search_content() -> Any:
    """The field that searches."""

    async def resolve(
        info: ContextInfo,
        query: Annotated[
            str | None,
            strawberry.argument(
                description="Words that all have to be there, the last one also as the beginning of a word;"
                ' `"a phrase"` as it stands; `-word` not at all. Case and accents do not matter. Letters and'
                " digits make words, and all else separates them: parts of `self-paced` have to follow one"
                f" another. Nothing to look for leaves the filters. At most {MAX_QUERY} characters."
            ),
        ] = None,
        catalog: Annotated[
            UUID | None,
            strawberry.argument(
                description="Only what this enterprise catalog contains: what it lists, runs of its courses,"
                " and courses of its runs. Null is answered where the viewer may not see the catalog."
            ),
        ] = None,
        where: Annotated[
            ContentSearchWhere | None, strawberry.argument(description="Only content like this.")
        ] = None,
        active_only: Active = False,
        order_by: Annotated[
            list[_Order] | None,
            strawberry.argument(
                description="By score, greatest first, unless given; without words by title."
            ),
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> ContentSearchConnection | None:
        context = info.context
        row = None
        if catalog is not None:
            row = await reading.row(context, enterprise.CATALOG, catalog, ("id",), "uuid")
            if row is None:
                return None
        demands = _demands(where, row and row.id, active_only=active_only)
        request = PageRequest(first, after, last, before, order=as_order(order_by))
        found: Any = await Search(context, query or "", demands, request).page()
        return found  # type: ignore[no-any-return]

    return strawberry.field(
        resolver=resolve,
        description="Courses, course runs and programs that the viewer may see, by words and filters.",
        metadata={"multiplier": page_size},
    )


def _demands(where: ContentSearchWhere | None, catalog: int | None, *, active_only: bool) -> Demands:
    if where is None:
        return Demands(catalog, active_only)
    lists = {name: getattr(where, name) for name in (*ContentFacets.__annotations__, "availability")}
    instants = as_where(where)
    bounds: dict[str, Any] = {name: instants.get(name, {}) for name in ("start", "end")}
    price = None if where.price is None else Price(where.price.currency, where.price.min, where.price.max)
    return Demands(catalog, active_only, **lists, **bounds, price=price)
