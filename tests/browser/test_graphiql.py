"""GraphiQL in a browser with the network cut off."""

import itertools
from pathlib import Path

import httpx
import pytest
from selenium.webdriver import ActionChains, Chrome, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import (
    element_to_be_clickable,
    text_to_be_present_in_element,
    visibility_of_element_located,
)
from selenium.webdriver.support.wait import WebDriverWait

from app.web.graphiql import FIRST_QUERY
from tests.browser.logs import console, origins_asked
from tests.servers import LiveServer

DEMO_HEADERS = {"Authorization": "Token demo-key-0123456789abcdef"}
EDITOR = (By.CSS_SELECTOR, "[data-uri$='operation.graphql'] .view-lines")
HEADERS = (By.CSS_SELECTOR, "[data-uri$='request-headers.json'] .view-lines")
RESPONSE = (By.CSS_SELECTOR, "[data-uri$='response.json'] .view-lines")
RUN = (By.CSS_SELECTOR, ".graphiql-execute-button")
DOCS = (By.CSS_SELECTOR, ".graphiql-sidebar button[aria-label='Show Documentation Explorer']")
DOC_EXPLORER = (By.CSS_SELECTOR, ".graphiql-doc-explorer")


@pytest.fixture
def wait(browser: Chrome, live_server: LiveServer) -> WebDriverWait[Chrome]:
    """GraphiQL open, its schema read; waits until something shows on the page."""
    browser.get(f"{live_server.url}/graphql")
    wait = WebDriverWait(browser, 20)
    wait.until(text_to_be_present_in_element(EDITOR, "courses"))
    wait.until(text_to_be_present_in_element(HEADERS, DEMO_HEADERS["Authorization"]))
    return wait


@pytest.fixture
def titles(live_server: LiveServer) -> list[str]:
    """What the first query answers, asked without a browser."""
    answer = httpx.post(f"{live_server.url}/graphql", json={"query": FIRST_QUERY}, headers=DEMO_HEADERS)
    titles = [course["title"] for course in answer.json()["data"]["courses"]["nodes"]]
    assert len(titles) == 3
    return titles


def assert_answered(wait: WebDriverWait[Chrome], titles: list[str]) -> None:
    for title in titles:
        wait.until(text_to_be_present_in_element(RESPONSE, title))


def test_runs_the_first_query_offline(
    browser: Chrome, wait: WebDriverWait[Chrome], live_server: LiveServer, titles: list[str], tmp_path: Path
) -> None:
    wait.until(element_to_be_clickable(RUN)).click()

    assert_answered(wait, titles)
    assert browser.save_screenshot(tmp_path / "graphiql.png")
    assert console(browser) == []
    assert origins_asked(browser) == {live_server.url}


def test_runs_on_control_enter_again_after_a_reload(
    browser: Chrome, wait: WebDriverWait[Chrome], titles: list[str]
) -> None:
    for _ in range(2):
        wait.until(text_to_be_present_in_element(EDITOR, "courses"))
        wait.until(element_to_be_clickable(EDITOR)).click()
        ActionChains(browser).key_down(Keys.CONTROL).send_keys(Keys.ENTER).key_up(Keys.CONTROL).perform()
        assert_answered(wait, titles)
        browser.refresh()


def test_documentation_opens(browser: Chrome, wait: WebDriverWait[Chrome]) -> None:
    wait.until(element_to_be_clickable(DOCS)).click()

    explorer = wait.until(visibility_of_element_located(DOC_EXPLORER))
    wait.until(text_to_be_present_in_element(DOC_EXPLORER, "Query"))
    explorer.find_element(By.LINK_TEXT, "Query").click()
    wait.until(text_to_be_present_in_element(DOC_EXPLORER, "courses"))
    assert console(browser) == []


def test_follows_a_subscription(
    browser: Chrome, wait: WebDriverWait[Chrome], live_server: LiveServer
) -> None:
    wait.until(element_to_be_clickable(EDITOR)).click()
    ActionChains(browser).key_down(Keys.CONTROL).send_keys("a").key_up(Keys.CONTROL).perform()
    ActionChains(browser).send_keys("subscription Told { events { type } }", Keys.ESCAPE).perform()
    # The tab has its name once it was read; what was not read is sent like a query.
    wait.until(text_to_be_present_in_element((By.CSS_SELECTOR, ".graphiql-tab-button"), "Told"))
    wait.until(element_to_be_clickable(RUN)).click()
    numbers = itertools.count()

    def told(browser: Chrome) -> bool:
        name = f"browser-{next(numbers)}"
        mutation = f'mutation {{ createUser(input: {{username: "{name}", email: "{name}@example.org"}}) {{ __typename }} }}'
        httpx.post(f"{live_server.url}/graphql", json={"query": mutation}, headers=DEMO_HEADERS)
        return "user.created" in browser.find_element(*RESPONSE).text

    wait.until(told)
    assert console(browser) == []
    assert {it.replace("ws://", "http://") for it in origins_asked(browser)} == {live_server.url}
