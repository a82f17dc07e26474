"""A headless Chromium that reaches nothing but this machine."""

import shutil
from collections.abc import AsyncIterator, Iterator

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from tests.browser.logs import log
from tests.databases import Databases
from tests.servers import LiveServer, running_server


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """A Chromium without any name server that logs its console and its requests."""
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or shutil.which("google-chrome") or ""
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        "--window-size=1400,1400",
        f"--user-data-dir={tmp_path_factory.mktemp('profile')}",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, Service(shutil.which("chromedriver")))
    yield driver
    driver.quit()


@pytest.fixture
def browser(chromium: webdriver.Chrome) -> Iterator[webdriver.Chrome]:
    """A tab of Chromium, which keeps nothing of other tests but files that may be cached."""
    first = chromium.current_window_handle
    chromium.switch_to.new_window("tab")
    for kind in ("browser", "performance"):
        log(chromium, kind)
    yield chromium
    chromium.close()
    chromium.switch_to.window(first)
    chromium.execute_cdp_cmd("Network.clearBrowserCookies", {})
    everything = {"origin": "*", "storageTypes": "all"}
    chromium.execute_cdp_cmd("Storage.clearDataForOrigin", everything)


@pytest.fixture(scope="module")
async def server(demo_urls: dict[str, str], databases: Databases) -> AsyncIterator[LiveServer]:
    """`lyceum serve` over demo data of its own."""
    with running_server({"LYCEUM_DATABASE_URL": await databases.copy_url(demo_urls["sqlite"])}) as server:
        yield server
