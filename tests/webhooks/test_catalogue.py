"""The catalogue of events: what is served of it, in three forms that agree."""

import json
from collections.abc import AsyncIterator
from typing import Any

import jsonschema_rs
import pytest

from app.db.clock import now
from app.vocabulary import SignatureKind, WebhookEvent
from app.webhooks.catalogue import CATALOGUE
from app.webhooks.keys import Key, signed_headers
from tests.databases import Databases
from tests.graphql.clients import Client, client_of
from tests.node import PROJECT


@pytest.fixture
async def client(databases: Databases) -> AsyncIterator[Client]:
    """What is served is of no database."""
    async with client_of(await databases.empty("sqlite")) as it:
        yield it


async def got(client: Client, path: str) -> Any:
    """What a path answers with, twice: the second time that it is the same as before."""
    response = await client.http.get(path)
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    again = await client.http.get(path, headers={"if-none-match": response.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    return response.json()


async def test_every_event_has_a_schema_at_its_address(client: Client) -> None:
    answer = await client.ask("{ webhookEvents { type description schema } }")
    entries = {it["type"]: it for it in answer["webhookEvents"]}
    assert entries.keys() == {event.name for event in WebhookEvent}
    for event in WebhookEvent:
        schema = await got(client, f"/docs/events/{event}.json")
        assert entries[event.name]["schema"] == schema
        assert schema["$id"] == f"/docs/events/{event}.json"
        assert schema["description"] == entries[event.name]["description"]
        jsonschema_rs.meta.validate(schema)
        validator = jsonschema_rs.validator_for(schema)
        (example,) = schema["examples"]
        validator.validate(example)
        assert not validator.is_valid({**example, "More": 1})
    assert (await client.http.get("/docs/events/user.deleted.json")).status_code == 404


async def test_the_page_shows_every_event(client: Client) -> None:
    moved = await client.http.get("/docs/events")
    assert (moved.status_code, moved.headers["location"]) == (301, "/docs/events/")
    page = (await client.http.get("/docs/events/")).text
    for entry in CATALOGUE.values():
        assert f'<section id="{entry.type}">' in page
        assert f'href="/docs/events/{entry.type}.json"' in page
        assert entry.description in page
    assert "<code>Data.Course.ProviderId</code>" in page
    assert 'href="/asyncapi.json"' in page
    assert 'href="/docs/events/"' in (await client.http.get("/docs/")).text


@pytest.fixture(scope="session")
def official() -> Any:
    """Validates AsyncAPI documents as those do who write the specification."""
    path = PROJECT / "tests/node/node_modules/@asyncapi/specs/schemas/3.0.0.json"
    return jsonschema_rs.validator_for(json.loads(path.read_text()))


async def test_asyncapi_is_valid_and_says_the_same(client: Client, official: Any) -> None:
    document = await got(client, "/asyncapi.json")
    official.validate(document)
    messages = document["components"]["messages"]
    assert {it["name"] for it in messages.values()} == set(WebhookEvent)
    assert len(document["channels"]) == len(document["operations"]) == len(messages)
    for message in messages.values():
        entry = CATALOGUE[WebhookEvent(message["name"])]
        assert entry.schema.items() >= message["payload"].items()
        jsonschema_rs.Draft7Validator(message["payload"]).validate(message["examples"][0]["payload"])
    for place in references(document):
        found = document
        for name in place.removeprefix("#/").split("/"):
            found = found[name]


async def test_what_is_sent_has_the_headers_that_are_described(client: Client) -> None:
    messages = (await got(client, "/asyncapi.json"))["components"]["messages"]
    keys = [Key.new(kind) for kind in SignatureKind]
    for signing in (keys, keys[:1], keys[1:]):
        headers = signed_headers("msg_1", now(), "{}", signing)
        for message in messages.values():
            jsonschema_rs.Draft7Validator(message["headers"]).validate(headers)


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if "$ref" in value else []
        return own + [it for member in value.values() for it in references(member)]
    return [it for item in value for it in references(item)] if isinstance(value, list) else []
