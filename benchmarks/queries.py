"""The operations that are measured."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.data import FIRST_DAY, Scale, course_key, run_key


@dataclass(frozen=True)
class Query:
    """An operation. `paged` ones are asked again with the variable `after` until there is no next page."""

    name: str
    content: str
    text: str
    variables: Callable[[Scale], Mapping[str, Any]]
    paged: bool = False
    connections = (1, 16)


@dataclass(frozen=True)
class Lookup:
    """A path of the Data Analytics API, of the run that queries of series ask for."""

    name: str
    content: str
    path: str
    connections = (1, 8)

    def address(self, scale: Scale) -> str:
        """The path of the run."""
        return f"/api/v0/courses/{run_key(scale.runs // 2, scale)}/{self.path}"


@dataclass(frozen=True)
class Batch:
    """A path that streams all rows there are, in ascending order of the member `key`."""

    name: str
    content: str
    path: str
    key: str
    rows: Callable[[Scale], int]


QUERIES = (
    Query(
        "Q1",
        "one course, 12 scalars",
        """query Q1($key: String!) {
          course(key: $key) {
            id uuid key title shortDescription levelType imageUrl imageWidth imageHeight
            marketingSlug created modified
          }
        }""",
        lambda scale: {"key": course_key(scale.courses // 2)},
    ),
    Query(
        "Q2",
        "50 runs, their course, 20 enrollments each, their user",
        """query Q2($runs: Int!, $enrollments: Int!) {
          courseRuns(first: $runs) {
            nodes {
              key start end pacing
              course { key title levelType }
              enrollments(first: $enrollments) { nodes { id mode created user { username email } } }
            }
          }
        }""",
        lambda scale: {"runs": 50, "enrollments": 20},
    ),
    Query(
        "Q3",
        "one run, two years by day, total and by mode",
        """query Q3($run: String!, $start: Date!, $end: Date!) {
          courseRun(key: $run) {
            analytics {
              enrollmentDaily(start: $start, end: $end) { date count }
              enrollmentByMode(start: $start, end: $end) { date audit verified honor }
            }
          }
        }""",
        lambda scale: {
            "run": run_key(scale.runs // 2, scale),
            "start": FIRST_DAY.isoformat(),
            "end": scale.last_day.isoformat(),
        },
    ),
    Query(
        "Q4",
        "all enrollments, page by page",
        """query Q4($first: Int!, $after: String) {
          enrollments(first: $first, after: $after) {
            nodes { id mode user { id username } run { key } }
            pageInfo { hasNextPage endCursor }
          }
        }""",
        lambda scale: {"first": 100},
        paged=True,
    ),
    Query(
        "Q5",
        "a search over courses and runs, with a count and two facets",
        """query Q5($query: String!) {
          searchContent(query: $query) {
            totalCount
            nodes { ... on Course { key title } ... on CourseRun { key start } }
            facets { levels { value count } pacings { value count } }
          }
        }""",
        lambda scale: {"query": "everybody introduction"},
    ),
)

_YEAR = "?start_date=2023-01-01&end_date=2024-01-01"

LOOKUPS = (
    Lookup("L1", "one year of daily enrollment", f"enrollment/{_YEAR}"),
    Lookup("L2", "latest location", "enrollment/location/?start_date=2023-01-31&end_date=2023-02-01"),
    Lookup("L3", "latest week", "recent_activity/"),
    Lookup("L4", "one year of locations", f"enrollment/location/{_YEAR}"),
)

BATCHES = (
    Batch("B1", "all accounts, streamed", "/v1/accounts/batch", "id", lambda scale: scale.accounts),
    Batch(
        "B2",
        "all enrollments, streamed",
        "/v1/enrollment/batch",
        "enrollment_id",
        lambda scale: scale.enrollments,
    ),
)
