"""What the README says is so: its documents, their answers, its settings and commands."""

import json
import re
from pathlib import Path
from textwrap import indent

import pytest
import typer
from graphql import parse, print_ast

from app.cli import app
from app.demo.credentials import DEMO
from app.rest.routes import ROUTES
from app.settings import Settings
from app.web.graphiql import FIRST_QUERY
from tests.databases import DIALECTS, Databases
from tests.graphql.clients import client_of

README = (Path(__file__).parents[1] / "README.md").read_text()
DOCUMENTS = re.findall(r"^```graphql\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
ANSWERS = re.findall(r"^```json\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def rows(first_cell: str) -> list[tuple[str, str]]:
    """The first two cells of the table rows whose first cell is like this."""
    return re.findall(rf"^\| `({first_cell})` \| (.*?) ?\|", README, re.MULTILINE)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_every_document_has_the_answer_that_is_shown(
    dialect: str, demo_urls: dict[str, str], databases: Databases
) -> None:
    assert DOCUMENTS
    async with client_of(await databases.copy_url(demo_urls[dialect])) as client:
        for document, answer in zip(DOCUMENTS, ANSWERS, strict=True):
            response = await client.post(document, key=DEMO.api_key)
            assert response.json() == json.loads(answer), document


def test_the_first_query_is_what_graphiql_opens_with_and_what_curl_sends() -> None:
    sent = re.search(r"-d '(.*)'", README)
    assert sent is not None
    first = print_ast(parse(FIRST_QUERY))
    assert print_ast(parse(DOCUMENTS[0])) == first
    assert print_ast(parse(json.loads(sent[1])["query"])) == first


def test_the_document_of_a_webhook_is_one_that_goes_on_working() -> None:
    document = (Path(__file__).parents[1] / "schema/documents/enrollment.graphql").read_text()
    assert indent(f"```text\n{document}```", "  ") in README


def test_every_setting_is_listed_with_its_default() -> None:
    assert rows("LYCEUM_[A-Z_]+") == [
        (f"LYCEUM_{name.upper()}", "" if field.default is None else f"`{field.default}`")
        for name, field in Settings.model_fields.items()
    ]


def test_every_command_is_listed() -> None:
    assert {name for name, _ in rows("lyceum [a-z -]+")} == set(
        commands(typer.main.get_command(app), "lyceum")
    )


def test_every_older_path_is_listed() -> None:
    assert rows(r"[A-Z]+ /(?!oauth2|\.well-known)[^`]+") == [
        (f"{route.method} {route.path}", route.summary) for route in ROUTES
    ]


def commands(command: object, path: str) -> list[str]:
    """The commands below a command, by the words that call them; hidden ones left out."""
    children = getattr(command, "commands", None)
    if children is None:
        return [path]
    return [
        leaf
        for name, child in children.items()
        if not child.hidden
        for leaf in commands(child, f"{path} {name}")
    ]
