"""Slashes and ids in paths (Data Analytics contract 1.1 to 1.3)."""

from urllib.parse import quote, unquote

import pytest
from sqlalchemy import select
from sqlmodel import col

from app.db.engine import Database
from app.db.models import CourseRun, Module, SubsectionOpens
from app.vocabulary import ModuleCategory
from tests.rest.data_analytics.clients import (
    COURSE,
    NEW_COURSE,
    PATHS,
    PROBLEM,
    SUBSECTION,
    VIDEO,
    Analytics,
    check,
)

SLASHED = [name for name, path in PATHS.items() if path.endswith("/")]


@pytest.mark.parametrize("name", [name for name in PATHS if name not in SLASHED])
async def test_a10_to_a12_answer_with_and_without_a_slash(api: Analytics, name: str) -> None:
    answers = [await api.get(PATHS[name] + slash) for slash in ("", "/")]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].content == answers[1].content


@pytest.mark.parametrize("name", SLASHED)
@pytest.mark.parametrize("query", ["", "?start_date=2026-03-01&x=%2B"])
async def test_every_other_path_without_a_slash_leads_to_the_one_with_it(
    api: Analytics, name: str, query: str
) -> None:
    path = PATHS[name].rstrip("/")
    response = await api.ask("GET", path + query, None)
    assert response.status_code == 301
    there, _, kept = response.headers["location"].partition("?")
    assert unquote(there) == f"/api/v0/{path}/"
    assert kept == query.removeprefix("?")


@pytest.mark.parametrize(
    "course",
    [COURSE, quote(COURSE, safe=""), NEW_COURSE, quote(NEW_COURSE, safe=""), NEW_COURSE.replace("+", "%2B")],
)
async def test_course_ids_raw_and_encoded(api: Analytics, course: str) -> None:
    rows = await api.rows(f"courses/{course}/enrollment/")
    assert [row["course_id"] for row in rows] == [unquote(course)]
    redirect = await api.get(f"courses/{course}/enrollment")
    assert redirect.headers["location"] == f"/api/v0/courses/{course}/enrollment/"


async def test_a_space_is_no_plus(api: Analytics) -> None:
    check(await api.get("courses/course-v1:edX%20DemoX%20Demo_Course/enrollment/"), 404, "status")


@pytest.mark.parametrize("name", ["grade_distribution", "sequential_open_distribution"])
@pytest.mark.parametrize("slash", ["", "/"])
async def test_module_ids_raw_encoded_and_merged(api: Analytics, name: str, slash: str) -> None:
    module = PROBLEM if name == "grade_distribution" else SUBSECTION
    for written in (
        module,
        quote(module, safe=""),
        module.replace("://", ":/"),
        quote(module.replace("//", "/")),
    ):
        rows = await api.rows(f"problems/{written}/{name}{slash}")
        assert {row["module_id"] for row in rows} == {module}


@pytest.mark.parametrize("video", [VIDEO, VIDEO.replace("|", "%7C"), quote(VIDEO, safe="")])
async def test_video_ids_raw_and_encoded(api: Analytics, video: str) -> None:
    rows = await api.rows(f"videos/{video}/timeline/")
    assert [row["segment"] for row in rows] == list(range(14))


async def test_new_module_and_video_ids(api: Analytics) -> None:
    videos = await api.rows(f"courses/{NEW_COURSE}/videos/")
    assert all("|" in video["video_id"] for video in videos)
    assert await api.rows(f"videos/{videos[0]['pipeline_video_id']}/timeline/")
    database = Database(api.url)
    try:
        async with database.session() as session:
            key = await session.scalar(
                select(col(Module.usage_key))
                .join(CourseRun, col(CourseRun.id) == col(Module.run_id))
                .where(col(CourseRun.key) == NEW_COURSE, col(Module.category) == ModuleCategory.PROBLEM)
            )
    finally:
        await database.dispose()
    assert key is not None and key.startswith("block-v1:")
    for written in (key, quote(key, safe="")):
        rows = await api.rows(f"problems/{written}/grade_distribution")
        assert {row["course_id"] for row in rows} == {NEW_COURSE}


@pytest.mark.parametrize("video", [VIDEO.partition("|")[2], f"|{VIDEO.partition('|')[2]}", f"{COURSE}|"])
async def test_a_bare_video_id_does_not_work(api: Analytics, video: str) -> None:
    check(await api.get(f"videos/{video}/timeline/"), 404)


@pytest.mark.parametrize(
    "path", ["problems/{}/grade_distribution", "videos/{}/timeline/", "courses/a/b/{}/videos/"]
)
@pytest.mark.parametrize(
    "text", ["%00", "%ff", "%F0%9F%98%80", "x" * 256, "%25", "i4x:", "i4x://", "'", '"', "{}"]
)
async def test_no_id_is_a_fault(api: Analytics, path: str, text: str) -> None:
    assert (await api.get(path.format(text))).status_code == 404


async def test_a_module_of_several_runs_has_rows_of_each(changing: Analytics) -> None:
    database = Database(changing.url)
    async with database.session() as session:
        run = await session.scalar(select(CourseRun).where(col(CourseRun.key) == NEW_COURSE))
        assert run is not None
        module = Module(run_id=run.id, usage_key=SUBSECTION, category=ModuleCategory.SUBSECTION)
        session.add(module)
        await session.flush()
        session.add(SubsectionOpens(module_id=module.id, learners=7, views=9))
    await database.dispose()
    rows = await changing.rows(PATHS["sequential_open_distribution"])
    assert {row["course_id"] for row in rows} == {COURSE, NEW_COURSE}
    assert {row["module_id"] for row in rows} == {SUBSECTION}
