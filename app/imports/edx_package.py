"""Import of the tables of an edX research data package (EdX Research Guide, "Data Package Contents").

Users and their profiles, enrollments, the state of learners in problems and
subsections, and the structure of courses. What a table says of a learner who
has events here is only taken where the events do not say it.
"""

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.analytics.compute import compute
from app.analytics.enrollment_events import enroll_by_events, make_users
from app.analytics.places import Places
from app.db.bulk import add_missing, lock_series, replace, rows_by_key
from app.db.engine import Database
from app.db.models import EnrollmentEvent, LearnerProblem, SubsectionVisit, User
from app.imports.course_structure import import_structure, read_structure
from app.imports.edx_files import ENROLLMENTS, PROFILES, STATES, USERS, open_package
from app.imports.sql_tables import TableRow
from app.progress import Progress, silent
from app.vocabulary import (
    RUN_KEY,
    EducationLevel,
    EnrollmentEventType,
    Gender,
    ModuleCategory,
    Series,
)
from app.webhooks.news import News

T = TypeVar("T")

_CHUNK = 1000
_GENDERS = {"f": Gender.FEMALE, "m": Gender.MALE, "o": Gender.OTHER}
_EDUCATION_LEVELS = {
    "el": EducationLevel.PRIMARY,
    "jhs": EducationLevel.JUNIOR_SECONDARY,
    "hs": EducationLevel.SECONDARY,
    "a": EducationLevel.ASSOCIATES,
    "b": EducationLevel.BACHELORS,
    "m": EducationLevel.MASTERS,
    "p": EducationLevel.DOCTORATE,
    "p_se": EducationLevel.DOCTORATE,
    "p_oth": EducationLevel.DOCTORATE,
    "none": EducationLevel.NONE,
    "other": EducationLevel.OTHER,
}
_OLDEST = 1900
_DEFAULT_MODE = "honor"
"""The mode of enrollments that have none: the only one that there was before August 2013."""

_COUNTED = ("gender", "year_of_birth", "education_level", "country")
"""What of a profile enrollment series are broken down by."""

_STATE_TYPES = {each.value: each for each in (ModuleCategory.PROBLEM, ModuleCategory.SUBSECTION)}
_PAIR, _LEARNER = ("run_id", "user_id"), ("module_id", "learner")


@dataclass
class PackageSummary:
    """The rows an import wrote, what it read and did not, and the names that others have here."""

    written: Counter[str] = field(default_factory=Counter)
    found: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    renamed: dict[str, str] = field(default_factory=dict)
    """Usernames at the platform that others have here, and what their users are called here."""
    addresses: set[str] = field(default_factory=set)
    """Usernames here whose e-mail address another account has, and which therefore got none."""


async def import_edx_package(
    database: Database, directory: Path, *, emits_events: bool = False, progress: Progress = silent
) -> PackageSummary:
    """Import what a directory holds, in one transaction, and compute the series that it changes.

    A second import changes nothing. Others are told of what is new if
    `emits_events`. Raises `BadUserInput`, naming file, line and column, for files
    that cannot be used; nothing is imported then.
    """
    package = open_package(directory)
    async with database.begin() as connection:
        await lock_series(connection)
        work = _Import(connection, News(wanted=emits_events))
        steps = (
            (USERS, work.users),
            (PROFILES, work.profiles),
            (ENROLLMENTS, work.enrollments),
            (STATES, work.states),
        )
        advance = progress("Importing tables", len(steps) + len(package.structures))
        for path in package.structures:
            work.summary.written += await import_structure(connection, work.places, read_structure(path))
            advance(1)
        for table, step in steps:
            for rows in _chunks(package.rows(table)):
                await step(rows)
            advance(1)
        if work.enrolled:
            await compute(connection, work.enrolled, series=[Series.ENROLLMENT], progress=progress)
        if work.learned:
            learned = [Series.GRADES, Series.OPENS]
            await compute(connection, work.learned, series=learned, progress=progress)
        await work.news.tell(connection)
    summary = work.summary
    summary.found, summary.missing = sorted(package.found), package.missing
    summary.ignored = sorted(package.ignored)
    return summary


class _Import:
    def __init__(self, connection: AsyncConnection, news: News) -> None:
        self._connection = connection
        self.news = news
        self.places = Places()
        self.summary = PackageSummary()
        self.enrolled: set[int] = set()
        """Runs whose enrollment series change."""
        self.learned: set[int] = set()
        """Runs whose grades and opens change."""

    async def users(self, rows: Sequence[TableRow]) -> None:
        """Accounts by their ids at the platform.

        A user who is here already keeps what is here, and gets the name, the
        address and the username that were not known yet. Passwords and the rights
        of staff at the platform are not taken over.
        """
        accounts = {row.integer("id"): row for row in rows}
        names = {id_: row.key("username", r"\S+", 150) for id_, row in accounts.items()}
        before = await self._users(accounts)
        there = set(names.values()) - await self._free(set(names.values()))
        stored = await self._made(names)
        emails = {id_: _email(row) for id_, row in accounts.items()}
        taken = {
            row.email: row.lms_user_id
            for row in await rows_by_key(
                self._connection, User, ("email",), [(email,) for email in set(emails.values()) if email]
            )
        }
        free = await self._free({names[id_] for id_, user in stored.items() if user.username != names[id_]})
        for id_, user in stored.items():
            row = accounts[id_]
            joined = row.instant("date_joined")
            is_new = id_ not in before and (user.username != names[id_] or names[id_] not in there)
            values: dict[str, Any] = {
                "name": user.name or f"{row.words('first_name')} {row.words('last_name')}".strip()[:255],
                "date_joined": joined if is_new else min(joined, user.date_joined),
                "is_active": row.flag("is_active") if is_new else user.is_active,
            }
            if user.username == f"lms-{id_}" and names[id_] in free:
                values["username"] = names[id_]
                free.remove(names[id_])
            elif user.username != names[id_]:
                self.summary.renamed[names[id_]] = user.username
            if not user.email and emails[id_]:
                if taken.setdefault(emails[id_], id_) == id_:
                    values["email"] = emails[id_]
                else:
                    self.summary.addresses.add(user.username)
            await self._change(user, values)

    async def profiles(self, rows: Sequence[TableRow]) -> None:
        """What users tell of themselves; their series are computed anew where it is counted."""
        profiles = {row.integer("user_id"): row for row in rows}
        changed = []
        for id_, user in (await self._made(dict.fromkeys(profiles, ""))).items():
            values = _profile(profiles[id_])
            values["name"] = values["name"] or user.name
            if any(getattr(user, name) != values[name] for name in _COUNTED):
                changed.append(user.id)
            await self._change(user, values)
        if changed:
            of_users = col(EnrollmentEvent.user_id).in_(changed)
            runs = select(col(EnrollmentEvent.run_id)).where(of_users).distinct()
            self.enrolled.update(await self._connection.scalars(runs))

    async def enrollments(self, rows: Sequence[TableRow]) -> None:
        """Enrollments, each as its events (Data Analytics contract 8.2, "Ours").

        The table tells when a row was made and not when it was changed. So a learner
        who is not enrolled any more was `deactivated` when `activated`: known from
        that day on, and counted on none, because nobody knows until when to count. A
        learner who has events in a run here stays as they say.
        """
        runs = await self._runs(rows)
        names = dict.fromkeys((row.integer("user_id") for row in rows), "")
        users = await self._made(names)
        told = {(runs[str(row["course_id"])], users[row.integer("user_id")].id): row for row in rows}
        known = await rows_by_key(self._connection, EnrollmentEvent, _PAIR, told)
        new = told.keys() - {(event.run_id, event.user_id) for event in known}
        events = []
        for pair in sorted(new):
            row = told[pair]
            types = [EnrollmentEventType.ACTIVATED]
            if not row.flag("is_active"):
                types.append(EnrollmentEventType.DEACTIVATED)
            event = {
                **dict(zip(_PAIR, pair, strict=True)),
                "occurred_at": row.instant("created"),
                "mode": row.key("mode", r"\S+", 100) if row["mode"] else _DEFAULT_MODE,
            }
            events += [{**event, "type": type_} for type_ in types]
        await add_missing(self._connection, EnrollmentEvent, events)
        await enroll_by_events(self._connection, new, self.news)
        self.enrolled.update(run for run, _ in new)
        self.summary.written["enrollment"] += len(new)

    async def states(self, rows: Sequence[TableRow]) -> None:
        """Grades of problems and opens of subsections (Data Analytics contract 8.6 and 8.7).

        The newest grade counts, and of a grade and an event of one instant the event.
        """
        kept = [row for row in rows if row["module_type"] in _STATE_TYPES]
        runs = await self._runs(kept)
        keys = {
            (runs[str(row["course_id"])], _STATE_TYPES[str(row["module_type"])], row.key("module_id", ".+"))
            for row in kept
        }
        run_keys = {id_: key for key, id_ in runs.items()}
        modules = await self.places.modules(self._connection, run_keys, keys)
        visits: dict[tuple[int, str], dict[str, Any]] = {}
        grades: dict[tuple[int, str], dict[str, Any]] = {}
        run_of = {id_: key[0] for key, id_ in modules.items()}
        for row in kept:
            category = _STATE_TYPES[str(row["module_type"])]
            module = modules[runs[str(row["course_id"])], category, str(row["module_id"])]
            pair = (module, str(row.integer("student_id")))
            of_learner = dict(zip(_LEARNER, pair, strict=True))
            if category is ModuleCategory.SUBSECTION:
                visits[pair] = {**of_learner, "occurred_at": row.instant("created"), "digest": 0}
                continue
            grade, greatest = row.number("grade"), row.number("max_grade")
            graded_at = row.instant("modified")
            if grade is None or greatest is None:
                continue
            if pair not in grades or grades[pair]["graded_at"] < graded_at:
                grades[pair] = {
                    **of_learner,
                    "graded_at": graded_at,
                    "graded_digest": 0,
                    "grade": grade,
                    "max_grade": greatest,
                }
        await self._keep_grades(grades, run_of)
        await self._keep_visits(visits, run_of)

    async def _keep_grades(self, grades: dict[tuple[int, str], dict[str, Any]], runs: dict[int, int]) -> None:
        for row in await rows_by_key(self._connection, LearnerProblem, _LEARNER, grades):
            if row.graded_at and row.graded_at >= grades[row.module_id, row.learner]["graded_at"]:
                del grades[row.module_id, row.learner]
        await replace(self._connection, LearnerProblem, list(grades.values()))
        self.learned.update(runs[module] for module, _ in grades)
        self.summary.written["grade"] += len(grades)

    async def _keep_visits(self, visits: dict[tuple[int, str], dict[str, Any]], runs: dict[int, int]) -> None:
        key = (*_LEARNER, "occurred_at", "digest")
        wanted = {tuple([visit[name] for name in key]): visit for visit in visits.values()}
        for row in await rows_by_key(self._connection, SubsectionVisit, _LEARNER, visits):
            wanted.pop(tuple([getattr(row, name) for name in key]), None)
        await add_missing(self._connection, SubsectionVisit, list(wanted.values()))
        self.learned.update(runs[visit["module_id"]] for visit in wanted.values())
        self.summary.written["subsection_visit"] += len(wanted)

    async def _runs(self, rows: Iterable[TableRow]) -> dict[str, int]:
        keys = {row.key("course_id", RUN_KEY.pattern) for row in rows}
        return await self.places.runs(self._connection, keys)

    async def _made(self, names: dict[int, str]) -> dict[int, Any]:
        """The users of ids at the platform, made where they are missing."""
        await make_users(self._connection, names, self.news)
        return await self._users(names)

    async def _users(self, ids: Iterable[int]) -> dict[int, Any]:
        rows = await rows_by_key(self._connection, User, ("lms_user_id",), [(id_,) for id_ in ids])
        return {row.lms_user_id: row for row in rows}

    async def _free(self, names: set[str]) -> set[str]:
        rows = await rows_by_key(self._connection, User, ("username",), [(name,) for name in names])
        return names - {row.username for row in rows}

    async def _change(self, user: Any, values: dict[str, Any]) -> None:
        changed = {name: value for name, value in values.items() if getattr(user, name) != value}
        if changed:
            await self._connection.execute(update(User).where(col(User.id) == user.id).values(changed))
            self.summary.written["user"] += 1


def _chunks(rows: Iterator[T]) -> Iterator[list[T]]:
    while chunk := list(islice(rows, _CHUNK)):
        yield chunk


def _email(row: TableRow) -> str:
    email = row.words("email", 254)
    return email if re.fullmatch(r"\S+@\S+", email) else ""


def _profile(row: TableRow) -> dict[str, Any]:
    """What a profile says; codes that mean nothing, and years before 1900 or to come, say nothing."""
    year = row.integer("year_of_birth") if row["year_of_birth"] else 0
    country = row.get("country") or ""
    return {
        "name": row.words("name"),
        "gender": _GENDERS.get(row["gender"] or ""),
        "year_of_birth": year if _OLDEST <= year <= dt.datetime.now(dt.UTC).year else None,
        "education_level": _EDUCATION_LEVELS.get(row["level_of_education"] or ""),
        "country": country.upper() if re.fullmatch(r"[A-Za-z]{2}", country) else None,
        "city": row.words("city") or None,
        "language": row.words("language") or None,
    }
