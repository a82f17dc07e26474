"""Enterprise customers and their catalogs."""

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import strawberry

from resolvers import catalog, enterprise, reading
from resolvers import items as catalog_items
from resolvers.learners import ENROLLMENTS_OF_CUSTOMER, LEARNERS_OF_CUSTOMER, withheld
from schema.catalog import Course, CourseRun, Program
from schema.content import (
    CatalogChange,
    CatalogContentConnection,
    changes_of_catalog,
    content_by_key,
    items_of_catalog,
)
from schema.enums import ConsentPolicy, EnterpriseRole
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
        "Its people. Who administers the customer sees all who are linked, others themselves; staff also see"
        " links that have ended.",
    )
    enrollments: _Enrollments = connection(
        ENROLLMENTS_OF_CUSTOMER,
        EnterpriseEnrollmentWhere,
        EnterpriseEnrollmentOrder,
        "Enrollments of its linked learners, by `userEmail` unless another order is given. Who administers"
        " the customer sees all, learners their own. Left out for everybody are those without consent, unless"
        " consent is managed externally, and those in audit mode with neither coupon nor offer, unless the"
        " customer reports them; `withheldEnrollments` counts what is left out.",
        by_number=True,
    )

    @strawberry.field(
        description="How many enrollments that the viewer might see are left out of `enrollments`, and why.",
        metadata={"needs": ("id",)},
    )
    def withheld_enrollments(root: Any, info: ContextInfo) -> WithheldEnrollments:  # noqa: N805
        found: WithheldEnrollments = withheld(info.context, root.id)
        return found


def _of_query(name: str, description: str) -> Any:
    """A field that a catalog has from the stored query that it is made from."""

    async def resolve(root: Any, info: ContextInfo) -> Any:
        if root.query_id is None:
            return None
        query = await reading.row(info.context, enterprise.QUERY, root.query_id, ("title", "uuid"))
        return query and getattr(query, name)

    return strawberry.field(resolver=resolve, description=description, metadata={"needs": ("query_id",)})


@strawberry.type(description="What an enterprise customer offers to its people.")
class EnterpriseCatalog(Node):
    uuid: UUID = field("Native id.")
    title: str = field("Title.")
    customer: EnterpriseCustomer = to_one(enterprise.CUSTOMER, "customer_id", "Whose catalog it is.")
    publishes_audit_urls: bool = field("Whether its enrollment addresses ask for audit mode.")
    query_uuid: UUID | None = _of_query("uuid", "Native id of the stored query; null for a fixed list.")
    query_title: str | None = _of_query("title", "Title of the stored query; null for a fixed list.")
    created: dt.datetime = field("When it was entered.")
    modified: dt.datetime = field("When it last changed.")

    @strawberry.field(
        description="When the metadata of anything in it last changed; null when it is empty.",
        metadata={"needs": ("id",)},
    )
    async def content_last_modified(root: Any, info: ContextInfo) -> dt.datetime | None:  # noqa: N805
        found: dt.datetime | None = await catalog_items.content_last_modified(info.context, root.id)
        return found

    @strawberry.field(
        description="Whether it contains the course, course run or program with a key: lists it, lists the"
        " course of the run, or lists a run of the course.",
        metadata={"needs": ("id",)},
    )
    async def contains(
        root: Any,  # noqa: N805
        info: ContextInfo,
        key: Annotated[str, strawberry.argument(description="The native key; of a program, its UUID.")],
    ) -> bool:
        found: bool = await catalog_items.contains(info.context, root.id, key)
        return found

    items: CatalogContentConnection = items_of_catalog()
    changes: Connection[CatalogChange] = changes_of_catalog()
    course: Course | None = content_by_key(
        catalog.COURSE, "key", "The course with a key; null when the catalog does not contain it."
    )
    course_run: CourseRun | None = content_by_key(
        catalog.COURSE_RUN, "key", "The course run with a key; null when the catalog does not contain it."
    )
    program: Program | None = content_by_key(
        catalog.PROGRAM, "uuid", "The program with a UUID; null when it is not in the catalog.", UUID
    )
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


@strawberry.type(description="What a user may do for an enterprise customer, or for all of them.")
class EnterpriseRoleAssignment(Node):
    role: EnterpriseRole = field("The role.")
    customer: EnterpriseCustomer | None = to_one(
        enterprise.CUSTOMER, "customer_id", "The customer; null for all of them."
    )


@strawberry.type(
    description="What the viewer's roles open, of an enterprise customer or of a catalog. Being staff,"
    " or linked to the customer, counts for nothing here."
)
class EnterpriseAccess:
    exists: bool = field("Whether there is such a customer or catalog.")
    reads_catalogs: bool = field("Whether a role opens the customer's catalogs.")
    reads_learners: bool = field("Whether a role opens what the customer's learners do.")
