"""Enrolling: the table of cases, row by row and in its order (Enrollment contract 4.4)."""

import asyncio
import json
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlmodel import col

from app.db.engine import Database
from app.db.models import AuditEntry, Enrollment, EnrollmentAttribute
from tests.rest.clients import (
    BARE,
    CLOSED,
    CREDIT,
    EARLY,
    ENROLLMENT,
    EXPIRED,
    FULL,
    INVITED,
    MALFORMED,
    OLD,
    OPEN,
    PAID,
    UNKNOWN,
    Rest,
    check_details,
    check_empty,
    check_enrollment,
    check_text,
    state,
)

JSON = "application/json"
ASU = [{"namespace": "credit", "name": "provider_id", "value": "asu"}]


def of(course: Any = OPEN, **members: Any) -> dict[str, Any]:
    """The body of an enrollment."""
    return {"course_details": {"course_id": course}, **members}


OTHER = {"user": "second"}
BAD_BODIES: dict[str, tuple[bytes, str, int]] = {
    "not JSON": (b"{", JSON, 400),
    "nothing": (b"", JSON, 400),
    "not UTF-8": (b'{"user": "\xff"}', JSON, 400),
    "an array": (b"[]", JSON, 400),
    "a string": (b'"x"', JSON, 400),
    "null": (b"null", JSON, 400),
    "a number that is none": (b'{"course_details": {"course_id": NaN}}', JSON, 400),
    "a deep array": (b"[" * 50_000, JSON, 400),
    "course details a string": (json.dumps({"course_details": OPEN}).encode(), JSON, 400),
    "course details an array": (b'{"course_details": []}', JSON, 400),
    "a form": (b"course_id=x", "application/x-www-form-urlencoded", 415),
    "text": (json.dumps(of()).encode(), "text/plain", 415),
    "not JSON and another type": (b"{", "text/plain", 415),
}
DETAIL, MESSAGE, EMPTY, MODES = "detail", "message", "empty", "modes"
"""What a refusal has: a member with text, nothing, or a message with the course's details."""

REFUSED: dict[str, tuple[str, Any, int, str]] = {
    # A bad course id comes first, whoever is named.
    "no course details": ("learner", {}, 400, MESSAGE),
    "course details null": ("learner", {"course_details": None}, 400, MESSAGE),
    "no course id": ("learner", {"course_details": {}, **OTHER}, 400, MESSAGE),
    "course id null": ("learner", of(None), 400, MESSAGE),
    "course id a number": ("learner", of(5), 400, MESSAGE),
    "course id with NUL": ("learner", of(OPEN + "\0"), 400, MESSAGE),
    **{f"course id {key}": ("learner", of(key, **OTHER), 400, MESSAGE) for key in MALFORMED},
    "unknown course": ("learner", of(UNKNOWN, **OTHER), 400, MESSAGE),
    "unknown course for staff": ("staff", of(UNKNOWN, user="nobody"), 400, MESSAGE),
    # Someone else.
    "another": ("learner", of(**OTHER), 404, EMPTY),
    "an unknown user": ("learner", of(user="nobody"), 404, EMPTY),
    "another, by course staff": ("tutor", of(**OTHER), 404, EMPTY),
    "another, in a paid mode": ("learner", of(mode="verified", **OTHER), 404, EMPTY),
    "another, is_active text": ("learner", of(is_active="yes", **OTHER), 404, EMPTY),
    # What only staff may ask for.
    "a paid mode": ("learner", of(mode="verified"), 403, MESSAGE),
    "a paid mode, by course staff": ("tutor", of(mode="verified"), 403, MESSAGE),
    "a mode that is not offered": ("learner", of(mode="masters"), 403, MESSAGE),
    "a paid mode, is_active text": ("learner", of(mode="verified", is_active="yes"), 403, MESSAGE),
    "leaving": ("learner", of(is_active=False), 403, MESSAGE),
    "leaving, by course staff": ("tutor", of(BARE, is_active=False), 403, MESSAGE),
    # Staff.
    "unknown user": ("staff", of(user="nobody"), 406, MESSAGE),
    "a user that cannot be": ("learner", of(user="a\0b"), 404, EMPTY),
    "a user that cannot be, for staff": ("staff", of(user="a\0b"), 406, MESSAGE),
    "unknown user, is_active text": ("staff", of(user="nobody", is_active="yes"), 406, MESSAGE),
    "unknown user, mode not offered": ("root", of(user="nobody", mode="masters"), 406, MESSAGE),
    "is_active text": ("staff", of(user="learner", is_active="yes"), 400, MESSAGE),
    "is_active text for oneself": ("learner", of(is_active="yes"), 400, MESSAGE),
    "is_active a number": ("staff", of(user="second", is_active=0), 400, MESSAGE),
    "is_active text, mode not offered": ("staff", of(mode="masters", is_active="no"), 400, MESSAGE),
    "mode not offered": ("staff", of(user="learner", mode="masters"), 400, MODES),
    "free mode not offered": ("learner", of(mode="honor"), 400, MODES),
    "no mode that could be": ("tutor", of(PAID), 400, MODES),
    "no mode that could be, for staff": ("staff", of(PAID), 400, MODES),
    "expired mode": ("staff", of(EXPIRED, user="learner", mode="verified"), 400, MODES),
    "mode not offered, forced": ("staff", of(OPEN, mode="honor", force_enrollment=True), 400, MODES),
    "mode not offered in a closed course": ("staff", of(CLOSED, mode="masters"), 400, MODES),
    "credit without a provider": (
        "staff",
        of(CREDIT, mode="credit", enrollment_attributes=[ASU[0] | {"name": "x"}]),
        400,
        MESSAGE,
    ),
    **{
        f"{who} in {key}, {extra}": (who, of(key, **extra), 400, MESSAGE)
        for key in (CLOSED, EARLY, FULL, INVITED)
        for who, extra in (
            ("learner", {}),
            ("learner", {"force_enrollment": True}),
            ("staff", {"user": "learner"}),
            ("root", {"force_enrollment": False}),
        )
    },
    "leaving in another mode": ("staff", of(user="learner", mode="verified", is_active=False), 400, MESSAGE),
}
ALLOWED: dict[str, tuple[str, Any, str, bool]] = {
    # A new enrollment: who asks, for what, mode and activity.
    "no mode": ("tutor", of(OPEN), "audit", True),
    "audit": ("tutor", of(OPEN, mode="audit"), "audit", True),
    "no mode where there is no audit": ("tutor", of(OLD), "honor", True),
    "honor": ("tutor", of(OLD, mode="honor"), "honor", True),
    "a course without modes": ("second", of(BARE), "audit", True),
    "nulls": (
        "tutor",
        of(OPEN, user=None, mode=None, is_active=None, enrollment_attributes=None, force_enrollment=None),
        "audit",
        True,
    ),
    "oneself by name": ("tutor", of(OPEN, user="tutor", is_active=True), "audit", True),
    "what is ignored": ("tutor", of(OPEN, x=[{}], email_opt_in=True, force_enrollment=True), "audit", True),
    "staff, paid": ("staff", of(OPEN, mode="verified"), "verified", True),
    "staff for another, paid": ("staff", of(PAID, user="learner", mode="verified"), "verified", True),
    "superuser for another": ("root", of(EXPIRED, user="learner"), "audit", True),
    "credit with its provider": (
        "staff",
        of(CREDIT, user="learner", mode="credit", enrollment_attributes=ASU),
        "credit",
        True,
    ),
    **{
        f"forced into {key}": ("staff", of(key, user="learner", force_enrollment=True), "audit", True)
        for key in (CLOSED, EARLY, FULL, INVITED)
    },
    # One that exists.
    "again": ("learner", of(OPEN), "audit", True),
    "again, and paid": ("second", of(OPEN, mode="audit"), "verified", True),
    "reactivated": ("learner", of(BARE), "audit", True),
    "staff: mode": ("staff", of(OPEN, user="learner", mode="verified"), "verified", True),
    "staff: mode and activity": (
        "staff",
        of(OPEN, user="second", mode="audit", is_active=True),
        "audit",
        True,
    ),
    "staff: leaving": ("staff", of(OPEN, user="second", is_active=False), "verified", False),
    "staff: leaving in the same mode": (
        "root",
        of(OPEN, user="second", mode="verified", is_active=False),
        "verified",
        False,
    ),
    "staff: leaving an expired mode": (
        "staff",
        of(EXPIRED, user="second", mode="verified", is_active=False),
        "verified",
        False,
    ),
    "staff: reactivated": ("staff", of(PAID, user="second", mode="verified"), "verified", True),
}


@pytest.mark.parametrize("case", BAD_BODIES)
async def test_bad_bodies(shared: Rest, case: str) -> None:
    body, kind, status = BAD_BODIES[case]
    response = await shared.ask("POST", ENROLLMENT, "staff", content=body, headers={"content-type": kind})
    check_text(response, status)
    # Without credentials nobody looks at a body.
    response = await shared.ask("POST", ENROLLMENT, content=body, headers={"content-type": kind})
    assert response.status_code == 401


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON"])
async def test_a_content_type_may_have_parameters_and_any_case(rest: Rest, kind: str) -> None:
    body = json.dumps(of()).encode()
    response = await rest.ask("POST", ENROLLMENT, "tutor", content=body, headers={"content-type": kind})
    assert response.status_code == 200


@pytest.mark.parametrize("case", REFUSED)
async def test_what_is_refused_changes_nothing(shared: Rest, case: str) -> None:
    who, body, status, form = REFUSED[case]
    before = await state(shared.database)
    response = await shared.ask("POST", ENROLLMENT, who, json=body)
    if form == EMPTY:
        check_empty(response, status)
    elif form == MODES:
        assert response.status_code == status
        details = response.json().get("course_details")
        check_text(response, status, MESSAGE, course_details=details)
        check_details(details)
        assert details["course_id"] == body["course_details"]["course_id"]
    else:
        check_text(response, status, form)
    assert await state(shared.database) == before


@pytest.mark.parametrize("case", ALLOWED)
async def test_what_is_allowed_is_answered_with_the_enrollment(
    rest: Rest, database: Database, case: str
) -> None:
    who, body, mode, is_active = ALLOWED[case]
    before = await state(database)
    response = await rest.ask("POST", ENROLLMENT, who, json=body)
    assert response.status_code == 200, response.text
    row = response.json()
    check_enrollment(row)
    user, key = body.get("user") or who, body["course_details"]["course_id"]
    assert (row["user"], row["course_details"]["course_id"]) == (user, key)
    assert (row["mode"], row["is_active"]) == (mode, is_active)
    assert await state(database) == before | {(user, key): (mode, is_active)}
    assert (await rest.rows(f"{ENROLLMENT}/{user},{key}", "staff")) == row


async def test_r_13_staff_enrolling_into_an_inactive_enrollment_make_it_active(
    rest: Rest, database: Database
) -> None:
    left = await rest.enroll("staff", OPEN, user="second", is_active=False)
    assert (left.json()["mode"], left.json()["is_active"]) == ("verified", False)
    row = (await rest.enroll("staff", OPEN, user="second", mode="audit")).json()
    assert (row["mode"], row["is_active"]) == ("audit", True)
    assert (await state(database))["second", OPEN] == ("audit", True)


async def test_a_place_that_gets_free_can_be_taken(rest: Rest) -> None:
    assert (await rest.enroll("learner", FULL)).status_code == 400
    assert (await rest.enroll("staff", FULL, user="second", is_active=False)).status_code == 200
    assert (await rest.enroll("learner", FULL)).status_code == 200
    assert (await rest.enroll("tutor", FULL)).status_code == 400


async def test_the_time_of_an_enrollment_stays(rest: Rest) -> None:
    rows = [
        (await rest.enroll("staff", OPEN, user="learner", **members)).json()
        for members in ({"is_active": False}, {"mode": "verified"}, {"mode": "audit", "is_active": True})
    ]
    assert {row["created"] for row in rows} == {"2019-04-04T19:44:31.802434Z"}


@pytest.mark.parametrize("who", ["tutor", "staff"])
async def test_20_simultaneous_requests_leave_one_row(rest: Rest, database: Database, who: str) -> None:
    before = await state(database)
    responses = await asyncio.gather(*(rest.enroll(who, OPEN, user="tutor") for _ in range(20)))
    assert [response.status_code for response in responses] == [200] * 20
    assert len({response.text for response in responses}) == 1
    assert await state(database) == before | {("tutor", OPEN): ("audit", True)}


async def test_simultaneous_requests_do_not_take_a_place_twice(rest: Rest, database: Database) -> None:
    async with database.session() as session:
        await session.execute(delete(Enrollment).where(col(Enrollment.user_id) == 2))
    users = ("learner", "second", "tutor", "root")
    responses = await asyncio.gather(*(rest.enroll(who, FULL) for who in users))
    assert sorted(response.status_code for response in responses) == [200, 400, 400, 400]


async def test_attributes_are_kept(rest: Rest, database: Database) -> None:
    for value in ("asu", "mit"):
        attributes = [ASU[0] | {"value": value}]
        response = await rest.enroll(
            "staff", CREDIT, user="learner", mode="credit", enrollment_attributes=attributes
        )
        assert response.status_code == 200
    async with database.session() as session:
        kept = (await session.scalars(select(EnrollmentAttribute))).all()
    assert [(row.namespace, row.name, row.value) for row in kept] == [("credit", "provider_id", "mit")]


async def test_what_staff_change_for_others_is_logged(rest: Rest, database: Database) -> None:
    for who, members in (
        ("tutor", {}),
        ("staff", {"user": "learner", "mode": "verified"}),
        ("root", {"user": "nobody"}),
        ("root", {"user": "learner", "is_active": False}),
    ):
        await rest.enroll(who, OPEN, **members)
    async with database.session() as session:
        entries = (await session.scalars(select(AuditEntry).order_by(col(AuditEntry.id)))).all()
    assert [entry.actor for entry in entries] == ["staff", "root"]
    for entry in entries:
        assert "learner" in f"{entry.subject} {entry.detail}"
        assert OPEN in f"{entry.subject} {entry.detail}"


@pytest.mark.parametrize(
    ("members", "named"),
    [
        ({"course_details": {"course_id": "nonsense"}}, "course_details.course_id: "),
        ({"enrollment_attributes": [ASU[0] | {"name": ""}]}, "enrollment_attributes.0.name: "),
        (
            {"enrollment_attributes": [ASU[0] | {"namespace": "x" * 101}]},
            "enrollment_attributes.0.namespace: ",
        ),
        ({"user": "second", "mode": "audit", "is_active": False}, "mode: "),
        ({"is_active": "yes"}, "is_active: "),
    ],
)
async def test_messages_name_what_is_wrong_as_the_body_does(
    shared: Rest, members: dict[str, Any], named: str
) -> None:
    response = await shared.ask("POST", ENROLLMENT, "staff", json=of(**members) | members)
    assert response.status_code == 400
    assert response.json()["message"].startswith(named)
