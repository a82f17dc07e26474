"""Runs migrations on the connection that `app.db.migrate` hands over."""

from typing import Any

from alembic import context
from sqlmodel import SQLModel

from app.db.models.search import FULL_TEXT_TABLES
from app.db.types import BigInt, Json, UtcDateTime


def render_item(kind: str, item: Any, autogenerate: Any) -> str | bool:
    """Write the house's own column types by their names."""
    if kind != "type":
        return False
    if isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if item is BigInt:
        return "BigInt"
    if item is Json:
        return "Json"
    variant = item._variant_mapping.get("postgresql")
    if getattr(variant, "collation", None):
        return f"text({item.length or ''})"
    return False


def include_name(name: str | None, kind: str, parents: Any) -> bool:
    """Leave out the index of full-text search, which is no table like others."""
    return not (kind == "table" and name in FULL_TEXT_TABLES)


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_item=render_item,
    include_name=include_name,
)
with context.begin_transaction():
    context.run_migrations()
