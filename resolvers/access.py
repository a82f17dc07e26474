"""Which rows a viewer may see. Every read goes through `visible`; what has no rule cannot be read."""

from collections.abc import Callable, Collection, Iterable
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, Table, and_, exists, false, or_, select, true
from sqlmodel import SQLModel

from app.auth.viewer import Viewer
from app.db import models
from app.db.models.tables import table_of
from app.vocabulary import EnterpriseRole, OrganizationRole, ProgramStatus, RunStatus, Scope

Rule = Callable[[Viewer, FromClause], ColumnElement[bool]]
"""For a viewer: the condition on rows of a table. Most are not asked for staff, who see all."""


def visible(viewer: Viewer, model: type[SQLModel], rows: FromClause) -> ColumnElement[bool]:
    """The condition under which the viewer sees a row; `rows` is the model's table or an alias of it."""
    is_free = viewer.is_staff and model not in _FOR_STAFF_TOO
    return true() if is_free else _RULES[model](viewer, rows)


def check_columns(viewer: Viewer, model: type[SQLModel], names: Collection[str]) -> None:
    """Raise `InsufficientScope` when the viewer's token is not for reading one of these columns."""
    if _EMAILS.get(model) in names:
        viewer.require(Scope.EMAIL)


def may_read_analytics(viewer: Viewer) -> bool:
    """Whether the viewer may see numbers that are computed from many learners."""
    return viewer.is_staff or viewer.is_analyst


def has_readable_analytics(viewer: Viewer, run: FromClause) -> ColumnElement[bool]:
    """The condition under which the viewer sees the numbers of a run (Data Analytics contract 2.2)."""
    if not may_read_analytics(viewer):
        return false()
    if not viewer.is_restricted:
        return true()
    course, organization = table_of(models.ApiKeyCourse), table_of(models.ApiKeyOrganization)
    owner = table_of(models.CourseOrganization)
    named = select(course.c.course_id).where(course.c.user_id == viewer.user_id)
    owned = (
        select(owner.c.course_id)
        .join(organization, organization.c.organization_id == owner.c.organization_id)
        .where(organization.c.user_id == viewer.user_id, owner.c.role == OrganizationRole.OWNER)
    )
    return or_(run.c.course_id.in_(named), run.c.course_id.in_(owned))


def _everyone(viewer: Viewer, rows: FromClause) -> ColumnElement[bool]:
    return true()


def _staff(viewer: Viewer, rows: FromClause) -> ColumnElement[bool]:
    return false()


def _of_readable_run(viewer: Viewer, rows: FromClause) -> ColumnElement[bool]:
    run = table_of(models.CourseRun).alias("read_run")
    readable = has_readable_analytics(viewer, run)
    return exists().where(run.c.id == rows.c.run_id, readable) if viewer.is_restricted else readable


def _own(column: str) -> Rule:
    def rule(viewer: Viewer, rows: FromClause) -> ColumnElement[bool]:
        return false() if viewer.user_id is None else rows.c[column] == viewer.user_id

    return rule


def _own_or_of_staffed_run(viewer: Viewer, rows: FromClause) -> ColumnElement[bool]:
    own = _own("user_id")(viewer, rows)
    # Asking for both costs an index, so only those are asked who are course staff.
    return or_(own, rows.c.run_id.in_(_staffed_runs(viewer))) if viewer.is_course_staff else own


def _staffed_runs(viewer: Viewer) -> Select[int]:
    staff = table_of(models.CourseStaff)
    return select(staff.c.run_id).where(staff.c.user_id == viewer.user_id)


def _of_visible_enrollment(viewer: Viewer, rows: FromClause) -> ColumnElement[bool]:
    enrollment = table_of(models.Enrollment).alias("seen_enrollment")
    seen = _own_or_of_staffed_run(viewer, enrollment)
    return exists().where(enrollment.c.id == rows.c.enrollment_id, seen)


def _published_or_own(viewer: Viewer, rows: FromClause) -> ColumnElement[bool]:
    if viewer.is_analyst:
        return true()
    published = rows.c.status == RunStatus.PUBLISHED
    if viewer.user_id is None:
        return published
    enrollment = table_of(models.Enrollment).alias("own_enrollment")
    mine = enrollment.c.user_id == viewer.user_id
    seen = [published, exists().where(and_(mine, enrollment.c.run_id == rows.c.id))]
    if viewer.is_course_staff:
        seen.append(rows.c.id.in_(_staffed_runs(viewer)))
    if viewer.reads_catalogs:
        seen += [_is_in_readable_catalog(viewer, "run_id", rows.c.id)]
        seen += [_is_in_readable_catalog(viewer, "course_id", rows.c.course_id)]
    return or_(*seen)


def _of_visible_run(viewer: Viewer, rows: FromClause) -> ColumnElement[bool]:
    run = table_of(models.CourseRun).alias("seen_run")
    return exists().where(run.c.id == rows.c.run_id, _published_or_own(viewer, run))


def _public_program(viewer: Viewer, rows: FromClause) -> ColumnElement[bool]:
    public = rows.c.status.in_((ProgramStatus.ACTIVE, ProgramStatus.RETIRED))
    if not viewer.reads_catalogs:
        return public
    return or_(public, _is_in_readable_catalog(viewer, "program_id", rows.c.id))


def _is_in_readable_catalog(viewer: Viewer, column: str, content: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether a catalog that the viewer reads lists this: all that it contains can be read (Enterprise 7)."""
    item = table_of(models.CatalogItem).alias("read_item")
    catalog = table_of(models.EnterpriseCatalog).alias("read_catalog")
    readable = _of_own_customer("customer_id")(viewer, catalog)
    listed = item.join(catalog, catalog.c.id == item.c.catalog_id)
    return exists().select_from(listed).where(item.c[column] == content, readable)


def _visible_content(viewer: Viewer, rows: FromClause) -> ColumnElement[bool]:
    run = table_of(models.CourseRun).alias("found_run")
    program = table_of(models.Program).alias("found_program")
    return or_(
        rows.c.course_id.is_not(None),
        exists().where(run.c.id == rows.c.run_id, _published_or_own(viewer, run)),
        exists().where(program.c.id == rows.c.program_id, _public_program(viewer, program)),
    )


def _of_own_customer(column: str) -> Rule:
    def rule(viewer: Viewer, rows: FromClause) -> ColumnElement[bool]:
        if not viewer.reads_catalogs:
            return false()
        learner: Table = table_of(models.EnterpriseLearner)
        linked = select(learner.c.customer_id).where(learner.c.user_id == viewer.user_id, learner.c.linked)
        return or_(rows.c[column].in_(linked), _serves(viewer, rows.c[column], EnterpriseRole))

    return rule


def _serves(
    viewer: Viewer, customer: ColumnElement[int], roles: Iterable[EnterpriseRole]
) -> ColumnElement[bool]:
    """Whether the viewer has one of the roles for a customer, or for all."""
    role: Table = table_of(models.RoleAssignment)
    held = and_(role.c.user_id == viewer.user_id, role.c.role.in_(roles))
    named = select(role.c.customer_id).where(held)
    return or_(customer.in_(named), exists().where(held, role.c.customer_id.is_(None)))


def _own_or_of_served_customer(viewer: Viewer, rows: FromClause) -> ColumnElement[bool]:
    if viewer.user_id is None:
        return false()
    return or_(rows.c.user_id == viewer.user_id, _serves(viewer, rows.c.customer_id, _READ_LEARNERS))


def _own_or_linked_to_served_customer(viewer: Viewer, rows: FromClause) -> ColumnElement[bool]:
    own = _own("user_id")(viewer, rows)
    return or_(own, and_(rows.c.linked, _own_or_of_served_customer(viewer, rows)))


_READ_LEARNERS = (EnterpriseRole.OPERATOR, EnterpriseRole.ADMIN)


def _of_readable_catalog(viewer: Viewer, rows: FromClause) -> ColumnElement[bool]:
    catalog = table_of(models.EnterpriseCatalog).alias("read_catalog")
    readable = _of_own_customer("customer_id")(viewer, catalog)
    return rows.c.catalog_id.in_(select(catalog.c.id).where(readable))


def _of_readable_catalogs_query(viewer: Viewer, rows: FromClause) -> ColumnElement[bool]:
    catalog = table_of(models.EnterpriseCatalog).alias("read_catalog")
    readable = _of_own_customer("customer_id")(viewer, catalog)
    return exists().where(catalog.c.query_id == rows.c.id, readable)


def _own_subscription(viewer: Viewer, rows: FromClause) -> ColumnElement[bool]:
    """Those of others are for superusers alone (Zapier contract 5.2)."""
    return true() if viewer.is_superuser else _own("owner_id")(viewer, rows)


def _of_own_subscription(viewer: Viewer, rows: FromClause) -> ColumnElement[bool]:
    if viewer.is_superuser:
        return true()
    subscription = table_of(models.WebhookSubscription).alias("seen_subscription")
    seen = _own_subscription(viewer, subscription)
    return exists().where(subscription.c.id == rows.c.subscription_id, seen)


def _of_visible_attempt(viewer: Viewer, rows: FromClause) -> ColumnElement[bool]:
    attempt = table_of(models.DeliveryAttempt).alias("seen_attempt")
    seen = _of_own_subscription(viewer, attempt)
    return exists().where(attempt.c.id == rows.c.attempt_id, seen)


def _event(viewer: Viewer, rows: FromClause) -> ColumnElement[bool]:
    """What is of a user is seen as his enrollments are, what is of no user by all who see the run."""
    of_nobody = and_(rows.c.user_id.is_(None), _of_visible_run(viewer, rows))
    return or_(_own_or_of_staffed_run(viewer, rows), of_nobody)


_RULES: dict[type[SQLModel], Rule] = {
    models.AccessToken: _own("user_id"),
    models.Course: _everyone,
    models.CourseRun: _published_or_own,
    models.Entitlement: _everyone,
    models.OAuthClient: _staff,
    models.Organization: _everyone,
    models.Person: _everyone,
    models.Program: _public_program,
    models.ProgramType: _everyone,
    models.RoleAssignment: _own("user_id"),
    models.SearchDocument: _visible_content,
    models.Seat: _of_visible_run,
    models.Subject: _everyone,
    models.User: _own("id"),
    models.Enrollment: _own_or_of_staffed_run,
    models.EnrollmentAttribute: _of_visible_enrollment,
    models.EnrollmentEvent: _own_or_of_staffed_run,
    models.Progress: _own_or_of_staffed_run,
    models.CatalogItem: _of_readable_catalog,
    models.CatalogQuery: _of_readable_catalogs_query,
    models.CatalogRemoval: _of_readable_catalog,
    models.EnterpriseCatalog: _of_own_customer("customer_id"),
    models.EnterpriseCustomer: _of_own_customer("id"),
    models.EnterpriseEnrollment: _own_or_of_served_customer,
    models.EnterpriseLearner: _own_or_linked_to_served_customer,
    models.Module: _of_readable_run,
    models.WebhookSubscription: _own_subscription,
    models.DeliveryAttempt: _of_own_subscription,
    models.DeliveryChange: _of_visible_attempt,
    models.Event: _event,
}
_FOR_STAFF_TOO = {
    models.Module,
    models.WebhookSubscription,
    models.DeliveryAttempt,
    models.DeliveryChange,
}
_EMAILS: dict[type[SQLModel], str] = {
    models.EnterpriseEnrollment: "user_email",
    models.EnterpriseLearner: "email",
    models.User: "email",
}
