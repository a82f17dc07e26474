"""Import of a catalog: the courses and course runs of course-discovery's API."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.db.engine import Database
from app.db.models import (
    Course,
    CourseOrganization,
    CourseRun,
    CourseRunStaff,
    CourseSubject,
    Entitlement,
    Event,
    Organization,
    Person,
    Seat,
    Subject,
)
from app.imports.catalog_records import Entry, Offering, read_entry
from app.imports.json_files import read_objects
from app.imports.refresh import Refresh, Values
from app.progress import Advance, Progress, silent
from app.vocabulary import OrganizationRole, RunStatus, WebhookEvent
from app.webhooks.news import News

_CHUNK = 100


async def import_catalog(
    database: Database,
    files: Sequence[Path],
    *,
    emits_events: bool = False,
    progress: Progress = silent,
) -> Counter[str]:
    """Make courses and runs say what files say, in one transaction; returns the rows written, by table.

    What a record does not tell stays; the seats, staff, owners, sponsors,
    subjects and entitlements it tells of replace those that are there. A run
    belongs to the course it stands in, else to the one it names. Of records
    that contradict one another the last one counts. Raises `BadUserInput`,
    naming file, line and field, for files that cannot be used; nothing is
    imported then. Others are told of runs that become available if `emits_events`.
    """
    async with database.begin() as connection:
        refresh, news = Refresh(connection), News(wanted=emits_events)
        advance = progress("Importing files", len(files))
        entries = _read(files, advance)
        while chunk := list(islice(entries, _CHUNK)):
            await _import(refresh, chunk, connection, news)
        await news.tell(connection)
    return +refresh.written


def _read(files: Iterable[Path], advance: Advance) -> Iterator[Entry]:
    for file in files:
        yield from map(read_entry, read_objects(file))
        advance(1)


async def _import(
    refresh: Refresh, entries: Sequence[Entry], connection: AsyncConnection, news: News
) -> None:
    runs = [run for entry in entries for run in entry.runs]
    described = [(entry.course["key"], entry) for entry in entries if entry.course]
    courses = [entry.course for entry in entries if entry.course]
    course_ids = await refresh.rows(Course, "key", [*courses, *({"key": run.course} for run in runs)])
    await _organizations(refresh, described, course_ids)

    subjects = [subject for entry in entries for subject in entry.subjects or ()]
    subject_ids = await refresh.rows(Subject, "slug", subjects)
    await refresh.children(
        CourseSubject,
        "course_id",
        ("subject_id",),
        {
            course_ids[key]: _ordered("subject_id", (subject_ids[each["slug"]] for each in entry.subjects))
            for key, entry in described
            if entry.subjects is not None
        },
    )
    entitlements = {
        course_ids[key]: entry.entitlements for key, entry in described if entry.entitlements is not None
    }
    await refresh.children(Entitlement, "course_id", ("mode",), entitlements)

    offered = [run.values | {"course_id": course_ids[run.course]} for run in runs]
    before = await _available(connection, offered) if news.wanted else {}
    run_ids = await refresh.rows(CourseRun, "key", offered)
    if news.wanted:
        after = await _available(connection, offered)
        news.add(
            Event(type=WebhookEvent.COURSE_CREATED, run_id=id_, course_id=course_id)
            for id_, course_id in after.items()
            if id_ not in before
        )
    seats = {run_ids[run.values["key"]]: run.seats for run in runs if run.seats is not None}
    await refresh.children(Seat, "run_id", ("mode", "credit_provider"), seats)
    await _staff(refresh, runs, run_ids)


async def _available(connection: AsyncConnection, runs: Sequence[Values]) -> dict[int, int]:
    """Those of some runs that are published or once were, by what is known here; their courses by id."""
    uuids = [run["uuid"] for run in runs if run.get("uuid")]
    named = or_(col(CourseRun.key).in_([run["key"] for run in runs]), col(CourseRun.uuid).in_(uuids))
    columns = (col(CourseRun.id), col(CourseRun.course_id), col(CourseRun.status))
    rows = (await connection.execute(select(*columns).where(named))).all()
    ids = [row.id for row in rows]
    told = select(col(Event.run_id)).where(
        col(Event.type) == WebhookEvent.COURSE_CREATED, col(Event.run_id).in_(ids)
    )
    known = set(await connection.scalars(told))
    return {row.id: row.course_id for row in rows if row.status == RunStatus.PUBLISHED or row.id in known}


async def _organizations(
    refresh: Refresh, described: Sequence[tuple[str, Entry]], course_ids: Mapping[str, int]
) -> None:
    by_role = {
        OrganizationRole.OWNER: [(key, entry.owners) for key, entry in described],
        OrganizationRole.SPONSOR: [(key, entry.sponsors) for key, entry in described],
    }
    rows = [row for listed in by_role.values() for _, rows in listed for row in rows or ()]
    ids = await refresh.rows(Organization, "key", rows)
    for role, listed in by_role.items():
        wanted = {
            course_ids[key]: _ordered("organization_id", (ids[row["key"]] for row in rows))
            for key, rows in listed
            if rows is not None
        }
        await refresh.children(
            CourseOrganization, "course_id", ("organization_id",), wanted, scope={"role": role}
        )


async def _staff(refresh: Refresh, runs: Sequence[Offering], run_ids: Mapping[str, int]) -> None:
    people = [person for run in runs for person in run.staff or ()]
    uuids = {person["organization"] for person in people if person.get("organization")}
    organizations = await refresh.ids(Organization, "uuid", uuids)
    rows = [
        {
            **{name: value for name, value in person.items() if name != "organization"},
            **(
                {"organization_id": organizations.get(person["organization"])}
                if "organization" in person
                else {}
            ),
        }
        for person in people
    ]
    ids = await refresh.rows(Person, "slug", rows)
    await refresh.children(
        CourseRunStaff,
        "run_id",
        ("person_id",),
        {
            run_ids[run.values["key"]]: _ordered("person_id", (ids[each["slug"]] for each in run.staff))
            for run in runs
            if run.staff is not None
        },
    )


def _ordered(name: str, ids: Iterable[int]) -> list[Values]:
    return [{name: id_, "position": position} for position, id_ in enumerate(dict.fromkeys(ids))]
