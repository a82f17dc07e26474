"""`lyceum enterprise` and `lyceum catalog`: customers, learners, roles, and catalogs that queries fill."""

import json
from uuid import UUID

import pytest
from sqlalchemy import select

from app.cli.common import with_database
from app.db.engine import Database
from app.db.models import CatalogQuery
from tests.cli.conftest import Lyceum, contents
from tests.databases import DIALECTS, Databases

GIVEN = "58152f7f-6d0e-41cf-862d-0a27c6fad72c"
ADMIN = "enterprise_admin"


@pytest.fixture
def acme(lyceum: Lyceum, url: str) -> None:
    """A customer and a user."""
    assert lyceum("enterprise", "customer", "create", "acme", "Acme", "--uuid", GIVEN).out == f"{GIVEN}\n"
    lyceum("user", "create", "ada", "")


def entries() -> list[tuple[object, ...]]:
    return [entry[2:] for entry in contents()["audit_entry"] if entry[3] != "user.create"]


def test_customers(lyceum: Lyceum, acme: None) -> None:
    ended = lyceum(
        *("enterprise", "customer", "create", "other", "Other", "--site-id", "3", "--report-audit"),
        *("--consent-policy", "externally_managed"),
    )
    assert ended.code == 0
    row = contents()["enterprise_customer"][1]
    assert row[1:7] == (UUID(ended.out.strip()), "Other", "other", 3, "externally_managed", True)
    again = lyceum("enterprise", "customer", "create", "acme", "Acme")
    assert again.refusal == "another customer has this slug"
    assert [entry[1:3] for entry in entries()] == [("customer.create", name) for name in ("acme", "other")]


def test_learners_come_and_go(lyceum: Lyceum, acme: None) -> None:
    for verb, said in (
        ("unlink", "was not"),
        ("link", "is now"),
        ("link", "was already"),
        ("unlink", "is no longer"),
    ):
        ended = lyceum("enterprise", "learner", verb, "acme", "ada")
        assert (ended.code, ended.out) == (0, f"ada {said} a learner of acme.\n")
    assert [row[3] for row in contents()["enterprise_learner"]] == [False]
    acts = [("command line", f"learner.{verb}", "ada", {"customer": "acme"}) for verb in ("link", "unlink")]
    assert entries()[1:] == acts
    assert lyceum("enterprise", "learner", "link", "acme", "bob").refusal == "there is no user bob"
    assert lyceum("enterprise", "learner", "link", "none", "ada").refusal == "there is no customer none"


def test_roles_come_and_go(lyceum: Lyceum, acme: None) -> None:
    for place, name in ((["--customer", "acme"], "acme"), (["--everywhere"], "all customers")):
        for verb, said in (("assign", "has now"), ("assign", "had already")):
            ended = lyceum("enterprise", "role", verb, "ada", ADMIN, *place)
            assert (ended.code, ended.out) == (0, f"ada {said} the role {ADMIN} at {name}.\n")
    assert json.loads(lyceum("enterprise", "role", "list").out) == [
        {"user": "ada", "role": ADMIN, "customer": place} for place in ("acme", "*")
    ]
    for said in ("has no longer", "had not"):
        ended = lyceum("enterprise", "role", "revoke", "ada", ADMIN, "--customer", "acme")
        assert (ended.code, ended.out) == (0, f"ada {said} the role {ADMIN} at acme.\n")
    assert [row["customer"] for row in json.loads(lyceum("enterprise", "role", "list").out)] == ["*"]
    assert [entry[1:] for entry in entries()[1:]] == [
        (f"role.{verb}", "ada", {"role": ADMIN, "customer": place})
        for verb, place in (("assign", "acme"), ("assign", "*"), ("revoke", "acme"))
    ]


def test_a_role_is_for_a_place_that_is_named(lyceum: Lyceum, acme: None) -> None:
    for verb in ("assign", "revoke"):
        assert lyceum("enterprise", "role", verb, "ada", ADMIN).code == 2
        assert (
            lyceum("enterprise", "role", verb, "ada", ADMIN, "--everywhere", "--customer", "acme").code == 2
        )
        assert lyceum("enterprise", "role", verb, "ada", "king", "--everywhere").code == 2


@pytest.fixture(params=DIALECTS)
async def demo_url(
    request: pytest.FixtureRequest,
    demo_urls: dict[str, str],
    databases: Databases,
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    """The URL of a copy of the demo data, which the program uses."""
    url = await databases.copy_url(demo_urls[request.param])
    monkeypatch.setenv("LYCEUM_DATABASE_URL", url)
    return url


def test_catalogs_are_refreshed(lyceum: Lyceum, demo_url: str) -> None:
    """The demo's query finds what the demo's catalog holds, but for a draft; another finds something else."""
    ended = lyceum("catalog", "refresh")
    uuid, _, said = ended.out.removeprefix("Catalog ").partition(": ")
    assert (ended.code, said) == (0, "0 added, 1 removed, 4 there already.\n")
    assert [row[3] for row in contents()["catalog_removal"]] == ["UniversityX+PHIL50x"]
    before = contents()
    assert lyceum("catalog", "refresh").out == f"Catalog {uuid}: 0 added, 0 removed, 4 there already.\n"
    assert contents() == before

    async def change(database: Database) -> None:
        async with database.session() as session:
            (query,) = await session.scalars(select(CatalogQuery))
            query.content_filter = {"content_type": "program"}

    with_database(change)
    ended = lyceum("catalog", "refresh", "--catalog", uuid)
    assert ended.out == f"Catalog {uuid}: 3 added, 4 removed, 0 there already.\n"
    assert "Refreshing catalogs" in ended.err
    acts = [("command line", "catalog.refresh", uuid)] * 2
    assert [entry[:3] for entry in entries()] == acts


def test_catalogs_that_cannot_be_refreshed(lyceum: Lyceum, demo_url: str) -> None:
    listed = "0e871df0-6e43-4cfc-92cc-357ebf1fda75"
    for uuid, refusal in (
        (GIVEN, f"there is no catalog {GIVEN}"),
        (listed, "this catalog is a fixed list: it has no query"),
    ):
        ended = lyceum("catalog", "refresh", "--catalog", uuid)
        assert (ended.code, ended.out) == (1, "")
        assert ended.err.endswith(f"lyceum: {refusal}\n")


def test_there_may_be_nothing_to_refresh(lyceum: Lyceum, url: str) -> None:
    assert lyceum("catalog", "refresh").out == "No catalog has a query.\n"
