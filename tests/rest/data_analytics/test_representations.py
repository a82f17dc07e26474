"""JSON, CSV and HTML (Data Analytics contract 3)."""

import csv
import io

import pytest

from tests.rest.data_analytics.clients import COMPACT, DAYS, NEW_COURSE, PATHS, WEEKS, Analytics, check

COLUMNS = {
    "activity": "any attempted_problem course_id created interval_end interval_start played_video posted_forum",
    "recent_activity": "activity_type count course_id interval_end interval_start",
    "enrollment": "count course_id created date",
    "enrollment_mode": "count course_id created cumulative_count date honor professional verified",
    "enrollment_birth_year": "birth_year count course_id created date",
    "enrollment_education": "count course_id created date education_level",
    "enrollment_gender": "course_id created date female male other unknown",
    "enrollment_location": "count country.alpha2 country.alpha3 country.name course_id created date",
    "videos": (
        "created duration encoded_module_id pipeline_video_id segment_length users_at_end users_at_start video_id"
    ),
    "grade_distribution": "count course_id created grade max_grade module_id",
    "answer_distribution": (
        "answer_value answer_value_numeric answer_value_text consolidated_variant correct count course_id created "
        "first_response_count last_response_count module_id part_id problem_display_name question_text value_id "
        "variant"
    ),
    "sequential_open_distribution": "count course_id created module_id",
    "timeline": "created num_users num_views segment",
}
FILES = {
    "activity": "engagement-activity",
    "enrollment": "enrollment",
    "enrollment_mode": "enrollment_mode",
    "enrollment_birth_year": "enrollment-age",
    "enrollment_education": "enrollment-education",
    "enrollment_gender": "enrollment-gender",
    "enrollment_location": "enrollment-location",
    "videos": "videos",
}


@pytest.mark.parametrize("name", PATHS)
async def test_csv_has_the_columns_in_the_order_of_the_alphabet(api: Analytics, name: str) -> None:
    response = await api.get(PATHS[name], accept="text/csv")
    lines = response.content.decode().split("\r\n")
    assert lines[0] == COLUMNS[name].replace(" ", ",")
    assert lines[-1] == "" and "\n" not in response.text.replace("\r\n", "")
    assert not response.content.startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize("name", PATHS)
async def test_csv_and_json_have_the_same_rows(api: Analytics, name: str) -> None:
    path = PATHS[name] + {"activity": WEEKS}.get(name, DAYS)
    shown = list(csv.DictReader(io.StringIO((await api.get(path, accept="text/csv")).text, newline="")))
    rows = await api.rows(path)
    rows = rows if isinstance(rows, list) else [rows]
    assert len(shown) == len(rows)
    for row, cells in zip(rows, shown, strict=True):
        country = row.pop("country", {})
        flat = row | {f"country.{name}": value for name, value in country.items()}
        assert cells == {name: "" if value is None else str(value) for name, value in flat.items()}


@pytest.mark.parametrize("name", PATHS)
async def test_csv_is_saved_under_the_name_of_the_course_and_the_resource(api: Analytics, name: str) -> None:
    for path in (PATHS[name], PATHS[name] + "?format=csv"):
        response = await api.get(path, accept="text/csv" if "?" not in path else "application/json")
        expected = f"attachment; filename=edX-DemoX-Demo_Course--{FILES[name]}.csv" if name in FILES else None
        assert response.headers.get("content-disposition") == expected
    assert "content-disposition" not in (await api.get(PATHS[name])).headers


async def test_new_course_ids_name_files_alike(api: Analytics) -> None:
    response = await api.get(f"courses/{NEW_COURSE}/enrollment/?format=csv")
    name = "attachment; filename=edX-DemoX-Demo_Course--enrollment.csv"
    assert response.headers["content-disposition"] == name


JSON, CSV, HTML = "application/json", "text/csv; charset=utf-8", "text/html; charset=utf-8"


@pytest.mark.parametrize(
    ("accept", "query", "expected"),
    [
        ("*/*", "", JSON),
        (None, "", JSON),
        ("", "", JSON),
        ("application/json", "", JSON),
        ("application/*", "", JSON),
        ("text/csv", "", CSV),
        ("text/csv;q=0.5, application/json;q=0.4", "", CSV),
        ("text/html", "", HTML),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "", HTML),
        ("text/csv", "format=json", JSON),
        ("application/json", "format=csv", CSV),
        ("image/png", "format=csv", CSV),
        ("text/csv", "format=", CSV),
    ],
)
async def test_the_parameter_beats_the_header(
    api: Analytics, accept: str | None, query: str, expected: str
) -> None:
    headers = {} if accept is None else {"accept": accept}
    request = api.http.build_request("GET", f"/api/v0/{PATHS['enrollment']}?{query}", headers=headers)
    if accept is None:
        del request.headers["accept"]
    request.headers["authorization"] = "Token learner-key-0123456789abcdef"
    response = await api.http.send(request)
    assert (response.status_code, response.headers["content-type"]) == (200, expected)


async def test_html_shows_the_json(api: Analytics) -> None:
    shown = await api.get(PATHS["enrollment"], accept="text/html")
    assert "&quot;course_id&quot;: &quot;edX/DemoX/Demo_Course&quot;" in shown.text
    refused = await api.ask("GET", PATHS["enrollment"], None, headers={"accept": "text/html"})
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Token")


@pytest.mark.parametrize("accept", ["image/png", "application/xml", "application/json;q=0"])
async def test_what_cannot_be_met_is_406(api: Analytics, accept: str) -> None:
    for authorization in (None, "Token wrong"):
        response = await api.ask("GET", PATHS["enrollment"], authorization, headers={"accept": accept})
        check(response, 406)


async def test_json_is_indented_when_asked_for(api: Analytics) -> None:
    plain = await api.get(PATHS["enrollment"])
    for spaces in (0, 2, 4):
        response = await api.get(PATHS["enrollment"], accept=f"application/json; indent={spaces}")
        assert response.headers["content-type"] == "application/json"
        assert response.json() == plain.json()
        assert f'\n{" " * 2 * spaces}"course_id": ' in response.text


async def test_errors_as_csv_have_one_column_and_one_line(api: Analytics) -> None:
    for path, status in ((PATHS["enrollment"] + "?start_date=x", 400), ("courses/a/b/c/videos/", 404)):
        response = await api.get(path, accept="text/csv")
        assert (response.status_code, response.headers["content-type"]) == (status, CSV)
        header, line, end = response.text.split("\r\n")
        assert (header, bool(line), end) == ("detail", True, "")


@pytest.mark.parametrize("name", PATHS)
async def test_times_are_compact_but_for_a2(api: Analytics, name: str) -> None:
    rows = await api.rows(PATHS[name])
    if name == "recent_activity":
        assert rows["interval_start"].endswith("T00:00:00Z") and rows["interval_end"].endswith("T00:00:00Z")
        return
    times = [row[key] for row in rows for key in ("created", "interval_start", "interval_end") if key in row]
    assert times and all(COMPACT.fullmatch(time) for time in times)


@pytest.mark.parametrize("name", PATHS)
async def test_head_is_get_without_a_body(api: Analytics, name: str) -> None:
    get, head = [await api.ask(method, PATHS[name]) for method in ("GET", "HEAD")]
    assert (head.status_code, head.content) == (get.status_code, b"")
    assert head.headers["content-type"] == get.headers["content-type"]
