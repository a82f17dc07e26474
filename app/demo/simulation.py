"""The demo's two years: who enrolls in what, and what they do there. The same in every load."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from app.demo.content.offers import COURSES
from app.demo.enrolling import Participation, choose_runs, enroll
from app.demo.learners import END, NUMBER, users
from app.demo.learning import Tally, learn
from app.demo.modules import Lesson, lessons
from app.demo.rows import Row
from app.progress import Progress

DEMO_USER, LEARNER_USER = 0, 1
"""Where `demo` and `learner` stand among the users."""

LEARNER_RUNS = (
    "course-v1:edX+DemoX+Demo_Course",
    "course-v1:NordicX+CS101x+Open",
    "course-v1:MyUni+NUT200x+Open",
)
"""Where `learner` is enrolled."""


@dataclass
class World:
    """What there is after two years; participations name users by their place, lessons are by run."""

    users: list[Row]
    participations: list[Participation]
    lessons: Mapping[str, tuple[Lesson, ...]]
    tally: Tally


def simulate(progress: Progress) -> World:
    """Two years of the demo."""
    rng = Random("Lyceum demo")  # noqa: S311
    world = World(
        users=users(rng),
        participations=[],
        lessons={run.key: lessons(course, run) for course in COURSES for run in course.runs},
        tally=Tally(),
    )
    advance = progress("Simulating learners", NUMBER)
    for user in range(NUMBER):
        if user != DEMO_USER:
            _live(rng, world, user)
        advance(1)
    return world


def _live(rng: Random, world: World, user: int) -> None:
    runs = [run for course in COURSES for run in course.runs]
    steady = user == LEARNER_USER
    row = world.users[user]
    for run in [run for run in runs if run.key in LEARNER_RUNS] if steady else choose_runs(rng, runs):
        participation = enroll(rng, user, run, row["date_joined"], stays=steady)
        if participation is None:
            continue
        visits = 9 if steady else 0 if rng.random() < 0.3 else 1 + int(rng.expovariate(1 / 5))
        learn(rng, participation, world.lessons[run.key], world.tally, visits=visits)
        _buy_credit(rng, participation)
        _see(row, participation)
        world.participations.append(participation)


def _buy_credit(rng: Random, participation: Participation) -> None:
    progress = participation.progress
    if progress and progress["passed_at"] and "credit" in participation.run.seats:
        at = progress["last_activity"] + dt.timedelta(days=rng.uniform(1, 9))
        latest = participation.events[-1]
        if latest.mode == "verified" and latest.at < at < END and participation.enrolled_at(at):
            participation.change_mode(at, "credit")


def _see(user: Row, participation: Participation) -> None:
    latest = participation.events[-1].at
    if participation.progress:
        latest = max(latest, participation.progress["last_activity"])
    user["last_login"] = max(user["last_login"] or user["date_joined"], participation.events[0].at)
    user["last_seen"] = max(user["last_seen"] or user["date_joined"], latest)
