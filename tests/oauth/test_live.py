"""The seed's own way to a token, against a server that runs."""

import json
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.databases import DIALECTS, Databases
from tests.servers import running_server

README = (Path(__file__).parents[2] / "README.md").read_text()
SEED = (
    'curl -X POST -d "client_id=<client_id>&client_secret=<client_secret>&grant_type=password'
    '&username=<username>&password=<password>" <lms_base_url>/oauth2/access_token/'
)
GIVEN = {
    "<client_id>": "demo-client",
    "<client_secret>": "demo-secret",
    "<username>": "demo",
    "<password>": "demo-password",
}


def run(command: str) -> str:
    """What a command prints."""
    return subprocess.run(shlex.split(command), capture_output=True, check=True, text=True).stdout


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_12_the_curl_line_of_the_seed_gets_a_token(
    dialect: str, demo_urls: dict[str, str], databases: Databases
) -> None:
    with running_server({"LYCEUM_DATABASE_URL": await databases.copy_url(demo_urls[dialect])}) as server:
        command = SEED.replace("<lms_base_url>", server.url)
        for name, value in GIVEN.items():
            command = command.replace(name, value)
        assert command.replace(server.url, "http://127.0.0.1:8000") in README
        answer = json.loads(run(command))
        assert answer | {"access_token": ""} == {
            "access_token": "",
            "token_type": "Bearer",
            "expires_in": 2_591_999,
            "scope": "",
        }
        asked = run(
            f"curl -s {server.url}/graphql -H 'Authorization: Bearer {answer['access_token']}'"
            """ -H 'Content-Type: application/json' -d '{"query": "{ viewer { username } }"}'"""
        )
        assert json.loads(asked)["data"] == {"viewer": {"username": "demo"}}
