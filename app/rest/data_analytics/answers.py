"""The rows of an answer distribution (Data Analytics contract 4.12)."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from app.rest.render import Row, blank_to_null, whole

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?")
_PART = itemgetter("course_id", "module_id", "part_id")
_SAME = itemgetter("question_text", "answer_value", "problem_display_name", "correct")
_COUNTS = ("first_response_count", "last_response_count")
_nulls = blank_to_null("value_id", "answer_value", "question_text")


def answer(row: Row) -> Row:
    """A row with all the names that its answer and its count ever had."""
    row = _nulls(row)
    value = row["answer_value"]
    return row | {"answer_value_text": value, "answer_value_numeric": _number(value)}


def arranged(rows: Iterable[Row]) -> Iterable[Row]:
    """The rows in their order, variants of the same choice as one where no part speaks against it."""
    merged = [row for _, part in groupby(sorted(rows, key=_PART), _PART) for row in _consolidated(list(part))]
    for row in sorted(merged, key=_order):
        yield row | {"count": row["last_response_count"]}


def _number(text: str | None) -> float | None:
    return whole(float(text)) if text and len(text) <= 50 and _NUMBER.fullmatch(text) else None


def _order(row: Row) -> Any:
    columns = (row["part_id"], row["value_id"], row["answer_value"], row["variant"])
    return [(value is not None, value) for value in columns]


def _consolidated(part: list[Row]) -> Iterator[Row]:
    by_value: dict[str | None, list[Row]] = {}
    for row in part:
        by_value.setdefault(row["value_id"], []).append(row)
    if any(len({_SAME(row) for row in rows}) > 1 for rows in by_value.values()):
        yield from part
        return
    for rows in by_value.values():
        yield rows[0] if len(rows) == 1 else _sum(rows)


def _sum(rows: Sequence[Row]) -> Row:
    counts = {name: sum(row[name] for row in rows) for name in _COUNTS}
    created = max(row["created"] for row in rows)
    return {**rows[0], **counts, "created": created, "variant": None, "consolidated_variant": True}
