"""The stored documents: files beside the routes, parsed and validated once at start."""

import re
from functools import cache
from pathlib import Path

_SPREAD = re.compile(r"\.\.\.\s*(?!on\b)(\w+)")


@cache
def text_of(folder: Path, name: str) -> str:
    """The text of a document, followed by the fragments it spreads, each a file of its own name."""
    texts: dict[str, str] = {}
    names = [name]
    while names:
        current = names.pop(0)
        if current not in texts:
            texts[current] = (folder / f"{current}.graphql").read_text()
            names += _SPREAD.findall(texts[current])
    return "\n".join(texts.values())
