"""Lists of what is found by a few letters."""

from typing import Annotated, Any

import strawberry

from resolvers.pages import Listing, PageRequest, Term
from resolvers.people import SHORTEST_TERM, USER, begins
from resolvers.run_search import LISTED_RUN, holds
from schema.catalog import CourseRun
from schema.filters import ListedRunOrder
from schema.inputs import as_order
from schema.people import User
from schema.relay import After, Connection, ContextInfo, First, Offset, Prepared, page_size, prepared
from schema.selection import columns


def users_called() -> Any:
    """The field that finds users."""

    def resolve(
        root: Any,
        info: ContextInfo,
        term: Annotated[
            str,
            strawberry.argument(
                description="What a username, a full name or a word of it begins with; ASCII letters match in"
                f" both cases. Fewer than {SHORTEST_TERM} characters find nobody."
            ),
        ],
        first: First = None,
        after: After = None,
    ) -> Connection[User]:
        def prepare() -> Prepared:
            request = PageRequest(first, after, order=(Term("username"),))
            needed = columns(info, "nodes") | columns(info, "edges", "node")
            found = Listing(info.context, USER, request, needed, begins(term))
            return Prepared(lambda root: found.page())

        found: Any = prepared(info, root, prepare)
        return found  # type: ignore[no-any-return]

    return strawberry.field(
        resolver=resolve,
        description="Users that the viewer may see, by the beginning of a name; in the order of usernames.",
        metadata={"multiplier": page_size},
    )


def course_runs_with() -> Any:
    """The field that finds course runs."""

    def resolve(
        root: Any,
        info: ContextInfo,
        terms: Annotated[
            list[str],
            strawberry.argument(
                description="Texts that title, short description or number of the course hold, or a subject"
                " of it; ASCII letters match in both cases. Without any, all runs."
            ),
        ],
        all_of: Annotated[bool, strawberry.argument(description="All of them, not one.")] = False,
        first: First = None,
        after: After = None,
        offset: Offset = None,
        order_by: Annotated[
            list[ListedRunOrder] | None, strawberry.argument(description="By id unless given.")
        ] = None,
    ) -> Connection[CourseRun]:
        def prepare() -> Prepared:
            request = PageRequest(first, after, offset=offset, order=as_order(order_by))
            needed = columns(info, "nodes") | columns(info, "edges", "node")
            found = Listing(info.context, LISTED_RUN, request, needed, holds(terms, all_of=all_of))
            return Prepared(lambda root: found.page())

        found: Any = prepared(info, root, prepare)
        return found  # type: ignore[no-any-return]

    return strawberry.field(
        resolver=resolve,
        description="Course runs that the viewer may see, by parts of their texts.",
        metadata={"multiplier": page_size},
    )
