"""`lyceum course-staff`: who is staff of which course run."""

import json

import pytest

from app.cli.common import with_database
from app.db.engine import Database
from app.db.models import Course, CourseRun
from tests.cli.conftest import Lyceum, contents

RUN = "course-v1:C+1+R"


@pytest.fixture
def ada(lyceum: Lyceum, url: str) -> None:
    """A user and a run."""

    async def add(database: Database) -> None:
        async with database.session() as session:
            course = Course(key="C+1")
            session.add(course)
            await session.flush()
            session.add(CourseRun(key=RUN, course_id=course.id))

    with_database(add)
    lyceum("user", "create", "ada", "ada@example.com")


def test_course_staff_comes_and_goes(lyceum: Lyceum, ada: None) -> None:
    for said in ("is now", "was already"):
        ended = lyceum("course-staff", "add", "ada", RUN)
        assert (ended.code, ended.out) == (0, f"ada {said} staff of {RUN}.\n")
        assert json.loads(lyceum("course-staff", "list").out) == [{"user": "ada", "run": RUN}]
    for said in ("is no longer", "was not"):
        ended = lyceum("course-staff", "remove", "ada", RUN)
        assert (ended.code, ended.out) == (0, f"ada {said} staff of {RUN}.\n")
        assert json.loads(lyceum("course-staff", "list").out) == []


def test_who_is_not_there_is_staff_of_nothing(lyceum: Lyceum, ada: None) -> None:
    for command in ("add", "remove"):
        assert lyceum("course-staff", command, "bob", RUN).refusal == "there is no user bob"
        assert lyceum("course-staff", command, "ada", "C").refusal == "there is no course run C"


NEW = {"email": "", "name": "", "staff": False, "superuser": False, "active": True, "password": False}


def test_commands_are_in_the_audit_log(lyceum: Lyceum, ada: None) -> None:
    key = "first-key-0123456789abcdef"
    for words in (
        ["user", "create", "ada", "ada@example.com"],
        ["user", "create", "ada", "other@example.com"],
        ["course-staff", "add", "ada", RUN],
        ["course-staff", "add", "ada", RUN],
        ["course-staff", "remove", "ada", RUN],
        ["api-key", "set", "ada", key],
        ["api-key", "set", "ada", "--delete-key"],
        ["api-key", "set", "ada", "--delete-key"],
        ["oauth", "client", "create", "--type", "public", "--client-id", "app"],
        ["oauth", "client", "rotate", "app"],
        ["oauth", "token", "create", "--user", "ada", "--client", "app", "--expires", "2099-01-31"],
        ["oauth", "token", "revoke", "1"],
        ["oauth", "token", "revoke", "7"],
        ["user", "activate", "ada"],
        ["user", "deactivate", "ada"],
        ["user", "deactivate", "ada"],
        ["user", "activate", "ada"],
        ["api-key", "set", "bob", "other-key-0123456789abcdef"],
    ):
        lyceum(*words)
    lyceum("user", "password", "ada", stdin=b"correct horse")
    entries = contents()["audit_entry"]
    assert {entry[2] for entry in entries} == {"command line"}
    assert [entry[3:] for entry in entries] == [
        ("user.create", "ada", NEW | {"email": "ada@example.com"}),
        ("course_staff.add", "ada", {"run": RUN}),
        ("course_staff.remove", "ada", {"run": RUN}),
        ("api_key.set", "ada", {}),
        ("api_key.delete", "ada", {}),
        ("client.create", "app", {"type": "public", "user": None, "name": ""}),
        ("client.rotate", "app", {}),
        (
            "token.create",
            "1",
            {"user": "ada", "client_id": "app", "scope": "", "expires": "2099-01-31T00:00:00Z"},
        ),
        ("token.revoke", "1", {"user": "ada"}),
        ("user.update", "ada", {"active": False}),
        ("user.update", "ada", {"active": True}),
        ("user.create", "bob", NEW),
        ("api_key.set", "bob", {}),
        ("user.set_password", "ada", {}),
    ]
    assert key not in repr(entries) and "horse" not in repr(entries)
