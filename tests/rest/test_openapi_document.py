"""The OpenAPI document: valid, whole, and true of what the paths answer."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from graphql import GraphQLSchema, build_schema, parse, validate
from jsonschema_rs import Draft202012Validator
from schemathesis.specs.openapi.definitions import OPENAPI_31

from app.demo.credentials import CLIENT, DEMO, LEARNER, SERVICE
from app.rest.openapi import openapi
from app.rest.route import Route
from app.rest.routes import APIS, ROUTES
from app.rest.shapes import shape
from schema.build import SCHEMA
from schema.relay import encode_id
from tests.databases import DIALECTS, Databases
from tests.graphql.clients import client_of

DESCRIBED = openapi(APIS, SCHEMA._schema)
OPERATIONS = [
    (path, method, operation)
    for path, methods in DESCRIBED["paths"].items()
    for method, operation in methods.items()
]
RUN = "course-v1:edX+DemoX+Demo_Course"
VALUES = {
    "username": LEARNER.username,
    "course_id": RUN,
    "user": LEARNER.username,
    "site": "lyceum",
    "term": LEARNER.username,
    "enrollment": encode_id("Enrollment", 1),
    "problem_id": "i4x://edX/DemoX/Demo_Course/problem/268b43628e6d45f79c52453a590f9829",
    "module_id": "i4x://edX/DemoX/Demo_Course/sequential/5c6c207e16dd47208c29bd8d3e68861e",
    "video_id": "UniversityX/UX.3.01x/1T2015|i4x-UniversityX-UX_3_01x-video-03454e0ae0c72ae7b16fab3d6fdc2143",
}
ROUTES_READ = [
    route
    for route in ROUTES
    if route.method == "GET"
    and {"Token", "Basic"} & {*route.manner.schemes}
    and not any(part in route.path for part in ("{subscription}", "}/zapier"))
]
"""Those that keys open; the others are tested beside the rows that they need."""


def checker(path: str, method: str, response: httpx.Response) -> Draft202012Validator:
    """What checks the body that a response is described to have."""
    described = DESCRIBED["paths"][path][method]["responses"][str(response.status_code)]
    content = described["content"][response.headers["content-type"].partition(";")[0]]
    return Draft202012Validator(content["schema"], validate_formats=True)


def address(route: Route) -> str:
    return route.path.format_map(VALUES)


def test_document_is_valid() -> None:
    # The metaschema's first edition wants whole addresses where the standard lets relative ones pass.
    Draft202012Validator(OPENAPI_31, validate_formats=False).validate(DESCRIBED)


def test_every_route_is_described_once() -> None:
    described = {
        (path, method.upper()) for path, method, _ in OPERATIONS if not path.startswith(("/oauth2", "/."))
    }
    assert described == {(route.path, route.method) for route in ROUTES}
    assert max(Counter(operation["operationId"] for _, _, operation in OPERATIONS).values()) == 1
    assert {tag for _, _, operation in OPERATIONS for tag in operation["tags"]} == {
        tag["name"] for tag in DESCRIBED["tags"]
    }


def test_every_document_is_shown_whole() -> None:
    for _, _, operation in OPERATIONS:
        if "x-graphql-document" in operation:
            document = operation["x-graphql-document"]
            assert not validate(SCHEMA._schema, parse(document))
            assert f"```graphql\n{document}```" in operation["description"]


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_every_answer_is_as_described(dialect: str, demo_urls: dict[str, str]) -> None:
    async with client_of(demo_urls[dialect]) as client:
        for route in ROUTES_READ:
            query = {
                parameter.name: VALUES[parameter.name]
                for parameter in route.parameters
                if parameter.name in VALUES
            }
            for key in (LEARNER.api_key, DEMO.api_key):
                response = await client.http.get(
                    address(route), params=query, headers={"authorization": f"Token {key}"}
                )
                if response.content:
                    checker(route.path, "get", response).validate(response.json())
                else:
                    assert response.status_code == 200 and route.empty, route.path
            # Staff sees the learner's rows everywhere.
            assert response.status_code == 200 and response.content != b"[]", route.path


@pytest.mark.parametrize("route", ROUTES_READ, ids=lambda route: route.path)
async def test_every_refusal_is_as_described(route: Route, demo_urls: dict[str, str]) -> None:
    limits = {"enrollment_requests_per_minute": 1, "analytics_requests_per_minute": 1}
    async with client_of(demo_urls["sqlite"], **limits) as client:
        learner = {"authorization": f"Token {LEARNER.api_key}"}
        staff = {"authorization": f"Token {DEMO.api_key}"}
        wrong = {"course_id": "wrong", "updated_min": "wrong", "cursor": "wrong", "start_date": "wrong"}
        path = address(route)
        responses = [
            await client.http.get(path),
            await client.http.get(path, headers={"authorization": "Token wrong"}),
            await client.http.patch(path),
            await client.http.get(path, params=wrong, headers=staff),
            await client.http.get(path, headers=learner),
            await client.http.get(path, headers=learner),
            await client.http.get(path, headers={"accept": "image/png"}),
        ]
        if "{" in route.path:
            responses.append(await client.http.get(route.path.format_map({**VALUES, "course_id": "a b"})))
        for response in responses:
            described = DESCRIBED["paths"][route.path]["get"]["responses"][str(response.status_code)]
            if response.content and "content" in described:
                body = response.json() if "json" in response.headers["content-type"] else response.text
                checker(route.path, "get", response).validate(body)
            assert all(header in response.headers for header in described.get("headers", ()))


async def test_oauth_answers_are_as_described(demo_urls: dict[str, str], databases: Databases) -> None:
    service = {"client_id": SERVICE.client_id, "client_secret": SERVICE.secret}
    account = {"username": LEARNER.username, "password": LEARNER.password}
    public = {"client_id": CLIENT.client_id, "grant_type": "password", **account}

    async with client_of(await databases.copy_url(demo_urls["sqlite"])) as client:

        async def send(path: str, form: Mapping[str, str]) -> Any:
            response = await client.http.post(path, data=form)
            checker(path, "post", response).validate(response.json())
            return response.json()

        await send("/oauth2/access_token/", public)
        await send("/oauth2/access_token/", {**public, "client_id": "wrong"})
        await send("/oauth2/access_token/", {})
        got = await send("/oauth2/v1/access_token/", {**service, "grant_type": "password", **account})
        for name in ("access_token", "refresh_token"):
            told = await send("/oauth2/introspect/", {**service, "token": got[name]})
            assert told["active"]
        assert await send("/oauth2/revoke_token/", {**service, "token": got["access_token"]}) == {}
        assert not (await send("/oauth2/introspect/", {**service, "token": "wrong"}))["active"]
        metadata = await client.http.get("/.well-known/oauth-authorization-server")
        checker("/.well-known/oauth-authorization-server", "get", metadata).validate(metadata.json())


async def test_document_is_served_and_remembered(demo_urls: dict[str, str]) -> None:
    async with client_of(demo_urls["sqlite"], environment="production") as client:
        response = await client.http.get("/openapi.json")
        assert response.json() == DESCRIBED
        known = response.headers["etag"]
        for tags in (known, f'"other", W/{known}'):
            again = await client.http.get("/openapi.json", headers={"if-none-match": tags})
            assert (again.status_code, again.content) == (304, b"")
        other = await client.http.get("/openapi.json", headers={"if-none-match": '"other"'})
        assert other.status_code == 200


@pytest.fixture
def animals() -> GraphQLSchema:
    """A schema with what documents over it could meet."""
    return build_schema("""
        type Query { animal: Animal, pets(first: Int): [Pet!], owner: Owner }
        type Mutation { adopt(name: String!): Adoption! }
        interface Animal { name: String! }
        type Cat implements Animal { name: String!, mood: Mood, owner: Owner }
        type Dog implements Animal { name: String!, age: Int! }
        type Owner { id: ID!, cat: Cat! }
        type Adopted { cat: Cat! }
        type Refusal { message: String! }
        union Pet = Cat | Dog
        union Adoption = Adopted | Refusal
        enum Mood { CALM, CROSS }
    """)


def test_a_result_inside_a_union(animals: GraphQLSchema) -> None:
    document = """
        mutation { result: adopt(name: "Tom") { ...on Refusal { message } ...on Adopted { cat { ...Cat } } } }
        fragment Cat on Cat { name mood }
    """

    found = shape(animals, document, "result.cat")

    accepts = Draft202012Validator(found).is_valid
    assert accepts({"name": "Tom", "mood": "CALM"})
    assert accepts({"name": "Tom", "mood": None})
    assert not accepts({"name": "Tom", "mood": "GLAD"})
    assert not accepts({"name": "Tom"})
    assert not accepts({"name": "Tom", "mood": None, "more": 1})


def test_lists_of_unions_and_melted_members(animals: GraphQLSchema) -> None:
    document = """
        {
          pets {
            __typename
            ...on Animal { name }
            ...on Cat { _owner: owner { owner_id: id } }
            ...on Dog { years: age }
          }
        }
    """

    accepts = Draft202012Validator(shape(animals, document, "pets")).is_valid

    assert accepts([])
    assert accepts([{"__typename": "Dog", "name": "Rex", "years": 3}])
    assert accepts([{"__typename": "Cat", "name": "Tom", "owner_id": "1"}])
    # An owner that is not there leaves nothing behind when it is dissolved.
    assert accepts([{"__typename": "Cat", "name": "Tom"}])
    assert not accepts([{"__typename": "Cat", "name": "Rex", "years": 3}])
    assert not accepts([None])


def test_the_same_object_asked_for_twice(animals: GraphQLSchema) -> None:
    found = shape(animals, "{ owner { cat { name } ...on Owner { cat { mood } } } }", "owner.cat")

    assert found["required"] == ["name", "mood"]
