"""Answers to a problem, variants of the same one counted together (Data Analytics contract 4.12)."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from types import SimpleNamespace
from typing import Any

_PART = attrgetter("part_id")
_SAME = attrgetter("question_text", "answer_value", "problem_display_name", "correct")
_COUNTS = ("first_response_count", "last_response_count")


def consolidated(rows: Sequence[Any]) -> list[Any]:
    """Rows in the order of parts, those of one value as one wherever no value of the part speaks against it.

    What speaks against it are rows of one value that differ in more than their
    variant and their counts.
    """
    merged = [row for _, part in groupby(rows, _PART) for row in _of_part(list(part))]
    return sorted(merged, key=_order)


def _of_part(part: Sequence[Any]) -> Iterator[Any]:
    by_value: dict[str | None, list[Any]] = {}
    for row in part:
        by_value.setdefault(row.value_id, []).append(row)
    if any(len(set(map(_SAME, rows))) > 1 for rows in by_value.values()):
        yield from part
        return
    for rows in by_value.values():
        yield rows[0] if len(rows) == 1 else _sum(rows)


def _sum(rows: Sequence[Any]) -> Any:
    counts = {name: sum(getattr(row, name) for row in rows) for name in _COUNTS}
    computed_at = max(row.computed_at for row in rows)
    merged = {"variant": None, "consolidated_variant": True, "computed_at": computed_at}
    return SimpleNamespace(**{**rows[0]._asdict(), **counts, **merged})


def _order(row: Any) -> Any:
    columns = (row.part_id, row.value_id, row.answer_value, row.variant)
    return [(value is not None, value) for value in columns]
