"""Enterprise customers and their catalogs."""

import datetime as dt
from uuid import UUID

import strawberry

from resolvers import enterprise
from schema.catalog import Course, CourseRun, Program
from schema.enums import ConsentPolicy
from schema.filters import (
    CatalogOrder,
    CatalogWhere,
    CourseOrder,
    CourseRunOrder,
    CourseRunWhere,
    CourseWhere,
    ProgramOrder,
    ProgramWhere,
    UserOrder,
    UserWhere,
)
from schema.people import User
from schema.relay import Connection, Node, connection, field, to_one


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
    learners: Connection[User] = connection(
        enterprise.LEARNERS_OF_CUSTOMER, UserWhere, UserOrder, "Linked users that the viewer may see."
    )


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
