"""Where the seed contradicts itself, the rulings (Data Analytics contract 7), by their numbers."""

import pytest

from tests.rest.data_analytics.clients import (
    CHOICE_PROBLEM,
    COMPACT,
    COURSE,
    DAILY,
    PATHS,
    PROBLEM,
    SERIES,
    SUBSECTION,
    Analytics,
    check,
)


async def test_contradiction_01_posted_forum_is_in_the_weekly_activity(api: Analytics) -> None:
    for row in await api.rows(PATHS["activity"] + "?start_date=2026-01-01"):
        assert 0 <= row["posted_forum"] <= row["any"]


@pytest.mark.parametrize("name", SERIES)
async def test_contradiction_02_both_forms_of_dates_everywhere(api: Analytics, name: str) -> None:
    long = await api.rows(PATHS[name] + "?start_date=2026-03-02T000000&end_date=2026-03-12T000000")
    assert long == await api.rows(PATHS[name] + "?start_date=2026-03-02&end_date=2026-03-12")


async def test_contradiction_03_times_are_compact(api: Analytics) -> None:
    assert COMPACT.fullmatch((await api.rows(PATHS["enrollment"]))[0]["created"])


async def test_contradiction_04_no_time_of_a_video_has_colons(api: Analytics) -> None:
    assert all(COMPACT.fullmatch(row["created"]) for row in await api.rows(PATHS["videos"]))


async def test_contradiction_05_recent_activity_is_one_object_with_iso_times(api: Analytics) -> None:
    row = await api.rows(PATHS["recent_activity"])
    assert list(row) == ["interval_start", "interval_end", "activity_type", "count", "course_id"]
    assert row["interval_start"].endswith("T00:00:00Z")


async def test_contradiction_06_videos_have_both_ids(api: Analytics) -> None:
    assert all(row["video_id"] == row["pipeline_video_id"] for row in await api.rows(PATHS["videos"]))


async def test_contradiction_07_course_and_module_of_a_video_agree(api: Analytics) -> None:
    for row in await api.rows("courses/UniversityX/UX.3.01x/1T2015/videos/"):
        assert row["pipeline_video_id"] == f"UniversityX/UX.3.01x/1T2015|{row['encoded_module_id']}"
        assert row["encoded_module_id"].startswith("i4x-UniversityX-UX_3_01x-video-")


async def test_contradiction_08_answers_have_all_three_names(api: Analytics) -> None:
    for problem in (PROBLEM, CHOICE_PROBLEM):
        for row in await api.rows(f"problems/{problem}/answer_distribution"):
            assert row["answer_value_text"] == row["answer_value"]
            numeric = row["answer_value_numeric"]
            assert numeric == (float(row["answer_value"]) if problem == PROBLEM else None)


async def test_contradiction_09_answers_have_all_three_counts(api: Analytics) -> None:
    for row in await api.rows(PATHS["answer_distribution"]):
        assert row["count"] == row["last_response_count"]
        assert row["first_response_count"] >= 0


@pytest.mark.parametrize("name", ["enrollment", "activity"])
async def test_contradiction_10_and_11_created_is_the_time_of_computation_after_the_week(
    api: Analytics, name: str
) -> None:
    for row in await api.rows(PATHS[name] + "?start_date=2026-03-01&end_date=2026-06-01"):
        assert row["created"] >= row.get("interval_end", row.get("date"))
    assert len({row["created"] for row in await api.rows(PATHS["enrollment_gender"])}) == 1


async def test_contradiction_12_breakdowns_add_up_to_the_enrollment_of_the_day(api: Analytics) -> None:
    ((total,), (gender,)) = [await api.rows(PATHS[name]) for name in ("enrollment", "enrollment_gender")]
    assert sum(gender[name] for name in ("female", "male", "other", "unknown")) == total["count"]
    (mode,) = await api.rows(PATHS["enrollment_mode"])
    assert mode["honor"] + mode["professional"] + mode["verified"] == mode["count"] == total["count"]


async def test_contradiction_13_locations_are_countries(api: Analytics) -> None:
    rows = await api.rows(PATHS["enrollment_location"])
    assert all(list(row["country"]) == ["alpha2", "alpha3", "name"] for row in rows)
    assert all(len(row["country"]["alpha3"]) == 3 for row in rows[1:])


async def test_contradiction_14_users_without_a_year_have_the_row_of_null(api: Analytics) -> None:
    rows = await api.rows(PATHS["enrollment_birth_year"])
    assert [row["count"] > 0 for row in rows if row["birth_year"] is None] == [True]


async def test_contradiction_15_grades_are_of_a_problem_and_count_learners(api: Analytics) -> None:
    grades = await api.rows(PATHS["grade_distribution"])
    answers = await api.rows(f"problems/{PROBLEM}/answer_distribution")
    part = [row["count"] for row in answers if row["part_id"] == answers[0]["part_id"]]
    assert {row["module_id"] for row in grades} == {PROBLEM}
    assert sum(row["count"] for row in grades) == sum(part)


async def test_contradiction_16_opens_count_learners(api: Analytics) -> None:
    (row,) = await api.rows(PATHS["sequential_open_distribution"])
    document = f'{{ subsections(where: {{usageKey: {{eq: "{SUBSECTION}"}}}}) {{ nodes {{ opens {{ learners views }} }} }} }}'
    answer = await api.ask("POST", "/graphql", "Token demo-key-0123456789abcdef", json={"query": document})
    opens = answer.json()["data"]["subsections"]["nodes"][0]["opens"]
    assert row["count"] == opens["learners"] < opens["views"]


@pytest.mark.parametrize("name", SERIES)
async def test_contradiction_17_without_a_range_there_is_the_newest_with_data(
    api: Analytics, name: str
) -> None:
    all_ = await api.rows(PATHS[name] + "?start_date=2026-06-01")
    key = "date" if name in DAILY else "interval_start"
    newest = max(row[key] for row in all_)
    assert await api.rows(PATHS[name]) == [row for row in all_ if row[key] == newest]


@pytest.mark.parametrize("name", PATHS)
async def test_contradiction_18_every_path_as_the_seed_writes_it(api: Analytics, name: str) -> None:
    assert PATHS[name].endswith("_distribution") is not PATHS[name].endswith("/")
    assert (await api.get(PATHS[name])).status_code == 200


async def test_contradiction_19_ids_are_exact(api: Analytics) -> None:
    check(await api.get("courses/edX%2FDemo%2FDemo_Course/enrollment/"), 404)
    assert (await api.rows("courses/edX%2FDemoX%2FDemo_Course/enrollment/"))[0]["course_id"] == COURSE


async def test_contradiction_20_module_ids_of_five_parts_are_opaque(api: Analytics) -> None:
    assert PROBLEM.count("/") == 6
    assert {row["module_id"] for row in await api.rows(PATHS["grade_distribution"])} == {PROBLEM}


@pytest.mark.parametrize("path", ["users/", "learners/", "transcripts/", f"courses/{COURSE}/transcripts/"])
async def test_contradiction_21_there_are_neither_transcripts_nor_users(api: Analytics, path: str) -> None:
    check(await api.get(path), 404, "status")
