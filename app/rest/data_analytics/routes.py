"""The resources of the Data Analytics API (Data Analytics contract 1 and 4)."""

import re
from collections.abc import Iterable
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Any

from starlette.responses import Response

from app.rest.data_analytics.answers import answer, by_answer
from app.rest.data_analytics.countries import by_country
from app.rest.data_analytics.dates import DAYS, WEEKS
from app.rest.data_analytics.days import by_day
from app.rest.data_analytics.manner import MANNER, check_restriction, nothing
from app.rest.data_analytics.service import SERVICE, TOKEN
from app.rest.data_analytics.table import COMPACT, Table
from app.rest.render import Row, compact, midnight, whole
from app.rest.route import Call, Parameter, Refused, Route, by_parameters
from app.rest.schemas import DETAIL, STRING, Schema, exactly, nullable
from app.vocabulary import Activity, EducationLevel

_DATE: Schema = {**STRING, "format": "date"}
_INTEGER: Schema = {"type": "integer"}
_NUMBER: Schema = {"type": "number"}
_WORD, _ID = r"[^/+\x00]+", r"[^\x00]{1,255}"
_MERGED = re.compile("i4x:/(?!/)")
_SYNONYMS = {"active": Activity.ANY}

_COURSE = Parameter(
    "course_id",
    "run",
    "Course run, such as `edX/DemoX/Demo_Course` or `course-v1:edX+DemoX+Demo_2014`.",
    pattern=f"{_WORD}[/+]{_WORD}[/+]{_WORD}",
)
_FORMAT = Parameter(
    "format", None, "The representation, whatever `Accept` says.", schema={**STRING, "enum": ["json", "csv"]}
)


def _module(text: str) -> str:
    # Proxies merge slashes.
    return _MERGED.sub("i4x://", text) if text.startswith("i4x:") else text


def _of_module(name: str) -> tuple[Parameter, ...]:
    return Parameter(
        name, "module", "Module, such as `i4x://edX/DemoX/problem/abc`.", _module, pattern=_ID
    ), _FORMAT


_route = partial(
    Route,
    folder=Path(__file__).parent,
    result="run._analytics.rows",
    throttled=True,
    manner=MANNER,
    redirects=True,
    refusals={404: Refused("There is nothing like this, or nothing about it.", DETAIL)},
)


def _table(table: Table, **declared: Any) -> Route:
    return _route(answer=table.answer, in_turn=True, shape=table.shape, **declared)


def _week(row: Row) -> Row:
    start, end = midnight(row["week"]), midnight(row["week"], days=7)
    return row | {"interval_start": compact(start), "interval_end": compact(end)}


def _modes(row: Row) -> Row:
    honor, professional = row["honor"] + row["audit"], row["professional"] + row["no_id_professional"]
    return row | {"honor": honor, "professional": professional}


def _born(row: Row) -> Row:
    return row | {"birth_year": row["value"] and int(row["value"])}


def _educated(row: Row) -> Row:
    return row | {"education_level": row["value"]}


def _grade(row: Row) -> Row:
    return row | {"grade": whole(row["grade"]), "max_grade": whole(row["max_grade"])}


def _video(row: Row) -> Row:
    name = f"{row['course_id']}|{row['encoded_module_id']}"
    return row | {"pipeline_video_id": name, "video_id": name}


def _watched(rows: Iterable[Row]) -> list[Row]:
    return sorted((row for row in rows if row["encoded_module_id"]), key=itemgetter("pipeline_video_id"))


def _by_grade(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=itemgetter("grade", "max_grade"))


def _activity(call: Call) -> Activity:
    """The type of activity; a blank one is none, here only (4.3). Raises `Refusal` for what is none."""
    query = call.request.query_params
    name = query.get("label", query.get("activity_type", "any")).lower()
    try:
        return _SYNONYMS.get(name) or Activity(name)
    except ValueError as error:
        raise nothing(call) from error


def _of_activity(route: Route, call: Call) -> dict[str, Any]:
    return {**by_parameters(route, call), "activity": _activity(call).name}


def _recent(call: Call, data: dict[str, Any]) -> Response:
    check_restriction(call, data)
    week = data["run"] and data["run"]["latest"]
    if not week:
        raise nothing(call)
    activity = _activity(call)
    return call.render(
        {
            "interval_start": midnight(week["week"]),
            "interval_end": midnight(week["week"], days=7),
            "activity_type": activity,
            "count": week[activity],
            "course_id": data["run"]["course_id"],
        }
    )


def _of_video(route: Route, call: Call) -> dict[str, Any]:
    run, _, video = call.values["video_id"].partition("|")
    return {"run": run, "video": video}


_INSTANT: Schema = {**STRING, "format": "date-time"}
_TYPES: Schema = {**STRING, "enum": list(Activity)}
_ASKED: Schema = {**STRING, "enum": [*Activity, *_SYNONYMS]}

ROUTES = (
    TOKEN,
    _table(
        Table(
            {
                "interval_start": COMPACT,
                "interval_end": COMPACT,
                "course_id": STRING,
                "any": None,
                "attempted_problem": None,
                "played_video": None,
                "posted_forum": None,
                "created": COMPACT,
            },
            step=_week,
            slug="engagement-activity",
        ),
        path="/api/v0/courses/{course_id}/activity/",
        document="activity",
        summary="Get counts of users who performed specific activities in a course",
        description="Week by week, from Monday to Monday.",
        parameters=(_COURSE, *WEEKS, _FORMAT),
    ),
    _route(
        path="/api/v0/courses/{course_id}/recent_activity/",
        document="recent_activity",
        summary=(
            "Get counts of users who performed specific activities at least once during the most recently "
            "computed week"
        ),
        description="The newest week in which anybody did this.",
        parameters=(
            _COURSE,
            Parameter("activity_type", None, "What they did; `any` unless given.", schema=_ASKED),
            Parameter("label", None, "An older name of `activity_type`, which wins.", schema=_ASKED),
            _FORMAT,
        ),
        variables=_of_activity,
        answer=_recent,
        shape=lambda result: exactly(
            interval_start=_INSTANT,
            interval_end=_INSTANT,
            activity_type=_TYPES,
            count=_INTEGER,
            course_id=STRING,
        ),
        result="run",
    ),
    _table(
        Table({"course_id": STRING, "date": None, "count": None, "created": COMPACT}, slug="enrollment"),
        path="/api/v0/courses/{course_id}/enrollment/",
        document="enrollment",
        summary="Get the number of enrolled users",
        description="Day by day, at the end of each day.",
        parameters=(_COURSE, *DAYS, _FORMAT),
    ),
    _table(
        Table(
            {
                "course_id": STRING,
                "date": None,
                "count": None,
                "cumulative_count": None,
                "created": COMPACT,
                "honor": None,
                "professional": None,
                "verified": None,
            },
            step=_modes,
            slug="enrollment_mode",
        ),
        path="/api/v0/courses/{course_id}/enrollment/mode/",
        document="enrollment_mode",
        summary="Get the number of enrolled users by enrollment mode",
        description="`honor` counts the mode `audit` too, `professional` the one without verified identity.",
        parameters=(_COURSE, *DAYS, _FORMAT),
    ),
    _table(
        Table(
            {
                "course_id": STRING,
                "date": _DATE,
                "birth_year": nullable(_INTEGER),
                "count": None,
                "created": COMPACT,
            },
            step=_born,
            spread=by_day,
            slug="enrollment-age",
        ),
        path="/api/v0/courses/{course_id}/enrollment/birth_year/",
        document="enrollment_birth_year",
        summary="Get the number of enrolled users by birth year",
        description="Null is the year of users who gave none.",
        parameters=(_COURSE, *DAYS, _FORMAT),
    ),
    _table(
        Table(
            {
                "course_id": STRING,
                "date": _DATE,
                "education_level": nullable({**STRING, "enum": list(EducationLevel)}),
                "count": None,
                "created": COMPACT,
            },
            step=_educated,
            spread=by_day,
            slug="enrollment-education",
        ),
        path="/api/v0/courses/{course_id}/enrollment/education/",
        document="enrollment_education",
        summary="Get the number of enrolled users by education level",
        description="`none` is no formal education, null that nothing is known.",
        parameters=(_COURSE, *DAYS, _FORMAT),
    ),
    _table(
        Table(
            {
                "course_id": STRING,
                "date": None,
                "female": None,
                "male": None,
                "other": None,
                "unknown": None,
                "created": COMPACT,
            },
            slug="enrollment-gender",
        ),
        path="/api/v0/courses/{course_id}/enrollment/gender/",
        document="enrollment_gender",
        summary="Get the number of enrolled users by gender",
        parameters=(_COURSE, *DAYS, _FORMAT),
    ),
    _table(
        Table(
            {
                "date": _DATE,
                "course_id": STRING,
                "country": exactly(alpha2=nullable(STRING), alpha3=nullable(STRING), name=STRING),
                "count": None,
                "created": COMPACT,
            },
            spread=by_country,
            slug="enrollment-location",
        ),
        path="/api/v0/courses/{course_id}/enrollment/location/",
        document="enrollment_location",
        summary="Get the number of enrolled users by location",
        description="Country by country, those whose country is not known first.",
        parameters=(_COURSE, *DAYS, _FORMAT),
    ),
    _table(
        Table(
            {
                "pipeline_video_id": STRING,
                "video_id": STRING,
                "encoded_module_id": STRING,
                "duration": None,
                "segment_length": None,
                "users_at_start": None,
                "users_at_end": None,
                "created": COMPACT,
            },
            step=_video,
            arrange=_watched,
            slug="videos",
        ),
        path="/api/v0/courses/{course_id}/videos/",
        document="videos",
        summary="Get data for the videos in a course",
        parameters=(_COURSE, _FORMAT),
        result="run._analytics._videos.rows",
    ),
    _table(
        Table(
            {
                "module_id": STRING,
                "course_id": STRING,
                "grade": _NUMBER,
                "max_grade": _NUMBER,
                "count": None,
                "created": COMPACT,
            },
            step=_grade,
            arrange=_by_grade,
        ),
        path="/api/v0/problems/{problem_id}/grade_distribution",
        document="grades",
        summary="Get the distribution of grades for a specific problem",
        description="Learners by the grade that they have now.",
        parameters=_of_module("problem_id"),
        result="modules.nodes.rows",
        redirects=False,
    ),
    _table(
        Table(
            {
                "course_id": STRING,
                "module_id": STRING,
                "part_id": None,
                "correct": None,
                "count": _INTEGER,
                "value_id": None,
                "answer_value": None,
                "answer_value_text": nullable(STRING),
                "answer_value_numeric": nullable(_NUMBER),
                "problem_display_name": None,
                "question_text": None,
                "variant": None,
                "created": COMPACT,
                "first_response_count": None,
                "last_response_count": None,
                "consolidated_variant": None,
            },
            step=answer,
            arrange=by_answer,
        ),
        path="/api/v0/problems/{problem_id}/answer_distribution",
        document="answers",
        summary="Get the distribution of student answers to a specific problem",
        description="`count` is that of last answers.",
        parameters=_of_module("problem_id"),
        result="modules.nodes.rows",
        redirects=False,
    ),
    _table(
        Table({"module_id": STRING, "course_id": STRING, "count": None, "created": COMPACT}),
        path="/api/v0/problems/{module_id}/sequential_open_distribution",
        document="opens",
        summary="Get the number of views of a subsection, or sequential, in the course",
        description="Learners who opened it, each once.",
        parameters=_of_module("module_id"),
        result="modules.nodes.rows",
        redirects=False,
    ),
    _table(
        Table({"segment": None, "num_users": None, "num_views": None, "created": COMPACT}),
        path="/api/v0/videos/{video_id}/timeline/",
        document="timeline",
        summary="Get the counts of users and views for a video",
        description="Segments of five seconds that anybody watched.",
        parameters=(
            Parameter("video_id", None, "The `pipeline_video_id` of the course's videos.", pattern=_ID),
            _FORMAT,
        ),
        variables=_of_video,
        result="run._analytics.modules.nodes.rows",
    ),
    *SERVICE,
)
