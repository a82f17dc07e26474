"""Values that several APIs take, parsed."""

import datetime as dt
import re
from collections.abc import Callable

from app.rest.route import Invalid
from app.rest.schemas import Schema
from app.vocabulary import RUN_KEY

_INSTANT = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[T ](?P<time>[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?P<fraction>\.[0-9]{1,6})?)?))?"
    r"(?P<zone>Z|[-+ ][0-9]{2}:[0-5][0-9])?"
)
_USERNAME = re.compile(r"[^\s,\x00-\x1f\x7f]{1,150}")
_MAX_USERNAMES = 100
_DIGITS = 9

INSTANT: Schema = {"type": "string", "anyOf": [{"format": "date"}, {"format": "date-time"}]}
RUN: Schema = {"type": "string", "pattern": f"^({RUN_KEY.pattern})$"}
USERNAMES: Schema = {
    "type": "string",
    "pattern": f"^{_USERNAME.pattern}(,{_USERNAME.pattern}){{0,{_MAX_USERNAMES - 1}}}$",
}


def instant(text: str) -> str:
    """An instant in the forms of Enrollment contract 5.2, as GraphQL takes it. Without a zone it is UTC."""
    match = _INSTANT.fullmatch(text)
    try:
        if match is None:
            raise ValueError
        # A plus sign in a query arrives as a space.
        zone = (match["zone"] or "Z").replace(" ", "+").replace("Z", "+00:00")
        time = match["time"] or "00:00"
        if match["fraction"]:
            time += "0" * (7 - len(match["fraction"]))
        moment = dt.datetime.fromisoformat(f"{match['date']}T{time}{zone}")
        return moment.astimezone(dt.UTC).isoformat()
    except (ValueError, OverflowError) as error:
        raise Invalid("not a date or time such as 2015-12-09 or 2015-12-09T23:45:47Z") from error


def run_key(text: str) -> str:
    """A course run key; a plus sign in a query arrives as a space, and keys have none."""
    key = text.replace(" ", "+")
    if not RUN_KEY.fullmatch(key):
        raise Invalid("not a course id such as course-v1:Org+Course+Run or Org/Course/Run")
    return key


def username(text: str) -> str:
    """A username; what no database could hold becomes a name that nobody has."""
    return text.replace("\x00", "\ufffd")


def usernames(text: str) -> list[str]:
    """Usernames with commas between."""
    names = text.split(",")
    if len(names) > _MAX_USERNAMES:
        raise Invalid(f"at most {_MAX_USERNAMES} names")
    if not all(_USERNAME.fullmatch(name) for name in names):
        raise Invalid("not usernames with commas between")
    return names


def number(least: int, greatest: int) -> Callable[[str], int]:
    """Parses a whole number between two bounds."""

    def parse(text: str) -> int:
        digits = text.lstrip("0")
        fits = text.isascii() and text.isdigit() and 0 < len(digits) <= _DIGITS
        if not (fits and least <= int(digits) <= greatest):
            raise Invalid(f"not a whole number from {least} to {greatest}")
        return int(digits)

    return parse
