"""What the GraphiQL page and its assets are to a browser, without one."""

import json
from html.parser import HTMLParser

import httpx
from hypothesis import given
from hypothesis import strategies as st

from app.web.graphiql import FIRST_QUERY, graphiql_page
from tests.servers import LiveServer


class Tags(HTMLParser):
    """Attributes of every element, in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.attributes: list[dict[str, str | None]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.attributes.append(dict(attributes))


@given(endpoint=st.text(), headers=st.dictionaries(st.text(), st.text()))
def test_page_hands_on_any_endpoint_and_headers(endpoint: str, headers: dict[str, str]) -> None:
    tags = Tags(bytes(graphiql_page(endpoint, headers).body).decode())

    data = tags.attributes[-1]
    assert data["id"] == "graphiql"
    assert data["data-endpoint"] == endpoint
    assert json.loads(data["data-headers"] or "") == headers
    assert data["data-query"] == FIRST_QUERY


def test_page_and_all_it_names_are_served_by_the_same_server(live_server: LiveServer) -> None:
    with httpx.Client(base_url=live_server.url) as client:
        page = client.get("/graphql", headers={"Accept": "text/html"})
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        assert page.headers["Referrer-Policy"] == "no-referrer"
        named = [tag.get("href") or tag.get("src") for tag in Tags(page.text).attributes]
        assets = [path for path in named if path and path != "data:,"]
        assert assets == ["/static/graphiql/index.css", "/static/graphiql/index.js"]
        for path in assets:
            served = client.get(path)
            assert served.status_code == 200
            again = client.get(path, headers={"If-None-Match": served.headers["ETag"]})
            assert again.status_code == 304


def test_page_lets_no_other_script_run() -> None:
    policy = dict(
        rule.split(" ", 1)
        for rule in graphiql_page("/graphql", {}).headers["Content-Security-Policy"].split("; ")
    )

    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["worker-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
