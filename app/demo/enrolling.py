"""How learners come into course runs, change their mode, leave, and come back."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from app.demo.content.types import Run
from app.demo.learners import END, FIRST_DAY
from app.demo.rows import Row
from app.vocabulary import EnrollmentEventType

_POPULARITY: Mapping[str, float] = {"audit": 80, "honor": 50, "verified": 20, "professional": 10}
"""How often a mode is entered with; credit is only come to later."""

_FREE = ("audit", "honor")


class Moment(NamedTuple):
    """An enrollment event."""

    at: dt.datetime
    type: EnrollmentEventType
    mode: str


@dataclass
class Participation:
    """A user, by index, in a run: enrollment events in order of time, and progress once there is any."""

    user: int
    run: Run
    events: list[Moment]
    progress: Row | None = None

    @property
    def mode(self) -> str:
        """The mode after all events."""
        return self.events[-1].mode

    def enrolled_at(self, instant: dt.datetime) -> bool:
        """Whether the user is enrolled at an instant."""
        enrolled = False
        for event in self.events:
            if event.at > instant:
                break
            if event.type is not EnrollmentEventType.MODE_CHANGED:
                enrolled = event.type is EnrollmentEventType.ACTIVATED
        return enrolled

    def change_mode(self, at: dt.datetime, mode: str) -> None:
        """Add a change of mode after all other events."""
        self.events.append(Moment(at, EnrollmentEventType.MODE_CHANGED, mode))


def choose_runs(rng: Random, runs: Sequence[Run]) -> list[Run]:
    """The runs that a learner takes an interest in, the more popular ones more often."""
    open_runs = [run for run in runs if run.crowd]
    number = rng.choices(range(12), (3, 7, 11, 13, 13, 12, 11, 9, 7, 5, 4, 3))[0]
    return sorted(open_runs, key=lambda run: -(rng.random() ** (1 / run.crowd)))[:number]


def enroll(rng: Random, user: int, run: Run, joined: dt.datetime, *, stays: bool) -> Participation | None:
    """A user's way through a run's enrollment; None when it is closed from the day the user joined."""
    opens = max(FIRST_DAY, joined, run.enrollment_start or FIRST_DAY)
    closes = min(END, run.enrollment_end or END, run.end or END)
    if opens >= closes:
        return None
    at = opens + (closes - opens) * rng.betavariate(1, 1.2)
    modes = {mode: _POPULARITY[mode] for mode in run.seats if mode in _POPULARITY}
    mode = rng.choices(list(modes), list(modes.values()))[0]
    participation = Participation(user, run, [Moment(at, EnrollmentEventType.ACTIVATED, mode)])
    if not stays and rng.random() < 0.03:
        _leave_the_same_day(rng, participation)
    elif "verified" in run.seats and mode in _FREE and rng.random() < 0.16:
        upgraded = at + dt.timedelta(days=rng.expovariate(1 / 25))
        if upgraded < closes:
            participation.change_mode(upgraded, "verified")
    if not stays and rng.random() < 0.13:
        _leave_and_perhaps_return(rng, participation, closes)
    return participation


def _leave_the_same_day(rng: Random, participation: Participation) -> None:
    at, _, mode = participation.events[-1]
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0) + dt.timedelta(days=1)
    left = at + (midnight - at) * rng.uniform(0.1, 0.9)
    participation.events.append(Moment(left, EnrollmentEventType.DEACTIVATED, mode))


def _leave_and_perhaps_return(rng: Random, participation: Participation, closes: dt.datetime) -> None:
    at, kind, mode = participation.events[-1]
    if kind is not EnrollmentEventType.DEACTIVATED:
        at += dt.timedelta(days=rng.expovariate(1 / 40))
        if at >= END:
            return
        participation.events.append(Moment(at, EnrollmentEventType.DEACTIVATED, mode))
    returned = at + dt.timedelta(days=rng.uniform(1, 60))
    if rng.random() < 0.25 and returned < closes:
        participation.events.append(Moment(returned, EnrollmentEventType.ACTIVATED, mode))
