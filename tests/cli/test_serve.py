"""`lyceum serve`: what it refuses, what it says, and that it listens."""

import socket
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import uvicorn

from app.demo.credentials import DEMO
from tests.cli.conftest import Ended, Lyceum
from tests.databases import DIALECTS
from tests.servers import running_server

Serve = Callable[..., tuple[Ended, dict[str, Any]]]
"""Runs `lyceum serve` with options until it would listen; how it ended, and what it would listen with."""


@pytest.fixture
def serve(lyceum: Lyceum, monkeypatch: pytest.MonkeyPatch) -> Serve:
    """The command without the server."""
    options: dict[str, Any] = {}
    monkeypatch.setattr(uvicorn, "run", lambda *_, **given: options.update(given))

    def run(*words: str) -> tuple[Ended, dict[str, Any]]:
        options.clear()
        return lyceum("serve", *words), dict(options)

    return run


@pytest.fixture(params=DIALECTS)
def demo_url(
    request: pytest.FixtureRequest, demo_urls: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> str:
    """The URL of a database with the demo data, which the program uses."""
    monkeypatch.setenv("LYCEUM_DATABASE_URL", demo_urls[request.param])
    return demo_urls[request.param]


@pytest.mark.usefixtures("demo_url")
def test_demo_credentials_stay_on_this_machine(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    for host in ("0.0.0.0", "::", "192.0.2.1", "lyceum.example.com"):
        ended, listening = serve("--host", host)
        assert f"not listening on {host} without --allow-demo" in ended.refusal
        assert listening == {}
    monkeypatch.setenv("LYCEUM_HOST", "0.0.0.0")
    assert "not listening on 0.0.0.0" in serve()[0].refusal


@pytest.mark.usefixtures("demo_url")
def test_demo_credentials_may_be_used_on_this_machine_or_when_told(serve: Serve) -> None:
    for words in (
        ["--host", "127.0.0.1"],
        ["--host", "::1"],
        ["--host", "localhost"],
        ["--host", "0.0.0.0", "--allow-demo"],
    ):
        ended, listening = serve(*words)
        assert (ended.code, listening["host"]) == (0, words[1])
        assert f"Demo user: demo, password demo-password, API key {DEMO.api_key}\n" in ended.out


@pytest.mark.usefixtures("url")
def test_without_the_demo_data_it_listens_anywhere_and_tells_no_credentials(serve: Serve) -> None:
    ended, listening = serve("--host", "0.0.0.0")
    assert (ended.code, listening["host"]) == (0, "0.0.0.0")
    assert "Demo user" not in ended.out


@pytest.mark.usefixtures("url")
def test_it_says_where_it_is(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    ended, listening = serve("--port", "8123", "--workers", "3")
    assert ended.out == (
        "GraphQL: http://127.0.0.1:8123/graphql\nGraphiQL: http://127.0.0.1:8123/graphql in a browser\n"
        "REST explorer: http://127.0.0.1:8123/docs/\nAdministration: http://127.0.0.1:8123/admin\n"
    )
    assert (listening["port"], listening["workers"]) == (8123, 3)

    monkeypatch.setenv("LYCEUM_HOST", "::1")
    monkeypatch.setenv("LYCEUM_PORT", "8124")
    monkeypatch.setenv("LYCEUM_ENVIRONMENT", "production")
    ended, listening = serve()
    assert ended.out == (
        "GraphQL: http://[::1]:8124/graphql\nREST explorer: http://[::1]:8124/docs/\n"
        "Administration: http://[::1]:8124/admin\n"
    )
    assert (listening["host"], listening["port"]) == ("::1", 8124)


@pytest.mark.usefixtures("url")
def test_options_that_cannot_be(serve: Serve) -> None:
    for words in (["--port", "65536"], ["--port", "-1"], ["--port", "http"], ["--workers", "0"]):
        ended, listening = serve(*words)
        assert (ended.code, listening) == (2, {})


def test_several_processes_answer_beyond_this_machine(demo_url: str) -> None:
    headers = {"authorization": f"Token {DEMO.api_key}"}
    # Uvicorn says that it runs a moment before its workers listen.
    patient = httpx.HTTPTransport(retries=6)
    with (
        running_server(
            {"LYCEUM_DATABASE_URL": demo_url}, "--host", "0.0.0.0", "--allow-demo", "--workers", "2"
        ) as server,
        httpx.Client(base_url=server.url, headers=headers, transport=patient) as client,
    ):
        for _ in range(5):
            answer = client.post("/graphql", json={"query": "{ viewer { username } users { totalCount } }"})
            assert answer.status_code == 200
            data = answer.json()["data"]
            assert data["viewer"] == {"username": "demo"}
            assert data["users"]["totalCount"] > 1000


def test_a_port_in_use(demo_urls: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with (
            pytest.raises(AssertionError, match="address already in use") as failure,
            running_server({"LYCEUM_DATABASE_URL": demo_urls["sqlite"]}, "--port", str(port)),
        ):
            pass
    assert "Traceback" not in str(failure.value)
