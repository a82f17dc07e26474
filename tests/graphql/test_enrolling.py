"""Enrolling: table 4.4 of the Enrollment contract, and the events that changes leave."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlmodel import col

from app.db.engine import Database
from app.db.models import (
    AuditEntry,
    CourseRun,
    CourseStaff,
    Enrollment,
    EnrollmentAttribute,
    EnrollmentEvent,
    EnrollmentSpan,
    Event,
)
from app.db.models.tables import table_of
from app.vocabulary import Dimension, EnrollmentEventType
from schema.relay import encode_id
from tests.databases import DIALECTS, Databases
from tests.graphql.clients import LEARNER_KEY, STAFF_KEY, add_user
from tests.graphql.enrolling import ENROLL, KEYS, Platform, fill, platform_of, reset, run_key


@pytest.fixture(scope="module", params=DIALECTS)
async def shared(request: pytest.FixtureRequest, databases: Databases) -> AsyncIterator[Platform]:
    database = await databases.empty(request.param)
    await fill(database)
    async with platform_of(database) as platform:
        yield platform


@pytest.fixture
async def platform(shared: Platform) -> Platform:
    """The platform, with nobody enrolled but `other` in the last place of a run."""
    await reset(shared.database)
    return shared


@dataclass(frozen=True)
class Case:
    """A row of table 4.4: who asks for what of which run, and what comes of it."""

    caller: str
    run: str
    answer: str
    """Type, and the member to blame or the reason; for a success the mode, and whether it is active."""
    input: dict[str, Any] = field(default_factory=dict)
    before: tuple[tuple[str, str, dict[str, Any]], ...] = ()
    """What was asked for before: by whom, in which run, how."""
    history: str | None = None
    """The enrollment events after all, shortened."""


def staff(username: str = "learner", **values: Any) -> dict[str, Any]:
    return {"username": username, **values}


PAID = ("staff", "paid", staff(mode="verified"))
LEFT = ("staff", "paid", staff(isActive=False))
OWN: Any = ("learner", "paid", {})
CREDIT = {"namespace": "credit", "name": "provider_id", "value": "ASU"}
OTHER = {"namespace": "credit", "name": "request", "value": "1"}

CASES = {
    "the key is empty": Case("learner", "", "ValidationError runKey", {"runKey": ""}),
    "the key does not parse": Case("learner", "", "ValidationError runKey", {"runKey": "Org+C+free"}),
    "the key has a NUL": Case("learner", "", "ValidationError runKey", {"runKey": "course-v1:O+C+\0"}),
    "the run is unknown": Case("learner", "nowhere", "NotFound runKey"),
    "the old style of key": Case("learner", "", "NotFound runKey", {"runKey": "Org/C/R"}),
    "the run is not to be seen": Case("learner", "draft", "NotFound runKey"),
    "staff sees every run": Case("staff", "draft", "saved audit active", staff()),
    "an unknown run comes before another's name": Case("learner", "draft", "NotFound runKey", staff("other")),
    "another's name": Case("learner", "free", "NotFound username", staff("other")),
    "nobody's name": Case("learner", "free", "NotFound username", staff("nobody")),
    "another's name comes before a paid mode": Case(
        "learner", "paid", "NotFound username", staff("other", mode="verified")
    ),
    "one's own name": Case("learner", "free", "saved audit active", staff("learner")),
    "null is absent": Case(
        "learner",
        "free",
        "saved audit active",
        dict.fromkeys(
            (
                "username",
                "mode",
                "isActive",
                "attributes",
                "emailOptIn",
                "force",
                "enterpriseCustomer",
                "validateOnly",
            )
        ),
    ),
    "a paid mode": Case("learner", "paid", "NotPermitted mode", {"mode": "verified"}),
    "no mode at all": Case("learner", "paid", "NotPermitted mode", {"mode": ""}),
    "a paid mode comes before leaving": Case(
        "learner", "paid", "NotPermitted mode", {"mode": "verified", "isActive": False}
    ),
    "leaving": Case("learner", "paid", "NotPermitted isActive", {"isActive": False}, (OWN,)),
    "staff and nobody's name": Case("staff", "free", "NotFound username", staff("nobody")),
    "nobody's name comes before the mode": Case(
        "staff", "free", "NotFound username", staff("nobody", mode="x")
    ),
    "a mode that is not offered": Case("staff", "paid", "ModeUnavailable mode", staff(mode="professional")),
    "a free mode that is not offered": Case("learner", "free", "ModeUnavailable mode", {"mode": "honor"}),
    "an expired mode": Case("staff", "paid", "ModeUnavailable mode", staff(mode="late")),
    "an expired mode while deactivating": Case(
        "staff", "paid", "saved late inactive", staff(mode="late", isActive=False), history="+late -late"
    ),
    "the mode comes before closing": Case(
        "staff", "over", "ModeUnavailable mode", staff(mode="professional")
    ),
    "credit without a provider": Case(
        "staff", "paid", "ValidationError attributes", staff(mode="credit", attributes=[OTHER])
    ),
    "credit with a provider": Case(
        "staff", "paid", "saved credit active", staff(mode="credit", attributes=[OTHER, CREDIT])
    ),
    "credit without attributes": Case("staff", "paid", "saved credit active", staff(mode="credit")),
    "not begun": Case("learner", "early", "EnrollmentClosed CLOSED"),
    "over": Case("learner", "over", "EnrollmentClosed CLOSED"),
    "over for staff": Case("staff", "over", "EnrollmentClosed CLOSED", staff()),
    "over and forced": Case("staff", "over", "saved audit active", staff(force=True)),
    "forced by a learner": Case("learner", "over", "EnrollmentClosed CLOSED", {"force": True}),
    "open": Case("learner", "open", "saved audit active"),
    "full": Case("learner", "full", "EnrollmentClosed FULL"),
    "full for staff": Case("staff", "full", "EnrollmentClosed FULL", staff()),
    "full and forced": Case("staff", "full", "saved audit active", staff(force=True)),
    "full but for oneself": Case("other", "full", "saved audit active", history="+audit"),
    "by invitation": Case("learner", "invited", "EnrollmentClosed INVITE_ONLY"),
    "by invitation and forced": Case("staff", "invited", "saved audit active", staff(force=True)),
    "closing comes before an enrollment that is there": Case(
        "learner", "invited", "EnrollmentClosed INVITE_ONLY", {}, (("staff", "invited", staff(force=True)),)
    ),
    "leaving what is over": Case(
        "staff",
        "over",
        "saved audit inactive",
        staff(isActive=False),
        (("staff", "over", staff(force=True)),),
        history="+audit -audit",
    ),
    "leaving in another mode": Case(
        "staff",
        "paid",
        "ValidationError mode",
        staff(mode="honor", isActive=False),
        (OWN,),
        history="+audit",
    ),
    "leaving in the same mode": Case(
        "staff",
        "paid",
        "saved audit inactive",
        staff(mode="audit", isActive=False),
        (OWN,),
        history="+audit -audit",
    ),
    "staff change the mode": Case(
        "staff", "paid", "saved verified active", staff(mode="verified"), (OWN,), history="+audit ~verified"
    ),
    "staff without a mode leave it": Case(
        "staff", "paid", "saved verified active", staff(), (PAID,), history="+verified"
    ),
    "staff end it": Case(
        "staff", "paid", "saved audit inactive", staff(isActive=False), (OWN,), history="+audit -audit"
    ),
    "staff end what was ended": Case(
        "staff", "paid", "saved audit inactive", staff(isActive=False), (OWN, LEFT), history="+audit -audit"
    ),
    "R-13: absent means active": Case(
        "staff",
        "paid",
        "saved honor active",
        staff(mode="honor"),
        (OWN, LEFT),
        history="+audit -audit +honor ~honor",
    ),
    "staff bring back": Case(
        "staff",
        "paid",
        "saved verified active",
        staff(),
        (PAID, LEFT),
        history="+verified -verified +verified",
    ),
    "twice is once": Case("learner", "paid", "saved audit active", {}, (OWN,), history="+audit"),
    "another free mode changes nothing": Case(
        "learner", "paid", "saved audit active", {"mode": "honor"}, (OWN,), history="+audit"
    ),
    "a learner keeps what was paid": Case(
        "learner", "paid", "saved verified active", {"mode": "audit"}, (PAID,), history="+verified"
    ),
    "a learner comes back": Case(
        "learner", "paid", "saved audit active", {}, (OWN, LEFT), history="+audit -audit +audit"
    ),
    "a learner comes back for free": Case(
        "learner",
        "paid",
        "saved audit active",
        {},
        (PAID, LEFT),
        history="+verified -verified +audit ~audit",
    ),
    "audit if it is offered": Case("learner", "paid", "saved audit active", history="+audit"),
    "else honor": Case("learner", "honor", "saved honor active", history="+honor"),
    "else nothing": Case("learner", "professional", "ModeUnavailable mode"),
    "else nothing, for staff too": Case("staff", "professional", "ModeUnavailable mode", staff()),
    "staff create what is inactive": Case(
        "staff", "paid", "saved audit inactive", staff(isActive=False), history="+audit -audit"
    ),
    "staff enroll themselves": Case("staff", "paid", "saved verified active", {"mode": "verified"}),
}

SIGNS = {
    EnrollmentEventType.ACTIVATED: "+",
    EnrollmentEventType.DEACTIVATED: "-",
    EnrollmentEventType.MODE_CHANGED: "~",
}


def outline(answer: dict[str, Any]) -> str:
    """An answer as cases have it."""
    if answer["__typename"] == "EnrollmentSaved":
        enrollment = answer["enrollment"]
        return f"saved {enrollment['mode']} {'active' if enrollment['isActive'] else 'inactive'}"
    assert answer["message"]
    return f"{answer['__typename']} {answer.get('field', answer.get('reason'))}"


async def written(database: Database) -> list[Any]:
    """Everything that enrolling writes."""
    async with database.session() as session:
        models = (Enrollment, EnrollmentEvent, EnrollmentAttribute, Event, AuditEntry)
        return [[tuple(row) for row in await session.execute(select(table_of(model)))] for model in models]


@pytest.mark.parametrize("name", CASES)
async def test_table_4_4(platform: Platform, name: str) -> None:
    case = CASES[name]
    for caller, run, values in case.before:
        assert (await platform.enroll(caller, run, **values))["__typename"] == "EnrollmentSaved"
    before = await written(platform.database)

    # Checking first finds the same, and changes nothing.
    checked = await platform.enroll(case.caller, case.run, **{**case.input, "validateOnly": True})
    assert await written(platform.database) == before
    answer = await platform.enroll(case.caller, case.run, **case.input)
    assert outline(answer) == case.answer
    if answer["__typename"] == "EnrollmentSaved":
        assert checked["__typename"] == "EnrollmentValid"
    else:
        assert checked == answer
        assert await written(platform.database) == before
    learner = case.input.get("username") or case.caller
    if case.history is not None:
        history = await platform.history(learner, case.run)
        assert " ".join(SIGNS[EnrollmentEventType(type_)] + mode for type_, mode in history) == case.history


async def test_a_mode_that_is_not_offered_comes_with_the_run(platform: Platform) -> None:
    answer = await platform.enroll("staff", "free", mode="verified")
    assert answer["run"] == {"key": run_key("free")}


async def test_a_stranger_changes_nothing(platform: Platform) -> None:
    before = await written(platform.database)
    response = await platform.client.post(ENROLL, {"input": {"runKey": run_key("free")}})
    (error,) = response.json()["errors"]
    assert error["extensions"] == {"code": "UNAUTHENTICATED"}
    assert error["message"] == "Authentication credentials were not provided."
    assert response.json()["data"] is None
    assert await written(platform.database) == before


async def test_another_is_as_if_not_there(platform: Platform) -> None:
    """An unknown user and a user one may not see are the same (Enrollment contract 3.4)."""
    there = await platform.client.post(
        ENROLL, {"input": {"runKey": run_key("free"), "username": "other"}}, key=LEARNER_KEY
    )
    nobody = await platform.client.post(
        ENROLL, {"input": {"runKey": run_key("free"), "username": "nobod"}}, key=LEARNER_KEY
    )
    assert there.content.replace(b"other", b"nobod") == nobody.content
    assert there.headers.keys() == nobody.headers.keys()


async def test_every_change_leaves_one_event_of_each_kind(platform: Platform) -> None:
    for values in (
        staff(),
        staff(),
        staff(mode="verified"),
        staff(isActive=False),
        staff(isActive=False),
        staff(mode="honor"),
    ):
        await platform.enroll("staff", "paid", **values)
    assert await platform.events("learner", "paid") == [
        "user.enrolled",
        "enrollment.mode_changed",
        "enrollment.deactivated",
        "enrollment.mode_changed",
        "enrollment.activated",
    ]
    async with platform.database.session() as session:
        (enrollment,) = await session.scalars(select(Enrollment).where(col(Enrollment.mode) == "honor"))
        run = await session.get_one(CourseRun, enrollment.run_id)
        events = list(
            await session.scalars(select(Event).where(col(Event.run_id) == run.id).order_by(col(Event.id)))
        )
        instants = set(
            await session.scalars(
                select(col(EnrollmentEvent.occurred_at)).where(col(EnrollmentEvent.run_id) == run.id)
            )
        )
        audit = list(await session.scalars(select(AuditEntry).order_by(col(AuditEntry.id))))
    assert {event.course_id for event in events} == {run.course_id}
    assert [event.payload for event in events] == [
        {"enrollment_id": enrollment.id, "mode": mode}
        for mode in ("audit", "verified", "verified", "honor", "honor")
    ]
    assert {event.occurred_at for event in events} == instants
    assert [(entry.actor, entry.action) for entry in audit] == [
        ("staff", action) for action in ("enrollment.create", *["enrollment.update"] * 3)
    ]
    assert {entry.subject for entry in audit} == {f"learner in {run.key}"}


async def test_what_users_do_for_themselves_is_not_administration(platform: Platform) -> None:
    await platform.enroll("learner", "free")
    await platform.enroll("staff", "free")
    async with platform.database.session() as session:
        assert await session.scalar(select(func.count()).select_from(AuditEntry)) == 0


async def test_attributes_are_added_and_replaced(platform: Platform) -> None:
    fact = {"namespace": "order", "name": "number", "value": "1"}
    await platform.enroll("learner", "free", attributes=[fact, fact | {"value": "2"}], emailOptIn=True)
    await platform.enroll("staff", "free", **staff(attributes=[fact | {"value": "3"}], emailOptIn=False))
    query = "{ enrollments { nodes { attributes { namespace name value } } } }"
    data = await platform.client.ask(query, key=LEARNER_KEY)
    assert data["enrollments"]["nodes"] == [
        {
            "attributes": [
                {"namespace": "email", "name": "opt_in", "value": "false"},
                {"namespace": "order", "name": "number", "value": "3"},
            ]
        }
    ]
    async with platform.database.session() as session:
        (entry,) = await session.scalars(select(AuditEntry))
    assert entry.detail["attributes"] == ["order:number", "email:opt_in"]
    assert await platform.events("learner", "free") == ["user.enrolled"]


@pytest.mark.parametrize(
    ("attributes", "field"),
    [
        ([{"namespace": "", "name": "n", "value": "v"}], "attributes.0.namespace"),
        ([{"namespace": "n", "name": "n" * 101, "value": "v"}], "attributes.0.name"),
        ([{"namespace": "n", "name": "n", "value": "v" * 1025}], "attributes.0.value"),
        ([CREDIT, {"namespace": "n", "name": "n", "value": "\0"}], "attributes.1.value"),
        ([CREDIT] * 101, "attributes"),
    ],
)
async def test_attributes_that_cannot_be_kept(
    platform: Platform, attributes: list[dict[str, str]], field: str
) -> None:
    answer = await platform.enroll("learner", "free", attributes=attributes)
    assert outline(answer) == f"ValidationError {field}"
    assert await platform.enrollments("learner", "free") == []


async def test_staff_change_an_enrollment(platform: Platform) -> None:
    id_ = (await platform.enroll("learner", "paid"))["enrollment"]["id"]
    assert outline(await platform.update("staff", id=id_, mode="verified")) == "saved verified active"
    assert outline(await platform.update("staff", id=id_)) == "saved verified active"
    assert outline(await platform.update("staff", id=id_, mode="none")) == "ModeUnavailable mode"
    answer = await platform.update("staff", id=id_, mode="honor", isActive=False)
    assert outline(answer) == "ValidationError mode"
    assert outline(await platform.unenroll("staff", id_)) == "saved verified inactive"
    assert outline(await platform.unenroll("staff", id_)) == "saved verified inactive"
    # What is not mentioned stays.
    assert outline(await platform.update("staff", id=id_, mode="honor")) == "saved honor inactive"
    assert outline(await platform.update("staff", id=id_, isActive=True)) == "saved honor active"
    history = await platform.history("learner", "paid")
    assert [type_ for type_, _ in history] == [
        "activated",
        "mode_changed",
        "deactivated",
        "mode_changed",
        "activated",
    ]


async def test_staff_end_an_enrollment_where_enrollment_is_closed(platform: Platform) -> None:
    id_ = (await platform.enroll("staff", "over", **staff(force=True)))["enrollment"]["id"]
    assert outline(await platform.unenroll("staff", id_)) == "saved audit inactive"


async def test_only_staff_change_an_enrollment(platform: Platform) -> None:
    own = (await platform.enroll("learner", "paid"))["enrollment"]["id"]
    other = (await platform.enroll("other", "paid"))["enrollment"]["id"]
    for id_, answer in (
        (own, "NotPermitted id"),
        (other, "NotFound id"),
        (encode_id("Enrollment", 999), "NotFound id"),
    ):
        assert outline(await platform.unenroll("learner", id_)) == answer
        assert outline(await platform.update("learner", id=id_, mode="audit")) == answer
    for id_ in ("", "x", encode_id("User", 1), "\0"):
        assert outline(await platform.unenroll("staff", id_)) == "ValidationError id"


async def test_course_staff_see_the_enrollments_of_their_run_and_change_none(platform: Platform) -> None:
    id_ = (await platform.enroll("learner", "free"))["enrollment"]["id"]
    KEYS["teacher"] = "teacher-key-0123456789"
    teacher = await add_user(platform.database, "teacher", KEYS["teacher"])
    async with platform.database.session() as session:
        run = (await session.scalars(select(CourseRun).where(col(CourseRun.key) == run_key("free")))).one()
        session.add(CourseStaff(user_id=teacher, run_id=run.id))
    assert outline(await platform.unenroll("teacher", id_)) == "NotPermitted id"
    assert outline(await platform.enroll("teacher", "free", **staff("learner"))) == "NotFound username"
    assert outline(await platform.enroll("teacher", "paid", mode="verified")) == "NotPermitted mode"


async def test_later_fields_of_a_request_see_what_earlier_ones_wrote(platform: Platform) -> None:
    fields = "... on EnrollmentSaved { enrollment { mode isActive run { enrollments { totalCount nodes { mode } } } } }"
    data = await platform.client.ask(
        f"""mutation ($a: EnrollInput!, $b: EnrollInput!, $c: EnrollInput!) {{
          a: enroll(input: $a) {{ {fields} }} b: enroll(input: $b) {{ {fields} }} c: enroll(input: $c) {{ {fields} }}
        }}""",
        {
            "a": {"runKey": run_key("paid"), "username": "learner"},
            "b": {"runKey": run_key("paid"), "username": "learner", "mode": "verified"},
            "c": {"runKey": run_key("paid"), "username": "other", "isActive": False},
        },
        key=STAFF_KEY,
    )
    seen = [
        (
            answer["enrollment"]["mode"],
            answer["enrollment"]["isActive"],
            [node["mode"] for node in answer["enrollment"]["run"]["enrollments"]["nodes"]],
        )
        for answer in data.values()
    ]
    assert seen == [
        ("audit", True, ["audit"]),
        ("verified", True, ["verified"]),
        ("audit", False, ["verified", "audit"]),
    ]


async def test_many_at_once_leave_one_enrollment(platform: Platform) -> None:
    answers = await asyncio.gather(
        *(platform.enroll("learner", "paid") for _ in range(12)),
        *(platform.enroll("staff", "paid", **staff()) for _ in range(12)),
    )
    assert {outline(answer) for answer in answers} == {"saved audit active"}
    assert sum(answer["created"] for answer in answers) == 1
    assert len({answer["enrollment"]["id"] for answer in answers}) == 1
    assert await platform.history("learner", "paid") == [("activated", "audit")]
    assert await platform.events("learner", "paid") == ["user.enrolled"]


async def test_many_changes_at_once_are_made_one_after_another(platform: Platform) -> None:
    await platform.enroll("learner", "paid")
    wishes = [staff(mode=mode) for mode in ("verified", "honor", "audit")] + [staff(isActive=False)]
    await asyncio.gather(*(platform.enroll("staff", "paid", **values) for values in wishes * 6))
    await check_state(platform, "learner", "paid")


async def test_the_last_place_is_given_once(platform: Platform) -> None:
    async with platform.database.session() as session:
        run = (await session.scalars(select(CourseRun).where(col(CourseRun.key) == run_key("full")))).one()
        run.enrollment_limit = 3
    names = [f"crowd{number}" for number in range(10)]
    for name in names:
        await add_user(platform.database, name)
    answers = await asyncio.gather(*(platform.enroll("staff", "full", **staff(name)) for name in names))
    assert sorted(map(outline, answers)) == ["EnrollmentClosed FULL"] * 8 + ["saved audit active"] * 2


async def check_state(platform: Platform, username: str, run: str) -> None:
    """The enrollment is what its events add up to (Data Analytics contract 8.2)."""
    enrollments = await platform.enrollments(username, run)
    history = await platform.history(username, run)
    state, mode = False, None
    for type_, mode in history:  # noqa: B007
        if type_ != EnrollmentEventType.MODE_CHANGED:
            state = type_ == EnrollmentEventType.ACTIVATED
    assert [(row.is_active, row.mode) for row in enrollments] == ([(state, mode)] if history else [])
    async with platform.database.session() as session:
        for row in enrollments:
            events = list(
                await session.scalars(
                    select(EnrollmentEvent)
                    .where(
                        col(EnrollmentEvent.run_id) == row.run_id, col(EnrollmentEvent.user_id) == row.user_id
                    )
                    .order_by(col(EnrollmentEvent.occurred_at))
                )
            )
            left = [it.occurred_at for it in events if it.type == EnrollmentEventType.DEACTIVATED]
            assert row.created == events[0].occurred_at
            assert row.unenrolled_at == (None if row.is_active else left[-1])
            count = await session.scalar(
                select(func.count())
                .select_from(Event)
                .where(col(Event.run_id) == row.run_id, col(Event.user_id) == row.user_id)
            )
            assert count == len(events)


MODES = st.sampled_from([None, "audit", "honor", "verified", "late", "nonsense"])
ACTIVITY = st.sampled_from([None, True, False])
OPERATIONS = st.one_of(
    st.tuples(st.just("enroll"), st.sampled_from(["player", "staff"]), MODES, ACTIVITY),
    st.tuples(st.just("update"), st.just("staff"), MODES, ACTIVITY),
    st.tuples(st.just("unenroll"), st.just("staff"), st.none(), st.none()),
)


@pytest.fixture(params=DIALECTS)
async def url(request: pytest.FixtureRequest, databases: Databases) -> str:
    """The URL of a platform that nobody else uses."""
    database = await databases.empty(request.param)
    await fill(database)
    await database.dispose()
    return database.url.render_as_string(hide_password=False)


def test_any_changes_leave_what_their_events_add_up_to(url: str) -> None:
    """Every sequence of operations, each on a learner of its own."""
    numbers = iter(range(10_000))

    async def play(platform: Platform, operations: list[tuple[str, str, str | None, bool | None]]) -> None:
        name = f"player{next(numbers)}"
        KEYS["player"] = f"key-of-{name}-0123456789"
        await add_user(platform.database, name, KEYS["player"])
        for operation, caller, mode, is_active in operations:
            values: dict[str, Any] = {"mode": mode, "isActive": is_active}
            if operation == "enroll":
                whom = {"username": name} if caller == "staff" else {}
                await platform.enroll(caller, "paid", **values, **whom)
            for row in await platform.enrollments(name, "paid"):
                id_ = encode_id("Enrollment", row.id)
                if operation == "update":
                    await platform.update("staff", id=id_, **values)
                if operation == "unenroll":
                    await platform.unenroll("staff", id_)
        await check_state(platform, name, "paid")

    async def check_series(platform: Platform) -> None:
        """The series, too, adds up to what is enrolled now."""
        span = EnrollmentSpan
        of_run = select(col(CourseRun.id)).where(col(CourseRun.key) == run_key("paid")).scalar_subquery()
        async with platform.database.begin() as connection:
            counted = await connection.scalar(
                select(col(span.count)).where(
                    col(span.run_id) == of_run,
                    col(span.dimension) == Dimension.TOTAL,
                    col(span.until) == dt.date.max,
                )
            )
            active = select(func.count()).where(col(Enrollment.is_active), col(Enrollment.run_id) == of_run)
            assert counted == await connection.scalar(active)

    with asyncio.Runner() as runner:
        database = Database(url)
        stack = AsyncExitStack()
        platform = runner.run(stack.enter_async_context(platform_of(database)))

        @settings(max_examples=25, deadline=None, derandomize=True)
        @given(st.lists(OPERATIONS, max_size=8))
        def check(operations: list[tuple[str, str, str | None, bool | None]]) -> None:
            runner.run(play(platform, operations))

        check()
        runner.run(check_series(platform))
        runner.run(stack.aclose())
        runner.run(database.dispose())
