"""Learners of enterprise customers, and what the customers are told of them (Enterprise contract 12)."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, and_, bindparam, case, exists, func, or_, select

from app.db import models
from app.db.models import now
from app.db.models.tables import table_of
from app.db.types import UtcDateTime
from app.vocabulary import ConsentPolicy, ProgressStatus
from resolvers.access import visible
from resolvers.context import Context
from resolvers.entity import Entity, Relation
from resolvers.keys import is_one_of
from resolvers.modes import AUDIT

_consent = table_of(models.Consent)
_course = table_of(models.Course)
_customer = table_of(models.EnterpriseCustomer)
_enrollment = table_of(models.Enrollment)
_learner = table_of(models.EnterpriseLearner)
_line = table_of(models.OrderLine)
_offer = table_of(models.Offer)
_order = table_of(models.Order)
_progress = table_of(models.Progress)
_record = table_of(models.EnterpriseEnrollment)
_run = table_of(models.CourseRun)
_user = table_of(models.User)
_voucher = table_of(models.Voucher)

# An inner join comes last: else SQLite makes the whole view before it joins anything with it.
_RECORDS = (
    _record.join(_learner, _learner.c.id == _record.c.learner_id)
    .join(_customer, _customer.c.id == _learner.c.customer_id)
    .join(_enrollment, _enrollment.c.id == _record.c.enrollment_id)
    .outerjoin(
        _progress,
        and_(_progress.c.run_id == _enrollment.c.run_id, _progress.c.user_id == _enrollment.c.user_id),
    )
    .outerjoin(
        _consent,
        and_(
            _consent.c.customer_id == _learner.c.customer_id,
            _consent.c.user_id == _enrollment.c.user_id,
            _consent.c.run_id == _enrollment.c.run_id,
        ),
    )
    .join(_run, _run.c.id == _enrollment.c.run_id)
    .join(_course, _course.c.id == _run.c.course_id)
    .join(_user, _user.c.id == _enrollment.c.user_id)
)


def _midnight() -> dt.datetime:
    return now().replace(hour=0, minute=0, second=0, microsecond=0)


_PASSED = and_(_progress.c.passed_at.is_not(None), _progress.c.letter_grade != "")
_ENDED = _run.c.end < bindparam("midnight", callable_=_midnight, type_=UtcDateTime(), unique=True)


def _of_order(value: Any) -> Any:
    """A value of the order that counts of all that bought the run: the one with the highest price."""
    return (
        select(value)
        .select_from(
            _order.join(_line, _line.c.order_id == _order.c.id)
            .outerjoin(_voucher, _voucher.c.id == _order.c.voucher_id)
            .outerjoin(_offer, _offer.c.id == _order.c.offer_id)
        )
        .where(
            _order.c.user_id == _enrollment.c.user_id,
            # The sum keeps SQLite from going through all that was ever ordered of a run.
            _line.c.run_id + 0 == _enrollment.c.run_id,
            _line.c.refunded_at.is_(None),
        )
        .order_by(_line.c.price.desc(), _line.c.id.desc())
        .limit(1)
        .correlate(_enrollment)
        .scalar_subquery()
    )


def _total_of_single_line() -> Any:
    """What is due for an order; null of one that has other lines too."""
    line = _line.alias()
    lines = select(func.count()).where(line.c.order_id == _order.c.id).correlate(_order).scalar_subquery()
    return case((lines == 1, _order.c.total))


def _newest_identity() -> Any:
    identity = table_of(models.SamlIdentity)
    return (
        select(identity.c.uid)
        .where(identity.c.user_id == _enrollment.c.user_id)
        .order_by(identity.c.created.desc(), identity.c.id.desc())
        .limit(1)
        .correlate(_enrollment)
        .scalar_subquery()
    )


def _oldest_catalog() -> Any:
    """The customer's oldest catalog that lists the course or one of its runs."""
    catalog, item = table_of(models.EnterpriseCatalog), table_of(models.CatalogItem)
    sibling = _run.alias()
    siblings = select(sibling.c.id).where(sibling.c.course_id == _run.c.course_id).correlate(_run)
    lists = or_(item.c.course_id == _run.c.course_id, item.c.run_id.in_(siblings))
    return (
        select(catalog.c.id)
        .where(
            catalog.c.customer_id == _learner.c.customer_id,
            exists().where(item.c.catalog_id == catalog.c.id, lists).correlate(catalog, _run),
        )
        .order_by(catalog.c.created, catalog.c.uuid)
        .limit(1)
        .correlate(_learner, _run)
        .scalar_subquery()
    )


_LINKED = _learner.c.linked
_CONSENTED = or_(_customer.c.consent_policy == ConsentPolicy.EXTERNALLY_MANAGED, _consent.c.granted.is_(True))
_PAID_OR_REPORTED = or_(
    _enrollment.c.mode != AUDIT,
    _customer.c.reports_audit_data,
    _of_order(func.coalesce(_order.c.voucher_id, _order.c.offer_id)).is_not(None),
)

_REPORTED = (
    select(
        _record.c.id,
        _record.c.enrollment_id,
        _learner.c.customer_id,
        _enrollment.c.user_id,
        _enrollment.c.run_id,
        _oldest_catalog().label("catalog_id"),
        _consent.c.granted.label("consent_granted"),
        _of_order(_voucher.c.code).label("coupon_code"),
        _of_order(_voucher.c.name).label("coupon_name"),
        _run.c.end.label("course_end"),
        _run.c.key.label("course_id"),
        _course.c.key.label("course_key"),
        _run.c.max_effort.label("course_max_effort"),
        _run.c.min_effort.label("course_min_effort"),
        _run.c.pacing.label("course_pacing_type"),
        _of_order(_line.c.price).label("course_price"),
        _run.c.start.label("course_start"),
        func.coalesce(_run.c.title, _course.c.title).label("course_title"),
        _run.c.weeks_to_complete.label("course_weeks_to_complete"),
        _progress.c.percent_grade.label("current_grade"),
        _of_order(_total_of_single_line()).label("discount_price"),
        _enrollment.c.created.label("enrollment_created_timestamp"),
        _customer.c.uuid.label("enterprise_id"),
        _customer.c.name.label("enterprise_name"),
        _customer.c.site_id.label("enterprise_site_id"),
        _newest_identity().label("identity_uid"),
        _learner.c.id.label("enterprise_user"),
        _progress.c.last_activity.label("last_activity_date"),
        case((_PASSED, _progress.c.letter_grade), else_="").label("letter_grade"),
        func.coalesce(_user.c.lms_user_id, _user.c.id).label("lms_user_id"),
        _of_order(_offer.c.id).label("offer_id"),
        _of_order(_offer.c.kind).label("offer_kind"),
        _of_order(_offer.c.value).label("offer_value"),
        case((_PASSED, _progress.c.passed_at)).label("passed_timestamp"),
        case(
            (_PASSED, ProgressStatus.PASSED.value),
            (_ENDED, ProgressStatus.FAILED.value),
            else_=ProgressStatus.IN_PROGRESS.value,
        ).label("progress_status"),
        case((~_enrollment.c.is_active, _enrollment.c.unenrolled_at)).label("unenrollment_timestamp"),
        _user.c.date_joined.label("user_account_creation_timestamp"),
        _user.c.country.label("user_country_code"),
        _enrollment.c.mode.label("user_current_enrollment_mode"),
        _user.c.email.label("user_email"),
        _user.c.username.label("user_username"),
    )
    .select_from(_RECORDS)
    .where(_LINKED, _CONSENTED, _PAID_OR_REPORTED)
)

ENTERPRISE_ENROLLMENT = Entity(
    "EnterpriseEnrollment", models.EnterpriseEnrollment, view=_REPORTED.subquery("reported")
)
LEARNER = Entity(
    "EnterpriseLearner",
    models.EnterpriseLearner,
    view=select(*_learner.c, *(_user.c[name] for name in ("username", "email", "name", "country")))
    .select_from(_learner.join(_user, _user.c.id == _learner.c.user_id))
    .subquery("learners"),
)

_BY_EMAIL = ("user_email",)
ENROLLMENTS_OF_CUSTOMER = Relation(ENTERPRISE_ENROLLMENT, "customer_id", order=_BY_EMAIL)
ENROLLMENTS_OF_LEARNER = Relation(ENTERPRISE_ENROLLMENT, "enterprise_user", order=_BY_EMAIL)
LEARNERS_OF_CUSTOMER = Relation(LEARNER, "customer_id")


def withheld(context: Context, customer: int) -> Any:
    """How many enterprise enrollments of a customer are left out and why, as an awaitable of a row.

    Each is counted once, for the first of the reasons that it has.
    """

    def batch(customers: Sequence[int]) -> Select[Any]:
        reason = case(
            (~_LINKED, "unlinked"),
            (_CONSENTED.is_not(True), "consent"),
            (_PAID_OR_REPORTED.is_not(True), "audit"),
        )
        records = (
            select(_learner.c.customer_id, reason.label("reason"))
            .select_from(_RECORDS)
            .where(
                is_one_of(_learner.c.customer_id, customers, context.reader.dialect),
                visible(context.viewer, models.EnterpriseEnrollment, _learner),
            )
            .subquery()
        )
        counts = (
            func.count(case((records.c.reason == name, 1))).label(name)
            for name in ("consent", "audit", "unlinked")
        )
        return (
            select(_customer.c.id, *counts)
            .select_from(_customer.outerjoin(records, records.c.customer_id == _customer.c.id))
            .where(is_one_of(_customer.c.id, customers, context.reader.dialect))
            .group_by(_customer.c.id)
        )

    return context.loaders.row("withheld enrollments", batch).load(customer)
