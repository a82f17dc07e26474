"""Own or another's enrollments (Enrollment contract 4.2)."""

from typing import Any

import pytest

from app.db.engine import Database
from app.db.models import CourseRun, Enrollment
from tests.rest.clients import (
    AUDIT,
    ENROLLED,
    ENROLLMENT,
    FUTURE,
    OLD,
    OPEN,
    VERIFIED,
    Rest,
    check_enrollment,
    check_text,
    shown,
)

NOT_SET: dict[str, Any] = {
    "suggested_prices": "",
    "currency": "usd",
    "expiration_datetime": None,
    "description": None,
    "sku": None,
    "bulk_sku": None,
}
VERIFIED_MODE = NOT_SET | {
    "slug": "verified",
    "name": VERIFIED["name"],
    "min_price": 49,
    "suggested_prices": "50,100",
    "sku": "ABC",
}
OPEN_DETAILS: dict[str, Any] = {
    "course_id": OPEN,
    "course_name": "Open run",
    "enrollment_start": "2019-01-01T00:00:00Z",
    "enrollment_end": None,
    "course_start": "2019-02-01T12:30:00.123456Z",
    "course_end": "2999-01-01T00:00:00Z",
    "invite_only": False,
    "course_modes": [
        NOT_SET | {"slug": "audit", "name": AUDIT["name"], "min_price": 0},
        VERIFIED_MODE | {"expiration_datetime": shown(FUTURE)},
    ],
}


def active(username: str) -> list[tuple[str, str]]:
    """Course and time of a user's active enrollments, oldest first."""
    rows = [(created, key) for name, key, _, active, created in ENROLLED if name == username and active]
    return [(key, shown(created)) for created, key in sorted(rows)]


@pytest.mark.parametrize("who", ["learner", "second", "tutor", "staff", "root"])
async def test_ones_own_active_enrollments_oldest_first(shared: Rest, who: str) -> None:
    for asked in ({}, {"user": who}, {"user": ""}):
        rows = await shared.rows(ENROLLMENT, who, **asked)
        for row in rows:
            check_enrollment(row)
            assert (row["user"], row["is_active"]) == (who, True)
        assert [(row["course_details"]["course_id"], row["created"]) for row in rows] == active(who)


async def test_an_enrollment_in_full(shared: Rest) -> None:
    first, second = await shared.rows(ENROLLMENT, "learner")
    assert first == {
        "created": "2019-04-04T19:44:31.802434Z",
        "mode": "audit",
        "is_active": True,
        "course_details": OPEN_DETAILS,
        "user": "learner",
    }
    assert second["course_details"] == {
        "course_id": OLD,
        "course_name": "The course",
        "enrollment_start": None,
        "enrollment_end": None,
        "course_start": None,
        "course_end": None,
        "invite_only": False,
        "course_modes": [NOT_SET | {"slug": "honor", "name": "Honor", "min_price": 0}],
    }


@pytest.mark.parametrize(
    ("who", "user", "expected"),
    [
        ("learner", "second", []),
        ("learner", "tutor", []),
        ("learner", "nobody", []),
        ("tutor", "second", [OPEN]),
        ("tutor", "learner", [OPEN]),
        ("tutor", "nobody", []),
        ("staff", "learner", [key for key, _ in active("learner")]),
        ("root", "second", [key for key, _ in active("second")]),
        ("staff", "nobody", []),
    ],
)
async def test_anothers_enrollments(shared: Rest, who: str, user: str, expected: list[str]) -> None:
    rows = await shared.rows(ENROLLMENT, who, user=user)
    assert [row["course_details"]["course_id"] for row in rows] == expected
    assert {row["user"] for row in rows} <= {user}


async def test_a_name_that_nobody_can_have(shared: Rest) -> None:
    response = await shared.get(ENROLLMENT, "staff", user="x\0y")
    assert response.status_code in (200, 400)
    if response.status_code == 200:
        assert response.json() == []
    else:
        check_text(response, 400)
        assert response.json()["detail"].startswith("user")


async def test_a_content_type_on_a_get_means_nothing(shared: Rest) -> None:
    expected = await shared.rows(ENROLLMENT, "learner")
    for kind in ("application/json", "text/plain", "nonsense"):
        response = await shared.ask("GET", ENROLLMENT, "learner", headers={"content-type": kind})
        assert (response.status_code, response.json()) == (200, expected)
        assert response.headers["content-type"] == "application/json"


async def test_a_list_is_not_paginated(rest: Rest, database: Database) -> None:
    async with database.session() as session:
        runs = [CourseRun(key=f"course-v1:Org+Many+{number}", course_id=1) for number in range(250)]
        session.add_all(runs)
        await session.flush()
        session.add_all(Enrollment(user_id=1, run_id=run.id, mode="audit") for run in runs)
    assert len(await rest.rows(ENROLLMENT, "learner")) == 252
