"""`lyceum import edx-package`, as typed, over small packages and real profiles."""

import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from app.cli.common import with_database
from app.db.engine import Database
from app.db.models import User
from tests.imports.commands import Lyceum, rows, run_lyceum, whole

RUN = "edX/DemoX/1T2014"
PROBLEM, SUBSECTION = "i4x://edX/DemoX/problem/p1", "i4x://edX/DemoX/sequential/s1"
VIDEO = "i4x://edX/DemoX/video/v.1"
NOTHING = "Nothing to import: everything is there already."

USERS: list[tuple[Any, ...]] = [
    (
        "id",
        "username",
        "first_name",
        "last_name",
        "email",
        "password",
        "is_staff",
        "is_active",
        "is_superuser",
        "last_login",
        "date_joined",
        "status",
    ),
    (
        1,
        "ada",
        "",
        "",
        "ada@example.com",
        "pbkdf2$x",
        1,
        1,
        1,
        "2014-02-01 00:00:00",
        "2014-01-01 10:00:00",
        "NULL",
    ),
    (
        2,
        "bob",
        "Bob",
        "B",
        "bob@example.com",
        "",
        0,
        0,
        0,
        "2014-02-01 00:00:00",
        "2014-01-02 10:00:00",
        "NULL",
    ),
    (3, "eve", "", "", "EVE", "", 0, 1, 0, "2014-02-01 00:00:00", "2014-01-03 10:00:00", "NULL"),
]
PROFILES: list[tuple[Any, ...]] = [
    (
        "id",
        "user_id",
        "name",
        "language",
        "location",
        "meta",
        "courseware",
        "gender",
        "mailing_address",
        "year_of_birth",
        "level_of_education",
        "goals",
        "allow_certificate",
        "country",
        "city",
    ),
    (1, 1, "Ada\\tL", "English", "", "{}", "course.xml", "f", "a\\nb", 1985, "p_se", "NULL", 1, "gb", "NULL"),
    (2, 2, "Bob", "", "", "{}", "course.xml", "m", "NULL", 1066, "hs", "NULL", 1, "", "NULL"),
    (3, 9, "Zoe", "", "", "{}", "course.xml", "?", "NULL", "NULL", "xx", "NULL", 1, "XYZ", "NULL"),
]
ENROLLMENTS: list[tuple[Any, ...]] = [
    ("id", "user_id", "course_id", "created", "is_active", "mode"),
    (1, 1, RUN, "2014-03-01 09:00:00", 1, "verified"),
    (2, 2, RUN, "2014-03-02 09:00:00", 0, "honor"),
    (3, 7, RUN, "2014-03-03 09:00:00", 1, ""),
]
STATES: list[tuple[Any, ...]] = [
    (
        "id",
        "module_type",
        "module_id",
        "student_id",
        "state",
        "grade",
        "created",
        "modified",
        "max_grade",
        "done",
        "course_id",
    ),
    (
        1,
        "problem",
        PROBLEM,
        1,
        '{"a": "\\\\t"}',
        1,
        "2014-03-01 10:00:00",
        "2014-03-01 11:00:00",
        2,
        "na",
        RUN,
    ),
    (2, "problem", PROBLEM, 2, "{}", 0.5, "2014-03-01 10:00:00", "2014-03-01 11:00:00", 2, "na", RUN),
    (3, "problem", PROBLEM, 3, "{}", "NULL", "2014-03-01 10:00:00", "2014-03-01 11:00:00", "NULL", "na", RUN),
    (
        4,
        "sequential",
        SUBSECTION,
        1,
        '{"position": 2}',
        "NULL",
        "2014-03-01 10:00:00",
        "2014-03-02 11:00:00",
        "NULL",
        "na",
        RUN,
    ),
    (
        5,
        "sequential",
        SUBSECTION,
        2,
        "NULL",
        "NULL",
        "2014-03-02 10:00:00",
        "2014-03-02 11:00:00",
        "NULL",
        "na",
        RUN,
    ),
    (
        6,
        "course",
        "i4x://edX/DemoX/course/1T2014",
        1,
        "{}",
        "NULL",
        "2014-03-01 10:00:00",
        "2014-03-01 10:00:00",
        "NULL",
        "na",
        RUN,
    ),
]
STRUCTURE = {
    "i4x://edX/DemoX/course/1T2014": {"category": "course", "children": [], "metadata": {}},
    PROBLEM: {"category": "problem", "children": [], "metadata": {"display_name": "Sums"}},
    SUBSECTION: {"category": "sequential", "children": [], "metadata": {"display_name": "Week 1"}},
    VIDEO: {"category": "video", "children": [], "metadata": {}},
}


def name(table: str) -> str:
    return f"edX-DemoX-1T2014-{table}-prod-analytics.sql"


def write_table(directory: Path, table: str, cells: list[tuple[Any, ...]]) -> None:
    (directory / name(table)).write_text("".join("\t".join(map(str, row)) + "\n" for row in cells))


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package of one course."""
    directory = tmp_path / "package"
    directory.mkdir()
    write_table(directory, "auth_user", USERS)
    write_table(directory, "auth_userprofile", PROFILES)
    write_table(directory, "student_courseenrollment", ENROLLMENTS)
    write_table(directory, "courseware_studentmodule", STATES)
    (directory / "edX-DemoX-1T2014-course_structure-prod-analytics.json").write_text(json.dumps(STRUCTURE))
    (directory / name("certificates_generatedcertificate")).write_text("id\n1\n")
    return directory


@pytest.fixture
def lyceum(database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Lyceum:
    """The program, over the test's database."""
    return run_lyceum(database, monkeypatch, capsys)


def people() -> list[Any]:
    return rows(
        "SELECT lms_user_id, username, email, name, gender, year_of_birth, education_level, country"
        ' FROM "user" WHERE lms_user_id IS NOT NULL ORDER BY lms_user_id'
    )


def daily(dimension: str) -> list[Any]:
    return rows(
        "SELECT value, CAST(since AS text), count, cumulative_count FROM enrollment_span"
        f" WHERE dimension = '{dimension}' ORDER BY since, value"
    )


def test_a_package(lyceum: Lyceum, package: Path) -> None:
    code, said, _ = lyceum("import", "edx-package", str(package))
    assert (code, said) == (0, "Imported: module 3, user 6, enrollment 3, grade 2, subsection_visit 2.")
    assert people() == [
        (1, "ada", "ada@example.com", "Ada L", "female", 1985, "doctorate", "GB"),
        (2, "bob", "bob@example.com", "Bob", "male", None, "secondary", None),
        (3, "eve", "", "", None, None, None, None),
        (7, "lms-7", "", "", None, None, None, None),
        (9, "lms-9", "", "Zoe", None, None, None, None),
    ]
    rights = rows(
        'SELECT username, is_staff, is_superuser, password_hash, is_active FROM "user" ORDER BY lms_user_id'
    )
    assert [tuple(row[:4]) for row in rights if row[1] or row[2] or row[3]] == []
    assert [bool(row[4]) for row in rights] == [True, False, True, True, True]
    assert [
        (bool(row[0]), *row[1:])
        for row in rows(
            "SELECT e.is_active, mode, username, r.key, status FROM enrollment e"
            ' JOIN "user" u ON u.id = user_id JOIN course_run r ON r.id = run_id ORDER BY username'
        )
    ] == [
        (True, "verified", "ada", RUN, "unpublished"),
        (False, "honor", "bob", RUN, "unpublished"),
        (True, "honor", "lms-7", RUN, "unpublished"),
    ]
    assert daily("total") == [("", "2014-03-01", 1, 1), ("", "2014-03-02", 1, 2), ("", "2014-03-03", 2, 3)]
    assert daily("gender") == [
        ("female", "2014-03-01", 1, 1),
        ("male", "2014-03-02", 0, 1),
        ("", "2014-03-03", 1, 1),
    ]
    assert rows("SELECT usage_key, category, display_name, encoded_id FROM module ORDER BY usage_key") == [
        (PROBLEM, "problem", "Sums", None),
        (SUBSECTION, "sequential", "Week 1", None),
        (VIDEO, "video", None, "i4x-edX-DemoX-video-v_1"),
    ]
    assert rows("SELECT grade, max_grade, count FROM grade_count ORDER BY grade") == [(0.5, 2, 1), (1, 2, 1)]
    assert rows("SELECT learners, views FROM subsection_opens") == [(2, 2)]


def test_what_was_found_is_said(
    lyceum: Lyceum, package: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (package / name("auth_user")).unlink()
    lines: list[str] = []
    monkeypatch.setattr("app.cli.imports.typer.echo", lines.append)
    assert lyceum("import", "edx-package", str(package))[0] == 0
    assert lines[:3] == [
        "Found: auth_userprofile, course_structure, courseware_studentmodule, student_courseenrollment.",
        "Not there: auth_user.",
        f"Ignored: {name('certificates_generatedcertificate')}.",
    ]


def test_a_second_import_changes_nothing(lyceum: Lyceum, package: Path) -> None:
    lyceum("import", "edx-package", str(package))
    before = whole()
    assert lyceum("import", "edx-package", str(package))[:2] == (0, NOTHING)
    assert whole() == before


def test_accounts_that_are_there(lyceum: Lyceum, package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of the same name is adopted as it is; a name of another is not taken, nor is an address."""

    async def add(database: Database) -> None:
        async with database.session() as session:
            session.add(User(username="ada", name="Mine", is_staff=True))
            session.add(User(username="bob", lms_user_id=50))
            session.add(User(username="other", email="bob@example.com"))
            session.add(User(username="lms-3", lms_user_id=3))

    with_database(add)
    lines: list[str] = []
    monkeypatch.setattr("app.cli.imports.typer.echo", lines.append)
    lyceum("import", "edx-package", str(package))
    assert [row[:4] for row in people()] == [
        (1, "ada", "ada@example.com", "Ada L"),
        (2, "lms-2", "", "Bob"),
        (3, "eve", "", ""),
        (7, "lms-7", "", ""),
        (9, "lms-9", "", "Zoe"),
        (50, "bob", "", ""),
    ]
    assert rows('SELECT username FROM "user" WHERE is_staff = (1 = 1)') == [("ada",)]
    assert "Names that others have here: bob is lms-2." in lines
    assert "Without their e-mail address, which others have here: lms-2." in lines


def test_new_profiles_change_the_series(lyceum: Lyceum, package: Path, tmp_path: Path) -> None:
    lyceum("import", "edx-package", str(package))
    profiles = tmp_path / "profiles"
    profiles.mkdir()
    changed = [PROFILES[0], (*PROFILES[1][:7], "o", *PROFILES[1][8:])]
    write_table(profiles, "auth_userprofile", changed)
    assert lyceum("import", "edx-package", str(profiles))[1] == "Imported: user 1."
    assert [row[0] for row in daily("gender")] == ["other", "male", ""]


def test_newer_grades_count(lyceum: Lyceum, package: Path, tmp_path: Path) -> None:
    lyceum("import", "edx-package", str(package))
    later = tmp_path / "later"
    later.mkdir()
    older, newer = list(STATES[1]), list(STATES[2])
    older[5], older[7] = 0, "2014-02-01 00:00:00"
    newer[5], newer[7] = 2, "2014-04-01 00:00:00"
    write_table(later, "courseware_studentmodule", [STATES[0], tuple(older), tuple(newer)])
    assert lyceum("import", "edx-package", str(later))[1] == "Imported: grade 1."
    assert rows("SELECT grade, count FROM grade_count ORDER BY grade") == [(1, 1), (2, 1)]


def test_events_speak_for_themselves(lyceum: Lyceum, tmp_path: Path, data_directory: Path) -> None:
    """The real profiles and the log that goes with them: the series are those of the events alone."""
    logs = data_directory / "tracking-logs"
    assert lyceum("import", "tracking-log", str(logs / "enrollment_trends.log"))[0] == 0
    before = daily("total")
    directory = tmp_path / "dump"
    directory.mkdir()
    (directory / "auth_userprofile.sql.gz").write_bytes(
        gzip.compress((logs / "auth_userprofile.sql").read_bytes())
    )
    created = "2013-01-01 00:00:00"
    course = rows("SELECT key FROM course_run ORDER BY key")[0][0]
    known = rows(
        'SELECT lms_user_id FROM enrollment JOIN "user" u ON u.id = user_id'
        f" JOIN course_run r ON r.id = run_id WHERE key = '{course}' LIMIT 1"
    )[0][0]
    (directory / "dump.sql").write_text(
        "CREATE TABLE `student_courseenrollment` (`id` int, `user_id` int, `course_id` varchar(255),"
        " `created` datetime, `is_active` tinyint(1), `mode` varchar(100));\n"
        f"INSERT INTO `student_courseenrollment` VALUES (1,{known},'{course}','{created}',1,'audit');\n"
        "INSERT INTO `certificates` VALUES (1);\n"
    )
    code, said, shown = lyceum("import", "edx-package", str(directory))
    assert (code, said) == (0, "Imported: user 4."), shown
    assert daily("total") == before
    assert [
        row[1:]
        for row in rows(
            'SELECT lms_user_id, name, gender, year_of_birth, education_level, country, city FROM "user"'
            " WHERE lms_user_id < 5 ORDER BY lms_user_id"
        )
    ] == [
        ("honor", "male", 1984, "associates", "ES", "Madrid"),
        ("audit", "male", 1975, "bachelors", None, None),
        ("verified", None, 2000, "bachelors", None, None),
        ("staff", None, 2000, None, None, None),
    ]


def test_a_structure_of_new_keys_and_modules_of_players(lyceum: Lyceum, tmp_path: Path) -> None:
    block = "block-v1:edX+DemoX+R1+type@{0}+block@{1}"
    structure = {
        block.format("course", "course"): {"category": "course"},
        block.format("video", "abc"): {"category": "video", "metadata": {"display_name": "Hello"}},
    }
    (tmp_path / "edX-DemoX-R1-course_structure-edge-analytics.json").write_text(json.dumps(structure))
    assert lyceum("import", "edx-package", str(tmp_path))[1] == "Imported: module 1."
    assert rows("SELECT key, encoded_id, display_name FROM module JOIN course_run r ON r.id = run_id") == [
        ("course-v1:edX+DemoX+R1", "abc", "Hello")
    ]


@pytest.mark.parametrize(
    ("table", "cells", "message"),
    [
        ("auth_user", [USERS[0], ("x", *USERS[1][1:])], "line 2, column id: 'x' is not a whole number"),
        ("auth_user", [USERS[0], (1, "a b", *USERS[1][2:])], "line 2, column username: 'a b' is not valid"),
        ("auth_user", [("id", "email"), (1, "x")], "line 2, column username: there is no such column"),
        (
            "auth_userprofile",
            [PROFILES[0], (*PROFILES[1][:9], "old", *PROFILES[1][10:])],
            "line 2, column year_of_birth: 'old' is not a whole number",
        ),
        (
            "student_courseenrollment",
            [ENROLLMENTS[0], (1, 1, "nonsense", "2014-03-01 09:00:00", 1, "x")],
            "line 2, column course_id: 'nonsense' is not valid",
        ),
        (
            "student_courseenrollment",
            [*ENROLLMENTS, (1, 8, RUN, "NULL", 1, "x")],
            "line 5, column created: None is not a time such as 2014-01-31 17:28:27",
        ),
        (
            "courseware_studentmodule",
            [*STATES[:3], (*STATES[3][:5], "inf", *STATES[3][6:])],
            "line 4, column grade: 'inf' is not a number",
        ),
        ("courseware_studentmodule", [STATES[0], (1, 2)], "line 2: 2 cells instead of 11"),
    ],
)
def test_what_is_refused(
    lyceum: Lyceum, package: Path, table: str, cells: list[tuple[Any, ...]], message: str
) -> None:
    """It is named by file, line and column, and nothing is imported."""
    before = whole()
    write_table(package, table, cells)
    code, said, shown = lyceum("import", "edx-package", str(package))
    assert (code, said) == (1, "")
    assert shown.endswith(f"lyceum: {name(table)}, {message}\n")
    assert whole() == before


def test_directories_that_are_refused(lyceum: Lyceum, package: Path) -> None:
    structure = package / "edX-DemoX-1T2014-course_structure-prod-analytics.json"
    structure.write_text(json.dumps({PROBLEM: {"category": "problem"}}))
    _, _, shown = lyceum("import", "edx-package", str(package))
    assert "no block of the category course has the key of a course run" in shown
    structure.write_text('{"a": 5}')
    assert "field a: is not an object" in lyceum("import", "edx-package", str(package))[2]
    shutil.rmtree(package)
    assert lyceum("import", "edx-package", str(package))[2].endswith(f"{package} is not a directory\n")
    package.mkdir()
    assert "holds no .sql file of auth_user" in lyceum("import", "edx-package", str(package))[2]
