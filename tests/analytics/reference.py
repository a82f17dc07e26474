"""A second computation of every analytics series, slow and obvious, to compare the real one with.

Written from sections 4.12 and 8 of the Data Analytics contract: sort, loop, count. Everything is computed from
all events there are, in memory, each time.
"""

import datetime as dt
import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise
from math import floor, isfinite
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import orjson

from app.vocabulary import RUN_KEY

Raw = Mapping[str, Any]
"""A line of a tracking log."""

ENROLLMENT_EVENTS = {
    "edx.course.enrollment.activated": 1,
    "edx.course.enrollment.deactivated": 0,
    "edx.course.enrollment.mode_changed": None,
}
"""The state that each enrollment event leads to; None leaves it as it is."""

RESPONSES = (
    "choiceresponse",
    "optionresponse",
    "multiplechoiceresponse",
    "numericalresponse",
    "stringresponse",
    "formularesponse",
)
VIDEO_EVENTS = ("play_video", "pause_video", "stop_video", "seek_video")
NAVIGATION = (
    "seq_goto",
    "seq_next",
    "seq_prev",
    "edx.ui.lms.sequence.next_selected",
    "edx.ui.lms.sequence.previous_selected",
    "edx.ui.lms.sequence.tab_selected",
)
RESETS = ("problem_reset", "reset_problem")

_OLD_KEY = r"[^/]+/[^/]+/[^/]+"
_RUN = re.compile(rf"/courses/(course-v1:[^/]+|{_OLD_KEY})")
_COURSEWARE = re.compile(rf"/courses/(course-v1:[^/]+|{_OLD_KEY})/courseware/[^/]+/([^/]+)(/|$)")
_REPLY = re.compile(r"discussion/(threads|comments)/(.*/)?reply$")


@dataclass(frozen=True)
class Profile:
    """What a user's profile says, as Lyceum stores it."""

    gender: str | None = None
    year_of_birth: int | None = None
    education: str | None = None
    country: str | None = None


@dataclass(frozen=True)
class Event:
    """An event of a tracking log, read. Events are ordered by time, then by digest."""

    at: dt.datetime
    digest: int
    type: str
    source: str
    learner: str | None
    course: str | None
    payload: dict[str, Any]
    raw: Raw

    @property
    def day(self) -> dt.date:
        """The UTC day."""
        return self.at.date()


class Week(NamedTuple):
    """How many learners did what (8.5)."""

    any: int
    attempted_problem: int
    played_video: int
    posted_forum: int


class Answers(NamedTuple):
    """How many learners gave an answer to a part of a problem (4.12)."""

    part_id: str
    value_id: str | None
    answer_value: str | None
    variant: int | None
    correct: bool | None
    question_text: str | None
    problem_display_name: str | None
    first_response_count: int
    last_response_count: int
    consolidated_variant: bool = False


class Opens(NamedTuple):
    """Who opened a subsection, and how often (8.7)."""

    learners: int
    views: int


class Segment(NamedTuple):
    """Who watched five seconds of a video, and how often."""

    num_users: int
    num_views: int


class Video(NamedTuple):
    """A video (8.8)."""

    duration: int
    users_at_start: int
    users_at_end: int
    segments: dict[int, Segment]


class Viewing(NamedTuple):
    """A stretch of a video that a learner watched; offsets in seconds."""

    learner: str
    start: float
    end: float
    duration: float | None


EnrollmentSeries = dict[tuple[str, str, str, dt.date], tuple[int, int]]
"""Count and cumulative count by run, dimension, value and day; the value of no group is empty."""


@dataclass
class Analytics:
    """All series."""

    enrollment: EnrollmentSeries = field(default_factory=dict)
    weeks: dict[tuple[str, dt.date], Week] = field(default_factory=dict)
    grades: dict[tuple[str, str], dict[tuple[float, float], int]] = field(default_factory=dict)
    answers: dict[tuple[str, str], list[Answers]] = field(default_factory=dict)
    consolidated: dict[tuple[str, str], list[Answers]] = field(default_factory=dict)
    opens: dict[tuple[str, str], Opens] = field(default_factory=dict)
    videos: dict[tuple[str, str], Video] = field(default_factory=dict)


def compute(
    raw_events: Iterable[Raw],
    last_day: dt.date,
    profiles: Mapping[int, Profile] | None = None,
    country_of: Callable[[str], str | None] | None = None,
) -> Analytics:
    """Every series of these events, in any order, enrollment up to and with the last day.

    Weeks are all there are, whether they are over or not. Profiles are by the
    platform's user id; without `country_of`, which tells the country of an IP
    address, they tell the country.
    """
    events = read_all(raw_events)
    found = answers(events)
    return Analytics(
        enrollment=enrollment(events, last_day, profiles or {}, country_of),
        weeks=weeks(events),
        grades=grades(events),
        answers=found,
        consolidated={problem: consolidate(rows) for problem, rows in found.items()},
        opens=opens(events),
        videos=videos(events),
    )


# Events (8.1)


def canonical(raw: Raw) -> bytes:
    """What an event is known by: two events with the same are one."""
    return orjson.dumps(raw, option=orjson.OPT_SORT_KEYS)


def digest(raw: Raw) -> int:
    """What orders events of the same instant."""
    return int.from_bytes(hashlib.blake2b(canonical(raw), digest_size=8).digest(), "big", signed=True)


def read_all(raw_events: Iterable[Raw]) -> list[Event]:
    """The events, each once, in order; what is no event is left out."""
    distinct = {canonical(raw): raw for raw in raw_events}
    events = [event for raw in distinct.values() if (event := read(raw)) is not None]
    return sorted(events, key=lambda event: (event.at, event.digest))


def read(raw: Raw) -> Event | None:
    """An event; None for what has no time, type or source."""
    at, kind, source = _instant(raw.get("time")), raw.get("event_type"), raw.get("event_source")
    if at is None or not isinstance(kind, str) or not isinstance(source, str):
        return None
    payload = _payload(raw.get("event"))
    return Event(at, digest(raw), kind, source, _learner(raw), _course(raw, payload), payload, raw)


def _instant(time: Any) -> dt.datetime | None:
    try:
        at = dt.datetime.fromisoformat(time)
    except (TypeError, ValueError):
        return None
    return at.replace(tzinfo=dt.UTC) if at.tzinfo is None else at.astimezone(dt.UTC)


def _payload(event: Any) -> dict[str, Any]:
    if isinstance(event, str):
        try:
            event = orjson.loads(event)
        except orjson.JSONDecodeError:
            return {}
    return event if isinstance(event, dict) else {}


def _context(raw: Raw) -> dict[str, Any]:
    context = raw.get("context")
    return context if isinstance(context, dict) else {}


def _id(value: Any) -> str | None:
    """The id of a user as text, None for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    return str(value) or None


def _learner(raw: Raw) -> str | None:
    username = _text(raw.get("username"))
    return _id(_context(raw).get("user_id")) or (username and f"@{username}")


def _course(raw: Raw, payload: dict[str, Any]) -> str | None:
    named = _text(_context(raw).get("course_id"))
    if named and RUN_KEY.fullmatch(named):
        return named
    path = _path(raw.get("event_type") if raw.get("event_source") == "server" else raw.get("page"))
    found = _RUN.match(path)
    if found and RUN_KEY.fullmatch(found[1]):
        return found[1]
    if raw.get("event_type") in ENROLLMENT_EVENTS:
        named = _text(payload.get("course_id"))
        if named and RUN_KEY.fullmatch(named):
            return named
    return None


def _path(url: Any) -> str:
    """The path of a URL, decoded."""
    try:
        return unquote(urlsplit(url).path) if isinstance(url, str) else ""
    except ValueError:
        return ""


def _text(value: Any) -> str | None:
    """A text that is not empty."""
    return value if isinstance(value, str) and value else None


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        return None
    return float(value)


# Enrollment (8.2 to 8.4)


def enrollment(
    events: list[Event],
    last_day: dt.date,
    profiles: Mapping[int, Profile],
    country_of: Callable[[str], str | None] | None,
) -> EnrollmentSeries:
    """Enrollment by run, dimension, value and day."""
    groups = _groups(events, profiles, country_of)
    changes: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        user, mode = _id(event.payload.get("user_id")), _text(event.payload.get("mode"))
        if event.type in ENROLLMENT_EVENTS and event.source == "server" and event.course and user and mode:
            changes[event.course].append(event)
    series: EnrollmentSeries = {}
    for course, of_course in changes.items():
        of_course.sort(key=lambda event: (event.at, event.type, event.payload["mode"], event.digest))
        day = of_course[0].day
        while day <= last_day:
            state: dict[str, int] = {}
            modes: dict[str, str] = {}
            for event in of_course:
                if event.day <= day:
                    user = str(event.payload["user_id"])
                    becomes = ENROLLMENT_EVENTS[event.type]
                    state[user] = state.get(user, 0) if becomes is None else becomes
                    modes[user] = event.payload["mode"]
            count: Counter[tuple[str, str]] = Counter()
            cumulative: Counter[tuple[str, str]] = Counter()
            for user in state:
                for dimension, value in (("total", ""), ("mode", modes[user]), *groups(user)):
                    count[dimension, value] += state[user]
                    cumulative[dimension, value] += 1
            for dimension, value in cumulative:
                series[course, dimension, value, day] = (
                    count[dimension, value],
                    cumulative[dimension, value],
                )
            day += dt.timedelta(days=1)
    return series


def _groups(
    events: list[Event], profiles: Mapping[int, Profile], country_of: Callable[[str], str | None] | None
) -> Callable[[str], list[tuple[str, str]]]:
    """What tells the groups of a user, those of the mode apart."""
    addresses: dict[str, str] = {}
    for event in events:
        address = _text(event.raw.get("ip"))
        if event.learner and address:
            addresses[event.learner] = address
    by_user = {str(user_id): profile for user_id, profile in profiles.items()}

    def groups(user: str) -> list[tuple[str, str]]:
        profile = by_user.get(user, Profile())
        country = profile.country
        if country_of:
            country = country_of(addresses[user]) if user in addresses else None
        return [
            ("gender", profile.gender or ""),
            ("birth_year", "" if profile.year_of_birth is None else str(profile.year_of_birth)),
            ("education", profile.education or ""),
            ("country", country or ""),
        ]

    return groups


# Weekly activity (8.5)


def weeks(events: list[Event]) -> dict[tuple[str, dt.date], Week]:
    """Learners of each activity, by run and Monday."""
    learners: dict[tuple[str, dt.date], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for event in events:
        if event.course and event.learner:
            monday = event.day - dt.timedelta(days=event.day.weekday())
            for label in labels(event):
                learners[event.course, monday][label].add(event.learner)
    return {
        week: Week(*(len(by_label[label]) for label in Week._fields)) for week, by_label in learners.items()
    }


def labels(event: Event) -> list[str]:
    """The activities that an event tells of."""
    if event.source == "task" or event.type.startswith("edx.course.enrollment."):
        return []
    found = ["any"]
    if event.source == "server" and event.type == "problem_check":
        found.append("attempted_problem")
    if event.source in ("browser", "mobile") and event.type == "play_video":
        found.append("played_video")
    if event.source == "server" and _is_post(event.type):
        found.append("posted_forum")
    return found


def _is_post(kind: str) -> bool:
    if kind.startswith("/"):
        return kind.endswith("threads/create") or _REPLY.search(kind) is not None
    return kind.startswith("edx.forum.") and kind.endswith(".created")


# Problems (8.6)


def grades(events: list[Event]) -> dict[tuple[str, str], dict[tuple[float, float], int]]:
    """Learners by grade and greatest grade, by run and problem."""
    newest: dict[tuple[str, str], dict[str, tuple[float, float]]] = defaultdict(dict)
    for event in events:
        problem = _text(event.payload.get("problem_id"))
        if not event.course or not problem:
            continue
        of_problem = newest[event.course, problem]
        if event.type == "problem_check" and event.source == "server":
            learner = event.learner
            grade, greatest = _number(event.payload.get("grade")), _number(event.payload.get("max_grade"))
            if learner and grade is not None and greatest is not None:
                of_problem[learner] = (grade, greatest)
        elif event.type == "problem_rescore" and event.source in ("server", "task"):
            learner = _id(event.payload.get("user_id")) or event.learner
            grade, greatest = _number(event.payload.get("new_score")), _number(event.payload.get("new_total"))
            if learner and grade is not None and greatest is not None:
                of_problem[learner] = (grade, greatest)
        elif event.type in RESETS and event.source == "server":
            of_problem.pop(event.learner or "", None)
        elif event.type == "edx.grades.problem.state_deleted" and event.source in ("server", "task"):
            of_problem.pop(_id(event.payload.get("user_id")) or "", None)
    return {
        problem: dict(Counter(by_learner.values())) for problem, by_learner in newest.items() if by_learner
    }


@dataclass(frozen=True)
class Observation:
    """An answer to a part of a problem in a learner's first or last attempt."""

    at: dt.datetime
    digest: int
    problem: str
    is_last: bool
    response_type: str | None
    value_id: str | None
    answer_value: str | None
    variant: int | None
    correct: bool | None
    question_text: str | None
    problem_display_name: str | None


def answers(events: list[Event]) -> dict[tuple[str, str], list[Answers]]:
    """The answers to problems by run and problem, in the order of 4.12, not consolidated."""
    attempts: dict[tuple[str, str, str], list[Event]] = defaultdict(list)
    for event in events:
        if event.type == "problem_check" and event.source == "server" and event.course and event.learner:
            problem, given = _text(event.payload.get("problem_id")), event.payload.get("answers")
            if problem and isinstance(given, dict) and given:
                attempts[event.course, problem, event.learner].append(event)
    parts: dict[tuple[str, str], list[Observation]] = defaultdict(list)
    for (course, _, _), of_learner in attempts.items():
        for is_last, event in ((False, of_learner[0]), (True, of_learner[-1])):
            for part, observation in observe(event, is_last=is_last).items():
                parts[course, part].append(observation)
    found: dict[tuple[str, str], list[Answers]] = defaultdict(list)
    for (course, part), observations in parts.items():
        observations.sort(key=lambda observation: (observation.at, observation.digest))
        newest = observations[-1]
        if newest.response_type in RESPONSES:
            found[course, newest.problem] += _count(part, newest, observations)
    return {problem: sorted(rows, key=_order) for problem, rows in found.items()}


def observe(event: Event, *, is_last: bool) -> dict[str, Observation]:
    """What an attempt says of each part."""
    payload = event.payload
    module = _context(event.raw).get("module")
    display_name = _text(module.get("display_name")) if isinstance(module, dict) else None
    found = {}

    def add(
        part: str, value_id: Any, answer: Any, variant: Any, correct: Any, question: Any, response_type: Any
    ) -> None:
        if part.endswith(("_dynamath", "_comment")):
            return
        known = written(value_id, markup=False)
        found[part] = Observation(
            at=event.at,
            digest=event.digest,
            problem=payload["problem_id"],
            is_last=is_last,
            response_type=_text(response_type),
            value_id=known,
            answer_value=written(answer, markup=known is not None),
            variant=_variant(variant),
            correct=correct if isinstance(correct, bool) else None,
            question_text=_text(question),
            problem_display_name=display_name,
        )

    submission, correct_map = payload.get("submission"), payload.get("correct_map")
    if isinstance(submission, dict):
        for part, given in submission.items():
            if isinstance(given, dict):
                raw, answer = payload["answers"].get(part), given.get("answer")
                add(
                    part,
                    raw if raw != answer else None,
                    answer,
                    given.get("variant"),
                    given.get("correct"),
                    given.get("question"),
                    given.get("response_type"),
                )
    elif isinstance(correct_map, dict):
        state = payload.get("state")
        seed = state.get("seed") if isinstance(state, dict) else None
        for part, raw in payload["answers"].items():
            if part in correct_map:
                marked = correct_map[part]
                correctness = marked.get("correctness") if isinstance(marked, dict) else None
                add(part, raw, None, seed, correctness == "correct", None, None)
    return found


def _count(part: str, newest_of_part: Observation, observations: list[Observation]) -> list[Answers]:
    """The rows of a part, from its observations in order."""
    groups: dict[tuple[str | None, int], list[Observation]] = defaultdict(list)
    for observation in observations:
        value = observation.answer_value if observation.value_id is None else observation.value_id
        groups[value, 1 if observation.variant is None else observation.variant].append(observation)
    return [
        Answers(
            part,
            group[-1].value_id,
            group[-1].answer_value,
            group[-1].variant,
            group[-1].correct,
            group[-1].question_text,
            newest_of_part.problem_display_name,
            sum(1 for observation in group if not observation.is_last),
            sum(1 for observation in group if observation.is_last),
        )
        for group in groups.values()
    ]


def consolidate(rows: list[Answers]) -> list[Answers]:
    """The rows of a problem, those of a part merged that differ in nothing but the variant (4.12)."""
    parts: dict[str, list[Answers]] = defaultdict(list)
    for row in rows:
        parts[row.part_id].append(row)
    return sorted((row for of_part in parts.values() for row in _merge(of_part)), key=_order)


def _merge(rows: list[Answers]) -> list[Answers]:
    by_value: dict[str | None, list[Answers]] = defaultdict(list)
    for row in rows:
        by_value[row.value_id].append(row)
    for same in by_value.values():
        for row in same:
            for name in ("question_text", "answer_value", "problem_display_name", "correct"):
                if getattr(row, name) != getattr(same[0], name):
                    return rows
    return [
        same[0]
        if len(same) == 1
        else same[0]._replace(
            variant=None,
            first_response_count=sum(row.first_response_count for row in same),
            last_response_count=sum(row.last_response_count for row in same),
            consolidated_variant=True,
        )
        for same in by_value.values()
    ]


def _order(row: Answers) -> tuple[Any, ...]:
    """Null comes first."""
    values = (row.value_id, row.answer_value, row.variant)
    return (row.part_id, *((value is not None, value) for value in values))


def _variant(value: Any) -> int | None:
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]+", value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def written(value: Any, *, markup: bool) -> str | None:
    """An answer as one text, trimmed and without markup if it may have any; None when nothing is left."""
    if isinstance(value, list):
        return f"[{'|'.join(written(item, markup=markup) or '' for item in value)}]"
    if value is None:
        return None
    text = value if isinstance(value, str) else orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    return (_without_markup(text) if markup else text.strip()) or None


class _Texts(HTMLParser):
    """Collects the words between tags."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words += data.split()


def _without_markup(text: str) -> str:
    parser = _Texts()
    parser.feed(text)
    parser.close()
    return " ".join(parser.words)


# Subsections (8.7)


def opens(events: list[Event]) -> dict[tuple[str, str], Opens]:
    """Opens by run and subsection."""
    learners: dict[tuple[str, str], list[str]] = defaultdict(list)
    for event in events:
        subsection = opened(event)
        if subsection and event.course and event.learner:
            learners[event.course, subsection].append(event.learner)
    return {subsection: Opens(len(set(who)), len(who)) for subsection, who in learners.items()}


def opened(event: Event) -> str | None:
    """The usage key of the subsection that an event opens."""
    if event.type in NAVIGATION and event.source in ("server", "browser"):
        return _text(event.payload.get("id"))
    if event.source != "server":
        return None
    found = _COURSEWARE.match(_path(event.type))
    if found is None or found[1] != event.course:
        return None
    run, sequential = found[1], found[2]
    if run.startswith("course-v1:"):
        return f"{run.replace('course-v1:', 'block-v1:')}+type@sequential+block@{sequential}"
    organization, course, _ = run.split("/")
    return f"i4x://{organization}/{course}/sequential/{sequential}"


# Videos (8.8)


def videos(events: list[Event]) -> dict[tuple[str, str], Video]:
    """Videos by run and encoded module id; those that nobody watched are not there."""
    by_learner: dict[tuple[str, str, str], list[Event]] = defaultdict(list)
    for event in events:
        if event.type in VIDEO_EVENTS and event.source in ("browser", "mobile"):
            module = (_text(event.payload.get("id")) or "").strip()
            if event.course and event.learner and module and None not in offsets(event):
                by_learner[event.course, module, event.learner].append(event)
    viewed: dict[tuple[str, str], list[Viewing]] = defaultdict(list)
    for (course, module, learner), of_learner in by_learner.items():
        viewed[course, module] += viewings(learner, of_learner)
    return {video: summary(of_video) for video, of_video in viewed.items() if of_video}


def offsets(event: Event) -> list[float | None]:
    """Where the player was, and for a seek where it went; None for what cannot be."""
    payload = event.payload
    if event.type == "seek_video":
        values = [payload.get("old_time"), payload.get("new_time")]
    elif event.type == "pause_video":
        values = [payload.get("currentTime", 0)]
    else:
        values = [payload.get("currentTime")]
    numbers = [_number(value) for value in values]
    return [number if number is not None and 0 <= number <= 36_000 else None for number in numbers]


def viewings(learner: str, events: list[Event]) -> list[Viewing]:
    """The viewings of a learner, from the events of a video in order."""
    found = []
    started: float | None = None
    duration: float | None = None
    sought: float | None = None
    for event in events:
        position, *target = offsets(event)
        assert position is not None
        if event.type == "play_video":
            started = position if sought is None else sought
            length = _number(event.payload.get("duration"))
            duration = length if length is not None and length > 0 else None
        elif started is not None:
            long_enough = position - started >= 0.25
            if long_enough and (duration is None or position <= duration + 1):
                found.append(Viewing(learner, started, position, duration))
            started = None
            sought = target[0] if target else None
    return found


def summary(viewings: list[Viewing]) -> Video:
    """A video, from its viewings."""
    users: dict[int, set[str]] = defaultdict(set)
    views: Counter[int] = Counter()
    for viewing in viewings:
        for segment in range(segment_of(viewing.start), segment_of(viewing.end) + 1):
            users[segment].add(viewing.learner)
            views[segment] += 1
    durations = [viewing.duration for viewing in viewings]
    known = [duration for duration in durations if duration is not None]
    if len(known) == len(durations):
        duration = max(known)
        final = segment_of(duration)
    else:
        final = final_segment({segment: len(who) for segment, who in users.items()})
        duration = (final + 1) * 5 - 1
    near_end = segment_of(max(duration - 30, 0.95 * duration))
    return Video(
        duration=floor(duration),
        users_at_start=len(users.get(0, ())),
        users_at_end=len(users.get(near_end, ())),
        segments={
            segment: Segment(len(users[segment]), views[segment])
            for segment in sorted(users)
            if segment <= final
        },
    )


def segment_of(offset: float) -> int:
    """The segment of an offset in seconds."""
    return floor(offset) // 5


def final_segment(users: dict[int, int]) -> int:
    """The last segment before almost everybody is gone, of the watched ones and how many users each has."""
    watched = sorted(users)
    for segment, next_ in reversed(list(pairwise(watched))):
        if users[next_] * 20 <= users[segment]:
            return segment
    return watched[-1]
