"""Import of a catalog: the courses, course runs and programs of course-discovery's API."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlmodel import col

from app.db.models import (
    Course,
    CourseOrganization,
    CourseRun,
    CourseRunStaff,
    CourseSubject,
    EnterpriseCatalog,
    Entitlement,
    Event,
    Organization,
    Person,
    Program,
    ProgramCourse,
    ProgramExcludedRun,
    ProgramOrganization,
    ProgramType,
    Seat,
    Subject,
)
from app.enterprise.catalogs import (
    DEFAULT_TITLE,
    create_catalog,
    fill_catalog,
    find_catalog_by_title,
    find_catalog_by_uuid,
)
from app.enterprise.change import Change
from app.enterprise.customers import customer_by_slug
from app.enterprise.items import ItemsChange, find_content, follow_keys
from app.errors import BadUserInput
from app.imports.catalog_records import Entry, Offering, read_entries
from app.imports.json_files import read_objects
from app.imports.program_records import Series
from app.imports.refresh import Refresh, Values
from app.progress import Advance, Progress, silent
from app.vocabulary import OrganizationRole, RunStatus, WebhookEvent
from app.webhooks.news import News

_CHUNK = 100


@dataclass(frozen=True)
class Target:
    """The enterprise catalog that is filled: one that is there, or a customer's, made if it is not there.

    It is named by its UUID, or by its customer's slug and its title. With `replace` it
    loses what the files do not hold.
    """

    uuid: UUID | None = None
    customer: str | None = None
    title: str = DEFAULT_TITLE
    replace: bool = False


@dataclass(frozen=True)
class CatalogImport:
    """How many rows were written, by table, and what was done to an enterprise catalog."""

    written: Counter[str]
    items: ItemsChange
    changes: Sequence[Change]


async def import_catalog(
    session: AsyncSession,
    files: Sequence[Path],
    *,
    target: Target | None = None,
    emits_events: bool = False,
    progress: Progress = silent,
) -> CatalogImport:
    """Make courses, runs and programs say what files say, in the session's transaction.

    What a record does not tell stays; the seats, staff, owners, sponsors,
    subjects and entitlements it tells of replace those that are there, and so do a
    program's courses, authors and excluded runs. A run belongs to the course it stands
    in, else to the one it names; a course is added to the programs that it names. Of
    records that contradict one another the last one counts. The records themselves,
    not what stands inside them, become the items of the enterprise catalog. Others are
    told of runs that become available if `emits_events`. Raises `BadUserInput`, naming
    file, line and field, for files that cannot be used.
    """
    catalog, changes = await _catalog(session, target) if target else (None, [])
    connection = await session.connection()
    refresh, news = Refresh(connection), News(wanted=emits_events)
    keys: list[str] = []
    advance = progress("Importing files", len(files))
    entries = _read(files, advance)
    while chunk := list(islice(entries, _CHUNK)):
        await _import(refresh, chunk, connection, news)
        keys += (entry.key for entry in chunk if entry.key)
    await follow_keys(connection)
    items = ItemsChange()
    if catalog is not None and target is not None:
        found = await find_content(connection, keys)
        contents = [found[key] for key in keys if key in found]
        change, items = await fill_catalog(session, catalog, contents, replace=target.replace)
        refresh.written += Counter(
            enterprise_catalog=len(changes), catalog_item=len(items.added), catalog_removal=len(items.removed)
        )
        changes.append(change)
    await news.tell(connection)
    return CatalogImport(+refresh.written, items, changes)


async def _catalog(session: AsyncSession, target: Target) -> tuple[EnterpriseCatalog, list[Change]]:
    """The catalog that is to be filled, locked, and what was done to make it."""
    customer = await customer_by_slug(session, target.customer) if target.customer else None
    if target.uuid is not None:
        catalog = await find_catalog_by_uuid(session, target.uuid)
    elif customer is not None:
        catalog = await find_catalog_by_title(session, customer, target.title)
    else:
        raise BadUserInput("a catalog needs its UUID, or the customer whose it is")
    if catalog is not None:
        if customer is not None and catalog.customer_id != customer.id:
            raise BadUserInput(f"catalog {catalog.uuid} is of another customer")
        return catalog, []
    if customer is None:
        raise BadUserInput(f"there is no catalog {target.uuid}: name the customer to make it")
    change = await create_catalog(session, customer, title=target.title, uuid=target.uuid)
    return await session.get_one(EnterpriseCatalog, change.id), [change]


def _read(files: Iterable[Path], advance: Advance) -> Iterator[Entry]:
    for file in files:
        for record in read_objects(file):
            yield from read_entries(record)
        advance(1)


async def _import(
    refresh: Refresh, entries: Sequence[Entry], connection: AsyncConnection, news: News
) -> None:
    runs = [run for entry in entries for run in entry.runs]
    described = [(entry.course["key"], entry) for entry in entries if entry.course]
    courses = [entry.course for entry in entries if entry.course]
    all_series = [series for entry in entries for series in entry.programs]
    placeholders = [run.course for run in runs]
    for series in all_series:
        placeholders += (*(series.courses or ()), *series.members)
    course_ids = await refresh.rows(Course, "key", [*courses, *({"key": key} for key in placeholders)])
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
    await _programs(refresh, all_series, course_ids)


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


async def _programs(refresh: Refresh, all_series: Sequence[Series], course_ids: Mapping[str, int]) -> None:
    types = await refresh.rows(ProgramType, "slug", [series.type for series in all_series if series.type])
    rows = [
        series.values | ({"type_id": types[series.type["slug"]]} if series.type else {})
        for series in all_series
    ]
    ids = await refresh.rows(Program, "uuid", rows)
    listed = [(ids[series.values["uuid"]], series) for series in all_series]
    changed = await refresh.children(
        ProgramCourse,
        "program_id",
        ("course_id",),
        {
            id_: _ordered("course_id", (course_ids[key] for key in series.courses))
            for id_, series in listed
            if series.courses is not None
        },
    )
    members = defaultdict[int, list[int]](list)
    for id_, series in listed:
        members[id_] += (course_ids[key] for key in series.members)
    changed |= await refresh.append(ProgramCourse, "program_id", "course_id", members)

    keys = {key for series in all_series for key in series.excluded_runs or ()}
    # A run that is not here counts for nothing anyway.
    run_ids = await refresh.ids(CourseRun, "key", keys)
    changed |= await refresh.children(
        ProgramExcludedRun,
        "program_id",
        ("run_id",),
        {
            id_: [{"run_id": run_ids[key]} for key in series.excluded_runs if key in run_ids]
            for id_, series in listed
            if series.excluded_runs is not None
        },
    )
    authors = [row for series in all_series for row in series.organizations or ()]
    author_ids = await refresh.rows(Organization, "key", authors)
    changed |= await refresh.children(
        ProgramOrganization,
        "program_id",
        ("organization_id",),
        {
            id_: _ordered("organization_id", (author_ids[row["key"]] for row in series.organizations))
            for id_, series in listed
            if series.organizations is not None
        },
    )
    # Unlike courses, programs do not tell when they changed.
    await refresh.touch(Program, changed)


def _ordered(name: str, ids: Iterable[int]) -> list[Values]:
    return [{name: id_, "position": position} for position, id_ in enumerate(dict.fromkeys(ids))]
