"""Course runs by parts of their texts, for lists that older APIs search and sort (Zapier contract 11.2)."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, FunctionElement, String, and_, exists, func, or_, select, true
from sqlalchemy.ext.compiler import compiles

from app.db import models
from app.db.models.tables import table_of
from resolvers.entity import Entity, Rows
from resolvers.filters import checked

_run, _course = table_of(models.CourseRun), table_of(models.Course)


class _Number(FunctionElement[str]):
    """The part of a course key that the organization gave it: after the first plus sign, or all of it."""

    type = String()
    inherit_cache = True


@compiles(_Number, "sqlite")
def _in_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    key = compiler.process(element.clauses, **options)
    return f"substr({key}, instr({key}, '+') + 1)"


@compiles(_Number, "postgresql")
def _in_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    key = compiler.process(element.clauses, **options)
    return f"substr({key}, strpos({key}, '+') + 1) COLLATE \"C\""


def _inherited(name: str) -> ColumnElement[Any]:
    return func.coalesce(_run.c[name], _course.c[name])


_LISTED = (
    select(
        *_run.c,
        func.lower(func.coalesce(_run.c.title, _course.c.title, _run.c.key)).label("shown_title"),
        func.lower(func.coalesce(_inherited("short_description"), "")).label("summary"),
        func.lower(_Number(_course.c.key)).label("number"),
    )
    .select_from(_run.join(_course, _course.c.id == _run.c.course_id))
    .subquery("listed_runs")
)
LISTED_RUN = Entity("CourseRun", models.CourseRun, view=_LISTED)
"""Course runs, with what they are looked for and sorted by, in lower case."""


def holds(terms: Sequence[str], *, all_of: bool) -> Callable[[Rows], ColumnElement[bool]]:
    """Whether texts stand in title, short description or number of a run, or are a subject of its course.

    One of the texts has to, or all; ASCII letters match in both cases. Raises
    `BadUserInput` for too many, and for what databases refuse.
    """
    wanted = [term.encode().lower().decode() for term in checked(list(terms), "terms")]

    def narrow(rows: Rows) -> ColumnElement[bool]:
        return (and_ if all_of else or_)(*(_holds(rows, term) for term in wanted)) if wanted else true()

    return narrow


def _holds(rows: Rows, term: str) -> ColumnElement[bool]:
    subject, link = table_of(models.Subject), table_of(models.CourseSubject)
    texts = (rows.column(name) for name in ("shown_title", "summary", "number"))
    return or_(
        *(text.contains(term, autoescape=True) for text in texts),
        exists().where(
            link.c.course_id == rows.column("course_id"),
            subject.c.id == link.c.subject_id,
            or_(func.lower(subject.c.name) == term, subject.c.slug == term),
        ),
    )
