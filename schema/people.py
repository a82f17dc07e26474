"""Users with their profile."""

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import strawberry

from resolvers import enrollment, enterprise
from schema.enums import EducationLevel, Gender
from schema.filters import CustomerOrder, CustomerWhere, EnrollmentOrder, EnrollmentWhere
from schema.relay import Connection, Node, connection, database_id, field
from schema.scalars import BigInt

if TYPE_CHECKING:
    from schema.enrollment import Enrollment
    from schema.enterprise import EnterpriseCustomer

_Enrollments = Connection[Annotated["Enrollment", strawberry.lazy("schema.enrollment")]]
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
    enterprise_customers: _Customers = connection(
        enterprise.CUSTOMERS_OF_USER, CustomerWhere, CustomerOrder, "Customers that the user is linked to."
    )
