"""Answers and refusals are as OpenAPI describes them."""

from typing import Any

import httpx
import pytest
from jsonschema_rs import Draft202012Validator

from app.rest.enterprise.routes import ROUTES, SERVICES
from app.rest.openapi import openapi
from app.rest.route import Route
from app.rest.routes import APIS
from schema.build import SCHEMA
from tests.rest.enterprise.clients import JSON, XML, Enterprise, enterprise_of
from tests.rest.enterprise.world import CATALOG, FULL, FULL_PROGRAM, FULL_RUN, uuid_of

DESCRIBED = openapi(APIS, SCHEMA._schema)["paths"]
VALUES = {
    "catalog_id": CATALOG,
    "course_key": FULL,
    "course_run_id": FULL_RUN,
    "program_uuid": FULL_PROGRAM,
    "enterprise_uuid": str(uuid_of("accents")),
}
EACH = pytest.mark.parametrize("route", [*ROUTES, *SERVICES], ids=lambda route: route.path)


def check(route: Route, response: httpx.Response) -> None:
    """Assert that a response is described, with its headers, and has the body that is."""
    described = DESCRIBED[route.path]["get"]["responses"][str(response.status_code)]
    assert described["content"].keys() == {JSON, XML}
    assert all(header in response.headers for header in described.get("headers", ()))
    if response.headers["content-type"] == JSON:
        validator = Draft202012Validator(described["content"][JSON]["schema"], validate_formats=True)
        validator.validate(response.json())


@EACH
async def test_answers_are_as_described(api: Enterprise, route: Route) -> None:
    path = route.path.format_map(VALUES)
    for accept in (JSON, XML):
        response = await api.ask(path, accept=accept)
        assert response.status_code == 200
        check(route, response)


@EACH
async def test_refusals_are_as_described(api: Enterprise, route: Route) -> None:
    path = route.path.format_map(VALUES)
    unknown = route.path.format_map({**VALUES, "catalog_id": "x", "enterprise_uuid": "x"})
    async with enterprise_of(api.database, enterprise_requests_per_minute=4) as limited:
        refused: list[dict[str, Any]] = [
            {"path": path, "who": None},
            {"path": path, "who": "nobody"},
            {"path": f"{unknown}?page=0"},
            {"path": path, "method": "PATCH"},
            {"path": path, "accept": "image/png"},
            {"path": path, "who": "nobody"},
            {"path": path, "who": "nobody"},
            {"path": path, "who": "nobody"},
            {"path": path, "who": "nobody"},
        ]
        responses = [await limited.ask(**request) for request in refused]
    for response in responses:
        check(route, response)
    assert {response.status_code for response in responses} == {401, 403, 404, 405, 406, 429}


def test_xml_is_described_by_its_elements() -> None:
    described = DESCRIBED["/enterprise/v2/enterprise-catalogs"]["get"]["responses"]["200"]["content"]
    results = described[XML]["schema"]["properties"]["results"]
    assert described[XML]["schema"]["xml"] == {"name": "root"}
    assert results["xml"] == {"name": "results", "wrapped": True}
    assert results["items"]["xml"] == {"name": "list-item"}
    assert list(described) == [XML, JSON]
