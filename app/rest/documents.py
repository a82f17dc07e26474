"""The stored documents: files beside the routes, parsed and validated once at start."""

import re
from functools import cache
from pathlib import Path

_SPREAD = re.compile(r"\.\.\.\s*(?!on\b)(\w+)")


@cache
def text_of(folder: Path, *names: str) -> str:
    """The text of documents, followed by the fragments they spread, each a file of its own name."""
    texts: dict[str, str] = {}
    left = list(names)
    while left:
        current = left.pop(0)
        if current not in texts:
            texts[current] = (folder / f"{current}.graphql").read_text()
            left += _SPREAD.findall(texts[current])
    return "\n".join(texts.values())
