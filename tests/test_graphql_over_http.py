"""The endpoint keeps the GraphQL over HTTP specification, in the eyes of graphql-http's server audit."""

import json

from tests.node import node
from tests.servers import LiveServer

AUDITS = 61


def test_every_server_audit_passes(live_server: LiveServer) -> None:
    token = "Token demo-key-0123456789abcdef"
    results = json.loads(node("audit.js", f"{live_server.url}/graphql", token))

    assert [result for result in results if result["status"] != "ok"] == []
    assert len(results) == AUDITS
