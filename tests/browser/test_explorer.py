"""The explorer of the legacy paths in a browser with the network cut off."""

from pathlib import Path

import httpx
import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import (
    element_to_be_clickable,
    text_to_be_present_in_element,
    visibility_of_element_located,
)
from selenium.webdriver.support.wait import WebDriverWait

from app.demo.credentials import CLIENT, DEMO, LEARNER
from tests.browser.logs import console, origins_asked
from tests.servers import LiveServer

PATH = "/api/enrollment/v1/enrollment"
OPERATION = "#operations-Enrollment_API-get_api_enrollment_v1_enrollment"
SUMMARY = (By.CSS_SELECTOR, f"{OPERATION} .opblock-summary-control")
DOCUMENT = (By.CSS_SELECTOR, f"{OPERATION} .opblock-description pre")
TRY = (By.CSS_SELECTOR, f"{OPERATION} .try-out__btn")
EXECUTE = (By.CSS_SELECTOR, f"{OPERATION} .execute")
STATUS = (By.CSS_SELECTOR, f"{OPERATION} .live-responses-table .response .response-col_status")
ROWS = (By.CSS_SELECTOR, f"{OPERATION} .live-responses-table .response .highlight-code")
AUTHORIZE = (By.CSS_SELECTOR, ".auth-wrapper > .authorize")
DIALOG = (By.CSS_SELECTOR, ".modal-ux")
CLOSE = (By.CSS_SELECTOR, ".modal-ux .close-modal")


@pytest.fixture
def wait(browser: Chrome, live_server: LiveServer) -> WebDriverWait[Chrome]:
    """The explorer open, the description read; waits until something shows on the page."""
    browser.get(f"{live_server.url}/docs/")
    wait = WebDriverWait(browser, 20)
    wait.until(visibility_of_element_located(SUMMARY))
    return wait


@pytest.fixture
def runs(live_server: LiveServer) -> list[str]:
    """The runs that the demo's learner is enrolled in, asked without a browser."""
    headers = {"Authorization": f"Token {LEARNER.api_key}"}
    answer = httpx.get(f"{live_server.url}{PATH}", headers=headers)
    runs = [row["course_details"]["course_id"] for row in answer.json()]
    assert runs
    return runs


def fill(wait: WebDriverWait[Chrome], field: str, value: str) -> None:
    wait.until(element_to_be_clickable((By.CSS_SELECTOR, f".modal-ux {field}"))).send_keys(value)


def submit(wait: WebDriverWait[Chrome], form: str) -> None:
    """Send one of the forms of the dialog, and leave it."""
    button = (By.CSS_SELECTOR, f"{form} .authorize")
    wait.until(element_to_be_clickable(button)).click()
    wait.until(text_to_be_present_in_element(DIALOG, "Logout"))
    wait.until(element_to_be_clickable(CLOSE)).click()


def try_out(wait: WebDriverWait[Chrome]) -> None:
    wait.until(element_to_be_clickable(SUMMARY)).click()
    wait.until(element_to_be_clickable(TRY)).click()
    wait.until(element_to_be_clickable(EXECUTE)).click()


def test_every_path_is_listed(browser: Chrome, wait: WebDriverWait[Chrome], live_server: LiveServer) -> None:
    described = httpx.get(f"{live_server.url}/openapi.json").json()

    shown = browser.find_elements(By.CSS_SELECTOR, ".opblock-summary-path")
    assert {path.get_attribute("data-path") for path in shown} == set(described["paths"])
    assert browser.title == "Lyceum REST explorer"
    assert DEMO.api_key in browser.find_element(By.TAG_NAME, "body").text
    assert console(browser) == []


def test_a_key_opens_what_a_stranger_may_not_see(
    browser: Chrome, wait: WebDriverWait[Chrome], live_server: LiveServer, runs: list[str], tmp_path: Path
) -> None:
    wait.until(element_to_be_clickable(AUTHORIZE)).click()
    wait.until(visibility_of_element_located(DIALOG))
    fill(wait, "#auth-bearer-value", LEARNER.api_key)
    submit(wait, "form:has(#auth-bearer-value)")
    try_out(wait)

    wait.until(text_to_be_present_in_element(STATUS, "200"))
    wait.until(text_to_be_present_in_element(DOCUMENT, "query EnrollmentsOfUser"))
    for run in runs:
        wait.until(text_to_be_present_in_element(ROWS, run))
    assert browser.save_screenshot(tmp_path / "explorer.png")
    assert console(browser) == []
    assert origins_asked(browser) == {live_server.url}

    browser.get(f"{live_server.url}/docs")
    try_out(wait)
    wait.until(text_to_be_present_in_element(STATUS, "401"))


def test_who_is_logged_in_may_change_something(
    browser: Chrome, wait: WebDriverWait[Chrome], live_server: LiveServer
) -> None:
    browser.get(f"{live_server.url}/admin/login")
    for name, text in (("username", LEARNER.username), ("password", LEARNER.password)):
        browser.find_element(By.NAME, name).send_keys(text)
    browser.find_element(By.ID, "log-in").click()
    wait.until(lambda browser: browser.get_cookie("csrftoken"))
    browser.get(f"{live_server.url}/docs/")
    operation = f"{OPERATION.replace('-get_', '-post_')} "
    for button in (".opblock-summary-control", ".try-out__btn", ".execute"):
        wait.until(element_to_be_clickable((By.CSS_SELECTOR, operation + button))).click()
    status = (By.CSS_SELECTOR, f"{operation} .live-responses-table .response .response-col_status")
    shown = wait.until(visibility_of_element_located(status)).text
    # What is proposed is of no run, which is found out after the token was looked at.
    assert shown.startswith("400")


def test_a_password_is_exchanged_for_a_token(
    browser: Chrome, wait: WebDriverWait[Chrome], runs: list[str]
) -> None:
    wait.until(element_to_be_clickable(AUTHORIZE)).click()
    wait.until(visibility_of_element_located(DIALOG))
    fill(wait, "#oauth_username", LEARNER.username)
    fill(wait, "#oauth_password", LEARNER.password)
    fill(wait, "#client_id_password", CLIENT.client_id)
    fill(wait, "#client_secret_password", CLIENT.secret)
    submit(wait, ".auth-container:has(#oauth_username)")
    try_out(wait)

    wait.until(text_to_be_present_in_element(STATUS, "200"))
    wait.until(text_to_be_present_in_element(ROWS, runs[0]))
    assert console(browser) == []
