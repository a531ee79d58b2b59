"""The one place for how far the migration is, as a reader sees it: the batches in order, each with its share of all accounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from dq.record import BatchLine, Calendar
from dq.report.blocks import share
from dq.report.outline import Shown

SENTENCE: Final = 300  # characters
_BATCHES: Final = 60
_BAR: Final = 100  # steps of a bar


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One batch, and how much of a bar its accounts are: the largest batch has all of it."""

    line: BatchLine
    bar: int


@dataclass(frozen=True, slots=True)
class CalendarView:
    """The countdown, what else is said of the time, and the batches."""

    countdown: str
    further: tuple[str, ...]
    batches: Shown[BatchRow]


def calendar_view(calendar: Calendar | None, *, limit: int = _BATCHES) -> CalendarView | None:
    """Return the calendar as it is shown; None where the record has none, or nothing to say of it."""
    if calendar is None or not calendar.sentences:
        return None
    largest = max((line.accounts or 0 for line in calendar.batches), default=0)
    rows = Shown.of(calendar.batches, limit=limit).map(lambda line: BatchRow(line, share(line.accounts or 0, largest, of=_BAR)))
    return CalendarView(calendar.sentences[0], calendar.sentences[1:], rows)
