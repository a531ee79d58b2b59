"""The one place that knows which names are zones, and when a zone's wall clock is unsound: hours that do not exist, and hours that happen twice.

Source: IANA time zone database, as `zoneinfo` reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from typing import Literal
from zoneinfo import ZoneInfo, available_timezones

_FIRST, _LAST = datetime(1970, 1, 1), datetime(2100, 1, 1)  # noqa: DTZ001 - wall clocks have no zone
_DAY, _SECOND = timedelta(days=1), timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Unsound:
    """A span of wall-clock time, from inclusive, to exclusive: a `gap` that no clock showed, or an `overlap` that it showed twice."""

    kind: Literal["gap", "overlap"]
    begin: datetime
    end: datetime

    @property
    def days(self) -> tuple[date, ...]:
        """The days that it touches."""
        first, last = self.begin.date(), (self.end - timedelta.resolution).date()
        return tuple(first + timedelta(days=number) for number in range((last - first).days + 1))


def spelt(zone: str) -> str | None:
    """Return a zone's name as the database spells it, whose letters the engine does not tell apart either; None where it has no such zone."""
    try:
        return ZoneInfo(zone).key  # listing them all takes a hundred times as long
    except (KeyError, ValueError, OSError):  # none of that name, no name at all, a folder of zones
        return _spellings().get(zone.lower())


def unsound(zone: str, low: datetime, high: datetime) -> tuple[Unsound, ...]:
    """Return the gaps and overlaps of a zone, in any letters, that touch a span of wall-clock time between 1970 and 2100, ascending."""
    low, high = max(low, _FIRST), min(high, _LAST)
    if low > high:
        return ()
    years = range(max(low.year - 1, _FIRST.year), min(high.year + 1, _LAST.year - 1) + 1)  # in UTC a clock's year may be the one beside
    return tuple(span for year in years for span in _of_year(spelt(zone) or zone, year) if span.begin <= high and span.end > low)


@cache
def _spellings() -> Mapping[str, str]:
    return {name.lower(): name for name in available_timezones()}


@lru_cache(maxsize=4096)
def _of_year(name: str, year: int) -> tuple[Unsound, ...]:
    """Return those of the changes of offset in a year; each of its days is looked at, so only years that are asked for are."""
    zone = ZoneInfo(name)
    spans: list[Unsound] = []
    at, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    before = at.astimezone(zone).utcoffset() or timedelta(0)
    while at < end:
        after = (at + _DAY).astimezone(zone).utcoffset() or timedelta(0)
        if after != before:
            spans.append(_span(zone, at, before=before, after=after))
            before = after
        at += _DAY
    return tuple(spans)


def _span(zone: ZoneInfo, day: datetime, *, before: timedelta, after: timedelta) -> Unsound:
    """Return the span around the change of offset within a day, found to the second."""
    low, high = day, day + _DAY
    while high - low > _SECOND:
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    walls = sorted((high.replace(tzinfo=None) + before, high.replace(tzinfo=None) + after))
    return Unsound("gap" if after > before else "overlap", walls[0], walls[1])
