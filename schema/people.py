"""Users with their profile."""

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from resolvers import enrollment, enterprise, people
from schema.enums import EducationLevel, Gender
from schema.filters import (
    CatalogOrder,
    CatalogWhere,
    CustomerOrder,
    CustomerWhere,
    EnrollmentOrder,
    EnrollmentWhere,
)
from schema.relay import Connection, ContextInfo, Node, connection, database_id, field, to_many
from schema.scalars import BigInt

if TYPE_CHECKING:
    from schema.enrollment import Enrollment
    from schema.enterprise import EnterpriseCatalog, EnterpriseCustomer, EnterpriseRoleAssignment

_Enrollments = Connection[Annotated["Enrollment", strawberry.lazy("schema.enrollment")]]
_Catalogs = Connection[Annotated["EnterpriseCatalog", strawberry.lazy("schema.enterprise")]]
_Roles = list[Annotated["EnterpriseRoleAssignment", strawberry.lazy("schema.enterprise")]]
_Customers = Connection[Annotated["EnterpriseCustomer", strawberry.lazy("schema.enterprise")]]


@strawberry.type(description="An account with its profile.")
class User(Node):
    database_id: BigInt = database_id()
    username: str = field("Native name.")
    email: str = field("E-mail address; empty when there is none.")
    name: str = field("Full name; empty when not given.")
    is_active: bool = field("Whether the account is switched on.")
    is_staff: bool = field("Whether the account may see everything.")
    is_superuser: bool = field("Whether the account may administer everything.")
    date_joined: dt.datetime = field("When the account was made.")
    last_login: dt.datetime | None = field("When the user last logged in.")
    last_seen: dt.datetime | None = field("When the user last did anything.")
    gender: Gender | None = field("Gender.")
    year_of_birth: int | None = field("Year of birth.")
    education_level: EducationLevel | None = field("Highest education.")
    country: str | None = field("ISO 3166 alpha-2 code of the country.")
    region: str | None = field("Region inside the country.")
    city: str | None = field("City.")
    language: str | None = field("Preferred language.")
    enrollments: _Enrollments = connection(
        enrollment.ENROLLMENTS_OF_USER, EnrollmentWhere, EnrollmentOrder, "Enrollments, active or not."
    )

    @strawberry.field(
        description="Whether the user is staff of a course run, or teaches it.", metadata={"needs": ("id",)}
    )
    async def teaches(
        root: Any,  # noqa: N805
        info: ContextInfo,
        run_key: Annotated[str, strawberry.argument(description="Native key of the run.")],
    ) -> bool:
        found: bool = await people.teaches(info.context, root.id, run_key)
        return found

    enterprise_customers: _Customers = connection(
        enterprise.CUSTOMERS_OF_USER, CustomerWhere, CustomerOrder, "Customers that the user is linked to."
    )
    enterprise_roles: _Roles = to_many(enterprise.ROLES_OF_USER, "Roles for enterprise customers.")
    enterprise_catalogs: _Catalogs = connection(
        enterprise.CATALOGS_BY_ROLE,
        CatalogWhere,
        CatalogOrder,
        "Catalogs of the customers that the user's roles name, for staff too; by creation, then by UUID.",
        by_number=True,
    )
