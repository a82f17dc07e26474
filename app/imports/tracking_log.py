"""Import of Open edX tracking logs.

A log is read in pieces, each a transaction that also keeps how far the log is
imported: who stops in the middle goes on from there. Events count once, so that
it does no harm to read any of them again.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from app.analytics.addresses import Countries
from app.analytics.record import Recorder, tells
from app.analytics.tracking import TrackingEvent, parse
from app.db.bulk import replace
from app.db.engine import Database
from app.db.models import TrackingLog, now
from app.errors import BadUserInput
from app.imports.log_file import LONGEST_LINE, LogFile
from app.progress import Progress, silent

LINES = 5000
"""Lines of a transaction: memory is bounded by it, and nobody else waits for long to write."""

_COUNTS = ("accepted", "ignored", "malformed")

Report = Callable[[Path, int, str], None]
"""Is told of a malformed line: file, number of the line, and what is wrong with it."""


@dataclass(frozen=True)
class Days:
    """The UTC days whose events are imported, without the last; open where None."""

    since: dt.date | None = None
    until: dt.date | None = None

    def __contains__(self, event: TrackingEvent) -> bool:
        day = event.occurred_at.date()
        return (self.since is None or day >= self.since) and (self.until is None or day < self.until)


@dataclass
class LogSummary:
    """What became of the lines of a log, those of earlier imports among them.

    Every line is accepted, ignored because no series counts it, or malformed.
    """

    path: Path
    known_lines: int = 0
    accepted: int = 0
    ignored: int = 0
    malformed: int = 0

    @property
    def lines(self) -> int:
        """How many lines there are."""
        return self.accepted + self.ignored + self.malformed


async def import_logs(
    database: Database,
    paths: Sequence[Path],
    *,
    days: Days = Days(),
    again: bool = False,
    countries: Countries | None = None,
    emits_events: bool = False,
    report: Report = lambda path, line, message: None,
    progress: Progress = silent,
) -> list[LogSummary]:
    """Import logs one after the other; what each became.

    Lines that were imported before are passed over, unless they shall be read
    `again`. Others are told of what is new if `emits_events`. Raises
    `BadUserInput` for a file that cannot be opened, before anything is imported.
    """
    for path in paths:
        with LogFile(path):
            pass
    recorder = Recorder(countries, emits_events=emits_events)
    return [
        await _Import(database, recorder, path, days, report).run(progress, again=again) for path in paths
    ]


class _Import:
    """One log on its way into the database."""

    def __init__(
        self, database: Database, recorder: Recorder, path: Path, days: Days, report: Report
    ) -> None:
        self._database = database
        self._recorder = recorder
        self._days = days
        self._report = report
        self._summary = LogSummary(path)

    async def run(self, progress: Progress, *, again: bool) -> LogSummary:
        """Import what is not imported yet, or everything."""
        path, summary = self._summary.path, self._summary
        key = self._key()
        known = None if again else await self._known(key)
        advance = progress(f"Importing {path.name}", path.stat().st_size)
        with self._open(known) as log:
            shown, lines = 0, log.lines()
            while piece := list(islice(lines, LINES)):
                events = [event for line in piece if (event := self._event(line)) is not None]
                row = {"key": key, "name": str(path), "position": log.position, "checksum": log.checksum}
                counts = {name: getattr(summary, name) for name in _COUNTS}
                counts["malformed"] -= log.unfinished
                async with self._database.begin() as connection:
                    await self._recorder.record(connection, events)
                    await replace(connection, TrackingLog, [{**row, **counts, "imported_at": now()}])
                advance(log.read_bytes - shown)
                shown = log.read_bytes
            if log.broken:
                self._report(path, summary.lines, f"the file ends in the middle: {log.broken}")
        return summary

    def _key(self) -> str:
        """What the log is known by; with other days it is another import."""
        with LogFile(self._summary.path) as log:
            first = next(log.lines(), None) or b""
        return sha256(first + repr(self._days).encode()).hexdigest()

    async def _known(self, key: str) -> TrackingLog | None:
        async with AsyncSession(self._database.reader) as session:
            return await session.get(TrackingLog, key)

    def _open(self, known: TrackingLog | None) -> LogFile:
        """The log after what is imported of it, unless that has changed since."""
        log = LogFile(self._summary.path)
        if known is not None:
            log.skip(known.position)
            if (log.position, log.checksum) != (known.position, known.checksum):
                log.close()
                return LogFile(self._summary.path)
            for name in _COUNTS:
                setattr(self._summary, name, getattr(known, name))
            self._summary.known_lines = self._summary.lines
        return log

    def _event(self, line: bytes | None) -> TrackingEvent | None:
        """The event of a line, if it is of the days; either way the line is counted."""
        summary = self._summary
        try:
            if line is None:
                raise BadUserInput(f"is longer than {LONGEST_LINE} bytes")
            event = parse(line) if line.strip() else None
        except BadUserInput as error:
            summary.malformed += 1
            self._report(summary.path, summary.lines, error.message)
            return None
        if event is None or event not in self._days:
            summary.ignored += 1
            return None
        if tells(event):
            summary.accepted += 1
        else:
            summary.ignored += 1
        return event
