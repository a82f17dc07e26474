"""A generated tracking log: as large as asked for, the same every time, in the proportions of real ones.

`python -m benchmarks.tracking FILE` writes one; what ends with `.gz` is compressed.
"""

import datetime as dt
import gzip
import json
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from random import Random
from typing import Annotated, NamedTuple

import typer

from benchmarks.data import FIRST_DAY

DAYS = 365
"""Days of a log, from the first day of the data set on."""

LAST_DAY = FIRST_DAY + dt.timedelta(DAYS - 1)
_YEAR = DAYS * 86_400
_START = dt.datetime.combine(FIRST_DAY, dt.time(), dt.UTC).timestamp()
_DISORDER = 900
"""Seconds that a line may come before a line of an earlier event."""

_CHUNK = 1_000

_PROBLEMS = _VIDEOS = _SUBSECTIONS = 40
"""How many of each a run has."""

_SYSTEMS = ("X11; Linux x86_64", "Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7")
_BROWSER = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/109.0.0.0 Safari/537.36"


class _Learner(NamedTuple):
    user_id: int
    head: str
    context: str


class _Run(NamedTuple):
    key: str
    block: str


class _Log:
    """What the lines of a log are made with. Times are seconds from its start."""

    def __init__(self, runs: Sequence[str], learners: int, seed: int) -> None:
        self.random = Random(seed)
        self.uniform = self.random.random
        self.runs = [_Run(key, key.replace("course-v1:", "block-v1:")) for key in runs]
        self.learners = [self.learner(number) for number in range(1, learners + 1)]

    def learner(self, number: int) -> _Learner:
        """A learner, numbered from 1."""
        address = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
        who = (
            f'"username": "learner-{number:05}", "ip": "{address}", "host": "courses.example.org", '
            f'"agent": "Mozilla/5.0 ({_SYSTEMS[number % len(_SYSTEMS)]}) {_BROWSER}", '
            f'"session": "{self.random.getrandbits(128):032x}"'
        )
        head = (
            f'{{{who}, "accept_language": "en-US,en;q=0.9,de;q=0.8", '
            f'"referer": "https://courses.example.org/dashboard"'
        )
        context = (
            f'{who}, "user_id": {number}, "org_id": "BenchX", "course_user_tags": {{}}, '
            f'"client_id": "{self.random.getrandbits(64)}.1672531200", "path": "/event"'
        )
        return _Learner(number, head, context)

    def someone(self) -> tuple[_Learner, _Run]:
        """A learner, the first ones most often, and one of four runs of the learner."""
        number = int(self.uniform() ** 2 * len(self.learners))
        return self.learners[number], self.runs[(number * 7 + int(self.uniform() * 4)) % len(self.runs)]

    def line(
        self,
        seconds: float,
        learner: _Learner,
        run: _Run,
        kind: str,
        source: str,
        payload: str,
        more: str = "",
    ) -> str:
        """A line. The payload is JSON, `more` members of the context."""
        time = dt.datetime.fromtimestamp(_START + seconds, dt.UTC).isoformat(timespec="microseconds")
        page = (
            "x_module" if source == "server" else f"https://courses.example.org/courses/{run.key}/courseware/"
        )
        return (
            f'{learner.head}, "event_type": "{kind}", "event_source": "{source}", "name": "{kind}", '
            f'"time": "{time}", "page": "{page}", '
            f'"context": {{{learner.context}, "course_id": "{run.key}"{more}}}, "event": {payload}}}\n'
        )


def _page(log: _Log, seconds: float) -> Iterator[str]:
    learner, run = log.someone()
    number = int(log.uniform() * 3 * _SUBSECTIONS)
    # A third are views of a subsection, the rest is what nothing but activity is computed from.
    rest = f"xblock/{number}/handler/get"
    if number < _SUBSECTIONS:
        rest = f"courseware/week{number // 10}/subsection{number}/"
    path = f"/courses/{run.key}/{rest}"
    yield log.line(seconds, learner, run, path, "server", r'"{\"POST\": {}, \"GET\": {}}"')


@cache
def _checked(block: str, number: int, choice: int) -> str:
    """What the server says of an answer to a problem."""
    part = f"{number:032x}_2_1"
    correct = choice == number % 4
    marked = {"hint": "", "hintmode": None, "correctness": "correct" if correct else "incorrect", "msg": ""}
    submission = {
        "input_type": "choicegroup",
        "response_type": "multiplechoiceresponse",
        "question": f"What is the answer to question {number}?",
        "answer": f"<p>The answer with the number {choice}</p>",
        "variant": "",
        "correct": correct,
    }
    payload = {
        "problem_id": f"{block}+type@problem+block@{number:032x}",
        "answers": {part: f"choice_{choice}"},
        "submission": {part: submission},
        "correct_map": {part: marked},
        "state": {
            "student_answers": {},
            "seed": 1,
            "done": None,
            "correct_map": {},
            "input_state": {part: {}},
        },
        "attempts": 1,
        "success": marked["correctness"],
        "grade": int(correct),
        "max_grade": 1,
    }
    return json.dumps(payload)


def _problem_check(log: _Log, seconds: float) -> Iterator[str]:
    """The browser tells of the answer, then the server."""
    learner, run = log.someone()
    number, choice = int(log.uniform() * _PROBLEMS), int(log.uniform() * 4)
    query = f'"input_{number:032x}_2_1=choice_{choice}"'
    yield log.line(seconds, learner, run, "problem_check", "browser", query)
    module = f', "module": {{"display_name": "Problem {number}"}}'
    checked = _checked(run.block, number, choice)
    yield log.line(seconds + 0.2, learner, run, "problem_check", "server", checked, module)


def _video(log: _Log, seconds: float) -> Iterator[str]:
    """A learner plays, seeks, plays on and pauses."""
    learner, run = log.someone()
    number = int(log.uniform() * _VIDEOS)
    duration = 120 + 10 * number
    start, middle, target = sorted(round(log.uniform() * duration, 3) for _ in range(3))
    sought = 1 + middle - start
    steps = (
        (0, "load_video", ""),
        (1, "play_video", rf", \"currentTime\": {start}"),
        (sought, "seek_video", rf", \"old_time\": {middle}, \"new_time\": {target}"),
        (sought + 1, "play_video", rf", \"currentTime\": {middle}"),
        (sought + 1 + duration - target, "pause_video", rf", \"currentTime\": {duration}"),
    )
    for after, kind, more in steps:
        payload = rf'"{{\"id\": \"{number:032x}\", \"code\": \"html5\", \"duration\": {duration}{more}}}"'
        yield log.line(seconds + after, learner, run, kind, "browser", payload)


_CHANGES = ("activated",) * 7 + ("deactivated",) * 2 + ("mode_changed",)
_MODES = ("audit", "audit", "honor", "verified")


def _enrollment(log: _Log, seconds: float) -> Iterator[str]:
    learner, run = log.someone()
    kind = f"edx.course.enrollment.{_CHANGES[int(log.uniform() * len(_CHANGES))]}"
    yield enrollment(log, seconds, learner, run, kind, _MODES[int(log.uniform() * len(_MODES))])


def enrollment(log: _Log, seconds: float, learner: _Learner, run: _Run, kind: str, mode: str) -> str:
    """A line of an enrollment event."""
    payload = f'{{"course_id": "{run.key}", "user_id": {learner.user_id}, "mode": "{mode}"}}'
    return log.line(seconds, learner, run, kind, "server", payload)


def _navigation(log: _Log, seconds: float) -> Iterator[str]:
    learner, run = log.someone()
    number = int(log.uniform() * _SUBSECTIONS)
    kind = ("seq_next", "seq_goto", "seq_prev")[number % 3]
    subsection = f"{run.block}+type@sequential+block@subsection{number}"
    payload = rf'"{{\"old\": 1, \"new\": 2, \"id\": \"{subsection}\"}}"'
    yield log.line(seconds, learner, run, kind, "browser", payload)


def _forum(log: _Log, seconds: float) -> Iterator[str]:
    learner, run = log.someone()
    body = "I do not understand how the number in the second step comes about. " * 4
    payload = f'{{"title": "A question", "body": "{body}", "id": "{log.random.getrandbits(96):024x}"}}'
    yield log.line(seconds, learner, run, "edx.forum.thread.created", "server", payload)


_ACTIONS: tuple[tuple[Callable[[_Log, float], Iterator[str]], float, int], ...] = (
    (_page, 49, 1),
    (_problem_check, 15, 2),
    (_video, 25, 5),
    (_enrollment, 5, 1),
    (_navigation, 5, 1),
    (_forum, 1, 1),
)
"""What learners do, how many of a hundred lines tell of it, and in how many lines each time."""


def lines(events: int, runs: Sequence[str], learners: int, seed: int = 0) -> Iterator[str]:
    """So many lines, almost in the order of time."""
    log = _Log(runs, learners, seed)
    actions = [(action, size) for action, _, size in _ACTIONS]
    weights = [share / size for _, share, size in _ACTIONS]
    written = 0
    while written < events:
        for action, size in log.random.choices(actions, weights, k=_CHUNK):
            seconds = written * (_YEAR - 2 * _DISORDER) / events + log.uniform() * _DISORDER
            yield from islice(action(log, seconds), events - written)
            written += size
            if written >= events:
                return


def write_log(path: Path, events: int, runs: Sequence[str], learners: int) -> None:
    """Write a log of so many lines, compressed if its name ends with `.gz`."""
    with gzip.open(path, "wt", compresslevel=1) if path.suffix == ".gz" else path.open("w") as file:
        file.writelines(lines(events, runs, learners))


def new_enrollment(user_id: int, run: str) -> dict[str, object]:
    """An event: a learner enrolls on the last day of the log."""
    log = _Log([run], 0, user_id)
    learner = log.learner(user_id)
    line = enrollment(log, _YEAR - 43_200, learner, log.runs[0], "edx.course.enrollment.activated", "audit")
    found: dict[str, object] = json.loads(line)
    return found


def main(
    path: Annotated[Path, typer.Argument(help="Where to write the log.", metavar="FILE")],
    events: Annotated[int, typer.Option(min=1, help="How many events.")] = 1_000_000,
    learners: Annotated[int, typer.Option(min=1, help="How many learners.")] = 20_000,
    runs: Annotated[int, typer.Option(min=1, help="How many course runs.")] = 20,
) -> None:
    """Write a tracking log of a year."""
    write_log(path, events, [f"course-v1:BenchX+B{number:03}+2021" for number in range(runs)], learners)


if __name__ == "__main__":
    typer.run(main)
