"""The demo data with what is awkward to write, asked by executors with and without plans."""

import asyncio
import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson
import pytest
from graphql import GraphQLSchema
from sqlalchemy import select
from sqlmodel import col

from app.auth.credentials import Authenticator
from app.auth.passwords import Passwords
from app.auth.viewer import STRANGER, Viewer
from app.db.clock import now
from app.db.engine import Database
from app.db.models import (
    ApiKeyCourse,
    Course,
    CourseRun,
    CourseStaff,
    Enrollment,
    EnrollmentSpan,
    EnterpriseLearner,
    Organization,
    Seat,
    User,
)
from app.db.models.people import ApiKey
from app.graphql.execute import Answer, Executor, Operation, encoded
from app.settings import Settings
from app.vocabulary import Pacing, Scope
from resolvers.entity import Rows
from schema import plain
from schema.build import SCHEMA
from tests.databases import DIALECTS, Databases

GRAPH: GraphQLSchema = SCHEMA._schema
AWKWARD = "“\" \\ \\u0041 / \x01\x1f\t\r\n\b\f\x7f \u2028\u2029 ' % %s $1 :x 🏃 é \ufffe"
FAR = (
    dt.datetime(1, 1, 2, tzinfo=dt.UTC),
    dt.datetime(9999, 12, 30, 23, 59, 59, 999_999, tzinfo=dt.UTC),
    dt.datetime(2024, 2, 29, 12, 0, 0, 500_000, tzinfo=dt.UTC),
    dt.datetime(1969, 12, 31, 23, 59, 59, 1, tzinfo=dt.UTC),
)


@dataclass
class Asked:
    """An operation answered twice: with plans, and without."""

    planned: Answer
    run: Answer
    reason: str | None

    @property
    def texts(self) -> tuple[bytes, bytes]:
        """Both answers, written alike but for the order of members."""
        planned, run = (encoded(answer.body) for answer in (self.planned, self.run))
        return orjson.dumps(orjson.loads(planned)), run


class Executors:
    """Two executors over a database, and a loop to run them in."""

    def __init__(self, runner: asyncio.Runner, url: str) -> None:
        self.runner = runner
        self.database = Database(url, pool_size=5)
        self.dialect = self.database.dialect
        settings = Settings(database_url=url, cost_per_minute=0)
        authenticator = Authenticator(self.database, Passwords(self.database, settings, now))
        self.planning, self.running = (
            Executor(GRAPH, self.database, settings.model_copy(update={"json_text": on}), authenticator)
            for on in (True, False)
        )
        self.keys: dict[str, list[str]] = {}
        self.viewers: dict[str, Viewer] = {}

    def ask(self, viewer: Viewer, query: str, variables: Mapping[str, Any] | None = None) -> Asked:
        """Answer an operation with plans and without."""
        before = self.planning.plans.reasons.copy()
        operation = Operation(query, variables or {})

        async def ask() -> tuple[Answer, Answer]:
            planned = await self.planning.execute(viewer, operation, "test")
            return planned, await self.running.execute(viewer, operation, "test")

        answers = self.runner.run(ask())
        reasons = self.planning.plans.reasons - before
        return Asked(*answers, next(iter(reasons), None))

    async def prepare(self) -> None:
        """Add what is awkward, and find out whom and what to ask for."""
        async with self.database.session() as session:
            learner = (await session.scalars(select(User).where(col(User.username) == "learner"))).one()
            linked = (
                await session.scalars(
                    select(col(EnterpriseLearner.user_id)).where(col(EnterpriseLearner.linked))
                )
            ).first()
            course = Course(
                key="A+\"'\\+🏃",
                title=AWKWARD,
                short_description="",
                level_type=AWKWARD,
                prerequisites=[AWKWARD, ""],
                expected_learning_items=["plain", "é"],
                image_width=2**31 - 1,
                image_height=-(2**31),
                created=FAR[0],
                modified=FAR[1],
            )
            bare = Course(key="bare", created=FAR[2], modified=FAR[3])
            session.add_all([course, bare, Organization(key=AWKWARD, name=AWKWARD, description=AWKWARD)])
            await session.flush()
            runs = [
                CourseRun(
                    key=f"awkward {number}",
                    course_id=course.id,
                    start=moment,
                    end=FAR[-number],
                    pacing=(None, *Pacing)[number % 3],
                    enrollment_limit=0,
                    license=AWKWARD,
                )
                for number, moment in enumerate(FAR)
            ]
            session.add_all(runs)
            await session.flush()
            session.add_all(
                [
                    Seat(run_id=runs[0].id, mode="a", price=Decimal("12345678.90"), upgrade_deadline=FAR[2]),
                    Seat(run_id=runs[0].id, mode="b", price=Decimal(0), description=AWKWARD),
                    Enrollment(run_id=runs[0].id, user_id=learner.id, mode=AWKWARD, created=FAR[3]),
                    CourseStaff(user_id=learner.id, run_id=runs[1].id),
                ]
            )
            others = [User(username=name, email=f"{name}@x.org") for name in ('Ünï"cödé', "zz")]
            session.add_all(others)
            await session.flush()
            session.add_all(Enrollment(run_id=runs[1].id, user_id=other.id, mode="honor") for other in others)
            session.add(ApiKey(user_id=others[0].id, key_hash="none"))
            await session.flush()
            restricted_to = await session.scalar(
                select(col(CourseRun.course_id)).where(col(CourseRun.key).not_like("awkward%")).limit(1)
            )
            assert restricted_to is not None
            session.add(ApiKeyCourse(user_id=others[0].id, course_id=restricted_to))
            ids = [learner.id, linked, *(other.id for other in others)]
        learner_id, linked_id, restricted_id, other_id = ids
        assert linked_id is not None
        everything = frozenset(Scope)
        self.viewers = {
            "stranger": STRANGER,
            "learner": Viewer(learner_id, "learner", False),
            "another": Viewer(other_id, "zz", False),
            "course staff": Viewer(learner_id, "learner", False, is_course_staff=True),
            "linked": Viewer(linked_id, "linked", False, reads_catalogs=True),
            "staff": Viewer(learner_id, "learner", True),
            "superuser": Viewer(learner_id, "learner", True, is_superuser=True),
            "analyst": Viewer(learner_id, "learner", False, is_analyst=True),
            "restricted": Viewer(restricted_id, "r", False, is_analyst=True, is_restricted=True),
            "restricted staff": Viewer(restricted_id, "r", True, is_restricted=True),
            "reader": Viewer(learner_id, "learner", False, scopes=frozenset({Scope.READ})),
            "reader of all": Viewer(learner_id, "learner", True, scopes=everything),
            "writer": Viewer(learner_id, "learner", True, scopes=frozenset({Scope.WRITE})),
        }
        async with self.database.reader.connect() as connection:
            for name, field in GRAPH.query_type.fields.items():  # type: ignore[union-attr]
                made = plain.plain(field)
                if isinstance(made, plain.LookUp):
                    rows = Rows(made.entity)
                    newest = select(rows.column(made.by)).order_by(rows.table.c.id.desc()).limit(4)
                    self.keys[name] = [str(key) for key in await connection.scalars(newest)]
            counted = select(col(CourseRun.key)).join(
                EnrollmentSpan, col(EnrollmentSpan.run_id) == CourseRun.id
            )
            self.keys["courseRun"] += (await connection.scalars(counted.limit(1))).all()


@pytest.fixture(scope="session", params=DIALECTS)
async def plain_url(request: pytest.FixtureRequest, demo_urls: dict[str, str], databases: Databases) -> str:
    return await databases.copy_url(demo_urls[request.param])


@pytest.fixture(scope="session")
def executors(plain_url: str) -> Iterator[Executors]:
    """Both executors, over a database of each dialect."""
    with asyncio.Runner() as runner:
        executors = Executors(runner, plain_url)

        async def prepare() -> None:
            await executors.prepare()

        runner.run(prepare())
        yield executors
        runner.run(executors.database.dispose())
