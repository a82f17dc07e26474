"""A result store of the Data Analytics API on SQLite, with the tables that its Django models make."""

import datetime as dt
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import asyncpg

_BASE = "id integer NOT NULL PRIMARY KEY AUTOINCREMENT, course_id varchar(255) NOT NULL, created datetime NOT NULL"
_DAILY = f"{_BASE}, date date NOT NULL, count integer NOT NULL"
_MODULE = f"{_BASE}, module_id varchar(255) NOT NULL"
_VIDEO = (
    "id integer NOT NULL PRIMARY KEY AUTOINCREMENT, pipeline_video_id varchar(255) NOT NULL,"
    " created datetime NOT NULL"
)
_ANSWER = f"{_MODULE}, part_id varchar(255) NOT NULL, correct bool NULL, value_id varchar(255) NULL"
DEFINITIONS = {
    "course_activity": f"{_BASE}, interval_start datetime NOT NULL, interval_end datetime NOT NULL,"
    " label varchar(255) NOT NULL, count integer NOT NULL",
    "course_enrollment_daily": f"{_DAILY}, UNIQUE (course_id, date)",
    "course_enrollment_mode_daily": f"{_DAILY}, mode varchar(255) NOT NULL, cumulative_count integer NOT NULL,"
    " UNIQUE (course_id, date, mode)",
    "course_enrollment_birth_year_daily": f"{_DAILY}, birth_year integer NULL",
    "course_enrollment_education_level_daily": f"{_DAILY}, education_level varchar(255) NULL",
    "course_enrollment_gender_daily": f"{_DAILY}, gender varchar(255) NULL",
    "course_enrollment_location_current": f"{_DAILY}, country_code varchar(255) NOT NULL",
    "video": f"{_VIDEO}, course_id varchar(255) NOT NULL, encoded_module_id varchar(255) NOT NULL,"
    " duration integer NOT NULL, segment_length integer NOT NULL, users_at_start integer NOT NULL,"
    " users_at_end integer NOT NULL",
    "video_timeline": f"{_VIDEO}, segment integer NOT NULL, num_users integer NOT NULL, num_views integer NOT NULL",
    "answer_distribution": f"{_ANSWER}, answer_value_text text NULL, variant integer NULL,"
    " problem_display_name text NULL, question_text text NULL, first_response_count integer NOT NULL,"
    " last_response_count integer NOT NULL",
    "grade_distribution": f"{_MODULE}, grade integer NOT NULL, max_grade integer NOT NULL, count integer NOT NULL",
    "sequential_open_distribution": f"{_MODULE}, count integer NOT NULL",
}
OLD_ANSWERS = (
    f"{_ANSWER}, count integer NOT NULL, answer_value_text text NULL, answer_value_numeric double NULL,"
    " variant integer NULL"
)
"""`answer_distribution` as it was until January 2015."""

OLD, NEW = "edX/DemoX/Demo_Course", "course-v1:edX+DemoX+Demo_2014"
START = dt.date(2014, 12, 1)
MADE = dt.datetime(2015, 1, 2, 3, 4, 5, 678901)
PROBLEM, SUBSECTION = "i4x://edX/DemoX/problem/p1", "i4x://edX/DemoX/sequential/s1"
VIDEO = f"{OLD}|i4x-edX-DemoX-video-v1"

_TYPES = {"integer NOT NULL PRIMARY KEY AUTOINCREMENT": "serial PRIMARY KEY", " datetime ": " timestamptz "}

Rows = dict[str, list[dict[str, Any]]]


def rows() -> Rows:
    """What a store may hold of two courses over a few days."""
    store: Rows = {name: [] for name in DEFINITIONS}
    counts = [3, 3, 5, 4, 4, 0]
    for course, days in ((OLD, counts), (NEW, counts[:2])):
        for number, count in enumerate(days):
            made = MADE + dt.timedelta(hours=number // 3)
            base = {"course_id": course, "date": START + dt.timedelta(number), "created": made}
            store["course_enrollment_daily"].append({**base, "count": count})
            groups: list[tuple[str, str, list[tuple[Any, int]]]] = [
                ("birth_year", "birth_year", [(1980, count // 2), (None, count - count // 2)]),
                ("education_level", "education_level", [("bachelors", count), ("none", 0), (None, 0)]),
                ("gender", "gender", [("f", count // 2), ("m", 0), ("o", 0), (None, count - count // 2)]),
            ]
            for name, column, values in groups:
                store[f"course_enrollment_{name}_daily"] += [
                    {**base, column: value, "count": part} for value, part in values
                ]
            store["course_enrollment_mode_daily"] += [
                {**base, "mode": "honor", "count": count // 2, "cumulative_count": 6 + number},
                {**base, "mode": "audit", "count": 0, "cumulative_count": 1},
                {**base, "mode": "verified", "count": count - count // 2, "cumulative_count": 4 + number},
            ]
        newest = {"course_id": course, "date": START + dt.timedelta(len(days) - 1), "created": MADE}
        store["course_enrollment_location_current"] += [
            {**newest, "date": START, "country_code": "DE", "count": 99},
            {**newest, "country_code": "DE", "count": 2},
            {**newest, "country_code": "UNKNOWN", "count": 1},
            {**newest, "country_code": "", "count": 4},
        ]
    for number, label in enumerate(("ACTIVE", "ATTEMPTED_PROBLEM", "PLAYED_VIDEO", "POSTED_FORUM")):
        for week in range(3):
            start = dt.datetime(2014, 12, 1) + dt.timedelta(7 * week)
            store["course_activity"].append(
                {
                    "course_id": OLD,
                    "interval_start": start,
                    "interval_end": start + dt.timedelta(7),
                    "label": label,
                    "count": 50 - 10 * number - week,
                    "created": MADE,
                }
            )
    problem = {"course_id": OLD, "module_id": PROBLEM, "created": MADE}
    store["grade_distribution"] += [
        {**problem, "grade": grade, "max_grade": 2, "count": 10 + grade} for grade in range(3)
    ]
    store["sequential_open_distribution"].append({**problem, "module_id": SUBSECTION, "count": 17})
    for number in range(4):
        store["answer_distribution"].append(
            {
                **problem,
                "part_id": f"i4x-edX-DemoX-problem-p1_{2 + number // 2}_1",
                "correct": number % 2 == 0,
                "value_id": f"choice_{number}" if number < 2 else None,
                "answer_value_text": f"{number}.5" if number > 1 else "<b>",
                "variant": None if number < 3 else 7,
                "problem_display_name": "Sums",
                "question_text": "What?",
                "first_response_count": 3 + number,
                "last_response_count": 4 + number,
            }
        )
    store["video"].append(
        {
            "pipeline_video_id": VIDEO,
            "course_id": OLD,
            "encoded_module_id": VIDEO.partition("|")[2],
            "duration": 129,
            "segment_length": 5,
            "users_at_start": 20,
            "users_at_end": 8,
            "created": MADE,
        }
    )
    store["video_timeline"] += [
        {
            "pipeline_video_id": VIDEO,
            "segment": segment,
            "num_users": 20 - segment,
            "num_views": 30,
            "created": MADE,
        }
        for segment in range(3)
    ]
    return store


def write(path: Path, store: Rows, definitions: dict[str, str] | None = None) -> str:
    """Make a store; returns its URL."""
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path)
    for name, definition in (definitions or DEFINITIONS).items():
        connection.execute(f"CREATE TABLE {name} ({definition})")
        for row in store.get(name, ()):
            _insert(connection, name, row)
    connection.commit()
    connection.close()
    return f"sqlite:///{path}"


async def write_to_postgresql(url: str, store: Rows) -> None:
    """Make the same store in an empty database of PostgreSQL."""
    connection = await asyncpg.connect(url)
    try:
        for name, definition in DEFINITIONS.items():
            for sqlite_type, type_ in _TYPES.items():
                definition = definition.replace(sqlite_type, type_)
            await connection.execute(f"CREATE TABLE {name} ({definition})")
            for row in store[name]:
                marks = ", ".join(f"${number}" for number in range(1, len(row) + 1))
                values = [_aware(value) for value in row.values()]
                await connection.execute(f"INSERT INTO {name} ({', '.join(row)}) VALUES ({marks})", *values)
    finally:
        await connection.close()


def _aware(value: Any) -> Any:
    return value.replace(tzinfo=dt.UTC) if isinstance(value, dt.datetime) else value


def _insert(connection: sqlite3.Connection, name: str, row: dict[str, Any]) -> None:
    marks = ", ".join("?" * len(row))
    values: Iterable[Any] = (str(value) if isinstance(value, dt.date) else value for value in row.values())
    connection.execute(f"INSERT INTO {name} ({', '.join(row)}) VALUES ({marks})", tuple(values))
