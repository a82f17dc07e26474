"""The description of the REST API, and that the API is as described."""

import os
from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import select
from sqlmodel import col

from app.db.engine import Database
from app.db.models import Course, CourseRun, EnterpriseCatalog, EnterpriseCustomer
from app.vocabulary import EnterpriseRole
from tests.databases import DIALECTS, Databases
from tests.rest.clients import (
    ACCOUNTS_BATCH,
    COURSE,
    ENROLLMENT,
    ENROLLMENT_BATCH,
    ENROLLMENTS,
    FULL,
    OLD,
    OPEN,
    Rest,
    fill,
    key_of,
    url_of,
)
from tests.rest.enterprise.clients import add_caller, token_of
from tests.rest.enterprise.world import add, add_items, uuid_of
from tests.servers import LiveServer, running_server

CATALOG, CUSTOMER = uuid_of("catalog"), uuid_of("customer")
EXAMPLES = os.environ.get("LYCEUM_TEST_EXAMPLES")
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
BATCH_FILTERS = {"updated_min", "updated_max", "update_min", "update_max", "username"}
OPERATIONS: dict[tuple[str, str], tuple[set[str], set[str]]] = {
    # Parameters, and statuses beside those that need no words.
    ("get", ENROLLMENT): ({"user"}, {"200", "401"}),
    ("post", ENROLLMENT): (set(), {"200", "400", "401", "403", "404", "406", "415"}),
    ("get", ENROLLMENT + "/{course_id}"): ({"course_id"}, {"200", "401"}),
    ("get", ENROLLMENT + "/{username},{course_id}"): ({"username", "course_id"}, {"200", "401", "404"}),
    ("get", COURSE + "/{course_id}"): ({"course_id", "include_expired"}, {"200", "400"}),
    ("get", ENROLLMENTS): ({"course_id", "username", "page_size", "cursor"}, {"200", "400", "401", "403"}),
    **{
        ("get", prefix + path): (BATCH_FILTERS | more, {"200", "400", "401", "403"})
        for prefix in ("/api/jitterbit/v1", "/v1")
        for path, more in (("/accounts/batch", set[str]()), ("/enrollment/batch", {"course_id"}))
    },
}
_LINES = 200
"""Of a server's log, where it says what went wrong."""
LOOK_UPS = (ENROLLMENT + "/{course_id}", ENROLLMENT + "/{username},{course_id}")
assert {ACCOUNTS_BATCH, ENROLLMENT_BATCH} <= {path for _, path in OPERATIONS}


async def test_the_document_lists_every_operation(shared: Rest) -> None:
    response = await shared.get("/openapi.json")
    assert response.headers["content-type"] == "application/json"
    document = response.json()
    assert document["openapi"].startswith("3.1.")
    assert document["info"].keys() >= {"title", "version"}
    schemes = document["components"]["securitySchemes"]
    assert schemes
    found = {
        (method, path): (operation, item.get("parameters", []))
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in ("get", "post")
    }
    assert OPERATIONS.keys() <= found.keys()
    for (method, path), (operation, common) in found.items():
        assert operation["responses"] and all(each["description"] for each in operation["responses"].values())
        if (method, path) not in OPERATIONS:
            continue
        names, statuses = OPERATIONS[method, path]
        given = [*common, *operation.get("parameters", [])]
        assert {each["name"] for each in given} == names
        assert all(each["description"] and each["schema"] for each in given)
        assert all(each["required"] for each in given if each["in"] == "path")
        assert statuses <= operation["responses"].keys()
        assert ("requestBody" in operation) is (method == "post")
        security = operation.get("security", document.get("security"))
        if path.startswith(COURSE):
            assert not security
        else:
            assert security and {name for each in security for name in each} <= schemes.keys()


async def add_catalog(database: Database) -> None:
    """An enterprise catalog of a run's course, and who may read it."""
    customer = EnterpriseCustomer(uuid=CUSTOMER, name="C", slug="c")
    await add(database, customer)
    catalog = EnterpriseCatalog(uuid=CATALOG, customer_id=customer.id)
    await add(database, catalog)
    async with database.session() as session:
        course = await session.scalar(select(Course).join(CourseRun).where(col(CourseRun.key) == OPEN))
    assert course is not None
    await add_items(database, catalog, course)
    await add_caller(database, "operator", (EnterpriseRole.OPERATOR, None))


@pytest.fixture(scope="module")
async def servers(databases: Databases) -> AsyncIterator[list[LiveServer]]:
    """Servers over the rows, on each database."""
    with ExitStack() as stack:
        running = []
        for dialect in DIALECTS:
            database = await databases.empty(dialect)
            await fill(database)
            await add_catalog(database)
            await database.dispose()
            server = running_server({"LYCEUM_DATABASE_URL": url_of(database)})
            running.append(stack.enter_context(server))
        yield running


@pytest.fixture(scope="module")
def operations(servers: list[LiveServer]) -> list[Any]:
    """The described operations."""
    document = requests.get(f"{servers[0].url}/openapi.json", timeout=10).json()
    schema = schemathesis.openapi.from_dict(document, config=SchemathesisConfig())
    return [operation.ok() for operation in schema.get_all_operations() if isinstance(operation, Ok)]


@pytest.mark.parametrize("mode", GenerationMode)
def test_answers_are_as_described(
    servers: list[LiveServer], operations: list[Any], mode: GenerationMode
) -> None:
    @settings(
        max_examples=int(EXAMPLES or 4) * len(operations),
        derandomize=not EXAMPLES,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        st.one_of([operation.as_strategy(generation_mode=mode) for operation in operations]),
        st.none() | st.sampled_from([OPEN, OLD, FULL]),
        st.sampled_from(["staff", "learner", None]),
        st.sampled_from(["application/json", "application/xml", "text/csv", "*/*"]),
    )
    def ask(case: Case[Any], course_id: str | None, who: str | None, accept: str) -> None:
        # What is generated names no course that there is.
        body: Any = case.body
        if course_id and isinstance(body, dict) and isinstance(body.get("course_details"), dict):
            body["course_details"]["course_id"] = course_id
        if course_id:
            names = {
                "course_id": course_id,
                "catalog_id": CATALOG,
                "enterprise_uuid": CUSTOMER,
                "course_run_id": course_id,
            }
            given = case.path_parameters or {}
            given.update({name: str(value) for name, value in names.items() if name in given})
        headers = {"authorization": f"Token {key_of(who)}"} if who else {}
        if who and "/enterprise" in case.path:
            headers = {"authorization": f"JWT {token_of('operator')}", "accept": accept}
        for server in servers:
            response = case.call(base_url=server.url, headers=headers)
            assert response.status_code < 500, "".join([response.text, *server.log[-_LINES:]])
            # Who is not enrolled gets an empty body, for which OpenAPI has no words beside those for others.
            nobody = response.status_code == 200 and not response.content and case.path in LOOK_UPS
            case.validate_response(response, checks=CHECKS[:2] if nobody else CHECKS)

    ask()
