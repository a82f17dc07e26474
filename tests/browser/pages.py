"""Using the administration pages in a browser."""

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import (
    element_to_be_clickable,
    url_contains,
    visibility_of_element_located,
)
from selenium.webdriver.support.wait import WebDriverWait


class Pages:
    """Somebody who uses the pages."""

    def __init__(self, browser: Chrome, root: str) -> None:
        self._browser = browser
        self._root = root
        self._wait = WebDriverWait(browser, 20)

    def open(self, path: str) -> None:
        self._browser.get(self._root + path)

    def fill(self, **values: str) -> None:
        for name, value in values.items():
            field = self._browser.find_element(By.NAME, name)
            field.clear()
            field.send_keys(value)
        # The calendar closes.
        self.click("h2")

    def click(self, selector: str) -> None:
        self._wait.until(element_to_be_clickable((By.CSS_SELECTOR, selector))).click()

    def arrive(self, path: str) -> None:
        self._wait.until(url_contains(self._root + path))

    def text(self, selector: str = "body") -> str:
        # A page that was only just asked for is not there at once.
        return self._wait.until(visibility_of_element_located((By.CSS_SELECTOR, selector))).text

    def wait_for_text(self, text: str) -> None:
        self._wait.until(lambda _: text in self.text())

    def secret(self) -> str:
        """What is shown once; afterwards one is back at the list."""
        field = self._wait.until(element_to_be_clickable((By.ID, "modal-secret-value")))
        secret = field.get_attribute("value")
        assert secret is not None
        self.click("#modal-secret .modal-footer button")
        self._wait.until(url_contains("/list"))
        assert secret not in self._browser.page_source
        return secret
