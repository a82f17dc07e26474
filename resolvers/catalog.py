"""The catalog's entities and how they hang together."""

from app.db import models
from app.vocabulary import OrganizationRole
from resolvers.entity import Entity, Relation

COURSE = Entity("Course", models.Course)
COURSE_RUN = Entity("CourseRun", models.CourseRun)
ENTITLEMENT = Entity("Entitlement", models.Entitlement)
ORGANIZATION = Entity("Organization", models.Organization)
PERSON = Entity("Person", models.Person)
PROGRAM = Entity("Program", models.Program)
PROGRAM_TYPE = Entity("ProgramKind", models.ProgramType)
SEAT = Entity("Seat", models.Seat)
SUBJECT = Entity("Subject", models.Subject)

_OWNER = {"role": OrganizationRole.OWNER}
_SPONSOR = {"role": OrganizationRole.SPONSOR}
_IN_ORDER = ("position",)

RUNS_OF_COURSE = Relation(COURSE_RUN, "course_id")
ENTITLEMENTS_OF_COURSE = Relation(ENTITLEMENT, "course_id")
OWNERS_OF_COURSE = Relation(
    ORGANIZATION, "course_id", models.CourseOrganization, "organization_id", _OWNER, _IN_ORDER
)
SPONSORS_OF_COURSE = Relation(
    ORGANIZATION, "course_id", models.CourseOrganization, "organization_id", _SPONSOR, _IN_ORDER
)
SUBJECTS_OF_COURSE = Relation(SUBJECT, "course_id", models.CourseSubject, "subject_id", order=_IN_ORDER)
PROGRAMS_OF_COURSE = Relation(PROGRAM, "course_id", models.ProgramCourse, "program_id")
SEATS_OF_RUN = Relation(SEAT, "run_id")
STAFF_OF_RUN = Relation(PERSON, "run_id", models.CourseRunStaff, "person_id", order=_IN_ORDER)
COURSES_OF_PROGRAM = Relation(COURSE, "program_id", models.ProgramCourse, "course_id", order=_IN_ORDER)
ORGANIZATIONS_OF_PROGRAM = Relation(
    ORGANIZATION, "program_id", models.ProgramOrganization, "organization_id", order=_IN_ORDER
)
COURSES_OF_ORGANIZATION = Relation(COURSE, "organization_id", models.CourseOrganization, "course_id", _OWNER)
PROGRAMS_OF_ORGANIZATION = Relation(PROGRAM, "organization_id", models.ProgramOrganization, "program_id")
COURSES_OF_SUBJECT = Relation(COURSE, "subject_id", models.CourseSubject, "course_id")
RUNS_OF_PERSON = Relation(COURSE_RUN, "person_id", models.CourseRunStaff, "run_id")
