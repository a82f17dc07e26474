"""Import of the result store of the edX Data Analytics API (Data Analytics contract 8.10).

What a store holds becomes computed series, as old as its rows are. Series that
events here tell of are left alone: enrollment by course, activity by week, the
others by problem, subsection and video.
"""

import datetime as dt
import re
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import SQLModel, col

from app.analytics.places import Places
from app.db.bulk import lock_series, replace, rows_by_key
from app.db.engine import Database
from app.db.models import (
    ActivityWeek,
    AnswerCount,
    EnrollmentEvent,
    EnrollmentSpan,
    GradeCount,
    LearnerAnswer,
    LearnerProblem,
    LearnerWeek,
    SubsectionOpens,
    SubsectionVisit,
    VideoEvent,
    VideoSegment,
    VideoViews,
)
from app.db.models.tables import table_of
from app.imports.legacy_store import LegacyStore, StoredRow
from app.progress import Progress, silent
from app.vocabulary import RUN_KEY, Activity, Dimension, EducationLevel, Gender, ModuleCategory

Values = dict[str, Any]
_GROUPS = 200
_LABELS = {
    "ACTIVE": Activity.ANY,
    "ATTEMPTED_PROBLEM": Activity.ATTEMPTED_PROBLEM,
    "PLAYED_VIDEO": Activity.PLAYED_VIDEO,
    "POSTED_FORUM": Activity.POSTED_FORUM,
}
_GENDERS = {"f": Gender.FEMALE, "m": Gender.MALE, "o": Gender.OTHER}
_COUNTRY = re.compile("[A-Za-z]{2,3}")
_WEEK = dt.timedelta(7)


@dataclass
class LegacySummary:
    """The rows an import wrote, by table of the store; what was not there, and what was left alone."""

    written: Counter[str] = field(default_factory=Counter)
    missing: list[str] = field(default_factory=list)
    left: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Of tables, the courses that have something in them which events here tell of."""


async def import_legacy_results(
    database: Database, url: str, *, progress: Progress = silent
) -> LegacySummary:
    """Import the tables of the store at a URL, as many as are there, in one transaction.

    A second import changes nothing; a later one replaces what an earlier one
    brought. Memory is bounded by the rows of one course in one table. Raises
    `BadUserInput`, naming table, row and column, for what cannot be used; nothing
    is imported then.
    """
    async with LegacyStore.open(url) as store, database.begin() as connection:
        await lock_series(connection)
        work = _Import(connection, store)
        advance = progress("Importing tables", len(work.steps))
        for name, step in work.steps.items():
            await step(name)
            advance(1)
    work.summary.missing = store.missing
    return work.summary


class _Import:
    def __init__(self, connection: AsyncConnection, store: LegacyStore) -> None:
        self._connection = connection
        self._store = store
        self._places = Places()
        self.summary = LegacySummary()
        # The modes come first: a course's cumulative count is the sum of theirs.
        self.steps = {
            "course_enrollment_mode_daily": self._enrollment(
                Dimension.MODE, lambda row: row.text("mode", 100)
            ),
            "course_enrollment_daily": self._enrollment(Dimension.TOTAL, lambda row: ""),
            "course_enrollment_birth_year_daily": self._enrollment(Dimension.BIRTH_YEAR, _birth_year),
            "course_enrollment_education_level_daily": self._enrollment(Dimension.EDUCATION, _education),
            "course_enrollment_gender_daily": self._enrollment(Dimension.GENDER, _gender),
            "course_enrollment_location_current": self._enrollment(Dimension.COUNTRY, _country),
            "course_activity": self._activity,
            "grade_distribution": self._modules(
                GradeCount,
                ModuleCategory.PROBLEM,
                _grades,
                col(LearnerProblem.module_id),
                col(LearnerProblem.graded_at).is_not(None),
            ),
            "answer_distribution": self._modules(
                AnswerCount, ModuleCategory.PROBLEM, _answers, col(LearnerAnswer.module_id)
            ),
            "sequential_open_distribution": self._modules(
                SubsectionOpens, ModuleCategory.SUBSECTION, _opens, col(SubsectionVisit.module_id)
            ),
            "video": self._modules(VideoViews, ModuleCategory.VIDEO, _views, col(VideoEvent.module_id)),
            "video_timeline": self._modules(
                VideoSegment, ModuleCategory.VIDEO, _segments, col(VideoEvent.module_id)
            ),
        }

    def _enrollment(self, dimension: Dimension, value: Callable[[StoredRow], str]) -> Callable[[str], Any]:
        async def step(name: str) -> None:
            async for rows in self._grouped(name, "course_id", order=("date",)):
                key = _run_key(rows[0])
                run_id = (await self._places.runs(self._connection, [key]))[key]
                events = select(col(EnrollmentEvent.id)).where(col(EnrollmentEvent.run_id) == run_id).limit(1)
                if await self._connection.scalar(events) is not None:
                    self.summary.left[name].add(key)
                    continue
                days = by_day(rows, value)
                if dimension is Dimension.COUNTRY:
                    newest = max(days)
                    days = {newest: days[newest]}
                if dimension is Dimension.TOTAL:
                    await self._add_modes(run_id, days)
                spans = [
                    {"value": group, **_columns(span)} for group, spans in spans_of(days) for span in spans
                ]
                await self._write(name, EnrollmentSpan, "run_id", {run_id: spans}, {"dimension": dimension})

        return step

    async def _add_modes(self, run_id: int, days: "Days") -> None:
        """Give days without a cumulative count the sum of those of the modes."""
        modes = select(
            col(EnrollmentSpan.since), col(EnrollmentSpan.until), col(EnrollmentSpan.cumulative_count)
        ).where(col(EnrollmentSpan.run_id) == run_id, col(EnrollmentSpan.dimension) == Dimension.MODE)
        sums: Counter[dt.date] = Counter()
        for since, until, known in await self._connection.execute(modes):
            end = min(until, max(days) + dt.timedelta(1))
            for number in range((end - since).days):
                sums[since + dt.timedelta(number)] += known
        for day, groups in days.items():
            if groups[""].cumulative_count is None and day in sums:
                groups[""].cumulative_count = sums[day]

    async def _activity(self, name: str) -> None:
        async for rows in self._grouped(name, "course_id", order=("interval_start",)):
            key = _run_key(rows[0])
            run_id = (await self._places.runs(self._connection, [key]))[key]
            weeks = _weeks(rows)
            pairs = [(run_id, week) for week in weeks]
            learners = select(col(LearnerWeek.week)).where(
                col(LearnerWeek.run_id) == run_id, col(LearnerWeek.week).in_(weeks)
            )
            for week in await self._connection.scalars(learners.distinct()):
                del weeks[week]
                self.summary.left[name].add(key)
            for row in await rows_by_key(self._connection, ActivityWeek, ("run_id", "week"), pairs):
                if row.week in weeks and _says(row, weeks[row.week]):
                    del weeks[row.week]
            changed = [{"run_id": run_id, "week": week, **values} for week, values in weeks.items()]
            await replace(self._connection, ActivityWeek, changed)
            self.summary.written[name] += len(changed)

    def _modules(
        self,
        model: type[SQLModel],
        category: ModuleCategory,
        read: Callable[[Sequence[StoredRow]], list[Values]],
        known: Any,
        *conditions: ColumnElement[bool],
    ) -> Callable[[str], Any]:
        """A step that writes rows of modules, but for the modules that `known` has."""
        key: tuple[str, ...] = ("course_id", "module_id")
        place = _module
        if category is ModuleCategory.VIDEO:
            key, place = ("pipeline_video_id",), _video

        async def write(name: str, groups: Sequence[Sequence[StoredRow]]) -> None:
            named = [(*place(rows[0]), rows) for rows in groups]
            run_ids = await self._places.runs(self._connection, {run for run, _, _ in named})
            run_keys = {id_: key for key, id_ in run_ids.items()}
            keys = {(run_ids[run], category, module) for run, module, _ in named}
            ids = await self._places.modules(self._connection, run_keys, keys)
            by_id = {ids[run_ids[run], category, module]: (run, rows) for run, module, rows in named}
            facts = select(known).where(known.in_(by_id), *conditions).distinct()
            for module in await self._connection.scalars(facts):
                self.summary.left[name].add(by_id.pop(module)[0])
            wanted = {module: read(rows) for module, (_, rows) in by_id.items()}
            await self._write(name, model, "module_id", wanted)

        async def step(name: str) -> None:
            groups = []
            async for rows in self._grouped(name, *key, order=("id",)):
                groups.append(rows)
                if len(groups) == _GROUPS:
                    await write(name, groups)
                    groups = []
            await write(name, groups)

        return step

    async def _write(
        self,
        name: str,
        model: type[SQLModel],
        column: str,
        wanted: Mapping[int, Sequence[Values]],
        scope: Mapping[str, Any] | None = None,
    ) -> None:
        """Make the rows of some owners these, and leave those alone that are the same already."""
        scope = scope or {}
        names = [each.name for each in table_of(model).c if each.name not in ("id", *scope)]
        owner = table_of(model).c[column]
        among = [owner.in_(wanted), *(table_of(model).c[each] == value for each, value in scope.items())]
        rows = {id_: [{column: id_, **values} for values in rows] for id_, rows in wanted.items()}
        statement = select(*(table_of(model).c[each] for each in names)).where(*among)
        stored = defaultdict[int, Counter[tuple[Any, ...]]](Counter)
        for row in await self._connection.execute(statement):
            stored[getattr(row, column)][tuple(row)] += 1
        changed = [
            id_
            for id_, values in rows.items()
            if stored[id_] != Counter(tuple([each.get(n) for n in names]) for each in values)
        ]
        if changed:
            await self._connection.execute(delete(model).where(*among, owner.in_(changed)))
            new = [{**scope, **values} for id_ in changed for values in rows[id_]]
            if new:
                await self._connection.execute(insert(model), new)
            self.summary.written[name] += len(new)

    async def _grouped(self, name: str, *key: str, order: tuple[str, ...]) -> AsyncIterator[list[StoredRow]]:
        """The rows of a table that have the same key, one key after another."""
        rows = list[StoredRow]()
        async for chunk in self._store.rows(name, *key, *order):
            for row in chunk:
                if rows and any(row[column] != rows[0][column] for column in key):
                    yield rows
                    rows = []
                rows.append(row)
        if rows:
            yield rows


@dataclass
class Numbers:
    """What a store says of a group on a day, or on all days of a span."""

    count: int
    cumulative_count: int | None
    created: dt.datetime


Days = dict[dt.date, dict[str, Numbers]]
"""Numbers by day and group."""

Span = tuple[dt.date, dt.date, Numbers]
"""First day, day after the last one, numbers."""


def by_day(rows: Iterable[StoredRow], value: Callable[[StoredRow], str]) -> Days:
    """Numbers by day and group; rows of what is the same group here are added up."""
    days: Days = {}
    for row in rows:
        known = None if row["cumulative_count"] is None else row.integer("cumulative_count")
        numbers = Numbers(row.integer("count"), known, row.instant("created"))
        groups = days.setdefault(row.day("date"), {})
        group = value(row)
        if other := groups.get(group):
            numbers.count += other.count
            if other.cumulative_count is not None and known is not None:
                numbers.cumulative_count = other.cumulative_count + known
            numbers.created = max(numbers.created, other.created)
        groups[group] = numbers
    return days


def spans_of(days: Days) -> Iterator[tuple[str, list[Span]]]:
    """The spans of each group: as long as days follow one another and say the same, when computed too.

    The last span ends with the last day, since nobody knows how things went on.
    Where no cumulative count is known it is the greatest count so far, which is
    the least that it can have been: it never falls and is never below the count.
    """
    by_group = defaultdict[str, list[Span]](list)
    for day in sorted(days):
        for group, numbers in days[day].items():
            spans = by_group[group]
            before = spans[-1] if spans else None
            if numbers.cumulative_count is None:
                least = before[2].cumulative_count or 0 if before else 0
                numbers.cumulative_count = max(numbers.count, least)
            if before and before[1:] == (day, numbers):
                spans[-1] = (before[0], day + dt.timedelta(1), numbers)
            else:
                spans.append((day, day + dt.timedelta(1), numbers))
    yield from by_group.items()


def _columns(span: Span) -> Values:
    since, until, numbers = span
    return {
        "since": since,
        "until": until,
        "count": numbers.count,
        "cumulative_count": numbers.cumulative_count,
        "computed_at": numbers.created,
    }


def _run_key(row: StoredRow) -> str:
    key = row.text("course_id")
    if not RUN_KEY.fullmatch(key):
        raise row.refused("course_id", f"{key!r:.60} is not a key of a course run")
    return key


def _module(row: StoredRow) -> tuple[str, str]:
    return _run_key(row), row.text("module_id")


def _video(row: StoredRow) -> tuple[str, str]:
    run, _, video = row.text("pipeline_video_id").partition("|")
    if not RUN_KEY.fullmatch(run) or not video:
        raise row.refused("pipeline_video_id", "this is not a course, a bar and a module")
    return run, video


def _birth_year(row: StoredRow) -> str:
    return "" if row["birth_year"] is None else str(row.integer("birth_year"))


def _education(row: StoredRow) -> str:
    level = row["education_level"]
    return level if level in set(EducationLevel) else ""


def _gender(row: StoredRow) -> str:
    return _GENDERS.get(row["gender"], "")


def _country(row: StoredRow) -> str:
    code = row["country_code"] or ""
    return code.upper() if _COUNTRY.fullmatch(code) else ""


def _weeks(rows: Iterable[StoredRow]) -> dict[dt.date, Values]:
    """The columns of activity by week; who did something of a kind did something."""
    weeks: dict[dt.date, Values] = {}
    for row in rows:
        start = row.instant("interval_start")
        if row.instant("interval_end") - start != _WEEK or start.time() != dt.time():
            raise row.refused("interval_end", "the interval is not a week from midnight")
        activity = _LABELS.get(str(row["label"]).upper())
        if activity is None:
            raise row.refused("label", f"{row['label']!r:.60} is none of: {', '.join(_LABELS)}")
        created = row.instant("created")
        week = weeks.setdefault(start.date(), {**dict.fromkeys(Activity, 0), "computed_at": created})
        week[activity] = row.integer("count")
        week["computed_at"] = max(week["computed_at"], created)
    for week in weeks.values():
        week[Activity.ANY] = max(week[each] for each in Activity)
    return weeks


def _says(row: Any, values: Values) -> bool:
    return all(getattr(row, name) == value for name, value in values.items())


def _grades(rows: Iterable[StoredRow]) -> list[Values]:
    by_grade: dict[tuple[float, float], Values] = {}
    for row in rows:
        grade = (row.number("grade"), row.number("max_grade"))
        values = by_grade.setdefault(grade, {"grade": grade[0], "max_grade": grade[1], "count": 0})
        values["count"] += row.integer("count")
        values["computed_at"] = row.instant("created")
    return list(by_grade.values())


def _answers(rows: Iterable[StoredRow]) -> list[Values]:
    """Answers; stores of before 2015 have one count, which is of last answers and taken for both."""
    found = []
    for row in rows:
        first, last = "first_response_count", "last_response_count"
        one = None if row[last] is not None else row.integer("count")
        answer, number = row.words("answer_value_text"), row["answer_value_numeric"]
        variant = row["variant"]
        found.append(
            {
                "part_id": row.text("part_id"),
                "value_id": row.words("value_id") or None,
                "answer_value": f"{number:.15g}" if answer is None and number is not None else answer,
                "variant": variant,
                "correct": row["correct"],
                "question_text": row.words("question_text"),
                "problem_display_name": row.words("problem_display_name"),
                first: row.integer(first) if one is None else one,
                last: row.integer(last) if one is None else one,
                "computed_at": row.instant("created"),
            }
        )
    return found


def _opens(rows: Sequence[StoredRow]) -> list[Values]:
    """Learners; nobody counted views, of which each made one at least."""
    count = sum(row.integer("count") for row in rows)
    return [{"learners": count, "views": count, "computed_at": max(row.instant("created") for row in rows)}]


def _views(rows: Sequence[StoredRow]) -> list[Values]:
    newest = max(rows, key=lambda row: row.instant("created"))
    names = ("duration", "segment_length", "users_at_start", "users_at_end")
    return [{**{name: newest.integer(name) for name in names}, "computed_at": newest.instant("created")}]


def _segments(rows: Iterable[StoredRow]) -> list[Values]:
    segments = {
        row.integer("segment"): {
            "segment": row.integer("segment"),
            "num_users": row.integer("num_users"),
            "num_views": row.integer("num_views"),
            "computed_at": row.instant("created"),
        }
        for row in rows
    }
    return list(segments.values())
