"""Single look-ups: one enrollment, one course's details (Enrollment contract 4.3)."""

from urllib.parse import quote

import pytest

from tests.rest.clients import (
    BARE,
    COURSE,
    ENROLLMENT,
    EXPIRED,
    INVITED,
    MALFORMED,
    OLD,
    OPEN,
    PAID,
    PAST,
    UNKNOWN,
    WHO,
    Rest,
    check_details,
    check_empty,
    check_enrollment,
    check_text,
    shown,
)
from tests.rest.test_enrollment_list import NOT_SET, OPEN_DETAILS, VERIFIED_MODE


@pytest.mark.parametrize(
    "spelled", [str, quote, lambda key: quote(key, safe="")], ids=["bare", "some", "all"]
)
@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize(
    ("key", "mode", "is_active"), [(OPEN, "audit", True), (OLD, "honor", True), (BARE, "audit", False)]
)
async def test_ones_own_enrollment_active_or_not(
    shared: Rest, key: str, mode: str, is_active: bool, slash: str, spelled: type[str]
) -> None:
    for course, who in ((key, "learner"), (f"learner,{key}", "learner"), (f"learner,{key}", "staff")):
        row = await shared.rows(f"{ENROLLMENT}/{spelled(course)}{slash}", who)
        check_enrollment(row)
        found = (row["user"], row["mode"], row["is_active"], row["course_details"]["course_id"])
        assert found == ("learner", mode, is_active, key)


@pytest.mark.parametrize(
    ("who", "course", "status"),
    [
        ("learner", PAID, 200),
        ("learner", f"learner,{PAID}", 200),
        ("learner", UNKNOWN, 200),
        ("staff", f"learner,{PAID}", 200),
        ("learner", f"second,{OPEN}", 404),
        ("learner", f"second,{UNKNOWN}", 404),
        ("learner", f"nobody,{OPEN}", 404),
        ("tutor", f"second,{OPEN}", 404),
        ("staff", f"nobody,{OPEN}", 404),
        ("root", f"nobody,{OPEN}", 404),
    ],
)
async def test_no_enrollment_is_an_empty_body(shared: Rest, who: str, course: str, status: int) -> None:
    check_empty(await shared.get(f"{ENROLLMENT}/{course}", who), status)


@pytest.mark.parametrize("course", [*MALFORMED, "learner,nonsense", f"learner,second,{OPEN}", "%00", "%ff"])
async def test_a_course_id_that_does_not_parse(shared: Rest, course: str) -> None:
    for root, who in ((ENROLLMENT, "learner"), (ENROLLMENT, "staff"), (COURSE, None)):
        assert (await shared.get(f"{root}/{course}", who)).status_code == 404


@pytest.mark.parametrize("who", [None, *WHO])
async def test_course_details_are_for_everybody(shared: Rest, who: str | None) -> None:
    assert await shared.rows(f"{COURSE}/{OPEN}", who) == OPEN_DETAILS
    for key in (OLD, quote(OLD, safe=""), BARE, INVITED):
        check_details(await shared.rows(f"{COURSE}/{key}", who))
    assert (await shared.rows(f"{COURSE}/{INVITED}", who))["invite_only"] is True


@pytest.mark.parametrize("header", ["Bearer nonsense", "Token", "JWT a b", "Bearer", "Digest x"])
async def test_course_details_ignore_a_bad_token(shared: Rest, header: str) -> None:
    response = await shared.ask("GET", f"{COURSE}/{OPEN}", headers={"authorization": header})
    assert (response.status_code, response.json()) == (200, OPEN_DETAILS)


async def test_a_course_without_modes_has_audit_for_nothing(shared: Rest) -> None:
    (mode,) = (await shared.rows(f"{COURSE}/{BARE}"))["course_modes"]
    assert mode == NOT_SET | {"slug": "audit", "name": mode["name"], "min_price": 0}


@pytest.mark.parametrize(
    ("parameters", "slugs"),
    [
        ({}, ["audit"]),
        ({"include_expired": ""}, ["audit"]),
        ({"include_expired": "1"}, ["audit", "verified"]),
        ({"include_expired": "0"}, ["audit", "verified"]),
        ({"include_expired": "x"}, ["audit", "verified"]),
    ],
)
async def test_expired_modes_are_left_out_unless_asked_for(
    shared: Rest, parameters: dict[str, str], slugs: list[str]
) -> None:
    modes = (await shared.rows(f"{COURSE}/{EXPIRED}", **parameters))["course_modes"]
    assert [mode["slug"] for mode in modes] == slugs
    assert modes[1:] == [VERIFIED_MODE | {"expiration_datetime": shown(PAST)}][: len(slugs) - 1]


async def test_an_unknown_course_is_a_400(shared: Rest) -> None:
    for key in (UNKNOWN, "Org/Unknown/2012"):
        check_text(await shared.get(f"{COURSE}/{key}"), 400, "message")
