"""Point 3 of section 13 of the Zapier contract: a test for each row of the tables of 5.1, 7 and 8."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import func, select

from app.db.engine import Database
from app.db.models import Enrollment, Event, Invitation, User, WebhookSubscription
from tests.rest.zapier.conftest import ENROLLMENTS, HOOK, KEY, SUBSCRIPTIONS, USERS, Zapier, basic, is_fault

CREATED = f"{SUBSCRIPTIONS}/user/created"
TARGET = {"target": HOOK}
STUDENT = {"Username": "atest.student", "Email": "atest@example.org", "Realname": "ATest Student"}
OWN = {"Username": "learner", "CourseId": KEY.format(number=1)}
SCOPES = "Public, Purchased, ForCredit, ForCreditDegree, ForCreditNonDegree"
WRONG = {"authorization": basic("root", "wrong")}
MISSING = {"code": "RequiredMissing", "message": "Missing data"}
NOT_ADMIN = {"code": "CannotAccessUserEnrollmentsError", "message": "Cannot modify user enrollments."}


@dataclass(frozen=True)
class Row:
    """A case of a table, the requests that it is about, and what they are answered."""

    case: str
    given: tuple[Any, ...]
    """Bodies: bytes as they are, all else as JSON."""
    status: int = 422
    members: dict[str, str] = field(default_factory=dict)
    who: str | None = "admin.one"
    headers: dict[str, str] = field(default_factory=dict)
    paths: tuple[str, ...] = ("",)
    """What follows the path."""
    tells: str | None = None
    """The member of the body whose value is told."""


def each(rows: tuple[Row, ...]) -> pytest.MarkDecorator:
    """A test for each row."""
    return pytest.mark.parametrize("row", [pytest.param(row, id=row.case) for row in rows])


def field_of(name: str, code: str, message: str | None = None) -> dict[str, str]:
    """The members of a refusal of a field."""
    return {"field": name, "code": code} | ({"message": message} if message else {})


async def rows_of(database: Database) -> list[int]:
    """How many rows there are of all that these requests could make."""
    async with database.reader.connect() as connection:
        return [
            await connection.scalar(select(func.count()).select_from(model)) or 0
            for model in (WebhookSubscription, User, Invitation, Enrollment, Event)
        ]


async def check(zapier: Zapier, path: str, row: Row, *, by_query: bool = False) -> None:
    """Ask for what a row is about: it is refused as the row says, and nothing comes of it."""
    before = await rows_of(zapier.database)
    for more in row.paths:
        for given in row.given:
            if isinstance(given, bytes):
                forms = [{"content": given}]
            else:
                # The first row with a fault counts, whatever else is wrong.
                forms = [{"json": given}, *([{"params": given}] if by_query else [])]
            for form in forms:
                response = await zapier.ask("POST", path + more, row.who, headers=row.headers, **form)
                told = {"value": given[row.tells]} if row.tells else {}
                assert is_fault(response, row.status, **row.members, **told), (more, given)
    assert await rows_of(zapier.database) == before


INVALID_URI = field_of("target", "InvalidURI", "The specified URL is not valid.")


@each(
    (
        Row("no-credentials", (TARGET, {}), 401, who=None),
        Row("bad-credentials", (TARGET, {}), 401, headers=WRONG),
        Row("no-admin", (TARGET, {}, b"{"), 403, who="learner"),
        Row("no-JSON-object", (b"", b"{", b"[]", b'"x"', b"null"), 400, paths=("", "/again")),
        Row(
            "target-missing",
            ({}, {"target": None}, {"Target": HOOK}, {"TARGET": HOOK}),
            members={"field": "target", **MISSING},
            paths=("", "/again"),
        ),
        Row(
            "target-no-string",
            tuple({"target": value} for value in (1, [HOOK], {"a": 1}, True)),
            members=field_of("target", "WrongType"),
            paths=("", "/again"),
        ),
        Row(
            "target-no-https-URL",
            tuple(
                {"target": target}
                for target in (
                    *("", "/hooks/1", "hooks.example.org/1", "http://hooks.example.org/1"),
                    *("http:", "ftp://hooks.example.org/1", "https://hooks.example.org/a b", "https://"),
                    *("https:///1", " https://hooks.example.org/1", "https://hooks.example.org/\x00"),
                )
            ),
            members=INVALID_URI,
            paths=("", "/again"),
            tells="target",
        ),
        Row(
            "target-with-password",
            ({"target": "https://user:password@hooks.example.org/1"}, {"target": "https://u@example.org/1"}),
            members=INVALID_URI,
            paths=("", "/again"),
            tells="target",
        ),
        Row(
            "target-forbidden-address",
            tuple(
                {"target": f"https://{host}/1"}
                for host in (
                    *("127.0.0.1", "10.0.0.1", "[::1]", "169.254.169.254", "localhost", "100.64.0.1"),
                    *("[::ffff:10.0.0.1]", "0.0.0.0", "LOCALHOST.", "[fd00::1]"),
                )
            ),
            members=INVALID_URI,
            paths=("", "/again"),
            tells="target",
        ),
    )
)
async def test_13_03_row_of_5_1(shared: Zapier, row: Row) -> None:
    await check(shared, CREATED, row)


@each(
    (
        Row(
            "too-few-segments",
            (TARGET,),
            members={"message": "Must specify a object type and event in url."},
            paths=("", "/", "/user", "/user/"),
        ),
        Row(
            "unsupported-pair",
            (TARGET,),
            members={"message": "Unsupported object and event type combination"},
            paths=("/user/deleted", "/course/enrolled", "/user/created/again", "/User/Created"),
        ),
    )
)
async def test_13_03_row_of_5_1_by_path(shared: Zapier, row: Row) -> None:
    await check(shared, SUBSCRIPTIONS, row)


@each(
    (
        Row("no-credentials", (STUDENT, {}), 401, who=None),
        Row("bad-credentials", (STUDENT, {}), 401, headers=WRONG),
        Row("no-admin", (STUDENT, {}, b"{"), 403, who="learner"),
        Row("no-JSON-object", (b"", b"[]", b"{"), 400),
        Row(
            "Email-missing",
            (
                {},
                {name.lower(): value for name, value in STUDENT.items()},
                {"Realname": "ATest"},
                STUDENT | {"Email": None},
            ),
            members={"field": "Email", **MISSING},
        ),
        Row(
            "Realname-missing",
            ({"Email": "a@example.org"}, STUDENT | {"Realname": None}),
            members={"field": "Realname", **MISSING},
        ),
        Row(
            "Username-missing",
            ({"Email": "bad", "Realname": "1"}, STUDENT | {"Username": None}),
            members=field_of("Username", "RequiredMissing"),
        ),
        *(
            Row(f"{name}-empty", (STUDENT | {name: ""},), members={"field": name, **MISSING})
            for name in STUDENT
        ),
        *(
            Row(f"{name}-no-string", (STUDENT | {name: 1},), members=field_of(name, "WrongType"))
            for name in STUDENT
        ),
        Row(
            "Username-too-short",
            (STUDENT | {"Username": "abcd"}, STUDENT | {"Username": "a b"}),
            members=field_of("Username", "TooShort"),
        ),
        Row(
            "Username-illegal",
            tuple(
                STUDENT | {"Username": name}
                for name in ("a test", "atest!", "a/test", "atest+1", "atest\x00")
            ),
            members=field_of("Username", "UsernameContainsIllegalChar"),
        ),
        Row(
            "Email-malformed",
            tuple(
                STUDENT | {"Email": address}
                for address in ("atest", "@example.org", "a@", "a@b", "a b@example.org", "a@b@example.org")
            ),
            members=field_of("Email", "EmailAddressInvalid"),
        ),
        Row(
            "Realname-without-letter",
            tuple(STUDENT | {"Realname": name} for name in ("123", "-", "\U0001f600")),
            members=field_of("Realname", "RealnameInvalid"),
        ),
        Row(
            "Username-taken",
            (STUDENT | {"Username": "learner"}, STUDENT | {"Username": "LEARNER"}),
            409,
            field_of(
                "Username",
                "DuplicateUsernameError",
                "That username is not available. Please choose another.",
            ),
        ),
    )
)
async def test_13_03_row_of_7(shared: Zapier, row: Row) -> None:
    await check(shared, USERS, row)


@each(
    (
        Row("no-credentials", (OWN, {}), 401, who=None),
        Row("bad-credentials", (OWN, {}), 401, headers=WRONG),
        Row("no-admin", ({}, OWN, {"Username": "nobody"}), 403, NOT_ADMIN, who="learner"),
        Row("no-JSON-object", (b"[]", b"{", b'"x"'), 400),
        Row(
            "Username-missing",
            ({}, {"CourseId": "nonsense", "Scope": "x"}, {"Username": ""}),
            members={"field": "Username", **MISSING},
        ),
        Row(
            "Username-unknown",
            ({"Username": "nobody"}, {"Username": "no\x00body", "CourseId": "nonsense"}),
            members=field_of("Username", "UserNotFound", "User not found."),
        ),
        Row(
            "CourseId-missing",
            ({"Username": "learner"}, {"Username": "learner", "CourseId": "", "Scope": "x"}),
            members={"field": "CourseId", **MISSING},
        ),
        Row(
            "CourseId-unknown",
            tuple(
                {"Username": "learner", "CourseId": course, "Scope": "x"}
                for course in (
                    *("nonsense", KEY.format(number=99), "a\x00b"),
                    "tag:nextthought.com,2011-10:NTI-CourseInfo-1",
                )
            ),
            members=field_of("CourseId", "CourseNotFound", "Course not found."),
        ),
        Row(
            "Scope-unknown",
            tuple(
                {"Username": "learner", "CourseId": KEY.format(number=3), "Scope": scope}
                for scope in ("public", "Other", "")
            ),
            members=field_of("Scope", "InvalidScope", f"Invalid scope, must be one of: {SCOPES}"),
        ),
        Row(
            "Username-teaches",
            ({"Username": "learner", "CourseId": KEY.format(number=3)},),
            members=field_of("Username", "UserIsInstructor", "User is an instructor in course hierarchy."),
        ),
    )
)
async def test_13_03_row_of_8(shared: Zapier, row: Row) -> None:
    await check(shared, ENROLLMENTS, row, by_query=True)
