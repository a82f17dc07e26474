"""What the pages and their assets are to a browser, without one."""

import json
from html.parser import HTMLParser

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import Response

from app.web.explorer import explorer_page
from app.web.graphiql import FIRST_QUERY, graphiql_page
from tests.databases import Databases
from tests.graphql.clients import client_of
from tests.servers import LiveServer


class Tags(HTMLParser):
    """Attributes of every element, in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.attributes: list[dict[str, str | None]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.attributes.append(dict(attributes))


class Text(HTMLParser):
    """The text of every element, in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self.feed(html)

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)


@given(endpoint=st.text(), headers=st.dictionaries(st.text(), st.text()))
def test_page_hands_on_any_endpoint_and_headers(endpoint: str, headers: dict[str, str]) -> None:
    tags = Tags(bytes(graphiql_page(endpoint, headers).body).decode())

    data = tags.attributes[-1]
    assert data["id"] == "graphiql"
    assert data["data-endpoint"] == endpoint
    assert json.loads(data["data-headers"] or "") == headers
    assert data["data-query"] == FIRST_QUERY


@pytest.mark.parametrize(
    ("path", "assets"),
    [
        ("/graphql", ["graphiql/index.css", "graphiql/index.js"]),
        *(
            (
                path,
                [
                    f"explorer/{name}"
                    for name in ("swagger-ui.css", "index.css", "swagger-ui-bundle.js", "index.js")
                ],
            )
            for path in ("/docs", "/docs/")
        ),
        ("/docs/events", ["explorer/index.css", "events/index.css"]),
    ],
)
def test_page_and_all_it_names_are_served_by_the_same_server(
    live_server: LiveServer, path: str, assets: list[str]
) -> None:
    with httpx.Client(base_url=live_server.url, follow_redirects=True) as client:
        page = client.get(path, headers={"Accept": "text/html"})
        assert page.status_code == 200
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        assert page.headers["Referrer-Policy"] == "no-referrer"
        tags = Tags(page.text).attributes
        named = [tag.get("src") or tag.get("href") for tag in tags if "src" in tag or "rel" in tag]
        assert named == ["data:,", *(f"/static/{asset}" for asset in assets)]
        for asset in named[1:]:
            served = client.get(asset or "")
            assert served.status_code == 200
            again = client.get(asset or "", headers={"If-None-Match": served.headers["ETag"]})
            assert again.status_code == 304


@pytest.mark.parametrize(
    "page", [graphiql_page("/graphql", {}), explorer_page("/openapi.json", "/docs/events/", None, None)]
)
def test_page_lets_no_other_script_run(page: Response) -> None:
    policy = dict(rule.split(" ", 1) for rule in page.headers["Content-Security-Policy"].split("; "))

    assert policy["default-src"] == policy["form-action"] == "'none'"
    assert policy["script-src"] == policy.get("worker-src", "'self'") == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"


@given(key=st.text(min_size=1))
def test_explorer_shows_any_key(key: str) -> None:
    page = Text(bytes(explorer_page("/openapi.json", "/docs/events/", "/graphql", key).body).decode())

    assert key in page.pieces


async def test_production_has_the_explorer_without_graphiql(databases: Databases) -> None:
    url = await databases.empty_url("sqlite")
    async with client_of(url, environment="production") as client:
        page = (await client.http.get("/docs/")).text
    assert "GraphiQL" not in page and "demo-key" not in page
