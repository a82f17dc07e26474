"""Generated mutations never break the server, and both databases answer them alike."""

from collections.abc import Iterator
from typing import Any

import pytest
from schemathesis import GenerationMode

from app.db.engine import Database
from schema.build import SCHEMA
from tests.databases import Databases
from tests.graphql.clients import add_user
from tests.graphql.test_schemathesis import Servers, check_field, serving

FIELDS = SCHEMA._schema.type_map["Mutation"].fields  # type: ignore[attr-defined]
KEYS = ["root-key-0123456789", "nobody-key-0123456789"]
"""Of users whom no change is made to, so that they can go on."""


@pytest.fixture(scope="module")
async def urls(demo_urls: dict[str, str], databases: Databases) -> dict[str, str]:
    """Copies of the demo data, with users who may make changes to them."""
    urls = {dialect: await databases.copy_url(url) for dialect, url in demo_urls.items()}
    for url in urls.values():
        database = Database(url)
        await add_user(database, "root", KEYS[0], is_superuser=True)
        await add_user(database, "nobody", KEYS[1])
        await database.dispose()
    return urls


@pytest.fixture(scope="module")
def servers(urls: dict[str, str]) -> Iterator[Servers]:
    with serving(urls) as servers:
        yield servers


def outline(value: Any) -> Any:
    """Which members an answer has: instants and secrets differ."""
    if isinstance(value, dict):
        return {name: outline(item) for name, item in value.items()}
    return [outline(item) for item in value] if isinstance(value, list) else type(value)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize("field", FIELDS)
def test_mutations(servers: Servers, field: str, mode: GenerationMode) -> None:
    number = 12 if mode is GenerationMode.POSITIVE else 5
    check_field(servers, field, mode, number, root="Mutation", keys=KEYS, same=outline)
