"""What full-text search finds."""

from sqlalchemy import Index
from sqlmodel import SQLModel

from app.db.models.base import link, optional, primary_key, string
from app.vocabulary import ContentKind


class SearchDocument(SQLModel, table=True):
    """A course, a course run or a program as search knows it: exactly one of the three.

    Written by the database alone: triggers on all tables that words come from keep it
    and the index of the words, `search_index`, up to date (migration 0006). `title` is
    the one that is shown: a run's own, else its course's.
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
    title: str | None = optional()
