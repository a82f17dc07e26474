"""GraphQL documents that shape what webhooks send."""

import sqlalchemy as sa
from alembic import op

from app.db.types import text

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("webhook_subscription", sa.Column("document", text(), nullable=True))


def downgrade() -> None:
    op.drop_column("webhook_subscription", "document")
