"""Browser sessions, course staff, the audit log, logout addresses of clients, and enrollments by age."""

import sqlalchemy as sa
from alembic import op

from app.db.types import BigInt, Json, text

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("id", BigInt, nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", text(150), nullable=False),
        sa.Column("action", text(50), nullable=False),
        sa.Column("subject", text(255), nullable=False),
        sa.Column("detail", Json, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    op.create_index(op.f("ix_audit_entry_actor"), "audit_entry", ["actor"], unique=False)
    op.create_table(
        "browser_session",
        sa.Column("id", BigInt, nullable=False),
        sa.Column("token_hash", text(64), nullable=False),
        sa.Column("user_id", BigInt, nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_browser_session_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_browser_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_browser_session_token_hash")),
    )
    op.create_index(op.f("ix_browser_session_user_id"), "browser_session", ["user_id"], unique=False)
    op.create_table(
        "course_staff",
        sa.Column("user_id", BigInt, nullable=False),
        sa.Column("run_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["course_run.id"], name=op.f("fk_course_staff_run_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_course_staff_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "run_id", name=op.f("pk_course_staff")),
    )
    op.create_index(op.f("ix_course_staff_run_id"), "course_staff", ["run_id"], unique=False)
    op.create_index(op.f("ix_enrollment_created_id"), "enrollment", ["created", "id"], unique=False)
    op.add_column("oauth_client", sa.Column("logout_uri", text(2000), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("oauth_client", "logout_uri")
    op.drop_index(op.f("ix_enrollment_created_id"), table_name="enrollment")
    op.drop_index(op.f("ix_course_staff_run_id"), table_name="course_staff")
    op.drop_table("course_staff")
    op.drop_index(op.f("ix_browser_session_user_id"), table_name="browser_session")
    op.drop_table("browser_session")
    op.drop_index(op.f("ix_audit_entry_actor"), table_name="audit_entry")
    op.drop_table("audit_entry")
