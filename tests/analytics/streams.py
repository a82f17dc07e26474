"""Streams of tracking events for hypothesis: few learners, runs and instants, so that everything collides.

What is drawn is what platforms write, broken in the ways in which they break it. Only events whose meaning the Data
Analytics contract leaves open are not drawn.
"""

import datetime as dt
import json
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st

from tests.analytics.reference import NAVIGATION, Profile, Raw

RUNS = ("edX/DemoX/Demo_Course", "edX/DemoX/Again", "course-v1:edX+DemoX+Demo_2014")
"""The first two have the same usage keys."""

FIRST_MONDAY = dt.datetime(2014, 9, 1, tzinfo=dt.UTC)
LAST_DAY = dt.date(2014, 9, 30)
"""Later than every event."""

USER_IDS = (1, 2, 3, 4)
COUNTRIES = {"10.0.0.1": "DE", "10.0.0.2": "IN", "2001:db8::1": "DE"}

_LEARNERS = (
    *((user_id, f"user{user_id}") for user_id in USER_IDS),
    (None, "ann"),
    ("", "bob"),
    ("2", "user2"),
)
_NOBODY = (None, "")
_ADDRESSES = (*COUNTRIES, "10.9.9.9", "")
_MODES = ("honor", "audit", "verified", "no-id-professional")
_SERVER, _BROWSER, _MOBILE = "server", "browser", "mobile"
_MICROSECOND = dt.timedelta(microseconds=1)

Draw = Callable[[st.SearchStrategy[Any]], Any]
one_of = st.sampled_from


def country_of(address: str) -> str | None:
    """The country of an address, None for one that cannot be placed."""
    return COUNTRIES.get(address)


def streams(max_size: int = 40) -> st.SearchStrategy[list[Raw]]:
    """Events in any order, some of them twice: what so many actions of learners leave at most."""
    half = max_size // 2
    actions = st.lists(_actions(), max_size=half) | st.lists(_actions(), min_size=half, max_size=max_size)
    return actions.map(lambda found: [event for events in found for event in events]).flatmap(reordered)


@st.composite
def reordered(draw: Draw, events: Sequence[Raw]) -> list[Raw]:
    """The same events in another order, some of them more than once."""
    again = draw(st.lists(one_of(events), max_size=5)) if events else []
    found: list[Raw] = draw(st.permutations([*events, *again]))
    return found


@st.composite
def batches(draw: Draw, events: Sequence[Raw]) -> list[list[Raw]]:
    """The same events, cut into batches."""
    cuts = sorted(draw(st.lists(st.integers(0, len(events)), max_size=4)))
    return [list(events[start:end]) for start, end in zip([0, *cuts], [*cuts, len(events)], strict=True)]


def profiles() -> st.SearchStrategy[dict[int, Profile]]:
    """Profiles of some of the users."""
    profile = st.builds(
        Profile,
        gender=one_of((None, "female", "male", "other")),
        year_of_birth=one_of((None, 1984, 2000)),
        education=one_of((None, "none", "bachelors")),
        country=one_of((None, "FR", "IN")),
    )
    return st.dictionaries(one_of(USER_IDS), profile)


def instants() -> st.SearchStrategy[dt.datetime]:
    """Instants of three weeks: mostly the same few ones, around midnights and Mondays."""
    days = st.integers(0, 20).map(lambda day: FIRST_MONDAY + dt.timedelta(day))
    mondays = st.integers(1, 2).map(lambda week: FIRST_MONDAY + dt.timedelta(weeks=week))
    noon = FIRST_MONDAY + dt.timedelta(hours=12)
    return st.one_of(
        one_of((noon, noon + _MICROSECOND, noon + dt.timedelta(seconds=30))),
        st.one_of(days, mondays).flatmap(lambda midnight: one_of((midnight - _MICROSECOND, midnight))),
        st.integers(0, 21 * 86_400 - 1).map(lambda seconds: FIRST_MONDAY + dt.timedelta(seconds=seconds)),
    )


@st.composite
def _actions(draw: Draw) -> list[Raw]:
    """What one thing that somebody does leaves in the log."""
    kinds = (_enrollment, _attempt, _grading, _video, _viewing, _crowd, _forum, _navigation, _page, _noise)
    weights = (5, 5, 2, 5, 4, 1, 2, 2, 3, 2)
    kind = draw(one_of([kind for kind, weight in zip(kinds, weights, strict=True) for _ in range(weight)]))
    found: list[Raw] = kind(draw)
    return found


def _event(
    draw: Draw,
    kind: str,
    source: str,
    run: str | None,
    payload: Any,
    *,
    who: tuple[Any, str] | None = None,
    at: dt.datetime | None = None,
    **context: Any,
) -> Raw:
    """An event. The course is in its context or, of an event with a page, perhaps only there."""
    user_id, username = who or draw(one_of(_LEARNERS))
    at = at or draw(instants())
    in_context = source == _SERVER or run is None or draw(one_of((True, True, False)))
    if user_id is not None:
        context["user_id"] = user_id
    if isinstance(payload, dict) and (source == _BROWSER or draw(one_of((True, False, False)))):
        payload = json.dumps(payload)
    return {
        "username": username,
        "event_type": kind,
        "event_source": source,
        "time": at.isoformat().replace("+00:00", draw(one_of(("+00:00", "+00:00", "Z")))),
        "ip": draw(one_of(_ADDRESSES)),
        "agent": "",
        "host": "example.org",
        "page": f"https://example.org/courses/{run}/courseware/?x=1" if source != _SERVER else None,
        "context": {"course_id": (run or "") if in_context else "", **context},
        "event": payload,
    }


def _enrollment(draw: Draw) -> list[Raw]:
    run = draw(one_of(RUNS))
    change = draw(one_of(("activated", "activated", "deactivated", "mode_changed")))
    payload: dict[str, Any] = {
        "course_id": run,
        "user_id": draw(one_of(USER_IDS)),
        "mode": draw(one_of(_MODES)),
    }
    if draw(st.integers(0, 9)) == 0:
        payload[draw(one_of(("user_id", "mode")))] = None
    return [_event(draw, f"edx.course.enrollment.{change}", _SERVER, run, payload)]


def _problem(draw: Draw) -> tuple[str, str]:
    """A run and a problem of it."""
    run, name = draw(one_of((*RUNS, RUNS[0], RUNS[0]))), draw(one_of(("p1", "p1", "p1", "p2")))
    return run, _usage_key(run, "problem", name)


def _usage_key(run: str, category: str, name: str) -> str:
    if run.startswith("course-v1:"):
        return f"{run.replace('course-v1', 'block-v1')}+type@{category}+block@{name}"
    return f"i4x://edX/DemoX/{category}/{name}"


_RESPONSES = {
    "_2_1": (
        ("multiplechoiceresponse", "choice_0", "<p>Yes,\n<b>it</b> is</p>"),
        ("multiplechoiceresponse", "choice_0", "Yes, it is"),
        ("multiplechoiceresponse", "choice_0", "Yes, it is"),
        ("multiplechoiceresponse", "choice_1", "<p>No &amp; never</p>"),
        ("choiceresponse", ["choice_0", "choice_1"], ["<i>one</i>", "two "]),
        ("choiceresponse", [], []),
        ("customresponse", "choice_0", "choice_0"),
    ),
    "_3_1": (
        ("numericalresponse", "3.14", "3.14"),
        ("numericalresponse", " 3.14 ", " 3.14 "),
        ("stringresponse", "a < b", "a < b"),
        ("stringresponse", "", ""),
    ),
}


def _attempt(draw: Draw) -> list[Raw]:
    """A `problem_check` of the server, and mostly the browser's copy, which says nothing."""
    run, problem = _problem(draw)
    who = draw(one_of((*_LEARNERS, _NOBODY)))
    at = draw(instants())
    prefix = f"i4x-edX-DemoX-problem-{problem[-2:]}"
    parts = {
        prefix + suffix: draw(one_of(responses))
        for suffix, responses in _RESPONSES.items()
        if draw(one_of((True, True, False)))
    }
    marking = draw(one_of((("choice_0", "3.14"),) * 19 + ((),)))
    correct = {part: raw in marking for part, (_, raw, _) in parts.items()}
    payload: dict[str, Any] = {
        "problem_id": problem,
        "answers": {part: raw for part, (_, raw, _) in parts.items()},
        "correct_map": {
            part: {"correctness": "correct" if right else "incorrect"} for part, right in correct.items()
        },
        "state": {"seed": draw(one_of((1, 7)))},
        "grade": draw(one_of((0, 1, 1.5, None))),
        "max_grade": draw(one_of((2, 2, 2.0, 4))),
        "success": "correct",
        "attempts": 1,
    }
    if parts and draw(st.booleans()):
        payload["answers"][f"{prefix}_3_1_dynamath"] = "<math/>"
    if draw(st.integers(0, 3)):
        payload["submission"] = {
            part: {
                "answer": answer,
                "response_type": response_type,
                "input_type": "input",
                "question": draw(one_of(("What?",) * 19 + ("What is it?", ""))),
                "variant": draw(one_of(("", 1, 7, 7))),
                "correct": correct[part],
            }
            for part, (response_type, _, answer) in parts.items()
        }
    else:
        payload["answers"]["of_no_part"] = "bogus"
    name = draw(one_of(("Problem",) * 9 + ("Renamed problem", None)))
    found = [
        _event(draw, "problem_check", _SERVER, run, payload, who=who, at=at, module={"display_name": name})
    ]
    if draw(st.booleans()):
        found.append(_event(draw, "problem_check", _BROWSER, run, "input_2_1=choice_0", who=who, at=at))
    return found


def _grading(draw: Draw) -> list[Raw]:
    run, problem = _problem(draw)
    payload: dict[str, Any] = {"problem_id": problem}
    kind = draw(
        one_of(("problem_rescore", "problem_reset", "reset_problem", "edx.grades.problem.state_deleted"))
    )
    source = _SERVER
    if kind == "problem_rescore":
        source = draw(one_of((_SERVER, "task")))
        payload |= {"new_score": draw(one_of((0, 1, 2))), "new_total": 2, "orig_score": 1, "orig_total": 2}
        if source == "task" or draw(st.booleans()):
            payload["user_id"] = draw(one_of((*USER_IDS, "3")))
    elif kind.startswith("edx."):
        payload["user_id"] = draw(one_of((*USER_IDS, "3")))
    return [_event(draw, kind, source, run, payload)]


_OFFSETS = (0, 0.2, 3, 4.999, 5, 10.25, 29, 30, 61.5, 99)
_IMPOSSIBLE = (-1, 36_001, "soon", [3])
_DURATIONS = (None, 60, 100, 100.6)


def _video_id(draw: Draw) -> str:
    found: str = draw(one_of(("i4x-edX-DemoX-video-v1", "i4x-edX-DemoX-video-v1", "\nv2 ")))
    return found


def _offset(draw: Draw) -> Any:
    return draw(one_of(_IMPOSSIBLE)) if draw(st.integers(0, 9)) == 0 else draw(one_of(_OFFSETS))


def _video(draw: Draw) -> list[Raw]:
    """A single event of a player."""
    kind = draw(one_of(("play_video", "pause_video", "stop_video", "seek_video", "load_video")))
    payload = {"id": _video_id(draw), "code": "html5"}
    if kind == "seek_video":
        payload |= {"old_time": _offset(draw), "new_time": _offset(draw)}
    elif draw(st.integers(0, 9)):
        payload["currentTime"] = _offset(draw)
    if (duration := draw(one_of(_DURATIONS))) or draw(st.booleans()):
        payload["duration"] = duration
    return [_event(draw, kind, draw(one_of((_BROWSER, _BROWSER, _MOBILE))), draw(one_of(RUNS)), payload)]


def _viewing(draw: Draw) -> list[Raw]:
    """A learner plays, perhaps seeks and plays on, and ends."""
    run, who, at = draw(one_of(RUNS)), draw(one_of(_LEARNERS)), draw(instants())
    video, duration = _video_id(draw), draw(one_of(_DURATIONS))
    start, end = sorted((draw(one_of(_OFFSETS)), draw(one_of(_OFFSETS))))
    steps: list[tuple[str, dict[str, Any]]] = [("play_video", {"currentTime": start, "duration": duration})]
    if draw(st.booleans()):
        target = draw(one_of(_OFFSETS))
        steps += [
            ("seek_video", {"old_time": end, "new_time": target}),
            ("play_video", {"currentTime": draw(one_of(_OFFSETS)), "duration": duration}),
        ]
        end = target + draw(one_of((0, 0.25, 7, 40)))
    steps.append((draw(one_of(("pause_video", "stop_video"))), {"currentTime": end}))
    return [
        _event(draw, kind, _BROWSER, run, {"id": video, **payload}, who=who, at=at + number * _MICROSECOND)
        for number, (kind, payload) in enumerate(steps)
    ]


def _crowd(draw: Draw) -> list[Raw]:
    """So many watch the beginning of a video that those who go on can be five per cent or fewer."""
    run, at, end = draw(one_of(RUNS)), draw(instants()), draw(one_of((4, 8, 31)))
    return [
        _event(
            draw,
            kind,
            _MOBILE,
            run,
            {"id": "i4x-edX-DemoX-video-v1", "currentTime": position},
            who=(user_id, f"user{user_id}"),
            at=at + (position > 0) * _MICROSECOND,
        )
        for user_id in range(100, 100 + draw(one_of((19, 20, 40))))
        for kind, position in (("play_video", 0), ("pause_video", end))
    ]


def _forum(draw: Draw) -> list[Raw]:
    run = draw(one_of(RUNS))
    kind = draw(
        one_of(
            (
                "edx.forum.thread.created",
                "edx.forum.response.created",
                "edx.forum.comment.created",
                "edx.forum.thread.voted",
                f"/courses/{run}/discussion/i4x-topic/threads/create",
                f"/courses/{run}/discussion/threads/53a1/reply",
                f"/courses/{run}/discussion/comments/53a2/reply",
                f"/courses/{run}/discussion/comments/53a2/update",
            )
        )
    )
    return [_event(draw, kind, draw(one_of((_SERVER, _SERVER, _BROWSER))), run, {"title": "Hello"})]


def _navigation(draw: Draw) -> list[Raw]:
    run = draw(one_of(RUNS))
    payload: dict[str, Any] = {"old": 1, "new": 2}
    if draw(st.integers(0, 9)):
        payload["id"] = _usage_key(run, "sequential", draw(one_of(("s1", "s2"))))
    return [_event(draw, draw(one_of(NAVIGATION)), draw(one_of((_BROWSER, _SERVER))), run, payload)]


def _page(draw: Draw) -> list[Raw]:
    """An implicit event: the server names the path that was asked for."""
    run = draw(one_of(RUNS))
    key = draw(one_of((run, quote(run, safe="/"))))
    rest = draw(
        one_of(
            (
                "courseware/week1/s1/",
                "courseware/week1/s2/3",
                "courseware/week1/s1",
                "courseware/week1/",
                "info",
                "",
            )
        )
    )
    event = _event(draw, f"/courses/{key}/{rest}", _SERVER, run, {"POST": {}, "GET": {}})
    if draw(st.booleans()):
        return [{**event, "context": {**event["context"], "course_id": ""}}]
    return [event]


def _noise(draw: Draw) -> list[Raw]:
    """Events without a course or without a user, of tasks, and with payloads that are none."""
    kind = draw(one_of(("problem_check", "play_video", "page_close", "seq_next", "/dashboard", "edx.bi.x")))
    source = draw(one_of((_SERVER, _BROWSER, "task")))
    run = draw(one_of((None, *RUNS)))
    payload = draw(one_of(("", "a=b", "[1]", "{", None, [], 3)))
    return [_event(draw, kind, source, run, payload, who=draw(one_of((*_LEARNERS, _NOBODY))))]
