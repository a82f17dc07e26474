"""Asks a server what the published packages can ask; a program that prints what they got.

Its argument is a JSON object with the server's `url`, API keys of `staff` and a
`learner`, `client_id` and `client_secret`.
"""

import itertools
import json
import sys
from datetime import datetime
from typing import Any

import django  # type: ignore[import-untyped]
import requests
from django.conf import settings  # type: ignore[import-untyped]
from edx_api.client import EdxApi  # type: ignore[import-untyped]
from edx_rest_api_client.client import OAuthAPIClient, get_oauth_access_token  # type: ignore[import-untyped]

FREE = "course-v1:MyUni+Sport101x+Open"
CLOSED = "course-v1:MyUni+Sport101x+3T2024"
"""Runs of the demo that its learner is not in, with the modes audit and verified."""


def refused(call: Any) -> int:
    """The status of a call that must fail."""
    try:
        call()
    except requests.HTTPError as error:
        assert error.response is not None
        return error.response.status_code
    raise AssertionError("it was not refused")


def edx_api(given: dict[str, str]) -> dict[str, Any]:
    """What edx-api-client gets."""
    learner = EdxApi({"access_token": given["learner"]}, given["url"]).enrollments
    staff = EdxApi({"access_token": given["staff"]}, given["url"]).enrollments
    own = learner.get_student_enrollments()
    enrolled = list(own.enrolled_courses)
    course = enrolled[0].course_id
    # The whole list is long; its first pages show how it goes on.
    listed = [row.json for row in itertools.islice(staff.get_enrollments(), 250)]
    written = {
        "audit": staff.create_audit_student_enrollment(FREE),
        "again": staff.create_audit_student_enrollment(FREE),
        "verified": staff.create_verified_student_enrollment(FREE, username="learner"),
        "attributes": staff.create_student_enrollment(
            FREE,
            mode="verified",
            username="learner",
            enrollment_attributes=[{"namespace": "order", "name": "number", "value": "7"}],
        ),
        "left": staff.deactivate_enrollment(FREE, username="learner"),
        "back": staff.create_audit_student_enrollment(FREE, username="learner"),
    }
    return {
        "own": [row.json for row in enrolled],
        "own ids": list(own.get_enrolled_course_ids()),
        "typed": {
            "times": all(isinstance(row.created, datetime) for row in enrolled),
            "modes": all(list(row.course_details.course_modes) for row in enrolled),
        },
        "listed": {
            "number": len(listed),
            "distinct": len({(row["user"], row["course_id"]) for row in listed}),
            "first": listed[0],
        },
        "course": course,
        "of course": [row.json for row in itertools.islice(staff.get_enrollments(course_id=course), 150)],
        "of users": [row.json for row in staff.get_enrollments(usernames=["learner", "nobody"])],
        "refused": {
            "paid": refused(lambda: learner.create_verified_student_enrollment(FREE)),
            "other": refused(lambda: learner.create_audit_student_enrollment(FREE, username="demo")),
            "closed": refused(lambda: staff.create_audit_student_enrollment(CLOSED, username="learner")),
            "unknown": refused(lambda: staff.create_audit_student_enrollment(FREE, username="nobody")),
        },
        "written": {
            **{step: row.json for step, row in written.items()},
            "forced": staff.create_student_enrollment(CLOSED, username="learner", force_enrollment=True).json,
        },
    }


def rest_client(given: dict[str, str]) -> dict[str, Any]:
    """What edx-rest-api-client gets."""
    settings.configure()
    django.setup()
    credentials = (given["client_id"], given["client_secret"])
    _, end = get_oauth_access_token(f"{given['url']}/oauth2", *credentials)
    client = OAuthAPIClient(given["url"], *credentials)

    def get(path: str, **parameters: str) -> Any:
        response = client.get(given["url"] + path, params=parameters, timeout=30)
        response.raise_for_status()
        return response.json()

    return {
        "life": (end - datetime.utcnow()).total_seconds(),
        "rest": {
            "own": get("/api/enrollment/v1/enrollment"),
            "details": get(f"/api/enrollment/v1/course/{FREE}"),
            "batch": get("/api/jitterbit/v1/enrollment/batch", course_id=FREE),
        },
    }


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    json.dump(edx_api(given) | rest_client(given), sys.stdout)
