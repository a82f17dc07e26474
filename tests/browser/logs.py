"""What a page did, from the logs of its browser."""

import json
from typing import Any
from urllib.parse import urlsplit

from selenium.webdriver import Chrome


def log(browser: Chrome, kind: str) -> list[dict[str, Any]]:
    return list(browser.get_log(kind))  # type: ignore[no-untyped-call]


def console(browser: Chrome) -> list[str]:
    """Everything at level warning or worse that the page and its workers wrote."""
    return [line["message"] for line in log(browser, "browser") if line["level"] in ("WARNING", "SEVERE")]


def origins_asked(browser: Chrome) -> set[str]:
    """Origins that the page asked for anything over a network."""
    events = (json.loads(entry["message"])["message"] for entry in log(browser, "performance"))
    urls = (
        urlsplit(event["params"]["request"]["url"])
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    )
    return {f"{url.scheme}://{url.netloc}" for url in urls if url.scheme in ("http", "https", "ws", "wss")}
