"""Viewings by the event that ended them, and answers by their instant."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from alembic import op

from app.db.types import BigInt, text

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_SEGMENT = 5
_VIDEO_EVENT = sa.table(
    "video_event",
    *map(sa.column, ("module_id", "learner", "digest", "action", "position", "new_position", "duration")),
    sa.column("occurred_at", sa.DateTime(timezone=True)),
)
_VIEWING = sa.table(
    "viewing",
    *map(
        sa.column, ("module_id", "learner", "number", "digest", "first_segment", "last_segment", "duration")
    ),
    sa.column("occurred_at", sa.DateTime(timezone=True)),
)
_ORDER = [_VIDEO_EVENT.c[name] for name in ("learner", "occurred_at", "digest")]


def upgrade() -> None:
    op.drop_table("viewing")
    _create_viewing(
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("digest", BigInt, nullable=False),
    )
    op.create_index(op.f("ix_viewing_module_id_duration"), "viewing", ["module_id", "duration"], unique=False)
    _fill(("occurred_at", "digest"))
    op.drop_index(op.f("ix_learner_answer_module_id_part_id"), table_name="learner_answer")
    op.create_index(
        op.f("ix_learner_answer_module_id_part_id_answered_at_digest"),
        "learner_answer",
        ["module_id", "part_id", "answered_at", "digest"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_learner_answer_module_id_part_id_answered_at_digest"), table_name="learner_answer")
    op.create_index(
        op.f("ix_learner_answer_module_id_part_id"), "learner_answer", ["module_id", "part_id"], unique=False
    )
    op.drop_table("viewing")
    _create_viewing(sa.Column("number", sa.Integer(), nullable=False))
    _fill(("number",))


def _create_viewing(*key: sa.Column[Any]) -> None:
    op.create_table(
        "viewing",
        sa.Column("module_id", BigInt, nullable=False),
        sa.Column("learner", text(160), nullable=False),
        *key,
        sa.Column("first_segment", sa.Integer(), nullable=False),
        sa.Column("last_segment", sa.Integer(), nullable=False),
        sa.Column("duration", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(
            ["module_id"], ["module.id"], name=op.f("fk_viewing_module_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint(
            "module_id", "learner", *(column.name for column in key), name=op.f("pk_viewing")
        ),
        sqlite_with_rowid=False,
    )


def _fill(key: Sequence[str]) -> None:
    """Make viewings of the events that they come from, video by video."""
    connection = op.get_bind()
    for module_id in connection.scalars(sa.select(_VIDEO_EVENT.c.module_id).distinct()).all():
        events = sa.select(_VIDEO_EVENT).where(_VIDEO_EVENT.c.module_id == module_id).order_by(*_ORDER)
        rows = []
        for learner, uses in groupby(connection.execute(events), lambda event: event.learner):
            for number, watched in enumerate(_viewings(uses)):
                row = {"module_id": module_id, "learner": learner, "number": number, **watched}
                rows.append({name: row[name] for name in row if name in key or name in _ALWAYS})
        if rows:
            connection.execute(_VIEWING.insert(), rows)


_ALWAYS = ("module_id", "learner", "first_segment", "last_segment", "duration")


def _viewings(events: Iterator[Any]) -> Iterator[dict[str, Any]]:
    playing, sought = None, None
    for event in events:
        if event.action == "play":
            playing = event.position if sought is None else sought, event.duration
        elif playing is not None:
            (start, duration), playing = playing, None
            sought = event.new_position
            is_too_long = duration is not None and event.position > duration + 1
            if event.position - start >= 0.25 and not is_too_long:
                yield {
                    "occurred_at": event.occurred_at,
                    "digest": event.digest,
                    "first_segment": int(start) // _SEGMENT,
                    "last_segment": int(event.position) // _SEGMENT,
                    "duration": duration,
                }
