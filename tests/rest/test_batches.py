"""The account and the enrollment batch: rows and filters (Enrollment contract 5.1, 5.2 and 6)."""

import datetime as dt
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import pytest

from app.db.engine import Database
from app.db.models import Course, CourseRun, Enrollment, User
from tests.databases import Databases
from tests.graphql.clients import add_user
from tests.rest.clients import (
    ACCOUNTS_BATCH,
    ENROLLED,
    ENROLLMENT_BATCH,
    MALFORMED,
    OLD,
    OPEN,
    UNKNOWN,
    USERS,
    Rest,
    check_members,
    check_text,
    key_of,
    rest_of,
)

ACCOUNT = {"username": str, "date_joined": str, "is_active": bool, "id": int, "email": str}
ENROLLED_ROW = {"username": str, "course_id": str, "user_id": int, "enrollment_id": int, "date_enrolled": str}
BATCHES = {
    "/api/jitterbit/v1/accounts/batch": ACCOUNT,
    "/v1/accounts/batch": ACCOUNT,
    "/api/jitterbit/v1/enrollment/batch": ENROLLED_ROW,
    "/v1/enrollment/batch": ENROLLED_ROW,
}
COLUMNS = {ACCOUNTS_BATCH: "date_joined", ENROLLMENT_BATCH: "date_enrolled"}


def cut(instant: dt.datetime) -> str:
    """An instant as a batch gives it: the fraction is cut, not rounded."""
    kind = "milliseconds" if instant.microsecond else "seconds"
    return instant.isoformat(timespec=kind).replace("+00:00", "Z")


ACCOUNTS = [
    {
        "username": name,
        "date_joined": f"2018-01-{number:02}T01:02:03.765Z",
        "is_active": name != "off",
        "id": number,
        "email": f"{name}@example.com",
    }
    for number, name in enumerate(USERS, start=1)
]
ENROLLMENTS = [
    {
        "username": name,
        "course_id": key,
        "user_id": list(USERS).index(name) + 1,
        "enrollment_id": number,
        "date_enrolled": cut(created),
    }
    for number, (name, key, _, _, created) in enumerate(ENROLLED, start=1)
]


@pytest.mark.parametrize("path", BATCHES)
async def test_r_3_r_6_all_rows_in_ascending_order_under_both_prefixes(shared: Rest, path: str) -> None:
    for who in ("staff", "root"):
        for slash in ("", "/"):
            response = await shared.get(path + slash, who)
            assert response.status_code == 200
            assert response.headers["content-type"] == "application/json"
            assert response.headers["cache-control"] == "no-store"
            for row in response.json():
                check_members(row, BATCHES[path])
            assert response.json() == (ACCOUNTS if BATCHES[path] is ACCOUNT else ENROLLMENTS)
    assert "2019-04-04T19:44:31.802Z" in (await shared.get("/v1/enrollment/batch", "staff")).text


@pytest.mark.parametrize("path", BATCHES)
async def test_r_1_r_2_who_sees_which_rows(shared: Rest, path: str) -> None:
    own: dict[str, Any] = {"username": "learner"}
    for who in ("learner", "second", "tutor"):
        for parameters in ({}, {"username": ""}, {"username": "staff"}, {"username": "nobody"}, {"x": "y"}):
            check_text(await shared.get(path, who, **parameters), 403)
        rows = await shared.rows(path, who, username=who)
        assert rows and {row["username"] for row in rows} == {who}
    assert len(await shared.rows(path, "learner", **own)) == (1 if BATCHES[path] is ACCOUNT else 3)
    for parameters in ({}, {"username": ""}, own):
        response = await shared.get(path, None, **parameters)
        assert response.status_code == 401
    for who in ("staff", "root"):
        assert {row["username"] for row in await shared.rows(path, who, **own)} == {"learner"}
        assert await shared.rows(path, who, username="nobody") == []
    response = await shared.ask("GET", f"{path}?username=learner&username=second", "learner")
    assert response.status_code == 403


BASES = {
    "day": dt.datetime(2020, 2, 3, tzinfo=dt.UTC),
    "minute": dt.datetime(2020, 2, 3, 4, 5, tzinfo=dt.UTC),
    "second": dt.datetime(2020, 2, 3, 4, 5, 6, tzinfo=dt.UTC),
    "tenth": dt.datetime(2020, 2, 3, 4, 5, 6, 700000, dt.UTC),
    "shown": dt.datetime(2020, 2, 3, 4, 5, 6, 765000, dt.UTC),
    "micro": dt.datetime(2020, 2, 3, 4, 5, 6, 765432, dt.UTC),
}
TIMES = {
    "day": "00:00",
    "minute": "04:05",
    "second": "04:05:06",
    "tenth": "04:05:06.7",
    "shown": "04:05:06.765",
    "micro": "04:05:06.765432",
}
ZONES = {"": 0, "Z": 0, "+00:00": 0, "-00:00": 0, "+05:45": 345, "-11:30": -690, "+23:59": 1439}
FORMS = [
    ("2020-02-03", BASES["day"]),
    *(
        (f"2020-02-03{separator}{time}{zone}", BASES[name] - dt.timedelta(minutes=offset))
        for name, time in TIMES.items()
        for separator in "T "
        for zone, offset in ZONES.items()
    ),
]
"""Every form of a value, with the instant it stands for."""


@pytest.fixture(scope="session")
async def bounded(filled: Database, databases: Databases) -> AsyncIterator[Rest]:
    """An application over rows at, just before and just after the instants of the forms."""
    database = await databases.empty(filled.dialect)
    await add_user(database, "staff", key_of("staff"), is_staff=True, date_joined=BASES["day"])
    async with database.session() as session:
        course = Course(key="C")
        session.add(course)
        await session.flush()
        run = CourseRun(key=OPEN, course_id=course.id)
        session.add(run)
        await session.flush()
        for instant in {instant for _, instant in FORMS}:
            for beside in (-1, 0, 1):
                created = instant + dt.timedelta(microseconds=beside)
                user = User(username=created.isoformat(), date_joined=created)
                session.add(user)
                await session.flush()
                session.add(Enrollment(user_id=user.id, run_id=run.id, mode="audit", created=created))
    async with rest_of(database) as rest:
        yield rest


@pytest.mark.parametrize("path", COLUMNS)
async def test_a_10_r_7_r_8_bounds_are_open_in_every_form_of_a_value(bounded: Rest, path: str) -> None:
    names = {row["username"] for row in await bounded.rows(path, "staff")} - {"staff"}
    instants = {name: dt.datetime.fromisoformat(name) for name in names}
    for value, bound in FORMS:
        # As it stands, where a `+` arrives as a space, and encoded.
        queries = {
            f"updated_min={value.replace(' ', '%20')}": {n for n, at in instants.items() if at > bound},
            f"update_max={quote(value, safe='')}": {n for n, at in instants.items() if at < bound},
        }
        for query, expected in queries.items():
            rows = (await bounded.ask("GET", f"{path}?{query}", "staff")).json()
            assert {row["username"] for row in rows} - {"staff"} == expected, query


async def test_a_10_a_cut_fraction_is_compared_in_full(bounded: Rest) -> None:
    bound = BASES["micro"]
    for path, column in COLUMNS.items():
        within = {"updated_min": "2020-02-03T04:05:06.765", "updated_max": "2020-02-03T04:05:06.766"}
        rows = await bounded.rows(path, "staff", **within)
        names = {(bound + dt.timedelta(microseconds=beside)).isoformat() for beside in (-1, 0, 1)}
        names.add((BASES["shown"] + dt.timedelta(microseconds=1)).isoformat())
        assert {row["username"]: row[column] for row in rows} == dict.fromkeys(
            names, "2020-02-03T04:05:06.765Z"
        )


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"updated_min": "2018-01-02", "updated_max": "2018-01-04"}, [2, 3]),
        ({"updated_min": "2018-01-04", "updated_max": "2018-01-02"}, []),
        ({"updated_min": "2018-01-02", "updated_max": "2018-01-02"}, []),
        ({"updated_min": "2018-01-05", "update_min": "2018-01-01"}, [5, 6]),
        ({"updated_max": "2018-01-02", "update_max": "2018-01-05"}, [1]),
        ({"updated_min": "", "update_min": "2018-01-05"}, [5, 6]),
        ({"updated_min": "", "updated_max": "", "username": ""}, [1, 2, 3, 4, 5, 6]),
        ({"updated_min": "0001-01-01", "updated_max": "9999-12-31T23:59:59.999999Z"}, [1, 2, 3, 4, 5, 6]),
        ({"updated_min": "2018-01-02T02:02:03.765432+01:00"}, [3, 4, 5, 6]),
        ({"updated_min": "2018-01-02T01:02:03.765431"}, [2, 3, 4, 5, 6]),
        ({"course_id": "nonsense", "limit": "1", "page": "2"}, [1, 2, 3, 4, 5, 6]),
        ({"username": "second", "updated_max": "2018-01-02"}, []),
    ],
)  # fmt: skip
async def test_filters_of_accounts(shared: Rest, parameters: dict[str, str], expected: list[int]) -> None:
    assert [row["id"] for row in await shared.rows(ACCOUNTS_BATCH, "staff", **parameters)] == expected


@pytest.mark.parametrize("path", ["/api/jitterbit/v1/enrollment/batch", "/v1/enrollment/batch"])
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("course_id=course-v1%3AOrg%2BOpen%2BR1", [2, 4]),
        ("course_id=course-v1:Org+Open+R1", [2, 4]),
        ("course_id=course-v1:Org%20Open%20R1", [2, 4]),
        ("course_id=Org/Old/2012", [1, 5]),
        ("course_id=Org%2FOld%2F2012&username=second", [5]),
        ("course_id=course-v1:org+Open+R1", []),
        ("course_id=course-v1:Org+Open+R1&updated_min=2019-04-04T19:44:31.802434Z", [4]),
        ("course_id=course-v1:Org+Open+R1&update_min=2019-04-05", []),
        ("course_id=course-v1:Org+Open+R1&updated_max=2019-04-05", [2]),
        (f"course_id={UNKNOWN}", []),
        (f"course_id={UNKNOWN}&course_id=Org/Old/2012", [1, 5]),
        ("course_id=", list(range(1, 10))),
    ],
)
async def test_r_9_r_10_filters_of_enrollments(
    shared: Rest, path: str, query: str, expected: list[int]
) -> None:
    response = await shared.ask("GET", f"{path}?{query}", "staff")
    assert [row["enrollment_id"] for row in response.json()] == expected


@pytest.mark.parametrize(
    "value",
    [
        "12", "Dec 9 2015", "2020", "2020-02", "20200203", "2020-W06-1", "2020-034", "2020-2-3", "20-02-03",
        "2020-02-30", "2021-02-29", "2020-13-01", "2020-00-01", "0000-01-01", "10000-01-01", "-001-01-01",
        "+2020-02-03", "2020-02-03T", "2020-02-03T04", "2020-02-03T0405", "2020-02-03T4:05", "2020-02-03T04:05:6",
        "2020-02-03T24:00", "2020-02-03T24:00:00", "2020-02-03T04:60", "2020-02-03T04:05:60", "2020-02-03x04:05",
        "2020-02-03_04:05", "2020-02-03T04:05:06.", "2020-02-03T04:05:06,5", "2020-02-03T04:05:06.1234567",
        "2020-02-03T04:05:06+0100", "2020-02-03T04:05:06+01", "2020-02-03T04:05:06+01:00:00",
        "2020-02-03T04:05:06+24:00", "2020-02-03T04:05:06+01:60", "2020-02-03T04:05:06ZZ", "2020-02-03T04:05:06 Z",
        "2020-02-03T04:05:06UTC", "\uff12\uff10\uff12\uff10-02-03", "٢٠٢٠-٠٢-٠٣", "2020-02-03\0", "2020-02-03\n", " 2020-02-03", "x" * 5000,
    ],
    ids=ascii,
)  # fmt: skip
async def test_r_5_what_is_no_value_is_a_400_that_names_the_parameter(shared: Rest, value: str) -> None:
    for path in COLUMNS:
        for name in ("updated_min", "updated_max", "update_min", "update_max"):
            response = await shared.get(path, "staff", **{name: value})
            check_text(response, 400)
            assert name in response.json()["detail"]


async def test_the_ends_of_time_are_no_fault(shared: Rest) -> None:
    for value in ("0001-01-01T00:00+01:00", "9999-12-31T23:59:59.999999-01:00"):
        for name in ("updated_min", "updated_max"):
            assert (await shared.get(ACCOUNTS_BATCH, "staff", **{name: value})).status_code in (200, 400)
    # Rights come first.
    check_text(await shared.get(ACCOUNTS_BATCH, "learner", updated_min="x"), 403)
    assert (await shared.get(ACCOUNTS_BATCH, None, updated_min="x")).status_code == 401


@pytest.mark.parametrize("value", [*MALFORMED, "x\0", "Org/Old/2012/more", "é" * 300])
async def test_r_9_a_course_id_that_does_not_parse(shared: Rest, value: str) -> None:
    check_text(await shared.get(ENROLLMENT_BATCH, "staff", course_id=value), 400)


async def test_no_rows_are_an_empty_array(shared: Rest) -> None:
    for path in COLUMNS:
        response = await shared.get(path, "staff", updated_min="2999-01-01")
        assert (response.status_code, response.content) == (200, b"[]")
        assert response.headers["content-type"] == "application/json"


async def test_each_call_is_logged_with_its_filters_and_rows(
    shared: Rest, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    assert await shared.rows(ENROLLMENT_BATCH, "staff", course_id=OLD, updated_min="2019-01-01")
    entries = [record.getMessage() for record in caplog.records if record.name.startswith("lyceum")]
    assert any("staff" in entry and OLD in entry and "2" in entry for entry in entries), entries
    assert key_of("staff") not in caplog.text
