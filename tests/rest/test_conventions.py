"""What holds on every path: slashes, methods, parameters, credentials and scopes (Enrollment contract 1 to 3)."""

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote_from_bytes

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.db.engine import Database
from tests.databases import Databases
from tests.graphql.clients import add_user
from tests.rest.clients import (
    ACCOUNTS_BATCH,
    COURSE,
    ENROLLMENT,
    ENROLLMENT_BATCH,
    ENROLLMENTS,
    INVALID,
    INVALID_TOKEN,
    MISSING,
    NO_CREDENTIALS,
    OLD,
    OPEN,
    Rest,
    add_token,
    check_text,
    key_of,
    rest_of,
)

PRIVATE = [
    ENROLLMENT,
    f"{ENROLLMENT}/{OPEN}",
    f"{ENROLLMENT}/learner,{OLD}",
    ENROLLMENTS,
    ACCOUNTS_BATCH,
    ENROLLMENT_BATCH,
    "/v1/accounts/batch",
    "/v1/enrollment/batch",
]
PATHS = [*PRIVATE, f"{COURSE}/{OPEN}", f"{COURSE}/{OLD}", "/openapi.json"]


@pytest.mark.parametrize("path", PATHS)
async def test_with_and_without_slash_never_by_a_redirect(shared: Rest, path: str) -> None:
    responses = [await shared.get(path + slash, "staff") for slash in ("", "/")]
    assert [response.status_code for response in responses] == [200, 200]
    assert responses[0].content == responses[1].content
    assert (await shared.get(path + "//", "staff")).status_code == 404


@pytest.mark.parametrize("path", PATHS)
async def test_head_works_wherever_get_does(shared: Rest, path: str) -> None:
    for who in ("staff", None):
        get, head = [await shared.ask(method, path, who) for method in ("GET", "HEAD")]
        assert head.status_code == get.status_code
        assert head.content == b""
        for name in ("content-type", "www-authenticate", "cache-control"):
            assert head.headers.get(name) == get.headers.get(name)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_a_wrong_method_is_a_405_that_names_the_right_ones(
    shared: Rest, path: str, method: str
) -> None:
    if (path, method) == (ENROLLMENT, "POST"):
        return
    for who in ("staff", None):
        for slash in ("", "/"):
            response = await shared.ask(method, path + slash, who)
            assert response.status_code == 405
            allowed = {name.strip() for name in response.headers["allow"].split(",")}
            assert {"GET", "HEAD"} <= allowed
            assert ("POST" in allowed) is (path == ENROLLMENT)


@pytest.mark.parametrize(
    "path", ["/api/enrollment/v1", "/api/enrollment/v1/roles", "/api/jitterbit/v1/batch", "/v1", "/v1/batch"]
)
async def test_other_paths_are_not_found(shared: Rest, path: str) -> None:
    assert (await shared.get(path, "staff")).status_code == 404


@pytest.mark.parametrize(
    ("path", "query", "same"),
    [
        (ENROLLMENT, "user=", ""),
        (ENROLLMENT, "user=second&user=learner", "user=learner"),
        (ENROLLMENT, "user=second&user=", ""),
        (ENROLLMENTS, "course_id=&username=&page_size=&cursor=", ""),
        (ENROLLMENTS, "course_id=x&course_id=" + OLD, "course_id=" + OLD),
        (ENROLLMENTS, "page_size=0&page_size=2&username=learner", "username=learner&page_size=2"),
        (ACCOUNTS_BATCH, "username=&updated_min=&updated_max=&update_min=&update_max=", ""),
        (ACCOUNTS_BATCH, "username=second&username=tutor", "username=tutor"),
        (ENROLLMENT_BATCH, "updated_min=x&updated_min=2019-04-06", "updated_min=2019-04-06"),
        (ENROLLMENT_BATCH, "course_id=x&course_id=", ""),
        (f"{COURSE}/{OPEN}", "include_expired=", ""),
        (ENROLLMENT, "unknown=x&format=xml", ""),
    ],
)
async def test_blank_counts_as_absent_and_the_last_of_repeated_ones(
    shared: Rest, path: str, query: str, same: str
) -> None:
    first, second = [await shared.ask("GET", f"{path}?{text}", "staff") for text in (query, same)]
    assert (first.status_code, second.status_code) == (200, 200)
    bodies = [response.json() for response in (first, second)]
    if path == ENROLLMENTS:
        # The links keep what was asked.
        bodies = [body["results"] for body in bodies]
    assert bodies[0] == bodies[1]


def check_401(response: httpx.Response, detail: str, challenge: str) -> None:
    """Assert that a response is this 401, exactly."""
    assert (response.status_code, response.json()) == (401, {"detail": detail})
    assert response.headers["content-type"] == "application/json"
    found = response.headers["www-authenticate"]
    # The two codes of the real server may be told.
    assert found.partition(", error_description=")[0] == challenge


@pytest.mark.parametrize("path", PRIVATE)
async def test_401_without_credentials(shared: Rest, path: str) -> None:
    method = [("GET", path), ("POST", path)] if path == ENROLLMENT else [("GET", path)]
    for verb, url in method:
        for headers in ({}, {"authorization": "Digest x"}, {"authorization": "Basic bGVhcm5lcjp4"}):
            check_401(await shared.ask(verb, url, headers=headers), MISSING, NO_CREDENTIALS)
        for query in (f"access_token={key_of('staff')}", f"token={key_of('staff')}", "username=", "user="):
            check_401(await shared.ask(verb, f"{url}?{query}"), MISSING, NO_CREDENTIALS)
        headers = {"x-edx-api-key": key_of("staff")}
        check_401(await shared.ask(verb, url, headers=headers), MISSING, NO_CREDENTIALS)


BAD = [
    "Bearer", "Bearer ", "JWT", "token", "Bearer nonsense", "bearer nonsense", "Token nonsense", "JWT nonsense",
    f"Token {key_of('staff')} {key_of('staff')}", f"JWT {key_of('staff')}", f"Token {key_of('off')}", "Token \xff",
]  # fmt: skip


@pytest.mark.parametrize("path", PRIVATE)
async def test_r_11_a_bad_token_never_falls_back(shared: Rest, path: str) -> None:
    for header in BAD:
        for method in ("GET", "POST") if path == ENROLLMENT else ("GET",):
            headers = [(b"authorization", header.encode("latin-1"))]
            response = await shared.http.request(method, path, headers=headers)
            check_401(response, INVALID, INVALID_TOKEN)
    two = [("authorization", f"Token {key_of('staff')}")] * 2
    check_401(await shared.http.get(path, headers=two), INVALID, INVALID_TOKEN)


async def test_every_scheme_in_any_case(rest: Rest, database: Database) -> None:
    token = await add_token(database, "learner")
    for scheme in ("Bearer", "BEARER", "JWT", "jwt", "Token", "token"):
        response = await rest.ask("GET", ENROLLMENT, headers={"authorization": f"{scheme} {token}"})
        assert [row["user"] for row in response.json()] == ["learner", "learner"]


SCOPES: dict[str, tuple[str, str, Any, set[str]]] = {
    "own enrollments": ("GET", ENROLLMENT, None, {"read"}),
    "one": ("GET", f"{ENROLLMENT}/{OPEN}", None, {"read"}),
    "all": ("GET", ENROLLMENTS, None, {"read"}),
    "enroll": ("POST", ENROLLMENT, {"course_details": {"course_id": OPEN}}, {"write"}),
    "accounts": ("GET", ACCOUNTS_BATCH, None, {"read", "email"}),
    "enrollment batch": ("GET", ENROLLMENT_BATCH, None, {"read"}),
}


@pytest.mark.parametrize("case", SCOPES)
async def test_scopes_narrow_what_a_token_may_do(rest: Rest, database: Database, case: str) -> None:
    method, path, body, needed = SCOPES[case]
    for scope in ("", "read", "write", "email", "profile", "read write", "read email", "write email"):
        headers = {"authorization": f"Bearer {await add_token(database, 'staff', scope)}"}
        response = await rest.ask(method, path, headers=headers, json=body)
        # Who enrolls reads the enrollment; whether that needs `read` too is open.
        if not scope or needed <= set(scope.split()):
            assert response.status_code == 200, (scope, response.text)
        else:
            check_text(response, 403)
            expected = 'Bearer realm="api", error="insufficient_scope"'
            assert response.headers["www-authenticate"].startswith(expected)


async def test_throttling_is_off_unless_set(filled: Database, databases: Databases) -> None:
    limits = {"enrollment_requests_per_minute": 2, "enrollment_requests_per_minute_staff": 3}
    async with rest_of(await databases.copy(filled), **limits) as rest:
        for who, number in (("learner", 2), ("second", 2), ("staff", 3), ("root", 3)):
            answers = [await rest.get(ENROLLMENT, who) for _ in range(number + 1)]
            assert [answer.status_code for answer in answers] == [200] * number + [429]
            check_text(answers[-1], 429)
            assert 0 < int(answers[-1].headers["retry-after"]) <= 60


async def test_strangers_are_throttled_by_address(filled: Database, databases: Databases) -> None:
    async with rest_of(await databases.copy(filled), enrollment_requests_per_minute=2) as rest:
        answers = [await rest.get(f"{COURSE}/{OPEN}") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]


@pytest.mark.parametrize("name", ["a,b", "a/b", "ü b"])
async def test_every_name_finds_its_own_rows(rest: Rest, database: Database, name: str) -> None:
    key = key_of(name.encode().hex())
    await add_user(database, name, key)
    headers = {"authorization": f"Token {key}"}
    batch = await rest.ask("GET", ACCOUNTS_BATCH, headers=headers, params={"username": name})
    assert [row["username"] for row in batch.json()] == [name]
    if "," not in name:
        one = await rest.ask("GET", f"{ENROLLMENT}/{name},{OPEN}", headers=headers)
        assert (one.status_code, one.content) == (200, b"")


async def test_403_has_no_challenge(shared: Rest) -> None:
    for path in (ENROLLMENTS, ACCOUNTS_BATCH, ENROLLMENT_BATCH):
        response = await shared.get(path, "learner")
        check_text(response, 403)
        assert "www-authenticate" not in response.headers


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", f"{ENROLLMENT}/{{}},{OPEN}", 404),
        ("GET", ENROLLMENT + "?user={}", 200),
        ("GET", ACCOUNTS_BATCH + "?username={}", 403),
        ("GET", ENROLLMENT_BATCH + "?username={}", 403),
        ("GET", ENROLLMENTS + "?username={}", 403),
        ("POST", ENROLLMENT, 404),
    ],
)
async def test_an_unknown_user_is_like_one_that_may_not_be_seen(
    shared: Rest, method: str, path: str, status: int
) -> None:
    answers = []
    for user in ("second", "nobody"):
        body = {"course_details": {"course_id": OPEN}, "user": user} if method == "POST" else None
        response = await shared.ask(method, path.format(user), "learner", json=body)
        answers.append((response.status_code, response.content, list(response.headers)))
    assert answers[0] == answers[1]
    assert answers[0][0] == status


@pytest.fixture(scope="session")
async def fuzzed(filled: Database, databases: Databases) -> AsyncIterator[Rest]:
    """An application whose rows nobody else reads."""
    async with rest_of(await databases.copy(filled)) as rest:
        yield rest


VALUES = st.binary(max_size=40).map(lambda value: value.replace(b"\r", b"").replace(b"\n", b""))
TEXTS = st.text(max_size=20) | st.sampled_from(["learner", OPEN, OLD, "2020-02-03T00:00:00Z", "\0", "\ud800"])
JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | st.just(OPEN),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
NAMES = [
    "user",
    "username",
    "course_id",
    "cursor",
    "page_size",
    "updated_min",
    "update_max",
    "include_expired",
]
MEMBERS = ["user", "mode", "is_active", "enrollment_attributes", "email_opt_in", "force_enrollment"]
BODIES = st.fixed_dictionaries(
    {"course_details": st.just({"course_id": OPEN}) | JSONS | st.fixed_dictionaries({"course_id": JSONS})},
    optional=dict.fromkeys(MEMBERS, JSONS),
)
fuzz = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


@fuzz
@given(
    st.sampled_from(["GET", "POST", "HEAD"]),
    st.sampled_from(PATHS),
    st.sampled_from([b"authorization", b"content-type", b"accept", b"cookie", b"content-length", b"host"]),
    st.sampled_from([b"", b"Bearer ", b"Token ", b"JWT ", b"application/json; charset="]),
    VALUES,
)
async def test_no_header_bytes_are_a_fault(
    fuzzed: Rest, method: str, path: str, name: bytes, start: bytes, value: bytes
) -> None:
    request = fuzzed.http.build_request(method, path, content=value if method == "POST" else None)
    request.headers = httpx.Headers([*request.headers.raw, (name, start + value)])
    assert (await fuzzed.http.send(request)).status_code < 500


@fuzz
@given(st.sampled_from(["learner", "staff"]), st.binary(max_size=100))
async def test_no_body_bytes_are_a_fault(fuzzed: Rest, who: str, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    response = await fuzzed.ask("POST", ENROLLMENT, who, content=body, headers=headers)
    assert response.status_code == 400


@fuzz
@given(st.sampled_from(["learner", "staff"]), BODIES)
async def test_no_json_is_a_fault(fuzzed: Rest, who: str, body: Any) -> None:
    headers = {"content-type": "application/json"}
    content = json.dumps(body).encode()
    response = await fuzzed.ask("POST", ENROLLMENT, who, content=content, headers=headers)
    assert response.status_code < 500, response.text


@fuzz
@given(st.sampled_from(PATHS), st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=3))
async def test_no_parameter_is_a_fault(fuzzed: Rest, path: str, parameters: dict[str, bytes]) -> None:
    query = "&".join(f"{name}={quote_from_bytes(value)}" for name, value in parameters.items())
    for who in ("learner", "staff"):
        assert (await fuzzed.ask("GET", f"{path}?{query}", who)).status_code < 500


@fuzz
@given(st.sampled_from([ENROLLMENT, COURSE]), VALUES, st.sampled_from(["", f",{OPEN}", f"/{OPEN}", "/"]))
async def test_no_path_is_a_fault(fuzzed: Rest, root: str, value: bytes, end: str) -> None:
    assert (await fuzzed.get(f"{root}/{quote_from_bytes(value)}{end}", "staff")).status_code < 500
