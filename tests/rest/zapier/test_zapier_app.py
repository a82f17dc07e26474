"""A Zapier app, run by Zapier's own platform against a live server: points 1 and 8 of section 13."""

import asyncio
import json
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import select
from sqlmodel import col

from app.db.engine import Database
from app.db.models import CourseRun, Event, User
from app.vocabulary import WebhookEvent
from app.webhooks.emit import emit
from tests.node import PROJECT
from tests.rest.clients import url_of
from tests.rest.zapier.conftest import KEY, PASSWORD, SUBSCRIPTIONS, Zapier, is_fault
from tests.servers import running_server
from tests.webhooks.conftest import until
from tests.webhooks.receivers import Receiver

NEW = {"Username": "zap.student", "Email": "zap@example.org", "Realname": "Zap Student"}
HOOKS = {
    "user_created": "user.created",
    "user_enrolled": "user.enrolled",
    "course_created": "course.created",
    "progress_updated": "course.progress_updated",
}
USER_FIELDS = {
    *("Username", "Email", "Realname", "NonI18NFirstName", "NonI18NLastName"),
    *("LastLogin", "LastSeen", "UserCreatedTime"),
}
COURSE_FIELDS = {
    *("CourseTitle", "Description", "RichDescription", "CourseId", "ProviderId"),
    *("CourseCreatedTime", "StartDate", "EndDate"),
}
PROGRESS_FIELDS = {"AbsoluteProgress", "MaxPossibleProgress", "PercentageProgress", "Completed", "Success"}
FIELDS = {
    "user_created": USER_FIELDS,
    "course_created": COURSE_FIELDS,
    "user_enrolled": USER_FIELDS | COURSE_FIELDS | {"Scope"},
    "progress_updated": USER_FIELDS | COURSE_FIELDS | PROGRESS_FIELDS,
}
OBJECT = {"id", "Class", "MimeType"}
EVENT = {"Class", "MimeType", "EventType", "Data"}
PARTS = {"Class", "MimeType", "User", "Course"}
USER = {
    *("Class", "MimeType", "UserDetails", "Username", "Email", "Realname", "NonI18NFirstName"),
    *("NonI18NLastName", "CreatedTime", "LastLogin", "LastSeen"),
}
COURSE = {
    *("Class", "MimeType", "CourseDetails", "Id", "ProviderId", "Title", "Description", "RichDescription"),
    *("StartDate", "EndDate", "CreatedTime", "Last Modified"),
}


SHAPES = {
    "user_created": (EVENT | {"UserCreatedEvent"}, USER),
    "course_created": (EVENT | {"CourseCreatedEvent"}, COURSE),
    "user_enrolled": (
        EVENT | {"UserEnrolledEvent"},
        PARTS | {"CourseEnrollmentDetails", "Scope"},
    ),
    "progress_updated": (EVENT | {"UserProgressUpdatedEvent"}, PARTS | {"ProgressSummary", "Progress"}),
}
"""The class and the members of each event and of its `Data` (9.1 to 9.4)."""


def shape(value: dict[str, Any]) -> set[str]:
    """The members of an object with its class."""
    return {*value, value["Class"]}


async def run(site: str, *steps: Any) -> Any:
    """What steps of the app return."""
    account = {"site": site, "username": "root", "password": PASSWORD}
    process = await asyncio.create_subprocess_exec(
        *("node", "tests/node/zapier/run.js", json.dumps({"authData": account, "steps": steps})),
        cwd=PROJECT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    # The platform prints too.
    return json.loads(out.splitlines()[-1])


async def test_13_01_and_13_08_an_app_connects_hears_of_all_and_leaves(
    database: Database, receiver: Receiver, zapier: Zapier, tmp_path: Path
) -> None:
    environment = {
        "LYCEUM_DATABASE_URL": url_of(database),
        "LYCEUM_WEBHOOK_ALLOW_PRIVATE_TARGETS": "true",
        "LYCEUM_MAIL_DIRECTORY": str(tmp_path / "outbox"),
    }
    with running_server(environment) as server:
        user, *subscribed = await run(
            server.url,
            ["authentication", "", "", {}],
            *(
                [
                    "triggers",
                    key,
                    "performSubscribe",
                    {"targetUrl": receiver.url(f"/{key}"), "inputData": {"a": 1}},
                ]
                for key in HOOKS
            ),
        )
        assert user["Username"] == "root"
        assert [each["EventType"] for each in subscribed] == list(HOOKS.values())

        query = {"Username": NEW["Username"], "CourseId": KEY.format(number=1), "Scope": "ForCredit"}
        body = query | {"CourseId": KEY.format(number=2), "Scope": "Purchased"}
        made, by_query, by_body, users, courses = await run(
            server.url,
            ["creates", "user", "perform", {"inputData": NEW}],
            ["creates", "enrollment", "perform", {"inputData": query}],
            ["creates", "enrollment_by_body", "perform", {"inputData": body}],
            ["searches", "user", "perform", {"inputData": {"name": "zap st"}}],
            ["searches", "course", "perform", {"inputData": {"filter": "alpha"}}],
        )
        assert made["Username"] == NEW["Username"]
        assert (by_query["Scope"], by_body["Scope"]) == ("ForCredit", "Purchased")
        assert [each["Username"] for each in users] == [NEW["Username"]]
        assert [each["CourseTitle"] for each in courses] == ["alpha"]

        async with database.session() as session:
            run_ = (await session.scalars(select(CourseRun).order_by(col(CourseRun.id)))).first()
            learner = await session.scalar(select(col(User.id)).where(col(User.username) == NEW["Username"]))
            facts = {"absolute_progress": 2, "max_possible_progress": 3}
            about: dict[str, Any] = {"run_id": run_ and run_.id, "course_id": run_ and run_.course_id}
            await emit(
                session,
                Event(type=WebhookEvent.COURSE_CREATED, **about),
                Event(type=WebhookEvent.PROGRESS_UPDATED, user_id=learner, payload=facts, **about),
            )
        await until(lambda: len(receiver.deliveries) >= 5)
        await until(lambda: list((tmp_path / "outbox").glob("*.eml")))
        told = sorted((it.path.lstrip("/"), it.body) for it in receiver.deliveries)
        assert [key for key, _ in told] == sorted([*HOOKS, "user_enrolled"])
        for key, sent in told:
            body = orjson.loads(sent)
            assert body["EventType"] == HOOKS[key]
            assert (shape(body), shape(body["Data"])) == SHAPES[key]

        performed = await run(
            server.url,
            *(["triggers", key, "perform", {"cleanedRequest": orjson.loads(sent)}] for key, sent in told),
            *(
                ["triggers", key, "performUnsubscribe", {"subscribeData": each}]
                for key, each in zip(HOOKS, subscribed, strict=True)
            ),
        )
        for (key, _), result in zip(told, performed[: len(told)], strict=True):
            (fields,) = result
            assert fields.keys() - OBJECT == FIELDS[key], key
        progress = next(
            result[0] for (key, _), result in zip(told, performed, strict=False) if key == "progress_updated"
        )
        assert (progress["AbsoluteProgress"], progress["Completed"]) == (2, False)
        assert len(FIELDS["progress_updated"]) == 21
    assert (await zapier.json(SUBSCRIPTIONS))["Total"] == 0
    assert is_fault(await zapier.get(subscribed[0]["href"]), 404)
