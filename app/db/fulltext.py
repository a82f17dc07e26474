"""The index of full-text search, on both databases."""

FULL_TEXT_TABLES = frozenset(
    ("search_index", *(f"search_index_{part}" for part in ("config", "content", "data", "docsize", "idx")))
)
"""The index, and the tables that SQLite keeps it in."""
