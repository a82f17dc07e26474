"""All enrollments, in pages (Enrollment contract 4.5)."""

import datetime as dt
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest

from app.db.engine import Database
from app.db.models import Enrollment, User
from tests.rest.clients import (
    BARE,
    ENROLLED,
    ENROLLMENTS,
    MALFORMED,
    OLD,
    OPEN,
    TIME,
    UNKNOWN,
    Rest,
    check_members,
    shown,
)

MEMBERS = {"created": str, "mode": str, "is_active": bool, "user": str, "course_id": str}
EVERYTHING = [
    {"created": shown(created), "mode": mode, "is_active": active, "user": name, "course_id": key}
    for name, key, mode, active, created in sorted(ENROLLED, key=lambda row: row[4], reverse=True)
]


async def page(rest: Rest, url: str = ENROLLMENTS, **parameters: Any) -> Any:
    """One page, checked for its form."""
    body = await rest.rows(url, "staff", **parameters)
    assert body.keys() == {"next", "previous", "results"}
    for row in body["results"]:
        check_members(row, MEMBERS)
        assert TIME.fullmatch(row["created"])
    for link in (body["next"], body["previous"]):
        assert link is None or link.startswith(f"http://lyceum.test{ENROLLMENTS}?")
        assert link is None or len(parse_qs(urlsplit(link).query)["cursor"]) == 1
    return body


async def test_newest_first_active_and_inactive(shared: Rest) -> None:
    body = await page(shared)
    assert body == {"next": None, "previous": None, "results": EVERYTHING}


@pytest.mark.parametrize(
    ("parameters", "keep"),
    [
        ({"course_id": OPEN}, lambda row: row["course_id"] == OPEN),
        ({"course_id": OLD}, lambda row: row["course_id"] == OLD),
        ({"course_id": ""}, lambda row: True),
        ({"username": "learner"}, lambda row: row["user"] == "learner"),
        ({"username": "learner,tutor,nobody"}, lambda row: row["user"] in ("learner", "tutor")),
        ({"username": "second", "course_id": OPEN}, lambda row: row["mode"] == "verified" and row["course_id"] == OPEN),
        ({"course_id": UNKNOWN}, lambda row: False),
        ({"username": "nobody"}, lambda row: False),
        ({"username": ",".join(f"u{number}" for number in range(99)) + ",tutor"}, lambda row: row["user"] == "tutor"),
        ({"page": "5", "page_size": "", "cursor": ""}, lambda row: True),
    ],
)  # fmt: skip
async def test_filters(shared: Rest, parameters: dict[str, str], keep: Any) -> None:
    expected = [row for row in EVERYTHING if keep(row)]
    assert (await page(shared, **parameters))["results"] == expected
    walked = []
    url: str | None = ENROLLMENTS
    parameters = parameters | {"page_size": "1"}
    while url:
        # The package repeats its own filters beside the cursor.
        body = await page(shared, ENROLLMENTS, **parameters)
        walked += body["results"]
        url = body["next"]
        if url:
            query = {name: values[-1] for name, values in parse_qs(urlsplit(url).query).items()}
            kept = (name for name in ("course_id", "username", "page_size") if parameters.get(name))
            assert all(query[name] == parameters[name] for name in kept)
            parameters = parameters | {"cursor": query["cursor"]}
    assert walked == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("course_id", value) for value in MALFORMED),
        ("course_id", f"{OPEN}\0"),
        ("username", "sp ace"),
        ("username", "learner,\0"),
        ("username", "x" * 300),
        ("username", ",".join(f"u{number}" for number in range(101))),
        *(
            ("page_size", value)
            for value in ("0", "101", "-1", "x", "1.5", "1e1", "٣", "9" * 5000, "0" * 5000, "0" * 9 + "1000")
        ),
        *(("cursor", value) for value in ("nonsense", "MQ==", "\0", "é", "x" * 5000)),
    ],
    ids=lambda value: value[:20],
)
async def test_what_is_malformed_is_named(shared: Rest, name: str, value: str) -> None:
    response = await shared.get(ENROLLMENTS, "staff", **{name: value})
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/json"
    errors = response.json()
    assert errors.keys() == {"field_errors"}
    assert errors["field_errors"].keys() == {name}
    assert errors["field_errors"][name].keys() == {"developer_message"}
    message = errors["field_errors"][name]["developer_message"]
    assert isinstance(message, str) and message


async def test_each_malformed_parameter_is_named(shared: Rest) -> None:
    response = await shared.get(ENROLLMENTS, "staff", course_id="x", page_size="x")
    assert set(response.json()["field_errors"]) <= {"course_id", "page_size"}
    assert response.json()["field_errors"]


async def test_a_hundred_to_a_page(rest: Rest, database: Database) -> None:
    await add_learners(database, 250)
    first = await page(rest)
    second = await page(rest, first["next"])
    third = await page(rest, second["next"])
    assert [len(body["results"]) for body in (first, second, third)] == [100, 100, 59]
    assert third["next"] is None and first["previous"] is None


async def add_learners(database: Database, number: int, created: dt.datetime | None = None) -> list[str]:
    """Enroll new users in `BARE`, at one instant and so in descending order of ids; their names."""
    created = created or dt.datetime(2020, 1, 1, 0, 0, 0, 1, dt.UTC)
    async with database.session() as session:
        users = [User(username=f"many-{uuid4()}") for _ in range(number)]
        session.add_all(users)
        await session.flush()
        for user in users:
            session.add(Enrollment(run_id=3, user_id=user.id, mode="audit", created=created))
            await session.flush()
    return [user.username for user in reversed(users)]


@pytest.mark.parametrize("size", [1, 4, 7, 100])
async def test_pages_neither_repeat_nor_lose_a_row(rest: Rest, database: Database, size: int) -> None:
    there = await add_learners(database, 30)
    forward: list[Any] = []
    pages = []
    body = await page(rest, page_size=size, course_id=BARE)
    while True:
        pages.append(body["results"])
        forward += body["results"]
        if not body["next"]:
            break
        # Before, between and after what was read: rows that arrive may appear, or not.
        for year in (2018, 2020, 2021) if len(pages) < 5 else ():
            await add_learners(database, 1, dt.datetime(year, 1, 1, 0, 0, 0, len(pages), dt.UTC))
        assert parse_qs(urlsplit(body["next"]).query)["page_size"] == [str(size)]
        body = await page(rest, body["next"])
        assert body["previous"] is not None
    names = [row["user"] for row in forward]
    assert len(names) == len(set(names))
    assert [name for name in names if name in there] == there
    assert [row["created"] for row in forward] == sorted((row["created"] for row in forward), reverse=True)
    assert {"tutor", "learner"} <= set(names)

    # And back.
    backward = list(body["results"])
    while body["previous"]:
        body = await page(rest, body["previous"])
        backward = body["results"] + backward
    names = [row["user"] for row in backward]
    assert len(names) == len(set(names))
    assert [name for name in names if name in there] == there
