"""The one place for the verdict's words: PASSED to NOT PROVEN for a run, GATE OPEN or GATE SHUT for a gate, and what was asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from dq.record import Outcome, Record
from dq.report import blocks
from dq.report.facts import Fact
from dq.report.language import current, say

GATE_OPEN: Final = "GATE OPEN"
GATE_SHUT: Final = "GATE SHUT"
_BY_EXIT_STATUS: Final = {1: Outcome.FAILED, 3: Outcome.NOT_PROVEN}
_ALL: Final = "all that has moved"
_BATCHES_NAMED: Final = 12
_TALLIED: Final = {
    Outcome.PASSED: "{n} passed",
    Outcome.WAIVED: "{n} waived",
    Outcome.FAILED: "{n} failed",
    Outcome.NOT_PROVEN: "{n} not proven",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer: its words, what they are about, and how they are shown."""

    words: str
    about: str  # "batch 3", or "all that has moved"
    mark: blocks.Mark
    exit_status: int

    @property
    def spoken(self) -> str:
        """The words, which are the same everywhere, and what they mean in the language of the page where that is another."""
        means = say(self.words)
        return self.words if means == self.words else f"{self.words} ({means})"

    @property
    def line(self) -> str:
        """The words and what they are about, in one line."""
        return f"{self.words}: {self.about}"


def verdict(record: Record) -> Verdict:
    """Return the record's verdict; where outcome and exit status do not agree, the worse of both."""
    outcome = record.outcome
    if record.exit_status > outcome.exit_status:
        outcome = _BY_EXIT_STATUS.get(record.exit_status, Outcome.NOT_PROVEN)
    about = say(_ALL) if record.batch is None else say("batch {n}", n=record.batch)
    words = outcome.value
    if record.command == "gate":
        words = GATE_SHUT if outcome.exit_status else GATE_OPEN
    return Verdict(words, about, blocks.MARKS[outcome], outcome.exit_status)


def why_in_notebooks(command: str) -> str:
    """Return how to look into a shut gate."""
    return say("Why, in notebooks: {command}", command=command)


def kept_until(day: date) -> str:
    """Return until when a run's keys and values stay."""
    return say("Keys and values are kept until {day}; then dq prune --yes deletes them", day=f"{day.day} {current().months[day.month - 1]} {day.year}")


def asked(record: Record) -> tuple[Fact, ...]:
    """Return what was asked and how it came out: the facts beside the verdict."""
    compared = _batches(record)
    about: tuple[Fact, ...]
    if record.command == "gate":
        question = say("May batch {n} start?", n=record.batch) if record.batch is not None else say("May the next batch start?")
        about = (
            Fact(say("Asked"), (question,)),
            Fact(say("Compared"), (compared or say("nothing yet: the first batch"),)),
            Fact(say("Outcome"), (record.outcome.value,)),
        )
    else:
        about = (Fact(say("Compared"), (compared,)),) if compared and record.batches != (record.batch,) else ()
    return (
        *about,
        Fact(say("Region"), (record.region or say("all"),)),
        Fact(say("As of"), (blocks.moment(record.as_of),)),
        Fact(say("Exit status"), (str(record.exit_status),)),
        Fact(say("Checks"), (_tally(record) or say("none"),)),
    )


def _tally(record: Record) -> str:
    """Return `2 not proven, 6 failed, 56 passed`: worst first, what there is none of left out."""
    counts = ((sum(check.outcome is outcome for check in record.checks), outcome) for outcome in reversed(Outcome))
    return ", ".join(say(_TALLIED[outcome], n=blocks.count(number)) for number, outcome in counts if number)


def _batches(record: Record) -> str:
    """Return `batch 1`, `batches 1, 2, 3`; '' where there is none."""
    numbers = ", ".join(str(number) for number in record.batches[:_BATCHES_NAMED])
    if not numbers:
        return ""
    left = len(record.batches) - _BATCHES_NAMED
    named = say("batches {numbers}" if len(record.batches) > 1 else "batch {numbers}", numbers=numbers)
    return f"{named} {say('and {n} more', n=blocks.count(left))}" if left > 0 else named
