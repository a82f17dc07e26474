"""Enterprise customers and their catalogs."""

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import strawberry

from resolvers import enterprise
from resolvers.learners import ENROLLMENTS_OF_CUSTOMER, LEARNERS_OF_CUSTOMER, withheld
from schema.catalog import Course, CourseRun, Program
from schema.enums import ConsentPolicy
from schema.filters import (
    CatalogOrder,
    CatalogWhere,
    CourseOrder,
    CourseRunOrder,
    CourseRunWhere,
    CourseWhere,
    EnterpriseEnrollmentOrder,
    EnterpriseEnrollmentWhere,
    EnterpriseLearnerOrder,
    EnterpriseLearnerWhere,
    ProgramOrder,
    ProgramWhere,
)
from schema.relay import Connection, ContextInfo, Node, connection, field, to_one

if TYPE_CHECKING:
    from schema.learners import EnterpriseEnrollment, EnterpriseLearner

_Enrollments = Connection[Annotated["EnterpriseEnrollment", strawberry.lazy("schema.learners")]]
_Learners = Connection[Annotated["EnterpriseLearner", strawberry.lazy("schema.learners")]]


@strawberry.type(
    description="How many enterprise enrollments of a customer are in no list, by the first reason that"
    " holds: unlinked, then consent, then audit."
)
class WithheldEnrollments:
    consent: int = field("The learner has not agreed to be reported on, and the customer asks for consent.")
    audit: int = field("In audit mode with neither coupon nor offer, and the customer reports no such ones.")
    unlinked: int = field("The learner is linked to the customer no longer.")


@strawberry.type(description="An organization that offers courses to its own people.")
class EnterpriseCustomer(Node):
    uuid: UUID = field("Native id.")
    name: str = field("Name.")
    slug: str = field("Name in addresses.")
    site_id: int | None = field("Number of its site on the platform.")
    consent_policy: ConsentPolicy = field("How consent to share data is asked for.")
    reports_audit_data: bool = field("Whether audit enrollments are reported to the customer.")
    created: dt.datetime = field("When it was entered.")
    modified: dt.datetime = field("When it last changed.")
    catalogs: Connection["EnterpriseCatalog"] = connection(
        enterprise.CATALOGS_OF_CUSTOMER, CatalogWhere, CatalogOrder, "What it offers."
    )
    learners: _Learners = connection(
        LEARNERS_OF_CUSTOMER,
        EnterpriseLearnerWhere,
        EnterpriseLearnerOrder,
        "Its people. Who administers the customer sees all who are linked, others themselves.",
    )
    enrollments: _Enrollments = connection(
        ENROLLMENTS_OF_CUSTOMER,
        EnterpriseEnrollmentWhere,
        EnterpriseEnrollmentOrder,
        "Enrollments of its linked learners, by `userEmail` unless another order is given. Who administers"
        " the customer sees all, learners their own. Left out for everybody are those without consent, unless"
        " consent is managed externally, and those in audit mode with neither coupon nor offer, unless the"
        " customer reports them; `withheldEnrollments` counts what is left out.",
    )

    @strawberry.field(
        description="How many enrollments that the viewer might see are left out of `enrollments`, and why.",
        metadata={"needs": ("id",)},
    )
    def withheld_enrollments(root: Any, info: ContextInfo) -> WithheldEnrollments:  # noqa: N805
        found: WithheldEnrollments = withheld(info.context, root.id)
        return found


@strawberry.type(description="What an enterprise customer offers to its people.")
class EnterpriseCatalog(Node):
    uuid: UUID = field("Native id.")
    title: str = field("Title.")
    customer: EnterpriseCustomer = to_one(enterprise.CUSTOMER, "customer_id", "Whose catalog it is.")
    publishes_audit_urls: bool = field("Whether its enrollment addresses ask for audit mode.")
    created: dt.datetime = field("When it was entered.")
    modified: dt.datetime = field("When it last changed.")
    courses: Connection[Course] = connection(
        enterprise.COURSES_OF_CATALOG, CourseWhere, CourseOrder, "Courses in it, by time of addition."
    )
    runs: Connection[CourseRun] = connection(
        enterprise.RUNS_OF_CATALOG,
        CourseRunWhere,
        CourseRunOrder,
        "Course runs in it by themselves, by time of addition.",
    )
    programs: Connection[Program] = connection(
        enterprise.PROGRAMS_OF_CATALOG, ProgramWhere, ProgramOrder, "Programs in it, by time of addition."
    )
