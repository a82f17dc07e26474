"""Asks a server what edx-analytics-data-api-client can ask; a program that prints what it got.

Its argument is a JSON object with the server's `url` and a `key`.
"""

import json
import sys
import warnings
from collections.abc import Callable
from typing import Any

from analyticsclient.client import Client  # type: ignore[import-untyped]
from analyticsclient.constants import activity_types, data_formats, demographics  # type: ignore[import-untyped]

COURSES = ("edX/DemoX/Demo_Course", "course-v1:edX+DemoX+Demo_Course")
PROBLEM = "i4x://edX/DemoX/Demo_Course/problem/268b43628e6d45f79c52453a590f9829"
SUBSECTION = "i4x://edX/DemoX/Demo_Course/sequential/5c6c207e16dd47208c29bd8d3e68861e"
DEMOGRAPHICS = (
    None,
    "mode",
    demographics.BIRTH_YEAR,
    demographics.EDUCATION,
    demographics.GENDER,
    demographics.LOCATION,
)
ACTIVITIES = (
    activity_types.ANY,
    activity_types.ATTEMPTED_PROBLEM,
    activity_types.PLAYED_VIDEO,
    activity_types.POSTED_FORUM,
)
RANGE = {"start_date": "2026-03-02", "end_date": "2026-03-17"}


def refused(call: Callable[[], Any]) -> str:
    """The name of the error of a call that must fail."""
    try:
        call()
    except Exception as error:
        return type(error).__name__
    raise AssertionError("it was not refused")


def of_course(client: Any, key: str, data_format: str) -> dict[str, Any]:
    """What is told of a course."""
    course, how = client.courses(key), {"data_format": data_format}
    return {
        **{f"enrollment {group}": course.enrollment(group, **how) for group in DEMOGRAPHICS},
        **{f"range {group}": course.enrollment(group, **RANGE, **how) for group in DEMOGRAPHICS},
        **{f"activity {type_}": course.activity(type_, **RANGE, **how) for type_ in ACTIVITIES},
        "newest activity": course.activity(**how),
        **{f"recent {type_}": course.recent_activity(type_, **how) for type_ in ACTIVITIES},
        "videos": course.videos(**how),
    }


def of_modules(client: Any, data_format: str) -> dict[str, Any]:
    """What is told of modules; that of a video is named by its pipeline id."""
    key, how = COURSES[0], {"data_format": data_format}
    video = client.courses(key).videos()[0]["pipeline_video_id"]
    return {
        "answers": client.modules(key, PROBLEM).answer_distribution(**how),
        "grades": client.modules(key, PROBLEM).grade_distribution(**how),
        "opens": client.modules(key, SUBSECTION).sequential_open_distribution(**how),
        "timeline": client.modules(key, video).video_timeline(**how),
    }


def main(url: str, key: str) -> dict[str, Any]:
    """All that the client got, with the timeout that it has by itself."""
    client, stranger = Client(f"{url}/api/v0", key), Client(f"{url}/api/v0", "wrong")
    course, unknown = client.courses(COURSES[0]), client.courses("edX/DemoX/Unknown")
    formats = {"json": data_formats.JSON, "csv": data_formats.CSV}
    return {
        "timeout": client.timeout,
        "status": [client.status.alive, client.status.authenticated, client.status.healthy],
        "stranger": [stranger.status.alive, stranger.status.authenticated, stranger.status.healthy],
        **{
            name: {
                **{key: of_course(client, key, data_format) for key in COURSES},
                "modules": of_modules(client, data_format),
            }
            for name, data_format in formats.items()
        },
        "refused": {
            "unknown": refused(unknown.enrollment),
            "date": refused(lambda: course.enrollment(start_date="wrong")),
            "key": refused(stranger.courses(COURSES[0]).videos),
        },
    }


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    json.dump(main(**json.loads(sys.argv[1])), sys.stdout)
