"""The administration pages in a browser with the network cut off: the tasks of Enrollment contract 3.5."""

import datetime as dt
import json
import subprocess
from pathlib import Path

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import element_to_be_clickable
from selenium.webdriver.support.wait import WebDriverWait

from app.demo.credentials import DEMO
from tests.browser.logs import console, origins_asked
from tests.browser.pages import Pages
from tests.servers import LiveServer

PASSWORD = "correct horse battery staple"


def curl(*words: str) -> object:
    """What `curl` is answered, which is JSON."""
    done = subprocess.run(["curl", "-s", *words], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_the_tasks_then_a_token_with_what_they_showed(
    browser: Chrome, server: LiveServer, tmp_path: Path
) -> None:
    pages = Pages(browser, server.url)
    pages.open("/admin/auth/user/")
    pages.arrive("/admin/login")
    pages.fill(username=DEMO.username, password=DEMO.password)
    pages.click("#log-in")
    pages.arrive("/admin/user/list")
    assert "2,001 in all" in pages.text()

    pages.click("#new")
    pages.fill(username="grace", email="grace@example.org", password=PASSWORD, repeated=PASSWORD)
    pages.click("[name=staff]")
    pages.click("#save")
    pages.arrive("/admin/user/list")
    assert pages.text("tbody a") == "grace"
    pages.click("tbody a")
    pages.click("#password")
    pages.fill(password="another password", repeated="another password")
    pages.click("#save")
    pages.arrive("/admin/user/list")

    pages.open("/admin/oauth2/client")
    pages.click("#new")
    pages.fill(name="Reports", username="grace", client_id="reports")
    pages.click("#save")
    first = pages.secret()
    pages.click("tbody a")
    pages.click("#rotate")
    pages.click("#rotate-now")
    secret = pages.secret()
    assert secret != first

    end = dt.datetime.now(dt.UTC) + dt.timedelta(days=400)
    pages.open("/admin/oauth2/accesstoken/add/")
    pages.fill(username="grace", expires=f"{end:%Y-%m-%d %H:%M}")
    pages.click("[name=client_id] option[value=reports]")
    pages.click("#save")
    token = pages.secret()
    assert f"{end:%Y-%m-%d}" in pages.text("tbody tr")
    assert browser.save_screenshot(tmp_path / "tokens.png")

    query = (
        *("-X", "POST", f"{server.url}/graphql", "-H", "Content-Type: application/json"),
        *("-d", '{"query": "{ viewer { username } }"}', "-H"),
    )
    seen = {"data": {"viewer": {"username": "grace"}}}
    answer = curl(*query, f"Authorization: Bearer {token}")
    assert isinstance(answer, dict) and answer["data"] == seen["data"]
    form = f"grant_type=client_credentials&client_id=reports&client_secret={secret}"
    given = curl("-d", form, f"{server.url}/oauth2/access_token/")
    assert isinstance(given, dict)
    answer = curl(*query, f"Authorization: Bearer {given['access_token']}")
    assert isinstance(answer, dict) and answer["data"] == seen["data"]

    pages.open("/admin/audit-entry/list")
    log = pages.text("tbody")
    for act in (
        "user.log_in",
        "user.create",
        "user.set_password",
        "client.create",
        "client.rotate",
        "token.create",
    ):
        assert act in log
    pages.click("#log-out")
    pages.arrive("/admin/login")
    assert console(browser) == []
    assert origins_asked(browser) == {server.url}


def test_what_cannot_be_is_said_at_its_field(browser: Chrome, server: LiveServer) -> None:
    pages = Pages(browser, server.url)
    pages.open("/admin/oauth2/accesstoken/add/")
    pages.fill(username=DEMO.username, password=DEMO.password)
    pages.click("#log-in")
    pages.arrive("/admin/access-token/create")
    pages.fill(username="nobody", expires="2020-01-31 12:00:00")
    pages.click("#save")
    WebDriverWait(browser, 20).until(element_to_be_clickable((By.CSS_SELECTOR, "[name=expires].is-invalid")))
    assert pages.text(".invalid-feedback") == "the end is in the past"
