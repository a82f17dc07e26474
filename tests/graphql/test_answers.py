"""Answers to a problem, with and without their variants apart (Data Analytics contract 4.12)."""

import datetime as dt
from typing import Any

import pytest

from app.db.engine import Database
from app.db.models import AnswerCount, Course, CourseRun, Module, VideoSegment, VideoViews
from app.vocabulary import ModuleCategory
from tests.graphql.clients import STAFF_KEY, add_user, client_of

COMPUTED = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
ANSWER: dict[str, Any] = {
    "part_id": "p_1",
    "value_id": "choice_0",
    "answer_value": "A",
    "question_text": "Q",
    "problem_display_name": "P",
    "correct": True,
    "variant": 1,
    "first_response_count": 1,
    "last_response_count": 2,
    "computed_at": COMPUTED,
}
FIELDS = """partId valueId answerValue variant consolidatedVariant questionText
    firstResponseCount lastResponseCount computedAt"""


async def add_module(database: Database, category: ModuleCategory) -> int:
    async with database.session() as session:
        course = Course(key="X+1")
        session.add(course)
        await session.flush()
        run = CourseRun(key="X/1/a", course_id=course.id)
        session.add(run)
        await session.flush()
        module = Module(run_id=run.id, usage_key="m", category=category)
        session.add(module)
        await session.flush()
        id_: int = module.id
    await add_user(database, "staff", STAFF_KEY, is_staff=True)
    return id_


async def answers(database: Database, *changes: dict[str, Any], arguments: str = "") -> Any:
    """Rows as the graph gives them for answers that differ from one another in this."""
    module = await add_module(database, ModuleCategory.PROBLEM)
    async with database.session() as session:
        session.add_all(AnswerCount(module_id=module, **(ANSWER | change)) for change in changes)
    async with client_of(database) as client:
        document = f"{{ problems {{ nodes {{ answers{arguments} {{ {FIELDS} }} }} }} }}"
        data = await client.ask(document, key=STAFF_KEY)
    return data["problems"]["nodes"][0]["answers"]


LATER = COMPUTED + dt.timedelta(1)
VARIANTS: tuple[dict[str, Any], ...] = (
    {},
    {"variant": 2, "computed_at": LATER},
    {"value_id": "choice_1", "variant": 3},
)


async def test_variants_of_one_answer_are_counted_together(database: Database) -> None:
    first, second = await answers(database, *VARIANTS)
    assert (first["firstResponseCount"], first["lastResponseCount"]) == (2, 4)
    assert (first["variant"], first["consolidatedVariant"]) == (None, True)
    assert first["computedAt"] == "2026-01-03T00:00:00Z"
    # A row that stands alone is left as it is.
    assert (second["variant"], second["consolidatedVariant"], second["lastResponseCount"]) == (3, False, 2)


async def test_or_not_if_that_is_not_wanted(database: Database) -> None:
    found = await answers(database, *VARIANTS, arguments="(consolidated: false)")
    assert [(row["variant"], row["consolidatedVariant"]) for row in found] == [
        (1, False),
        (2, False),
        (3, False),
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"question_text": "other"},
        {"answer_value": "B"},
        {"problem_display_name": "other"},
        {"correct": False},
    ],
)
async def test_one_mismatch_anywhere_in_the_part_keeps_all_apart(
    database: Database, change: dict[str, Any]
) -> None:
    others: list[dict[str, Any]] = [{"value_id": "choice_1"}, {"value_id": "choice_1", "variant": 2}]
    part: list[dict[str, Any]] = [{"part_id": "p_2"}, {"part_id": "p_2", "variant": 2}]
    found = await answers(database, {}, {"variant": 2, **change}, *others, *part)
    assert [row["consolidatedVariant"] for row in found] == [False] * 4 + [True]


async def test_the_order(database: Database) -> None:
    found = await answers(
        database,
        {"part_id": "p_2"},
        {"value_id": "b", "answer_value": "x"},
        {"value_id": None, "answer_value": "y"},
        {"value_id": "", "answer_value": ""},
        {"value_id": "a", "answer_value": "z", "variant": 2},
        {"value_id": "a", "answer_value": "w", "variant": None},
    )
    assert [(row["partId"], row["valueId"], row["answerValue"]) for row in found] == [
        ("p_1", None, None),
        ("p_1", None, "y"),
        ("p_1", "a", "w"),
        ("p_1", "a", "z"),
        ("p_1", "b", "x"),
        ("p_2", "choice_0", "A"),
    ]


async def test_empty_is_null_and_null_stays_null(database: Database) -> None:
    empty = dict.fromkeys(("value_id", "answer_value", "question_text"), "")
    null = dict.fromkeys(empty, None)
    (row,) = await answers(database, empty, {**null, "variant": 2})
    assert [row[name] for name in ("valueId", "answerValue", "questionText")] == [None] * 3
    assert row["consolidatedVariant"]


@pytest.mark.parametrize(("final", "segments"), [(None, [0, 1, 2]), (1, [0, 1])])
async def test_segments_after_the_final_one_are_not_of_the_video(
    database: Database, final: int | None, segments: list[int]
) -> None:
    module = await add_module(database, ModuleCategory.VIDEO)
    async with database.session() as session:
        session.add(VideoViews(module_id=module, final_segment=final, users_at_start=1, users_at_end=1))
        session.add_all(
            VideoSegment(module_id=module, segment=number, num_users=1, num_views=1) for number in range(3)
        )
    async with client_of(database) as client:
        data = await client.ask("{ videos { nodes { timeline { segment } } } }", key=STAFF_KEY)
    assert [row["segment"] for row in data["videos"]["nodes"][0]["timeline"]] == segments
