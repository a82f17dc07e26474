"""What full-text search finds."""

from sqlalchemy import Index
from sqlmodel import SQLModel

from app.db.models.base import link, primary_key, string
from app.vocabulary import ContentKind

FULL_TEXT_TABLES = frozenset(
    ("search_index", *(f"search_index_{part}" for part in ("config", "content", "data", "docsize", "idx")))
)
"""The index of the words, for which there is no model, and the tables that FTS5 keeps it in on SQLite."""


class SearchDocument(SQLModel, table=True):
    """A course, a course run or a program as search knows it: exactly one of the three.

    Written by the database alone: triggers on all tables that words come from keep it
    and the index of the words, `search_index`, up to date (migration 0006). `title` is
    what it is called: its title, a run's own or else its course's, or its key.
    """

    __tablename__ = "search_document"
    __table_args__ = (
        *(Index(None, column, unique=True) for column in ("course_id", "run_id", "program_id")),
        Index(None, "title", "id"),
    )

    id: int = primary_key()
    kind: ContentKind = string(20)
    course_id: int | None = link("course.id", nullable=True)
    run_id: int | None = link("course_run.id", nullable=True)
    program_id: int | None = link("program.id", nullable=True)
    title: str = string()
