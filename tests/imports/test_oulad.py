"""The Open University import against the totals that are known of the data set."""

import datetime as dt
import gzip
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text

from app.db.engine import Database
from app.db.models import Course, CourseRun, Enrollment, EnrollmentSpan, Organization, User
from app.errors import BadUserInput
from app.imports.oulad import OuladSummary, import_oulad
from app.progress import Advance
from app.vocabulary import Dimension
from tests.imports.small_oulad import NAMES, copy_of_one_module, picture, version


@pytest.fixture
def small(data_directory: Path, tmp_path: Path) -> Path:
    """One module of the data set."""
    copy_of_one_module(data_directory / "oulad", tmp_path)
    return tmp_path


async def _rows(database: Database, query: str) -> list[Any]:
    async with database.reader.connect() as connection:
        return [tuple(row) for row in await connection.execute(text(query))]


async def test_summary_counts_the_rows(imported: tuple[Database, OuladSummary]) -> None:
    _, summary = imported
    assert summary == OuladSummary(
        courses=7,
        runs=22,
        users=28_785,
        modules=6_364 + 206,
        enrollments=32_593,
        events=32_593 + 10_072,
        attributes=9 * 32_593 - 1_111,
        progress=32_593,
    )


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT count(*) FROM course WHERE key LIKE 'OU+%'", [(7,)]),
        ("SELECT count(*) FROM course_run WHERE key LIKE 'course-v1:OU+%'", [(22,)]),
        (
            "SELECT count(*) FROM course_organization link JOIN organization o ON o.id = link.organization_id"
            " WHERE o.key = 'OU' AND o.name = 'The Open University' AND link.role = 'owner'",
            [(7,)],
        ),
        ("SELECT count(*) FROM \"user\" WHERE username LIKE 'oulad-%'", [(28_785,)]),
        (
            "SELECT count(*) FROM \"user\" WHERE email <> '' OR password_hash IS NOT NULL OR country <> 'GB'",
            [(0,)],
        ),
        (
            "SELECT is_active, count(*) FROM enrollment GROUP BY is_active ORDER BY 1",
            [(0, 10_072), (1, 22_521)],
        ),
        ("SELECT count(*) FROM enrollment WHERE unenrolled_at > created", [(10_072,)]),
        (
            "SELECT type, count(*) FROM enrollment_event GROUP BY type ORDER BY type",
            [("activated", 32_593), ("deactivated", 10_072)],
        ),
        (
            "SELECT DISTINCT mode FROM enrollment UNION SELECT DISTINCT mode FROM enrollment_event",
            [("honor",)],
        ),
        ("SELECT count(*) FROM module WHERE usage_key LIKE 'oulad:site:%'", [(6_364,)]),
        (
            "SELECT category, count(*) FROM module WHERE usage_key LIKE 'oulad:assessment:%'"
            " GROUP BY category ORDER BY category",
            [("cma", 76), ("exam", 24), ("tma", 106)],
        ),
        ("SELECT CAST(sum(absolute_progress) AS integer) FROM progress", [(173_912,)]),
        ("SELECT count(*) FROM progress WHERE absolute_progress > max_possible_progress", [(0,)]),
        ("SELECT count(*) FROM progress WHERE (absolute_progress = 0) <> (last_activity IS NULL)", [(0,)]),
        (
            "SELECT letter_grade, count(*) FROM progress"
            " WHERE passed_at IS NOT NULL AND completed AND success GROUP BY 1 ORDER BY 1",
            [("Distinction", 3_024), ("Pass", 12_361)],
        ),
        (
            "SELECT count(*) FROM progress WHERE passed_at IS NULL AND letter_grade IS NULL",
            [(7_052 + 10_156,)],
        ),
        ("SELECT count(*) FROM progress WHERE percent_grade IS NOT NULL", [(0,)]),
    ],
)
async def test_totals(imported: tuple[Database, OuladSummary], query: str, expected: list[Any]) -> None:
    database, _ = imported
    assert await _rows(database, query) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("gender", {"M": 17_875, "F": 14_718}),
        ("final_result", {"Pass": 12_361, "Withdrawn": 10_156, "Fail": 7_052, "Distinction": 3_024}),
        (
            "highest_education",
            {
                "A Level or Equivalent": 14_045,
                "Lower Than A Level": 13_158,
                "HE Qualification": 4_730,
                "No Formal quals": 347,
                "Post Graduate Qualification": 313,
            },
        ),
        ("disability", {"N": 29_429, "Y": 3_164}),
        ("age_band", {"0-35": 22_944, "35-55": 9_433, "55<=": 216}),
    ],
)
async def test_totals_of_attributes(
    imported: tuple[Database, OuladSummary], name: str, expected: dict[str, int]
) -> None:
    database, _ = imported
    query = f"""
        SELECT value, count(*) FROM enrollment_attribute
        WHERE namespace = 'oulad' AND name = '{name}' GROUP BY value
    """
    assert dict(await _rows(database, query)) == expected


async def test_profiles_agree_with_registrations(imported: tuple[Database, OuladSummary]) -> None:
    """No student's gender or education changes in this data set, so both ways of counting agree."""
    database, _ = imported
    query = """
        SELECT attribute.value, "user".{column}, count(*) FROM enrollment_attribute AS attribute
        JOIN enrollment ON enrollment.id = attribute.enrollment_id
        JOIN "user" ON "user".id = enrollment.user_id
        WHERE attribute.name = '{name}' GROUP BY 1, 2 ORDER BY 3
    """
    assert await _rows(database, query.format(column="gender", name="gender")) == [
        ("F", "female", 14_718),
        ("M", "male", 17_875),
    ]
    assert await _rows(database, query.format(column="education_level", name="highest_education")) == [
        ("Post Graduate Qualification", "masters", 313),
        ("No Formal quals", "none", 347),
        ("HE Qualification", "bachelors", 4_730),
        ("Lower Than A Level", "junior_secondary", 13_158),
        ("A Level or Equivalent", "secondary", 14_045),
    ]


async def test_series_end_at_the_enrollments(imported: tuple[Database, OuladSummary]) -> None:
    """On the last day every breakdown of every run adds up to its enrollments."""
    database, _ = imported
    enrollments = await _rows(
        database,
        "SELECT run_id, sum(CASE WHEN is_active THEN 1 ELSE 0 END), count(*) FROM enrollment"
        " GROUP BY run_id ORDER BY run_id",
    )
    assert len(enrollments) == 22
    span = EnrollmentSpan.__table__.c  # type: ignore[attr-defined]
    for dimension in Dimension:
        sums = (
            select(span.run_id, func.sum(span.count), func.sum(span.cumulative_count))
            .where(span.dimension == dimension, span.until == dt.date.max)
            .group_by(span.run_id)
            .order_by(span.run_id)
        )
        async with database.reader.connect() as connection:
            assert list(await connection.execute(sums)) == enrollments


async def _registrations(database: Database, student: int, run: str) -> list[Any]:
    async with database.session() as session:
        query = text(
            "SELECT enrollment.id FROM enrollment JOIN course_run AS run ON run.id = enrollment.run_id"
            ' JOIN "user" ON "user".id = enrollment.user_id WHERE username = :username AND key = :key'
        )
        ids = await session.scalars(query, {"username": f"oulad-{student}", "key": f"course-v1:OU+{run}"})
        enrollment = await session.get_one(Enrollment, ids.one())
        return [enrollment.created, enrollment.is_active, enrollment.unenrolled_at]


async def test_days_count_from_the_start(imported: tuple[Database, OuladSummary]) -> None:
    database, _ = imported
    start = dt.datetime(2013, 10, 1, tzinfo=dt.UTC)
    noon = dt.timedelta(hours=12)
    assert await _registrations(database, 11391, "AAA+2013J") == [start - dt.timedelta(159), True, None]
    assert await _registrations(database, 30268, "AAA+2013J") == [
        start - dt.timedelta(92),
        False,
        start + dt.timedelta(12) + noon,
    ]


async def test_unknown_day_of_registration(imported: tuple[Database, OuladSummary]) -> None:
    """It is the start, or the day of unregistration if that came first."""
    database, _ = imported
    february, october = (dt.datetime(2013, month, 1, tzinfo=dt.UTC) for month in (2, 10))
    assert await _registrations(database, 630346, "BBB+2013B") == [february, True, None]
    assert await _registrations(database, 342678, "BBB+2013J") == [
        october - dt.timedelta(33),
        False,
        october - dt.timedelta(33) + dt.timedelta(hours=12),
    ]
    assert await _registrations(database, 568751, "EEE+2013J") == [
        october,
        False,
        october + dt.timedelta(146, hours=12),
    ]


async def test_second_import_changes_nothing(
    imported: tuple[Database, OuladSummary], data_directory: Path
) -> None:
    database, _ = imported
    async with database.reader.connect() as connection:
        before = await version(connection)
        assert await import_oulad(database, data_directory / "oulad") == OuladSummary()
        assert await version(connection) == before


@pytest.mark.parametrize("name", NAMES)
async def test_truncated_file_is_refused(
    imported: tuple[Database, OuladSummary], data_directory: Path, tmp_path: Path, name: str
) -> None:
    """The gzip stream ends half way; the database, which has something to lose, stays as it was."""
    database, _ = imported
    for other in NAMES:
        (tmp_path / f"{other}.csv.gz").symlink_to(data_directory / "oulad" / f"{other}.csv.gz")
    whole = (data_directory / "oulad" / f"{name}.csv.gz").read_bytes()
    (tmp_path / f"{name}.csv.gz").unlink()
    (tmp_path / f"{name}.csv.gz").write_bytes(whole[: len(whole) // 2])
    counts = "SELECT " + ", ".join(f"(SELECT count(*) FROM {table})" for table in ("module", "enrollment"))
    before = await _rows(database, counts)
    with pytest.raises(BadUserInput, match=rf"^{name}\.csv\.gz, after line \d+: the file is cut off$"):
        await import_oulad(database, tmp_path)
    assert await _rows(database, counts) == before


async def test_nothing_is_half_imported(database: Database, small: Path) -> None:
    """Whatever stops the import, and be it just before the end, leaves the database as it was."""
    before = await picture(database)

    def interrupted(step: str, total: int) -> Advance:
        def advance(units: int) -> None:
            if step == "Computing series":
                raise InterruptedError

        return advance

    with pytest.raises(InterruptedError):
        await import_oulad(database, small, progress=interrupted)
    assert await picture(database) == before
    assert (await import_oulad(database, small)).enrollments == 748


async def test_what_is_there_already_stays(database: Database, small: Path) -> None:
    """Rows with the natural keys of the data set are used as they are, and completed."""
    async with database.session() as session:
        course = Course(key="OU+AAA", title="Mine")
        user = User(username="oulad-11391", region="Mine")
        session.add_all([Organization(key="OU", name="Open"), course, user])
        await session.flush()
        run = CourseRun(key="course-v1:OU+AAA+2013J", course_id=course.id)
        session.add(run)
        await session.flush()
        session.add(Enrollment(run_id=run.id, user_id=user.id, mode="verified"))
    before = await picture(database)
    summary = await import_oulad(database, small)
    assert summary == OuladSummary(
        courses=0,
        runs=1,
        users=711,
        modules=12 + 413,
        enrollments=747,
        events=748 + 126,
        attributes=9 * 748 - 23,
        progress=748,
    )
    after = await picture(database)
    for table in before:
        assert set(map(repr, before[table])) <= set(map(repr, after[table])), table
    assert await import_oulad(database, small) == OuladSummary()


async def test_plain_files_with_scores(database: Database, small: Path) -> None:
    """The published copy has a column more; gzipped and plain files may be mixed."""
    scored = small / "studentAssessment.csv"
    header, *lines = scored.read_text().splitlines()
    scored.write_text("\n".join([f"{header},score", *(f"{line},78" for line in lines)]))
    vle = small / "vle.csv"
    with vle.open("rb") as plain, gzip.open(small / "vle.csv.gz", "wb") as packed:
        shutil.copyfileobj(plain, packed)
    vle.unlink()
    summary = await import_oulad(database, small)
    assert asdict(summary) | {"attributes": 0} == {
        "courses": 1,
        "runs": 2,
        "users": 712,
        "modules": 425,
        "enrollments": 748,
        "events": 874,
        "attributes": 0,
        "progress": 748,
    }


async def test_progress_is_told(database: Database, small: Path) -> None:
    steps: dict[str, tuple[int, int]] = {}

    def progress(step: str, total: int) -> Advance:
        steps[step] = (total, 0)

        def advance(units: int) -> None:
            steps[step] = (total, steps[step][1] + units)

        return advance

    await import_oulad(database, small, progress=progress)
    assert steps == {
        "Reading files": (6, 6),
        "Importing registrations": (748, 748),
        "Computing series": (2, 2),
    }
