"""What tracking events say of learners, ids of users at the learning platform, restrictions of API keys."""

import sqlalchemy as sa
from alembic import op

from app.db.types import BigInt, text

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "learner_address",
        sa.Column("learner", text(160), nullable=False),
        sa.Column("address", text(45), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("digest", BigInt, nullable=False),
        sa.Column("country", text(2), nullable=True),
        sa.PrimaryKeyConstraint("learner", name=op.f("pk_learner_address")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "tracking_log",
        sa.Column("key", text(64), nullable=False),
        sa.Column("name", text(), nullable=False),
        sa.Column("position", BigInt, nullable=False),
        sa.Column("checksum", text(64), nullable=False),
        sa.Column("accepted", BigInt, nullable=False),
        sa.Column("ignored", BigInt, nullable=False),
        sa.Column("malformed", BigInt, nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_tracking_log")),
    )
    op.create_table(
        "api_key_course",
        sa.Column("user_id", BigInt, nullable=False),
        sa.Column("course_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(
            ["course_id"], ["course.id"], name=op.f("fk_api_key_course_course_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["api_key.user_id"], name=op.f("fk_api_key_course_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "course_id", name=op.f("pk_api_key_course")),
    )
    op.create_index(op.f("ix_api_key_course_course_id"), "api_key_course", ["course_id"], unique=False)
    op.create_table(
        "api_key_organization",
        sa.Column("user_id", BigInt, nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_api_key_organization_organization_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["api_key.user_id"], name=op.f("fk_api_key_organization_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "organization_id", name=op.f("pk_api_key_organization")),
    )
    op.create_index(
        op.f("ix_api_key_organization_organization_id"),
        "api_key_organization",
        ["organization_id"],
        unique=False,
    )
    op.create_table(
        "learner_week",
        sa.Column("run_id", BigInt, nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("learner", text(160), nullable=False),
        sa.Column("activities", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["course_run.id"], name=op.f("fk_learner_week_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "week", "learner", name=op.f("pk_learner_week")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "learner_answer",
        sa.Column("module_id", BigInt, nullable=False),
        sa.Column("learner", text(160), nullable=False),
        sa.Column("is_last", sa.Boolean(), nullable=False),
        sa.Column("part_id", text(255), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("digest", BigInt, nullable=False),
        sa.Column("value_id", text(), nullable=True),
        sa.Column("answer_value", text(), nullable=True),
        sa.Column("variant", BigInt, nullable=True),
        sa.Column("correct", sa.Boolean(), nullable=True),
        sa.Column("question_text", text(), nullable=True),
        sa.Column("problem_display_name", text(), nullable=True),
        sa.Column("response_type", text(255), nullable=True),
        sa.ForeignKeyConstraint(
            ["module_id"], ["module.id"], name=op.f("fk_learner_answer_module_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("module_id", "learner", "is_last", "part_id", name=op.f("pk_learner_answer")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_learner_answer_module_id_part_id"), "learner_answer", ["module_id", "part_id"], unique=False
    )
    op.create_table(
        "learner_problem",
        sa.Column("module_id", BigInt, nullable=False),
        sa.Column("learner", text(160), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_digest", BigInt, nullable=True),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_digest", BigInt, nullable=True),
        sa.Column("graded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("graded_digest", BigInt, nullable=True),
        sa.Column("grade", sa.Float(), nullable=True),
        sa.Column("max_grade", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(
            ["module_id"], ["module.id"], name=op.f("fk_learner_problem_module_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("module_id", "learner", name=op.f("pk_learner_problem")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "subsection_visit",
        sa.Column("module_id", BigInt, nullable=False),
        sa.Column("learner", text(160), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("digest", BigInt, nullable=False),
        sa.ForeignKeyConstraint(
            ["module_id"], ["module.id"], name=op.f("fk_subsection_visit_module_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint(
            "module_id", "learner", "occurred_at", "digest", name=op.f("pk_subsection_visit")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "video_event",
        sa.Column("module_id", BigInt, nullable=False),
        sa.Column("learner", text(160), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("digest", BigInt, nullable=False),
        sa.Column("action", text(10), nullable=False),
        sa.Column("position", sa.Float(), nullable=False),
        sa.Column("new_position", sa.Float(), nullable=True),
        sa.Column("duration", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(
            ["module_id"], ["module.id"], name=op.f("fk_video_event_module_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("module_id", "learner", "occurred_at", "digest", name=op.f("pk_video_event")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "viewing",
        sa.Column("module_id", BigInt, nullable=False),
        sa.Column("learner", text(160), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("first_segment", sa.Integer(), nullable=False),
        sa.Column("last_segment", sa.Integer(), nullable=False),
        sa.Column("duration", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(
            ["module_id"], ["module.id"], name=op.f("fk_viewing_module_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("module_id", "learner", "number", name=op.f("pk_viewing")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("answer_count") as answer_count:
        answer_count.drop_column("consolidated_variant")
        answer_count.alter_column("value_id", type_=text())
        answer_count.alter_column("variant", type_=BigInt)
    op.add_column("user", sa.Column("lms_user_id", BigInt, nullable=True))
    op.create_index(op.f("ix_user_lms_user_id"), "user", ["lms_user_id"], unique=True)
    op.add_column("video_views", sa.Column("final_segment", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("video_views", "final_segment")
    op.drop_index(op.f("ix_user_lms_user_id"), table_name="user")
    op.drop_column("user", "lms_user_id")
    with op.batch_alter_table("answer_count") as answer_count:
        answer_count.alter_column("variant", type_=sa.Integer())
        answer_count.alter_column("value_id", type_=text(255))
        answer_count.add_column(
            sa.Column("consolidated_variant", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    op.drop_table("viewing")
    op.drop_table("video_event")
    op.drop_table("subsection_visit")
    op.drop_table("learner_problem")
    op.drop_index(op.f("ix_learner_answer_module_id_part_id"), table_name="learner_answer")
    op.drop_table("learner_answer")
    op.drop_table("learner_week")
    op.drop_index(op.f("ix_api_key_organization_organization_id"), table_name="api_key_organization")
    op.drop_table("api_key_organization")
    op.drop_index(op.f("ix_api_key_course_course_id"), table_name="api_key_course")
    op.drop_table("api_key_course")
    op.drop_table("tracking_log")
    op.drop_table("learner_address")
