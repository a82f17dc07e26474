"""Native ids in paths; what is none names nothing (Enterprise contract 1)."""

import re
from uuid import UUID

_NOBODYS = str(UUID(int=0))
SEGMENT = r"[^/\x00]+"
"""What a path takes for an id."""

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def is_uuid(text: str) -> bool:
    """Whether a text is a UUID with its hyphens."""
    return _UUID.fullmatch(text) is not None


def uuid(text: str) -> str:
    """The UUID that a text is, or one that names nothing."""
    return text if is_uuid(text) else _NOBODYS
