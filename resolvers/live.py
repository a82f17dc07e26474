"""What happens, as it happens: rows of growing tables, read on and on from where a client stands."""

import asyncio
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select
from sqlmodel import col

from app.auth.viewer import Viewer
from app.db import models
from app.db.feed import Feed
from app.db.models.tables import table_of
from app.db.reader import Reader, Record
from app.errors import NotFound
from app.vocabulary import Scope
from resolvers import reading, webhooks
from resolvers.access import visible
from resolvers.context import Context, Live
from resolvers.entity import Entity
from resolvers.text import storable

EVENT = Entity("DomainEvent", models.Event)
CHANGE = Entity("DeliveryChange", models.DeliveryChange)

_RENEW_SECONDS = 10.0
"""How long a stream that has nothing to tell goes on before it is looked whether it still may."""

_BATCH = 50
"""Rows that are read, and answered, at a time: all that a client keeps in memory, however slow it is."""


@dataclass(frozen=True)
class Batch:
    """Rows of a type that follow each other, and who sees them."""

    type_name: str
    viewer: Viewer
    rows: Sequence[Record]


def events(
    context: Context, types: Sequence[str] | None, after: int | None, columns: Collection[str]
) -> AsyncGenerator[Batch]:
    """Events of some types, or of all. Raises `BadUserInput` for a type that cannot be stored."""
    condition: list[ColumnElement[bool]] = []
    if types is not None:
        condition.append(col(models.Event.type).in_([storable(type_, "types") for type_ in types]))
    return _follow(context, EVENT, condition, after, columns)


async def delivery_changes(
    context: Context, subscription: int | None, after: int | None, columns: Collection[str]
) -> AsyncGenerator[Batch]:
    """Attempts of a subscription, or of all, that were made or were over. Raises `NotFound`."""
    condition: list[ColumnElement[bool]] = []
    if subscription is not None:
        if await reading.row(context, webhooks.SUBSCRIPTION, subscription, {"id"}) is None:
            raise NotFound("There is no such subscription", field="subscription")
        of_it = select(col(models.DeliveryAttempt.id)).where(
            col(models.DeliveryAttempt.subscription_id) == subscription
        )
        condition.append(col(models.DeliveryChange.attempt_id).in_(of_it))
    await context.reader.close()
    async with aclosing(_follow(context, CHANGE, condition, after, columns)) as batches:
        async for batch in batches:
            yield batch


async def _follow(
    context: Context,
    entity: Entity,
    condition: Sequence[ColumnElement[bool]],
    after: int | None,
    columns: Collection[str],
) -> AsyncGenerator[Batch]:
    """Rows after an id, or from now on: each once, in order, and only while the viewer may see them."""
    live: Live = context.live  # type: ignore[assignment]
    feed, table = live.feeds.of(entity.model), table_of(entity.model)
    names = sorted({"id", *columns})
    position = end = await feed.now() if after is None else after
    while True:
        if position >= end:
            end = await _beyond(feed, position, live)
        async with live.feeds.turns:
            viewer = await live.renew()
            viewer.require(Scope.READ)
            statement = (
                select(*(table.c[name] for name in names))
                .where(
                    table.c.id > position,
                    table.c.id <= end,
                    visible(viewer, entity.model, table),
                    *condition,
                )
                .order_by(table.c.id)
                .limit(_BATCH)
            )
            reader = Reader(context.database)
            try:
                rows = await reader.rows(statement)
            finally:
                await reader.close()
        if rows:
            yield Batch(entity.name, viewer, rows)
        position = rows[-1].id if len(rows) == _BATCH else end


async def _beyond(feed: Feed, position: int, live: Live) -> int:
    """Wait until there is more. Raises `Unauthenticated` once the credentials are not valid any more."""
    while True:
        try:
            async with asyncio.timeout(_RENEW_SECONDS):
                return await feed.beyond(position)
        except TimeoutError:
            await live.renew()
