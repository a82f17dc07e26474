"""Learners of enterprise customers, and the summary of what they do (Enterprise contract 12)."""

import datetime as dt
import math
from decimal import Decimal
from typing import Any
from uuid import UUID

import strawberry

from resolvers import catalog, enrollment, enterprise, learners, people
from schema.catalog import CourseRun
from schema.enrollment import Enrollment
from schema.enterprise import EnterpriseCatalog, EnterpriseCustomer
from schema.enums import OfferKind, Pacing, ProgressStatus
from schema.filters import EnterpriseEnrollmentOrder, EnterpriseEnrollmentWhere
from schema.people import User
from schema.relay import Connection, Node, connection, database_id, field, to_one
from schema.scalars import BigInt

_REFUNDABLE = 14
"""Days after the start of a run, or after enrolling, in which leaving is in time."""


def _day(column: str, description: str) -> Any:
    def resolve(root: Any) -> dt.date | None:
        instant: dt.datetime | None = getattr(root, column)
        return instant and instant.date()

    return strawberry.field(resolver=resolve, description=description, metadata={"needs": (column,)})


@strawberry.type(description="A discount that learners of a customer get without a code.")
class EnterpriseOffer:
    @strawberry.field(description="Native number.", metadata={"needs": ("offer_id",)})
    def database_id(root: Any) -> BigInt:  # noqa: N805
        return BigInt(root.offer_id)

    @strawberry.field(description="What the value is.", metadata={"needs": ("offer_kind",)})
    def kind(root: Any) -> OfferKind:  # noqa: N805
        return OfferKind(root.offer_kind)

    @strawberry.field(description="Percent, or an amount of money.", metadata={"needs": ("offer_value",)})
    def value(root: Any) -> Decimal:  # noqa: N805
        found: Decimal = root.offer_value
        return found


@strawberry.type(
    description="An enrollment through the link of a learner to an enterprise customer, with what the"
    " customer is told of it. `EnterpriseCustomer.enrollments` says which are left out."
)
class EnterpriseEnrollment(Node):
    database_id: BigInt = database_id()
    enrollment: Enrollment | None = to_one(
        enrollment.ENROLLMENT, "enrollment_id", "The enrollment itself; null unless the viewer may see it."
    )
    user: User | None = to_one(
        people.USER, "user_id", "The learner's account; null unless the viewer may see it."
    )
    run: CourseRun | None = to_one(
        catalog.COURSE_RUN, "run_id", "The course run; null unless the viewer may see it."
    )
    customer: EnterpriseCustomer = to_one(enterprise.CUSTOMER, "customer_id", "The customer.")
    catalog: EnterpriseCatalog | None = to_one(
        enterprise.CATALOG, "catalog_id", "The customer's oldest catalog that contains the course."
    )
    consent_granted: bool | None = field("Whether the learner agreed to be reported on; null is not asked.")
    coupon_code: str | None = field("Code of the voucher that the seat was ordered with.")
    coupon_name: str | None = field("Name of the batch of codes that the voucher belongs to.")
    course_end: dt.date | None = _day("course_end", "UTC day of the end.")
    course_id: str = field("Native key of the course run.")
    course_key: str = field("Native key of the course.")
    course_max_effort: int | None = field("Hours a week, at most.")
    course_min_effort: int | None = field("Hours a week, at least.")
    course_pacing_type: Pacing | None = field("Who sets the pace.")
    course_price: Decimal | None = field(
        "Price of the seat before discounts. Of several orders that with the highest price counts, here and"
        " in all that is said of the order; lines that were refunded count for nothing."
    )
    course_start: dt.date | None = _day("course_start", "UTC day of the start.")
    course_title: str | None = field("Title of the run, else of the course.")
    current_grade: float | None = field("Grade, from 0 to 1.")
    discount_price: Decimal | None = field(
        "What was due for the order after discounts; null for one with several lines."
    )
    enrollment_created_timestamp: dt.datetime = field("When the learner enrolled.")
    enterprise_id: UUID = field("Native id of the customer.")
    enterprise_name: str = field("Name of the customer.")
    enterprise_site_id: int | None = field("Number of the customer's site on the platform.")
    enterprise_user: BigInt = field("Native number of the learner's link to the customer.")
    last_activity_date: dt.date | None = _day(
        "last_activity_date", "UTC day on which the learner last did something in the run."
    )
    letter_grade: str = field("Grade in letters; empty until passed.")
    lms_user_id: BigInt = field("Number that the learning platform knows the learner by.")
    passed_timestamp: dt.datetime | None = field("When the learner passed.")
    progress_status: ProgressStatus = field("How the learner stands.")
    unenrollment_timestamp: dt.datetime | None = field("When the learner left; null for who is enrolled.")
    user_account_creation_timestamp: dt.datetime = field("When the learner's account was made.")
    user_country_code: str | None = field("ISO 3166 alpha-2 code of the learner's country.")
    user_current_enrollment_mode: str = field("Enrollment mode, such as `verified`.")
    user_email: str = field("The learner's e-mail address; empty when there is none.")
    user_username: str = field("Native name of the learner.")

    @strawberry.field(
        description="Weeks of work: what a self-paced run says, else from start to end, rounded up.",
        metadata={"needs": ("course_pacing_type", "course_weeks_to_complete", "course_start", "course_end")},
    )
    def course_duration_weeks(root: Any) -> int | None:  # noqa: N805
        if root.course_pacing_type == Pacing.SELF_PACED:
            weeks: int | None = root.course_weeks_to_complete
            return weeks
        if root.course_start is None or root.course_end is None:
            return None
        days: int = (root.course_end.date() - root.course_start.date()).days
        return math.ceil(days / 7)

    @strawberry.field(
        description="Name of the learner's newest identity at a SAML provider.",
        metadata={"needs": ("identity_uid",)},
    )
    def enterprise_sso_uid(root: Any) -> str | None:  # noqa: N805
        uid: str | None = root.identity_uid
        return uid and uid.rpartition(":")[2]

    @strawberry.field(
        description="The discount that the seat was ordered with; null where a voucher made it cheaper.",
        metadata={"needs": ("offer_id", "offer_kind", "offer_value", "coupon_code")},
    )
    def offer(root: Any) -> EnterpriseOffer | None:  # noqa: N805
        found: EnterpriseOffer | None = root if root.offer_id and root.coupon_code is None else None
        return found

    @strawberry.field(
        description="Whether the learner left within 14 days of the start of the run or of enrolling, or left"
        " a run without a start; null for who is enrolled.",
        metadata={"needs": ("unenrollment_timestamp", "course_start", "enrollment_created_timestamp")},
    )
    def unenrollment_end_within_date(root: Any) -> bool | None:  # noqa: N805
        left = root.unenrollment_timestamp
        if left is None:
            return None
        since = (root.course_start, root.enrollment_created_timestamp)
        return any(start is None or (left - start).days <= _REFUNDABLE for start in since)


@strawberry.type(description="The link of a user to an enterprise customer.")
class EnterpriseLearner(Node):
    database_id: BigInt = database_id()
    linked: bool = field("Whether the link is in force; who administers the customer sees no other.")
    created: dt.datetime = field("When the link was made.")
    username: str = field("Native name of the user.")
    email: str = field("E-mail address of the user; empty when there is none.")
    name: str = field("Full name of the user; empty when not given.")
    country: str | None = field("ISO 3166 alpha-2 code of the user's country.")
    user: User | None = to_one(people.USER, "user_id", "The account; null unless the viewer may see it.")
    customer: EnterpriseCustomer | None = to_one(
        enterprise.CUSTOMER, "customer_id", "The customer; null unless the viewer may see it."
    )
    enrollments: Connection[EnterpriseEnrollment] = connection(
        learners.ENROLLMENTS_OF_LEARNER,
        EnterpriseEnrollmentWhere,
        EnterpriseEnrollmentOrder,
        "Those of the customer's enrollments that are this learner's.",
    )
