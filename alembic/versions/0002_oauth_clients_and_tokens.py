"""OAuth clients and tokens."""

import sqlalchemy as sa
from alembic import op

from app.db.types import BigInt, Json, text

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "oauth_client",
        sa.Column("id", BigInt, nullable=False),
        sa.Column("client_id", text(100), nullable=False),
        sa.Column("secret_hash", text(64), nullable=False),
        sa.Column("type", text(12), nullable=False),
        sa.Column("name", text(255), nullable=False),
        sa.Column("url", text(2000), nullable=False),
        sa.Column("redirect_uri", text(2000), nullable=False),
        sa.Column("user_id", BigInt, nullable=True),
        sa.Column("grants", Json, nullable=False),
        sa.Column("scopes", Json, nullable=False),
        sa.Column("token_life", sa.Integer(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_oauth_client_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oauth_client")),
        sa.UniqueConstraint("client_id", name=op.f("uq_oauth_client_client_id")),
    )
    op.create_index(op.f("ix_oauth_client_user_id"), "oauth_client", ["user_id"], unique=False)
    op.create_table(
        "oauth_access_token",
        sa.Column("id", BigInt, nullable=False),
        sa.Column("token_hash", text(64), nullable=False),
        sa.Column("family", sa.Uuid(), nullable=False),
        sa.Column("user_id", BigInt, nullable=False),
        sa.Column("client_id", BigInt, nullable=False),
        sa.Column("scope", text(255), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"],
            ["oauth_client.id"],
            name=op.f("fk_oauth_access_token_client_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_oauth_access_token_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oauth_access_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_oauth_access_token_token_hash")),
    )
    op.create_index(
        op.f("ix_oauth_access_token_client_id"), "oauth_access_token", ["client_id"], unique=False
    )
    op.create_index(op.f("ix_oauth_access_token_family"), "oauth_access_token", ["family"], unique=False)
    op.create_index(op.f("ix_oauth_access_token_user_id"), "oauth_access_token", ["user_id"], unique=False)
    op.create_table(
        "oauth_refresh_token",
        sa.Column("id", BigInt, nullable=False),
        sa.Column("token_hash", text(64), nullable=False),
        sa.Column("family", sa.Uuid(), nullable=False),
        sa.Column("user_id", BigInt, nullable=False),
        sa.Column("client_id", BigInt, nullable=False),
        sa.Column("scope", text(255), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("access_token_id", BigInt, nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["access_token_id"],
            ["oauth_access_token.id"],
            name=op.f("fk_oauth_refresh_token_access_token_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["client_id"],
            ["oauth_client.id"],
            name=op.f("fk_oauth_refresh_token_client_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_oauth_refresh_token_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oauth_refresh_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_oauth_refresh_token_token_hash")),
    )
    op.create_index(
        op.f("ix_oauth_refresh_token_access_token_id"),
        "oauth_refresh_token",
        ["access_token_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_oauth_refresh_token_client_id"), "oauth_refresh_token", ["client_id"], unique=False
    )
    op.create_index(op.f("ix_oauth_refresh_token_family"), "oauth_refresh_token", ["family"], unique=False)
    op.create_index(op.f("ix_oauth_refresh_token_user_id"), "oauth_refresh_token", ["user_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_oauth_refresh_token_user_id"), table_name="oauth_refresh_token")
    op.drop_index(op.f("ix_oauth_refresh_token_family"), table_name="oauth_refresh_token")
    op.drop_index(op.f("ix_oauth_refresh_token_client_id"), table_name="oauth_refresh_token")
    op.drop_index(op.f("ix_oauth_refresh_token_access_token_id"), table_name="oauth_refresh_token")
    op.drop_table("oauth_refresh_token")
    op.drop_index(op.f("ix_oauth_access_token_user_id"), table_name="oauth_access_token")
    op.drop_index(op.f("ix_oauth_access_token_family"), table_name="oauth_access_token")
    op.drop_index(op.f("ix_oauth_access_token_client_id"), table_name="oauth_access_token")
    op.drop_table("oauth_access_token")
    op.drop_index(op.f("ix_oauth_client_user_id"), table_name="oauth_client")
    op.drop_table("oauth_client")
