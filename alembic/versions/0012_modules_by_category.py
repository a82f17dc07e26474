"""Pages of all problems, subsections or videos, however few there are among all modules."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_module_category_id"), "module", ["category", "id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_module_category_id"), table_name="module")
