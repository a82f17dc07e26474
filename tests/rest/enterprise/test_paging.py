"""Pages by number (Enterprise contract 5 and 13)."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.databases import DIALECTS, Databases
from tests.rest.enterprise.clients import ROOT, Enterprise, enterprise_of
from tests.rest.enterprise.world import CATALOG, EMPTY, add, add_course, add_customers, add_items, uuid_of

MANY = 45
INVALID = {"detail": "Invalid page."}


@pytest.fixture(scope="module", params=DIALECTS)
async def many(request: pytest.FixtureRequest, databases: Databases) -> Any:
    """An application with a catalog of many courses, each with a run."""
    from app.db.models import EnterpriseCatalog

    database = await databases.empty(request.param)
    customers = await add_customers(database)
    catalog = EnterpriseCatalog(uuid=uuid_of("catalog"), customer_id=customers["accents"].id)
    empty = EnterpriseCatalog(uuid=uuid_of("empty"), customer_id=customers["accents"].id)
    await add(database, catalog, empty)
    # Keys in another order than additions.
    keys = [f"X+{number * 7 % MANY:02}" for number in range(MANY)]
    courses = [(await add_course(database, key, {"key": f"course-v1:{key}+R"}))[0] for key in keys]
    await add_items(database, catalog, *courses)
    async with enterprise_of(database) as api:
        yield api, keys


def keys_of(page: Any) -> list[str]:
    """The keys of a page's results."""
    return [item["key"] for item in page["results"]]


@pytest.mark.parametrize(
    ("query", "size"),
    [
        ("", 20),
        ("limit=1", 1),
        ("limit=20", 20),
        ("limit=250", MANY),
        ("limit=1000", MANY),
        ("limit=1001", MANY),
        ("limit=99999999999999999999", MANY),
        ("limit=0", 20),
        ("limit=-1", 20),
        ("limit=x", 20),
        ("limit=2.5", 20),
        ("limit=", 20),
        ("limit=\u0664", 20),
        ("page_size=3", 3),
        ("page_size=x", 20),
        ("page_size=3&limit=4", 4),
        ("page_size=3&limit=x", 20),
    ],
)
async def test_13_05_the_size_of_a_page(many: tuple[Enterprise, list[str]], query: str, size: int) -> None:
    api, keys = many
    page = await api.get(f"{CATALOG}?{query}")
    assert keys_of(page) == keys[:size]
    assert page["count"] == MANY
    assert page["previous"] is None
    assert (page["next"] is None) is (size >= MANY)


@pytest.mark.parametrize(
    ("page", "first", "last"), [("1", 0, 20), ("2", 20, 40), ("3", 40, 45), ("03", 40, 45), ("last", 40, 45)]
)
async def test_13_05_pages_that_are_there(
    many: tuple[Enterprise, list[str]], page: str, first: int, last: int
) -> None:
    api, keys = many
    assert keys_of(await api.get(f"{CATALOG}?page={page}")) == keys[first:last]
    # Where the last page is full, too.
    assert keys_of(await api.get(f"{CATALOG}?page=last&limit=15")) == keys[30:]


@pytest.mark.parametrize("page", ["0", "-1", "x", "1.5", "4", "Last", "99999999999", "\u0661"])
async def test_13_05_pages_that_are_not(many: tuple[Enterprise, list[str]], page: str) -> None:
    api, _ = many
    for path in (CATALOG, ROOT):
        response = await api.ask(f"{path}?page={page}")
        assert (response.status_code, response.json()) == (404, INVALID)


async def test_13_05_an_empty_list_has_a_first_page(many: tuple[Enterprise, list[str]]) -> None:
    api, _ = many
    for page in ("1", "last"):
        found = await api.get(f"{EMPTY}?page={page}")
        assert (found["count"], found["next"], found["previous"], found["results"]) == (0, None, None, [])
    assert (await api.ask(f"{EMPTY}?page=2")).json() == INVALID


@pytest.mark.parametrize(("parameter", "limit"), [("limit", 1), ("limit", 20), ("page_size", 7)])
async def test_13_05_a_walk_by_next_sees_each_item_once(
    many: tuple[Enterprise, list[str]], parameter: str, limit: int
) -> None:
    api, keys = many
    seen, address = [], f"http://lyceum.test{ROOT}/{CATALOG}?{parameter}={limit}"
    before = None
    while address:
        page = await api.get(address.removeprefix("http://lyceum.test"))
        seen += keys_of(page)
        assert page["previous"] == before
        # The first page has no number.
        before, address = address, page["next"]
    assert seen == keys


async def test_13_05_links_keep_other_parameters_in_order(many: tuple[Enterprise, list[str]]) -> None:
    api, _ = many
    page = await api.get(f"{CATALOG}?z=1&page_size=2&page=2&a=%26b+c&z=0")
    address = f"http://lyceum.test{ROOT}/{CATALOG}"
    assert page["next"] == f"{address}?a=%26b+c&page=3&page_size=2&z=1&z=0"
    assert page["previous"] == f"{address}?a=%26b+c&page_size=2&z=1&z=0"
    second = await api.get(f"{CATALOG}/?page=2")
    assert (second["previous"], second["next"]) == (f"{address}/", f"{address}/?page=3")


async def test_13_05_links_name_the_server_as_it_is_reached(many: tuple[Enterprise, list[str]]) -> None:
    api, _ = many
    forwarded = await api.ask(CATALOG, headers={"host": "api.example:81"})
    assert forwarded.json()["next"] == f"http://api.example:81{ROOT}/{CATALOG}?page=2"
    async with enterprise_of(api.database, public_url="https://api.example/") as behind:
        found = await behind.get(CATALOG)
        assert found["next"] == f"https://api.example{ROOT}/{CATALOG}?page=2"


async def test_13_05_xml_links_are_the_same(many: tuple[Enterprise, list[str]]) -> None:
    api, _ = many
    response = await api.ask(f"{CATALOG}?limit=2&page=2", accept=None)
    assert f"<next>http://lyceum.test{ROOT}/{CATALOG}?limit=2&amp;page=3</next>" in response.text


async def test_13_05_the_list_of_catalogs_is_paged_alike(api: Enterprise) -> None:
    seen, address = [], f"{ROOT}?limit=1"
    while address:
        page = await api.get(address)
        assert page["count"] == 4
        seen += [catalog["uuid"] for catalog in page["results"]]
        parts = urlsplit(page["next"] or "")
        assert not page["next"] or parse_qs(parts.query)["limit"] == ["1"]
        address = page["next"] and f"{parts.path}?{parts.query}"
    whole = await api.get(ROOT)
    assert seen == [catalog["uuid"] for catalog in whole["results"]]
    assert (await api.get(f"{ROOT}?limit=1&page=last"))["results"] == whole["results"][-1:]
