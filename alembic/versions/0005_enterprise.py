"""Orders, enterprise enrollments, keys and removals of catalog items."""

import sqlalchemy as sa
from alembic import op

from app.db.types import BigInt, text

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "offer",
        sa.Column("id", BigInt, nullable=False),
        sa.Column("kind", text(20), nullable=False),
        sa.Column("value", sa.Numeric(precision=10, scale=2), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer")),
    )
    op.create_table(
        "voucher",
        sa.Column("id", BigInt, nullable=False),
        sa.Column("code", text(128), nullable=False),
        sa.Column("name", text(128), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voucher")),
        sa.UniqueConstraint("code", name=op.f("uq_voucher_code")),
    )
    op.create_table(
        "order",
        sa.Column("id", BigInt, nullable=False),
        sa.Column("number", text(128), nullable=False),
        sa.Column("user_id", BigInt, nullable=False),
        sa.Column("voucher_id", BigInt, nullable=True),
        sa.Column("offer_id", BigInt, nullable=True),
        sa.Column("total", sa.Numeric(precision=10, scale=2), nullable=False),
        sa.Column("currency", text(6), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["offer_id"], ["offer.id"], name=op.f("fk_order_offer_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_order_user_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["voucher_id"], ["voucher.id"], name=op.f("fk_order_voucher_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order")),
        sa.UniqueConstraint("number", name=op.f("uq_order_number")),
    )
    op.create_index(op.f("ix_order_offer_id"), "order", ["offer_id"], unique=False)
    op.create_index(op.f("ix_order_user_id"), "order", ["user_id"], unique=False)
    op.create_index(op.f("ix_order_voucher_id"), "order", ["voucher_id"], unique=False)
    op.create_table(
        "catalog_removal",
        sa.Column("id", BigInt, nullable=False),
        sa.Column("catalog_id", BigInt, nullable=False),
        sa.Column("kind", text(20), nullable=False),
        sa.Column("key", text(255), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["catalog_id"],
            ["enterprise_catalog.id"],
            name=op.f("fk_catalog_removal_catalog_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalog_removal")),
        sa.UniqueConstraint("catalog_id", "key", name=op.f("uq_catalog_removal_catalog_id_key")),
    )
    op.create_index(
        op.f("ix_catalog_removal_catalog_id_removed_at"),
        "catalog_removal",
        ["catalog_id", "removed_at"],
        unique=False,
    )
    op.create_table(
        "order_line",
        sa.Column("id", BigInt, nullable=False),
        sa.Column("order_id", BigInt, nullable=False),
        sa.Column("run_id", BigInt, nullable=False),
        sa.Column("mode", text(100), nullable=False),
        sa.Column("price", sa.Numeric(precision=10, scale=2), nullable=False),
        sa.Column("refunded_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["order_id"], ["order.id"], name=op.f("fk_order_line_order_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["course_run.id"], name=op.f("fk_order_line_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_line")),
    )
    op.create_index(op.f("ix_order_line_order_id"), "order_line", ["order_id"], unique=False)
    op.create_index(op.f("ix_order_line_run_id_order_id"), "order_line", ["run_id", "order_id"], unique=False)
    op.create_table(
        "enterprise_enrollment",
        sa.Column("id", BigInt, nullable=False),
        sa.Column("learner_id", BigInt, nullable=False),
        sa.Column("enrollment_id", BigInt, nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["enrollment_id"],
            ["enrollment.id"],
            name=op.f("fk_enterprise_enrollment_enrollment_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["learner_id"],
            ["enterprise_learner.id"],
            name=op.f("fk_enterprise_enrollment_learner_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enterprise_enrollment")),
        sa.UniqueConstraint(
            "learner_id", "enrollment_id", name=op.f("uq_enterprise_enrollment_learner_id_enrollment_id")
        ),
    )
    op.create_index(
        op.f("ix_enterprise_enrollment_enrollment_id"),
        "enterprise_enrollment",
        ["enrollment_id"],
        unique=False,
    )
    op.add_column("catalog_item", sa.Column("key", text(255), nullable=True))
    _fill_keys()
    with op.batch_alter_table("catalog_item") as batch:
        batch.alter_column("key", existing_type=text(255), nullable=False)
    op.create_index(
        op.f("ix_catalog_item_catalog_id_added_at_key"),
        "catalog_item",
        ["catalog_id", "added_at", "key"],
        unique=False,
    )
    _index_content(partly=True)


def _index_content(*, partly: bool) -> None:
    for column in ("course_id", "run_id", "program_id"):
        where = sa.text(f"{column} IS NOT NULL") if partly else None
        for columns in ([column], ["catalog_id", column]):
            name = op.f("_".join(("ix_catalog_item", *columns)))
            op.drop_index(name, table_name="catalog_item")
            op.create_index(
                name,
                "catalog_item",
                columns,
                unique=len(columns) > 1,
                sqlite_where=where,
                postgresql_where=where,
            )


def _fill_keys() -> None:
    item = sa.table("catalog_item", *map(sa.column, ("id", "course_id", "run_id", "program_id", "key")))
    course, run = (sa.table(name, sa.column("id"), sa.column("key")) for name in ("course", "course_run"))
    program = sa.table("program", sa.column("id"), sa.column("uuid", sa.Uuid()))
    connection = op.get_bind()
    for content, column in ((course, item.c.course_id), (run, item.c.run_id)):
        key = sa.select(content.c.key).where(content.c.id == column).scalar_subquery()
        connection.execute(item.update().where(column.is_not(None)).values(key=key))
    # The two databases write UUIDs differently.
    for id_, uuid in connection.execute(sa.select(program.c.id, program.c.uuid)).all():
        connection.execute(item.update().where(item.c.program_id == id_).values(key=str(uuid)))


def downgrade() -> None:
    _index_content(partly=False)
    op.drop_index(op.f("ix_catalog_item_catalog_id_added_at_key"), table_name="catalog_item")
    with op.batch_alter_table("catalog_item") as batch:
        batch.drop_column("key")
    op.drop_index(op.f("ix_enterprise_enrollment_enrollment_id"), table_name="enterprise_enrollment")
    op.drop_table("enterprise_enrollment")
    op.drop_index(op.f("ix_order_line_run_id_order_id"), table_name="order_line")
    op.drop_index(op.f("ix_order_line_order_id"), table_name="order_line")
    op.drop_table("order_line")
    op.drop_index(op.f("ix_catalog_removal_catalog_id_removed_at"), table_name="catalog_removal")
    op.drop_table("catalog_removal")
    op.drop_index(op.f("ix_order_voucher_id"), table_name="order")
    op.drop_index(op.f("ix_order_user_id"), table_name="order")
    op.drop_index(op.f("ix_order_offer_id"), table_name="order")
    op.drop_table("order")
    op.drop_table("voucher")
    op.drop_table("offer")
