"""The table of errors and the order of decisions (Data Analytics contract 5)."""

from typing import Any

import pytest

from app.graphql.execute import Executor
from tests.rest.data_analytics.clients import COURSE, PATHS, SERIES, Analytics, analytics_of, check

EMPTY = "course-v1:NordicX+CS102x+1T2029"
"""A run that nobody has begun."""

UNKNOWN = [
    "courses/edX/DemoX/Unknown/enrollment/",
    "courses/course-v1:edX+DemoX+Unknown/activity/",
    "courses/edX/DemoX/Unknown/recent_activity/",
    "courses/edX/DemoX/Unknown/videos/",
    "courses/edx/demox/demo_course/enrollment/",
    "problems/i4x://edX/DemoX/problem/unknown/grade_distribution",
    "problems/i4x://edX/DemoX/problem/unknown/answer_distribution",
    "problems/i4x://edX/DemoX/sequential/unknown/sequential_open_distribution",
    "videos/edX/DemoX/Demo_Course|unknown/timeline/",
]


@pytest.mark.parametrize(
    "path",
    [
        "nosuch/",
        "nosuch",
        "",
        "courses/foo/enrollment/",
        "courses/a/b/c/d/enrollment/",
        "courses/a/b/c/nosuch/",
    ],
)
@pytest.mark.parametrize("authorization", [None, "Token wrong"])
async def test_error_404_status_of_a_path_that_matches_nothing(
    api: Analytics, path: str, authorization: str | None
) -> None:
    for method in ("GET", "POST", "OPTIONS"):
        response = await api.ask(method, path, authorization, headers={"accept": "image/png"})
        check(response, 404, "status")
        assert response.json() == {"status": 404}


@pytest.mark.parametrize("path", UNKNOWN)
async def test_error_404_detail_of_an_unknown_course_module_or_video(api: Analytics, path: str) -> None:
    check(await api.get(path), 404)


@pytest.mark.parametrize("name", SERIES)
@pytest.mark.parametrize(
    "query",
    [
        "start_date=2030-01-01&end_date=2030-02-01",
        "start_date=2026-03-05&end_date=2026-03-01",
        "end_date=2001-01-01",
    ],
)
async def test_error_404_detail_of_an_empty_range(api: Analytics, name: str, query: str) -> None:
    check(await api.get(f"{PATHS[name]}?{query}"), 404)


async def test_error_404_detail_of_a_known_course_without_data(api: Analytics) -> None:
    answers = [
        await api.get(f"courses/{EMPTY}/{path}") for path in ("activity/", "recent_activity/", "videos/")
    ]
    for answer in answers:
        check(answer, 404)


@pytest.mark.parametrize(
    "query", ["activity_type=nosuch", "activity_type=", "label=nosuch", "label=&activity_type=any"]
)
async def test_error_404_detail_of_a_bad_activity_type(api: Analytics, query: str) -> None:
    check(await api.get(f"{PATHS['recent_activity']}?{query}"), 404)


@pytest.mark.parametrize("name", PATHS)
async def test_error_404_detail_of_a_bad_format(api: Analytics, name: str) -> None:
    check(await api.get(f"{PATHS[name]}?format=xml"), 404)


@pytest.mark.parametrize("name", PATHS)
async def test_error_401_of_who_is_not_known_even_for_an_unknown_course(api: Analytics, name: str) -> None:
    for path in (PATHS[name], PATHS[name].replace("Demo_Course", "Unknown")):
        response = await api.ask("GET", path, None)
        check(response, 401)
        assert response.headers["www-authenticate"] == "Token"


@pytest.mark.parametrize("name", PATHS)
async def test_error_401_as_csv_of_no_token(api: Analytics, name: str) -> None:
    response = await api.ask("GET", PATHS[name], None, headers={"accept": "text/csv"})
    assert response.status_code == 401
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.text == "detail\r\nAuthentication credentials were not provided.\r\n"


@pytest.mark.parametrize("name", SERIES)
@pytest.mark.parametrize("parameter", ["start_date", "end_date"])
@pytest.mark.parametrize(
    "value", ["wrong", "2014-13-01", "2014-02-30", "0000-01-01", "2014-12-15T00:00:00", "14-1-1"]
)
async def test_error_400_of_a_malformed_date(api: Analytics, name: str, parameter: str, value: str) -> None:
    response = await api.get(f"{PATHS[name]}?{parameter}={value}")
    check(response, 400)
    assert response.json() == {"detail": f"{parameter}: expected YYYY-mm-dd or YYYY-mm-ddTHHMMSS"}


@pytest.mark.parametrize("name", ["enrollment", "timeline"])
async def test_error_500_status_of_a_crash(
    api: Analytics, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def crash(*_: Any) -> Any:
        raise RuntimeError

    monkeypatch.setattr(Executor, "run", crash)
    response = await api.get(PATHS[name])
    check(response, 500, "status")
    assert response.json() == {"status": 500}


async def test_the_order_of_decisions(demo_urls: dict[str, str]) -> None:
    bad_date = f"courses/{COURSE}/enrollment?start_date=wrong"
    unacceptable = {"accept": "image/png"}
    async with analytics_of(demo_urls["sqlite"], analytics_requests_per_minute=3) as api:
        # A redirect before 406, 406 before 401, 401 before 405, 405 before 400, 400 before 404.
        assert (await api.ask("GET", bad_date, None, headers=unacceptable)).status_code == 301
        slashed = bad_date.replace("?", "/?")
        check(await api.ask("POST", slashed, None, headers=unacceptable), 406)
        check(await api.ask("POST", slashed, None), 401)
        check(await api.ask("POST", slashed), 405)
        check(await api.get(slashed.replace("Demo_Course", "Unknown")), 400)
        check(await api.get("courses/edX/DemoX/Unknown/enrollment/"), 404)
        # 429 before 405.
        throttled = await api.ask("POST", slashed)
        check(throttled, 429)
        assert 0 < int(throttled.headers["retry-after"]) <= 60
        check(await api.ask("POST", slashed, None), 401)


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_other_methods_are_405(api: Analytics, name: str, method: str) -> None:
    response = await api.ask(method, PATHS[name])
    check(response, 405)
    assert response.json() == {"detail": f'Method "{method}" not allowed.'}
    assert response.headers["allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("name", PATHS)
async def test_options_describes_the_resource(api: Analytics, name: str) -> None:
    response = await api.ask("OPTIONS", PATHS[name])
    assert response.status_code == 200
    assert response.json().keys() >= {"name", "description", "renders", "parses"}
    assert response.headers["allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("name", PATHS)
async def test_every_answer_says_what_it_varies_by_and_what_is_allowed(api: Analytics, name: str) -> None:
    answers = [
        await api.get(PATHS[name]),
        await api.ask("HEAD", PATHS[name]),
        await api.ask("GET", PATHS[name], None),
        await api.get(PATHS[name].replace("Demo_Course", "Unknown")),
        await api.get(PATHS[name], accept="image/png"),
    ]
    for answer in answers:
        assert (answer.headers["vary"], answer.headers["allow"]) == ("Accept", "GET, HEAD, OPTIONS")
