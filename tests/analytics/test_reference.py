"""The reference computation: the pipeline's own numbers, each rule of the contract by hand, its invariants."""

import datetime as dt
import gzip
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analytics.reference import (
    Analytics,
    Answers,
    Opens,
    Profile,
    Raw,
    Segment,
    Week,
    compute,
    digest,
    final_segment,
    read,
    written,
)
from tests.analytics.streams import LAST_DAY, country_of, profiles, reordered, streams

RUN = "edX/DemoX/Demo_Course"
NEW_RUN = "course-v1:edX+DemoX+Demo_2014"
MONDAY = dt.date(2014, 9, 1)
PROBLEM = "i4x://edX/DemoX/problem/p1"


def event(kind: str, payload: Any = "", at: str = "2014-09-01T12:00:00", user: Any = 1, **more: Any) -> Raw:
    """An event in the run; server's unless it says otherwise."""
    return {
        "event_type": kind,
        "event_source": "server",
        "time": f"{at}+00:00",
        "username": "",
        "context": {"course_id": RUN, "user_id": user},
        "event": payload,
        **more,
    }


def computed(*events: Raw, **options: Any) -> Analytics:
    return compute(events, MONDAY + dt.timedelta(days=2), **options)


# Known numbers


def test_enrollment_is_what_the_pipeline_computed(data_directory: Path) -> None:
    lines = (data_directory / "tracking-logs" / "enrollment_trends.log").read_bytes().splitlines()
    events = [found for line in lines if (found := orjson.loads(line))["time"] >= "2014-08-01"]
    series = compute(events, dt.date(2014, 8, 6)).enrollment
    for run, first_day, total, modes in (
        (
            "edX/Open_DemoX/edx_demo_course",
            1,
            [(3, 4), (2, 4), (3, 4), (2, 4), (1, 5), (0, 5)],
            {
                "audit": [(1, 1), (0, 1), (1, 1), None, None, None],
                "honor": [(1, 2), (1, 2), (1, 2), (1, 3), (1, 3), (0, 3)],
                "verified": [(1, 1), (1, 1), (1, 1), (1, 1), (0, 2), (0, 2)],
            },
        ),
        (
            "course-v1:edX+Open_DemoX+edx_demo_course2",
            3,
            [(1, 1), (1, 1), (2, 2), (2, 2)],
            {"honor": [None, None, (1, 1), (1, 1)], "verified": [(1, 1), (1, 1), (1, 1), (1, 1)]},
        ),
    ):
        days = [dt.date(2014, 8, day) for day in range(first_day, 7)]
        assert [series[run, "total", "", day] for day in days] == total
        for mode, numbers in modes.items():
            assert [series.get((run, "mode", mode, day)) for day in days] == numbers
        assert {key[2] for key in series if key[:2] == (run, "mode")} == set(modes)
        assert {key[3] for key in series if key[0] == run} == set(days)


def test_a_real_log_makes_sense(data_directory: Path) -> None:
    log = gzip.decompress((data_directory / "tracking-logs" / "answer_dist.log.gz").read_bytes())
    found = compute(map(orjson.loads, log.splitlines()), dt.date(2014, 9, 1))
    run, usage = "edX/E929/2014_T2", "i4x://edX/E929/{}/{}".format
    assert found.weeks[run, dt.date(2014, 4, 28)] == Week(4, 4, 3, 0)
    assert found.enrollment[run, "total", "", dt.date(2014, 5, 2)] == (5, 5)
    numerical = usage("problem", "466bffd122ce457ea3ae34a46f0130fa")
    assert found.grades[run, numerical] == {(3, 3): 2, (0, 3): 1, (1, 3): 1}
    part = "i4x-edX-E929-problem-466bffd122ce457ea3ae34a46f0130fa_4_1"
    question, name = "Enter the number of fingers on a human hand", "Numerical Input"
    assert [row for row in found.consolidated[run, numerical] if row.part_id == part] == [
        Answers(part, None, "5", None, True, question, name, 3, 3),
        Answers(part, None, "6", None, False, question, name, 1, 1),
    ]
    multiple = usage("problem", "17de162d435f4621ac451afb938ac8f7")
    assert [(row.value_id, row.answer_value, *row[-3:-1]) for row in found.answers[run, multiple]] == [
        ("choice_beatles", "Napster", 0, 1),
        ("choice_ipad", "The iPad", 3, 0),
        ("choice_ipod", "The iPod", 1, 3),
    ]
    assert found.opens[run, usage("sequential", "93cbaf77d8ea48a78e473367696415e4")] == Opens(4, 13)
    video = found.videos[run, "i4x-edX-E929-video-3cb54a11efae4ccc8a0aade24d14b255"]
    assert video == (4, 3, 3, {0: (3, 3)})
    check_invariants(found)


# Events (8.1)


@pytest.mark.parametrize(
    ("user", "learner"),
    [
        ({"context": {"user_id": 7}, "username": "ann"}, "7"),
        ({"context": {"user_id": "7"}}, "7"),
        ({"context": {"user_id": ""}, "username": "ann"}, "@ann"),
        ({"context": {}, "username": "ann"}, "@ann"),
        ({"context": {"user_id": None}, "username": ""}, None),
    ],
)
def test_a_learner_is_an_id_or_a_name(user: Raw, learner: str | None) -> None:
    found = read(event("problem_check", **user))
    assert found is not None
    assert found.learner == learner


@pytest.mark.parametrize(
    ("where", "course"),
    [
        ({"context": {"course_id": NEW_RUN}, "event_type": f"/courses/{RUN}/info"}, NEW_RUN),
        ({"context": {"course_id": "nonsense"}, "event_type": f"/courses/{RUN}/info"}, RUN),
        ({"context": {}, "event_type": "/courses/course-v1%3AedX%2BDemoX%2BDemo_2014/"}, NEW_RUN),
        ({"context": {}, "event_type": f"/courses/{NEW_RUN}"}, NEW_RUN),
        ({"context": {}, "event_type": f"/about/courses/{RUN}/"}, None),
        ({"context": {}, "page": f"https://example.org/courses/{RUN}/"}, None),
        ({"context": {}, "event_source": "browser", "page": f"https://example.org/courses/{RUN}/?a#b"}, RUN),
        (
            {"context": {}, "event_source": "mobile", "page": f"https://example.org/courses/{NEW_RUN}"},
            NEW_RUN,
        ),
        ({"context": {}, "event": {"course_id": RUN}}, None),
        ({"context": {}, "event": {"course_id": RUN}, "event_type": "edx.course.enrollment.activated"}, RUN),
    ],
)
def test_a_course_is_in_the_context_or_in_the_url(where: Raw, course: str | None) -> None:
    found = read({**event("page_close"), **where})
    assert found is not None
    assert found.course == course


def test_a_payload_is_an_object_or_the_text_of_one() -> None:
    for payload, value in (
        ({"a": 1}, {"a": 1}),
        ('{"a": 1}', {"a": 1}),
        ("", {}),
        ("a=1", {}),
        ("[1]", {}),
        (3, {}),
    ):
        found = read(event("page_close", payload))
        assert found is not None
        assert found.payload == value


def test_time_is_utc_whatever_its_offset() -> None:
    found = read({**event("page_close"), "time": "2014-09-02T01:30:00.5+02:00"})
    assert found is not None
    assert (found.at, found.day) == (dt.datetime(2014, 9, 1, 23, 30, 0, 500_000, dt.UTC), MONDAY)
    assert read({**event("page_close"), "time": "yesterday"}) is None


# Enrollment (8.2 to 8.4)


def enrollment(change: str, mode: str = "honor", at: str = "2014-09-01T12:00:00", user: int = 1) -> Raw:
    return event(f"edx.course.enrollment.{change}", {"course_id": RUN, "user_id": user, "mode": mode}, at)


def test_events_of_an_instant_are_ordered_by_type_and_mode() -> None:
    found = computed(enrollment("deactivated", "audit"), enrollment("activated", "verified"))
    assert found.enrollment[RUN, "total", "", MONDAY] == (0, 1)
    assert found.enrollment[RUN, "mode", "audit", MONDAY] == (0, 1)
    found = computed(enrollment("activated", "verified"), enrollment("activated", "audit"))
    assert found.enrollment[RUN, "mode", "verified", MONDAY] == (1, 1)
    assert (RUN, "mode", "audit", MONDAY) not in found.enrollment


def test_every_event_sets_the_mode_and_some_the_state() -> None:
    found = computed(
        enrollment("mode_changed", "audit"),
        enrollment("activated", "honor", "2014-09-02T00:00:00"),
        enrollment("mode_changed", "verified", "2014-09-02T23:59:59.999999"),
    ).enrollment
    days = [MONDAY + dt.timedelta(days=day) for day in range(3)]
    assert [found[RUN, "total", "", day] for day in days] == [(0, 1), (1, 1), (1, 1)]
    assert [key[2:] for key in found if key[1] == "mode"] == [
        ("audit", days[0]),
        ("verified", days[1]),
        ("verified", days[2]),
    ]


def test_groups_are_of_the_profile_and_of_the_newest_address() -> None:
    events = [
        enrollment("activated"),
        enrollment("activated", user=2),
        enrollment("deactivated", user=2, at="2014-09-02T00:00:00"),
        event("page_close", ip="10.0.0.1", at="2014-09-01T00:00:00"),
        event("page_close", ip="10.0.0.2", at="2014-09-03T00:00:00", context={"user_id": "1"}),
        event("page_close", ip="", at="2014-09-04T00:00:00"),
    ]
    profiles = {1: Profile("female", 1984, "bachelors", "FR"), 2: Profile(country="FR")}
    with_addresses = computed(*events, profiles=profiles, country_of=country_of).enrollment
    without = computed(*events, profiles=profiles).enrollment
    tuesday = MONDAY + dt.timedelta(days=1)
    groups = {key[1:3]: value for key, value in with_addresses.items() if key[3] == tuesday}
    assert groups == {
        ("total", ""): (1, 2),
        ("mode", "honor"): (1, 2),
        ("gender", "female"): (1, 1),
        ("gender", ""): (0, 1),
        ("birth_year", "1984"): (1, 1),
        ("birth_year", ""): (0, 1),
        ("education", "bachelors"): (1, 1),
        ("education", ""): (0, 1),
        ("country", "IN"): (1, 1),
        ("country", ""): (0, 1),
    }
    assert without[RUN, "country", "FR", tuesday] == (1, 2)


# Weekly activity (8.5)


@pytest.mark.parametrize(
    ("found", "week"),
    [
        (event("problem_check"), Week(1, 1, 0, 0)),
        (event("problem_check", "a=b", event_source="browser"), Week(1, 0, 0, 0)),
        (event("problem_check_fail"), Week(1, 0, 0, 0)),
        (event("play_video", event_source="mobile"), Week(1, 0, 1, 0)),
        (event("play_video"), Week(1, 0, 0, 0)),
        (event("pause_video", event_source="browser"), Week(1, 0, 0, 0)),
        (event("edx.forum.response.created"), Week(1, 0, 0, 1)),
        (event("edx.forum.response.created", event_source="browser"), Week(1, 0, 0, 0)),
        (event("edx.forum.thread.voted"), Week(1, 0, 0, 0)),
        (event(f"/courses/{RUN}/discussion/topic/threads/create"), Week(1, 0, 0, 1)),
        (event(f"/courses/{RUN}/discussion/threads/1/reply"), Week(1, 0, 0, 1)),
        (event(f"/courses/{RUN}/discussion/comments/1/reply"), Week(1, 0, 0, 1)),
        (event(f"/courses/{RUN}/discussion/comments/1/update"), Week(1, 0, 0, 0)),
        (event(f"/courses/{RUN}/info", context={"user_id": 1}), Week(1, 0, 0, 0)),
        (event("problem_rescore", event_source="task"), None),
        (event("edx.course.enrollment.upgrade.clicked"), None),
        (event("problem_check", user=None), None),
        (event("problem_check", context={"user_id": 1}), None),
    ],
)
def test_labels_of_an_event(found: Raw, week: Week | None) -> None:
    assert computed(found).weeks == ({} if week is None else {(RUN, MONDAY): week})


def test_weeks_are_from_monday_and_count_learners() -> None:
    found = computed(
        event("page_close", at="2014-08-31T23:59:59.999999"),
        event("page_close", at="2014-09-01T00:00:00"),
        event("page_close", at="2014-09-07T23:59:59.999999", user=None, username="ann"),
        event("page_close", at="2014-09-08T00:00:00", user="1"),
        event("seq_next", at="2014-09-02T00:00:00"),
    )
    assert {key[1]: week.any for key, week in found.weeks.items()} == {
        dt.date(2014, 8, 25): 1,
        dt.date(2014, 9, 1): 2,
        dt.date(2014, 9, 8): 1,
    }


# Grades (8.6, A10)


def graded(grade: Any, at: str = "2014-09-01T12:00:00", **more: Any) -> Raw:
    return event("problem_check", {"problem_id": PROBLEM, "grade": grade, "max_grade": 2}, at, **more)


LATER, LAST = "2014-09-01T12:00:00.000001", "2014-09-09T00:00:00"


@pytest.mark.parametrize(
    ("events", "grades"),
    [
        ([graded(2, LAST), graded(1)], {(2, 2): 1}),
        ([graded(2), graded(1, user=2), graded(1.0, user=3)], {(2, 2): 1, (1, 2): 2}),
        ([graded(2), graded(None, LATER), graded("1", LATER), graded(True, LATER)], {(2, 2): 1}),
        ([graded(2, event_source="browser")], {}),
        (
            [
                graded(2),
                event("problem_rescore", {"problem_id": PROBLEM, "new_score": 1, "new_total": 3}, LATER),
            ],
            {(1, 3): 1},
        ),
        (
            [
                graded(2),
                event(
                    "problem_rescore",
                    {"problem_id": PROBLEM, "new_score": 0, "new_total": 2, "user_id": 1},
                    LATER,
                    user=9,
                    event_source="task",
                ),
            ],
            {(0, 2): 1},
        ),
        ([graded(2), event("problem_reset", {"problem_id": PROBLEM}, LATER)], {}),
        ([graded(2, LAST), event("reset_problem", {"problem_id": PROBLEM}, LATER)], {(2, 2): 1}),
        (
            [graded(2), event("reset_problem", {"problem_id": PROBLEM}, LATER, event_source="browser")],
            {(2, 2): 1},
        ),
        (
            [
                graded(2),
                graded(2, user=9),
                event(
                    "edx.grades.problem.state_deleted", {"problem_id": PROBLEM, "user_id": "1"}, LATER, user=9
                ),
            ],
            {(2, 2): 1},
        ),
        (
            [graded(2), event("edx.grades.problem.rescored", {"problem_id": PROBLEM, "user_id": 1}, LATER)],
            {(2, 2): 1},
        ),
    ],
)
def test_the_newest_grade_counts(events: list[Raw], grades: dict[tuple[float, float], int]) -> None:
    assert computed(*events).grades == ({(RUN, PROBLEM): grades} if grades else {})


def test_the_digest_decides_between_events_of_an_instant() -> None:
    one, other = sorted((graded(1), graded(2)), key=digest)
    assert computed(other, one).grades == {(RUN, PROBLEM): {(other["event"]["grade"], 2): 1}}


# Answers (8.6, A11)


def attempt(
    answers: Any, submission: Any = None, at: str = "2014-09-01T12:00:00", user: int = 1, **more: Any
) -> Raw:
    """A `problem_check`: raw answers by part, and of each part what its submission says besides defaults."""
    payload = {"problem_id": PROBLEM, "answers": answers, **more}
    if submission is not None:
        defaults = {
            "response_type": "multiplechoiceresponse",
            "question": "Q",
            "variant": "",
            "correct": True,
        }
        payload["submission"] = {part: {**defaults, **given} for part, given in submission.items()}
    context = {"course_id": RUN, "user_id": user, "module": {"display_name": "Name"}}
    return event("problem_check", payload, at, context=context)


def rows(*events: Raw, consolidated: bool = False) -> list[Answers]:
    found = computed(*events)
    return (found.consolidated if consolidated else found.answers).get((RUN, PROBLEM), [])


def test_first_and_last_attempts_count_and_none_between() -> None:
    given = [
        attempt({"x": f"choice_{number}"}, {"x": {"answer": f"A{number}"}}, at=f"2014-09-0{number}T00:00:00")
        for number in (1, 2, 3)
    ]
    single = attempt({"x": "choice_1"}, {"x": {"answer": "New A1", "correct": None}}, user=2, at=LAST)
    assert rows(*given, single) == [
        Answers("x", "choice_1", "New A1", None, None, "Q", "Name", 2, 1),
        Answers("x", "choice_3", "A3", None, True, "Q", "Name", 0, 1),
    ]


def test_a_value_id_is_what_differs_and_its_answer_loses_markup() -> None:
    parts = {
        "a": ("choice_0", " <p>Yes &amp;\n <b>no</b></p> ", "choice_0", "Yes & no"),
        "b": (" <b>3</b> ", " <b>3</b> ", None, "<b>3</b>"),
        "c": (["c_0", "c_1"], ["<i>x</i>", "y "], "[c_0|c_1]", "[x|y]"),
        "d": ("", "", None, None),
        "e": ([], [], None, "[]"),
    }
    submission = {part: {"answer": answer} for part, (_, answer, _, _) in parts.items()}
    hidden = {"a_dynamath": "<math/>", "a_comment": "Well"}
    event = attempt(
        {**{part: raw for part, (raw, *_) in parts.items()}, **hidden},
        {**submission, **{part: {"answer": raw} for part, raw in hidden.items()}},
    )
    assert [row[:3] for row in rows(event)] == [
        (part, value_id, text) for part, (_, _, value_id, text) in parts.items()
    ]


def test_without_submission_the_raw_answer_is_the_value_id() -> None:
    old = attempt(
        {"x": "choice_0", "y": "z", "bogus": "b"},
        correct_map={"x": {"correctness": "correct"}, "y": {"correctness": "partially-correct"}},
        state={"seed": 5},
    )
    new = attempt({"x": "choice_1"}, {"x": {"answer": "One", "variant": 5}}, at=LATER, user=2)
    assert rows(old) == []
    assert rows(old, new) == [
        Answers("x", "choice_0", None, 5, True, None, "Name", 1, 1),
        Answers("x", "choice_1", "One", 5, True, "Q", "Name", 1, 1),
    ]


def test_the_newest_response_type_decides_whether_a_part_is_there() -> None:
    good = {"x": {"answer": "One"}}
    bad = {"x": {"answer": "One", "response_type": "customresponse"}}
    assert rows(attempt({"x": "1"}, good), attempt({"x": "1"}, bad, at=LATER, user=2)) == []
    assert len(rows(attempt({"x": "1"}, bad), attempt({"x": "1"}, good, at=LATER, user=2))) == 1


def test_variants_are_apart_and_a_missing_one_is_the_first() -> None:
    events = [
        attempt(
            {"x": "1"},
            {"x": {"answer": "One", "variant": variant}},
            at=f"2014-09-0{user}T00:00:00",
            user=user,
        )
        for user, variant in ((1, "7"), (2, 1), (3, ""))
    ]
    assert [(row.variant, row.last_response_count) for row in rows(*events)] == [(None, 2), (7, 1)]
    assert [(row.variant, row.last_response_count) for row in rows(*events[:2])] == [(1, 1), (7, 1)]


def test_answers_that_differ_in_the_variant_alone_are_consolidated() -> None:
    def given(user: int, value: str, variant: int, **more: Any) -> Raw:
        return attempt(
            {"x": value}, {"x": {"answer": f"<b>{value}</b>", "variant": variant, **more}}, user=user
        )

    events = [given(1, "a", 1), given(2, "a", 7), given(3, "b", 7)]
    assert rows(*events, consolidated=True) == [
        Answers("x", "a", "a", None, True, "Q", "Name", 2, 2, True),
        Answers("x", "b", "b", 7, True, "Q", "Name", 1, 1, False),
    ]
    events += [given(4, "b", 8, question="Another?")]
    assert rows(*events, consolidated=True) == rows(*events)
    assert len(rows(*events)) == 4


def test_other_answers_are_written_as_json() -> None:
    assert [written(value, markup=False) for value in (3, 1.5, True, None, {"b": 1, "a": [2]})] == [
        "3",
        "1.5",
        "true",
        None,
        '{"a":[2],"b":1}',
    ]


# Subsections (8.7)


def test_opens_are_page_views_and_navigation() -> None:
    key = "i4x://edX/DemoX/sequential/s1"
    found = computed(
        event(f"/courses/{RUN}/courseware/week1/s1/"),
        event(f"/courses/{RUN}/courseware/week1/s1/2", user=2),
        event(f"/courses/{RUN}/courseware/week1/"),
        event(f"/courses/{RUN}/courseware/week1/s1/", event_source="browser"),
        event(f"/courses/{NEW_RUN}/courseware/week1/s1", context={"user_id": 1}),
        event("seq_goto", orjson.dumps({"id": key}).decode(), event_source="browser"),
        event("edx.ui.lms.sequence.tab_selected", {"id": key}, user=3),
        event("seq_next", {"id": key}, user=None),
        event("seq_next", {}),
    )
    assert found.opens == {
        (RUN, key): Opens(3, 4),
        (NEW_RUN, "block-v1:edX+DemoX+Demo_2014+type@sequential+block@s1"): Opens(1, 1),
    }


# Videos (8.8)


def player(*steps: Any, user: int = 1, duration: Any = None) -> list[Raw]:
    """Events of a player: an action and its offsets each, a second after the one before."""
    found = []
    for second, (action, *offsets) in enumerate(steps):
        names = ("old_time", "new_time") if action == "seek" else ("currentTime",)
        payload = {"id": " v\n", **dict(zip(names, offsets, strict=False))}
        if action == "play" and duration is not None:
            payload["duration"] = duration
        at = f"2014-09-01T12:00:{second:02}"
        found.append(event(f"{action}_video", payload, at, user, event_source="browser"))
    return found


def watched(*events: Raw) -> dict[int, Segment]:
    found = computed(*events).videos
    assert set(found) <= {(RUN, "v")}
    return found[RUN, "v"].segments if found else {}


@pytest.mark.parametrize(
    ("steps", "segments"),
    [
        ([("play", 0), ("pause", 4.9)], [0]),
        ([("play", 4.9), ("stop", 10)], [0, 1, 2]),
        ([("play", 0), ("seek", 6, 50), ("play", 6), ("pause", 51)], [0, 1, 10]),
        ([("play", 0), ("pause", 1), ("seek", 1, 50), ("play", 20), ("pause", 21)], [0, 4]),
        ([("play", 0), ("play", 20), ("pause", 21)], [4]),
        ([("play", 0)], []),
        ([("pause", 5)], []),
        ([("play", 0), ("pause", 0.2)], []),
        ([("play", 0), ("pause", 0.25)], [0]),
        ([("play", 9), ("pause", 8), ("pause", 12)], []),
        ([("play", 9), ("pause",), ("pause", 12)], []),
        ([("play", 9), ("stop",), ("pause", 12)], [1, 2]),
        (
            [("play", 9), ("pause", -1), ("pause", 36_001), ("pause", "x"), ("pause", True), ("pause", 12)],
            [1, 2],
        ),
        ([("play",), ("pause", 3)], []),
    ],
)
def test_viewings(steps: Any, segments: list[int]) -> None:
    assert watched(*player(*steps)) == dict.fromkeys(segments, (1, 1))


def test_viewings_end_with_the_video() -> None:
    assert list(watched(*player(("play", 0), ("pause", 11), duration=10))) == [0, 1, 2]
    assert watched(*player(("play", 0), ("pause", 11.1), duration=10)) == {}


def test_only_players_tell_of_viewings() -> None:
    events = player(("play", 0), ("pause", 3))
    assert watched(*({**event, "event_source": "server"} for event in events)) == {}
    assert watched(*({**event, "event_source": "mobile"} for event in events)) == {0: (1, 1)}


def test_users_and_views_are_counted_apart() -> None:
    twice = player(("play", 0), ("pause", 7), ("play", 0), ("pause", 3))
    assert watched(*twice, *player(("play", 3), ("pause", 4), user=2)) == {0: (2, 3), 1: (1, 1)}


def test_a_video_of_known_duration() -> None:
    events = [
        *player(("play", 0), ("pause", 100), duration=100.6),
        *player(("play", 0), ("pause", 72), user=2, duration=100),
        *player(("play", 3), ("pause", 101.5), user=3, duration=101.4),
    ]
    video = computed(*events).videos[RUN, "v"]
    assert (video.duration, video.users_at_start, video.users_at_end) == (101, 3, 2)
    assert max(video.segments) == 20


def test_one_viewing_without_duration_makes_it_unknown() -> None:
    events = [
        *player(("play", 0), ("pause", 12), duration=600),
        *player(("play", 5), ("pause", 17), user=2),
    ]
    video = computed(*events).videos[RUN, "v"]
    assert (video.duration, video.users_at_start, video.users_at_end) == (19, 1, 1)


def test_the_final_segment_is_before_almost_everybody_is_gone() -> None:
    assert final_segment({0: 40, 1: 20, 2: 1}) == 1
    assert final_segment({0: 40, 1: 19, 2: 1}) == 2
    assert final_segment({0: 40, 7: 2, 8: 2}) == 0
    assert final_segment({0: 400, 1: 20, 2: 20, 9: 1}) == 2
    assert final_segment({3: 1}) == 3
    crowd = [event for user in range(20) for event in player(("play", 0), ("pause", 4), user=user)]
    video = computed(*crowd, *player(("play", 20), ("pause", 21), user=20)).videos[RUN, "v"]
    assert video == (4, 20, 20, {0: (20, 20)})


# Invariants (8.9)


def check_invariants(found: Analytics) -> None:
    sums: dict[Any, dict[str, list[tuple[int, int]]]] = defaultdict(lambda: defaultdict(list))
    for (run, dimension, _, day), numbers in found.enrollment.items():
        sums[run, day][dimension].append(numbers)
    for (run, day), by_dimension in sums.items():
        (total,) = by_dimension["total"]
        assert len(by_dimension) == 6
        assert all(tuple(map(sum, zip(*numbers, strict=True))) == total for numbers in by_dimension.values())
        before = found.enrollment.get((run, "total", "", day - dt.timedelta(days=1)), (0, 0))
        assert 0 <= total[0] <= total[1] >= before[1]
    for (_, monday), week in found.weeks.items():
        assert monday.weekday() == 0
        assert all(0 <= number <= week.any for number in week)
        assert week.any > 0
    for learners in found.grades.values():
        assert min(learners.values()) > 0
    for problem, unconsolidated in found.answers.items():
        assert counts(unconsolidated) == counts(found.consolidated[problem])
        assert all(row.first_response_count + row.last_response_count > 0 for row in unconsolidated)
    for opens in found.opens.values():
        assert 0 < opens.learners <= opens.views
    for video in found.videos.values():
        assert all(0 < segment.num_users <= segment.num_views for segment in video.segments.values())


def counts(rows: Iterable[Answers]) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for row in rows:
        first, last = found.get(row.part_id, (0, 0))
        found[row.part_id] = first + row.first_response_count, last + row.last_response_count
    return found


@settings(deadline=None)
@given(streams(), profiles(), st.data())
def test_invariants(events: list[Raw], by_user: dict[int, Profile], data: st.DataObject) -> None:
    found = compute(events, LAST_DAY, by_user, country_of)
    check_invariants(found)
    days = {day for *_, day in found.enrollment}
    assert not days or max(days) == LAST_DAY
    assert compute(data.draw(reordered(events)), LAST_DAY, by_user, country_of) == found
