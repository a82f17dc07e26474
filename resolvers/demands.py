"""What search demands of content beside words."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, FromClause, and_, exists, false, func, literal, or_, select, true

from app.db import models
from app.db.models.tables import table_of
from app.vocabulary import Availability, ContentKind, OrganizationRole, Pacing, ProgramStatus
from resolvers.access import visible
from resolvers.context import Context
from resolvers.filters import checked, operations
from resolvers.items import is_active_run


@dataclass(frozen=True)
class Price:
    """Bounds of a price, both within, in a currency."""

    currency: str
    least: Decimal | None = None
    greatest: Decimal | None = None


@dataclass(frozen=True)
class Demands:
    """What content has to be like; None demands nothing, and a list one of its values.

    What `languages` to `price` and `active_only` demand has to hold of one and the
    same run: of the content itself, or of those of the course, or of the program's
    courses.
    """

    catalog: int | None = None
    active_only: bool = False
    kinds: Sequence[ContentKind] | None = None
    levels: Sequence[str] | None = None
    subjects: Sequence[str] | None = None
    organizations: Sequence[str] | None = None
    languages: Sequence[str] | None = None
    pacings: Sequence[Pacing] | None = None
    availability: Sequence[Availability] | None = None
    start: Mapping[str, Any] = field(default_factory=dict)
    end: Mapping[str, Any] = field(default_factory=dict)
    price: Price | None = None

    def without(self, name: str) -> "Demands":
        """All but one of the lists."""
        nothing: dict[str, Any] = {name: None}
        return replace(self, **nothing)


Value = tuple[ColumnElement[Any], ColumnElement[Any], ColumnElement[bool]]
"""A value that a document has, its label, and what leads from the document to it."""


class Narrowing:
    """Demands as SQL on search documents, one kind at a time."""

    def __init__(self, context: Context, demands: Demands) -> None:
        self._context = context
        self._demands = demands
        self.kinds = [kind for kind in ContentKind if demands.kinds is None or kind in demands.kinds]

    def condition(self, document: FromClause) -> ColumnElement[bool]:
        """What a document has to be like."""
        return or_(false(), *(self.of_kind(kind, document) for kind in self.kinds))

    def of_kind(self, kind: ContentKind, document: FromClause) -> ColumnElement[bool]:
        """What a document of a kind has to be like."""
        return and_(document.c.kind == kind, *self._clauses(kind, document))

    def value(self, facet: str, kind: ContentKind, document: FromClause) -> Value:
        """A value of a facet, of which a document may have many."""
        if facet == "kinds":
            return document.c.kind, document.c.kind, true()
        if facet in _CONTENT_FACETS:
            return _CONTENT_FACETS[facet](kind, document)
        run = _new(models.CourseRun)
        column = run.c[_RUN_FACETS[facet]]
        return column, column, self._has_run(kind, document, run)

    def _clauses(self, kind: ContentKind, document: FromClause) -> list[ColumnElement[bool]]:
        demands = self._demands
        clauses: list[ColumnElement[bool]] = [
            exists().where(link, value.in_(checked(list(wanted), f"where.{name}")))
            for name, has in _CONTENT_FACETS.items()
            if (wanted := getattr(demands, name)) is not None
            for value, _, link in [has(kind, document)]
        ]
        if self._run_clauses(kind, _new(models.CourseRun)):
            clauses.append(exists().where(self._has_run(kind, document, _new(models.CourseRun))))
        if demands.catalog is not None:
            clauses.append(self._is_contained(kind, document, demands.catalog))
        if demands.active_only and kind is ContentKind.PROGRAM:
            program = _new(models.Program)
            is_active = program.c.status == ProgramStatus.ACTIVE
            clauses.append(exists().where(program.c.id == document.c.program_id, is_active))
        return clauses

    def _has_run(self, kind: ContentKind, document: FromClause, run: FromClause) -> ColumnElement[bool]:
        """Whether a run that the viewer sees belongs to a document and is as demanded."""
        return and_(
            _is_run_of(kind, document, run),
            visible(self._context.viewer, models.CourseRun, run),
            *self._run_clauses(kind, run),
        )

    def _run_clauses(self, kind: ContentKind, run: FromClause) -> list[ColumnElement[bool]]:
        demands = self._demands
        clauses: list[ColumnElement[bool]] = [
            run.c[column].in_(checked(list(wanted), f"where.{name}"))
            for name, column in _RUN_FACETS.items()
            if (wanted := getattr(demands, name)) is not None
        ]
        clauses += operations(run.c.start, demands.start, "where.start")
        clauses += operations(run.c.end, demands.end, "where.end")
        if demands.availability is not None:
            clauses.append(or_(false(), *(self._is_available(run, each) for each in demands.availability)))
        if demands.price is not None:
            clauses.append(self._costs(run, demands.price))
        if demands.active_only and kind is not ContentKind.PROGRAM:
            clauses.append(is_active_run(self._context, run))
        return clauses

    def _is_available(self, run: FromClause, availability: Availability) -> ColumnElement[bool]:
        now = self._context.now
        goes_on = or_(run.c.end.is_(None), run.c.end > now)
        if availability is Availability.ARCHIVED:
            return run.c.end <= now
        if availability is Availability.CURRENT:
            return and_(goes_on, run.c.start <= now)
        return and_(goes_on, or_(run.c.start.is_(None), run.c.start > now))

    def _costs(self, run: FromClause, price: Price) -> ColumnElement[bool]:
        seat = _new(models.Seat)
        deadline = seat.c.upgrade_deadline
        least = (
            select(func.min(seat.c.price))
            .where(
                seat.c.run_id == run.c.id,
                func.upper(seat.c.currency) == checked(price.currency, "where.price.currency").upper(),
                or_(deadline.is_(None), deadline > self._context.now),
            )
            .correlate(run)
            .scalar_subquery()
        )
        bounds: list[ColumnElement[bool]] = [least.is_not(None)]
        if price.least is not None:
            bounds.append(least >= literal(price.least, seat.c.price.type))
        if price.greatest is not None:
            bounds.append(least <= literal(price.greatest, seat.c.price.type))
        return and_(*bounds)

    def _is_contained(self, kind: ContentKind, document: FromClause, catalog: int) -> ColumnElement[bool]:
        item, run = _new(models.CatalogItem), _new(models.CourseRun)
        listed = and_(item.c.catalog_id == catalog, visible(self._context.viewer, models.CatalogItem, item))
        if kind is ContentKind.PROGRAM:
            return document.c.program_id.in_(select(item.c.program_id).where(listed))
        if kind is ContentKind.COURSE:
            by_run = select(run.c.course_id).join(item, item.c.run_id == run.c.id).where(listed)
            return or_(
                document.c.course_id.in_(select(item.c.course_id).where(listed)),
                document.c.course_id.in_(by_run),
            )
        by_course = select(run.c.id).join(item, item.c.course_id == run.c.course_id).where(listed)
        return or_(
            document.c.run_id.in_(select(item.c.run_id).where(listed)), document.c.run_id.in_(by_course)
        )


def _new(model: Any) -> FromClause:
    return table_of(model).alias()


def _course_of(kind: ContentKind, document: FromClause) -> tuple[ColumnElement[int], ColumnElement[bool]]:
    """The id of a course that a document is, belongs to or holds, and what leads to it."""
    if kind is ContentKind.COURSE:
        return document.c.course_id, true()
    if kind is ContentKind.COURSE_RUN:
        run = _new(models.CourseRun)
        return run.c.course_id, run.c.id == document.c.run_id
    link = _new(models.ProgramCourse)
    return link.c.course_id, link.c.program_id == document.c.program_id


def _is_run_of(kind: ContentKind, document: FromClause, run: FromClause) -> ColumnElement[bool]:
    if kind is ContentKind.COURSE:
        return run.c.course_id == document.c.course_id
    if kind is ContentKind.COURSE_RUN:
        return run.c.id == document.c.run_id
    link, excluded = _new(models.ProgramCourse), _new(models.ProgramExcludedRun)
    return and_(
        link.c.program_id == document.c.program_id,
        run.c.course_id == link.c.course_id,
        ~exists().where(excluded.c.program_id == link.c.program_id, excluded.c.run_id == run.c.id),
    )


def _level(kind: ContentKind, document: FromClause) -> Value:
    course = _new(models.Course)
    id_, link = _course_of(kind, document)
    return course.c.level_type, course.c.level_type, and_(course.c.id == id_, link)


def _subject(kind: ContentKind, document: FromClause) -> Value:
    subject, belongs = _new(models.Subject), _new(models.CourseSubject)
    id_, link = _course_of(kind, document)
    chain = and_(subject.c.id == belongs.c.subject_id, belongs.c.course_id == id_, link)
    return subject.c.slug, subject.c.name, chain


def _organization(kind: ContentKind, document: FromClause) -> Value:
    organization = _new(models.Organization)
    if kind is ContentKind.PROGRAM:
        author = _new(models.ProgramOrganization)
        link = author.c.program_id == document.c.program_id
    else:
        author = _new(models.CourseOrganization)
        id_, course = _course_of(kind, document)
        link = and_(author.c.role == OrganizationRole.OWNER, author.c.course_id == id_, course)
    chain = and_(organization.c.id == author.c.organization_id, link)
    return organization.c.key, organization.c.name, chain


_CONTENT_FACETS: dict[str, Callable[[ContentKind, FromClause], Value]] = {
    "levels": _level,
    "subjects": _subject,
    "organizations": _organization,
}
_RUN_FACETS = {"languages": "content_language", "pacings": "pacing"}
"""By facet: the column of a run."""
