"""Reading logs line by line: plain or gzip, with a checksum of what was read."""

import gzip
import zlib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Self

from app.errors import BadUserInput

LONGEST_LINE = 1 << 20
"""Bytes; events are far shorter."""

_GZIP = b"\x1f\x8b"
_PIECE = 1 << 20


class LogFile:
    """The lines of a log from a position on, in uncompressed bytes from its beginning."""

    def __init__(self, path: Path) -> None:
        """Open the file. Raises `BadUserInput` when it cannot be read."""
        self.path = path
        try:
            self._raw = path.open("rb")
            compressed = self._raw.read(len(_GZIP)) == _GZIP
            self._raw.seek(0)
        except OSError as error:
            raise BadUserInput(f"{path}: {error.strerror or error}") from error
        self._stream = gzip.GzipFile(fileobj=self._raw) if compressed else self._raw
        self._hash = sha256()
        self.position = 0
        self.unfinished = False
        """Whether the last line that was read has no end yet."""
        self.broken: str | None = None
        """What is wrong with the compression, once reading has come there."""

    @property
    def checksum(self) -> str:
        """The SHA-256 of the bytes up to the position."""
        return self._hash.hexdigest()

    @property
    def read_bytes(self) -> int:
        """How much of the file, as it is on the disk, was read."""
        return self._raw.tell()

    def skip(self, position: int) -> None:
        """Read on to a position, or to the end where that comes first."""
        while self.position < position and (
            piece := self._read(min(_PIECE, position - self.position), lines=False)
        ):
            self._take(piece)

    def lines(self) -> Iterator[bytes | None]:
        """The lines that follow, with their ends; None in the place of one that is too long.

        A last line that is not written to its end yet is beyond the position.
        """
        while line := self._read(LONGEST_LINE, lines=True):
            self.unfinished = not line.endswith((b"\n", b"}")) and len(line) < LONGEST_LINE
            if not self.unfinished:
                self._take(line)
            if line.endswith(b"\n") or len(line) < LONGEST_LINE:
                yield line
                continue
            while (rest := self._read(_PIECE, lines=True)) and not rest.endswith(b"\n"):
                self._take(rest)
            self._take(rest)
            yield None

    def _read(self, size: int, *, lines: bool) -> bytes:
        try:
            return self._stream.readline(size) if lines else self._stream.read(size)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            self.broken = str(error)
            return b""

    def _take(self, piece: bytes) -> None:
        self._hash.update(piece)
        self.position += len(piece)

    def close(self) -> None:
        """Close the file."""
        self._raw.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
