"""Enrollments and what belongs to them."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import FromClause, Select, and_, select

from app.db import models
from app.db.models.tables import table_of
from resolvers.access import visible
from resolvers.catalog import COURSE_RUN
from resolvers.context import Context
from resolvers.entity import Entity, Relation
from resolvers.keys import is_one_of
from resolvers.people import USER

ENROLLMENT = Entity(
    "Enrollment",
    models.Enrollment,
    parents={"run": ("run_id", COURSE_RUN), "user": ("user_id", USER)},
    lent={"username": ("user_id", USER)},
)

_ATTRIBUTE = Entity("EnrollmentAttribute", models.EnrollmentAttribute)

ATTRIBUTES_OF_ENROLLMENT = Relation(_ATTRIBUTE, "enrollment_id", order=("namespace",))
ENROLLMENTS_OF_RUN = Relation(ENROLLMENT, "run_id")
ENROLLMENTS_OF_USER = Relation(ENROLLMENT, "user_id")


def progress(context: Context, enrollment: int, columns: Collection[str]) -> Any:
    """How far the learner of an enrollment got, as an awaitable; None when nothing is known."""
    names = sorted(columns)
    loader = context.loaders.row(
        ("progress", *names), lambda ids: _beside(context, models.Progress, names, ids)
    )
    return loader.load(enrollment)


def events(context: Context, enrollment: int, columns: Collection[str]) -> Any:
    """The events of an enrollment in the order they count in, as an awaitable of a list."""
    names = sorted(columns)
    order = ("occurred_at", "type", "mode")
    loader = context.loaders.rows(
        ("enrollment events", *names),
        lambda ids: _beside(context, models.EnrollmentEvent, names, ids, order),
    )
    return loader.load(enrollment)


def _beside(
    context: Context,
    model: type[models.Progress | models.EnrollmentEvent],
    columns: Sequence[str],
    enrollments: Sequence[int],
    order: Sequence[str] = (),
) -> Select[Any]:
    """Rows of a table that names the run and the user of an enrollment, not the enrollment."""
    enrollment: FromClause = table_of(models.Enrollment)
    rows: FromClause = table_of(model)
    same = and_(rows.c.run_id == enrollment.c.run_id, rows.c.user_id == enrollment.c.user_id)
    return (
        select(enrollment.c.id.label("parent_key"), *(rows.c[name] for name in columns))
        .select_from(enrollment.join(rows, same))
        .where(
            is_one_of(enrollment.c.id, enrollments, context.reader.dialect),
            visible(context.viewer, model, rows),
        )
        .order_by(*(rows.c[name] for name in order))
    )
