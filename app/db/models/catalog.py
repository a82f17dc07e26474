"""The catalog: courses and their runs, seats, programs, organizations, subjects, people."""

import datetime as dt
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.db.models.base import (
    instant,
    json_list,
    link,
    now,
    optional,
    primary_key,
    related,
    string,
    unique_uuid,
)
from app.vocabulary import OrganizationRole, Pacing, ProgramStatus, RunStatus


class Organization(SQLModel, table=True):
    """A school, university or company that offers courses."""

    __tablename__ = "organization"

    id: int = primary_key()
    uuid: UUID = unique_uuid()
    key: str = string(255, unique=True)
    name: str = string(255)
    description: str | None = optional()
    homepage_url: str | None = optional()
    marketing_url: str | None = optional()
    logo_image_url: str | None = optional()
    certificate_logo_image_url: str | None = optional()
    tags: list[str] = json_list()


class Subject(SQLModel, table=True):
    """A field of study that courses belong to."""

    __tablename__ = "subject"

    id: int = primary_key()
    uuid: UUID = unique_uuid()
    slug: str = string(255, unique=True)
    name: str = string(255)
    subtitle: str | None = optional()
    description: str | None = optional()
    banner_image_url: str | None = optional()
    card_image_url: str | None = optional()


class Person(SQLModel, table=True):
    """A member of the teaching staff, as the catalog presents them."""

    __tablename__ = "person"

    id: int = primary_key()
    uuid: UUID = unique_uuid()
    slug: str = string(255, unique=True)
    salutation: str | None = optional(10)
    given_name: str = string(255)
    family_name: str | None = optional(255)
    bio: str | None = optional()
    email: str | None = optional(254)
    profile_image_url: str | None = optional()
    position_title: str | None = optional(255)
    position_organization_name: str | None = optional(255)
    organization_id: int | None = link("organization.id", nullable=True, index=True)
    facebook_url: str | None = optional()
    twitter_url: str | None = optional()
    blog_url: str | None = optional()
    works: list[str] = json_list()


class Course(SQLModel, table=True):
    """A course as a whole; what learners enroll in is one of its runs."""

    __tablename__ = "course"

    id: int = primary_key()
    uuid: UUID = unique_uuid()
    key: str = string(255, unique=True)
    title: str | None = optional(255)
    short_description: str | None = optional()
    full_description: str | None = optional()
    outcome: str | None = optional()
    syllabus: str | None = optional()
    prerequisites_text: str | None = optional()
    prerequisites: list[str] = json_list()
    expected_learning_items: list[str] = json_list()
    level_type: str | None = optional(255)
    image_url: str | None = optional()
    image_description: str | None = optional()
    image_width: int | None = None
    image_height: int | None = None
    original_image_url: str | None = optional()
    video_url: str | None = optional()
    video_description: str | None = optional()
    video_image_url: str | None = optional()
    marketing_slug: str | None = optional(255)
    partner: str | None = optional(8)
    created: dt.datetime = instant(default_factory=now)
    modified: dt.datetime = instant(default_factory=now)

    runs: list["CourseRun"] = related(back_populates="course")


class CourseOrganization(SQLModel, table=True):
    """An organization that owns or sponsors a course, in order."""

    __tablename__ = "course_organization"

    course_id: int = link("course.id", primary_key=True)
    role: OrganizationRole = string(10, default=OrganizationRole.OWNER, primary_key=True)
    organization_id: int = link("organization.id", primary_key=True, index=True)
    position: int = 0


class CourseSubject(SQLModel, table=True):
    """A subject of a course; the first is the primary one."""

    __tablename__ = "course_subject"

    course_id: int = link("course.id", primary_key=True)
    subject_id: int = link("subject.id", primary_key=True, index=True)
    position: int = 0


class Entitlement(SQLModel, table=True):
    """A right, on sale, to take any run of a course in a mode."""

    __tablename__ = "entitlement"

    id: int = primary_key()
    course_id: int = link("course.id", index=True)
    mode: str = string(100)
    price: Decimal = Field(max_digits=10, decimal_places=2)
    currency: str = string(6, default="USD")
    sku: str | None = optional(128)
    expires: dt.datetime | None = instant(default=None)


class CourseRun(SQLModel, table=True):
    """One offering of a course. Title and descriptions override the course's when given."""

    __tablename__ = "course_run"

    id: int = primary_key()
    uuid: UUID = unique_uuid()
    key: str = string(255, unique=True)
    course_id: int = link("course.id", index=True)
    status: RunStatus = string(20, default=RunStatus.PUBLISHED)
    title: str | None = optional(255)
    short_description: str | None = optional()
    full_description: str | None = optional()
    outcome: str | None = optional()
    start: dt.datetime | None = instant(default=None)
    end: dt.datetime | None = instant(default=None)
    enrollment_start: dt.datetime | None = instant(default=None)
    enrollment_end: dt.datetime | None = instant(default=None)
    announcement: dt.datetime | None = instant(default=None)
    go_live_date: dt.datetime | None = instant(default=None)
    pacing: Pacing | None = optional(20)
    content_language: str | None = optional(20)
    transcript_languages: list[str] = json_list()
    min_effort: int | None = None
    max_effort: int | None = None
    weeks_to_complete: int | None = None
    mobile_available: bool = False
    invite_only: bool = False
    hidden: bool = False
    enrollment_limit: int | None = None
    marketing_slug: str | None = optional(255)
    license: str | None = optional(255)
    reporting_type: str | None = optional(20)
    external_key: str | None = optional(225)
    eligible_for_financial_aid: bool = True
    created: dt.datetime = instant(default_factory=now)
    modified: dt.datetime = instant(default_factory=now)

    course: Course = related(back_populates="runs")
    seats: list["Seat"] = related(back_populates="run")


class Seat(SQLModel, table=True):
    """A mode that a course run is offered in, with its price."""

    __tablename__ = "seat"
    __table_args__ = (UniqueConstraint("run_id", "mode", "credit_provider"),)

    id: int = primary_key()
    run_id: int = link("course_run.id")
    mode: str = string(100)
    name: str = string(255, default="")
    price: Decimal = Field(default=Decimal("0.00"), max_digits=10, decimal_places=2)
    suggested_prices: str = string(255, default="")
    currency: str = string(6, default="USD")
    upgrade_deadline: dt.datetime | None = instant(default=None)
    description: str | None = optional()
    sku: str | None = optional(128)
    bulk_sku: str | None = optional(128)
    credit_provider: str = string(255, default="")
    credit_hours: int | None = None

    run: CourseRun = related(back_populates="seats")


class CourseRunStaff(SQLModel, table=True):
    """A person who teaches a course run, in order."""

    __tablename__ = "course_run_staff"

    run_id: int = link("course_run.id", primary_key=True)
    person_id: int = link("person.id", primary_key=True, index=True)
    position: int = 0


class ProgramType(SQLModel, table=True):
    """A kind of program, such as MicroMasters."""

    __tablename__ = "program_type"

    id: int = primary_key()
    uuid: UUID = unique_uuid()
    slug: str = string(255, unique=True)
    name: str = string(255)
    coaching_supported: bool = False


class Program(SQLModel, table=True):
    """A series of courses taken together."""

    __tablename__ = "program"

    id: int = primary_key()
    uuid: UUID = unique_uuid()
    title: str = string(255)
    subtitle: str | None = optional()
    type_id: int | None = link("program_type.id", nullable=True, index=True)
    status: ProgramStatus = string(20, default=ProgramStatus.ACTIVE)
    marketing_slug: str | None = optional(255)
    card_image_url: str | None = optional()
    min_hours_effort_per_week: int | None = None
    max_hours_effort_per_week: int | None = None
    weeks_to_complete_min: int | None = None
    weeks_to_complete_max: int | None = None
    hidden: bool = False
    one_click_purchase: bool = False
    partner: str | None = optional(8)
    created: dt.datetime = instant(default_factory=now)
    modified: dt.datetime = instant(default_factory=now)


class ProgramCourse(SQLModel, table=True):
    """A course of a program, in order."""

    __tablename__ = "program_course"

    program_id: int = link("program.id", primary_key=True)
    course_id: int = link("course.id", primary_key=True, index=True)
    position: int = 0


class ProgramExcludedRun(SQLModel, table=True):
    """A run of one of its courses that does not count for a program."""

    __tablename__ = "program_excluded_run"

    program_id: int = link("program.id", primary_key=True)
    run_id: int = link("course_run.id", primary_key=True, index=True)


class ProgramOrganization(SQLModel, table=True):
    """An organization that authors a program, in order."""

    __tablename__ = "program_organization"

    program_id: int = link("program.id", primary_key=True)
    organization_id: int = link("organization.id", primary_key=True, index=True)
    position: int = 0


class Module(SQLModel, table=True):
    """A part of a course run: a problem, a subsection, a video, or another resource.

    `usage_key` is the platform's id (`i4x://…`, `block-v1:…`) and unique in its
    run only. `encoded_id` is the HTML id that a video player reports (Data
    Analytics contract 8.8): with the run's key it makes the pipeline video id.
    """

    __tablename__ = "module"
    __table_args__ = (
        UniqueConstraint("run_id", "usage_key"),
        Index(None, "run_id", "category", "id"),
        Index(None, "category", "id"),
        Index(None, "run_id", "encoded_id"),
        Index(None, "usage_key"),
    )

    id: int = primary_key()
    run_id: int = link("course_run.id")
    usage_key: str = string(255)
    category: str = string(50)
    display_name: str | None = optional(255)
    encoded_id: str | None = optional(255)
