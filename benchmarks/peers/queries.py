"""Q1 to Q3 as the peers are asked, and what makes all answers alike."""

import base64
import datetime as dt
from typing import Any

from benchmarks.queries import QUERIES

LYCEUM = {query.name: query.text for query in QUERIES[:3]}

POSTGRAPHILE = {
    "Q1": """query Q1($key: String!) {
      course: courseByKey(key: $key) {
        id: rowId uuid key title shortDescription levelType imageUrl imageWidth imageHeight
        marketingSlug created modified
      }
    }""",
    "Q2": """query Q2($runs: Int!, $enrollments: Int!) {
      courseRuns: allCourseRunsList(first: $runs) {
        key start end pacing
        course: courseByCourseId { key title levelType }
        enrollments: enrollmentsByRunIdList(first: $enrollments) {
          id: rowId mode created user: userByUserId { username email }
        }
      }
    }""",
    "Q3": """query Q3($run: String!) {
      courseRun: courseRunByKey(key: $run) {
        enrollmentDaily: peerDailiesByRunIdList { date count }
        enrollmentByMode: peerDailiesByRunIdList { date audit verified honor }
      }
    }""",
}

STRAWBERRY = {
    "Q1": LYCEUM["Q1"],
    "Q2": """query Q2($runs: Int!, $enrollments: Int!) {
      courseRuns(first: $runs) {
        key start end pacing
        course { key title levelType }
        enrollments(first: $enrollments) { id mode created user { username email } }
      }
    }""",
    "Q3": """query Q3($run: String!, $start: Date!, $end: Date!) {
      courseRun(key: $run) {
        enrollmentDaily(start: $start, end: $end) { date count }
        enrollmentByMode(start: $start, end: $end) { date audit verified honor }
      }
    }""",
}


def common(value: Any, name: str = "") -> Any:
    """What the value of a field says, whatever the names, the ids and the notation of the server."""
    if isinstance(value, dict):
        if value.keys() in ({"nodes"}, {"analytics"}):
            return common(*value.values())
        return {name: common(member, name) for name, member in value.items()}
    if isinstance(value, list):
        return [common(member) for member in value]
    if name == "id":
        return _row(str(value))
    if name in ("created", "modified", "start", "end"):
        return value and dt.datetime.fromisoformat(value)
    return value.lower() if name == "pacing" else value


def _row(id: str) -> int:
    """The number of a row, from itself or from a global id."""
    try:
        return int(id)
    except ValueError:
        decoded = base64.urlsafe_b64decode(id + "=" * (-len(id) % 4))
        return int(decoded.rpartition(b":")[2])
