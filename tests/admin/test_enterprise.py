"""Enterprise customers, catalogs, learners and roles in the pages."""

import html
import json
import re
from typing import Any

import pytest

from app.db.engine import Database
from app.db.models import (
    CatalogItem,
    CatalogQuery,
    CatalogRemoval,
    Course,
    EnterpriseCatalog,
    EnterpriseCustomer,
    EnterpriseLearner,
    RoleAssignment,
    now,
)
from tests.admin.clients import Browser, audit_log, rows
from tests.admin.conftest import RUN

CUSTOMER = {"name": "Acme", "slug": "acme", "consent_policy": "at_enrollment"}
COURSE = "C+1"


async def acts(database: Database) -> list[tuple[str, str, dict[str, Any]]]:
    """Action, subject and detail of what the superuser did after the log-in."""
    return [entry[1:] for entry in await audit_log(database) if entry[1] != "user.log_in"]


@pytest.fixture
async def acme(browser: Browser) -> Browser:
    """A browser, with a customer who has a catalog."""
    await browser.done("/admin/enterprise-customer/create", **CUSTOMER)
    await browser.done("/admin/enterprise-catalog/create", customer="1", title="List")
    return browser


async def test_a_customer_is_made_and_changed(browser: Browser, database: Database) -> None:
    await browser.done("/admin/enterprise-customer/create", **CUSTOMER, site_id="3")
    page = await browser.open("/admin/enterprise-customer/list?search=acm")
    assert "Acme" in page and "1 in all" in page
    path = "/admin/enterprise-customer/edit/1"
    assert 'value="acme"' in await browser.open(path)
    form = CUSTOMER | {"version": version(await browser.open(path)), "site_id": "3"}
    await browser.done(path, **form)
    changes = {"name": "Ácme", "site_id": "", "consent_policy": "externally_managed"}
    await browser.done(path, **form | changes, reports_audit_data="y")
    (customer,) = await rows(database, EnterpriseCustomer)
    assert (customer.name, customer.site_id, customer.reports_audit_data) == ("Ácme", None, True)
    stale = await browser.send(path, **form)
    assert (stale.status_code, "Somebody changed this meanwhile" in stale.text) == (400, True)
    assert [act[0] for act in await acts(database)] == ["customer.create", "customer.update"]
    assert (await acts(database))[1] == (
        *("customer.update", "acme"),
        changes | {"site_id": None, "reports_audit_data": True},
    )


def version(page: str) -> str:
    """The version of a row that a form is of."""
    (found,) = re.findall(r'name="version" type="hidden" value="(\w{64})"', page)
    return str(found)


@pytest.mark.parametrize(
    ("path", "form", "said"),
    [
        ("customer", {}, {"name": "This field is needed.", "slug": "This field is needed."}),
        ("customer", {"name": "B", "slug": "B b"}, {"slug": "a slug has 1 to 255 small letters and digits"}),
        ("customer", {"name": "B", "slug": "b", "site_id": "x"}, {"site_id": "Not a valid integer value."}),
        ("customer", {"name": "B", "slug": "b", "site_id": "0"}, {"site_id": "a site has a number from 1"}),
        ("customer", {"name": "B", "slug": "acme"}, {"slug": "another customer has this slug"}),
        ("catalog", {"title": "X"}, {"customer": "This field is needed."}),
        ("catalog", {"title": "X", "customer": "9"}, {"customer": "Not a valid choice."}),
        ("catalog", {"content_filter": "{"}, {"content_filter": "This is not JSON: "}),
        ("catalog", {"content_filter": "[]"}, {"content_filter": "a filter is a JSON object"}),
        (
            "catalog",
            {"content_filter": '{"title": "x"}'},
            {"content_filter": "there is no member 'title', only"},
        ),
        (
            "catalog",
            {"content_filter": '{"content_type": "pathway"}'},
            {"content_filter": "content_type 'pathway' is none of course, courserun, program"},
        ),
        (
            "catalog",
            {"content_filter": '{"levels": 5}'},
            {"content_filter": "levels is a text, or a list of"},
        ),
        ("catalog", {"query_title": "x"}, {"content_filter": "a query has a filter"}),
        ("learner", {"username": "nobody"}, {"username": "there is no user nobody"}),
        ("learner", {"username": "ada", "customer": ""}, {"customer": "This field is needed."}),
        ("role", {"username": "nobody"}, {"username": "there is no user nobody"}),
        ("role", {"username": "ada", "role": "king"}, {"role": "Not a valid choice."}),
        ("role", {"username": "ada", "customer": ""}, {"customer": "This field is needed."}),
    ],
)
async def test_what_cannot_be_is_said_at_its_field(
    acme: Browser, database: Database, path: str, form: dict[str, str], said: dict[str, str]
) -> None:
    before = await acts(database)
    page, given = {
        "customer": ("enterprise-customer", {"consent_policy": "at_enrollment"}),
        "catalog": ("enterprise-catalog", {"title": "X"} | ({} if "title" in form else {"customer": "1"})),
        "learner": ("enterprise-learner", {"customer": "1"}),
        "role": ("role-assignment", {"customer": "1", "role": "enterprise_admin"}),
    }[path]
    refused = await acme.refusals(f"/admin/{page}/create", **given | form)
    assert refused.keys() == said.keys()
    for name, text in said.items():
        assert refused[name].startswith(text)
    assert await acts(database) == before


async def test_content_is_added_and_removed(acme: Browser, database: Database) -> None:
    path = "/admin/enterprise-catalog/items/1"
    assert "There is nothing here." in await acme.open(path)
    response = await acme.send(path, keys=f" {RUN}\r\n\r\n{COURSE}\r\n")
    assert (response.status_code, response.headers["location"]) == (303, f"http://lyceum.test{path}")
    page = await acme.open(path)
    assert re.findall(r'name="keys" value="([^"]+)"', page) == [RUN, COURSE]
    assert "2 in all" in page and "course run" in page
    assert await acme.refusals(path, keys=f"{COURSE}\nC+9") == {"": "there is no content C+9"}
    assert await acme.refusals(path, keys="C\0") == {"": "a key has printable characters only"}
    assert (await acme.send("/admin/enterprise-catalog/remove/1", keys="C\0")).status_code == 400
    assert await acme.refusals(path, keys=" ") == {"keys": "This field is needed."}
    response = await acme.send("/admin/enterprise-catalog/remove/1", keys=[RUN, "C+9"])
    assert (response.status_code, response.headers["location"]) == (303, f"http://lyceum.test{path}")
    assert [row.key for row in await rows(database, CatalogItem)] == [COURSE]
    assert [row.key for row in await rows(database, CatalogRemoval)] == [RUN]
    await acme.done("/admin/enterprise-catalog/remove/1")
    assert [act[2] for act in (await acts(database))[2:]] == [{"added": [RUN, COURSE]}, {"removed": [RUN]}]


async def test_content_is_shown_in_pages(acme: Browser, database: Database) -> None:
    async with database.session() as session:
        courses = [Course(key=f"D+{number:03}") for number in range(101)]
        session.add_all(courses)
        await session.flush()
        session.add_all(
            CatalogItem(catalog_id=1, course_id=course.id, key=course.key, added_at=now())
            for course in courses
        )
    path = "/admin/enterprise-catalog/items/1"
    keys = []
    for number in ("", "2", "3"):
        page = await acme.open(f"{path}?page={number}")
        assert f"{number or 1} of 3" in page and "101 in all" in page
        keys += re.findall(r'name="keys" value="([^"]+)"', page)
    assert keys == [course.key for course in courses]
    for number, shown in (("0", 1), ("99999999999999999999", 1), ("x", 1), ("-1", 1), ("4", 3)):
        assert f"{shown} of 3" in await acme.open(f"{path}?page={number}")


async def test_a_query_fills_a_catalog(acme: Browser, database: Database) -> None:
    path = "/admin/enterprise-catalog/edit/1"
    content_filter = {"content_type": "course", "keys": [COURSE, "C+9"]}
    form = {"title": "Found", "query_title": "C", "content_filter": json.dumps(content_filter)}
    await acme.done(path, **form, version=version(await acme.open(path)))
    assert [row.key for row in await rows(database, CatalogItem)] == [COURSE]
    (query,) = await rows(database, CatalogQuery)
    assert (query.title, query.content_filter) == ("C", content_filter)
    for page in ("details", "edit"):
        assert '"keys": ["C+1", "C+9"]' in html.unescape(
            await acme.open(f"/admin/enterprise-catalog/{page}/1")
        )
    items = await acme.open("/admin/enterprise-catalog/items/1")
    assert COURSE in items and "filled by the query" in items and "checkbox" not in items
    assert (await acme.send("/admin/enterprise-catalog/items/1", keys=RUN)).status_code == 400
    assert (await acme.send("/admin/enterprise-catalog/remove/1", keys=COURSE)).status_code == 400

    async with database.begin() as connection:
        await connection.exec_driver_sql("UPDATE course_run SET status = 'unpublished'")
    assert 'id="refresh"' in await acme.open("/admin/enterprise-catalog/details/1")
    await acme.done("/admin/enterprise-catalog/refresh/1")
    assert await rows(database, CatalogItem) == []
    await acme.done(path, **form | {"content_filter": ""}, version=version(await acme.open(path)))
    assert await rows(database, CatalogQuery) == []
    assert 'id="refresh"' not in await acme.open("/admin/enterprise-catalog/details/1")
    refused = await acme.send("/admin/enterprise-catalog/refresh/1")
    assert (refused.status_code, "fixed list" in refused.text) == (400, True)
    assert [act[0] for act in (await acts(database))[2:]] == [
        *("catalog.update", "catalog.refresh", "catalog.update")
    ]


async def test_a_catalog_is_deleted(acme: Browser, database: Database) -> None:
    await acme.done("/admin/enterprise-catalog/items/1", keys=COURSE)
    (catalog,) = await rows(database, EnterpriseCatalog)
    await acme.done("/admin/enterprise-catalog/delete/1")
    assert await rows(database, EnterpriseCatalog) == await rows(database, CatalogItem) == []
    detail = {"title": "List", "customer": "acme"}
    assert (await acts(database))[-1] == ("catalog.delete", str(catalog.uuid), detail)
    for method, page in (("get", "items"), ("post", "items"), ("post", "delete"), ("post", "remove")):
        path = f"/admin/enterprise-catalog/{page}/1"
        response = await (acme.http.get(path) if method == "get" else acme.send(path, keys="x"))
        assert response.status_code == 404, (method, page)


async def test_learners_are_linked_and_unlinked(acme: Browser, database: Database) -> None:
    form = {"username": "ada", "customer": "1"}
    await acme.done("/admin/enterprise-learner/create", **form)
    assert await acme.refusals("/admin/enterprise-learner/create", **form) == {
        "username": "ada is a learner of this customer already"
    }
    page = await acme.open("/admin/enterprise-learner/list?search=ada%40")
    assert "Acme" in page and "1 in all" in page
    for path, button, linked in (("unlink", "link", False), ("link", "unlink", True)):
        await acme.done(f"/admin/enterprise-learner/{path}/1")
        assert [row.linked for row in await rows(database, EnterpriseLearner)] == [linked]
        page = await acme.open("/admin/enterprise-learner/details/1")
        assert re.findall(r'id="((?:un)?link)"', page) == [button]
    assert [act for act in await acts(database) if act[1] == "ada"] == [
        (f"learner.{verb}", "ada", {"customer": "acme"}) for verb in ("link", "unlink", "link")
    ]


async def test_roles_are_given_and_taken_away(acme: Browser, database: Database) -> None:
    form = {"username": "ada", "role": "enterprise_admin"}
    for customer in ("1", "*"):
        await acme.done("/admin/role-assignment/create", **form, customer=customer)
        assert await acme.refusals("/admin/role-assignment/create", **form, customer=customer) == {
            "username": "ada has this role there already"
        }
    page = await acme.open("/admin/role-assignment/list?search=ada")
    assert "all customers" in page and "Acme" in page and "enterprise_admin" in page
    assert "all customers" in await acme.open("/admin/role-assignment/details/2")
    await acme.done("/admin/role-assignment/revoke/2")
    assert [row.customer_id for row in await rows(database, RoleAssignment)] == [1]
    assert [act for act in await acts(database) if act[1] == "ada"] == [
        (f"role.{verb}", "ada", {"role": "enterprise_admin", "customer": place})
        for verb, place in (("assign", "acme"), ("assign", "*"), ("revoke", "*"))
    ]
