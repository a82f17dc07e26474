"""Every resource, as JSON and as CSV, word for word; only the time of computation may differ."""

import json
import re
from pathlib import Path

import pytest

from tests.rest.data_analytics.clients import DAILY, DAYS, PATHS, WEEKS, Analytics

GOLDEN = Path(__file__).with_name("golden")
CREATED = "2014-12-10T193146"
RANGES = {"activity": WEEKS, **dict.fromkeys(DAILY, DAYS)}


def masked(name: str, text: str) -> str:
    """The text with one and the same time of computation."""
    if name == "recent_activity":
        return text
    # No other time has seconds that are not those of midnight.
    return re.sub(r"\d{4}-\d\d-\d\dT(?!000000)\d{6}", CREATED, text)


@pytest.mark.parametrize("name", PATHS)
async def test_json(api: Analytics, name: str) -> None:
    response = await api.get(PATHS[name] + RANGES.get(name, ""))
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    shown = json.dumps(json.loads(masked(name, response.text)), indent=2, ensure_ascii=False) + "\n"
    assert shown == (GOLDEN / f"{name}.json").read_text()


@pytest.mark.parametrize("name", PATHS)
async def test_csv(api: Analytics, name: str) -> None:
    response = await api.get(PATHS[name] + RANGES.get(name, ""), accept="text/csv")
    assert (response.status_code, response.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    assert masked(name, response.text) == (GOLDEN / f"{name}.csv").read_bytes().decode()
