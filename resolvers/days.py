"""The days of a series: UTC days, and of longer buckets the last ones."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from app.errors import BadUserInput
from app.vocabulary import Bucket

_BEGINS: dict[Bucket, Callable[[dt.date], bool]] = {
    Bucket.DAY: lambda day: True,
    Bucket.WEEK: lambda day: day.weekday() == 0,
    Bucket.MONTH: lambda day: day.day == 1,
}
_LEAST = {Bucket.DAY: 1, Bucket.WEEK: 7, Bucket.MONTH: 28}
"""Days of the shortest bucket."""
_FIRST = dt.date(2000, 1, 1)
"""What is before it is not in the calendar."""


@dataclass(frozen=True)
class Days:
    """Days from `start`, up to and without `end`."""

    start: dt.date
    end: dt.date

    def last_of(self, bucket: Bucket) -> list[dt.date]:
        """The last of the days in each bucket; the last bucket may go on after them."""
        after = [self.start + dt.timedelta(number) for number in range(1, (self.end - self.start).days + 1)]
        return [day - dt.timedelta(1) for day in after if day == self.end or _BEGINS[bucket](day)]


@dataclass(frozen=True)
class Range:
    """What is asked for: days from `start`, up to and without `end`; either may be open.

    Today is among them only if that is asked for, too.
    """

    start: dt.date | None = None
    end: dt.date | None = None
    includes_today: bool = False

    @property
    def is_open(self) -> bool:
        """Whether there is no bound at all, so that the newest row is wanted."""
        return self.start is None and self.end is None

    def days(self, today: dt.date, longest: int) -> Days:
        """The bounds to read with; without any the newest day.

        Raises `BadUserInput` when the range is longer than `longest` days.
        """
        after = today + dt.timedelta(self.includes_today)
        if self.is_open:
            return Days(after - dt.timedelta(1), after)
        end = min(self.end or after, after)
        start = self.start or days_before(end, longest)
        if (end - start).days > longest:
            raise BadUserInput(
                f"start: a series holds at most {longest} days", field="start", maximum=longest
            )
        return Days(max(start, _FIRST), end)

    def newest_week(self, today: dt.date) -> dt.date:
        """The Monday of the newest week that may be read: one that ends inside, or the running one."""
        end = min(self.end or today, today)
        is_running = self.includes_today and (self.end is None or self.end > today)
        return today - dt.timedelta(today.weekday()) if is_running else days_before(end, 7)

    def most(self, bucket: Bucket, today: dt.date, longest: int) -> int:
        """The most buckets that there may be."""
        if self.is_open:
            return 1
        after = today + dt.timedelta(self.includes_today)
        days = longest if self.start is None else (min(self.end or after, after) - self.start).days
        return max(1, min(days, days // _LEAST[bucket] + 2))


def days_before(day: dt.date, number: int) -> dt.date:
    """The day so many days earlier, or the first there is."""
    return day - dt.timedelta(min(number, (day - dt.date.min).days))
