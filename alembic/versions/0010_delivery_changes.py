"""What became of attempts to deliver, in order, for those who follow them."""

import sqlalchemy as sa
from alembic import op

from app.db.types import BigInt

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# The database itself notes each change, whoever writes it. What makes `delivery_attempt` anew, as batch
# operations do on SQLite, has to make these again.
NOTE = "INSERT INTO delivery_change (attempt_id) VALUES (NEW.id);"
TRIGGERS = {
    "delivery_attempt_made": ("AFTER INSERT ON delivery_attempt FOR EACH ROW", ""),
    "delivery_attempt_resolved": (
        "AFTER UPDATE OF status ON delivery_attempt FOR EACH ROW",
        "WHEN (OLD.status <> NEW.status)",
    ),
}


def upgrade() -> None:
    op.create_table(
        "delivery_change",
        sa.Column("id", BigInt, nullable=False),
        sa.Column("attempt_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(
            ["attempt_id"],
            ["delivery_attempt.id"],
            name=op.f("fk_delivery_change_attempt_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_change")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_delivery_change_attempt_id"), "delivery_change", ["attempt_id"], unique=False)
    if _on_postgresql():
        op.execute(
            "CREATE FUNCTION note_delivery_change() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN {NOTE} RETURN NULL; END $$"
        )
    for name, (when, condition) in TRIGGERS.items():
        act = "EXECUTE FUNCTION note_delivery_change()" if _on_postgresql() else f"BEGIN {NOTE} END"
        op.execute(f"CREATE TRIGGER {name} {when} {condition} {act}")


def downgrade() -> None:
    for name in TRIGGERS:
        op.execute(f"DROP TRIGGER {name}" + " ON delivery_attempt" * _on_postgresql())
    if _on_postgresql():
        op.execute("DROP FUNCTION note_delivery_change()")
    op.drop_index(op.f("ix_delivery_change_attempt_id"), table_name="delivery_change")
    op.drop_table("delivery_change")


def _on_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"
