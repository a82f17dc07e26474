"""What every change tells of itself, and the checks that they share."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.errors import BadUserInput

Detail = dict[str, Any]

_LONGEST = 255
_SLUG = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")


@dataclass(frozen=True)
class Change:
    """What was done to the row `id`, in the words of the audit log; nothing when it is not `made`."""

    id: int
    action: str
    subject: str
    detail: Detail = field(default_factory=dict)
    made: bool = True


def changed_values(row: Any, values: Mapping[str, Any]) -> Detail:
    """Which of the values a row does not have yet."""
    return {name: value for name, value in values.items() if getattr(row, name) != value}


def check_text(text: str, name: str) -> None:
    """Raise `BadUserInput` for text that is empty, too long or does not print."""
    if not text.strip() or len(text) > _LONGEST or not text.isprintable():
        raise BadUserInput(f"this has 1 to {_LONGEST} printable characters", field=name)


def check_slug(slug: str) -> None:
    """Raise `BadUserInput` for text that is no name in addresses."""
    if len(slug) > _LONGEST or not _SLUG.fullmatch(slug):
        message = f"a slug has 1 to {_LONGEST} small letters and digits, with single hyphens between them"
        raise BadUserInput(message, field="slug")
