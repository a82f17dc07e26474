"""The rows of an answer distribution (Data Analytics contract 4.12)."""

from typing import Any

import pytest

from app.rest.data_analytics.answers import answer, by_answer

ROW: dict[str, Any] = {
    "part_id": "p_2_1",
    "value_id": "choice_0",
    "answer_value": "A",
    "variant": 1,
    "last_response_count": 2,
}


def test_the_order_over_several_courses() -> None:
    changes: tuple[dict[str, Any], ...] = (
        {"part_id": "p_3_1"},
        {"value_id": "b", "answer_value": "x"},
        {"value_id": None, "answer_value": "y"},
        {"value_id": None, "answer_value": None},
        {"value_id": "a", "answer_value": "z", "variant": 2},
        {"value_id": "a", "answer_value": "w", "variant": None},
    )
    found = by_answer(ROW | change for change in changes)
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
    row = answer(ROW | {"answer_value": value})
    assert (row["answer_value"], row["answer_value_text"], row["count"]) == (value, value, 2)
    assert row["answer_value_numeric"] == number
    assert type(row["answer_value_numeric"]) is type(number)
