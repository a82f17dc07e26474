"""Open edX tracking-log events, read and checked (Data Analytics contract 8.1)."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any
from urllib.parse import unquote

import orjson

from app.errors import BadUserInput
from app.vocabulary import RUN_KEY

SERVER, TASK = "server", "task"
PLAYERS = ("browser", "mobile")

_FIRST, _LAST = dt.datetime(2000, 1, 1, tzinfo=dt.UTC), dt.datetime(2099, 12, 31, tzinfo=dt.UTC)
"""The days of the calendar."""

_COURSE_PATH = re.compile(r"/courses/(course-v1:[^/?#]+|[^/?#]+/[^/?#]+/[^/?#]+)")
_LONGEST_NAME, _LONGEST_KEY = 150, 255


@dataclass(frozen=True, slots=True)
class TrackingEvent:
    """One event. `payload` is its `event` member, empty where that is no object.

    Equal events have equal digests; the address is as it was sent; `learner` and `run_key` are None where the
    event names nobody or no course run.
    """

    occurred_at: dt.datetime
    digest: int
    type: str
    source: str
    run_key: str | None
    learner: str | None
    user_id: int | None
    username: str
    address: str | None
    module_name: str | None
    payload: Mapping[str, Any]

    @property
    def order(self) -> tuple[dt.datetime, int]:
        """What events of a learner are ordered by."""
        return self.occurred_at, self.digest


def parse(line: bytes | str) -> TrackingEvent:
    """The event of a line of a log. Raises `BadUserInput` that says what is wrong with it."""
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise BadUserInput(f"is not JSON: {error}") from error
    return event_of(record)


def event_of(record: Any) -> TrackingEvent:
    """The event of a decoded JSON value. Raises `BadUserInput` that names the member which cannot be used."""
    if not isinstance(record, dict):
        raise BadUserInput("is not a JSON object")
    try:
        canonical = orjson.dumps(record, option=orjson.OPT_SORT_KEYS)
    except TypeError as error:
        raise BadUserInput(f"is not JSON: {error}") from error
    if b"\\u0000" in canonical:
        record = _without_nul(record)
    type_, source = record.get("event_type"), record.get("event_source")
    if not isinstance(type_, str) or not type_:
        raise BadUserInput("event_type: must be text")
    context, payload = record.get("context"), _payload(record.get("event"))
    if not isinstance(context, dict):
        context = {}
    user_id = platform_id(context.get("user_id"))
    username = record.get("username")
    username = username if isinstance(username, str) and len(username) <= _LONGEST_NAME else ""
    module, address = context.get("module"), record.get("ip")
    name = module.get("display_name") if isinstance(module, dict) else None
    return TrackingEvent(
        occurred_at=_instant(record.get("time")),
        digest=int.from_bytes(blake2b(canonical, digest_size=8).digest(), "big", signed=True),
        type=type_,
        source=source if isinstance(source, str) else "",
        run_key=_run_key(context, type_ if source == SERVER else record.get("page")),
        learner=str(user_id) if user_id is not None else f"@{username}" if username else None,
        user_id=user_id,
        username=username,
        address=address if isinstance(address, str) and address else None,
        module_name=name if isinstance(name, str) else None,
        payload=payload,
    )


def platform_id(value: Any) -> int | None:
    """The id of a user at the platform, which old logs have as text, too."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
        value = int(value)
    return value if type(value) is int and 0 <= value < 2**63 else None


def is_run_key(value: Any) -> bool:
    """Whether a value is a key of a course run."""
    return isinstance(value, str) and len(value) <= _LONGEST_KEY and RUN_KEY.fullmatch(value) is not None


def usage_key(value: Any) -> str | None:
    """The id of a module, trimmed; None for what cannot be one."""
    text = value.strip() if isinstance(value, str) else ""
    return text if 0 < len(text) <= _LONGEST_KEY else None


def _instant(value: Any) -> dt.datetime:
    try:
        instant = dt.datetime.fromisoformat(value)
        if instant.tzinfo is None:
            instant = instant.replace(tzinfo=dt.UTC)
        in_calendar = _FIRST <= instant < _LAST
    except (TypeError, ValueError, OverflowError) as error:
        raise BadUserInput("time: must be an instant such as 2014-05-02T16:02:25.273997+00:00") from error
    if not in_calendar:
        raise BadUserInput(f"time: must be between {_FIRST.date()} and {_LAST.date()}")
    return instant.astimezone(dt.UTC)


def _payload(value: Any) -> Mapping[str, Any]:
    if isinstance(value, str) and value.startswith("{"):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return {}
    return value if isinstance(value, dict) else {}


def _run_key(context: Mapping[str, Any], path: Any) -> str | None:
    key = context.get("course_id")
    if is_run_key(key):
        return str(key)
    found = _COURSE_PATH.search(unquote(path)) if isinstance(path, str) and "/courses/" in path else None
    return found.group(1) if found and is_run_key(found.group(1)) else None


def _without_nul(value: Any) -> Any:
    """The same without U+0000, which PostgreSQL cannot store."""
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, list):
        return [_without_nul(item) for item in value]
    if isinstance(value, dict):
        return {_without_nul(key): _without_nul(item) for key, item in value.items()}
    return value
