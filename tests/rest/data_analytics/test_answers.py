"""The rows of an answer distribution (Data Analytics contract 4.12)."""

from typing import Any

import pytest

from app.rest.data_analytics.answers import answer, arranged

ROW: dict[str, Any] = {
    "course_id": "c",
    "module_id": "m",
    "part_id": "p_2_1",
    "correct": True,
    "value_id": "choice_0",
    "answer_value": "A",
    "problem_display_name": "P",
    "question_text": "Q",
    "variant": 1,
    "created": "2014-12-10T193146",
    "first_response_count": 1,
    "last_response_count": 2,
    "consolidated_variant": False,
}


def rows(*changes: dict[str, Any]) -> list[dict[str, Any]]:
    return list(arranged(map(answer, [ROW | change for change in changes])))


def test_variants_of_one_choice_are_merged() -> None:
    later = "2014-12-11T000000"
    first, second = rows({}, {"variant": 2, "created": later}, {"value_id": "choice_1", "variant": 3})
    assert (first["first_response_count"], first["last_response_count"], first["count"]) == (2, 4, 4)
    assert (first["variant"], first["consolidated_variant"], first["created"]) == (None, True, later)
    # A row that stands alone is left as it is.
    assert (second["variant"], second["consolidated_variant"], second["count"]) == (3, False, 2)


@pytest.mark.parametrize(
    "change",
    [
        {"question_text": "other"},
        {"answer_value": "B"},
        {"problem_display_name": "other"},
        {"correct": False},
    ],
)
def test_one_mismatch_anywhere_in_the_part_keeps_all_apart(change: dict[str, Any]) -> None:
    others = ({"value_id": "choice_1"}, {"value_id": "choice_1", "variant": 2})
    found = rows(
        {}, {"variant": 2, **change}, *others, {"part_id": "p_3_1"}, {"part_id": "p_3_1", "variant": 2}
    )
    assert [row["consolidated_variant"] for row in found] == [False] * 4 + [True]


def test_the_order() -> None:
    found = rows(
        {"part_id": "p_3_1"},
        {"value_id": "b", "answer_value": "x"},
        {"value_id": None, "answer_value": "y"},
        {"value_id": None, "answer_value": None},
        {"value_id": "a", "answer_value": "z", "variant": 2},
        {"value_id": "a", "answer_value": "w", "variant": None},
    )
    assert [(row["part_id"], row["value_id"], row["answer_value"]) for row in found] == [
        ("p_2_1", None, None),
        ("p_2_1", None, "y"),
        ("p_2_1", "a", "w"),
        ("p_2_1", "a", "z"),
        ("p_2_1", "b", "x"),
        ("p_3_1", "choice_0", "A"),
    ]


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("3", 3),
        ("3.0", 3),
        ("-2.5", -2.5),
        (".5", 0.5),
        ("1e3", 1000),
        ("nan", None),
        ("inf", None),
        ("1_0", None),
        (" 3", None),
        ("[1|2]", None),
        ("Russia", None),
        ("٣", None),
        (None, None),
    ],
)
def test_numbers(value: str | None, number: float | None) -> None:
    (row,) = rows({"answer_value": value})
    assert (row["answer_value"], row["answer_value_text"]) == (value, value)
    assert row["answer_value_numeric"] == number
    assert type(row["answer_value_numeric"]) is type(number)


def test_empty_is_null_and_null_stays_null() -> None:
    (row,) = rows({"value_id": "", "answer_value": "", "question_text": ""})
    names = ("value_id", "answer_value", "answer_value_text", "question_text", "answer_value_numeric")
    assert [row[name] for name in names] == [None] * 5
