"""Courses, their runs, programs, organizations, subjects and people."""

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, cast
from uuid import UUID

import strawberry

from resolvers import catalog, enrollment, enterprise, reading, series
from resolvers.modes import modes_of_run
from schema.enums import Pacing, ProgramStatus, RunStatus
from schema.filters import (
    CatalogOrder,
    CatalogWhere,
    CourseOrder,
    CourseRunOrder,
    CourseRunWhere,
    CourseWhere,
    EnrollmentOrder,
    EnrollmentWhere,
    OrganizationOrder,
    OrganizationWhere,
    PersonOrder,
    PersonWhere,
    ProgramOrder,
    ProgramWhere,
    SubjectOrder,
    SubjectWhere,
)
from schema.relay import Connection, ContextInfo, Node, connection, field, to_many, to_one

if TYPE_CHECKING:
    from schema.analytics import Analytics
    from schema.enrollment import Enrollment
    from schema.enterprise import EnterpriseCatalog

_Catalogs = Connection[Annotated["EnterpriseCatalog", strawberry.lazy("schema.enterprise")]]
_Enrollments = Connection[Annotated["Enrollment", strawberry.lazy("schema.enrollment")]]
_Analytics = Annotated["Analytics", strawberry.lazy("schema.analytics")]


@strawberry.type(description="A school, university or company that offers courses.")
class Organization(Node):
    uuid: UUID = field("Native id in the catalog.")
    key: str = field("Native key, such as `edX`.")
    name: str = field("Name.")
    description: str | None = field("What it is, in HTML.")
    homepage_url: str | None = field("Address of its own home page.")
    marketing_url: str | None = field("Address of its page on the platform.")
    logo_image_url: str | None = field("Address of its logo.")
    certificate_logo_image_url: str | None = field("Address of its logo for certificates.")
    tags: list[str] = field("Words that group organizations.")
    courses: Connection["Course"] = connection(
        catalog.COURSES_OF_ORGANIZATION, CourseWhere, CourseOrder, "Courses that it owns."
    )
    programs: Connection["Program"] = connection(
        catalog.PROGRAMS_OF_ORGANIZATION, ProgramWhere, ProgramOrder, "Programs that it authors."
    )


@strawberry.type(description="A field of study.")
class Subject(Node):
    uuid: UUID = field("Native id in the catalog.")
    slug: str = field("Name in addresses.")
    name: str = field("Name.")
    subtitle: str | None = field("One line under the name.")
    description: str | None = field("What it is about, in HTML.")
    banner_image_url: str | None = field("Address of a wide image.")
    card_image_url: str | None = field("Address of a small image.")
    courses: Connection["Course"] = connection(
        catalog.COURSES_OF_SUBJECT, CourseWhere, CourseOrder, "Courses of this subject."
    )


@strawberry.type(description="A member of the teaching staff, as the catalog presents them.")
class Person(Node):
    uuid: UUID = field("Native id in the catalog.")
    slug: str = field("Name in addresses.")
    salutation: str | None = field("Form of address, such as `Dr.`.")
    given_name: str = field("Given name.")
    family_name: str | None = field("Family name.")
    bio: str | None = field("Biography, in HTML.")
    position_title: str | None = field("Title of the position.")
    position_organization_name: str | None = field("Name of the organization of the position.")
    organization: Organization | None = to_one(
        catalog.ORGANIZATION, "organization_id", "Organization of the position."
    )
    profile_image_url: str | None = field("Address of a picture.")
    facebook_url: str | None = field("Address on Facebook.")
    twitter_url: str | None = field("Address on Twitter.")
    blog_url: str | None = field("Address of a blog.")
    works: list[str] = field("Works.")
    runs: Connection["CourseRun"] = connection(
        catalog.RUNS_OF_PERSON, CourseRunWhere, CourseRunOrder, "Course runs that the person teaches."
    )


@strawberry.type(description="A right, on sale, to take any run of a course in a mode.")
class Entitlement(Node):
    mode: str = field("Enrollment mode.")
    price: Decimal = field("Price, with two decimals.")
    currency: str = field("ISO 4217 code of the currency.")
    sku: str | None = field("Stock keeping unit.")
    expires: dt.datetime | None = field("When the offer ends.")


@strawberry.type(description="An enrollment mode that a course run is offered in, with its price.")
class Seat(Node):
    mode: str = field("Enrollment mode, such as `audit` or `verified`.")
    name: str = field("Name of the mode for people.")
    price: Decimal = field("Price, with two decimals; the least one where there are suggestions.")
    suggested_prices: str = field("Suggested prices, with commas between them.")
    currency: str = field("ISO 4217 code of the currency.")
    upgrade_deadline: dt.datetime | None = field("When the mode is no longer offered.")
    description: str | None = field("What the mode brings.")
    sku: str | None = field("Stock keeping unit.")
    bulk_sku: str | None = field("Stock keeping unit for buying many.")
    credit_provider: str = field("Who gives credit, for credit modes.")
    credit_hours: int | None = field("Hours of credit.")


@strawberry.type(description="An enrollment mode that learners can take a run in, and what it costs.")
class EnrollmentMode:
    slug: str = field("Its name in requests, such as `audit` or `verified`.")
    name: str = field("Its name for people.")
    min_price: int = field("Least price, in whole units of the currency.")
    suggested_prices: str = field("Suggested prices, with commas between them; empty when there are none.")
    currency: str = field("ISO 4217 code of the currency, in lower case.")
    expires: dt.datetime | None = field("When it is no longer offered.")
    description: str | None = field("What it brings.")
    sku: str | None = field("Stock keeping unit.")
    bulk_sku: str | None = field("Stock keeping unit for buying many.")


@strawberry.type(description="A course as a whole. Learners enroll in one of its runs.")
class Course(Node):
    uuid: UUID = field("Native id in the catalog.")
    key: str = field("Native key, `ORG+NUMBER`.")
    title: str | None = field("Title.")
    short_description: str | None = field("What it is, in a sentence or two of HTML.")
    full_description: str | None = field("What it is, in HTML.")
    outcome: str | None = field("What learners will know, in HTML.")
    syllabus: str | None = field("Syllabus, in HTML.")
    prerequisites_text: str | None = field("What learners should know before, in HTML.")
    prerequisites: list[str] = field("Names of prerequisites.")
    expected_learning_items: list[str] = field("What learners will know, point by point.")
    level_type: str | None = field("Level as displayed, such as `Introductory` or `Advanced`.")
    image_url: str | None = field("Address of the image.")
    image_description: str | None = field("Words for who does not see the image.")
    image_width: int | None = field("Width of the image in pixels.")
    image_height: int | None = field("Height of the image in pixels.")
    original_image_url: str | None = field("Address of the image as it was uploaded.")
    video_url: str | None = field("Address of the video that presents the course.")
    video_description: str | None = field("Words about the video.")
    video_image_url: str | None = field("Address of a still of the video.")
    marketing_slug: str | None = field("Name in addresses of the marketing site.")
    partner: str | None = field("Short code of the platform partner.")
    created: dt.datetime = field("When it was entered.")
    modified: dt.datetime = field("When its metadata last changed.")
    runs: Connection["CourseRun"] = connection(
        catalog.RUNS_OF_COURSE, CourseRunWhere, CourseRunOrder, "Runs of the course."
    )
    entitlements: list[Entitlement] = to_many(catalog.ENTITLEMENTS_OF_COURSE, "Rights on sale.")
    owners: Connection[Organization] = connection(
        catalog.OWNERS_OF_COURSE, OrganizationWhere, OrganizationOrder, "Authoring organizations, in order."
    )
    sponsors: Connection[Organization] = connection(
        catalog.SPONSORS_OF_COURSE, OrganizationWhere, OrganizationOrder, "Sponsors, in order."
    )
    subjects: Connection[Subject] = connection(
        catalog.SUBJECTS_OF_COURSE, SubjectWhere, SubjectOrder, "Subjects, the primary one first."
    )
    programs: Connection["Program"] = connection(
        catalog.PROGRAMS_OF_COURSE, ProgramWhere, ProgramOrder, "Programs that hold the course."
    )
    catalogs: _Catalogs = connection(
        enterprise.CATALOGS_OF_COURSE, CatalogWhere, CatalogOrder, "Enterprise catalogs that list it."
    )


def _inherited(name: str, description: str) -> Any:
    """A field of a run that is the course's where the run has none of its own."""

    def resolve(root: Any, info: ContextInfo) -> Any:
        return _own_or_of_course(root, info, name)

    return strawberry.field(
        resolver=resolve, description=description, metadata={"needs": (name, "course_id")}
    )


async def _own_or_of_course(run: Any, info: ContextInfo, name: str) -> Any:
    own = getattr(run, name)
    if own is not None:
        return own
    course = await reading.row(info.context, catalog.COURSE, run.course_id, (name,))
    return course and getattr(course, name)


@strawberry.type(description="One offering of a course: what learners enroll in.")
class CourseRun(Node):
    uuid: UUID = field("Native id in the catalog.")
    key: str = field("Native key, `course-v1:ORG+NUMBER+RUN` or the old `ORG/NUMBER/RUN`.")
    course: Course = to_one(catalog.COURSE, "course_id", "The course.")
    status: RunStatus = field("Whether it is published.")
    title: str | None = _inherited("title", "Title; the course's unless the run has its own.")

    @strawberry.field(
        description="What to call it: its title, or its key where there is none.",
        metadata={"needs": ("key", "title", "course_id")},
    )
    async def display_name(root: Any, info: ContextInfo) -> str:  # noqa: N805
        name: str = await _own_or_of_course(root, info, "title") or root.key
        return name

    short_description: str | None = _inherited(
        "short_description", "What it is, in brief HTML; the course's unless the run has its own."
    )
    full_description: str | None = _inherited(
        "full_description", "What it is, in HTML; the course's unless the run has its own."
    )
    outcome: str | None = _inherited(
        "outcome", "What learners will know, in HTML; the course's unless the run has its own."
    )
    start: dt.datetime | None = field("When it begins.")
    end: dt.datetime | None = field("When it ends.")
    enrollment_start: dt.datetime | None = field("When enrollment opens.")
    enrollment_end: dt.datetime | None = field("When enrollment closes.")
    announcement: dt.datetime | None = field("When it was announced.")
    go_live_date: dt.datetime | None = field("When it is to be published.")
    pacing: Pacing | None = field("Who sets the pace.")
    content_language: str | None = field("BCP 47 code of the language, such as `en-us`.")
    transcript_languages: list[str] = field("BCP 47 codes of the transcripts' languages.")
    min_effort: int | None = field("Least effort, in hours a week.")
    max_effort: int | None = field("Greatest effort, in hours a week.")
    weeks_to_complete: int | None = field("Length in weeks.")
    mobile_available: bool = field("Whether it can be taken on a phone.")
    invite_only: bool = field("Whether only invited learners may enroll.")
    hidden: bool = field("Whether it is left out of listings for learners.")
    enrollment_limit: int | None = field("Greatest number of learners.")
    marketing_slug: str | None = field("Name in addresses of the marketing site.")
    license: str | None = field("Licence of the content.")
    reporting_type: str | None = field("What reports it counts in.")
    external_key: str | None = field("Key in the partner's own system.")
    eligible_for_financial_aid: bool = field("Whether learners may ask for financial aid.")
    created: dt.datetime = field("When it was entered.")
    modified: dt.datetime = field("When its metadata last changed.")
    seats: list[Seat] = to_many(catalog.SEATS_OF_RUN, "Modes with their prices, expired or not.")

    @strawberry.field(
        description="Modes that learners can enroll in: those of the seats; without seats, a free `audit`.",
        metadata={"needs": ("id",), "multiplier": lambda arguments, limits: 10},
    )
    async def modes(
        root: Any,  # noqa: N805
        info: ContextInfo,
        include_expired: Annotated[
            bool, strawberry.argument(description="Also those that are no longer offered.")
        ] = False,
    ) -> list[EnrollmentMode]:
        found = await modes_of_run(info.context, root.id, include_expired=include_expired)
        return cast(list[EnrollmentMode], found)

    staff: Connection[Person] = connection(
        catalog.STAFF_OF_RUN, PersonWhere, PersonOrder, "People who teach it, in order."
    )
    catalogs: _Catalogs = connection(
        enterprise.CATALOGS_OF_RUN,
        CatalogWhere,
        CatalogOrder,
        "Enterprise catalogs that list the run itself.",
    )
    enrollments: _Enrollments = connection(
        enrollment.ENROLLMENTS_OF_RUN,
        EnrollmentWhere,
        EnrollmentOrder,
        "Enrollments in the run that the viewer may see, active or not.",
    )

    @strawberry.field(
        description="Computed series; null for viewers who may not see them.", metadata={"needs": ("id",)}
    )
    def analytics(root: Any, info: ContextInfo) -> _Analytics | None:  # noqa: N805
        found: Analytics | None = series.readable(info.context, root)
        return found


@strawberry.type(description="A kind of program, such as MicroMasters.")
class ProgramKind(Node):
    uuid: UUID = field("Native id in the catalog.")
    slug: str = field("Name in addresses.")
    name: str = field("Name.")
    coaching_supported: bool = field("Whether learners get a coach.")


@strawberry.type(description="A series of courses taken together.")
class Program(Node):
    uuid: UUID = field("Native id in the catalog.")
    title: str = field("Title.")
    subtitle: str | None = field("One line under the title.")
    type: ProgramKind | None = to_one(catalog.PROGRAM_TYPE, "type_id", "Kind of program.")
    status: ProgramStatus = field("Whether it is published.")
    marketing_slug: str | None = field("Name in addresses of the marketing site.")
    card_image_url: str | None = field("Address of a small image.")
    min_hours_effort_per_week: int | None = field("Least effort, in hours a week.")
    max_hours_effort_per_week: int | None = field("Greatest effort, in hours a week.")
    weeks_to_complete_min: int | None = field("Least length in weeks.")
    weeks_to_complete_max: int | None = field("Greatest length in weeks.")
    hidden: bool = field("Whether it is left out of listings for learners.")
    one_click_purchase: bool = field("Whether all its courses can be bought at once.")
    partner: str | None = field("Short code of the platform partner.")
    created: dt.datetime = field("When it was entered.")
    modified: dt.datetime = field("When its metadata last changed.")
    courses: Connection[Course] = connection(
        catalog.COURSES_OF_PROGRAM, CourseWhere, CourseOrder, "Its courses, in order."
    )
    organizations: Connection[Organization] = connection(
        catalog.ORGANIZATIONS_OF_PROGRAM,
        OrganizationWhere,
        OrganizationOrder,
        "Authoring organizations, in order.",
    )
    catalogs: _Catalogs = connection(
        enterprise.CATALOGS_OF_PROGRAM, CatalogWhere, CatalogOrder, "Enterprise catalogs that list it."
    )
