"""`lyceum import tracking-log`, as typed: real logs, broken logs, logs that are stopped and that grow."""

import datetime as dt
import gzip
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from app.cli.common import with_database
from app.db.engine import Database
from app.db.models import TrackingLog
from app.db.models.tables import table_of
from benchmarks.tracking import write_log
from tests.analytics import reference
from tests.analytics.reference import Analytics, Profile
from tests.analytics.test_recording import check, read
from tests.imports.commands import Lyceum, run_lyceum

RUN_A = "edX/Open_DemoX/edx_demo_course"
RUN_B = "course-v1:edX+Open_DemoX+edx_demo_course2"
TABLE: dict[str, Sequence[tuple[int, int] | None]] = {
    RUN_A: ((3, 4), (2, 4), (3, 4), (2, 4), (1, 5), (0, 5)),
    RUN_B: (None, None, (1, 1), (1, 1), (2, 2), (2, 2)),
}
MODES: dict[str, dict[str, Sequence[tuple[int, int] | None]]] = {
    RUN_A: {
        "audit": ((1, 1), (0, 1), (1, 1), None, None, None),
        "honor": ((1, 2), (1, 2), (1, 2), (1, 3), (1, 3), (0, 3)),
        "verified": ((1, 1), (1, 1), (1, 1), (1, 1), (0, 2), (0, 2)),
    },
    RUN_B: {
        "honor": (None, None, None, None, (1, 1), (1, 1)),
        "verified": (None, None, (1, 1), (1, 1), (1, 1), (1, 1)),
    },
}
"""The table in the README of the data: count and cumulative count on the first six days of August 2014."""

DAYS = [dt.date(2014, 8, day) for day in range(1, 7)]
SINCE = ("--since", "2014-08-01")


@pytest.fixture
def lyceum(database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Lyceum:
    """The program, over the test's database."""
    return run_lyceum(database, monkeypatch, capsys)


@pytest.fixture
def logs(data_directory: Path) -> Path:
    """Where the real logs are."""
    return data_directory / "tracking-logs"


def _series(last_day: dt.date = DAYS[-1]) -> Analytics:
    async def all_of(database: Database) -> Analytics:
        async with database.reader.connect() as connection:
            return await read(connection, last_day)

    return with_database(all_of)


def _rows() -> list[Any]:
    async def all_of(database: Database) -> list[Any]:
        async with database.reader.connect() as connection:
            return list(await connection.execute(select(table_of(TrackingLog))))

    return with_database(all_of)


def _written(path: Path, lines: Iterable[bytes]) -> Path:
    path.write_bytes(b"".join(lines))
    return path


def _check_table(found: Analytics) -> None:
    expected = {
        (run, "total", "", day): numbers
        for run, of_run in TABLE.items()
        for day, numbers in zip(DAYS, of_run, strict=True)
        if numbers
    } | {
        (run, "mode", mode, day): numbers
        for run, modes in MODES.items()
        for mode, of_mode in modes.items()
        for day, numbers in zip(DAYS, of_mode, strict=True)
        if numbers
    }
    assert {key: found.enrollment[key] for key in found.enrollment if key[1] in ("total", "mode")} == expected


@pytest.mark.parametrize("way", ["in one go", "line by line", "shuffled", "twice over"])
def test_enrollment_trends_with_their_profiles(lyceum: Lyceum, logs: Path, tmp_path: Path, way: str) -> None:
    package = tmp_path / "package"
    package.mkdir()
    shutil.copy(logs / "auth_userprofile.sql", package)
    assert lyceum("import", "edx-package", str(package))[0] == 0
    lines = (logs / "enrollment_trends.log").read_bytes().splitlines(keepends=True)
    assert len(lines) == 15
    if way == "shuffled":
        random.Random(7).shuffle(lines)
    if way == "twice over":
        lines = lines + lines[::-1]
    pieces = [[line] for line in lines] if way == "line by line" else [lines]
    files = [_written(tmp_path / f"{number}.log", piece) for number, piece in enumerate(pieces)]
    code, _, _ = lyceum("import", "tracking-log", *SINCE, *map(str, files))
    assert code == 0
    found = _series()
    _check_table(found)
    assert {value for _, dimension, value, _ in found.enrollment if dimension == "gender"} > {""}
    for dimension in ("gender", "birth_year", "education", "country", "mode"):
        for (run, of, _, day), numbers in found.enrollment.items():
            if of == "total":
                groups = [
                    other
                    for key, other in found.enrollment.items()
                    if (key[0], key[1], key[3]) == (run, dimension, day)
                ]
                assert tuple(map(sum, zip(*groups, strict=True))) == numbers
    assert lyceum("compute")[0] == 0
    assert _series() == found


def test_every_line_of_the_answer_log_is_accounted_for(lyceum: Lyceum, logs: Path) -> None:
    path = logs / "answer_dist.log.gz"
    code, said, shown = lyceum("import", "tracking-log", str(path))
    assert (code, said) == (0, f"{path}: 693 lines: 513 accepted, 180 ignored, 0 malformed.")
    assert "Importing answer_dist.log.gz" in shown
    events = [orjson.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
    last_day = dt.date(2014, 12, 31)
    expected = reference.compute(events, last_day, {1: Profile()})
    assert expected.answers
    assert expected.videos
    check(_series(last_day), expected)
    code, said, _ = lyceum("import", "tracking-log", str(path))
    assert said.startswith(f"{path}: 693 lines, 693 of them imported before: 513 accepted")
    lyceum("import", "tracking-log", "--again", str(path))
    check(_series(last_day), expected)


def test_malformed_lines_are_reported_and_passed_over(lyceum: Lyceum, logs: Path, tmp_path: Path) -> None:
    good = (logs / "enrollment_trends.log").read_bytes().splitlines(keepends=True)
    broken = {
        2: (b'{"time": \n', "is not JSON"),
        4: (b"[1, 2]\n", "is not a JSON object"),
        5: (b'{"event_type": "x", "time": "yesterday"}\n', "time: must be an instant"),
        7: (b'{"event_type": "x", "time": "1970-01-01T00:00:00Z"}\n', "time: must be between"),
        9: (b'{"time": "2014-08-01T00:00:00Z"}\n', "event_type: must be text"),
        10: (b"\xff\xfe\n", "is not JSON"),
        12: (b'"' + b"x" * 3_000_000 + b'"\n', "is longer than 1048576 bytes"),
    }
    lines = list(good)
    for number, (line, _) in broken.items():
        lines.insert(number - 1, line)
    lines.insert(0, b"\n")
    path = _written(tmp_path / "broken.log", lines)
    code, said, shown = lyceum("import", "tracking-log", *SINCE, str(path))
    assert (code, said) == (0, f"{path}: 23 lines: 13 accepted, 3 ignored, 7 malformed.")
    for number, (_, message) in broken.items():
        assert f"{path}:{number + 1}: {message}" in shown.replace("\n", " ") or any(
            line.startswith(f"{path}:{number + 1}: {message}") for line in shown.splitlines()
        )
    _check_table(_series())


def test_text_with_u0000_is_kept_without_it(lyceum: Lyceum, logs: Path, tmp_path: Path) -> None:
    lines = gzip.decompress((logs / "answer_dist.log.gz").read_bytes()).splitlines(keepends=True)
    check_ = next(line for line in lines if b'"problem_check", "context"' in line and b'"4500"' in line)
    path = _written(tmp_path / "nul.log", [check_.replace(b'"4500"', b'"45\\u000000"')])
    assert lyceum("import", "tracking-log", str(path))[1].endswith("1 accepted, 0 ignored, 0 malformed.")
    values = {row.answer_value for rows in _series().answers.values() for row in rows}
    assert "4500" in values


def test_a_log_that_grows_is_read_from_where_it_ended(lyceum: Lyceum, logs: Path, tmp_path: Path) -> None:
    lines = (logs / "enrollment_trends.log").read_bytes().splitlines(keepends=True)
    path = _written(tmp_path / "a.log", [*lines[:6], lines[6][:100]])
    code, said, shown = lyceum("import", "tracking-log", *SINCE, str(path))
    assert (code, said) == (0, f"{path}: 7 lines: 4 accepted, 2 ignored, 1 malformed.")
    assert f"{path}:7: is not JSON" in shown
    _written(path, lines)
    code, said, _ = lyceum("import", "tracking-log", *SINCE, str(path))
    assert said == f"{path}: 15 lines, 6 of them imported before: 13 accepted, 2 ignored, 0 malformed."
    _check_table(_series())
    # Another log that begins with the same line is read whole.
    _written(path, [lines[0], *reversed(lines[1:])])
    code, said, _ = lyceum("import", "tracking-log", *SINCE, str(path))
    assert said == f"{path}: 15 lines: 13 accepted, 2 ignored, 0 malformed."
    # Compressed, it is the same log.
    packed = tmp_path / "a.log.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    code, said, _ = lyceum("import", "tracking-log", *SINCE, str(packed))
    assert "15 lines, 15 of them imported before" in said


def test_a_truncated_archive_gives_what_it_holds(lyceum: Lyceum, logs: Path, tmp_path: Path) -> None:
    whole = (logs / "answer_dist.log.gz").read_bytes()
    path = _written(tmp_path / "cut.log.gz", [whole[: len(whole) // 2]])
    code, said, shown = lyceum("import", "tracking-log", str(path))
    assert code == 0
    assert "accepted" in said
    assert "the file ends in the middle" in shown


def test_a_missing_file_is_named_before_anything_is_imported(
    lyceum: Lyceum, logs: Path, tmp_path: Path
) -> None:
    there, missing = logs / "enrollment_trends.log", tmp_path / "none.log"
    code, said, shown = lyceum("import", "tracking-log", str(there), str(missing))
    assert (code, said) == (1, "")
    assert shown == f"lyceum: {missing}: No such file or directory\n"
    assert _rows() == []


def test_a_killed_import_goes_on_and_ends_with_the_same_numbers(
    lyceum: Lyceum, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, events = tmp_path / "big.log", 15_000
    write_log(path, events, ("edX/DemoX/R1", "course-v1:edX+DemoX+R2", "course-v1:edX+DemoX+R3"), 300)
    command = [sys.executable, "-m", "app.cli", "import", "tracking-log", str(path)]
    process = subprocess.Popen(command, env={**os.environ}, stderr=subprocess.DEVNULL)
    while not _rows():
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    (row,) = _rows()
    assert 0 < row.accepted + row.ignored < events
    code, said, _ = lyceum("import", "tracking-log", str(path))
    assert code == 0
    assert said.startswith(
        f"{path}: {events:,} lines, {row.accepted + row.ignored:,} of them imported before"
    )
    raw = [orjson.loads(line) for line in path.read_bytes().splitlines()]
    last_day = dt.date(2023, 1, 31)
    expected = reference.compute(raw, last_day)
    check(_series(last_day), expected)
    lyceum("compute")
    check(_series(last_day), expected)
