"""What learners answered in an attempt at a problem (Data Analytics contract 8.6, A11)."""

from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from typing import Any, NamedTuple

import orjson

from app.analytics.tracking import TrackingEvent

_NOT_ANSWERS = ("_dynamath", "_comment")
_LONGEST_ID = 255


class Answer(NamedTuple):
    """An answer to a part of a problem, as `LearnerAnswer` words it."""

    part_id: str
    value_id: str | None
    answer_value: str | None
    variant: int | None
    correct: bool | None
    question_text: str | None
    problem_display_name: str | None
    response_type: str | None


def answers_of(event: TrackingEvent) -> Iterator[Answer]:
    """The answers of a `problem_check`, one for each part."""
    answers, submission = event.payload.get("answers"), event.payload.get("submission")
    correct_map, state = event.payload.get("correct_map"), event.payload.get("state")
    answers = answers if isinstance(answers, dict) else {}
    correct_map = correct_map if isinstance(correct_map, dict) else {}
    parts = submission if isinstance(submission, dict) else answers.keys() & correct_map.keys()
    for part in sorted(parts):
        if part.endswith(_NOT_ANSWERS) or not 0 < len(part) <= _LONGEST_ID:
            continue
        raw = answers.get(part)
        if not isinstance(submission, dict):
            graded = correct_map[part]
            correct = isinstance(graded, dict) and graded.get("correctness") == "correct"
            seed = state.get("seed") if isinstance(state, dict) else None
            yield Answer(part, _text(raw), None, _variant(seed), correct, None, event.module_name, None)
        elif isinstance(submitted := submission[part], dict):
            yield _submitted(part, raw, submitted, event.module_name)


def _submitted(part: str, raw: Any, submitted: Mapping[str, Any], module_name: str | None) -> Answer:
    answer, correct = submitted.get("answer"), submitted.get("correct")
    value_id = _text(raw) if raw != answer else None
    response_type = submitted.get("response_type")
    return Answer(
        part,
        value_id,
        _text(answer, plain=value_id is not None),
        _variant(submitted.get("variant")),
        correct if isinstance(correct, bool) else None,
        _text(submitted.get("question")),
        module_name,
        response_type[:_LONGEST_ID] if isinstance(response_type, str) and response_type else None,
    )


def _variant(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    try:
        variant = int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return variant if abs(variant) < 2**63 else None


def _text(value: Any, *, plain: bool = False) -> str | None:
    """A value as text without spaces around it; lists as `[a|b]`, markup left out if `plain`."""
    if isinstance(value, list):
        return f"[{'|'.join(_text(item, plain=plain) or '' for item in value)}]"
    if value is None or value == "":
        return None
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return (_without_markup(text) if plain else text).strip() or None


class _Text(HTMLParser):
    """Collects what is between tags."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        self.found.append(data)


def _without_markup(text: str) -> str:
    if "<" not in text and "&" not in text:
        return text
    parser = _Text()
    parser.feed(text)
    parser.close()
    return " ".join("".join(parser.found).split())
