"""Attempts of many subscriptions are found at a time, however many each of them has."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

PENDING = "status = 'pending'"
SCHEDULED = f"{PENDING} AND due_at IS NOT NULL"
LOG = "ix_delivery_attempt_subscription_id_created_id"
MADE = {
    "due": (["subscription_id", "due_at"], SCHEDULED),
    "leased": (["subscription_id", "leased_until"], f"{PENDING} AND leased_until IS NOT NULL"),
    "resolved": (["subscription_id", "id"], "status <> 'pending'"),
}


def upgrade() -> None:
    op.drop_index("ix_delivery_attempt_due", table_name="delivery_attempt")
    for name, (columns, condition) in MADE.items():
        _create(name, columns, condition)
    op.create_index(LOG, "delivery_attempt", ["subscription_id", "created", "id"], unique=False)
    op.drop_column("webhook_subscription", "queued_until")


def downgrade() -> None:
    op.add_column(
        "webhook_subscription", sa.Column("queued_until", sa.DateTime(timezone=True), nullable=True)
    )
    op.drop_index(LOG, table_name="delivery_attempt")
    for name in MADE:
        op.drop_index(f"ix_delivery_attempt_{name}", table_name="delivery_attempt")
    _create("due", ["due_at"], SCHEDULED)


def _create(name: str, columns: list[str], condition: str) -> None:
    where = {f"{dialect}_where": sa.text(condition) for dialect in ("sqlite", "postgresql")}
    op.create_index(f"ix_delivery_attempt_{name}", "delivery_attempt", columns, unique=False, **where)
