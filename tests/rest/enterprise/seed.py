"""The example in the documentation: a course run as an item of a catalog."""

import json
from pathlib import Path
from typing import Any

_START = "Example Response Showing Information about a Course Run"


def example(seeds: Path) -> Any:
    """The JSON, mended (Enterprise contract C-20).

    It lacks its closing brackets, and strings are broken over lines: those of
    addresses are joined with nothing, those of prose with one space; line feeds are
    written twice.
    """
    text = (seeds / "001_eb70232de780bd02.txt").read_text()
    lines = iter(text.partition(_START)[2].partition("::\n")[2].partition(".. _learner")[0].splitlines())
    mended = ""
    for line in lines:
        part = line.strip()
        while part.count('"') % 2:
            more = next(lines).strip()
            is_prose = " " in part.partition(": ")[2]
            part += (" " if is_prose else "") + more
        mended += part
    return json.loads(mended.replace("\\\\n", "\\n") + "]}")
