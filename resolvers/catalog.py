"""The catalog's entities and how they hang together."""

from sqlalchemy import exists, select

from app.db import models
from app.db.models.tables import table_of
from app.vocabulary import OrganizationRole, RunStatus
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

_program_course, _run = table_of(models.ProgramCourse), table_of(models.CourseRun)
_course_subject, _staff = table_of(models.CourseSubject), table_of(models.CourseRunStaff)
_excluded = table_of(models.ProgramExcludedRun)
_is_excluded = exists().where(
    _excluded.c.program_id == _program_course.c.program_id, _excluded.c.run_id == _run.c.id
)
_RUN_IN_PROGRAM = (
    select(_program_course.c.program_id, _program_course.c.position, _run.c.id.label("run_id"), _run.c.status)
    .join(_run, _run.c.course_id == _program_course.c.course_id)
    .where(~_is_excluded)
    .subquery("run_in_program")
)
_STAFF_IN_PROGRAM = (
    select(_RUN_IN_PROGRAM.c.program_id, _staff.c.person_id)
    .join(_staff, _staff.c.run_id == _RUN_IN_PROGRAM.c.run_id)
    .where(_RUN_IN_PROGRAM.c.status == RunStatus.PUBLISHED)
    .distinct()
    .subquery("staff_in_program")
)
_SUBJECT_IN_PROGRAM = (
    select(_program_course.c.program_id, _course_subject.c.subject_id)
    .join(_course_subject, _course_subject.c.course_id == _program_course.c.course_id)
    .distinct()
    .subquery("subject_in_program")
)

_OWNER = {"role": OrganizationRole.OWNER}
_SPONSOR = {"role": OrganizationRole.SPONSOR}
_IN_ORDER = ("position",)
_BY_UUID = ("uuid",)

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
PROGRAMS_OF_RUN = Relation(PROGRAM, "run_id", _RUN_IN_PROGRAM, "program_id")
RUNS_OF_PROGRAM = Relation(
    COURSE_RUN, "program_id", _RUN_IN_PROGRAM, "run_id", {"status": RunStatus.PUBLISHED}, _IN_ORDER
)
STAFF_OF_PROGRAM = Relation(PERSON, "program_id", _STAFF_IN_PROGRAM, "person_id", order=_BY_UUID)
SUBJECTS_OF_PROGRAM = Relation(SUBJECT, "program_id", _SUBJECT_IN_PROGRAM, "subject_id", order=_BY_UUID)
