"""The rows of an answer distribution (Data Analytics contract 4.12)."""

import re
from collections.abc import Iterable
from typing import Any

from app.rest.render import Row, whole

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?")


def answer(row: Row) -> Row:
    """A row with all the names that its answer and its count ever had."""
    value = row["answer_value"]
    return row | {
        "answer_value_text": value,
        "answer_value_numeric": _number(value),
        "count": row["last_response_count"],
    }


def by_answer(rows: Iterable[Row]) -> list[Row]:
    """The rows of all courses in one order."""
    return sorted(rows, key=_order)


def _number(text: str | None) -> float | None:
    return whole(float(text)) if text and len(text) <= 50 and _NUMBER.fullmatch(text) else None


def _order(row: Row) -> Any:
    columns = (row["part_id"], row["value_id"], row["answer_value"], row["variant"])
    return [(value is not None, value) for value in columns]
