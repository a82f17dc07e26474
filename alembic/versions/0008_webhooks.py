"""Subscriptions of webhooks, their deliveries, and on PostgreSQL the queue of those."""

import sqlalchemy as sa
from alembic import op
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment
from pgqueuer.domain.settings import DBSettings

from app.db.types import BigInt, Json, text

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


PENDING = "status = 'pending'"
SCHEDULED = f"{PENDING} AND due_at IS NOT NULL"
QUEUE = QueryBuilderEnvironment(DBSettings(db_schema="webhook_queue"))


def _where(condition: str) -> dict[str, sa.TextClause]:
    return {f"{dialect}_where": sa.text(condition) for dialect in ("sqlite", "postgresql")}


def upgrade() -> None:
    op.create_table(
        "webhook_subscription",
        sa.Column("id", BigInt, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("owner_id", BigInt, nullable=False),
        sa.Column("event_type", text(50), nullable=False),
        sa.Column("target", text(2000), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("status", text(100), nullable=False),
        sa.Column("is_ordered", sa.Boolean(), nullable=False),
        sa.Column("requests_per_second", sa.Float(), nullable=True),
        sa.Column("signature", text(10), nullable=False),
        sa.Column("sealed_key", text(500), nullable=False),
        sa.Column("previous_signature", text(10), nullable=True),
        sa.Column("previous_sealed_key", text(500), nullable=True),
        sa.Column("previous_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("queued_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["user.id"], name=op.f("fk_webhook_subscription_owner_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_subscription")),
        sa.UniqueConstraint("uuid", name=op.f("uq_webhook_subscription_uuid")),
    )
    op.create_index(
        op.f("ix_webhook_subscription_event_type"), "webhook_subscription", ["event_type"], unique=False
    )
    op.create_index(
        op.f("ix_webhook_subscription_owner_id"), "webhook_subscription", ["owner_id"], unique=False
    )
    op.create_table(
        "delivery_attempt",
        sa.Column("id", BigInt, nullable=False),
        sa.Column("subscription_id", BigInt, nullable=False),
        sa.Column("event_id", BigInt, nullable=True),
        sa.Column("webhook_id", text(64), nullable=False),
        sa.Column("subject", text(50), nullable=False),
        sa.Column("try_number", sa.Integer(), nullable=False),
        sa.Column("status", text(10), nullable=False),
        sa.Column("message", text(), nullable=True),
        sa.Column("body", text(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("request_url", text(), nullable=True),
        sa.Column("request_headers", Json, nullable=True),
        sa.Column("responded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("elapsed", sa.Float(), nullable=True),
        sa.Column("response_status", sa.Integer(), nullable=True),
        sa.Column("response_reason", text(), nullable=True),
        sa.Column("response_headers", Json, nullable=True),
        sa.Column("response_content", text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["webhook_subscription.id"],
            name=op.f("fk_delivery_attempt_subscription_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_attempt")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_delivery_attempt_due", "delivery_attempt", ["due_at"], unique=False, **_where(SCHEDULED)
    )
    op.create_index(
        "ix_delivery_attempt_of_subject",
        "delivery_attempt",
        ["subscription_id", "subject", "event_id"],
        unique=False,
        **_where(PENDING),
    )
    op.create_index(
        "ix_delivery_attempt_startable",
        "delivery_attempt",
        ["subscription_id", "try_number", "id"],
        unique=False,
        **_where(SCHEDULED),
    )
    op.create_index(
        op.f("ix_delivery_attempt_subscription_id_id"),
        "delivery_attempt",
        ["subscription_id", "id"],
        unique=False,
    )
    _run(QUEUE.build_install_query())


def _run(script: str) -> None:
    """Run the statements that the library of the queue makes and drops its tables with, on PostgreSQL."""
    bind = op.get_bind()
    if bind.dialect.name == "postgresql":
        bind.connection.dbapi_connection.run_async(lambda connection: connection.execute(script))


def downgrade() -> None:
    _run("DROP SCHEMA webhook_queue CASCADE")
    op.drop_index(op.f("ix_delivery_attempt_subscription_id_id"), table_name="delivery_attempt")
    op.drop_index("ix_delivery_attempt_startable", table_name="delivery_attempt")
    op.drop_index("ix_delivery_attempt_of_subject", table_name="delivery_attempt")
    op.drop_index("ix_delivery_attempt_due", table_name="delivery_attempt")
    op.drop_table("delivery_attempt")
    op.drop_index(op.f("ix_webhook_subscription_owner_id"), table_name="webhook_subscription")
    op.drop_index(op.f("ix_webhook_subscription_event_type"), table_name="webhook_subscription")
    op.drop_table("webhook_subscription")
