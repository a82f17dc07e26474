"""Stored queries: filters over all content, and what they find.

A filter is a JSON object. All of its members must hold, and of a list one value:

`content_type`
    `course`, `courserun` or `program`; all of them unless given.
`subjects`
    Slugs of subjects: of the course, of the run's course, of a course of the program.
`organizations`
    Keys of organizations: owners of the course, authors of the program.
`levels`
    Levels of the course, of the run's course, of a course of the program, in any case,
    as names or slugs (Enterprise contract C-03).
`languages`
    Codes of languages of the run, or of a published run of the course or program; `en`
    is `en-us` as well.
`keys`
    Native keys of courses and runs, UUIDs of programs.

Found is what is published: runs, courses with a published run, active programs.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.models import (
    Course,
    CourseOrganization,
    CourseRun,
    CourseSubject,
    Organization,
    Program,
    ProgramCourse,
    ProgramOrganization,
    Subject,
)
from app.db.models.tables import table_of
from app.enterprise.items import Content, as_uuid
from app.errors import BadUserInput
from app.vocabulary import ContentKind, OrganizationRole, ProgramStatus, RunStatus, level_name

Filter = Mapping[str, Any]

MEMBERS = ("content_type", "subjects", "organizations", "levels", "languages", "keys")
"""The members that a filter may have."""

KINDS = {
    "course": ContentKind.COURSE,
    "courserun": ContentKind.COURSE_RUN,
    "program": ContentKind.PROGRAM,
}
"""Kinds of content as filters name them (Enterprise contract 7)."""

_FIELD = "content_filter"
_LONGEST, _MOST = 255, 1000
_SAME_LEVELS = {"introductory", "beginner"}


def check_filter(given: Any) -> None:
    """Raise `BadUserInput` for what is no filter, naming the member."""
    if not isinstance(given, Mapping):
        raise BadUserInput("a filter is a JSON object", field=_FIELD)
    for name in given:
        if name not in MEMBERS:
            message = f"there is no member {name!r:.60}, only {', '.join(MEMBERS)}"
            raise BadUserInput(message, field=_FIELD)
        values = _values(given, name)
        if not 1 <= len(values) <= _MOST or not all(map(_is_value, values)):
            message = f"{name} is a text, or a list of 1 to {_MOST} texts of 1 to {_LONGEST} characters"
            raise BadUserInput(message, field=_FIELD)
    for kind in _values(given, "content_type"):
        if kind not in KINDS:
            raise BadUserInput(f"content_type {kind!r:.60} is none of {', '.join(KINDS)}", field=_FIELD)


async def found_by(connection: AsyncConnection, content_filter: Filter) -> list[Content]:
    """The content that a filter finds: courses, then runs, then programs, each by key."""
    kinds = _values(content_filter, "content_type") or KINDS
    found = []
    for name, select_kind in (("course", _courses), ("courserun", _runs), ("program", _programs)):
        if name in kinds:
            rows = await connection.execute(select_kind(content_filter))
            contents = [Content(KINDS[name], str(row.key), row.id) for row in rows]
            found += sorted(contents, key=lambda content: content.key)
    return found


def _courses(given: Filter) -> Select[Any]:
    course = table_of(Course)
    conditions = _on_course(given, course)
    if keys := _values(given, "keys"):
        conditions.append(course.c.key.in_(keys))
    if organizations := _values(given, "organizations"):
        conditions.append(_owned_by(organizations, course))
    return select(course.c.id, course.c.key).where(*conditions)


def _runs(given: Filter) -> Select[Any]:
    course, run = table_of(Course), table_of(CourseRun).alias()
    conditions = [*_on_course(given, course), *_on_run(given, run)]
    if keys := _values(given, "keys"):
        conditions.append(run.c.key.in_(keys))
    if organizations := _values(given, "organizations"):
        conditions.append(_owned_by(organizations, course))
    return select(run.c.id, run.c.key).join(course, run.c.course_id == course.c.id).where(*conditions)


def _programs(given: Filter) -> Select[Any]:
    program, member, course = table_of(Program), table_of(ProgramCourse), table_of(Course)
    conditions: list[ColumnElement[bool]] = [program.c.status == ProgramStatus.ACTIVE]
    if any(_values(given, name) for name in ("subjects", "levels", "languages")):
        holding = select(member.c.program_id).join(course, member.c.course_id == course.c.id)
        conditions.append(program.c.id.in_(holding.where(*_on_course(given, course))))
    if keys := _values(given, "keys"):
        conditions.append(program.c.uuid.in_([uuid for key in keys if (uuid := as_uuid(key))]))
    if organizations := _values(given, "organizations"):
        author, organization = table_of(ProgramOrganization), table_of(Organization)
        authored = select(author.c.program_id).join(
            organization, author.c.organization_id == organization.c.id
        )
        conditions.append(program.c.id.in_(authored.where(organization.c.key.in_(organizations))))
    return select(program.c.id, program.c.uuid.label("key")).where(*conditions)


def _on_course(given: Filter, course: FromClause) -> list[ColumnElement[bool]]:
    """Its subjects and level, and that one of its runs is published and in a language."""
    run, held, subject = table_of(CourseRun), table_of(CourseSubject), table_of(Subject)
    offered = select(run.c.course_id).where(*_on_run(given, run))
    conditions: list[ColumnElement[bool]] = [course.c.id.in_(offered)]
    if slugs := _values(given, "subjects"):
        of_subject = select(held.c.course_id).join(subject, held.c.subject_id == subject.c.id)
        conditions.append(course.c.id.in_(of_subject.where(subject.c.slug.in_(slugs))))
    if levels := {level_name(level).lower() for level in _values(given, "levels")}:
        if levels & _SAME_LEVELS:
            levels |= _SAME_LEVELS
        conditions.append(func.lower(course.c.level_type).in_(levels))
    return conditions


def _on_run(given: Filter, run: FromClause) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [run.c.status == RunStatus.PUBLISHED]
    language = func.lower(run.c.content_language)
    if codes := [code.lower() for code in _values(given, "languages")]:
        inside = (language.startswith(f"{code}-", autoescape=True) for code in codes)
        conditions.append(or_(language.in_(codes), *inside))
    return conditions


def _owned_by(keys: Sequence[str], course: FromClause) -> ColumnElement[bool]:
    owner, organization = table_of(CourseOrganization), table_of(Organization)
    owned = select(owner.c.course_id).join(organization, owner.c.organization_id == organization.c.id)
    return course.c.id.in_(owned.where(organization.c.key.in_(keys), owner.c.role == OrganizationRole.OWNER))


def _values(given: Filter, name: str) -> Sequence[Any]:
    """What a member demands, as a list; of one that is not there, nothing."""
    value = given.get(name, [])
    return value if isinstance(value, list | tuple) else [value]


def _is_value(value: Any) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= _LONGEST and value.isprintable()
