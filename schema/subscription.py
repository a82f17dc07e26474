"""The root of every subscription, and what it tells of."""

import datetime as dt
from collections.abc import AsyncGenerator
from typing import Annotated, Any

import strawberry
from strawberry import ID
from strawberry.scalars import JSON

from app.errors import BadUserInput
from resolvers import catalog, live, people, webhooks
from resolvers.entity import Entity
from schema.catalog import Course, CourseRun
from schema.people import User
from schema.relay import ContextInfo, Node, field, key_of, to_one
from schema.selection import columns
from schema.webhooks import DeliveryAttempt

_After = Annotated[
    ID | None,
    strawberry.argument(
        description="The id of the last one that was seen: those that came after it, and then new ones."
        " Without it, only new ones."
    ),
]


@strawberry.type(description="Something that happened. Ids grow in the order in which streams tell of them.")
class DomainEvent(Node):
    type: str = field("What it was, such as `user.enrolled`.")
    occurred_at: dt.datetime = field("When it happened.")
    user: User | None = to_one(
        people.USER, "user_id", "Whom it is about; null where it is nobody, or nobody to see."
    )
    run: CourseRun | None = to_one(
        catalog.COURSE_RUN, "run_id", "Which course run it is about; null where it is none, or none to see."
    )
    course: Course | None = to_one(catalog.COURSE, "course_id", "Which course it is about; null for none.")
    payload: JSON = field("What else is known of it, as it was then.")


@strawberry.type(description="That an attempt to deliver was made, or was over.")
class DeliveryChange(Node):
    attempt: DeliveryAttempt | None = to_one(
        webhooks.ATTEMPT, "attempt_id", "The attempt as it is now; null when it has just been removed."
    )


@strawberry.type(
    description="What can be followed as it happens, over WebSockets (`graphql-transport-ws`) or server-sent"
    " events. Rights are looked at again and again: what the viewer may not see any more is not told."
)
class Subscription:
    @strawberry.subscription(
        description="Events that the viewer may see: of himself, of the runs that he is staff of, and what is"
        " of no user; for staff all."
    )
    async def events(
        self,
        info: ContextInfo,
        types: Annotated[
            list[str] | None, strawberry.argument(description="Only events of these types.")
        ] = None,
        after: _After = None,
    ) -> AsyncGenerator[DomainEvent, None]:
        maximum = info.context.limits.max_ids
        if types is not None and len(types) > maximum:
            raise BadUserInput(f"types: at most {maximum} types", field="types", maximum=maximum)
        start = _start(info, live.EVENT, after)
        return live.events(info.context, types, start, columns(info))  # type: ignore[return-value]

    @strawberry.subscription(
        description="Attempts to deliver webhooks that the viewer may see, when they are made and when they"
        " are over."
    )
    async def delivery_attempts(
        self,
        info: ContextInfo,
        subscription: Annotated[
            ID | None, strawberry.argument(description="Only those of the subscription with this id.")
        ] = None,
        after: _After = None,
    ) -> AsyncGenerator[DeliveryChange, None]:
        key = None if subscription is None else key_of(subscription, webhooks.SUBSCRIPTION, "subscription")
        start = _start(info, live.CHANGE, after)
        return live.delivery_changes(info.context, key, start, columns(info))  # type: ignore[return-value]


def _start(info: ContextInfo, entity: Entity, after: Any) -> int | None:
    """Where to begin; a client that comes back says it in the way of its transport."""
    seen = info.context.live and info.context.live.after
    place = seen or after
    return None if place is None else key_of(place, entity, "Last-Event-ID" if seen else "after")
