"""GraphQL over HTTP: what comes in wrong gets a clear answer, quickly."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from typing import Any

import graphql
import httpx
import pytest

from app.main import create_app
from app.settings import Environment, Settings
from tests.databases import DIALECTS, Databases
from tests.graphql.clients import STAFF_KEY, Client, add_user, client_of

JSON = {"content-type": "application/json"}
NEW = "application/graphql-response+json"
PREFLIGHT = {"x-require-preflight": "1"}


@pytest.fixture(scope="module", params=DIALECTS)
async def client(request: pytest.FixtureRequest, databases: Databases) -> AsyncIterator[Client]:
    database = await databases.empty(request.param)
    await add_user(database, "staff", STAFF_KEY, is_staff=True)
    async with client_of(database) as made:
        yield made


def body(query: str) -> dict[str, str]:
    return {"query": query}


def code_of(response: httpx.Response) -> str:
    code: str = response.json()["errors"][0]["extensions"]["code"]
    return code


MALFORMED: dict[str, bytes] = {
    "nothing": b"",
    "number": b"1",
    "null": b"null",
    "string": b'"x"',
    "list": b"[]",
    "batch": b'[{"query": "{ __typename }"}]',
    "not utf-8": b'{"query": "\xff\xfe"}',
    "utf-16": '{"query": "{ __typename }"}'.encode("utf-16"),
    "brackets": b"[" * 100_000 + b"]" * 100_000,
    "braces": b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
    "NaN": b'{"query": "{ __typename }", "variables": {"x": NaN}}',
    "Infinity": b'{"query": "{ __typename }", "variables": {"x": -Infinity}}',
    "lone surrogate": b'{"query": "{ __typename }", "variables": {"x": "\\ud800"}}',
    "raw NUL": b'{"query": "{ __typename \x00}"}',
    "cut": b'{"query": "{ __typename }"',
    "no query": b'{"variables": {}}',
    "null query": b'{"query": null}',
    "empty query": b'{"query": ""}',
    "query number": b'{"query": 1}',
    "query list": b'{"query": ["{ __typename }"]}',
    "variables list": b'{"query": "{ __typename }", "variables": []}',
    "variables text": b'{"query": "{ __typename }", "variables": "{}"}',
    "variables false": b'{"query": "{ __typename }", "variables": false}',
    "operationName number": b'{"query": "{ __typename }", "operationName": 1}',
    "extensions number": b'{"query": "{ __typename }", "extensions": 1}',
}


@pytest.mark.parametrize("name", MALFORMED)
async def test_a_malformed_body_is_400_and_says_why(client: Client, name: str) -> None:
    response = await client.http.post("/graphql", content=MALFORMED[name], headers=JSON)
    assert response.status_code in (400, 413)
    assert code_of(response) == "BAD_USER_INPUT"
    assert "data" not in response.json()


async def test_a_wrong_member_is_named(client: Client) -> None:
    response = await client.http.post("/graphql", json={"query": "{ __typename }", "variables": []})
    assert response.json() == {
        "errors": [
            {
                "message": "variables: must be an object",
                "extensions": {"code": "BAD_USER_INPUT", "field": "variables"},
            }
        ]
    }


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
        "application/json; charset=utf-16",
        "application/json; charset=latin1",
    ],
)
async def test_another_content_type_is_415(client: Client, content_type: str) -> None:
    response = await client.http.post(
        "/graphql", content=b'{"query": "{ __typename }"}', headers={"content-type": content_type}
    )
    assert (response.status_code, code_of(response)) == (415, "BAD_USER_INPUT")


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "APPLICATION/JSON; charset=UTF-8", 'application/json;charset="utf-8"'],
)
async def test_json_in_utf_8_is_understood(client: Client, content_type: str) -> None:
    response = await client.http.post(
        "/graphql",
        content='{"query": "{ __type(name: \\"Rün🏃\\") { name } }"}'.encode(),
        headers={"content-type": content_type},
    )
    assert (response.status_code, response.json()["data"]) == (200, {"__type": None})


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"])
async def test_another_method_is_405(client: Client, method: str) -> None:
    response = await client.http.request(method, "/graphql")
    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")


ACCEPTS = {
    None: "application/json",
    "*/*": "application/json",
    "application/*": "application/json",
    "application/json": "application/json",
    NEW: NEW,
    f"{NEW}, application/json;q=0.9": NEW,
    f"application/json, {NEW};q=0.9": "application/json",
    f"text/html;q=0.9, {NEW};q=0.5": NEW,
    "application/json;q=0, */*": NEW,
}


@pytest.mark.parametrize("accept", ACCEPTS)
async def test_the_media_type_that_is_wanted_most(client: Client, accept: str | None) -> None:
    headers = httpx.Headers({"content-type": "application/json"})
    client.http.headers.pop("accept", None)
    if accept is not None:
        headers["accept"] = accept
    response = await client.http.post("/graphql", content=b'{"query": "{ __typename }"}', headers=headers)
    assert response.status_code == 200
    assert response.headers["content-type"] == f"{ACCEPTS[accept]}; charset=utf-8"


@pytest.mark.parametrize("accept", ["text/html", "text/csv", "application/xml", "application/json;q=0"])
async def test_what_cannot_be_had_is_406(client: Client, accept: str) -> None:
    response = await client.http.post("/graphql", json=body("{ __typename }"), headers={"accept": accept})
    assert (response.status_code, code_of(response)) == (406, "BAD_USER_INPUT")


WRONG_DOCUMENTS: dict[str, tuple[str, dict[str, Any]]] = {
    "syntax": ("{", {}),
    "bare text": ("hello", {}),
    "NUL": ("{ __typename \x00 }", {}),
    "unknown field": ("{ nonsense }", {}),
    "unknown operation": ("{ __typename }", {"operationName": "Nothing"}),
    "two operations": ("query A { __typename } query B { __typename }", {}),
    "only a fragment": ("fragment F on Query { __typename }", {}),
    "cycle": ("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }", {}),
    "missing variable": ("query ($id: ID!) { node(id: $id) { id } }", {}),
    "wrong variable": ("query ($n: Int) { courses(first: $n) { nodes { id } } }", {"variables": {"n": "x"}}),
    "too great an integer": ("{ courses(where: {title: {eq: 1e400}}) { nodes { id } } }", {}),
    "bad date": (
        "query ($s: DateTime) { courses(where: {modified: {gte: $s}}) { nodes { id } } }",
        {"variables": {"s": "yesterday"}},
    ),
    "date beyond the calendar": (
        "query ($s: DateTime) { courses(where: {modified: {gte: $s}}) { nodes { id } } }",
        {"variables": {"s": "0001-01-01T00:00:00+14:00"}},
    ),
    "subscription": ("subscription { __typename }", {}),
}


@pytest.mark.parametrize("name", WRONG_DOCUMENTS)
@pytest.mark.parametrize(("accept", "status"), [("application/json", 200), (NEW, 400)])
async def test_a_document_that_cannot_run_has_errors_and_no_data(
    client: Client, name: str, accept: str, status: int
) -> None:
    query, members = WRONG_DOCUMENTS[name]
    response = await client.http.post("/graphql", json={**body(query), **members}, headers={"accept": accept})
    assert response.status_code == status
    assert "data" not in response.json()
    assert {error["extensions"]["code"] for error in response.json()["errors"]} == {"BAD_USER_INPUT"}


@pytest.mark.parametrize(
    "id_", ["", "x", "!!!", "Q291cnNlOng", "Q291cnNl", "Tm90aGluZzox", "Q291cnNlOi0x", "é"]
)
async def test_a_bad_id_is_refused_by_name(client: Client, id_: str) -> None:
    errors = await client.errors("query ($id: ID!) { node(id: $id) { id } }", {"id": id_})
    assert errors[0]["extensions"] == {"code": "BAD_USER_INPUT", "field": "id"}


@pytest.mark.parametrize("id_", [5, True, 1.5, {}, "x", None])
async def test_one_id_in_place_of_a_list_is_refused_like_any_other(client: Client, id_: Any) -> None:
    (error,) = await client.errors("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": id_})
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


async def test_a_number_in_place_of_a_list_of_ids_is_refused_like_any_other(client: Client) -> None:
    (error,) = await client.errors("{ nodes(ids: 5) { id } }")
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "ids"}


@pytest.mark.parametrize("uuid", [5, [1], {}, True, "x" * 100])
async def test_what_is_no_uuid_is_refused_in_plain_words(client: Client, uuid: Any) -> None:
    (error,) = await client.errors("query ($u: UUID!) { program(uuid: $u) { id } }", {"u": uuid})
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "Value is not a UUID" in error["message"]


NUL_PLACES = [
    'course(key: "a\\u0000b") { id }',
    'user(username: "\\u0000") { id }',
    'courses(where: {key: {eq: "\\u0000"}}) { nodes { id } }',
    'courses(where: {key: {in: ["a", "\\u{0}"]}}) { nodes { id } }',
    'courses(where: {title: {contains: "\\u0000"}}) { nodes { id } }',
    'courses(after: "\\u0000") { nodes { id } }',
    'node(id: "\\u0000") { id }',
]


@pytest.mark.parametrize("place", NUL_PLACES)
async def test_a_nul_character_is_refused_and_not_a_server_error(client: Client, place: str) -> None:
    errors = await client.errors(f"{{ {place} }}")
    assert errors[0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_too_many_values_in_a_filter_are_refused(client: Client) -> None:
    query = "query ($k: [String!]) { courses(where: {key: {in: $k}}) { nodes { id } } }"
    assert await client.ask(query, {"k": ["x"] * 100}) == {"courses": {"nodes": []}}
    errors = await client.errors(query, {"k": ["x"] * 101})
    assert errors[0]["extensions"] == {"code": "BAD_USER_INPUT", "field": "where.key"}


async def test_who_leaves_while_sending_is_no_error(
    databases: Databases, caplog: pytest.LogCaptureFixture
) -> None:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    app = create_app(Settings(database_url=await databases.empty_url("sqlite"), webhook_worker=False))
    headers = [(b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/graphql", "headers": headers, "query_string": b""}
    async with app.router.lifespan_context(app):
        await app(scope, receive, send)
    assert (sent, caplog.text) == ([], "")


async def test_get_runs_queries_with_the_header_only(client: Client) -> None:
    parameters = {
        "query": "query A($n: Int) { courses(first: $n) { totalCount } } query B { __typename }",
        "variables": '{"n": 1}',
        "operationName": "A",
    }
    response = await client.http.get("/graphql", params=parameters, headers=PREFLIGHT)
    assert (response.status_code, response.json()["data"]) == (200, {"courses": {"totalCount": 0}})
    forged = await client.http.get("/graphql", params=parameters)
    assert (forged.status_code, code_of(forged)) == (403, "BAD_USER_INPUT")


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"query": ""},
        {"query": "{ __typename }", "variables": "{"},
        {"query": "{ __typename }", "variables": "1"},
    ],
)
async def test_get_with_bad_parameters_is_400(client: Client, parameters: dict[str, str]) -> None:
    response = await client.http.get("/graphql", params=parameters, headers=PREFLIGHT)
    assert (response.status_code, code_of(response)) == (400, "BAD_USER_INPUT")


async def test_get_never_runs_a_mutation(client: Client) -> None:
    response = await client.http.get(
        "/graphql", params={"query": "mutation { __typename }"}, headers=PREFLIGHT
    )
    assert (response.status_code, code_of(response)) == (403, "FORBIDDEN")


async def test_a_browser_gets_graphiql_and_production_has_none(client: Client, databases: Databases) -> None:
    browser = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    page = await client.http.get("/graphql", headers=browser)
    assert page.headers["content-type"].startswith("text/html")
    url = await databases.empty_url("sqlite")
    async with client_of(url, environment=Environment.PRODUCTION) as production:
        assert (await production.http.get("/graphql", headers=browser)).status_code == 403
    async with client_of(url, environment=Environment.PRODUCTION, graphiql=True) as switched_on:
        assert (await switched_on.http.get("/graphql", headers=browser)).status_code == 200


async def test_production_hides_the_schema_from_strangers(databases: Databases) -> None:
    database = await databases.empty("sqlite")
    await add_user(database, "staff", STAFF_KEY, is_staff=True)
    introspection, typo = "{ __schema { queryType { name } } }", "{ coursess { totalCount } }"
    async with client_of(database, environment=Environment.PRODUCTION) as client:
        refused = await client.post(introspection)
        assert (refused.status_code, code_of(refused)) == (403, "FORBIDDEN")
        assert "Did you mean" not in (await client.errors(typo))[0]["message"]
        assert await client.ask(introspection, key=STAFF_KEY)
        assert "Did you mean" in (await client.errors(typo, key=STAFF_KEY))[0]["message"]
        assert await client.ask("{ __typename }") == {"__typename": "Query"}


async def test_what_fails_outside_of_fields_is_masked_too(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_: Any) -> None:
        raise RuntimeError("the secret reason")

    monkeypatch.setattr("app.auth.credentials.Authenticator.viewer_of", fail)
    response = await client.post("{ __typename }")
    assert (response.status_code, code_of(response)) == (500, "INTERNAL")
    assert "secret" not in response.text
    assert response.json()["errors"][0]["extensions"]["id"] in caplog.text


@pytest.mark.parametrize("levels", [10, 900, 1020])
async def test_deeply_nested_variables_are_only_wrong(client: Client, levels: int) -> None:
    for query in (
        "query ($x: Int) { courses(first: $x) { totalCount } }",
        "query ($x: CourseWhere) { courses(where: $x) { totalCount } }",
        "query ($x: [ID!]!) { nodes(ids: $x) { id } }",
    ):
        text = '{"query": "%s", "variables": {"x": %s}}' % (query, "[" * levels + "1" + "]" * levels)  # noqa: UP031
        response = await client.http.post("/graphql", content=text.encode(), headers=JSON)
        assert (response.status_code, code_of(response)) in ((200, "BAD_USER_INPUT"), (400, "BAD_USER_INPUT"))


async def test_an_unexpected_error_is_masked_and_its_id_is_in_the_log(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("the secret reason")

    monkeypatch.setattr("resolvers.reading.row", fail)
    response = await client.post('{ course(key: "x") { languages } }')
    (error,) = response.json()["errors"]
    assert response.json()["data"] == {"course": None}
    assert error["extensions"]["code"] == "INTERNAL"
    assert "secret" not in response.text
    assert error["extensions"]["id"] in caplog.text
    assert "the secret reason" in caplog.text


def bombs() -> Iterator[tuple[str, str]]:
    """Small documents that stand for very large ones."""
    for count in (21, 95):
        fragments = " ".join(f"fragment F{n} on Course {{ ...F{n + 1} ...F{n + 1} }}" for n in range(count))
        yield (
            f"{count} fragments",
            f"{{ courses {{ nodes {{ ...F0 }} }} }} {fragments} fragment F{count} on Course {{ key }}",
        )
    yield "3,000 levels", "{ courses " + "{ nodes " * 3000 + "}" * 3001
    yield (
        "900 levels of fragments",
        "{ ...F0 } " + " ".join(f"fragment F{n} on Query {{ ...F{n + 1} }}" for n in range(300)),
    )
    yield "nested lists", "{ courses(where: " + "[" * 2000 + "]" * 2000 + ") { totalCount } }"
    yield "nested inputs", "{ courses(where: " + "{a: " * 900 + "1" + "}" * 900 + ") { totalCount } }"
    yield "one field many times", "{ courses { nodes { " + "runs { totalCount } " * 900 + "} } }"
    yield "conflicting fields", "{ courses { nodes { " + "a: key a: title " * 190 + "} } }"
    yield "many directives", "{ __typename " + "@skip(if: false) " * 500 + "}"
    yield "many comments", "#\n" * 60_000 + "{ __typename }"
    yield "one long text", '{ course(key: "' + "x" * 131_072 + '") { id } }'
    yield "many names", " ".join(f"a{n}" for n in range(15_000))


BOMBS = dict(bombs())


@pytest.mark.parametrize("name", BOMBS)
async def test_a_bomb_is_refused_while_others_are_answered(client: Client, name: str) -> None:
    """The loop is never stalled for long: another task gets its turns while the bomb is looked at."""
    loop = asyncio.get_running_loop()
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        last = loop.time()
        while True:
            await asyncio.sleep(0)
            longest, last = max(longest, loop.time() - last), loop.time()

    watcher = asyncio.create_task(watch())
    response = await client.post(BOMBS[name])
    watcher.cancel()
    assert response.status_code < 500
    assert code_of(response) in ("BAD_USER_INPUT", "COST_EXCEEDED")
    # Far above what a loaded machine needs, far below what such a document takes unlimited.
    assert longest < 2


async def test_the_same_document_is_parsed_and_validated_once(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = itertools.count()
    real = graphql.validate

    def counted(*arguments: Any, **options: Any) -> Any:
        next(calls)
        return real(*arguments, **options)

    monkeypatch.setattr("app.graphql.documents.validate", counted)
    query = "query Once($n: Int) { courses(first: $n) { totalCount } }"
    for n in range(5):
        await client.ask(query, {"n": n})
    assert next(calls) == 1
