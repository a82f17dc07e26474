"""Asking the Data Analytics API, in process."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from app.demo.credentials import LEARNER
from app.main import create_app
from app.settings import Settings

COURSE, NEW_COURSE = "edX/DemoX/Demo_Course", "course-v1:edX+DemoX+Demo_Course"
PROBLEM = "i4x://edX/DemoX/Demo_Course/problem/97fd93e33a18495488578e9e74fa4cae"
CHOICE_PROBLEM = "i4x://edX/DemoX/Demo_Course/problem/268b43628e6d45f79c52453a590f9829"
SUBSECTION = "i4x://edX/DemoX/Demo_Course/sequential/5c6c207e16dd47208c29bd8d3e68861e"
VIDEO = "UniversityX/UX.3.01x/1T2015|i4x-UniversityX-UX_3_01x-video-03454e0ae0c72ae7b16fab3d6fdc2143"
DAYS, WEEKS = "?start_date=2026-03-01&end_date=2026-03-03", "?start_date=2026-03-02&end_date=2026-03-17"

PATHS = {
    "activity": f"courses/{COURSE}/activity/",
    "recent_activity": f"courses/{COURSE}/recent_activity/",
    "enrollment": f"courses/{COURSE}/enrollment/",
    "enrollment_mode": f"courses/{COURSE}/enrollment/mode/",
    "enrollment_birth_year": f"courses/{COURSE}/enrollment/birth_year/",
    "enrollment_education": f"courses/{COURSE}/enrollment/education/",
    "enrollment_gender": f"courses/{COURSE}/enrollment/gender/",
    "enrollment_location": f"courses/{COURSE}/enrollment/location/",
    "videos": f"courses/{COURSE}/videos/",
    "grade_distribution": f"problems/{PROBLEM}/grade_distribution",
    "answer_distribution": f"problems/{CHOICE_PROBLEM}/answer_distribution",
    "sequential_open_distribution": f"problems/{SUBSECTION}/sequential_open_distribution",
    "timeline": f"videos/{VIDEO}/timeline/",
}
"""One path of each resource A1 to A13."""

DAILY = [name for name in PATHS if name.startswith("enrollment")]
SERIES = ["activity", *DAILY]
COMPACT = re.compile(r"\d{4}-\d\d-\d\dT\d{6}")


@dataclass
class Analytics:
    """Sends requests to an application; with the key of an ordinary user unless told."""

    http: httpx.AsyncClient
    url: str

    async def ask(
        self, method: str, path: str, authorization: str | None = f"Token {LEARNER.api_key}", **options: Any
    ) -> httpx.Response:
        """The response to a request, whose path is below `/api/v0/` unless it begins with a slash."""
        headers = {"authorization": authorization} if authorization else {}
        address = path if path.startswith("/") else f"/api/v0/{path}"
        return await self.http.request(
            method, address, headers=headers | options.pop("headers", {}), **options
        )

    async def get(self, path: str, accept: str | None = None, **options: Any) -> httpx.Response:
        """The response to a GET."""
        headers = {"accept": accept} if accept else {}
        return await self.ask("GET", path, headers=headers, **options)

    async def rows(self, path: str) -> Any:
        """The JSON of a GET that must succeed."""
        response = await self.get(path)
        assert response.status_code == 200, response.text
        assert response.headers["content-type"] == "application/json"
        return response.json()


@asynccontextmanager
async def analytics_of(url: str, **settings: Any) -> AsyncIterator[Analytics]:
    """A client of an application over a database."""
    app = create_app(Settings(database_url=url, **{"webhook_worker": False} | settings))
    # A fault of the server's is a 500 for these tests too.
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://lyceum.test") as http,
    ):
        yield Analytics(http, url)


def check(response: httpx.Response, status: int, key: str = "detail") -> None:
    """Assert a status and the only key of a JSON body (Data Analytics contract 5)."""
    assert (response.status_code, list(response.json())) == (status, [key]), response.text
    assert response.headers["content-type"] == "application/json"
