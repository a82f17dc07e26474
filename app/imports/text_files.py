"""Text files that may be gzipped, and what can be wrong with them."""

import gzip
import zlib
from pathlib import Path
from typing import TextIO, cast

from app.errors import BadUserInput

UNREADABLE = (UnicodeDecodeError, EOFError, OSError, zlib.error)
"""What reading a file raises when it cannot be read."""


def open_text(path: Path, newline: str = "") -> TextIO:
    """A UTF-8 file, gunzipped if its name ends in `.gz`."""
    if path.suffix == ".gz":
        return cast(TextIO, gzip.open(path, "rt", encoding="utf-8-sig", newline=newline))
    return path.open(encoding="utf-8-sig", newline=newline)


def unreadable(path: Path, line: int, error: Exception) -> BadUserInput:
    """The error for a file that could be read only up to a line."""
    reason = str(error)
    if isinstance(error, UnicodeDecodeError):
        reason = "not UTF-8"
    elif isinstance(error, EOFError):
        reason = "the file is cut off"
    return BadUserInput(f"{path.name}, after line {line}: {reason}")
