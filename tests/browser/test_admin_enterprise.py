"""Enterprise customers in a browser: one gets a catalog with content, and a learner, who then reads it."""

from pathlib import Path

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from app.demo.credentials import DEMO, LEARNER
from tests.browser.logs import console, origins_asked
from tests.browser.pages import Pages
from tests.browser.test_admin import curl
from tests.servers import LiveServer

RUN = "course-v1:edX+DemoX+Demo_Course"


def test_a_customer_gets_a_catalog_and_a_learner(browser: Chrome, server: LiveServer, tmp_path: Path) -> None:
    pages = Pages(browser, server.url)
    pages.open("/admin/enterprise-customer/create")
    pages.fill(username=DEMO.username, password=DEMO.password)
    pages.click("#log-in")
    pages.arrive("/admin/enterprise-customer/create")
    pages.fill(name="Acme", slug="acme")
    pages.click("#save")
    pages.arrive("/admin/enterprise-customer/list")
    assert pages.text("tbody a") == "Acme"

    pages.open("/admin/enterprise-catalog/create")
    pages.fill(title="For Acme")
    browser.find_element(By.XPATH, "//option[contains(., '(acme)')]").click()
    pages.click("#save")
    pages.arrive("/admin/enterprise-catalog/list")
    pages.click("tbody a")
    pages.click("#items")
    pages.fill(keys=f"edX+DemoX\n{RUN}\nedX+Nothing")
    pages.click("#add")
    assert pages.text("[role=alert]") == "there is no content edX+Nothing"
    pages.fill(keys=f"edX+DemoX\n{RUN}")
    pages.click("#add")
    pages.click("[name=keys][value='edX+DemoX']")
    assert browser.save_screenshot(tmp_path / "items.png")
    pages.click("#remove")
    pages.wait_for_text("1 in all")
    assert RUN in pages.text("tbody")

    pages.open("/admin/enterprise-learner/create")
    pages.fill(username=LEARNER.username)
    browser.find_element(By.XPATH, "//option[contains(., '(acme)')]").click()
    pages.click("#save")
    pages.arrive("/admin/enterprise-learner/list")
    query = '{"query": "{ enterpriseCatalogs(where: {title: {eq: \\"For Acme\\"}}) { nodes { runs { nodes { key } } } } }"}'
    answer = curl(
        *("-X", "POST", f"{server.url}/graphql", "-H", "Content-Type: application/json", "-d", query),
        *("-H", f"Authorization: Token {LEARNER.api_key}"),
    )
    assert isinstance(answer, dict)
    assert answer["data"] == {"enterpriseCatalogs": {"nodes": [{"runs": {"nodes": [{"key": RUN}]}}]}}

    pages.open("/admin/audit-entry/list")
    log = pages.text("tbody")
    for act in ("customer.create", "catalog.create", "catalog.change_items", "learner.link"):
        assert act in log
    # What was refused is an error there too.
    assert [line for line in console(browser) if "400 (Bad Request)" not in line] == []
    assert origins_asked(browser) == {server.url}
