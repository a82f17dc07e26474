"""Courses, their runs, programs, organizations, subjects and people."""

import datetime as dt
from collections.abc import Awaitable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, cast
from uuid import UUID

import strawberry

from resolvers import (
    catalog,
    course_offering,
    enrollment,
    enterprise,
    offering,
    program_offering,
    reading,
    series,
)
from resolvers.context import Context
from resolvers.languages import language_name, language_names
from resolvers.modes import modes_of_run
from schema.addresses import enrollment_url, marketing_url
from schema.enums import Availability, Pacing, ProgramStatus, RunStatus
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
from schema.offering import Beside, by_id, of_seats, worked_out
from schema.plain import OwnAnalytics
from schema.relay import (
    Connection,
    ContextInfo,
    Node,
    connection,
    database_id,
    field,
    to_many,
    to_one,
)
from schema.scalars import BigInt
from schema.selection import columns

if TYPE_CHECKING:
    from schema.analytics import Analytics
    from schema.enrollment import Enrollment
    from schema.enterprise import EnterpriseCatalog

_Catalogs = Connection[Annotated["EnterpriseCatalog", strawberry.lazy("schema.enterprise")]]
_Enrollments = Connection[Annotated["Enrollment", strawberry.lazy("schema.enrollment")]]
_Analytics = Annotated["Analytics", strawberry.lazy("schema.analytics")]


@strawberry.type(description="A school, university or company that offers courses.")
class Organization(Node):
    database_id: BigInt = database_id()
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


_offered = by_id(course_offering.offered_loader)


def _course_page(course_or_run: Any) -> str | None:
    return course_or_run.marketing_slug and f"course/{course_or_run.marketing_slug}"


def _kinds(context: Context, programs: Sequence[Any], **arguments: Any) -> Awaitable[Sequence[Any]]:
    loader = reading.row_loader(context, catalog.PROGRAM_TYPE, ("slug",))
    return loader.all(program.type_id if program.marketing_slug else None for program in programs)


def _program_page(program: Any, kind: Any) -> str | None:
    return kind and f"{kind.slug}/{program.marketing_slug}"


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
    enrollment_url: str | None = enrollment_url("course", "key")
    marketing_url: str | None = marketing_url(_course_page, ("marketing_slug",))
    languages: list[str] = worked_out(
        lambda context, course, runs: course_offering.languages(runs),
        "Names of the languages of its published runs, each once.",
        ("id",),
        by_id(course_offering.published_loader),
    )
    seat_types: list[str] = worked_out(
        lambda context, course, offered: course_offering.seat_types(offered),
        "Enrollment modes that its published runs have seats in, each once.",
        ("id",),
        _offered,
    )
    is_active: bool = worked_out(
        lambda context, course, offered: course_offering.is_active(offered, context.now),
        "Whether a run of it is marketable and open for enrollment.",
        ("id",),
        _offered,
    )

    @strawberry.field(
        description="The marketable run to show to learners: of those that go on and have enrollable seats"
        " the one that began last, else the next to begin, else the one that began last; null without any.",
        metadata={"needs": ("id",)},
    )
    async def advertised_run(root: Any, info: ContextInfo) -> "CourseRun | None":  # noqa: N805
        context = info.context
        offered = await course_offering.offered_loader(context).load(root.id)
        key = course_offering.advertised_run(offered, context.now)
        if key is None:
            return None
        found: CourseRun = await reading.row(context, catalog.COURSE_RUN, key, columns(info))
        return found

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


def _of_course(name: str) -> Beside:
    """The course with one of its columns, where the run has none of its own."""

    def read(context: Context, runs: Sequence[Any]) -> Awaitable[Sequence[Any]]:
        loader = reading.row_loader(context, catalog.COURSE, (name,))
        return loader.all(run.course_id if getattr(run, name) is None else None for run in runs)

    return read


def _inherited(name: str, description: str) -> Any:
    """A field of a run that is the course's where the run has none of its own."""
    return worked_out(
        lambda context, run, course: getattr(course or run, name),
        description,
        (name, "course_id"),
        _of_course(name),
    )


@strawberry.type(description="One offering of a course: what learners enroll in.")
class CourseRun(Node):
    uuid: UUID = field("Native id in the catalog.")
    key: str = field("Native key, `course-v1:ORG+NUMBER+RUN` or the old `ORG/NUMBER/RUN`.")
    course: Course = to_one(catalog.COURSE, "course_id", "The course.")
    status: RunStatus = field("Whether it is published.")
    title: str | None = _inherited("title", "Title; the course's unless the run has its own.")

    display_name: str = worked_out(
        lambda context, run, course: (course or run).title or run.key,
        "What to call it: its title, or its key where there is none.",
        ("key", "title", "course_id"),
        _of_course("title"),
    )
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
    seat_types: list[str] = of_seats(
        lambda context, run, seats: offering.seat_types(seats),
        "Enrollment modes that it has seats in, each once.",
    )
    seat_type: str | None = of_seats(
        lambda context, run, seats: offering.seat_type(seats),
        "The first of `credit`, `professional`, `verified`, `honor` and `audit` that its seats offer; what is"
        " professional without an id is `professional` too.",
    )
    first_enrollable_paid_seat_price: Decimal | None = of_seats(
        lambda context, run, seats: offering.first_paid_price(seats),
        "Price of the paid seat whose deadline comes first, credit left out; null without any.",
    )
    enrollment_url: str | None = enrollment_url("course", "key")
    marketing_url: str | None = marketing_url(_course_page, ("marketing_slug",))

    availability: Availability = worked_out(
        lambda context, run: offering.availability(run, context.now),
        "Where it stands in time.",
        ("start", "end"),
    )
    is_enrollable: bool = worked_out(
        lambda context, run: offering.is_enrollable(run, context.now),
        "Whether enrollment is open; a start or an end that is not given is no bound.",
        offering.WINDOW,
    )
    has_enrollable_seats: bool = of_seats(
        lambda context, run, seats: offering.has_enrollable_seats(run, seats, context.now),
        "Whether enrollment is open, the run is not over, and a mode is still offered.",
        ("end", *offering.WINDOW),
    )
    is_marketable: bool = of_seats(
        lambda context, run, seats: offering.is_marketable(run, seats),
        "Whether it is published, has a seat, and has a page on the marketing site.",
        ("status", "marketing_slug"),
    )

    language: str | None = worked_out(
        lambda context, run: run.content_language and language_name(run.content_language),
        "English name of the language; Chinese with its variant, such as `Chinese - Mandarin`.",
        ("content_language",),
    )
    transcript_language_names: list[str] = worked_out(
        lambda context, run: language_names(run.transcript_languages),
        "English names of the transcripts' languages, each once.",
        ("transcript_languages",),
    )
    estimated_hours: float | None = worked_out(
        lambda context, run: offering.estimated_hours(run),
        "Mean effort for all its weeks, in hours; null where efforts or weeks are not known.",
        ("min_effort", "max_effort", "weeks_to_complete"),
    )
    programs: Connection["Program"] = connection(
        catalog.PROGRAMS_OF_RUN,
        ProgramWhere,
        ProgramOrder,
        "Programs that hold the course, but those that leave the run out.",
    )
    program_types: list[str] = worked_out(
        lambda context, run, names: names,
        "Names of the kinds of its programs that are active or retired, sorted, each once.",
        ("id",),
        by_id(program_offering.program_types_loader),
    )

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
        description="Computed series; null for viewers who may not see them.",
        metadata={"needs": ("id",), "plain": OwnAnalytics()},
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
    enrollment_url: str | None = enrollment_url("program", "uuid")
    marketing_url: str | None = marketing_url(_program_page, ("marketing_slug", "type_id"), _kinds)
    languages: list[str] = worked_out(
        lambda context, program, runs: course_offering.languages(runs),
        "Names of the languages of its courses' published runs, each once, in order.",
        ("id",),
        by_id(program_offering.published_loader),
    )
    staff: list[Person] = to_many(
        catalog.STAFF_OF_PROGRAM, "People who teach the published runs of its courses, each once, by UUID."
    )
    subjects: list[Subject] = to_many(
        catalog.SUBJECTS_OF_PROGRAM, "Subjects of its courses, each once, by UUID."
    )
    catalogs: _Catalogs = connection(
        enterprise.CATALOGS_OF_PROGRAM, CatalogWhere, CatalogOrder, "Enterprise catalogs that list it."
    )
