"""The types of Strawberry that are the same in both ways of writing: they have only columns."""

import datetime as dt
from uuid import UUID

import strawberry


@strawberry.type
class Course:
    """A course."""

    id: strawberry.ID
    uuid: UUID
    key: str
    title: str | None
    short_description: str | None
    level_type: str | None
    image_url: str | None
    image_width: int | None
    image_height: int | None
    marketing_slug: str | None
    created: dt.datetime
    modified: dt.datetime


@strawberry.type
class User:
    """A user."""

    username: str
    email: str


@strawberry.type
class Daily:
    """Enrollments at the end of a day."""

    date: dt.date
    count: int
    audit: int
    verified: int
    honor: int
