"""Paths, XML and JSON, and which is chosen (Enterprise contract 1, 3 and 13)."""

from typing import Any

import pytest

from tests.rest.enterprise.clients import JSON, ROOT, XML, Enterprise, elements, told
from tests.rest.enterprise.world import CATALOG, FULL, FULL_PROGRAM, FULL_RUN, uuid_of

CUSTOMER = uuid_of("accents")
PATHS = {
    "E1": ROOT,
    "E2": f"{ROOT}/{CATALOG}",
    "E3": f"{ROOT}/{CATALOG}/courses/{FULL}",
    "E4": f"{ROOT}/{CATALOG}/course-runs/{FULL_RUN}",
    "E5": f"{ROOT}/{CATALOG}/programs/{FULL_PROGRAM}",
    "E6": f"/enterprise/v2/enterprise-customer/{CUSTOMER}/learner-summary",
}
SERVICES = {
    "E1": "/api/v1/enterprise-catalogs/",
    "E2": f"/api/v1/enterprise-catalogs/{CATALOG}/get_content_metadata",
    "E6": f"/enterprise/api/v0/enterprise/{CUSTOMER}/enrollments",
    "E6 v1": f"/enterprise/api/v1/enterprise/{CUSTOMER}/enrollments",
}
WHOLE_XML = "application/xml; charset=utf-8"
PROLOG = '<?xml version="1.0" encoding="utf-8"?>\n<root>'
NOT_ACCEPTABLE = "Could not satisfy the request Accept header."

ACCEPTS: list[tuple[str | None, str | None]] = [
    (None, XML),
    ("", XML),
    ("*/*", XML),
    ("application/*", XML),
    ("application/json", JSON),
    ("Application/JSON; charset=latin-1", JSON),
    ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", XML),
    ("application/json, text/plain, */*", JSON),
    ("application/json;q=0.1, application/xml;q=0.9", XML),
    ("application/xml;q=0.1, application/json", JSON),
    ("application/json;q=0.9, */*;q=0.1", JSON),
    ("application/xml;q=0, */*", JSON),
    ("application/json;q=0", None),
    ("text/csv, application/json;q=0.5", JSON),
    ("text/xml", None),
    ("text/html", None),
    ("application/vnd.api+json", None),
    ("garbage", None),
]
"""The table of section 3, its rows of several headers one by one."""


@pytest.mark.parametrize("name", PATHS)
async def test_13_01_each_path_answers_with_and_without_a_slash(api: Enterprise, name: str) -> None:
    for accept in (JSON, XML):
        bare, slashed = [await api.ask(PATHS[name] + end, accept=accept) for end in ("", "/")]
        assert (bare.status_code, slashed.status_code) == (200, 200)
        # Links name the path that was asked for.
        assert bare.text == slashed.text.replace(f"{PATHS[name]}/?", f"{PATHS[name]}?")


@pytest.mark.parametrize("name", [name for name in PATHS if name != "E6"])
async def test_13_01_the_other_root_answers_alike(api: Enterprise, name: str) -> None:
    other = PATHS[name].replace("/enterprise/", "/enterprise/api/", 1)
    for end in ("", "/"):
        assert (await api.ask(other + end)).json() == (await api.ask(PATHS[name])).json()


@pytest.mark.parametrize(
    ("key", "written"),
    [(FULL, "MyUni%2BFull1x"), ("Bare/Old1x", "Bare%2FOld1x"), ("Bare/Old1x", "Bare/Old1x")],
)
async def test_13_01_keys_of_courses_are_read_as_paths_write_them(
    api: Enterprise, key: str, written: str
) -> None:
    assert (await api.get(f"{CATALOG}/courses/{written}"))["key"] == key
    assert (await api.get(f"{CATALOG}/courses/{written}/"))["key"] == key


@pytest.mark.parametrize(
    ("key", "written"),
    [
        (FULL_RUN, "course-v1%3AMyUni%2BFull1x%2BR1"),
        ("Bare/Old1x/R1", "Bare/Old1x/R1"),
        ("Bare/Old1x/R1", "Bare%2FOld1x%2FR1"),
    ],
)
async def test_13_01_keys_of_runs_are_read_as_paths_write_them(
    api: Enterprise, key: str, written: str
) -> None:
    assert (await api.get(f"{CATALOG}/course-runs/{written}"))["key"] == key


async def test_13_01_uuids_are_read_in_any_case_and_keys_are_not(api: Enterprise) -> None:
    upper = await api.get(f"{CATALOG.upper()}/programs/{FULL_PROGRAM.upper()}")
    assert upper["uuid"] == FULL_PROGRAM
    for path in (f"courses/{FULL.lower()}", "courses/MyUni%20Full1x", f"course-runs/{FULL_RUN.lower()}"):
        assert (await api.ask(f"{CATALOG}/{path}")).status_code == 404


@pytest.mark.parametrize(
    ("name", "accept", "expected"),
    # All rows where an answer is short, some of them everywhere.
    [(name, *row) for name in PATHS for row in (ACCEPTS if name in ("E1", "E6") else ACCEPTS[:8:3])],
)
async def test_13_02_the_accept_table(
    api: Enterprise, name: str, accept: str | None, expected: str | None
) -> None:
    response = await api.ask(PATHS[name], accept=accept)
    check_representation(response, 200 if expected else 406, expected or XML)
    if expected is None:
        assert response.text == f"{PROLOG}<detail>{NOT_ACCEPTABLE}</detail></root>"


def check_representation(response: Any, status: int, media_type: str) -> None:
    """Assert a status, and the headers that every response has."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == (WHOLE_XML if media_type == XML else JSON)
    assert response.headers["vary"] == "Accept"


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize("media_type", [JSON, XML])
async def test_13_02_headers_of_each_error(api: Enterprise, name: str, media_type: str) -> None:
    missing = PATHS[name].replace(CATALOG, "unknown").replace(str(CUSTOMER), "unknown")
    refused = [
        (401, await api.ask(PATHS[name], None, media_type)),
        (403, await api.ask(PATHS[name], "nobody", media_type)),
        (404, await api.ask(missing + "?page=0", "operator", media_type)),
        (405, await api.ask(PATHS[name], "operator", media_type, "POST")),
    ]
    for status, response in refused:
        check_representation(response, status, media_type)
        assert elements(response.text)[0][0] == "detail" if media_type == XML else response.json()["detail"]


@pytest.mark.parametrize("name", PATHS)
async def test_13_02_the_parameter_beats_the_header(api: Enterprise, name: str) -> None:
    for text, accept, media_type in (("json", XML, JSON), ("xml", JSON, XML), ("json", "garbage", JSON)):
        response = await api.ask(f"{PATHS[name]}?format={text}", accept=accept)
        check_representation(response, 200, media_type)
    for text in ("csv", "XML", "api"):
        response = await api.ask(f"{PATHS[name]}?format={text}", None, accept=JSON)
        check_representation(response, 404, XML)
        assert response.text == f"{PROLOG}<detail>Not found.</detail></root>"
    suffixed = await api.ask(f"{PATHS[name]}.json", accept=XML)
    assert suffixed.status_code == 404


async def test_13_02_the_content_type_of_a_request_is_ignored(api: Enterprise) -> None:
    response = await api.ask(PATHS["E6"], accept=None, headers={"content-type": JSON})
    check_representation(response, 200, XML)


@pytest.mark.parametrize("name", PATHS)
async def test_13_03_xml_tells_what_json_tells(api: Enterprise, name: str) -> None:
    as_json, as_xml = [await api.ask(PATHS[name], accept=accept) for accept in (JSON, XML)]
    assert as_xml.text.startswith(PROLOG) and as_xml.text.endswith("</root>")
    assert elements(as_xml.text) == told(as_json.json())


async def test_13_03_the_form_of_xml_is_exact(api: Enterprise) -> None:
    response = await api.ask(f"{PATHS['E2']}?content_keys={FULL}", accept=None)
    for part in (
        f"{PROLOG}<uuid>{CATALOG}</uuid><title>All Content</title>"
        f"<enterprise_customer>{CUSTOMER}</enterprise_customer><count>1</count><previous></previous><next></next>"
        "<results><list-item><course_runs><list-item><aggregation_key>courserun:MyUni+Full1x</aggregation_key>",
        "<full_description>&lt;p&gt;Full &amp; whole&lt;/p&gt;\n&lt;p&gt;\u2028&lt;/p&gt;</full_description>",
        "<expected_learning_items><list-item>One thing</list-item><list-item>Another</list-item></expected_learning_items>",
        "<mobile_available>True</mobile_available>",
        "<price>100.00</price>",
        "</list-item></results></root>",
    ):
        assert part in response.text


@pytest.mark.parametrize("name", SERVICES)
async def test_12_5_paths_of_the_services_answer_in_json(api: Enterprise, name: str) -> None:
    documented = await api.ask(PATHS[name[:2]])
    for accept, media_type in ((None, JSON), ("*/*", JSON), (XML, XML)):
        for path in (SERVICES[name], SERVICES[name].rstrip("/") + "/"):
            response = await api.ask(path, accept=accept)
            check_representation(response, 200, media_type)
            if media_type == JSON:
                assert response.json() == documented.json()
    refused = await api.ask(SERVICES[name], accept="text/csv")
    check_representation(refused, 406, JSON)


@pytest.mark.parametrize("path", [*PATHS.values(), *SERVICES.values()])
async def test_head_is_get_without_a_body_and_options_describes(api: Enterprise, path: str) -> None:
    for accept in (JSON, XML):
        get, head, options = [
            await api.ask(path, accept=accept, method=method) for method in ("GET", "HEAD", "OPTIONS")
        ]
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers == get.headers
        check_representation(options, 200, accept)
        assert options.headers["allow"] == "GET, HEAD, OPTIONS"
