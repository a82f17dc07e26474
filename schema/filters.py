"""What lists can be narrowed and ordered by, type by type."""

from uuid import UUID

import strawberry

from schema.enums import (
    AttemptStatus,
    ClientType,
    EducationLevel,
    Gender,
    Pacing,
    ProgramStatus,
    ProgressStatus,
    RunStatus,
    WebhookEvent,
)
from schema.inputs import DateTimeFilter, IntFilter, StringFilter, ordering
from schema.relay import field


@strawberry.input(description="Which organizations a list holds.")
class OrganizationWhere:
    key: StringFilter | None = field("Demands on the native key.", default=None)
    name: StringFilter | None = field("Demands on the name.", default=None)


@strawberry.input(description="Which subjects a list holds.")
class SubjectWhere:
    slug: StringFilter | None = field("Demands on the slug.", default=None)
    name: StringFilter | None = field("Demands on the name.", default=None)


@strawberry.input(description="Which people a list holds.")
class PersonWhere:
    given_name: StringFilter | None = field("Demands on the given name.", default=None)
    family_name: StringFilter | None = field("Demands on the family name.", default=None)


@strawberry.input(description="Which courses a list holds.")
class CourseWhere:
    key: StringFilter | None = field("Demands on the native key.", default=None)
    title: StringFilter | None = field("Demands on the title.", default=None)
    level_type: StringFilter | None = field("Demands on the level.", default=None)
    modified: DateTimeFilter | None = field("Demands on the last change.", default=None)


@strawberry.input(description="Which course runs a list holds.")
class CourseRunWhere:
    key: StringFilter | None = field("Demands on the native key.", default=None)
    status: list[RunStatus] | None = field("The status is one of these.", default=None)
    pacing: list[Pacing] | None = field("The pacing is one of these.", default=None)
    content_language: StringFilter | None = field("Demands on the language.", default=None)
    start: DateTimeFilter | None = field("Demands on the start.", default=None)
    end: DateTimeFilter | None = field("Demands on the end.", default=None)
    enrollment_start: DateTimeFilter | None = field("Demands on the opening of enrollment.", default=None)
    enrollment_end: DateTimeFilter | None = field("Demands on the closing of enrollment.", default=None)


@strawberry.input(description="Which programs a list holds.")
class ProgramWhere:
    title: StringFilter | None = field("Demands on the title.", default=None)
    status: list[ProgramStatus] | None = field("The status is one of these.", default=None)


@strawberry.input(description="Which users a list holds.")
class UserWhere:
    username: StringFilter | None = field("Demands on the username.", default=None)
    email: StringFilter | None = field("Demands on the e-mail address.", default=None)
    name: StringFilter | None = field("Demands on the name.", default=None)
    country: StringFilter | None = field("Demands on the country code.", default=None)
    year_of_birth: IntFilter | None = field("Demands on the year of birth.", default=None)
    gender: list[Gender] | None = field("The gender is one of these.", default=None)
    education_level: list[EducationLevel] | None = field("The education is one of these.", default=None)
    is_active: bool | None = field("Whether the account is active.", default=None)
    is_staff: bool | None = field("Whether the account is staff.", default=None)
    date_joined: DateTimeFilter | None = field("Demands on the time of registration.", default=None)


@strawberry.input(description="Which enrollments a list holds.")
class EnrollmentWhere:
    mode: StringFilter | None = field("Demands on the mode.", default=None)
    is_active: bool | None = field("Whether the learner is enrolled now.", default=None)
    created: DateTimeFilter | None = field("Demands on the time of the enrollment.", default=None)
    unenrolled_at: DateTimeFilter | None = field("Demands on the last unenrollment.", default=None)
    run: CourseRunWhere | None = field("Demands on the course run.", default=None)
    username: StringFilter | None = field("Demands on the name of the learner.", default=None)
    user: UserWhere | None = field("Demands on learners whose accounts the viewer may see.", default=None)


@strawberry.input(name="EnterpriseCustomerWhere", description="Which enterprise customers a list holds.")
class CustomerWhere:
    uuid: UUID | None = field("The native id is this.", default=None)
    name: StringFilter | None = field("Demands on the name.", default=None)
    slug: StringFilter | None = field("Demands on the slug.", default=None)


@strawberry.input(name="EnterpriseCatalogWhere", description="Which enterprise catalogs a list holds.")
class CatalogWhere:
    title: StringFilter | None = field("Demands on the title.", default=None)
    modified: DateTimeFilter | None = field("Demands on the last change.", default=None)
    customer: CustomerWhere | None = field("Demands on the customer.", default=None)


@strawberry.input(description="Which people of enterprise customers a list holds.")
class EnterpriseLearnerWhere:
    username: StringFilter | None = field("Demands on the username.", default=None)
    email: StringFilter | None = field("Demands on the e-mail address.", default=None)
    name: StringFilter | None = field("Demands on the name.", default=None)
    linked: bool | None = field("Whether the link is in force.", default=None)
    created: DateTimeFilter | None = field("Demands on the time of the link.", default=None)


@strawberry.input(description="Which enterprise enrollments a list holds.")
class EnterpriseEnrollmentWhere:
    user_email: StringFilter | None = field("Demands on the learner's e-mail address.", default=None)
    user_username: StringFilter | None = field("Demands on the learner's username.", default=None)
    course_id: StringFilter | None = field("Demands on the native key of the course run.", default=None)
    course_key: StringFilter | None = field("Demands on the native key of the course.", default=None)
    course_title: StringFilter | None = field("Demands on the title.", default=None)
    course_start: DateTimeFilter | None = field("Demands on the start, an instant.", default=None)
    course_end: DateTimeFilter | None = field("Demands on the end, an instant.", default=None)
    user_current_enrollment_mode: StringFilter | None = field("Demands on the mode.", default=None)
    progress_status: list[ProgressStatus] | None = field("The status is one of these.", default=None)
    passed_timestamp: DateTimeFilter | None = field("Demands on the time of passing.", default=None)
    last_activity_date: DateTimeFilter | None = field(
        "Demands on the last activity, an instant.", default=None
    )
    enrollment_created_timestamp: DateTimeFilter | None = field(
        "Demands on the time of the enrollment.", default=None
    )
    unenrollment_timestamp: DateTimeFilter | None = field("Demands on the unenrollment.", default=None)
    consent_granted: bool | None = field("Whether the learner has agreed.", default=None)


@strawberry.input(description="Which modules a list holds.")
class ModuleWhere:
    usage_key: StringFilter | None = field("Demands on the native key.", default=None)
    encoded_id: StringFilter | None = field("Demands on the id that the player reports.", default=None)
    display_name: StringFilter | None = field("Demands on the title.", default=None)


@strawberry.input(description="Which access tokens a list holds.")
class AccessTokenWhere:
    created: DateTimeFilter | None = field("Demands on the time of issue.", default=None)
    expires: DateTimeFilter | None = field("Demands on the end.", default=None)
    revoked_at: DateTimeFilter | None = field("Demands on the time of revocation.", default=None)


@strawberry.input(name="OAuthClientWhere", description="Which OAuth clients a list holds.")
class OAuthClientWhere:
    client_id: StringFilter | None = field("Demands on the native id.", default=None)
    name: StringFilter | None = field("Demands on the name.", default=None)
    type: list[ClientType] | None = field("The type is one of these.", default=None)
    is_active: bool | None = field("Whether it may ask for tokens.", default=None)


@strawberry.input(description="Which subscriptions of webhooks a list holds.")
class WebhookSubscriptionWhere:
    event_type: list[WebhookEvent] | None = field("The event is one of these.", default=None)
    target: StringFilter | None = field("Demands on the target.", default=None)
    is_active: bool | None = field("Whether it is told of events.", default=None)
    created: DateTimeFilter | None = field("Demands on when it was made.", default=None)


@strawberry.input(description="Which attempts to deliver a list holds.")
class DeliveryAttemptWhere:
    status: list[AttemptStatus] | None = field("The status is one of these.", default=None)
    message: StringFilter | None = field("Demands on the message.", default=None)
    webhook_id: StringFilter | None = field("Demands on the id that receivers know it by.", default=None)
    created: DateTimeFilter | None = field("Demands on when it was made.", default=None)


OrganizationOrder = ordering("Organization", "key", "name")
SubjectOrder = ordering("Subject", "slug", "name")
PersonOrder = ordering("Person", "given_name", "family_name")
CourseOrder = ordering("Course", "key", "title", "created", "modified")
CourseRunOrder = ordering(
    "CourseRun", "key", "start", "end", "enrollment_start", "enrollment_end", "created", "modified"
)
ProgramOrder = ordering("Program", "title", "created", "modified")
UserOrder = ordering("User", "username", "date_joined", "last_login", "year_of_birth")
EnrollmentOrder = ordering("Enrollment", "created", "mode", "unenrolled_at")
AccessTokenOrder = ordering("AccessToken", "created", "expires")
OAuthClientOrder = ordering("OAuthClient", "client_id", "name", "created")
CustomerOrder = ordering("EnterpriseCustomer", "name", "created")
CatalogOrder = ordering("EnterpriseCatalog", "title", "created", "modified")
EnterpriseLearnerOrder = ordering("EnterpriseLearner", "username", "email", "name", "created")
EnterpriseEnrollmentOrder = ordering(
    "EnterpriseEnrollment",
    "consent_granted",
    "coupon_code",
    "coupon_name",
    "course_end",
    "course_id",
    "course_key",
    "course_max_effort",
    "course_min_effort",
    "course_pacing_type",
    "course_price",
    "course_start",
    "course_title",
    "current_grade",
    "discount_price",
    "enrollment_created_timestamp",
    "enterprise_user",
    "last_activity_date",
    "letter_grade",
    "lms_user_id",
    "passed_timestamp",
    "progress_status",
    "unenrollment_timestamp",
    "user_account_creation_timestamp",
    "user_country_code",
    "user_current_enrollment_mode",
    "user_email",
    "user_username",
)
ListedRunOrder = ordering("ListedRun", "shown_title", "number", "start", "end", "created")
WebhookSubscriptionOrder = ordering(
    "WebhookSubscription", "created", "owner_username", "target", "is_active", "status"
)
DeliveryAttemptOrder = ordering("DeliveryAttempt", "created", "status", "resolved_at")
ModuleOrder = ordering("Module", "usage_key", "display_name")
