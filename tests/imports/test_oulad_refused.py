"""What the Open University import refuses, and how it says so."""

import gzip
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.db.engine import Database
from app.errors import BadUserInput
from app.imports.oulad import OuladSummary, import_oulad
from app.imports.oulad_files import read_presentations
from tests.imports.small_oulad import NAMES, copy_of_one_module, picture, set_cell


@pytest.fixture(scope="module")
def sound(data_directory: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound copy of one module."""
    directory = tmp_path_factory.mktemp("sound")
    copy_of_one_module(data_directory / "oulad", directory)
    return directory


@pytest.fixture
def small(sound: Path, tmp_path: Path) -> Path:
    """A copy of the copy, to break."""
    return _copy(sound, tmp_path)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that generated examples fill one after another."""
    return tmp_path_factory.mktemp("broken")


def _copy(sound: Path, directory: Path) -> Path:
    for path in directory.iterdir():
        path.unlink()
    for path in sound.iterdir():
        shutil.copyfile(path, directory / path.name)
    return directory


def _refused(directory: Path) -> str:
    with pytest.raises(BadUserInput) as caught:
        read_presentations(directory)
    assert "\n" not in caught.value.message
    return caught.value.message


@pytest.mark.parametrize(
    ("name", "line", "column", "value", "message"),
    [
        ("courses", 2, "code_module", "", "'' is not valid"),
        ("courses", 2, "code_module", "A A", "'A A' is not valid"),
        ("courses", 2, "code_presentation", "2013K", "'2013K' is not valid"),
        ("courses", 3, "code_presentation", "2013J", "'AAA 2013J' is there already"),
        ("courses", 2, "module_presentation_length", "", "'' is not a whole number"),
        ("courses", 2, "module_presentation_length", "0", "0 is not between 1 and 3660"),
        ("courses", 2, "module_presentation_length", "3661", "3661 is not between 1 and 3660"),
        ("assessments", 3, "code_presentation", "2015J", "'AAA 2015J' is not in courses"),
        ("assessments", 3, "id_assessment", "1752", "'1752' is there already"),
        ("assessments", 3, "assessment_type", "tma", "'tma' is none of: TMA, CMA, Exam"),
        ("assessments", 3, "date", "soon", "'soon' is not a whole number"),
        ("assessments", 3, "weight", "1e9", "'1e9' is not valid"),
        ("assessments", 3, "weight", "", "'' is not valid"),
        ("vle", 4, "id_site", "12x", "'12x' is not a whole number"),
        ("vle", 4, "id_site", "546943", "'546943' is there already"),
        ("vle", 4, "code_module", "ZZZ", "'ZZZ 2013J' is not in courses"),
        ("vle", 4, "activity_type", "", "'' is not valid"),
        ("vle", 4, "week_from", "-1", "-1 is not between 0 and 3660"),
        ("vle", 4, "week_to", "\u0661", "'\u0661' is not a whole number"),
        ("studentRegistration", 5, "id_student", "11391", "'AAA 2013J 11391' is there already"),
        ("studentRegistration", 5, "id_student", "-5", "-5 is not between 0 and 1000000000"),
        ("studentRegistration", 5, "date_registration", "1.5", "'1.5' is not a whole number"),
        ("studentRegistration", 5, "date_registration", "-3661", "-3661 is not between -3660 and 3660"),
        ("studentRegistration", 4, "date_unregistration", "-93", "-93 is before date_registration"),
        ("studentAssessment", 6, "id_assessment", "1", "1 is not in assessments"),
        ("studentAssessment", 6, "id_student", "7", "7 is not in studentRegistration"),
        ("studentAssessment", 6, "id_student", "11391", "'1752 11391' is there already"),
        ("studentAssessment", 6, "date_submitted", "", "'' is not a whole number"),
        (
            "studentAssessment",
            6,
            "date_submitted",
            "99999999999999",
            "'99999999999999' is not a whole number",
        ),
        ("studentAssessment", 6, "is_banked", "2", "'2' is none of: 0, 1"),
        ("studentInfo", 7, "id_student", "011391", "'011391' is not a whole number"),
        ("studentInfo", 7, "gender", "X", "'X' is none of: F, M"),
        ("studentInfo", 7, "region", "", "'' is not valid"),
        ("studentInfo", 7, "region", "Wa\0les", r"'Wa\x00les' is not valid"),
        ("studentInfo", 7, "region", "Wa\nles", r"'Wa\nles' is not valid"),
        ("studentInfo", 7, "region", "W" * 256, "'WWWWWWWWWWWW...WWWWWWWWWWWWW' is not valid"),
        ("studentInfo", 7, "imd_band", "high", "'high' is not valid"),
        ("studentInfo", 7, "num_of_prev_attempts", "-1", "-1 is not between 0 and 100"),
        ("studentInfo", 7, "studied_credits", "many", "'many' is not a whole number"),
        ("studentInfo", 7, "disability", "", "'' is none of: Y, N"),
        ("studentInfo", 7, "final_result", "pass", "'pass' is none of: Distinction, Pass, Fail, Withdrawn"),
    ],
)
def test_bad_cell(small: Path, name: str, line: int, column: str, value: str, message: str) -> None:
    set_cell(small / f"{name}.csv", line, column, value)
    # A line break inside a cell ends it one line further down.
    end = line + value.count("\n")
    assert _refused(small).startswith(f"{name}.csv, line {end}, column {column}: {message}")


def test_longest_text(small: Path) -> None:
    set_cell(small / "studentInfo.csv", 7, "region", "W" * 255)
    presentations = read_presentations(small)
    assert "W" * 255 in {student.region for each in presentations for student in each.registrations}


def test_unknown_education_level(small: Path) -> None:
    set_cell(small / "studentInfo.csv", 7, "highest_education", "Kindergarten")
    assert _refused(small).startswith(
        "studentInfo.csv, line 7, column highest_education: 'Kindergarten' is none of: No Formal quals, Lower"
    )


@pytest.mark.parametrize("name", NAMES)
def test_missing_file(small: Path, name: str) -> None:
    (small / f"{name}.csv").unlink()
    assert _refused(small) == f"{small} has no {name}.csv or {name}.csv.gz"


def test_missing_directory(tmp_path: Path) -> None:
    assert _refused(tmp_path / "nowhere") == f"{tmp_path / 'nowhere'} is not a directory"


def _edit(path: Path, edit: Callable[[list[str]], object]) -> None:
    lines = path.read_text().splitlines(keepends=True)
    edit(lines)
    path.write_text("".join(lines))


@pytest.mark.parametrize("name", NAMES)
def test_header(small: Path, name: str) -> None:
    path = small / f"{name}.csv"
    header = path.read_text().splitlines()[0].replace('"', "").split(",")

    def put(columns: list[str]) -> str:
        _edit(path, lambda lines: lines.__setitem__(0, ",".join(columns) + "\n"))
        return _refused(small)

    assert put([*header[:-1], "other"]) == (
        f"{name}.csv, line 1, column {header[-1]}: the header has 'other' instead"
    )
    assert put(header[:-1]) == f"{name}.csv, line 1, column {header[-1]}: the header has 'nothing' instead"
    assert put([*header, "more"]) == f"{name}.csv, line 1: unknown column 'more'"
    path.write_bytes(b"")
    assert _refused(small) == f"{name}.csv, line 1, column {header[0]}: the header has 'nothing' instead"


@pytest.mark.parametrize("name", NAMES)
def test_short_and_long_rows(small: Path, name: str) -> None:
    path = small / f"{name}.csv"
    header = path.read_text().splitlines()[0].replace('"', "").split(",")
    whole = path.read_bytes()
    _edit(path, lambda lines: lines.__setitem__(2, lines[2].strip().rpartition(",")[0] + "\n"))
    assert _refused(small) == f"{name}.csv, line 3, column {header[-1]}: the row ends before it"
    path.write_bytes(whole)
    _edit(path, lambda lines: lines.__setitem__(2, lines[2].strip() + ",1\n"))
    assert _refused(small) == f"{name}.csv, line 3: {len(header) + 1} cells instead of {len(header)}"
    path.write_bytes(whole)
    _edit(path, lambda lines: lines.insert(2, "\n"))
    assert _refused(small) == f"{name}.csv, line 3, column {header[0]}: the row ends before it"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("courses", "assessments.csv, line 8, column code_presentation: 'AAA 2014J' is not in courses"),
        ("assessments", "studentAssessment.csv, line 1635, column id_assessment: 1758 is not in assessments"),
        ("vle", "courses.csv, line 3, column code_presentation: AAA 2014J has no row in vle"),
        (
            "studentRegistration",
            "studentAssessment.csv, line 1635, column id_student: 569505 is not in studentRegistration",
        ),
        (
            "studentInfo",
            "studentRegistration.csv, line 385, column id_student: AAA 2014J is not in studentInfo",
        ),
    ],
)
def test_second_half_is_missing(small: Path, name: str, message: str) -> None:
    """Cut between two lines, a file is sound in itself, but not with the others."""

    def cut(lines: list[str]) -> None:
        kept = [line for line in lines if "2014J" not in line]
        assert 1 < len(kept) < len(lines)
        lines[:] = kept

    _edit(small / f"{name}.csv", cut)
    assert _refused(small) == message


@pytest.mark.parametrize(
    ("lacking", "present"),
    [("studentInfo", "studentRegistration"), ("studentRegistration", "studentInfo")],
)
def test_last_student_is_missing(small: Path, lacking: str, present: str) -> None:
    """Without a submission of the student, only the other file can tell."""
    _edit(small / "studentAssessment.csv", lambda lines: lines.__delitem__(slice(1, None)))
    _edit(small / f"{lacking}.csv", lambda lines: lines.pop())
    assert _refused(small) == (f"{present}.csv, line 749, column id_student: AAA 2014J is not in {lacking}")


def test_not_utf8(small: Path) -> None:
    path = small / "studentInfo.csv"
    path.write_bytes(path.read_bytes().replace(b"Wales", b"W\xe4les"))
    assert _refused(small).endswith("not UTF-8")


def test_unclosed_quote(small: Path) -> None:
    path = small / "vle.csv"
    path.write_bytes(path.read_bytes().rstrip()[:-1])
    assert _refused(small) == "vle.csv, after line 413: unexpected end of data"


def test_not_gzip(small: Path) -> None:
    (small / "vle.csv").rename(small / "vle.csv.gz")
    assert _refused(small).startswith("vle.csv.gz, after line 0: Not a gzipped file")


def test_file_that_cannot_be_read(small: Path) -> None:
    (small / "vle.csv").unlink()
    (small / "vle.csv").mkdir()
    assert "vle.csv, after line 0" in _refused(small)


@given(st.sampled_from(NAMES), st.floats(0, 1, exclude_max=True))
@settings(max_examples=40, deadline=None)
def test_any_cut_of_a_gzipped_file(sound: Path, scratch: Path, name: str, place: float) -> None:
    directory = _copy(sound, scratch)
    (directory / f"{name}.csv").unlink()
    whole = gzip.compress((sound / f"{name}.csv").read_bytes(), mtime=0)
    (directory / f"{name}.csv.gz").write_bytes(whole[: int(len(whole) * place)])
    assert _refused(directory).startswith(f"{name}.csv.gz, ")


@given(st.sampled_from(["studentInfo", "studentRegistration"]), st.floats(0, 1, exclude_max=True))
@settings(max_examples=40, deadline=None)
def test_any_cut_of_a_plain_file_of_students(sound: Path, scratch: Path, name: str, place: float) -> None:
    directory = _copy(sound, scratch)
    whole = (sound / f"{name}.csv").read_bytes().rstrip()
    (directory / f"{name}.csv").write_bytes(whole[: int(len(whole) * place)])
    _refused(directory)


@given(st.sampled_from(NAMES), st.integers(0), st.binary(min_size=1, max_size=3))
@settings(max_examples=60, deadline=None)
def test_any_bytes_anywhere(sound: Path, scratch: Path, name: str, place: int, noise: bytes) -> None:
    """Noise is read as other data or refused; nothing else can happen."""
    directory = _copy(sound, scratch)
    content = bytearray((sound / f"{name}.csv").read_bytes())
    start = random.Random(place).randrange(len(content))
    content[start : start + len(noise)] = noise
    (directory / f"{name}.csv").write_bytes(content)
    try:
        read_presentations(directory)
    except BadUserInput as error:
        assert name in error.message or "is not in" in error.message or "has no row in" in error.message


async def test_refusal_leaves_the_database_alone(database: Database, small: Path) -> None:
    summary = await import_oulad(database, small)
    assert summary.enrollments == 748
    before = await picture(database)
    set_cell(small / "studentInfo.csv", 749, "gender", "?")
    set_cell(small / "vle.csv", 2, "id_site", "1")
    with pytest.raises(
        BadUserInput, match=r"^studentInfo\.csv, line 749, column gender: '\?' is none of: F, M$"
    ):
        await import_oulad(database, small)
    assert await picture(database) == before
    set_cell(small / "studentInfo.csv", 749, "gender", "M")
    assert await import_oulad(database, small) == OuladSummary(modules=1)
