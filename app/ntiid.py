"""Ids of courses in the form that the Zapier API shows them in (Zapier contract 2.2)."""

from urllib.parse import quote, unquote

_PREFIX = "tag:nextthought.com,2011-10:Lyceum-CourseInfo-"


def ntiid_of(run_key: str) -> str:
    """The id of the course run with a key."""
    return _PREFIX + quote(run_key, safe="")


def run_key_of(course_id: str) -> str:
    """The key of the course run with an id, which may be the key itself."""
    return unquote(course_id.removeprefix(_PREFIX)) if course_id.startswith(_PREFIX) else course_id
